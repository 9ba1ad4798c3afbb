import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { request } from 'undici';
import { readAccess } from '../../../src/adapters/actuators/kubernetes-auth.js';
import { kubernetes } from '../../../src/adapters/actuators/kubernetes.js';
import { createHttpAgent } from '../../../src/adapters/http.js';

/**
 * Opt-in: KUBECONFIG_FOR_TESTS names a kubeconfig whose user may do everything in a namespace that
 * this test makes and deletes. A Deployment controller must run; a kubelet need not.
 */
const kubeconfig = process.env['KUBECONFIG_FOR_TESTS'];
const namespace = `paramedic-${randomBytes(4).toString('hex')}`;

describe.skipIf(kubeconfig === undefined)('kubernetes: a real API server', () => {
  const settings = {
    services: { llm: { namespace, deployment: 'engine' } },
    auth: { kubeconfig: kubeconfig ?? 'none' },
    waitForRollout: false,
  };
  const ports = kubernetes.create(kubernetes.schema.parse(settings));
  const { replicas, deployment } = ports;
  let send: (method: 'POST' | 'PATCH' | 'DELETE', path: string, body?: unknown) => Promise<unknown>;
  let access: Awaited<ReturnType<typeof readAccess>>;

  const eventually = async <T>(look: () => Promise<T>, isSo: (value: T) => boolean): Promise<T> => {
    for (const giveUpAtMs = Date.now() + 15_000; ;) {
      const value = await look();
      if (isSo(value)) return value;
      if (Date.now() > giveUpAtMs) throw new Error(`not so: ${JSON.stringify(value)}`);
      await sleep(100);
    }
  };
  const pods = (count: number) =>
    eventually(
      () => replicas.replicas('llm'),
      (list) => list.length === count,
    );

  beforeAll(async () => {
    access = await readAccess({ kubeconfig: kubeconfig ?? 'none' });
    const agent = createHttpAgent({
      connect: {
        rejectUnauthorized: access.isVerified,
        ...(access.ca === undefined ? {} : { ca: access.ca }),
        ...(access.client ?? {}),
      },
    });
    const token = await access.token();
    send = async (method, path, body) => {
      const reply = await request(`${access.server}${path}`, {
        dispatcher: agent,
        method,
        headers: {
          'content-type':
            method === 'PATCH' ? 'application/strategic-merge-patch+json' : 'application/json',
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        },
        body: body === undefined ? null : JSON.stringify(body),
      });
      const text = await reply.body.text();
      if (reply.statusCode > 299) throw new Error(`${method} ${path}: ${text}`);
      return text === '' ? undefined : (JSON.parse(text) as unknown);
    };
    const metadata = { name: namespace };
    await send('POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata });
    await send('POST', `/apis/apps/v1/namespaces/${namespace}/deployments`, {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'engine' },
      spec: {
        replicas: 2,
        selector: { matchLabels: { app: 'engine' } },
        template: {
          metadata: { labels: { app: 'engine' } },
          spec: { containers: [{ name: 'engine', image: 'registry.invalid/engine:v1' }] },
        },
      },
    });
    await pods(2);
  });
  afterAll(async () => {
    await send('DELETE', `/api/v1/namespaces/${namespace}`);
    await ports.close();
  });

  it('scales, restarts and rolls back, conditionally and once', async () => {
    await replicas.scale('llm', { operationId: 'up', replicas: 3, ifReplicas: 2 });
    const [pod] = await pods(3);
    await expect(
      replicas.scale('llm', { operationId: 'late', replicas: 5, ifReplicas: 2 }),
    ).rejects.toMatchObject({ reason: 'rejected' });
    const first = await deployment.releases('llm');
    expect(first.known.map(({ id }) => id)).toEqual([first.active]);

    const ask = { operationId: 'restart', ifGeneration: pod?.generation ?? -1 };
    await replicas.restart('llm', pod?.name ?? '', ask);
    await replicas.restart('llm', pod?.name ?? '', ask);
    await eventually(
      () => replicas.replicas('llm'),
      (list) => list.some(({ generation }) => generation > ask.ifGeneration),
    );
    expect((await deployment.releases('llm')).active).toBe(first.active);
    // The undo of the scaling: back to what it was, once, and only from what we made of it.
    await replicas.scale('llm', { operationId: 'down', replicas: 2, ifReplicas: 3 });
    await replicas.scale('llm', { operationId: 'down', replicas: 2, ifReplicas: 3 });
    await pods(2);

    const path = `/apis/autoscaling/v2/namespaces/${namespace}/horizontalpodautoscalers`;
    await send('POST', path, {
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: { name: 'cpu' },
      spec: {
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'engine' },
        minReplicas: 2,
        maxReplicas: 6,
      },
    });
    await expect(
      replicas.scale('llm', { operationId: 'owned', replicas: 4 }),
    ).rejects.toMatchObject({
      message: expect.stringContaining('raise its minReplicas') as string,
    });
  });

  it('goes back to the release before, and forth again as its undo', async () => {
    const at = `/apis/apps/v1/namespaces/${namespace}/deployments/engine`;
    const before = (await deployment.releases('llm')).active;
    const containers = [{ name: 'engine', image: 'registry.invalid/engine:v2' }];
    await send('PATCH', at, { spec: { template: { spec: { containers } } } });
    const after = await eventually(
      async () => (await deployment.releases('llm')).active,
      (active) => active !== before,
    );
    await deployment.activate('llm', { operationId: 'back', release: before, ifRelease: after });
    await deployment.activate('llm', { operationId: 'back', release: before, ifRelease: after });
    expect((await deployment.releases('llm')).active).toBe(before);
    await expect(
      deployment.activate('llm', { operationId: 'late', release: after, ifRelease: 'other' }),
    ).rejects.toMatchObject({ reason: 'rejected' });
    await deployment.activate('llm', { operationId: 'undo', release: after, ifRelease: before });
    expect((await deployment.releases('llm')).active).toBe(after);
  });

  it('says clearly what it may not do', async () => {
    const accounts = `/api/v1/namespaces/${namespace}/serviceaccounts`;
    await send('POST', accounts, {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: 'nobody' },
    });
    const made = (await send('POST', `${accounts}/nobody/token`, {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: { expirationSeconds: 600 },
    })) as { status: { token: string } };
    const folder = mkdtempSync(path.join(tmpdir(), 'paramedic-kubeconfig-'));
    const file = path.join(folder, 'config');
    const ca = access.ca === undefined ? undefined : Buffer.from(access.ca).toString('base64');
    const cluster = { server: access.server, 'insecure-skip-tls-verify': !access.isVerified };
    const trusted = ca === undefined ? {} : { 'certificate-authority-data': ca };
    writeFileSync(
      file,
      JSON.stringify({
        'current-context': 'it',
        contexts: [{ name: 'it', context: { cluster: 'it', user: 'it' } }],
        clusters: [{ name: 'it', cluster: { ...cluster, ...trusted } }],
        users: [{ name: 'it', user: { token: made.status.token } }],
      }),
    );
    const weak = kubernetes.create(
      kubernetes.schema.parse({ ...settings, auth: { kubeconfig: file } }),
    );
    try {
      await expect(
        weak.replicas.scale('llm', { operationId: 'no', replicas: 3 }),
      ).rejects.toMatchObject({ reason: 'unauthorized' });
      await expect(weak.check()).resolves.not.toEqual([]);
    } finally {
      await weak.close();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
