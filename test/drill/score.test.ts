import { describe, expect, it } from 'vitest';
import { confusionOf } from '../../src/drill/confusion.js';
import {
  scoreDrill,
  type InjectedFault,
  type NamedCause,
  type SeenIncident,
} from '../../src/drill/score.js';
import { waitingIncident } from '../commands/incident-samples.js';

type Detail = SeenIncident['detail'];
type Step = Detail['steps'][number];

const INJECTED_AT_MS = Date.UTC(2026, 10, 24, 3, 0, 0);
const at = (seconds: number): string => new Date(INJECTED_AT_MS + seconds * 1000).toISOString();

const slow: InjectedFault = {
  fault: 'slow-replica',
  replica: 'engine-2',
  rightCauses: ['infrastructure'],
  injectedAtMs: INJECTED_AT_MS,
  clearedAtMs: INJECTED_AT_MS + 60_000,
};

const named = (kind: string, replica: string | undefined): NamedCause => ({
  ...{ kind, replica, likelihood: 0.9, isConfident: true },
});

function step(state: Step['state'], replica: string | undefined, startedAt: string | null): Step {
  const [sample] = waitingIncident.steps;
  return { ...sample!, state, target: { service: 'chat', replica: replica ?? null }, startedAt };
}

function seen(over: Partial<Detail>, cause: NamedCause | undefined): SeenIncident {
  const calm = { steps: [], timeline: [], openedAt: at(10) };
  return { detail: { ...waitingIncident, ...calm, ...over }, named: cause };
}

describe('a drill’s score', () => {
  it('has the times from the injection on, and the right cause', () => {
    const incident = seen(
      {
        openedAt: at(10),
        steps: [step('skipped', 'engine-2', null), step('recovered', 'engine-2', at(11.5))],
        timeline: [{ at: at(24), stage: 'recovered', text: '' }],
      },
      named('infrastructure', 'engine-2'),
    );
    expect(scoreDrill(slow, [incident])).toMatchObject({
      seconds: { detected: 10, acted: 11.5, recovered: 24 },
      falseActions: [],
      ineffectiveActions: [],
      isRight: true,
    });
  });

  it.each([
    ['the right kind elsewhere', named('infrastructure', 'engine-1'), false],
    ['the right kind of the whole service', named('infrastructure', undefined), false],
    ['another kind', named('application', 'engine-2'), false],
    ['nothing', named('undetermined', undefined), false],
  ])('counts %s as wrong', (_, cause, isRight) => {
    expect(scoreDrill(slow, [seen({}, cause)]).isRight).toBe(isRight);
  });

  it('accepts “undetermined” only where nothing tells', () => {
    const mute = { ...slow, replica: undefined, rightCauses: ['infrastructure', 'undetermined'] };
    expect(scoreDrill(mute, [seen({}, named('undetermined', undefined))]).isRight).toBe(true);
    expect(scoreDrill(mute, [seen({}, named('application', undefined))]).isRight).toBe(false);
  });

  it('judges by the first incident, and counts the reports of the others', () => {
    const late = seen({ openedAt: at(20) }, named('infrastructure', 'engine-2'));
    const first = seen({ openedAt: at(5) }, named('network', 'engine-2'));
    expect(scoreDrill(slow, [late, first])).toMatchObject({
      isRight: false,
      named: { cause: 'network' },
      otherReports: { right: 1, total: 1 },
    });
  });

  it('names what acted on a replica that was well, and what did not help', () => {
    const steps = [
      step('undone', 'engine-2', at(11)),
      step('recovered', 'engine-3', at(12)),
      step('refused', 'engine-1', at(13)),
    ];
    const score = scoreDrill(slow, [seen({ steps }, undefined)]);
    expect(score.falseActions).toEqual(['load_balancer_adjust of engine-3 (recovered)']);
    expect(score.ineffectiveActions).toEqual(['load_balancer_adjust of engine-2 (undone)']);
  });

  it('is not recovered before all incidents are, nor by the fault’s end', () => {
    const timeline = [{ at: at(24), stage: 'recovered', text: '' }];
    const well = seen({ timeline }, undefined);
    const ill = seen({ timeline: [{ at: at(61), stage: 'compliant', text: '' }] }, undefined);
    expect(scoreDrill(slow, [well]).seconds.recovered).toBe(24);
    expect(scoreDrill(slow, [well, ill]).seconds.recovered).toBeNull();
  });

  it('takes no incident as a miss, but for what passes before anybody is hurt', () => {
    const missed = scoreDrill(slow, []);
    expect(missed).toMatchObject({ isRight: false, named: { cause: 'none' } });
    expect(missed.seconds).toEqual({ detected: null, acted: null, recovered: null });
    expect(scoreDrill({ ...slow, rightCauses: ['application', 'none'] }, []).isRight).toBe(true);
  });
});

describe('the confusion table', () => {
  it('has what was in rows and what was named in columns', () => {
    const right = scoreDrill(slow, [seen({}, named('infrastructure', 'engine-2'))]);
    const wrong = scoreDrill(slow, [seen({}, named('network', 'engine-2'))]);
    const mute = { ...slow, replica: undefined, rightCauses: ['application', 'undetermined'] };
    const unknown = scoreDrill(mute, [seen({}, named('undetermined', undefined))]);
    expect(confusionOf([right, right, wrong, unknown])).toEqual({
      rows: ['infrastructure', 'application'],
      columns: ['infrastructure', 'application', 'network'],
      counts: [
        [2, 0, 1],
        [0, 1, 0],
      ],
      right: 3,
      total: 4,
    });
  });
});
