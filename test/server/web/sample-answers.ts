import type {
  Alert,
  Breaker,
  HeatRow,
  Incident,
  IncidentDetail,
  IncidentSeries,
  Mode,
  Sla,
  SlaThreshold,
} from '../../../src/server/web/lib/contract.js';
import type {
  RcaStatistics,
  Recommendation,
  Report,
} from '../../../src/server/web/lib/rca-contract.js';

/** Numbers in 0..1 from a seed (mulberry32), the same at every run. */
function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const iso = (ms: number) => new Date(ms).toISOString();

/** The incident that waits for an approval. */
export const ASKING = 'incident:chat:engine-2:request_latency_p95';

const CAUSE =
  'engine-2: latency rose 20.1x at 22:06:49 while its peers stayed flat; probably thermal throttling (DCGM_FI_DEV_SM_CLOCK{gpu=0} fell from 1410 to 585)';

/** Answers of a server in the middle of an incident, by path; instants count back from `nowMs`. */
export function sampleAnswers(nowMs: number): Map<string, object> {
  const list = [asking(nowMs), escalated(nowMs), ...past(nowMs, 40)];
  const at = (id: string) => `/v1/incidents/${id}`;
  const answers = new Map<string, object>([
    [
      '/health/production',
      {
        status: 'critical',
        sla_compliance: 97.42,
        active_violations: 2,
        circuit_breakers: { chat: 'open' },
        problems: [],
      },
    ],
    [
      '/metrics/summary',
      {
        monitoring_mode: 'emergency',
        total_alerts_24h: 9,
        recovery_success_rate: 91.67,
        rca_analyses_24h: 12,
      },
    ],
    ['/v1/sla', sla(nowMs)],
    ['/v1/mode', mode(nowMs)],
    ['/v1/breakers', { breakers: breakers(nowMs), next: null }],
    ['/v1/alerts', { alerts: alerts(nowMs), next: null }],
    ['/v1/recommendations', { recommendations: recommendations(nowMs), next: null }],
    ['/v1/changes', { changes: changes(nowMs), next: null }],
    [
      '/v1/rca/statistics',
      {
        reports: 12,
        byCategory: [
          { category: 'infrastructure', count: 6 },
          { category: 'capacity-limits', count: 3 },
          { category: 'code-regression', count: 2 },
          { category: 'undetermined', count: 1 },
        ],
        confidence: [
          { from: 0, to: 0.2, count: 0 },
          { from: 0.2, to: 0.4, count: 1 },
          { from: 0.4, to: 0.6, count: 3 },
          { from: 0.6, to: 0.8, count: 5 },
          { from: 0.8, to: 1, count: 2 },
        ],
        drills: { total: 13, right: 12 },
      } satisfies RcaStatistics,
    ],
    ['/v1/incidents?limit=500', { incidents: list, next: null }],
    [at(ASKING), asking(nowMs)],
    [at(escalated(nowMs).id), escalated(nowMs)],
    [`${at(ASKING)}/report`, report(nowMs)],
    [`${at(ASKING)}/series`, series(nowMs, 8)],
    [`${at(ASKING)}/series?all=1`, series(nowMs, 200)],
  ]);
  for (const one of list) {
    if (!answers.has(at(one.id))) answers.set(at(one.id), detail(one));
  }
  return answers;
}

function detail(one: Incident): IncidentDetail {
  return {
    ...one,
    why: null,
    acknowledgedBy: null,
    steps: [],
    owed: [],
    waiting: null,
    timeline: [],
    uiUrl: 'http://127.0.0.1:8233/namespaces/paramedic/workflows',
  };
}

function incident(nowMs: number, part: Partial<Incident>): Incident {
  return {
    id: ASKING,
    runId: '2d2b8229-72ee-4873-be5b-bdf984da374d',
    state: 'open',
    outcome: null,
    service: 'chat',
    replica: 'engine-2',
    threshold: 'request_latency_p95',
    violationType: 'latency_breach',
    severity: 'critical',
    value: 938.3,
    limit: 250,
    unit: 'ms',
    openedAt: iso(nowMs - 95_000),
    resolvedAt: null,
    procedure: 'latency_spike',
    probableCause: null,
    ...part,
  };
}

function asking(nowMs: number): IncidentDetail {
  const replica = { service: 'chat', replica: 'engine-2' };
  const call = 'set server engines/engine-2 weight 10 (was 100)';
  const line = (agoS: number, stage: string, text: string) => ({
    at: iso(nowMs - agoS * 1000),
    stage,
    text,
  });
  return {
    ...detail(incident(nowMs, { state: 'awaiting-approval', probableCause: CAUSE })),
    why: 'latency_breach of request_latency_p95, critical',
    steps: [
      {
        id: 's1',
        action: 'cache_invalidation',
        target: replica,
        state: 'skipped',
        line: 'engine-2’s cache does not look at fault: hit rate and KV use are as usual, and a warm cache is worth keeping',
        startedAt: iso(nowMs - 94_000),
        endedAt: iso(nowMs - 94_000),
      },
      {
        id: 's2',
        action: 'load_balancer_adjust',
        target: replica,
        state: 'no-effect',
        line: `take load off engine-2, 7.9 × as bad as its peers: ${call}`,
        startedAt: iso(nowMs - 90_000),
        endedAt: iso(nowMs - 60_000),
        before: 938.3,
        after: 702.4,
      },
      {
        id: 's3',
        action: 'restart_service',
        target: replica,
        state: 'awaiting-approval',
        line: 'drain engine-2, restart it, put it back',
        startedAt: null,
        endedAt: null,
      },
      {
        id: 's4',
        action: 'deployment_rollback',
        target: { service: 'chat', replica: null },
        state: 'planned',
        line: '',
        startedAt: null,
        endedAt: null,
      },
    ],
    owed: [
      {
        step: 's2',
        action: 'load_balancer_adjust',
        undo: 'set server engines/engine-2 weight 100',
      },
    ],
    waiting: {
      kind: 'step',
      stepId: 's3',
      line: 'restart_service: drain engine-2, restart it, put it back',
      until: iso(nowMs + 245_000),
      onTimeout: 'skip',
    },
    timeline: [
      line(
        95,
        'violation',
        'request_latency_p95 of engine-2 is 938.3 ms, above its limit of 250.0 (critical)',
      ),
      line(
        95,
        'plan',
        'latency_spike: cache_invalidation → load_balancer_adjust → restart_service; …',
      ),
      line(94, 'skipped', 'cache_invalidation: engine-2’s cache does not look at fault'),
      line(90, 'try', `load_balancer_adjust: ${call}`),
      line(90, 'changed', 'load_balancer_adjust: weight of engines/engine-2 100 → 10'),
      line(
        60,
        'no-effect',
        'load_balancer_adjust: request_latency_p95 938.3 → 702.4 (limit 250.0)',
      ),
      line(
        58,
        'approval',
        'restart_service waits for an approval until 22:12:30; without one it is skipped',
      ),
      line(40, 'cause', CAUSE),
    ],
  };
}

function escalated(nowMs: number): IncidentDetail {
  return {
    ...detail(
      incident(nowMs, {
        id: 'incident:embed:*:error_rate_percent',
        service: 'embed',
        replica: null,
        threshold: 'error_rate_percent',
        violationType: 'error_rate_spike',
        severity: 'major',
        state: 'escalated',
        value: 0.54,
        limit: 0.5,
        unit: '%',
        openedAt: iso(nowMs - 1_400_000),
        procedure: 'error_rate_spike',
      }),
    ),
    acknowledgedBy: 'ada',
    timeline: [
      {
        at: iso(nowMs - 1_000_000),
        stage: 'escalated',
        text: 'no step helped: a person must look at the tokenizer service that embed depends on',
      },
    ],
  };
}

/** Incidents that were closed, one every 29 minutes. */
export function past(nowMs: number, count: number): Incident[] {
  const random = chance(11);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)]!;
  return Array.from({ length: count }, (_, i) => {
    const service = pick(['chat', 'embed', 'code']);
    const replica = pick(['engine-1', 'engine-2', 'engine-3', null]);
    const threshold = pick(['request_latency_p95', 'request_latency_p99', 'tokens_per_second']);
    const openedMs = nowMs - 3_600_000 - i * 1_740_000;
    return incident(nowMs, {
      id: `incident:${service}:${replica ?? '*'}:${threshold}`,
      runId: `run-${i}`,
      service,
      replica,
      threshold,
      severity: pick(['minor', 'major', 'critical']),
      state: 'resolved',
      outcome: pick([
        'recovered',
        'recovered',
        'recovered',
        'rolled-back',
        'superseded',
        'aborted',
      ]),
      openedAt: iso(openedMs),
      resolvedAt: iso(openedMs + 60_000 + Math.floor(random() * 600_000)),
      probableCause: pick([CAUSE, 'chat: demand rose 2.4x: the fleet is too small for it', null]),
    });
  });
}

function mode(nowMs: number): Mode {
  return {
    mode: 'emergency',
    since: iso(nowMs - 95_000),
    why: 'a critical violation is open',
    killSwitch: { isOn: false, by: '', reason: '', at: null },
    maintenance: null,
  };
}

function breakers(nowMs: number): Breaker[] {
  const breaker = (part: Partial<Breaker>): Breaker => ({
    id: 'breaker:chat:engine-1',
    service: 'chat',
    replica: 'engine-1',
    kind: 'aphrodite_engine',
    state: 'closed',
    failures: 0,
    successes: 0,
    failedTrials: 0,
    openedAt: null,
    until: null,
    reason: null,
    by: null,
    ...part,
  });
  return [
    breaker({}),
    breaker({
      id: 'breaker:chat:engine-2',
      replica: 'engine-2',
      state: 'open',
      failures: 5,
      openedAt: iso(nowMs - 22_000),
      until: iso(nowMs + 38_000),
      reason: '5 failures in a row',
    }),
    breaker({
      id: 'breaker:chat:engine-3',
      replica: 'engine-3',
      state: 'half-open',
      failures: 5,
      successes: 1,
      openedAt: iso(nowMs - 70_000),
    }),
    breaker({
      id: 'breaker:embed',
      service: 'embed',
      replica: null,
      kind: 'model_inference',
      state: 'isolated',
      by: 'ada',
      reason: 'the model is being moved',
      openedAt: iso(nowMs - 4_000_000),
    }),
  ];
}

function alerts(nowMs: number): Alert[] {
  return [
    {
      id: 'a1',
      incidentId: ASKING,
      kind: 'violation',
      severity: 'critical',
      title: 'chat/engine-2: request latency p95 is 938 ms',
      text: '',
      at: iso(nowMs - 94_000),
      state: 'sent',
      escalationLevel: 1,
      acknowledgedBy: null,
      deliveries: [
        { channel: 'pagerduty', state: 'delivered', attempts: 1, error: null },
        { channel: 'slack', state: 'failed', attempts: 3, error: '503 from Slack' },
      ],
    },
    {
      id: 'a2',
      incidentId: 'incident:embed:*:error_rate_percent',
      kind: 'recovery',
      severity: 'major',
      title: 'embed: no step helped, a person must act',
      text: '',
      at: iso(nowMs - 1_000_000),
      state: 'grouped',
      escalationLevel: 0,
      acknowledgedBy: 'ada',
      deliveries: [],
    },
  ];
}

function recommendations(nowMs: number): Recommendation[] {
  const one = (id: string, text: string, state: string): Recommendation => ({
    id,
    incidentId: ASKING,
    reportId: 'report-1',
    text,
    category: 'infrastructure',
    state,
    by: state === 'open' ? null : 'ada',
    at: state === 'open' ? null : iso(nowMs - 3_000_000),
  });
  return [
    one(
      'r1',
      'Look at the cooling of engine-2’s GPU: its clock fell from 1410 to 585 MHz under load.',
      'open',
    ),
    one('r2', 'Alert on DCGM_FI_DEV_SM_CLOCK below 1000 for five minutes.', 'open'),
    one(
      'r3',
      'Keep one spare replica, so that a slow one can be drained without overload.',
      'accepted',
    ),
  ];
}

function changes(nowMs: number) {
  return [
    {
      at: iso(nowMs - 500_000),
      service: 'chat',
      replica: null,
      kind: 'release',
      summary: 'v7 → v8 by deploy #4211',
    },
    {
      at: iso(nowMs - 90_000),
      service: 'chat',
      replica: 'engine-2',
      kind: 'other',
      summary: 'weight 100 → 10 by paramedic',
    },
  ];
}

function sla(nowMs: number): Sla {
  const random = chance(5);
  const row = (
    part: Partial<SlaThreshold> & { name: string; limit: number },
    level: number,
  ): SlaThreshold => ({
    metric: part.name,
    service: 'chat',
    replica: null,
    unit: 'ms',
    direction: 'upper',
    target: part.limit * 0.8,
    windowSeconds: 300,
    value: level,
    valueAt: iso(nowMs),
    compliancePercent: 99.6,
    coverage: { status: 'measurable', text: 'by the gateway’s histogram' },
    worsePercent: 3,
    recent: {
      from: iso(nowMs - 3_600_000),
      stepSeconds: 30,
      values: Array.from({ length: 120 }, (_, i) =>
        i < 8
          ? null
          : level * (i > 112 ? 1 : part.value === level ? 0.25 : 1) * (0.85 + random() * 0.3),
      ),
    },
    budget: { remainingPercent: 71.4, burnRates: [{ window: '1h', rate: 0.8 }] },
    forecast: { breachInSeconds: null },
    ...part,
  });
  return {
    at: iso(nowMs),
    compliancePercent: 97.42,
    active: [
      {
        fingerprint: 'chat:engine-2:request_latency_p95',
        service: 'chat',
        replica: 'engine-2',
        threshold: 'request_latency_p95',
        metric: 'request_latency_p95',
        violationType: 'latency_breach',
        severity: 'critical',
        value: 938.3,
        limit: 250,
        unit: 'ms',
        startedAt: iso(nowMs - 110_000),
      },
      {
        fingerprint: 'embed:*:error_rate_percent',
        service: 'embed',
        replica: null,
        threshold: 'error_rate_percent',
        metric: 'error_rate_percent',
        violationType: 'error_rate_spike',
        severity: 'major',
        value: 0.54,
        limit: 0.5,
        unit: '%',
        startedAt: iso(nowMs - 1_500_000),
      },
    ],
    last24h: {
      total: 14,
      bySeverity: { critical: 3, major: 6, minor: 5 },
      byType: { latency_breach: 9, error_rate_spike: 3, performance_regression: 2 },
    },
    thresholds: [
      row(
        {
          name: 'request_latency_p95',
          limit: 250,
          value: 938.3,
          compliancePercent: 91.2,
          worsePercent: 214,
          budget: { remainingPercent: 6.2, burnRates: [{ window: '1h', rate: 15.2 }] },
        },
        938.3,
      ),
      row({ name: 'request_latency_p99', limit: 750, forecast: { breachInSeconds: 2_460 } }, 612),
      row(
        {
          name: 'tokens_per_second',
          limit: 80,
          unit: 'tokens/s',
          direction: 'lower',
          worsePercent: -12,
        },
        412,
      ),
      row(
        {
          name: 'error_rate_percent',
          service: 'embed',
          limit: 0.5,
          unit: '%',
          compliancePercent: 94.1,
          budget: { remainingPercent: 22 },
        },
        0.54,
      ),
      row({ name: 'gpu_utilization_percent', limit: 93.5, unit: '%' }, 71.3),
      row({ name: 'kv_cache_usage_percent', limit: 96, unit: '%', replica: 'engine-3' }, 58.2),
      row(
        {
          name: 'echo_evolution_convergence',
          limit: 0.7225,
          unit: 'ratio',
          direction: 'lower',
          value: null,
          compliancePercent: null,
          worsePercent: null,
          recent: null,
          budget: null,
          coverage: { status: 'not-measurable', text: 'nothing pushes it: see the stat logger' },
        },
        0,
      ),
    ],
    heatMap: {
      from: iso((Math.floor(nowMs / 300_000) - 287) * 300_000),
      bucketSeconds: 300,
      rows: heatRows(),
    },
    trend: Array.from({ length: 24 }, (_, i) => ({
      at: iso((Math.floor(nowMs / 3_600_000) - 23 + i) * 3_600_000),
      count: [0, 0, 1, 0, 2, 0, 0, 4, 1, 0, 0, 0, 3, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 1][i] ?? 0,
    })),
  };
}

function heatRows(): HeatRow[] {
  const random = chance(3);
  const names = [
    ['chat', 'request_latency_p95'],
    ['chat', 'request_latency_p99'],
    ['chat', 'tokens_per_second'],
    ['chat', 'gpu_utilization_percent'],
    ['chat', 'kv_cache_usage_percent'],
    ['embed', 'error_rate_percent'],
  ] as const;
  return names.map(([service, threshold], row) => {
    const starts = Array.from({ length: 3 }, () => Math.floor(random() * 280));
    return {
      service,
      threshold,
      metric: threshold,
      cells: Array.from({ length: 288 }, (_, i) => {
        if (i < 30 || (row === 4 && i > 100 && i < 120)) return null;
        if (row === 0 && i > 284) return 0.9;
        return starts.some((start) => i >= start && i < start + 4 + row) ? random() : 0;
      }),
    };
  });
}

function series(nowMs: number, count: number): IncidentSeries {
  const random = chance(9);
  const metrics = [
    'request_latency_p95',
    'DCGM_FI_DEV_SM_CLOCK{gpu=0}',
    'num_requests_running',
    'tokens_per_second',
  ];
  return {
    series: Array.from({ length: count }, (_, i) => {
      const metric =
        i < 4 ? 'request_latency_p95' : (metrics[1 + (i % 3)] ?? 'x') + (i < 8 ? '' : ` ${i}`);
      const replica = i % 4 === 3 ? null : `engine-${(i % 4) + 1}`;
      const isBad = replica === 'engine-2';
      const isViolated = metric === 'request_latency_p95';
      return {
        service: 'chat',
        replica,
        metric,
        unit: isViolated ? 'ms' : null,
        limit: isViolated ? 250 : null,
        points: Array.from({ length: 600 }, (_, t): [number, number] => {
          const base =
            isBad && t > 495 ? (t > 510 ? 700 : 900) : replica === null && t > 495 ? 340 : 105;
          return [nowMs - 600_000 + t * 1000, base * (0.9 + random() * 0.2)];
        }),
      };
    }),
    marks: [
      {
        at: iso(nowMs - 95_000),
        stage: 'violation',
        text: 'request_latency_p95 of engine-2 is 938.3 ms',
      },
      { at: iso(nowMs - 90_000), stage: 'changed', text: 'weight of engines/engine-2 100 → 10' },
    ],
  };
}

function report(nowMs: number): Report {
  const kinds = ['infrastructure', 'network', 'application'] as const;
  return {
    summary: CAUSE,
    isConfident: true,
    onsetMs: nowMs - 110_000,
    probableCause: null,
    hypotheses: [
      {
        kind: kinds[0],
        title: 'the hardware or host under a replica',
        probability: 0.768,
        mechanism: 'thermal throttling',
        service: 'chat',
        replica: 'engine-2',
        metric: 'DCGM_FI_DEV_SM_CLOCK{gpu=0}',
        evidenceFor: [
          {
            text: 'DCGM_FI_DEV_SM_CLOCK{gpu=0} fell from 1410 to 585: the GPU slows itself down',
            weight: 3,
          },
          { text: 'only one replica is slow', weight: 0.7 },
        ],
        evidenceAgainst: [],
      },
      {
        kind: kinds[1],
        title: 'the network between services',
        probability: 0.011,
        service: 'chat',
        replica: 'engine-2',
        evidenceFor: [],
        evidenceAgainst: [
          {
            text: 'the engines themselves are slower, where no network is in between',
            weight: -1.6,
          },
        ],
      },
      {
        kind: kinds[2],
        title: 'a fault inside the serving process',
        probability: 0.006,
        service: 'chat',
        replica: 'engine-2',
        evidenceFor: [{ text: 'its peers run the same release and are well', weight: 0.7 }],
        evidenceAgainst: [{ text: 'the hardware shows it', weight: -3 }],
      },
    ],
    undetermined: 0.215,
    related: [
      {
        service: 'chat',
        replica: 'engine-2',
        metric: 'DCGM_FI_DEV_SM_CLOCK{gpu=0}',
        correlation: -0.94,
        lagMs: 6_000,
        falseDiscoveryRate: 0.0004,
        confidence: 'very-high',
        role: 'leading',
      },
      {
        service: 'chat',
        replica: 'engine-2',
        metric: 'num_requests_running',
        correlation: 0.88,
        lagMs: 0,
        falseDiscoveryRate: 0.002,
        confidence: 'high',
        role: 'simultaneous',
      },
      {
        service: 'chat',
        replica: null,
        metric: 'haproxy_backend_current_queue',
        correlation: 0.61,
        lagMs: -9_000,
        falseDiscoveryRate: 0.03,
        confidence: 'medium',
        role: 'consequence',
      },
    ],
    insights: ['The GPU’s clock fell 6 s before latency rose, and nothing was changed before.'],
    prevention: ['Watch GPU clocks, and drain a replica that throttles.'],
    recommendations: [
      { id: 'r1', text: 'Look at the cooling of engine-2’s GPU.', priority: 'now' },
      { id: 'r2', text: 'Alert on DCGM_FI_DEV_SM_CLOCK below 1000.', priority: 'later' },
    ],
    timeline: [],
    missing: ['logs of engine-2: no supervisor is configured'],
  };
}
