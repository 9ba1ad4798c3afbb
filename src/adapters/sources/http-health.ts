import { z } from 'zod';
import { AdapterError } from '../../domain/ports.js';
import { HttpReader } from './http-reader.js';
import type { Poller, SourceKind } from './source.js';
import {
  connectionsByOrigin,
  headersOf,
  httpTarget,
  pollSettings,
  targetOf,
} from './target-settings.js';

const BODY_LIMIT = 64 * 1024;

const schema = z.strictObject({ ...pollSettings, targets: z.array(httpTarget) });

/**
 * Health probe: a target is healthy when its URL answers 200 within the timeout. It uses connections
 * of its own, so that a scrape that hangs can't make a healthy engine look dead.
 */
export const httpHealth: SourceKind<typeof schema> = {
  kind: 'http-health',
  schema,
  create({ period: periodMs, timeout: timeoutMs, targets }) {
    const reader = new HttpReader(connectionsByOrigin(targets), timeoutMs);
    const pollers = targets.map((given): Poller => {
      const headers = headersOf(given, '*/*');
      const url = new URL(given.url);
      return {
        target: targetOf('http-health', given, { periodMs, timeoutMs }),
        kind: 'health',
        async poll() {
          try {
            const body = await reader.get({
              url,
              headers: await headers(),
              timeoutMs,
              bodyLimit: BODY_LIMIT,
            });
            body.release();
            return { kind: 'health', isHealthy: true, detail: '' };
          } catch (error) {
            // A missing secret is ours to mend, and says nothing about the engine.
            if (!(error instanceof AdapterError) || error.reason === 'unauthorized') throw error;
            return { kind: 'health', isHealthy: false, detail: error.message };
          }
        },
      };
    });
    return { pollers, close: () => reader.close() };
  },
};
