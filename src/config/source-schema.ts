import { z } from 'zod';
import { SOURCES } from '../adapters/sources/index.js';
import type { Source, SourceKind } from '../adapters/sources/source.js';
import { adoptIssues, refuseKind } from './plugin-issues.js';

/** A configured source: which services it measures, and how to make it. */
export interface ConfiguredSource {
  readonly kind: string;
  /** Of its targets or queries; they must be configured ones. */
  readonly services: readonly string[];
  readonly create: SourceKind['create'] extends (settings: never, context: infer C) => unknown
    ? (context: C) => Source
    : never;
}

/** One entry of `sources`: a kind, and that kind's own keys, validated by its own schema. */
export const sourceSchema = z
  .looseObject({ kind: z.string() })
  .transform(({ kind, ...settings }, context): ConfiguredSource => {
    for (const source of SOURCES) {
      if (source.kind !== kind) continue;
      const parsed = source.schema.safeParse(settings);
      if (!parsed.success) {
        adoptIssues(parsed.error, context, settings);
        return z.NEVER;
      }
      const { data } = parsed;
      const measured: readonly { service: string }[] =
        'targets' in data ? data.targets : data.queries;
      // Each kind's schema gives what its own `create` takes; the union of all kinds hides that.
      const plugin = source as SourceKind;
      return {
        kind,
        services: measured.map(({ service }) => service),
        create: (given) => plugin.create(data, given),
      };
    }
    refuseKind(kind, SOURCES, context);
    return z.NEVER;
  });
