import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createNotifyActivities, type Channel } from '../../src/activities/notify.js';
import { libsqlArchive } from '../../src/adapters/archive/libsql.js';
import type { Archive } from '../../src/domain/archive.js';
import { NOTIFICATION_KINDS } from '../../src/domain/notification.js';
import { AdapterError, type DeliveryAttempt, type Notifier } from '../../src/domain/ports.js';
import type { Delivered, NotificationInput } from '../../src/workflows/notify-messages.js';
import { sampleNotification } from '../support/notifications.js';
import { createDevServerEnv, workflowBundle } from '../support/temporal.js';
import { recordHistories } from './record-histories.js';

type Send = (input: NotificationInput) => Promise<readonly Delivered[]>;
type Try = DeliveryAttempt & { readonly id: string };

/** A channel whose tries end as `outcomes` say, the last one for ever. */
function channelOf(
  name: string,
  outcomes: readonly (string | AdapterError)[],
  over: Partial<Channel> = {},
): { channel: Channel; tries: Try[] } {
  const tries: Try[] = [];
  const notifier: Notifier = {
    kind: 'scripted',
    deliver(notification, attempt) {
      tries.push({ ...attempt, id: notification.id });
      const outcome = outcomes[Math.min(tries.length, outcomes.length) - 1];
      return outcome instanceof AdapterError
        ? Promise.reject(outcome)
        : Promise.resolve({ ref: outcome });
    },
    close: () => Promise.resolve(),
  };
  const channel = {
    ...{ name, notifier, kinds: NOTIFICATION_KINDS, fallback: undefined, fallbackAfterMs: 120_000 },
    ...over,
  };
  return { channel, tries };
}

describe('a notification’s delivery', () => {
  let env: TestWorkflowEnvironment | undefined;
  let archive: Archive;
  beforeAll(async () => {
    archive = await libsqlArchive.create({ kind: 'libsql', path: ':memory:' });
    env = await createDevServerEnv();
  }, 120_000);
  afterAll(async () => {
    if (env !== undefined) await recordHistories(env, 'notification');
    await env?.teardown();
    await archive.close();
  }, 120_000);

  async function send(
    channels: readonly Channel[],
    input: NotificationInput,
    kept: Pick<Archive, 'putDelivery' | 'deliveries'> = archive,
  ): Promise<readonly Delivered[]> {
    if (env === undefined) throw new Error('Temporal did not start');
    const { nativeConnection: connection, client } = env;
    const byName = new Map(channels.map((channel) => [channel.name, channel]));
    const workflows = await Worker.create({
      ...{ connection, taskQueue: 'recovery', workflowBundle: workflowBundle() },
    });
    const deliveries = await Worker.create({
      ...{ connection, taskQueue: 'notify' },
      activities: {
        ...createNotifyActivities({ channels: byName, archive: kept, onTried: () => undefined }),
      },
    });
    return deliveries.runUntil(() =>
      workflows.runUntil(() =>
        client.workflow.execute<Send>('notification', {
          ...{ taskQueue: 'recovery', workflowId: `notification:${input.notification.id}` },
          args: [input],
        }),
      ),
    );
  }

  it('is tried until it succeeds, and from the second try on may have arrived', async () => {
    const { channel, tries } = channelOf('slack', [
      new AdapterError('timeout', 'no reply'),
      'ref-1',
    ]);
    const notification = sampleNotification({ id: 'a' });
    const [result] = await send([channel], { channels: ['slack'], notification });
    expect(result?.isDelivered).toBe(true);
    expect(tries.map(({ id, mayHaveArrived }) => [id, mayHaveArrived])).toEqual([
      ['a', false],
      ['a', true],
    ]);
    expect(await archive.deliveries({ notificationIds: ['a'], limit: 5 })).toMatchObject([
      { channel: 'slack', state: 'delivered', attempts: 2, ref: 'ref-1', error: undefined },
    ]);
  }, 60_000);

  it('goes to the fallback at once when it is refused', async () => {
    const pager = channelOf('pager', [new AdapterError('unauthorized', 'wrong key')], {
      fallback: 'mail',
    });
    const mail = channelOf('mail', ['m']);
    const notification = sampleNotification({ id: 'b' });
    const [result] = await send([pager.channel, mail.channel], {
      ...{ channels: ['pager'], notification },
    });
    expect(pager.tries).toHaveLength(1);
    expect(result).toMatchObject({
      isDelivered: true,
      tries: [
        { channel: 'pager', state: 'failed', error: 'wrong key' },
        { channel: 'mail', state: 'delivered', insteadOf: 'pager', ref: 'm' },
      ],
    });
  }, 60_000);

  it('waits as long as it was told to, and leaves for the fallback when that is too long', async () => {
    const later = new AdapterError('rate-limited', 'slow down', { retryAfterMs: 2_500 });
    const patient = channelOf('patient', [later, 'p']);
    const urgent = channelOf('urgent', [later], { fallback: 'mail', fallbackAfterMs: 2_000 });
    const mail = channelOf('mail', ['m']);
    const notification = sampleNotification({ id: 'c' });
    const startedAtMs = performance.now();
    const results = await send([patient.channel, urgent.channel, mail.channel], {
      ...{ channels: ['patient', 'urgent'], notification },
    });
    // Its own backoff would have been 1 s.
    expect(performance.now() - startedAtMs).toBeGreaterThanOrEqual(2_400);
    expect(results.map(({ tries }) => tries.map(({ channel, state }) => [channel, state]))).toEqual(
      [
        [['patient', 'delivered']],
        [
          ['urgent', 'failed'],
          ['mail', 'delivered'],
        ],
      ],
    );
    expect(urgent.tries).toHaveLength(1);
  }, 60_000);

  it('ends after a chain of fallbacks that all refuse, and names a channel that is not there', async () => {
    const refused = new AdapterError('not-found', 'gone');
    const one = channelOf('one', [refused], { fallback: 'two' });
    const two = channelOf('two', [refused], { fallback: 'nowhere' });
    const notification = sampleNotification({ id: 'd' });
    const [result] = await send([one.channel, two.channel], { channels: ['one'], notification });
    expect(result?.isDelivered).toBe(false);
    expect(result?.tries.map(({ channel, error }) => [channel, error])).toEqual([
      ['one', 'gone'],
      ['two', 'gone'],
      ['nowhere', 'channel "nowhere" is not configured'],
    ]);
  }, 60_000);

  it('skips a kind that the channel does not take, and hands on the thread’s first message', async () => {
    const quiet = channelOf('quiet', ['q'], { kinds: ['trigger', 'resolve'] });
    const threadKey = 'thread-e';
    const first = sampleNotification({ id: 'e1', threadKey });
    await send([quiet.channel], { channels: ['quiet'], notification: first });
    const update = sampleNotification({ id: 'e2', threadKey, kind: 'update' });
    const [skipped] = await send([quiet.channel], { channels: ['quiet'], notification: update });
    expect(skipped?.tries).toMatchObject([{ state: 'skipped' }]);
    const last = sampleNotification({ id: 'e3', threadKey, kind: 'resolve' });
    await send([quiet.channel], { channels: ['quiet'], notification: last });
    expect(quiet.tries.map(({ id, threadRef }) => [id, threadRef])).toEqual([
      ['e1', undefined],
      ['e3', 'q'],
    ]);
  }, 60_000);

  it('does not wait for an archive that is away, and writes it down when that is back', async () => {
    const { channel, tries } = channelOf('slack', ['ref']);
    let fails = 2;
    const notification = sampleNotification({ id: 'f' });
    await send(
      [channel],
      { channels: ['slack'], notification },
      {
        deliveries: () => Promise.reject(new AdapterError('unreachable', 'archive is down')),
        putDelivery: (record) => {
          fails -= 1;
          if (fails >= 0) return Promise.reject(new AdapterError('unreachable', 'archive is down'));
          return archive.putDelivery(record);
        },
      },
    );
    expect(tries).toHaveLength(1);
    expect(await archive.deliveries({ notificationIds: ['f'], limit: 5 })).toMatchObject([
      { state: 'delivered', attempts: 1 },
    ]);
  }, 60_000);
});
