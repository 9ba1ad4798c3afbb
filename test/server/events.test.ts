import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Monitor } from '../../src/server/monitor.js';
import { createApp } from '../../src/server/app.js';
import { EventHub, type Topic } from '../../src/server/event-hub.js';
import { alertRecord } from '../adapters/archive/records.js';
import { INCIDENT } from './live-server.js';
import { serverParts } from './server-parts.js';

interface Seen {
  readonly text: () => string;
  readonly ids: () => string[];
  readonly stop: () => Promise<void>;
}

/** Reads a stream in the background, until the test has finished. */
function follow(stream: ReadableStream<Uint8Array>): Seen {
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  let text = '';
  const reading = (async () => {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      text += decoder.decode(value);
    }
  })();
  const stop = async () => {
    await reader.cancel();
    await reading;
  };
  onTestFinished(stop);
  return {
    text: () => text,
    ids: () => [...text.matchAll(/^id: (.+)$/gm)].map((m) => m[1]!),
    stop,
  };
}

function hubOf(values: Map<string, unknown>, more: { maxStreams?: number } = {}): EventHub {
  const topic: Topic = { event: 'incident', read: () => Promise.resolve(values) };
  const hub = new EventHub({
    ...{ topics: [topic], everyMs: 10, maxStreams: 3 },
    ...more,
    onError: () => undefined,
  });
  onTestFinished(() => hub.close());
  return hub;
}

describe('live updates', () => {
  it('tell everything as it is, then what changes', async () => {
    const values = new Map([['a', { state: 'open' }]]);
    const seen = follow(await hubOf(values).open(undefined));
    await vi.waitFor(() =>
      expect(seen.text()).toContain('event: incident\ndata: {"state":"open"}'),
    );
    values.set('a', { state: 'resolved' });
    await vi.waitFor(() => expect(seen.text()).toContain('data: {"state":"resolved"}'));
    expect(seen.text().match(/"open"/g)).toHaveLength(1);
  });

  it('go on after the last event of a client that comes back', async () => {
    const values = new Map([['a', 1]]);
    const hub = hubOf(values);
    const first = follow(await hub.open(undefined));
    await vi.waitFor(() => expect(first.ids()).toHaveLength(1));
    const last = first.ids().at(-1);
    await first.stop();
    values.set('b', 2);
    const second = follow(await hub.open(last));
    await vi.waitFor(() => expect(second.text()).toContain('data: 2'));
    expect(second.text()).not.toContain('data: 1');
    const stranger = follow(await hub.open('another-7'));
    await vi.waitFor(() => expect(stranger.text()).toMatch(/data: 1[\s\S]*data: 2/));
  });

  it('are for so many clients, and for another once one has gone', async () => {
    const hub = hubOf(new Map(), { maxStreams: 2 });
    const first = follow(await hub.open(undefined));
    follow(await hub.open(undefined));
    await expect(hub.open(undefined)).rejects.toMatchObject({ status: 503 });
    await first.stop();
    await vi.waitFor(() => expect(hub.size).toBe(1));
    follow(await hub.open(undefined));
  });

  it('come from the archive, over the API', async () => {
    const parts = await serverParts({
      targets: [{ service: 'llm', replica: undefined }],
      monitor: { ...({} as Monitor), view: () => Promise.resolve(undefined) },
    });
    await parts.archive.putIncident(INCIDENT);
    await parts.archive.putAlert(alertRecord());
    const reply = await createApp(parts).request('/v1/events');
    expect(reply.headers.get('content-type')).toBe('text/event-stream');
    const seen = follow(reply.body!);
    await vi.waitFor(() => expect(seen.text()).toContain(`"id":"${INCIDENT.id}"`));
    await vi.waitFor(() => {
      expect(seen.text()).toContain(`event: alert\ndata: {"id":"${alertRecord().id}"`);
      expect(seen.text()).toContain('event: mode\ndata: {"mode":"normal"');
      expect(seen.text()).toMatch(/event: breaker\ndata: \{"id":"breaker:[^"]*llm/);
    });
    await parts.archive.putIncident({ ...INCIDENT, state: 'resolved', revision: 2 });
    await vi.waitFor(() => expect(seen.text()).toContain('"state":"resolved"'), {
      timeout: 10_000,
    });
  });
});
