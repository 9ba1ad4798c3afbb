/** The import diagram of the architecture, as rules. Each folder lists what it may import. */
const allow = (name, from, to, comment) => ({
  name,
  severity: 'error',
  comment,
  from: { path: from },
  to: { path: '^(src|fleet)/', pathNot: to },
});

module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    allow('domain-is-pure', '^src/domain/', '^src/domain/', 'domain imports itself only'),
    {
      name: 'domain-no-packages',
      severity: 'error',
      comment: 'domain: no I/O and no Node; only simple-statistics',
      from: { path: '^src/domain/' },
      to: { dependencyTypesNot: ['local'], pathNot: 'simple-statistics' },
    },
    allow(
      'workflows-in-the-sandbox',
      '^src/workflows/',
      '^src/(workflows|domain)/|^src/activities/',
      'workflows import workflows and domain; activities as types only',
    ),
    {
      name: 'workflows-activities-types-only',
      severity: 'error',
      from: { path: '^src/workflows/' },
      to: { path: '^src/activities/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'workflows-packages',
      severity: 'error',
      from: { path: '^src/workflows/' },
      to: { path: 'node_modules', pathNot: '@temporalio/(workflow|common)|simple-statistics' },
    },
    {
      name: 'messages-are-the-only-door',
      severity: 'error',
      comment:
        'outside the sandbox only workflows/messages.ts and the like are imported at run time',
      from: { path: '^src/', pathNot: '^src/workflows/' },
      to: {
        path: '^src/workflows/',
        pathNot: '^src/workflows/[a-z-]*messages\\.ts$',
        dependencyTypesNot: ['type-only'],
      },
    },
    allow(
      'activities',
      '^src/activities/',
      '^src/(activities|domain)/|^src/workflows/[a-z-]*messages\\.ts$',
      'activities call ports; they know no adapter',
    ),
    allow('adapters', '^src/adapters/', '^src/(adapters|domain)/', 'adapters know domain only'),
    allow(
      'detector',
      '^src/detector/',
      '^src/(detector|domain|workflows)/|^src/adapters/(sources|history)/',
      'detector: sources, the history protocol, domain, and messages',
    ),
    allow(
      'server',
      '^src/server/',
      '^src/(server|domain|workflows)/|^src/telemetry\\.ts$',
      'server: domain, messages and telemetry',
    ),
    allow(
      'page-stands-alone',
      '^src/server/web/',
      '^src/(server/web/|domain/event-stream\\.ts$)',
      'the page runs in a browser: it knows the API by its answers, and reads its events as the CLI does',
    ),
    {
      name: 'page-is-bundled',
      severity: 'error',
      comment: 'the server serves the built page; none of its source runs in Node',
      from: { path: '^src/', pathNot: '^src/server/web/' },
      to: { path: '^src/server/web/' },
    },
    {
      name: 'page-packages',
      severity: 'error',
      from: { path: '^src/server/web/' },
      to: { path: 'node_modules', pathNot: 'node_modules/(preact|@preact|uplot)/' },
    },
    {
      name: 'fleet-stands-alone',
      severity: 'error',
      comment: 'the reference fleet knows nothing of paramedic',
      from: { path: '^fleet/' },
      to: { path: '^src/' },
    },
    {
      name: 'nothing-imports-fleet',
      severity: 'error',
      comment: 'paramedic sees the fleet over the network only',
      from: { path: '^src/' },
      to: { path: '^fleet/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
