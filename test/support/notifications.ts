import type { Notification } from '../../src/domain/notification.js';

/** A notification as an incident sends it. */
export const sampleNotification = (over: Partial<Notification> = {}): Notification => ({
  id: 'n-1',
  dedupKey: 'incident:chat:engine-2:request_latency_p95/run-1',
  kind: 'trigger',
  severity: 'critical',
  title: 'chat: request_latency_p95 is 310 ms, limit 250 ms',
  text: '**What**: p95 of engine-2 is above its limit.\n\nStop it with `paramedic abort`.',
  facts: [{ name: 'replica', value: 'engine-2' }],
  links: [{ label: 'Incident', url: 'http://127.0.0.1:2242/incidents/1?a=1&b=<2>' }],
  atMs: 1_700_000_000_000,
  threadKey: 'incident:chat:engine-2:request_latency_p95/run-1',
  actions: ['acknowledge', 'abort'],
  incidentId: 'incident:chat:engine-2:request_latency_p95',
  ...over,
});
