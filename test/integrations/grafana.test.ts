import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { Family } from '../../src/telemetry/instruments.js';
import { createTelemetry } from '../../src/telemetry.js';
import { mirrorOpenIncidents } from '../../src/compose/open-incidents.js';
import { dashboards, panelQueries } from '../support/grafana.js';
import { describeWithProgram } from '../support/programs.js';

const RULES = path.resolve(import.meta.dirname, '../../integrations/prometheus');
const ruleFiles = readdirSync(RULES).filter((file) => file.endsWith('.rules.yml'));
/** Words of PromQL, labels and our own recorded names are no metrics. */
const METRIC = /(?<![\w:])((?:sla|recovery|rca|circuit|paramedic)_[a-z0-9_]+)\b/g;
const RECORDED = /paramedic:[\w:]+/g;

/** Everything the roles may export, by the names that a query uses. */
function exported(): Set<string> {
  const telemetry = createTelemetry({ role: 'all', version: '0' });
  const { sla, detector, recovery, rca } = telemetry;
  mirrorOpenIncidents({ incidents: () => Promise.reject(new Error('not asked')) }, telemetry);
  const families = [sla, detector, recovery, rca].flatMap((area) => Object.values<Family>(area));
  telemetry.close();
  return new Set([
    'paramedic_incidents_open',
    ...families.flatMap(({ name, type }) =>
      type === 'histogram' ? ['_bucket', '_sum', '_count'].map((suffix) => name + suffix) : [name],
    ),
  ]);
}

function rulesOf(file: string) {
  const { groups } = parse(readFileSync(path.join(RULES, file), 'utf8')) as {
    groups: { rules: { record?: string; alert?: string; expr: string }[] }[];
  };
  return groups.flatMap(({ rules }) => rules);
}

describe('the Grafana dashboards', () => {
  it('are the three of the design, each with a name of its own', () => {
    const titles = dashboards().map(({ title }) => title);
    expect(titles.sort()).toEqual([
      'paramedic: SLA compliance',
      'paramedic: incident response',
      'paramedic: root cause',
    ]);
    expect(new Set(dashboards().map(({ uid }) => uid)).size).toBe(3);
  });

  it('use metrics only that are exported', () => {
    const known = exported();
    const unknown = panelQueries().flatMap(({ panel, expression }) =>
      [...expression.matchAll(METRIC)]
        .map(([name]) => name)
        .filter((name) => !known.has(name))
        .map((name) => `${panel}: ${name}`),
    );
    expect(unknown).toEqual([]);
    expect(panelQueries().length).toBeGreaterThan(25);
  });
});

describe('the Prometheus rules', () => {
  it('use metrics only that are exported, and recorded names only that are recorded', () => {
    const known = exported();
    const own = ['paramedic-alerts.rules.yml', 'paramedic-recording.rules.yml'].flatMap(rulesOf);
    const recorded = new Set(own.flatMap(({ record }) => record ?? []));
    const unknown = own.flatMap(({ expr }) => [
      ...[...expr.matchAll(METRIC)].map(([name]) => name).filter((name) => !known.has(name)),
      ...[...expr.matchAll(RECORDED)].map(([name]) => name).filter((name) => !recorded.has(name)),
    ]);
    expect(unknown).toEqual([]);
  });
});

describeWithProgram('promtool', 'the Prometheus rules for promtool', (promtool) => {
  it.each(ruleFiles)('accepts %s', (file) => {
    const run = spawnSync(promtool, ['check', 'rules', path.join(RULES, file)], {
      encoding: 'utf8',
    });
    expect(run.status, run.stdout + run.stderr).toBe(0);
  });
});
