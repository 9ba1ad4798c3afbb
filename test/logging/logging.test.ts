import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { createLogger, redactUrl, temporalLogger, type LogLevel } from '../../src/logging.js';
import { bundleProgram } from '../adapters/archive/child-process.js';

/** A logger and the lines it wrote, parsed. */
function capture(level: LogLevel = 'trace') {
  const raw: string[] = [];
  const destination = { write: (line: string) => void raw.push(line) };
  const log = createLogger({ role: 'worker', level, destination });
  return { log, raw, lines: () => raw.map((line) => JSON.parse(line) as Record<string, unknown>) };
}

describe('redactUrl', () => {
  it.each([
    ['http://127.0.0.1:2242/metrics', 'http://127.0.0.1:2242/metrics'],
    ['postgres://ada:pw@db:5432/p', 'postgres://[redacted]@db:5432/p'],
    ['http://a:b@c@host/x', 'http://[redacted]@host/x'],
    ['http://h/p?token=1&x=2', 'http://h/p?[redacted]'],
    ['http://h?token=1', 'http://h?[redacted]'],
    ['http://h/p?', 'http://h/p?'],
    ['http://h/p#access_token=1', 'http://h/p#[redacted]'],
    ['https://hooks.slack.com/services/T/B/x', 'https://hooks.slack.com/[redacted]'],
    ['https://HOOKS.slack.com:443/services/T', 'https://HOOKS.slack.com:443/[redacted]'],
    ['https://discord.com/api/webhooks/1/x', 'https://discord.com/[redacted]'],
    ['http://[::1]:80/x?y', 'http://[::1]:80/x?[redacted]'],
    [
      'http://h/namespaces/NS/workflows/incident%3Aa',
      'http://h/namespaces/NS/workflows/incident%3Aa',
    ],
    ['not a url', 'not a url'],
    ['', ''],
  ])('%s becomes %s', (url, expected) => expect(redactUrl(url)).toBe(expected));
});

describe('createLogger', () => {
  it('writes one line of JSON with time, level, role and pid', () => {
    const { log, raw, lines } = capture();
    log.info({ replica: 'engine-2', weight: 20 }, 'replica drained');
    expect(raw[0]).toMatch(/^\{.*\}\n$/);
    expect(lines()[0]).toEqual({
      level: 'info',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/) as string,
      role: 'worker',
      pid: process.pid,
      replica: 'engine-2',
      weight: 20,
      msg: 'replica drained',
    });
  });

  it.each([
    ['trace', 5],
    ['info', 3],
    ['error', 1],
    ['silent', 0],
  ] as const)('at %s says %i of five levels', (level, expected) => {
    const { log, raw } = capture(level);
    for (const method of ['trace', 'debug', 'info', 'warn', 'error'] as const) log[method]('x');
    expect(raw).toHaveLength(expected);
  });

  it.each([
    ['token', 'hunter2'],
    ['password', 'hunter2'],
    ['password', 1234],
    ['apiKey', 'hunter2'],
    ['api_key', 'hunter2'],
    ['X-Api-Key', 'hunter2'],
    ['Authorization', 'hunter2'],
    ['authorization', ['hunter2']],
    ['slackToken', 'hunter2'],
    ['client_secret', 'hunter2'],
    ['Set-Cookie', { session: 'hunter2' }],
  ])('redacts %s: %j at every depth, in children as well', (key, secret) => {
    const { log, raw, lines } = capture();
    log.info({ [key]: secret }, 'top');
    log.info({ request: { headers: [{ [key]: secret }] } }, 'deep');
    log
      .child({ a: 1 })
      .child({ [key]: secret }, { level: 'info' })
      .info('child');
    expect(raw.join('')).not.toMatch(/hunter2|:1234/);
    expect(lines()[0]?.[key]).toBe('[redacted]');
    expect(lines()[1]?.['request']).toEqual({ headers: [{ [key]: '[redacted]' }] });
    expect(lines()[2]).toMatchObject({ a: 1, [key]: '[redacted]' });
  });

  it.each([
    ['tokens', 512],
    ['tokensPerSecond', 80.5],
    ['timeToFirstToken', 0.2],
    ['promptTokens', 12],
    ['monkey', 'bananas'],
    ['token', undefined],
  ])('leaves %s: %j', (key, value) => {
    const { log, lines } = capture();
    log.info({ [key]: value }, 'x');
    expect(lines()[0]?.[key]).toEqual(value);
  });

  it('redacts URLs and bearer tokens in messages, fields, errors and their causes', () => {
    const { log, raw, lines } = capture();
    const cause = new Error('GET http://u:hunter2@h/x?k=hunter2 failed');
    const error = new Error('call with Bearer hunter2hunter2', { cause });
    log.error({ err: error, url: 'http://h/?q=hunter2' }, 'to postgres://u:hunter2@db/x');
    log.error(error);
    log.warn(new Error('bare http://u:hunter2@h'));
    expect(raw.join('')).not.toContain('hunter2');
    expect(lines()[0]).toMatchObject({
      url: 'http://h/?[redacted]',
      msg: 'to postgres://[redacted]@db/x',
      err: {
        type: 'Error',
        message: 'call with Bearer [redacted]',
        cause: { message: 'GET http://[redacted]@h/x?[redacted] failed' },
      },
    });
  });

  it("does not copy an error's other properties, but its code and reason", () => {
    const { log, lines } = capture();
    const error = Object.assign(new Error('no'), {
      code: 'ECONNREFUSED',
      reason: 'unreachable',
      request: { cookie: 'x', body: 'private' },
    });
    log.error({ err: error }, 'x');
    const { err } = lines()[0] as { err: Record<string, unknown> };
    expect(Object.keys(err).sort()).toEqual(['code', 'message', 'reason', 'stack', 'type']);
  });

  it('writes what JSON cannot: bigints, cycles, depth, maps, bytes', () => {
    const { log, lines } = capture();
    const cyclic: Record<string, unknown> = { n: 1n };
    cyclic['self'] = cyclic;
    const deep = Array.from({ length: 20 }).reduce((inner) => ({ inner }), 'end');
    log.info(
      {
        cyclic,
        deep,
        map: new Map([['token', 'hunter2']]),
        set: new Set([1]),
        bytes: new Uint8Array(9),
        at: new Date(0),
      },
      'x',
    );
    expect(lines()[0]).toMatchObject({
      cyclic: { n: '1', self: '[circular]' },
      map: { token: '[redacted]' },
      set: [1],
      bytes: '[9 bytes]',
      at: '1970-01-01T00:00:00.000Z',
    });
    expect(JSON.stringify(lines()[0]?.['deep'])).toContain('[too deep]');
  });

  it('does not change the objects it logs', () => {
    const { log } = capture();
    const fields = { headers: { authorization: 'Bearer x' } };
    log.info(fields, 'x');
    expect(fields).toEqual({ headers: { authorization: 'Bearer x' } });
  });

  it('has every line on stdout when the process kills itself right after', async () => {
    const program = await bundleProgram('test/logging/logging-process.ts');
    try {
      const child = program.start();
      let output = '';
      child.stdout?.setEncoding('utf8').on('data', (text: string) => (output += text));
      await once(child, 'close');
      expect(child.signalCode).toBe('SIGKILL');
      const lines = output.trim().split('\n');
      expect(lines).toHaveLength(500);
      expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ n: 499, role: 'probe' });
    } finally {
      await program.dispose();
    }
  });

  it('lets a process live on whose reader is gone', async () => {
    const program = await bundleProgram('test/logging/logging-process.ts');
    try {
      const child = program.start('orphan');
      child.stdout?.destroy();
      const [code] = (await once(child, 'exit')) as [number | null];
      expect(code).toBe(7);
    } finally {
      await program.dispose();
    }
  });
});

describe('temporalLogger', () => {
  it.each([
    ['TRACE', 'trace'],
    ['DEBUG', 'debug'],
    ['INFO', 'info'],
    ['WARN', 'warn'],
    ['ERROR', 'error'],
  ] as const)('maps %s to %s, by log and by name', (level, expected) => {
    const { log, lines } = capture();
    const logger = temporalLogger(log);
    logger.log(level, 'first');
    logger[expected]('second', { a: 1 });
    expect(lines()).toMatchObject([
      { level: expected, msg: 'first' },
      { level: expected, msg: 'second', a: 1 },
    ]);
  });

  it('keeps attributes and story fields on top, and the names of the line ours', () => {
    const { log, lines } = capture();
    temporalLogger(log).info('p95 is 287 ms', {
      sdkComponent: 'workflow',
      workflowId: 'incident:chat:engine-2:request_latency_p95',
      runId: 'r',
      taskQueue: 'recovery',
      story: 'violation',
      link: 'http://127.0.0.1:8233/namespaces/default/workflows/x/r',
      timestampNanos: 123n,
      level: 'odd',
      msg: 'odder',
      error: new Error('boom'),
      token: 'hunter2',
      [Symbol('internal')]: 1,
    });
    expect(lines()[0]).toEqual({
      level: 'info',
      time: expect.any(String) as string,
      role: 'worker',
      pid: process.pid,
      msg: 'p95 is 287 ms',
      sdkComponent: 'workflow',
      workflowId: 'incident:chat:engine-2:request_latency_p95',
      runId: 'r',
      taskQueue: 'recovery',
      story: 'violation',
      link: 'http://127.0.0.1:8233/namespaces/default/workflows/x/r',
      level_: 'odd',
      msg_: 'odder',
      err: expect.objectContaining({ message: 'boom' }) as object,
      token: '[redacted]',
    });
  });

  it('writes nothing below the level', () => {
    const { log, raw } = capture('info');
    temporalLogger(log).debug('x', { a: 1 });
    expect(raw).toEqual([]);
  });
});
