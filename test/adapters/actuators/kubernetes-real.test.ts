import { randomBytes } from 'node:crypto';
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
  let send: (method: 'POST' | 'DELETE', path: string, body?: unknown) => Promise<void>;

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
    const access = await readAccess({ kubeconfig: kubeconfig ?? 'none' });
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
          'content-type': 'application/json',
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        },
        body: body === undefined ? null : JSON.stringify(body),
      });
      const text = await reply.body.text();
      if (reply.statusCode > 299) throw new Error(`${method} ${path}: ${text}`);
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
});
