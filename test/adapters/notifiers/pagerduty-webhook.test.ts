import { createHmac } from 'node:crypto';
import { describe, expect, it, onTestFinished } from 'vitest';
import { pagerduty } from '../../../src/adapters/notifiers/pagerduty.js';
import { webhook } from '../../../src/adapters/notifiers/webhook.js';
import { sampleNotification } from '../../support/notifications.js';
import { startHttpServer } from '../actuators/http-server.js';
import { secretsInEnv } from './secrets.js';

const FIRST = { mayHaveArrived: false, threadRef: undefined };

describe('pagerduty', () => {
  async function pager() {
    const server = await startHttpServer(({ body }) => [
      202,
      { status: 'success', dedup_key: (JSON.parse(body) as { dedup_key: string }).dedup_key },
    ]);
    const { key: routingKey } = secretsInEnv({ key: 'R0UT1NG' });
    const notifier = pagerduty.create(pagerduty.schema.parse({ routingKey, url: server.url }));
    onTestFinished(() => notifier.close());
    const sent = () => server.seen.map(({ body }) => JSON.parse(body) as Record<string, unknown>);
    return { notifier, sent };
  }

  it('triggers, acknowledges and resolves one alert', async () => {
    const { notifier, sent } = await pager();
    const facts = [
      { name: 'Service', value: 'chat' },
      { name: 'Replica', value: 'engine-2' },
    ];
    await notifier.deliver(sampleNotification({ facts }), FIRST);
    await notifier.deliver(sampleNotification({ id: 'n-2', kind: 'acknowledge' }), FIRST);
    const { ref } = await notifier.deliver(
      sampleNotification({ id: 'n-3', kind: 'resolve' }),
      FIRST,
    );
    const key = sampleNotification().dedupKey;
    expect(ref).toBe(key);
    const [trigger, ...rest] = sent();
    expect(trigger).toMatchObject({
      routing_key: 'R0UT1NG',
      event_action: 'trigger',
      dedup_key: key,
      client_url: sampleNotification().links[0]?.url,
      links: [{ href: sampleNotification().links[0]?.url, text: 'Incident' }],
      payload: {
        summary: 'chat: request_latency_p95 is 310 ms, limit 250 ms',
        source: 'chat/engine-2',
        severity: 'critical',
        timestamp: '2023-11-14T22:13:20.000Z',
        custom_details: { Replica: 'engine-2' },
      },
    });
    expect(rest).toEqual([
      { routing_key: 'R0UT1NG', event_action: 'acknowledge', dedup_key: key },
      { routing_key: 'R0UT1NG', event_action: 'resolve', dedup_key: key },
    ]);
  });

  it.each([
    ['critical', 'critical'],
    ['major', 'error'],
    ['minor', 'warning'],
  ] as const)('calls %s %s', async (severity, there) => {
    const { notifier, sent } = await pager();
    await notifier.deliver(sampleNotification({ severity }), FIRST);
    expect(sent()).toMatchObject([{ payload: { severity: there } }]);
  });

  it('keeps a long dedup key apart from others within PagerDuty’s 255 characters', async () => {
    const { notifier, sent } = await pager();
    for (const end of ['a', 'b', 'a']) {
      await notifier.deliver(sampleNotification({ dedupKey: 'k'.repeat(300) + end }), FIRST);
    }
    const keys = sent().map((event) => String(event['dedup_key']));
    expect(keys.every((key) => key.length <= 255)).toBe(true);
    expect(keys[0]).toBe(keys[2]);
    expect(keys[0]).not.toBe(keys[1]);
  });

  it('takes no updates: PagerDuty has none', () => {
    expect(pagerduty.takes).not.toContain('update');
  });
});

describe('webhook', () => {
  it('signs timestamp and body, and repeats under one idempotency key', async () => {
    const server = await startHttpServer(() => [200]);
    const { secret, token } = secretsInEnv({ secret: 'sign-me', token: 'let-me-in' });
    const notifier = webhook.create(
      webhook.schema.parse({
        url: `${server.url}/in?x=1`,
        secret,
        token,
        headers: { 'x-team': 'a' },
      }),
    );
    onTestFinished(() => notifier.close());
    await notifier.deliver(sampleNotification(), FIRST);
    await notifier.deliver(sampleNotification(), { ...FIRST, mayHaveArrived: true });
    expect(server.seen).toHaveLength(2);
    for (const { headers, body, url } of server.seen) {
      const timestamp = String(headers['x-paramedic-timestamp']);
      const signature = createHmac('sha256', 'sign-me')
        .update(`${timestamp}.${body}`)
        .digest('hex');
      expect(url).toBe('/in?x=1');
      expect(headers).toMatchObject({
        'x-paramedic-signature': `v1=${signature}`,
        'idempotency-key': 'n-1',
        'content-type': 'application/json',
        authorization: 'Bearer let-me-in',
        'x-team': 'a',
      });
      expect(JSON.parse(body)).toMatchObject({
        id: 'n-1',
        kind: 'trigger',
        at: '2023-11-14T22:13:20.000Z',
        incidentId: 'incident:chat:engine-2:request_latency_p95',
      });
    }
  });
});
