import { describe, expect, it } from 'vitest';
import { findFreePort } from '../../../src/adapters/temporal/port.js';
import { email } from '../../../src/adapters/notifiers/email.js';
import { sampleNotification } from '../../support/notifications.js';
import { secretsInEnv } from './secrets.js';
import { startSilent, startSmtp } from './smtp.js';

const FIRST = { mayHaveArrived: false, threadRef: undefined };

function mailer(port: number, more: object = {}) {
  const settings = {
    ...{ host: '127.0.0.1', port, tls: 'none', timeout: '1s' },
    ...{ from: 'paramedic <pager@example.org>', to: ['ops@example.org', 'boss@example.org'] },
  };
  return email.create(email.schema.parse({ ...settings, ...more }));
}

const header = (raw: string, name: string) =>
  new RegExp(`^${name}: (.*)$`, 'mi').exec(raw.replace(/\r\n[ \t]+/g, ' '))?.[1];

describe('email', () => {
  it('sends text to all, an incident’s messages as one thread, each under an id of its own', async () => {
    const { port, mails } = await startSmtp();
    const { ref } = await mailer(port).deliver(sampleNotification(), FIRST);
    await mailer(port).deliver(sampleNotification({ id: 'n-2', kind: 'resolve' }), FIRST);
    const [first, second] = mails;
    expect(first?.recipients).toEqual(['ops@example.org', 'boss@example.org']);
    expect(header(first?.raw ?? '', 'Message-ID')).toBe(ref);
    expect(header(first?.raw ?? '', 'Subject')).toContain('[paramedic] critical: chat:');
    expect(header(first?.raw ?? '', 'Auto-Submitted')).toBe('auto-generated');
    expect(first?.raw).toContain('p95 of engine-2 is above its limit');
    const ids = [first, second].map((mail) => header(mail?.raw ?? '', 'Message-ID'));
    const threads = [first, second].map((mail) => header(mail?.raw ?? '', 'References'));
    expect(ids[0]).not.toBe(ids[1]);
    expect(threads[0]).toMatch(/^<\w+@example\.org>$/);
    expect(threads[0]).toBe(threads[1]);
  });

  it('repeats under the same Message-ID what was taken though the answer was lost', async () => {
    const { port, mails } = await startSmtp(['lost']);
    await expect(mailer(port).deliver(sampleNotification(), FIRST)).rejects.toMatchObject({
      reason: 'timeout',
    });
    await mailer(port).deliver(sampleNotification(), { ...FIRST, mayHaveArrived: true });
    const [one, two] = mails.map(({ raw }) => header(raw, 'Message-ID'));
    expect(one).toBeDefined();
    expect(one).toBe(two);
  });

  it.each([
    [{ code: 451, text: 'greylisted, try later' }, 'rate-limited'],
    [{ code: 421, text: 'too busy' }, 'rate-limited'],
    [{ code: 552, text: 'message too large' }, 'rejected'],
    [{ code: 454, text: 'odd' }, 'unreachable'],
  ] as const)('says what %j means', async (fault, reason) => {
    const { port } = await startSmtp([fault]);
    const sent = mailer(port).deliver(sampleNotification(), FIRST);
    await expect(sent).rejects.toMatchObject({ name: 'AdapterError', reason });
  });

  it('signs in, and says when it may not, without the password', async () => {
    const { port, mails } = await startSmtp([], {
      authOptional: false,
      // Without TLS a real server would not offer it; loopback only.
      allowInsecureAuth: true,
      onAuth: ({ username, password }, _, callback) =>
        username === 'pager' && password === 'right-password'
          ? callback(null, { user: username })
          : callback(new Error('no such account')),
    });
    const { right, wrong } = secretsInEnv({ right: 'right-password', wrong: 'wrong-password' });
    await mailer(port, { user: 'pager', password: right }).deliver(sampleNotification(), FIRST);
    expect(mails).toHaveLength(1);
    const refused = mailer(port, { user: 'pager', password: wrong });
    const error = await refused.deliver(sampleNotification(), FIRST).catch((e: unknown) => e);
    expect(error).toMatchObject({ reason: 'unauthorized' });
    expect(String(error)).not.toContain('wrong-password');
  });

  it('insists on encryption unless told otherwise', async () => {
    const { port, mails } = await startSmtp();
    const strict = mailer(port, { tls: 'starttls' });
    await expect(strict.deliver(sampleNotification(), FIRST)).rejects.toThrow();
    expect(mails).toEqual([]);
  });

  it.each([
    ['silence', undefined, 'timeout'],
    ['a greeting and then silence', '220 hello\r\n', 'timeout'],
    ['garbage', '\u0000\u0001 not a mail server\r\n', 'unreachable'],
  ])('gives up on %s', async (_, greeting, reason) => {
    const port = await startSilent(greeting);
    const sent = mailer(port, { timeout: '400ms' }).deliver(sampleNotification(), FIRST);
    await expect(sent).rejects.toMatchObject({ name: 'AdapterError', reason });
  });

  it('says that nobody listens', async () => {
    const sent = mailer(await findFreePort()).deliver(sampleNotification(), FIRST);
    await expect(sent).rejects.toMatchObject({ reason: 'unreachable' });
  });

  it('refuses an address that would smuggle a header in', () => {
    const settings = { host: 'h', to: ['a@b.c'], from: 'a\r\nBcc: evil@e.org <a@b.c>' };
    expect(email.schema.safeParse(settings).success).toBe(false);
  });
});
