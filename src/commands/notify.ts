import { apiOf } from './api.js';
import { print, printJson } from './table.js';

/** As the API answers. */
interface TestAnswer {
  readonly deliveries: readonly {
    readonly channel: string;
    readonly state: string;
    readonly attempts: number;
    readonly error: string | null;
    readonly insteadOf: string | null;
  }[];
}

/**
 * `paramedic notify test [channel]`: sends a test notification. Returns 0 when every channel was
 * reached by itself, 1 when one failed, is still being tried, or needed its fallback.
 */
export async function testNotify(
  configPath: string,
  channel: string | undefined,
  options: { by: string; json?: boolean },
): Promise<number> {
  const answer = (await apiOf(configPath).post('/v1/notifications/test', {
    ...(channel === undefined ? {} : { channel }),
    by: options.by,
  })) as TestAnswer;
  const { deliveries } = answer;
  if (options.json === true) printJson(answer);
  else if (deliveries.length === 0) print('no channel is configured, or no worker is running');
  for (const one of options.json === true ? [] : deliveries) {
    const instead = one.insteadOf === null ? '' : ` (fallback of ${one.insteadOf})`;
    const error = one.error === null ? '' : `: ${one.error}`;
    print(`${one.channel}${instead}: ${one.state}, tries: ${one.attempts}${error}`);
  }
  const isWell = deliveries.length > 0 && deliveries.every(({ state }) => state === 'delivered');
  return isWell ? 0 : 1;
}
