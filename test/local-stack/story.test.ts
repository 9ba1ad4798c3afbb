import { describe, expect, it } from 'vitest';
import { storyLine } from '../../src/local-stack/story.js';
import { printable, Terminal } from '../../src/local-stack/terminal.js';

function terminal(
  isTTY = false,
  env: NodeJS.ProcessEnv = {},
): { text: () => string; to: Terminal } {
  let written = '';
  const output = { isTTY, write: (text: string) => void (written += text) };
  return { text: () => written, to: new Terminal(output, env) };
}

const at = new Date(2026, 10, 24, 3, 4, 5).getTime();
const line = (fields: object): string => JSON.stringify({ level: 30, time: at, ...fields });
const plain = terminal().to;

describe('storyLine', () => {
  it('shows time, stage, message and link, aligned', () => {
    const link = 'http://127.0.0.1:8233/namespaces/paramedic/workflows/incident%3Achat';
    const first = storyLine(
      'detector',
      line({ story: 'breach', msg: 'p95 is 812 ms', link }),
      plain,
    );
    const second = storyLine('worker', line({ story: 'rolled-back', msg: 'weight is 100' }), plain);
    expect(first).toBe(`03:04:05  breach         p95 is 812 ms  ${link}`);
    expect(second).toBe('03:04:05  rolled-back    weight is 100');
  });

  it('shows errors with their role and cause', () => {
    const error = line({
      level: 50,
      msg: 'scrape failed',
      err: { message: 'connect ECONNREFUSED' },
    });
    expect(storyLine('detector', error, plain)).toBe(
      '03:04:05  error          detector: scrape failed: connect ECONNREFUSED',
    );
    const same = line({ level: 60, msg: 'boom', err: { message: 'boom' } });
    expect(storyLine('worker', same, plain)).toBe('03:04:05  error          worker: boom');
  });

  it.each([
    ['an ordinary line', line({ msg: 'replica drained' })],
    ['a warning', line({ level: 40, msg: 'degraded' })],
    ['text that is no JSON', 'Error: something'],
    ['a broken line', '{"story":"breach","msg":'],
    ['a story that is no word', line({ story: 3, msg: 'x' })],
    ['an empty line', ''],
  ])('leaves %s to the log file', (_what, text) => {
    expect(storyLine('worker', text, plain)).toBeUndefined();
  });

  it('lets no control code of a target reach the terminal', () => {
    const shown = storyLine(
      'worker',
      line({ story: 'cause', msg: 'a\u001b[2Jb\r\nc\u009b1md' }),
      plain,
    );
    expect(shown).toBe('03:04:05  cause          a [2Jb c 1md');
    expect(printable('\u0007x\n')).toBe('x');
  });

  it('survives a time that is none', () => {
    expect(storyLine('worker', line({ story: 'plan', msg: 'm', time: 'soon' }), plain)).toMatch(
      /^\d\d:\d\d:\d\d {2}plan /,
    );
  });

  it('colours the stage on a terminal, unless NO_COLOR is set', () => {
    const entry = line({ story: 'verified', msg: 'm' });
    expect(storyLine('w', entry, terminal(true).to)).toContain('\u001b[32mverified');
    expect(storyLine('w', entry, terminal(true, { NO_COLOR: '1' }).to)).not.toContain('\u001b');
    expect(storyLine('w', entry, terminal(true, { NO_COLOR: '' }).to)).toContain('\u001b[32m');
  });
});

describe('Terminal', () => {
  it('writes only whole lines where nobody watches', () => {
    const { text, to } = terminal(false);
    to.busy('temporal starting');
    to.line('up');
    to.idle();
    expect(text()).toBe('up\n');
  });

  it('shows what it waits for on a terminal, out of the way of lines', () => {
    const { text, to } = terminal(true);
    to.busy('temporal starting');
    to.line('up');
    to.idle();
    to.line('done');
    expect(text()).toBe(
      '\r\u001b[2K  ⠋ temporal starting\r\u001b[2Kup\n\r\u001b[2Kdone\n'.replace(
        /^\r\u001b\[2K/,
        '',
      ),
    );
  });
});
