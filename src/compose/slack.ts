import type { Logger } from 'pino';
import { readSecret } from '../adapters/actuators/settings.js';
import { createHttpAgent, httpCall } from '../adapters/http.js';
import type { Config } from '../config/schema.js';
import type { SlackParts } from '../server/slack-actions.js';

const TIMEOUT_MS = 5_000;
/** Slack's, and nobody else's: the address came in with a request. */
const SLACK_HOOKS = 'https://hooks.slack.com/';

/** The buttons of the configured Slack channels. */
export function createSlackParts({ channels }: Pick<Config, 'channels'>, log: Logger): SlackParts {
  return {
    async apps() {
      const apps = [];
      for (const [channel, { inbound }] of Object.entries(channels)) {
        if (inbound === undefined) continue;
        try {
          const { operators } = inbound;
          apps.push({ signingSecret: await readSecret(inbound.signingSecret), operators });
        } catch (error) {
          log.error({ err: error, channel }, 'the buttons of a channel don’t work');
        }
      }
      return apps;
    },
    async reply(responseUrl, text) {
      if (!responseUrl.startsWith(SLACK_HOOKS)) return;
      const agent = createHttpAgent();
      try {
        await httpCall(agent, {
          ...{ method: 'POST', url: responseUrl, timeoutMs: TIMEOUT_MS },
          body: { response_type: 'ephemeral', replace_original: false, text },
        });
      } catch (error) {
        log.warn({ err: error }, 'Slack could not be told what came of a button');
      } finally {
        await agent.close();
      }
    },
  };
}
