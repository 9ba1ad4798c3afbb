import { describe, expect, it } from 'vitest';
import { recoveryPolicyOf, servicePoliciesOf } from '../../src/compose/recovery-policy.js';
import { parseConfig } from '../../src/config/load.js';

const config = (environment: string) =>
  parseConfig(
    `environment: ${environment}
services:
  - { name: chat, replicas: [{ name: e1, url: 'http://127.0.0.1:1' }] }
  - { name: batch, replicas: [{ name: e2, url: 'http://127.0.0.1:2' }] }
recovery:
  autonomy: { traffic_routing: approve }
  environments:
    staging:
      autonomy: { deployment_rollback: auto, scale_resources: suggest }
      approval: { timeout: 1m }
      blastRadius: { maxSharePercent: 100 }
  services:
    batch:
      autonomy: { scale_resources: auto }
      approval: { onTimeout: approve }
      cooldown: 0s
      verification: { hold: 5s }
`,
    'paramedic.yaml',
    {},
  );

describe('the recovery policy', () => {
  it('is what holds everywhere, where neither environment nor service says otherwise', () => {
    expect(recoveryPolicyOf(config('production'), 'chat')).toMatchObject({
      autonomy: { traffic_routing: 'approve', deployment_rollback: 'approve' },
      ...{ approvalTimeoutMs: 900_000, maxSharePercent: 50, minHealthyReplicas: 1 },
    });
  });

  it('changes by environment in what that says, and leaves the rest', () => {
    expect(recoveryPolicyOf(config('staging'), 'chat')).toMatchObject({
      autonomy: {
        ...{ traffic_routing: 'approve', deployment_rollback: 'auto', scale_resources: 'suggest' },
      },
      ...{ approvalTimeoutMs: 60_000, onApprovalTimeout: 'skip', maxSharePercent: 100 },
      minHealthyReplicas: 1,
    });
  });

  it('changes by service last', () => {
    const policies = servicePoliciesOf(config('staging'));
    expect([...policies.keys()]).toEqual(['batch']);
    expect(policies.get('batch')).toMatchObject({
      autonomy: { deployment_rollback: 'auto', scale_resources: 'auto' },
      ...{ approvalTimeoutMs: 60_000, onApprovalTimeout: 'approve', cooldownMs: 0, holdMs: 5_000 },
    });
  });
});
