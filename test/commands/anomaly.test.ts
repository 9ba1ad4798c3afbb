import { PassThrough, Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { runAnomaly } from '../../src/commands/anomaly.js';

/** Runs the command over text that arrives in the given chunks; gives the lines it wrote, and its error. */
async function run(...chunks: string[]): Promise<{ lines: string[]; error: string | undefined }> {
  const output = new PassThrough();
  const written: string[] = [];
  output.setEncoding('utf8').on('data', (text: string) => written.push(text));
  let error: string | undefined;
  await runAnomaly(Readable.from(chunks, { objectMode: false }), output).catch((cause: unknown) => {
    error = (cause as Error).message;
  });
  output.end();
  return { lines: written.join('').split('\n').slice(0, -1), error };
}

/** `n` quiet samples at five minutes, the last of which is an outlier. */
function samples(n: number, time: (atMs: number) => string): string {
  const rows = Array.from({ length: n }, (_, i) => {
    const value = i === n - 1 ? 100 : (i % 7) + 10;
    return `${time(Date.UTC(2026, 0, 1) + i * 300_000)},${value}`;
  });
  return ['timestamp,value', ...rows].join('\n');
}

describe('paramedic anomaly', () => {
  it.each([
    ['plain UTC', (ms: number) => new Date(ms).toISOString().slice(0, 19).replace('T', ' ')],
    [
      'plain UTC with a fraction',
      (ms: number) => `${new Date(ms).toISOString().slice(0, 19)}.000000`,
    ],
    ['ISO 8601', (ms: number) => new Date(ms).toISOString()],
    ['ISO 8601 with an offset', (ms: number) => new Date(ms).toISOString().replace('Z', '+00:00')],
    ['Unix seconds', (ms: number) => String(ms / 1000)],
  ])('scores every line, the same with times in %s', async (_, time) => {
    const { lines, error } = await run(samples(600, time));
    expect(error).toBeUndefined();
    expect(lines).toHaveLength(600);
    expect(lines.slice(0, -1).every((line) => Number(line) >= 0 && Number(line) < 0.5)).toBe(true);
    expect(Number(lines.at(-1))).toBeGreaterThan(0.9);
    const seconds = await run(samples(600, (ms) => String(ms / 1000)));
    expect(lines).toEqual(seconds.lines);
  });

  it('puts lines together that arrive in pieces, ends of line of either kind', async () => {
    expect(await run('timestamp,val', 'ue\r\n1,', '2\r\n', '\r\n')).toEqual({
      lines: ['0'],
      error: undefined,
    });
  });

  it('writes a score before the input ends', async () => {
    const input = new PassThrough();
    const output = new PassThrough().setEncoding('utf8');
    const done = runAnomaly(input, output);
    input.write('timestamp,value\n1,5\n');
    const first = await new Promise((resolve) => output.once('data', resolve));
    expect(first).toBe('0\n');
    input.end();
    await done;
  });

  it('scores 0 for a value that is missing', async () => {
    expect(await run('t,v\n1,\n2,NaN\n3,null\n4,-inf\n5,7\n')).toEqual({
      lines: ['0', '0', '0', '0', '0'],
      error: undefined,
    });
  });

  it.each([
    ['t,v\n1,5\n2,abc\n', 1, 'line 3: expected a number, got "abc"'],
    ['t,v\nyesterday,5\n', 0, 'line 2: expected a time like'],
    ['t,v\n2026-02-30 00:00:00,5\n', 0, 'line 2: expected a time like'],
    ['t,v\n2026-02-03 25:00:00,5\n', 0, 'line 2: expected a time like'],
    ['t,v\n1,5\n7\n', 1, 'line 3: expected "timestamp,value", got "7"'],
    ['t,v\n1,5\n\n3,5\n', 1, 'line 3: expected "timestamp,value", got an empty line'],
    ['1,5\n2,6\n', 0, 'line 1: expected the header "timestamp,value", got "1,5"'],
    ['', 0, 'line 1: expected the header "timestamp,value", got no input'],
  ])('names the bad line of %j after the scores before it', async (text, scores, message) => {
    const { lines, error } = await run(text);
    expect(lines).toHaveLength(scores);
    expect(error).toContain(message);
  });
});
