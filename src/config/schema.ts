import { z } from 'zod';
import { secretReference } from '../adapters/actuators/settings.js';
import { archiveSchema } from '../adapters/archive/index.js';
import { actuatorSchema } from './actuator-schema.js';
import { channelsSchema } from './channel-schema.js';
import { breakersSchema, healthSchema } from './breaker-schema.js';
import { checkProcedures } from './check-procedures.js';
import { checkShards, detectorSettings, pushSchema } from './detector-schema.js';
import { evaluationSchema } from './evaluation-schema.js';
import { heartbeatSchema } from './heartbeat-schema.js';
import { historySchema } from './history-schema.js';
import { host, port } from './listen-address.js';
import { monitorSchema } from './monitor-schema.js';
import { recoverySchema } from './recovery-schema.js';
import { checkSlos, slosSchema } from './slo-schema.js';
import { exposures, serverSettings } from './server-schema.js';
import { logsSchema, retentionSchema } from './retention-schema.js';
import { sourceSchema } from './source-schema.js';
import { temporalSchema } from './temporal-schema.js';
import { thresholdsSchema } from './threshold-schema.js';

const url = z.url({ protocol: /^https?$/, error: 'expected a URL like "http://127.0.0.1:8000"' });
const name = z.string().regex(/^[\w.-]+$/, 'expected letters, digits, "_", "-" or "."');

/** Something to scrape: Prometheus text. */
const target = z.strictObject({
  url,
  /** The replica that its series are about, where their labels do not say. */
  replica: name.optional(),
  /** `gateway` measures the service, `exporter` (GPU, host) adds series, `engine` is a replica. */
  role: z.enum(['engine', 'gateway', 'exporter']).optional(),
  /** Bearer token, by environment variable or file. */
  bearerToken: z
    .union([z.strictObject({ env: z.string() }), z.strictObject({ file: z.string() })])
    .optional(),
});

const service = z.strictObject({
  name,
  replicas: z
    .array(
      z.strictObject({
        name,
        url,
        /** Its name at the load balancer, where that differs. */
        server: z.string().optional(),
        /** Where its metrics are, where not at `/metrics` of its URL. */
        metrics: url.optional(),
      }),
    )
    .min(1, 'expected at least one replica'),
  /** More to scrape for this service: the gateway, the host's or the GPU's exporter. */
  metrics: z.array(target).default([]),
  /** Services that it calls: an analysis looks at them, and names one as the cause where it is. */
  dependsOn: z.array(name).default([]),
  loadBalancer: z.strictObject({ actuator: z.string(), backend: z.string() }).optional(),
  engine: z.strictObject({ actuator: z.string() }).optional(),
  supervisor: z.strictObject({ actuator: z.string() }).optional(),
});
export type ServiceConfig = z.output<typeof service>;

/** The whole configuration, after defaults: lengths of time are milliseconds. */
export const configSchema = z
  .strictObject({
    /** What these services are, in words: shown to people. */
    environment: z.string().default('production'),
    /** Where state is kept: Temporal's file, the archive, snapshots, logs. */
    dataDir: z.string().default('.paramedic'),
    logLevel: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
    temporal: temporalSchema.prefault({}),
    server: z.strictObject({ host, port: port.default(2242), ...serverSettings }).prefault({}),
    /** What the roles show each other, where they are on several machines; a secret. */
    internalToken: secretReference.optional(),
    detector: z
      .strictObject({ host, port: port.default(2243), ...detectorSettings })
      .superRefine(checkShards)
      .prefault({}),
    /** How samples become violations. */
    evaluation: evaluationSchema.prefault({}),
    push: pushSchema.prefault({}),
    /** Polled sources beside the scrapes of `services`. */
    sources: z.array(sourceSchema).default([]),
    /** Where verification and diagnosis read samples: the detector's columns, or a Prometheus. */
    history: historySchema.prefault({ kind: 'detector' }),
    /** How the outside is acted on, by name; services refer to them. */
    actuators: z.record(name, actuatorSchema).default({}),
    services: z.array(service).default([]),
    /** How people are told, by name. */
    channels: channelsSchema.default({}),
    thresholds: thresholdsSchema,
    /** Objectives over days whose error budgets are watched. */
    slos: slosSchema,
    recovery: recoverySchema.prefault({}),
    breakers: breakersSchema.prefault({}),
    health: healthSchema.prefault({}),
    monitor: monitorSchema.prefault({}),
    /** Where incidents, reports and the audit are kept; an embedded file in `dataDir` where left out. */
    archive: archiveSchema.optional(),
    retention: retentionSchema.prefault({}),
    logs: logsSchema.prefault({}),
    heartbeat: heartbeatSchema.optional(),
    /** The reference fleet that `start` runs; without it, `start` watches the services given. */
    fleet: z
      .strictObject({
        replicas: z.int().min(1).max(16).default(3),
        enginePortBase: port.default(18100),
        gatewayPort: port.default(18080),
        runtimePort: port.default(18081),
        supervisorPort: port.default(18090),
        seed: z.int().default(7),
        loadRps: z.number().positive().optional(),
      })
      .optional(),
  })
  .superRefine((config, context) => {
    checkProcedures(config, context);
    checkSlos(config, context);
    for (const [path, message] of exposures(config)) {
      context.addIssue({ code: 'custom', path: [...path], message });
    }
    config.sources.forEach((source, index) => {
      const stray = source.services.find((used) => !config.services.some((s) => s.name === used));
      if (stray === undefined) return;
      context.addIssue({
        code: 'custom',
        path: ['sources', index],
        message: `expected a configured service (${config.services.map((s) => s.name).join(', ') || 'there is none'}), got "${stray}"`,
      });
    });
    config.monitor.escalation.levels.forEach(({ channels }, index) => {
      const stray = channels.find((used) => !(used in config.channels));
      if (stray === undefined) return;
      context.addIssue({
        code: 'custom',
        path: ['monitor', 'escalation', 'levels', index, 'channels'],
        message: `no channel is named "${stray}": expected one of ${Object.keys(config.channels).join(', ') || '(none configured)'}`,
      });
    });
    config.services.forEach((given, index) => {
      for (const key of ['loadBalancer', 'engine', 'supervisor'] as const) {
        const used = given[key]?.actuator;
        if (used === undefined || used in config.actuators) continue;
        context.addIssue({
          code: 'custom',
          path: ['services', index, key, 'actuator'],
          message: `no actuator is named "${used}": expected one of ${Object.keys(config.actuators).join(', ') || '(none configured)'}`,
        });
      }
      const twice = (names: readonly string[]) => names.findIndex((n, i) => names.indexOf(n) !== i);
      const replica = twice(given.replicas.map((r) => r.name));
      if (replica >= 0) {
        context.addIssue({
          code: 'custom',
          path: ['services', index, 'replicas', replica, 'name'],
          message: `duplicate name "${given.replicas[replica]?.name ?? ''}"`,
        });
      }
      if (config.services.findIndex((s) => s.name === given.name) !== index) {
        context.addIssue({
          code: 'custom',
          path: ['services', index, 'name'],
          message: `duplicate name "${given.name}"`,
        });
      }
    });
  });
export type Config = z.output<typeof configSchema>;
