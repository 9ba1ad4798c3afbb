import { describe, expect, it } from 'vitest';
import { rankRootCauses } from '../../../src/domain/rca/rank.js';
import { caseToRankInput } from '../../../src/domain/rca/rca-case.js';
import { hasLabelledCases, readLabelledCases, type LabelledCase } from './labelled-cases.js';

type Change = (one: LabelledCase) => LabelledCase;
const asIs: Change = (one) => one;
const moved =
  (seconds: number): Change =>
  (one) => ({
    ...one,
    incident: { ...one.incident, startedAt: one.incident.startedAt + seconds },
  });

function topShares(cases: readonly LabelledCase[], change: Change): { top1: number; top3: number } {
  const places = cases.map((one) =>
    rankRootCauses(caseToRankInput(change(one)))
      .ranking.map(({ service }) => service)
      .indexOf(one.culprit),
  );
  const share = (within: number): number =>
    places.filter((place) => place >= 0 && place < within).length / places.length;
  return { top1: share(1), top3: share(3) };
}

describe.skipIf(!hasLabelledCases)('ranking of labelled incidents (needs shared/data/rca)', () => {
  const cases = hasLabelledCases ? readLabelledCases() : [];
  const petShop = cases.filter(({ source }) => source === 'petshop');
  const sockShop = cases.filter(({ source }) => source === 'rcd-sockshop');
  const boutique = cases.filter(({ scenario }) => /nezha-ob-(cpu|network)/.test(scenario));

  it.each<[string, LabelledCase[], Change, number, number]>([
    ['PetShop', petShop, asIs, 0.97, 1],
    ['Sock Shop', sockShop, asIs, 1, 1],
    ['Online Boutique, cpu and network', boutique, asIs, 0.95, 1],
    ['PetShop without edges', petShop, (one) => ({ ...one, topology: [] }), 0.65, 0.95],
    ['PetShop reported 5 min early', petShop, moved(-300), 0.91, 0.91],
    ['PetShop reported 5 min late', petShop, moved(300), 0.91, 0.91],
    ['Online Boutique reported 60 s early', boutique, moved(-60), 0.85, 0.85],
    ['Online Boutique reported 120 s late', boutique, moved(120), 0.85, 0.85],
  ])('%s', (_, some, change, leastTop1, leastTop3) => {
    const { top1, top3 } = topShares(some, change);
    expect(top1).toBeGreaterThanOrEqual(leastTop1);
    expect(top3).toBeGreaterThanOrEqual(leastTop3);
  });

  it('names a confident cause in at most 2 % of quiet windows', () => {
    const verdicts = cases.flatMap(quietWindows).map((one) => {
      return rankRootCauses(caseToRankInput(one)).confident;
    });
    expect(verdicts.length).toBeGreaterThan(300);
    expect(verdicts.filter(Boolean).length / verdicts.length).toBeLessThanOrEqual(0.02);
  }, 120_000);
});

/** Windows as long as the incident's (two minutes at most per second's data), before it, cut at their end. */
function quietWindows(one: LabelledCase): LabelledCase[] {
  const { startedAt } = one.incident;
  const times = one.series.flatMap(({ points }) => [points[0]?.[0], points.at(-1)?.[0]]);
  const known = times.filter((time) => time !== undefined);
  const first = Math.min(...known);
  const step = one.stepSeconds;
  const length = step === 1 ? 120 : Math.max(Math.max(...known) - startedAt, 2 * step);
  return [0.55, 0.7, 0.85, 1].flatMap((share) => {
    const onset = Math.floor(first + share * (startedAt - first - length - step));
    if (onset - first < 12 * step) return [];
    const series = one.series.map((each) => ({
      ...each,
      points: each.points.filter(([time]) => time <= onset + length),
    }));
    return [{ ...one, incident: { ...one.incident, startedAt: onset }, series }];
  });
}
