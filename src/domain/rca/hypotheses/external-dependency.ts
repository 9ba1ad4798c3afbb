import { entityOf } from '../evidence.js';
import { CallGraph } from '../call-graph.js';
import { argue, GOOD, STRONG, WEAK, type Hypothesis } from './hypothesis.js';

/** Something the service calls and does not own: a database, an object store, another service. */
export const externalDependency: Hypothesis = {
  kind: 'external-dependency',
  title: 'a service that it depends on',
  assess(facts) {
    const { service } = facts.evidence.incident;
    const [first] = facts.ranking.ranking;
    const graph = new CallGraph(facts.evidence.topology);
    const own = new Set(
      facts.evidence.series
        .filter((series) => series.service === service)
        .map((series) => entityOf(series.service, series.replica)),
    );
    own.add(service);
    const isElsewhere = first !== undefined && !own.has(first.service) && first.score > 0;
    const below = graph.reachableFrom(service);
    const isCalled = isElsewhere && below.has(first.service);
    const hasDependencies = [...below].some((one) => !own.has(one));
    return {
      arguments: argue(
        [
          isElsewhere && facts.ranking.confident,
          () => `${first!.service} explains it best (${first!.metric})`,
          STRONG,
        ],
        [isCalled && facts.ranking.confident, () => 'and it is called on the way', GOOD],
        [isElsewhere && !facts.ranking.confident, () => `${first!.service} changed most`, WEAK],
        [!hasDependencies && !isElsewhere, () => 'it is not known to depend on anything', -STRONG],
        [hasDependencies && !isElsewhere, () => 'nothing below it is worse off than itself', -GOOD],
      ),
      mechanism: isElsewhere ? `slow or failing ${first.service}` : undefined,
      metric: isElsewhere ? first.metric : undefined,
      ...(isElsewhere && { place: placeOf(first.service) }),
    };
  },
  recommendations: ['Ask the owners of the dependency, and shed or cache calls to it meanwhile'],
  prevention: ['Set timeouts, retries with budgets and a breaker on calls to it'],
};

/** `service/replica` as the ranking names it. */
function placeOf(entity: string): { service: string; replica: string | undefined } {
  const [service = entity, replica] = entity.split('/');
  return { service, replica };
}
