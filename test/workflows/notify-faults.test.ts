import { readFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { createNotifyActivities } from '../../src/activities/notify.js';
import { libsqlArchive } from '../../src/adapters/archive/libsql.js';
import { createChannels } from '../../src/compose/channels.js';
import { parseConfig } from '../../src/config/load.js';
import type { Delivered, NotificationInput } from '../../src/workflows/notify-messages.js';
import { startHttpServer, type Answer } from '../adapters/actuators/http-server.js';
import { secretsInEnv } from '../adapters/notifiers/secrets.js';
import { startSlack } from '../adapters/notifiers/slack-server.js';
import { startSmtp } from '../adapters/notifiers/smtp.js';
import { sampleNotification } from '../support/notifications.js';
import { scratchFolder } from '../support/scratch.js';
import { createDevServerEnv, workflowBundle } from '../support/temporal.js';

/** How many incidents tell people at the same moment. */
const INCIDENTS = 6;
/** Less than the default, since this test runs it out; enough for a machine that has much else to do. */
const TRY_MS = 8_000;

type Send = (input: NotificationInput) => Promise<readonly Delivered[]>;

/** Answers in turn, then the last one for ever. */
function inTurn(answers: readonly Answer[]): () => Answer {
  let next = 0;
  return () => answers[Math.min(next++, answers.length - 1)] ?? [500];
}

/** Takes requests and answers none of them before it is released; then all. */
async function startStuckServer() {
  const held: http.ServerResponse[] = [];
  let isStuck = true;
  const server = http.createServer((request, response) => {
    request.resume();
    if (isStuck) held.push(response);
    else response.writeHead(204).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    release() {
      isStuck = false;
      for (const response of held) response.writeHead(204).end();
    },
  };
}

const headerOf = (raw: string, name: string) => new RegExp(`^${name}: (.*)$`, 'mi').exec(raw)?.[1];
const unique = <T>(items: readonly T[]) => [...new Set(items)].sort();

describe('notifications through channels that fail in every way', () => {
  let env: TestWorkflowEnvironment | undefined;
  beforeAll(async () => {
    env = await createDevServerEnv();
  }, 120_000);
  afterAll(() => env?.teardown());

  it('are all delivered, none twice to who can tell, and no channel waits for another', async () => {
    if (env === undefined) throw new Error('Temporal did not start');
    const { client, nativeConnection: connection } = env;
    const folder = scratchFolder();
    const secrets = secretsInEnv({ token: 'xoxb-1234-secret', key: 'routing', sign: 'hmac-key' });
    const slack = await startSlack([
      [429, '', { 'retry-after': '1' }],
      'lost',
      'cut',
      [500, 'oops'],
      [200, '<html>a proxy</html>'],
      'lost',
    ]);
    const pagerAnswers = inTurn([
      [500, 'oops'],
      'hang',
      [200, 'garbage'],
      [429, '', { 'retry-after': '1' }],
      'cut',
      [202, { status: 'success', dedup_key: 'd' }],
    ]);
    const pager = await startHttpServer(pagerAnswers);
    const hook = await startHttpServer(inTurn(['hang', [503], 'cut', [429], [204]]));
    const smtp = await startSmtp([{ code: 451, text: 'greylisted' }, 'lost', undefined]);
    const dead = await startStuckServer();
    const gone = await startHttpServer(() => 'hang');
    const calm = await startHttpServer(() => [204]);
    const last = path.join(folder, 'last.jsonl');
    const timeout = `${TRY_MS}ms`;
    const config = parseConfig(
      JSON.stringify({
        channels: {
          slack: {
            ...{
              kind: 'slack',
              token: secrets.token,
              channel: 'C1',
              apiUrl: slack.apiUrl,
              timeout,
            },
          },
          pager: { kind: 'pagerduty', routingKey: secrets.key, url: pager.url, timeout },
          hook: { kind: 'webhook', url: hook.url, secret: secrets.sign, timeout },
          mail: {
            ...{ kind: 'email', host: '127.0.0.1', port: smtp.port, tls: 'none', timeout },
            ...{ from: 'a@example.org', to: ['b@example.org'] },
          },
          dead: { kind: 'webhook', url: dead.url, timeout: '30s' },
          gone: {
            ...{ kind: 'webhook', url: gone.url, timeout, fallback: 'last', fallbackAfter: '3s' },
          },
          calm: { kind: 'webhook', url: calm.url, timeout },
          last: { kind: 'file', path: last },
        },
      }),
      'test.yaml',
      {},
    );
    const channels = createChannels(config);
    const archive = await libsqlArchive.create({ kind: 'libsql', path: ':memory:' });
    const workflows = await Worker.create({
      ...{ connection, taskQueue: 'recovery', workflowBundle: workflowBundle() },
    });
    const deliveries = await Worker.create({
      ...{ connection, taskQueue: 'notify', maxConcurrentActivityTaskExecutions: 200 },
      activities: {
        ...createNotifyActivities({ channels, archive, onTried: () => undefined }),
      },
    });
    const names = ['dead', 'gone', 'slack', 'pager', 'hook', 'mail', 'calm'];
    const others = names.filter((name) => name !== 'dead' && name !== 'gone');
    const ids = Array.from({ length: INCIDENTS }, (_, i) => `n-${String(i).padStart(2, '0')}`);
    const notificationIds = ids;
    const by = (channel: string) => archive.deliveries({ channel, notificationIds, limit: 1_000 });
    const run = deliveries.runUntil(() =>
      workflows.runUntil(() =>
        Promise.all(
          ids.map((id) =>
            client.workflow.execute<Send>('notification', {
              ...{ taskQueue: 'recovery', workflowId: `notification:${id}` },
              args: [
                {
                  channels: names,
                  notification: sampleNotification({
                    ...{ id, dedupKey: `incident-${id}`, threadKey: `incident-${id}` },
                    atMs: Date.now(),
                  }),
                },
              ],
            }),
          ),
        ),
      ),
    );

    // No channel late: while one does not answer, all others are through.
    await vi.waitFor(
      async () => {
        for (const name of [...others, 'last']) {
          const states = (await by(name)).map(({ state }) => state);
          expect(states).toEqual(ids.map(() => 'delivered'));
        }
      },
      { timeout: 240_000, interval: 250 },
    );
    expect((await by('dead')).filter(({ state }) => state === 'delivered')).toEqual([]);
    expect(unique(calm.seen.map(({ headers }) => headers['idempotency-key']))).toEqual(ids);
    dead.release();
    const results = await run;

    // Nothing lost.
    expect(results.flat().every(({ isDelivered }) => isDelivered)).toBe(true);
    expect((await by('dead')).map(({ state }) => state)).toEqual(ids.map(() => 'delivered'));
    expect((await by('gone')).map(({ state }) => state)).toEqual(ids.map(() => 'failed'));

    // Nothing twice, as each protocol knows it: Slack shows each once though answers were lost, ...
    expect(slack.messages.map(({ id }) => String(id)).sort()).toEqual(ids);
    // ... PagerDuty merges by dedup key, ...
    const events = pager.seen.map(({ body }) => JSON.parse(body) as { dedup_key: string });
    expect(unique(events.map((event) => event.dedup_key))).toEqual(
      ids.map((id) => `incident-${id}`),
    );
    // ... a receiver of webhooks by idempotency key, a mail store by Message-ID.
    expect(unique(hook.seen.map(({ headers }) => headers['idempotency-key']))).toEqual(ids);
    expect(unique(smtp.mails.map(({ raw }) => headerOf(raw, 'Message-ID')))).toHaveLength(
      INCIDENTS,
    );
    const lines = readFileSync(last, 'utf8').trimEnd().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { id: string }).id).sort()).toEqual(ids);

    // What ends in histories and records holds no secret.
    const said = JSON.stringify([results, await archive.deliveries({ limit: 1_000 })]);
    for (const secret of ['xoxb-1234-secret', 'hmac-key']) expect(said).not.toContain(secret);
    await Promise.all([...channels.values()].map(({ notifier }) => notifier.close()));
    await archive.close();
  }, 300_000);
});
