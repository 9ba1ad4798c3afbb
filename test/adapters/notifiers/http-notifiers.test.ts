import { describe, expect, it, onTestFinished } from 'vitest';
import { findFreePort } from '../../../src/adapters/temporal/port.js';
import { pagerduty } from '../../../src/adapters/notifiers/pagerduty.js';
import { slack } from '../../../src/adapters/notifiers/slack.js';
import { webhook } from '../../../src/adapters/notifiers/webhook.js';
import type { Notifier } from '../../../src/domain/ports.js';
import { sampleNotification } from '../../support/notifications.js';
import { startHttpServer, type Answer } from '../actuators/http-server.js';
import { secretsInEnv } from './secrets.js';

const FIRST = { mayHaveArrived: false, threadRef: undefined };
const SECRET = 'super/secret-key';

/** Each kind against a server at `origin`, with short patience, and the answer that it takes for a success. */
const KINDS: readonly (readonly [
  name: string,
  make: (origin: string) => Notifier,
  success: Answer,
])[] = [
  [
    'slack with a token',
    (origin) => {
      const { key: token } = secretsInEnv({ key: SECRET });
      const settings = { token, channel: 'C1', apiUrl: `${origin}/api`, timeout: '300ms' };
      return slack.create(slack.schema.parse(settings));
    },
    [200, { ok: true, ts: '17.2', channel: 'C1' }],
  ],
  [
    'slack with a webhook',
    (origin) => {
      const { hook: webhookUrl } = secretsInEnv({ hook: `${origin}/services/${SECRET}` });
      return slack.create(slack.schema.parse({ webhookUrl, timeout: '300ms' }));
    },
    [200, 'ok'],
  ],
  [
    'pagerduty',
    (origin) => {
      const { key: routingKey } = secretsInEnv({ key: SECRET });
      const settings = { routingKey, url: `${origin}/v2/enqueue`, timeout: '300ms' };
      return pagerduty.create(pagerduty.schema.parse(settings));
    },
    [202, { status: 'success', message: 'Event processed', dedup_key: 'd' }],
  ],
  [
    'webhook',
    (origin) => {
      const { key: secret, hook: url } = secretsInEnv({
        key: SECRET,
        hook: `${origin}/in/${SECRET}`,
      });
      return webhook.create(webhook.schema.parse({ url, secret, token: secret, timeout: '300ms' }));
    },
    [204, ''],
  ],
];

async function failureOf(notifier: Notifier): Promise<unknown> {
  onTestFinished(() => notifier.close());
  return notifier.deliver(sampleNotification(), FIRST).then(
    () => 'delivered',
    (error: unknown) => error,
  );
}

describe.each(KINDS)('notifier: %s', (name, make, success) => {
  it('delivers', async () => {
    const server = await startHttpServer(() => success);
    expect(await failureOf(make(server.url))).toBe('delivered');
    expect(server.seen).toHaveLength(1);
  });

  it.each<readonly [string, Answer, object]>([
    ['429', [429, '', { 'retry-after': '7' }], { reason: 'rate-limited', retryAfterMs: 7_000 }],
    ['503 with Retry-After', [503, '', { 'retry-after': '2' }], { retryAfterMs: 2_000 }],
    ['500', [500, 'oops'], { reason: 'unreachable', retryAfterMs: undefined }],
    ['400', [400, '{"errors":["no"]}'], { reason: 'rejected' }],
    ['401', [401, ''], { reason: 'unauthorized' }],
    ['404', [404, ''], { reason: 'not-found' }],
    ['a redirect', [302, '', { location: 'http://127.0.0.1:1/' }], { reason: 'rejected' }],
    ['a server that never answers', 'hang', { reason: 'timeout' }],
    ['a connection cut in the middle', 'cut', { reason: 'unreachable' }],
  ])('says what %s means', async (_, answer, expected) => {
    const server = await startHttpServer(() => answer);
    expect(await failureOf(make(server.url))).toMatchObject(expected);
  });

  it('says that nobody listens', async () => {
    const port = await findFreePort();
    const error = await failureOf(make(`http://127.0.0.1:${port}`));
    expect(error).toMatchObject({ name: 'AdapterError', reason: 'unreachable' });
  });

  it('takes another’s page for a failure that may mend', async () => {
    const server = await startHttpServer(() => [200, '<html>Welcome to the proxy</html>']);
    const outcome = await failureOf(make(server.url));
    // A webhook's receiver may answer with anything.
    if (name === 'webhook') expect(outcome).toBe('delivered');
    else expect(outcome).toMatchObject({ reason: 'unreachable' });
  });

  it('tells no secret, not even one that comes back', async () => {
    const server = await startHttpServer(({ url, headers, body }) => [
      400,
      `Cannot POST ${url} with ${headers.authorization}: ${body}`,
    ]);
    const error = await failureOf(make(server.url));
    expect(error).toBeInstanceOf(Error);
    expect((error as Error).message).not.toContain('secret-key');
    expect((error as Error).cause).toBeUndefined();
  });

  it('says which secret is missing', async () => {
    const notifier = make('http://127.0.0.1:1');
    for (const variable of Object.keys(process.env)) {
      if (variable.startsWith('PARAMEDIC_TEST_')) Reflect.deleteProperty(process.env, variable);
    }
    expect(await failureOf(notifier)).toMatchObject({
      reason: 'unauthorized',
      message: expect.stringContaining('PARAMEDIC_TEST_') as string,
    });
  });
});
