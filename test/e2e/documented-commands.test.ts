import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createToken } from '../../src/adapters/identity/tokens.js';
import { incidentIdOf } from '../../src/workflows/messages.js';
import { documentedCommands } from '../support/documentation.js';
import type { IncidentDetailJson } from '../../src/server/incident-json.js';
import { freePorts } from './ports.js';
import { Stack } from './stack.js';
import { writeStackConfig } from './stack-config.js';

const ID = incidentIdOf('chat:engine-2:request_latency_p95');
const WITHIN_MS = 90_000;
const TEST_MS = 300_000;
const CALM_MS = 150_000;

/** A command as the documentation has it, what it must print, and its exit code where that is not 0. */
type Expected = readonly [line: string, says: RegExp, code?: number];

/** On a fleet that is well, in an order that leaves it so. */
const WELL: readonly Expected[] = [
  ['status', /^healthy;[\s\S]*engine-3 +up/],
  ['incidents', /^No incidents\./],
  ['alerts', /^no alerts/],
  ['recommendations', /^No recommendations\./],
  ['fault', /slow-replica[\s\S]*no-cure/],
  ['plan latency_spike chat/engine-2', /load_balancer_adjust[\s\S]*Nothing was changed\./],
  ['plan latency_spike chat', /traffic_routing[\s\S]*Nothing was changed\./],
  ['plan error_rate_spike chat/engine-3', /restart_service[\s\S]*Nothing was changed\./],
  ['config validate', /is valid: 1 service/],
  ['config diff other.yaml', /^server\.port$/m, 1],
  ['config schema', /"\$schema"/],
  ['config keys', /`dataDir`/],
  ['doctor', /ok +chat\/engine-2/],
  ['--config paramedic.yaml doctor', /ok +chat\/engine-2/],
  // There is no engine: it says so, and the configuration is written all the same.
  ['init --engine http://127.0.0.1:8000', /FAIL +http:\/\/127\.0\.0\.1:8000\/metrics/, 1],
  [
    'init --engine http://127.0.0.1:8000 --engine http://127.0.0.1:8001',
    /is there already|exists/,
    1,
  ],
  ['breakers', /all \d+ breakers are closed/],
  ['breaker isolate chat/engine-2 --reason "bad GPU"', /^aphrodite_engine is isolated/],
  ['breaker close chat/engine-2', /^aphrodite_engine is closed/],
  ['breaker open kv_cache:chat:engine-2', /^kv_cache is open/],
  ['breaker close kv_cache:chat:engine-2', /^kv_cache is closed/],
  // A busy machine may have been slow for a moment.
  ['mode', /^mode +(normal|high-alert) since/],
  ['mode high-alert --for 1h --reason launch', /^mode +high-alert .*held by ada/],
  ['maintenance on --for 2h --reason "kernel updates"', /^maintenance +until/m],
  ['maintenance off', /^mode +/],
  [
    `silence add service=chat 'replica=~engine-[12]' --for 1h --reason "known, being mended"`,
    /^silence \w+ until/,
  ],
  ['silence list', /known, being mended/],
  ['silence remove ID', /./],
  ['thresholds', /^request_latency_p95 .*enabled/m],
  ['thresholds suggest', /^request_latency_p95 .*are needed/m],
  ['thresholds accept request_latency_p95', /nothing is suggested for/, 1],
  ['reload', /^nothing differs/],
  ['notify test', /^ops: delivered/m],
  ['notify test ops', /^ops: delivered/m],
  ['token create --role operator --name oncall', /role: operator, sha256: [0-9a-f]{64}/],
];

/** In this order, during two incidents whose actions wait for a person. */
const WAITING = {
  asked: [
    ['incidents', /awaiting-approval/],
    ['incident ID', /Waits for you until[\s\S]*load_balancer_adjust/],
    ['acknowledge ID', /acknowledge/],
    ['pause ID', /pause/],
    ['resume ID', /resume/],
    ['approve ID --reason "checked the dashboards"', /approve/],
  ],
  // Answered once, it waits for nobody any more.
  recovered: [['approve ID', /no step waits for an approval|no recovery is running/, 1]],
  askedAgain: [['deny ID', /deny/]],
  askedForTheNext: [['skip ID', /skip/]],
  askedForTheLast: [
    ['abort ID --reason "I take over"', /abort/],
    ['kill-switch on', /no recovery changes anything now/],
  ],
  aborted: [['abort ID', /./, 1]],
  closed: [['rca ID', /engine-2/]],
} satisfies Record<string, readonly Expected[]>;

/** Of each kind, what is run where. */
const ELSEWHERE: ReadonlyMap<RegExp, string> = new Map([
  [/^(worker|detector|server) --config/, 'every stack of these tests runs them so'],
  [/^--config \S+ start$/, 'every stack of these tests is started so'],
  [/^fault (slow-replica|erroring-replica|hung-core|overload)/, 'test/e2e/procedures.test.ts'],
  [/^drill/, 'test/e2e/recovery.test.ts, one of them'],
  [/^watch$/, 'test/commands/watch.test.ts'],
  [/^fault clear$/, 'between the incidents below'],
]);

const wordsOf = (line: string): string[] =>
  (line.match(/'[^']*'|"[^"]*"|\S+/g) ?? []).map((word) => word.replace(/^['"]|['"]$/g, ''));

let stack: Stack;
let silence = '';

/** A whole start whose callers, and whose roles among themselves, need tokens. */
beforeAll(async () => {
  const { token, sha256 } = createToken();
  const asking = ['load_balancer_adjust', 'traffic_routing', 'circuit_breaker_open'];
  stack = await Stack.prepare(
    {
      server: { tokens: [{ name: 'ada', role: 'admin', sha256 }] },
      internalToken: { env: 'PARAMEDIC_INTERNAL_TOKEN' },
      channels: { ops: { kind: 'stdout' } },
      recovery: {
        autonomy: Object.fromEntries(asking.map((action) => [action, 'approve'])),
        approval: { timeout: '10m', onTimeout: 'skip' },
      },
    },
    [
      // Beyond what replicas that are well take on a busy machine: with those in breach as well, the service
      // has an incident of its own, whose turn comes between two procedures of the replica's. A slow one takes 900 ms.
      { metric: 'request_latency_p95', target: 400, tolerance: '25%', window: '12s' },
      { metric: 'error_rate_percent', target: 1, tolerance: '100%', window: '12s' },
    ],
  );
  stack.env = { PARAMEDIC_TOKEN: token, PARAMEDIC_INTERNAL_TOKEN: createToken().token };
  await stack.start();
  const other = path.join(stack.folder, 'other.yaml');
  writeStackConfig(other, stack.dataDir, await freePorts());
}, 180_000);

afterAll(() => stack.stop(), 90_000);

async function run([line, says, code = 0]: Expected) {
  const id = line.startsWith('silence') ? silence : ID;
  const words = wordsOf(line).map((word) => (word === 'ID' ? id : word));
  const isOwnConfig = line.startsWith('--config');
  const result = await stack.cli(...(isOwnConfig ? words.slice(2) : words));
  const text = result.stdout + result.stderr;
  expect(text, line).toMatch(says);
  expect(result.code, `${line}\n${text}`).toBe(code);
  silence = /^silence (\w+) until/.exec(text)?.[1] ?? silence;
}

describe('the commands of the documentation', () => {
  it('are all here, or run elsewhere', () => {
    const documented = documentedCommands().flatMap(({ line }) => {
      const match = /^bin\/paramedic (.*)$/.exec(line);
      return match === null ? [] : [match[1] ?? ''];
    });
    const here = new Set([...WELL, ...Object.values(WAITING).flat()].map(([line]) => line));
    const isElsewhere = (line: string) => [...ELSEWHERE.keys()].some((kind) => kind.test(line));
    expect(documented.filter((line) => !here.has(line) && !isElsewhere(line))).toEqual([]);
    expect(documented.length).toBeGreaterThan(40);
  });

  it.each(WELL.map((command) => ({ line: command[0], command })))(
    '$line',
    ({ command }) => run(command),
    TEST_MS,
  );

  it(
    'reach incidents whose actions wait for a person',
    async () => {
      const all = async (expected: readonly Expected[]) => {
        for (const one of expected) await run(one);
      };
      const until = (what: string, accept: (incident: IncidentDetailJson) => boolean) =>
        stack.until(ID, what, accept, WITHIN_MS);
      const asks = (action: string) =>
        until(`${action} to be asked for`, ({ state, waiting }) => {
          return state === 'awaiting-approval' && waiting?.stepId.endsWith(action) === true;
        });
      const begin = async () => {
        const atMs = Date.now();
        expect((await stack.cli('fault', 'slow-replica', 'engine-2')).code).toBe(0);
        await stack.openedAfter(atMs, WITHIN_MS, ID);
        await asks('load_balancer_adjust');
      };
      const end = async () => {
        expect((await stack.cli('fault', 'clear')).code).toBe(0);
        await until('resolved', ({ state }) => state === 'resolved');
      };
      // What a slow start, or a try before this, left open would take the fault for its own.
      expect((await stack.cli('kill-switch', 'off')).code).toBe(0);
      await stack.calm(CALM_MS);
      await begin();
      await all(WAITING.asked);
      await until('recovered', ({ outcome }) => outcome === 'recovered');
      await all(WAITING.recovered);
      await end();
      await begin();
      await all(WAITING.askedAgain);
      await asks('traffic_routing');
      await all(WAITING.askedForTheNext);
      await asks('circuit_breaker_open');
      await all(WAITING.askedForTheLast);
      await until('aborted', ({ outcome }) => outcome === 'aborted');
      await all(WAITING.aborted);
      await end();
      await until('a cause', ({ probableCause }) => probableCause !== null);
      await all(WAITING.closed);
    },
    CALM_MS + TEST_MS,
  );
});
