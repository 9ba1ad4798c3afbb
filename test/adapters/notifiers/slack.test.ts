import { describe, expect, it, onTestFinished } from 'vitest';
import { mrkdwn } from '../../../src/adapters/notifiers/slack-message.js';
import { slack } from '../../../src/adapters/notifiers/slack.js';
import { sampleNotification } from '../../support/notifications.js';
import { secretsInEnv } from './secrets.js';
import { startSlack, type SlackFault } from './slack-server.js';

const FIRST = { mayHaveArrived: false, threadRef: undefined };

async function slackWith(faults: SlackFault[] = [], over: { mayRead?: boolean } = {}) {
  const server = await startSlack(faults, over.mayRead);
  const { token, signing } = secretsInEnv({ token: 'xoxb-1234-secret', signing: 's' });
  const settings = { token, channel: 'C1', apiUrl: server.apiUrl, timeout: '300ms' };
  const make = (more: object = {}) => {
    const notifier = slack.create(slack.schema.parse({ ...settings, ...more }));
    onTestFinished(() => notifier.close());
    return notifier;
  };
  return { server, make, signing };
}

describe('slack', () => {
  it('posts an incident’s messages in one thread, and what all should see to the channel', async () => {
    const { server, make } = await slackWith();
    const notifier = make();
    const { ref } = await notifier.deliver(sampleNotification(), FIRST);
    const later = { mayHaveArrived: false, threadRef: ref };
    await notifier.deliver(sampleNotification({ id: 'n-2', kind: 'update' }), later);
    await notifier.deliver(sampleNotification({ id: 'n-3', kind: 'resolve' }), later);
    expect(
      server.messages.map(({ threadTs, form }) => [threadTs, form['reply_broadcast']]),
    ).toEqual([
      [undefined, undefined],
      [ref, 'false'],
      [ref, 'true'],
    ]);
    const first = server.messages[0]?.form;
    expect(first).toMatchObject({ channel: 'C1', unfurl_links: 'false' });
    expect(first?.['text']).toContain('[critical] chat: request_latency_p95');
    expect(first?.['blocks']).toContain('*What*: p95 of engine-2');
    expect(first?.['blocks']).toContain('http://127.0.0.1:2242/incidents/1?a=1&amp;b=&lt;2&gt;');
  });

  it('has buttons where a signing secret is set, and nowhere else', async () => {
    const { server, make, signing } = await slackWith();
    await make().deliver(sampleNotification(), FIRST);
    await make({ signingSecret: signing }).deliver(sampleNotification(), FIRST);
    await make({ signingSecret: signing }).deliver(
      sampleNotification({ incidentId: undefined }),
      FIRST,
    );
    const buttons = server.messages.map(({ form }) =>
      [...(form['blocks'] ?? '').matchAll(/"action_id":"([^"]+)"/g)].map(([, id]) => id),
    );
    expect(buttons).toEqual([[], ['paramedic.acknowledge', 'paramedic.abort'], []]);
    expect(server.messages[1]?.form['blocks']).toContain(
      '"value":"incident:chat:engine-2:request_latency_p95"',
    );
  });

  it.each([
    ['in the channel', undefined],
    ['in a thread', '1700000000.000100'],
  ])('does not post again what arrived though the answer was lost, %s', async (_, threadRef) => {
    const { server, make } = await slackWith(['lost']);
    const notifier = make();
    const notification = sampleNotification();
    const first = notifier.deliver(notification, { mayHaveArrived: false, threadRef });
    await expect(first).rejects.toMatchObject({ reason: 'timeout' });
    const { ref } = await notifier.deliver(notification, { mayHaveArrived: true, threadRef });
    expect(server.messages.map(({ ts }) => ts)).toEqual([ref]);
    // Another notification is not taken for it.
    await notifier.deliver(sampleNotification({ id: 'n-2' }), { mayHaveArrived: true, threadRef });
    expect(server.messages.map(({ id }) => id)).toEqual(['n-1', 'n-2']);
  });

  it('posts again where it may not read the channel: twice is better than never', async () => {
    const { server, make } = await slackWith(['lost'], { mayRead: false });
    const notifier = make();
    await expect(notifier.deliver(sampleNotification(), FIRST)).rejects.toThrow();
    await notifier.deliver(sampleNotification(), { ...FIRST, mayHaveArrived: true });
    expect(server.messages).toHaveLength(2);
  });

  it.each([
    ['invalid_auth', 'unauthorized'],
    ['channel_not_found', 'not-found'],
    ['ratelimited', 'rate-limited'],
    ['internal_error', 'unreachable'],
    ['msg_too_long', 'rejected'],
  ])('knows what %s means', async (error, reason) => {
    const { make } = await slackWith([[200, { ok: false, error }]]);
    await expect(make().deliver(sampleNotification(), FIRST)).rejects.toMatchObject({ reason });
  });

  it('stays within Slack’s limits whatever the text’s length', async () => {
    const { server, make } = await slackWith();
    const facts = Array.from({ length: 23 }, (_, i) => ({
      name: `f${i}`,
      value: 'v'.repeat(3_000),
    }));
    const text = 'a line of text\n'.repeat(5_000);
    await make().deliver(sampleNotification({ title: 't'.repeat(400), text, facts }), FIRST);
    interface Block {
      readonly type: string;
      readonly text?: { readonly text: string };
      readonly fields?: readonly { readonly text: string }[];
    }
    const blocks = JSON.parse(server.messages[0]?.form['blocks'] ?? '[]') as Block[];
    expect(blocks.length).toBeLessThanOrEqual(50);
    for (const block of blocks) {
      expect(block.text?.text.length ?? 1).toBeLessThanOrEqual(
        block.type === 'header' ? 150 : 3_000,
      );
      expect(block.fields?.length ?? 1).toBeLessThanOrEqual(10);
      for (const field of block.fields ?? []) expect(field.text.length).toBeLessThanOrEqual(2_000);
    }
  });

  it.each([
    ['**bold** and [a link](https://e.org/x)', '*bold* and <https://e.org/x|a link>'],
    ['# Title\n- one\n* two', '*Title*\n• one\n• two'],
    ['<!channel> & <@U1>', '&lt;!channel&gt; &amp; &lt;@U1&gt;'],
  ])('writes %j in Slack’s dialect', (markdown, expected) => {
    expect(mrkdwn(markdown)).toBe(expected);
  });

  it.each([
    [{}],
    [{ token: { env: 'T' } }],
    [{ token: { env: 'T' }, channel: 'C', webhookUrl: { env: 'W' } }],
    [{ webhookUrl: { env: 'W' }, signingSecret: { env: 'S' } }],
  ])('refuses settings that do not say how: %j', (settings) => {
    expect(slack.schema.safeParse(settings).success).toBe(false);
  });
});
