import { InvalidArgumentError } from 'commander';
import { duration } from '../config/duration.js';
import { confusionOf } from '../drill/confusion.js';
import { fleetFaults, fleetReplicas, type FleetFault } from '../drill/fleet-faults.js';
import { runDrill, type DrillSettings } from '../drill/run.js';
import type { DrillResult } from '../drill/score.js';
import { apiOf } from './api.js';
import { fleetOf, fleetSettings } from './fleet-api.js';
import { print, printJson, table } from './table.js';

/** Options of `paramedic drill`. */
export interface DrillOptions {
  readonly all?: boolean;
  readonly times: string;
  readonly replica?: string;
  readonly within: string;
  readonly calm: string;
  readonly quietWithin: string;
  readonly approve?: boolean;
  readonly json?: boolean;
}

/**
 * `paramedic drill <fault…>`: breaks the running reference fleet on purpose, and tells how long paramedic
 * took to notice, to act and to recover, what it did wrongly, and whether it named the right cause.
 *
 * Faults of one replica go round the replicas. Exit code 1 when a drill could not be run; what was
 * measured until then is shown all the same.
 */
export async function runDrills(
  configPath: string,
  names: readonly string[],
  options: DrillOptions,
): Promise<number> {
  const times = Number(options.times);
  if (!Number.isInteger(times) || times < 1) {
    throw new InvalidArgumentError(`--times: expected a number from 1, got ${options.times}`);
  }
  const fleet = fleetOf(configPath);
  const { gatewayPort, runtimePort } = fleetSettings(configPath);
  const { catalogue } = await fleetFaults(fleet);
  const faults = chosen(catalogue, names, options.all === true);
  const stop = new AbortController();
  const onSignal = (): void => stop.abort(new Error('the drill was stopped'));
  process.once('SIGINT', onSignal);
  process.once('SIGTERM', onSignal);
  const settings: DrillSettings = {
    api: apiOf(configPath),
    fleet,
    gateway: { http: gatewayPort, runtime: runtimePort },
    withinMs: lengthOf('--within', options.within),
    calmMs: lengthOf('--calm', options.calm),
    quietWithinMs: lengthOf('--quiet-within', options.quietWithin),
    approves: options.approve === true,
    lookEveryMs: 1_000,
    lingerMs: 5_000,
    mendAfterMs: 60_000,
    signal: stop.signal,
    say: (line) => process.stderr.write(`${new Date().toISOString().slice(11, 19)}  ${line}\n`),
  };
  const results: DrillResult[] = [];
  let failure: string | undefined;
  try {
    for (let round = 0; round < times; round += 1) {
      for (const [i, fault] of faults.entries()) {
        const replicas = await fleetReplicas(fleet);
        const replica = options.replica ?? replicas[(round + i) % Math.max(1, replicas.length)];
        const target = fault.scope === 'fleet' ? undefined : replica;
        const result = await runDrill(fault, target, settings);
        settings.say(`  ${oneLine(result)}`);
        results.push(result);
      }
    }
  } catch (error) {
    failure = stop.signal.aborted ? 'stopped' : messageOf(error);
  } finally {
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
  }
  show(results, failure, options.json === true);
  return failure === undefined ? 0 : 1;
}

function lengthOf(option: string, given: string): number {
  const parsed = duration.safeParse(given);
  if (parsed.success) return parsed.data;
  throw new InvalidArgumentError(`${option}: expected a duration like "2m", got "${given}"`);
}

function chosen(
  catalogue: readonly FleetFault[],
  names: readonly string[],
  isAll: boolean,
): readonly FleetFault[] {
  if (isAll) return catalogue;
  const known = catalogue.map(({ name }) => name).join(', ');
  if (names.length === 0) throw new InvalidArgumentError(`expected --all, or some of ${known}`);
  return names.map((name) => {
    const found = catalogue.find((fault) => fault.name === name);
    if (found === undefined) throw new InvalidArgumentError(`"${name}" is none of ${known}`);
    return found;
  });
}

function show(results: readonly DrillResult[], failure: string | undefined, isJson: boolean): void {
  const confusion = confusionOf(results);
  if (isJson) {
    printJson({ drills: results, confusion, failure: failure ?? null });
    return;
  }
  const header = ['FAULT', 'ON', 'DETECT', 'ACT', 'RECOVER', 'FALSE', 'NAMED', 'RIGHT'];
  if (results.length > 0) {
    print(table(header, results.map(cellsOf)));
    print('\nwas \\ named');
    print(
      table(
        ['', ...confusion.columns],
        confusion.rows.map((row, i) => [row, ...(confusion.counts[i] ?? []).map(String)]),
      ),
    );
    const percent = Math.round((100 * confusion.right) / confusion.total);
    print(`\n${confusion.right} of ${confusion.total} probable causes right (${percent} %)`);
  }
  if (failure !== undefined) print(`\nnot finished: ${failure}`);
}

const seconds = (value: number | null): string => (value === null ? '-' : `${value} s`);

function cellsOf(result: DrillResult): string[] {
  const { fault, replica, seconds: took, falseActions, named, isRight } = result;
  return [
    fault,
    replica ?? 'fleet',
    seconds(took.detected),
    seconds(took.acted),
    seconds(took.recovered),
    String(falseActions.length),
    `${named.cause}${named.replica === null ? '' : ` @ ${named.replica}`}`,
    isRight ? 'yes' : 'NO',
  ];
}

function oneLine({ seconds: took, named, isRight }: DrillResult): string {
  const { detected, acted, recovered } = took;
  return `detected ${seconds(detected)}, acted ${seconds(acted)}, recovered ${seconds(recovered)}; named ${named.cause}: ${isRight ? 'right' : 'WRONG'}`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
