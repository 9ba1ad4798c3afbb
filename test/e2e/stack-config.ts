import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parse, stringify } from 'yaml';
import { projectRoot } from '../../src/local-stack/project-root.js';
import type { StackPorts } from './ports.js';

const DEMO = path.join(projectRoot(), 'config/demo.yaml');

/** A section of a configuration file as YAML gives it. */
export type Section = Readonly<Record<string, unknown>>;

/** What a stack watches unless told. */
const ONE_THRESHOLD: readonly Section[] = [
  { metric: 'request_latency_p95', target: 200, tolerance: '25%', window: '12s' },
];

/**
 * Writes the demo's configuration in another folder, on other ports and with shorter windows: one threshold, so that
 * a test knows which incident it waits for. `overrides` are merged into its sections.
 */
export function writeStackConfig(
  file: string,
  dataDir: string,
  ports: StackPorts,
  overrides: Readonly<Record<string, Section>> = {},
  thresholds: readonly Section[] = ONE_THRESHOLD,
): void {
  const onOurPorts = readFileSync(DEMO, 'utf8')
    .replaceAll(':18080', `:${ports.gateway}`)
    .replaceAll(':18081', `:${ports.runtime}`)
    .replaceAll(':18090', `:${ports.supervisor}`)
    .replaceAll(/:1810(\d)/g, (_, engine: string) => `:${ports.engineBase + Number(engine)}`);
  const config = parse(onOurPorts) as Record<string, Section | undefined>;
  const settings: Record<string, Section> = {
    temporal: { port: ports.temporal, uiPort: ports.temporalUi },
    server: { port: ports.server },
    detector: { port: ports.detector, sliWindow: '4s' },
    fleet: {
      enginePortBase: ports.engineBase,
      gatewayPort: ports.gateway,
      runtimePort: ports.runtime,
      supervisorPort: ports.supervisor,
    },
    // Else a breaker would act before there is a violation, and no procedure would have anything to do.
    breakers: {
      aphrodite_engine: { enforce: false },
      model_inference: { enforce: false },
    },
    recovery: {
      verification: { hold: '4s', timeout: '30s' },
      releaseAfterWindows: 1,
      // What these tests count are single commands; the ramp has its own test.
      releaseRamp: [],
      // One test comes right after the other, on the same replica.
      cooldown: '0s',
    },
  };
  const merged: Record<string, unknown> = { ...config, dataDir };
  for (const section of [settings, overrides]) {
    for (const [key, value] of Object.entries(section)) {
      merged[key] = { ...(merged[key] as Section | undefined), ...value };
    }
  }
  merged['thresholds'] = thresholds;
  writeFileSync(file, stringify(merged));
}
