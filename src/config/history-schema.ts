import { z } from 'zod';
import type { SecretReference } from '../adapters/actuators/settings.js';
import type { HistoryKind } from '../adapters/history/history.js';
import { HISTORIES } from '../adapters/history/index.js';
import { adoptIssues, refuseKind } from './plugin-issues.js';

/** The configured history: what verification and diagnosis read samples from. */
export interface ConfiguredHistory {
  readonly kind: string;
  /**
   * `detectorUrl`: of this configuration's own detector, used where the entry names no other, with
   * the token that the roles share.
   */
  readonly create: (
    detectorUrl: string,
    token: SecretReference | undefined,
  ) => ReturnType<HistoryKind['create']>;
}

/** The `history` section: a kind, and that kind's own keys, validated by its own schema. */
export const historySchema = z
  .looseObject({ kind: z.string() })
  .transform(({ kind, ...settings }, context): ConfiguredHistory => {
    for (const history of HISTORIES) {
      if (history.kind !== kind) continue;
      const settingsFor = (detectorUrl: string, token?: SecretReference) => {
        if (kind !== 'detector') return settings;
        const own = token === undefined ? {} : { bearerToken: token };
        return { url: detectorUrl, ...own, ...settings };
      };
      const parsed = history.schema.safeParse(settingsFor('http://127.0.0.1'));
      if (!parsed.success) {
        adoptIssues(parsed.error, context, settings);
        return z.NEVER;
      }
      // Each kind's schema gives what its own `create` takes; the union of all kinds hides that.
      const plugin = history as HistoryKind;
      return {
        kind,
        create: (url, token) => plugin.create(history.schema.parse(settingsFor(url, token))),
      };
    }
    refuseKind(kind, HISTORIES, context);
    return z.NEVER;
  });
