import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  AlertEpisodes,
  readAlertmanagerBody,
  type ExternalAlert,
} from '../../../src/adapters/sources/alertmanager.js';

const folder = path.join(import.meta.dirname, 'alertmanager');
/** Bodies that a real Alertmanager 0.25 sent, in the order in which it did. */
const bodies = readdirSync(folder)
  .sort()
  .map((name) => JSON.parse(readFileSync(path.join(folder, name), 'utf8')) as object);

function alertsOf(body: unknown): readonly ExternalAlert[] {
  const read = readAlertmanagerBody(body);
  return read.status === 'read' ? read.alerts : [];
}

describe('alertmanager webhook', () => {
  it('is read as it really comes', () => {
    expect(bodies).toHaveLength(5);
    expect(alertsOf(bodies[0])).toEqual([
      {
        key: `24ec1be3846288ff@${Date.parse('2026-11-23T22:18:22.042Z')}`,
        fingerprint: '24ec1be3846288ff',
        status: 'firing',
        name: 'EngineTTFTHigh',
        startsAtMs: Date.parse('2026-11-23T22:18:22.042Z'),
        endsAtMs: undefined,
        labels: {
          alertname: 'EngineTTFTHigh',
          metric: 'request_latency_p95',
          replica: 'e1',
          severity: 'critical',
          site: 'demo',
        },
        annotations: { summary: 'p95 TTFT 961 ms on e1', threshold: '500' },
        url: 'http://vm:19090/graph?g0.expr=sla%3Attft_p95_ms+%3E+500&g0.tab=1',
      },
    ]);
    const [resolved] = alertsOf(bodies[2]);
    expect(resolved).toMatchObject({
      status: 'resolved',
      key: alertsOf(bodies[0])[0]!.key,
      endsAtMs: Date.parse('2026-11-23T22:19:06.042Z'),
    });
  });

  it('tells news from repetition', () => {
    const episodes = new AlertEpisodes();
    const news = [...bodies, ...bodies].flatMap((body) => episodes.news(alertsOf(body)));
    expect(news.map(({ name, status }) => `${name} ${status}`)).toEqual([
      'EngineTTFTHigh firing',
      'EngineErrorRateHigh firing',
      'EngineTTFTHigh resolved',
      'EngineDown firing',
      'EngineDown resolved',
    ]);
    // The same alert that fires anew is another episode.
    const again = alertsOf(bodies[0]).map((alert) => ({ ...alert, key: 'later' }));
    expect(episodes.news(again)).toHaveLength(1);
  });

  it('does not reopen an episode whose end arrived before its beginning', () => {
    const episodes = new AlertEpisodes();
    expect(episodes.news(alertsOf(bodies[2]))).toHaveLength(1);
    expect(episodes.news(alertsOf(bodies[0]))).toEqual([]);
  });

  it('says how many alerts were left out', () => {
    expect(readAlertmanagerBody({ ...bodies[0], truncatedAlerts: 3 })).toMatchObject({
      status: 'read',
      truncatedAlerts: 3,
    });
  });

  it('rejects a bad alert alone', () => {
    const body = { ...bodies[0], alerts: [{ status: 'firing' }, ...alertsRaw(bodies[1]!)] };
    const read = readAlertmanagerBody(body);
    expect(read).toMatchObject({
      alerts: [{ name: 'EngineErrorRateHigh' }],
      rejected: [{ index: 0 }],
    });
  });

  it.each([
    ['text'],
    [null],
    [{}],
    [{ ...bodies[0], version: '3' }],
    [{ ...bodies[0], alerts: 1 }],
  ])('is refused when it is %#', (body) => {
    expect(readAlertmanagerBody(body).status).toBe('malformed');
  });
});

function alertsRaw(body: object): unknown[] {
  return 'alerts' in body && Array.isArray(body.alerts) ? body.alerts : [];
}
