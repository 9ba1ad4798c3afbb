import { Pool } from 'undici';
import { runChild, serveParent, startParameters } from '../base/parent-link.js';
import { seededRandom } from '../base/random.js';
import { ArrivalStream } from './arrivals.js';
import { Measurements } from './measurements.js';
import { noisyTenant, Workload } from './workload.js';

/** How the supervisor starts the load generator. */
export interface LoadStart {
  readonly gatewayUrl: string;
  readonly rps: number;
  readonly seed: number;
}

/** What the supervisor may change; fields left out stay. */
interface LoadSetting {
  /** Requests per second of the ordinary tenants. */
  readonly rps?: number;
  /** Multiplies the rate while the overload fault holds; 1 without. */
  readonly factor?: number;
  /** Requests per second of the noisy tenant; 0 without. */
  readonly noisyRps?: number;
}

/** Requests that all clients together keep open: the size of their connection pools. */
const maxInFlight = 300;
/** The noisy tenant's. */
const maxNoisyInFlight = 6;

function start(): Promise<undefined> {
  const parameters = startParameters() as LoadStart;
  process.title = 'fleet load';
  const random = seededRandom(parameters.seed);
  const workload = new Workload(random);
  const measurements = new Measurements();
  const pool = new Pool(parameters.gatewayUrl, { pipelining: 1, headersTimeout: 30_000 });
  const ordinary = new ArrivalStream(
    pool,
    random,
    maxInFlight,
    () => workload.next(),
    measurements,
  );
  const noisy = new ArrivalStream(
    pool,
    random,
    maxNoisyInFlight,
    () => workload.nextOf(noisyTenant),
    // Its own latency is what it asked for; the report is about everybody else.
    undefined,
  );
  let setting = { rps: parameters.rps, factor: 1, noisyRps: 0 };
  const apply = (change: LoadSetting): typeof setting => {
    setting = { ...setting, ...change };
    ordinary.setRate(setting.rps * setting.factor);
    noisy.setRate(setting.noisyRps);
    return setting;
  };
  apply({});
  serveParent({
    set: apply,
    report: () => ({
      ...setting,
      inFlight: ordinary.inFlight(),
      notSent: ordinary.notSent(),
      last10s: measurements.window(performance.now(), 10),
      last60s: measurements.window(performance.now(), 60),
    }),
  });
  process.on('SIGTERM', () => process.exit(0));
  return Promise.resolve(undefined);
}

runChild(start);
