import path from 'node:path';
import { logFolder } from './part-log.js';
import type { StartSettings, TemporalSettings } from './start-settings.js';
import type { Terminal } from './terminal.js';

/** What a person needs to know once all is up: where to look, and how to break something. */
export function welcome(settings: StartSettings, seconds: string, terminal: Terminal): string {
  const { fleet, server, dataDir, temporal } = settings;
  const addresses: [string, string | undefined][] = [
    ['Temporal UI', temporalUi(temporal)],
    ['API', `http://${server.host}:${server.port}/health/production`],
    ['Gateway', fleet === undefined ? undefined : `http://127.0.0.1:${fleet.gatewayPort}`],
    ['Logs', path.relative(process.cwd(), logFolder(dataDir)) || '.'],
  ];
  const command = (line: string): string => `    ${terminal.paint('cyan', line)}`;
  const breaking =
    fleet === undefined
      ? []
      : [
          'Break something, from another terminal:',
          command(`bin/paramedic fault slow-replica engine-${Math.min(2, fleet.replicas)}`),
        ];
  return [
    '',
    `paramedic is up after ${seconds} s. Ctrl-C stops all of it; the next start goes on from here.`,
    '',
    ...addresses.flatMap(([name, at]) => (at === undefined ? [] : [`  ${name.padEnd(13)}${at}`])),
    '',
    ...breaking,
    'Watch and steer:',
    command('bin/paramedic status'),
    command('bin/paramedic incidents'),
    command('bin/paramedic incident <id>'),
    command('bin/paramedic abort <id>'),
    '',
  ].join('\n');
}

function temporalUi(temporal: TemporalSettings): string | undefined {
  const base =
    temporal.kind === 'existing' ? temporal.uiUrl : `http://127.0.0.1:${temporal.uiPort}`;
  return base === undefined ? undefined : `${base}/namespaces/${temporal.namespace}/workflows`;
}
