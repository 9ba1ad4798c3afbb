import { describe, expect, it } from 'vitest';
import {
  matchersText,
  regexProblem,
  silenceOf,
  silenceProblem,
  type AlertLabels,
  type Matcher,
  type Silence,
} from '../../../src/domain/monitor/silence.js';

const LABELS: AlertLabels = {
  service: 'chat',
  replica: 'engine-2',
  threshold: 'request_latency_p95',
  metric: 'request_latency_p95',
  type: 'latency_breach',
  severity: 'critical',
  fingerprint: 'chat:engine-2:request_latency_p95',
};
const silence = (matchers: Matcher[], over: Partial<Silence> = {}): Silence => ({
  ...{ id: 's1', matchers, owner: 'ada', reason: 'known', startsAtMs: 1_000, endsAtMs: 2_000 },
  ...over,
});

describe('matching', () => {
  it.each<[string, Matcher[], boolean]>([
    ['an equal value', [{ name: 'service', op: '=', value: 'chat' }], true],
    ['another value', [{ name: 'service', op: '=', value: 'cha' }], false],
    ['a value that differs', [{ name: 'service', op: '!=', value: 'embed' }], true],
    ['the same value denied', [{ name: 'service', op: '!=', value: 'chat' }], false],
    ['a pattern for the whole', [{ name: 'replica', op: '=~', value: 'engine-[12]' }], true],
    ['a pattern for a part only', [{ name: 'replica', op: '=~', value: 'engine' }], false],
    [
      'alternatives, anchored as a whole',
      [{ name: 'replica', op: '=~', value: 'x|engine-2' }],
      true,
    ],
    ['a pattern denied', [{ name: 'replica', op: '!~', value: 'engine-.*' }], false],
    [
      'a pattern that does not match, denied',
      [{ name: 'replica', op: '!~', value: 'gpu.*' }],
      true,
    ],
    [
      'all of several',
      [
        { name: 'service', op: '=', value: 'chat' },
        { name: 'severity', op: '=~', value: 'major|critical' },
      ],
      true,
    ],
    [
      'one of several',
      [
        { name: 'service', op: '=', value: 'chat' },
        { name: 'severity', op: '=', value: 'minor' },
      ],
      false,
    ],
  ])('%s', (_, matchers, isMuted) => {
    expect(silenceOf([silence(matchers)], LABELS, 1_500) !== undefined).toBe(isMuted);
  });

  it.each([
    ['before its start', 999, false],
    ['at its start', 1_000, true],
    ['just before its end', 1_999, true],
    ['at its end', 2_000, false],
  ])('holds %s: %s → %s', (_, nowMs, isMuted) => {
    const one = silence([{ name: 'service', op: '=', value: 'chat' }]);
    expect(silenceOf([one], LABELS, nowMs) !== undefined).toBe(isMuted);
  });

  it('names the one that ends last', () => {
    const matchers: Matcher[] = [{ name: 'service', op: '=', value: 'chat' }];
    const all = [silence(matchers), silence(matchers, { id: 's2', endsAtMs: 9_000 })];
    expect(silenceOf(all, LABELS, 1_500)?.id).toBe('s2');
  });

  it('treats an absent replica as empty', () => {
    const one = silence([{ name: 'replica', op: '=', value: '' }]);
    expect(silenceOf([one], { ...LABELS, replica: '' }, 1_500)?.id).toBe('s1');
  });
});

describe('what is refused', () => {
  it.each<[string, Partial<Silence>, string]>([
    ['no matcher', { matchers: [] }, 'it would mute everything'],
    [
      'an empty-matching one only',
      { matchers: [{ name: 'service', op: '=~', value: '.*' }] },
      'mute everything',
    ],
    [
      'an unknown label',
      { matchers: [{ name: 'pod' as 'service', op: '=', value: 'x' }] },
      '"pod" is no label',
    ],
    [
      'a broken pattern',
      { matchers: [{ name: 'service', op: '=~', value: '[' }] },
      'no regular expression',
    ],
    ['no owner', { owner: ' ' }, 'owner'],
    ['no reason', { reason: '' }, 'reason'],
    ['an end in the past', { endsAtMs: 1_400 }, 'endsAt'],
    ['an end before its start', { startsAtMs: 3_000, endsAtMs: 2_000 }, 'endsAt'],
  ])('%s', (_, over, why) => {
    const one = silence([{ name: 'service', op: '=', value: 'chat' }], over);
    expect(silenceProblem(one, 1_500)).toContain(why);
  });

  it.each([
    ['(a+)+', true],
    ['(a|b)*', true],
    ['(?=a)b', true],
    ['(a)\\1', true],
    ['.*a.*b.*c.*', true],
    ['engine-[0-9]+', false],
    ['(?:chat|embed)', false],
    ['chat|embed.*', false],
    ['a\\)*', false],
  ])('a pattern that could take for ever: %s → %s', (source, isRefused) => {
    expect(regexProblem(source) !== undefined).toBe(isRefused);
  });
});

it('writes matchers as people do', () => {
  const text = matchersText([
    { name: 'service', op: '=', value: 'chat' },
    { name: 'replica', op: '!~', value: 'engine-.*' },
  ]);
  expect(text).toBe('service="chat", replica!~"engine-.*"');
});
