import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import {
  AdapterError,
  type ChangeEvent,
  type Deployment,
  type ReplicaControl,
  type ReplicaProcess,
  type ScaleAsk,
} from '../../domain/ports.js';
import type { Actuator } from './actuator.js';
import { argvTemplate, fillTemplate, type CommandValues } from './command-template.js';
import { changesReply, releasesReply, replicasReply } from './process-replies.js';
import { runArgv } from './run-argv.js';
import { duration } from './settings.js';

const commands = z.strictObject({
  /** Prints `{"replicas":[{"name","address","state","release","generation"}]}`. */
  replicas: argvTemplate.optional(),
  /** Restarts `{replica}`; ends when it serves again. */
  restart: argvTemplate.optional(),
  /** Brings `{service}` to `{replicas}`. */
  scale: argvTemplate.optional(),
  /** Prints the last `{tail}` lines of `{replica}`. */
  logs: argvTemplate.optional(),
  /** Prints `{"active","known":[{"id","activatedAtMs"}]}`. */
  releases: argvTemplate.optional(),
  /** Puts `{service}` on `{release}`. */
  activate: argvTemplate.optional(),
  /** Prints `{"changes":[{"atMs","replica","kind","summary"}]}` since `{sinceMs}`. */
  changes: argvTemplate.optional(),
});
type CommandName = keyof z.output<typeof commands>;

const schema = z
  .strictObject({
    commands,
    /** Environment of every command; nothing else is passed on. */
    env: z
      .record(z.string(), z.string())
      .default({ PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' }),
    /** Folder that commands run in; ours unless told. */
    cwd: z.string().optional(),
    /** The longest that a command may run. */
    timeout: duration.default(60_000),
    /** Between SIGTERM and SIGKILL for one that runs longer. */
    killGrace: duration.default(5_000),
    /** The longest standard output that is read, bytes. */
    maxOutputBytes: z.int().min(1_024).max(16_777_216).default(1_048_576),
    /** What exit codes mean; all but 0, 69, 75 and 77 mean `rejected`. */
    exitCodes: z
      .record(
        z.string().regex(/^[1-9]\d{0,2}$/),
        z.enum(['unreachable', 'timeout', 'rejected', 'rate-limited', 'unauthorized', 'not-found']),
      )
      .default({}),
  })
  .refine(({ commands: given }) => given.restart === undefined || given.replicas !== undefined, {
    path: ['commands', 'restart'],
    message: 'needs "replicas" beside it: a restart is fenced by the generation that it prints',
  })
  .refine(({ commands: given }) => given.activate === undefined || given.releases !== undefined, {
    path: ['commands', 'activate'],
    message: 'needs "releases" beside it: it is fenced by the active release that it prints',
  });
type Settings = z.output<typeof schema>;

/** States in which a replica counts as wanted. */
const isWanted = ({ state }: ReplicaProcess): boolean => state !== 'stopped';

class CommandControl implements ReplicaControl, Deployment {
  /**
   * Restarts that this process ran or tried to, so that one that timed out after taking effect is
   * known as done when it is asked for again. Another process learns it from the generation.
   */
  readonly #begun = new Set<string>();

  constructor(readonly settings: Settings) {}

  async replicas(service: string): Promise<readonly ReplicaProcess[]> {
    return this.#read('replicas', { service }, (value) => replicasReply.parse(value));
  }

  async restart(
    service: string,
    replica: string,
    ask: { operationId: string; ifGeneration: number },
  ): Promise<void> {
    const now = (await this.replicas(service)).find(({ name }) => name === replica);
    if (now === undefined) {
      throw new AdapterError('not-found', `replica "${replica}" of "${service}" does not exist`);
    }
    const { operationId, ifGeneration } = ask;
    if (now.generation !== ifGeneration) {
      if (now.generation > ifGeneration && this.#begun.has(operationId)) return;
      throw new AdapterError(
        'rejected',
        `replica "${replica}" has generation ${now.generation}, not ${ifGeneration}`,
      );
    }
    this.#begun.add(operationId);
    const generation = String(ifGeneration);
    await this.#run('restart', { service, replica, operationId, generation });
  }

  async scale(service: string, ask: ScaleAsk): Promise<void> {
    const { operationId, replicas, ifReplicas } = ask;
    if (this.settings.commands.replicas !== undefined) {
      const count = (await this.replicas(service)).filter(isWanted).length;
      if (count === replicas) return;
      if (ifReplicas !== undefined && count !== ifReplicas) {
        throw new AdapterError(
          'rejected',
          `service "${service}" has ${count} replicas, not ${ifReplicas}`,
        );
      }
    }
    await this.#run('scale', { service, operationId, replicas: String(replicas) });
  }

  async logs(service: string, replica: string, tail: number): Promise<string> {
    return this.#run('logs', { service, replica, tail: String(tail) });
  }

  async releases(service: string): ReturnType<Deployment['releases']> {
    return this.#read('releases', { service }, (value) => releasesReply.parse(value));
  }

  async activate(
    service: string,
    ask: { operationId: string; release: string; ifRelease: string },
  ): Promise<void> {
    const { operationId, release, ifRelease } = ask;
    const { active, known } = await this.releases(service);
    if (active === release) return;
    if (active !== ifRelease) {
      throw new AdapterError(
        'rejected',
        `service "${service}" is on release "${active}", not "${ifRelease}"`,
      );
    }
    if (!known.some(({ id }) => id === release)) {
      throw new AdapterError('not-found', `service "${service}" has no release "${release}"`);
    }
    await this.#run('activate', { service, operationId, release });
  }

  /** Empty where no command tells. */
  async changes(service: string, sinceMs: number): Promise<readonly ChangeEvent[]> {
    if (this.settings.commands.changes === undefined) return [];
    const values = { service, sinceMs: String(Math.floor(sinceMs)) };
    const events = await this.#read('changes', values, (value) => changesReply.parse(value));
    return events.map((event) => ({ ...event, service }));
  }

  /** Programs that are missing or can't be executed. */
  async check(): Promise<readonly string[]> {
    const folders = (this.settings.env['PATH'] ?? '').split(path.delimiter);
    const problems: string[] = [];
    for (const [name, argv] of Object.entries(this.settings.commands)) {
      if (argv === undefined) continue;
      const [program] = argv;
      const places = program.includes('/')
        ? [path.resolve(this.settings.cwd ?? '.', program)]
        : folders.map((folder) => path.join(folder, program));
      const found = await Promise.allSettled(places.map((place) => access(place, constants.X_OK)));
      if (found.some(({ status }) => status === 'fulfilled')) continue;
      problems.push(`command "${name}": ${program} is not there or can't be executed`);
    }
    return problems;
  }

  async #read<T>(
    name: CommandName,
    values: CommandValues,
    parse: (value: unknown) => T,
  ): Promise<T> {
    const output = await this.#run(name, values);
    try {
      return parse(JSON.parse(output));
    } catch (cause) {
      const start = output.trim().replace(/\s+/g, ' ').slice(0, 120);
      throw new AdapterError('rejected', `command "${name}" printed something else: ${start}`, {
        cause,
      });
    }
  }

  async #run(name: CommandName, values: CommandValues): Promise<string> {
    const template = this.settings.commands[name];
    if (template === undefined) {
      throw new AdapterError(
        'rejected',
        `no command "${name}" is configured; add it to the actuator's "commands"`,
      );
    }
    const { env, cwd, timeout, killGrace, maxOutputBytes, exitCodes } = this.settings;
    return runArgv({
      argv: fillTemplate(template, values),
      env,
      cwd,
      timeoutMs: timeout,
      killGraceMs: killGrace,
      maxOutputBytes,
      exitReasons: exitCodes,
    });
  }
}

/** Replicas and releases by configured programs: systemd, Ansible, or anything else. */
export const command = {
  kind: 'command',
  schema,
  create(settings: Settings) {
    const control = new CommandControl(settings);
    return {
      replicas: control,
      deployment: control,
      check: () => control.check(),
      // Every command ends by itself or by its timeout.
      close: () => Promise.resolve(),
    };
  },
} satisfies Actuator<typeof schema>;
