import type { RotationLimits } from '../adapters/rotating-log.js';
import type { TemporalTarget } from '../adapters/temporal/connection.js';
import type { SearchAttributeDefinitions } from '../adapters/temporal/search-attributes.js';

/** Where the roles find Temporal: a server of somebody's, or a dev server that we start. */
export type TemporalSettings =
  | {
      readonly kind: 'existing';
      readonly target: TemporalTarget;
      readonly namespace: string;
      /** Base URL of its web UI, if known. */
      readonly uiUrl: string | undefined;
    }
  | {
      readonly kind: 'dev-server';
      /** Configured path of Temporal's CLI. */
      readonly binary: string | undefined;
      readonly namespace: string;
      readonly port: number;
      readonly uiPort: number;
      /** Where its UI has encrypted payloads decoded; undefined where they are plain. */
      readonly codecPort: number | undefined;
    };

/** Where a role listens. */
interface ListenSettings {
  readonly host: string;
  readonly port: number;
}

/** One detector; of several each is started with its number. */
export interface DetectorSettings extends ListenSettings {
  readonly name: string;
  /** The key that moves its port. */
  readonly setting: string;
  readonly number: number;
  readonly of: number;
}

/** The reference fleet: how many engines, where they listen, and how hard they are driven. */
export interface FleetSettings {
  readonly replicas: number;
  /** Engine n of 1… listens on this port + n - 1. */
  readonly enginePortBase: number;
  readonly gatewayPort: number;
  /** The gateway's HAProxy-like runtime commands. */
  readonly runtimePort: number;
  readonly supervisorPort: number;
  readonly seed: number;
  /** Requests a second; undefined leaves it to the fleet, which suits it to its size. */
  readonly loadRps: number | undefined;
}

/** All that starting the local stack needs; made from the configuration by whoever calls it. */
export interface StartSettings {
  /** Absolute path of the configuration that the roles load. */
  readonly configPath: string;
  /** Absolute path of the folder for databases, logs and process ids. */
  readonly dataDir: string;
  readonly temporal: TemporalSettings;
  readonly searchAttributes: SearchAttributeDefinitions;
  /** Undefined when the configuration watches a fleet of somebody's. */
  readonly fleet: FleetSettings | undefined;
  readonly detectors: readonly DetectorSettings[];
  readonly server: ListenSettings;
  /** Bounds of each part's log files. */
  readonly logs: RotationLimits;
}
