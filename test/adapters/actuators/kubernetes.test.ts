import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { findFreePort } from '../../../src/adapters/temporal/port.js';
import { kubernetes } from '../../../src/adapters/actuators/kubernetes.js';
import { scratchFolder } from '../../support/scratch.js';
import { startHttpServer, type Answer } from './http-server.js';
import { KubernetesApi } from './kubernetes-api.js';

type Json = Readonly<Record<string, unknown>>;

function writeKubeconfig(server: string, user: Json = { token: 'sesame' }): string {
  const file = path.join(scratchFolder(), 'kubeconfig');
  // YAML is a superset of JSON.
  const config = {
    'current-context': 'here',
    contexts: [{ name: 'here', context: { cluster: 'c', user: 'u' } }],
    clusters: [{ name: 'c', cluster: { server } }],
    users: [{ name: 'u', user }],
  };
  writeFileSync(file, JSON.stringify(config));
  return file;
}

function portsOf(server: string, more: Json = {}) {
  const ports = kubernetes.create(
    kubernetes.schema.parse({
      services: { llm: { namespace: 'llm', deployment: 'engine' } },
      auth: { kubeconfig: writeKubeconfig(server) },
      rolloutTimeout: '2s',
      timeout: '500ms',
      ...more,
    }),
  );
  onTestFinished(() => ports.close());
  return ports;
}

async function start(more: Json = {}) {
  const api = new KubernetesApi();
  api.token = 'sesame';
  const server = await startHttpServer(api.answer);
  const ports = portsOf(server.url, more);
  const patches = () => server.seen.filter(({ method }) => method === 'PATCH');
  return { api, server, patches, ...ports };
}

describe('kubernetes: replicas', () => {
  it('lists the pods that the Deployment owns', async () => {
    const { replicas } = await start();
    expect(await replicas.replicas('llm')).toEqual(
      [0, 1].map((index) => ({
        name: `engine-1abc-${index}`,
        address: `10.0.0.${index + 1}:2242`,
        state: 'running',
        release: expect.stringMatching(/^v1-[0-9a-f]{8}$/) as string,
        generation: 100_000,
      })),
    );
  });

  it('reads a log', async () => {
    const { replicas } = await start({ container: 'engine' });
    expect(await replicas.logs('llm', 'engine-1abc-0', 7)).toBe(
      'tailLines=7&container=engine\nline of engine-1abc-0\n',
    );
    await expect(replicas.logs('llm', 'gone', 7)).rejects.toMatchObject({ reason: 'not-found' });
  });
});

describe('kubernetes: scale', () => {
  it('sets an absolute number through the scale subresource, once, and back', async () => {
    const { api, replicas, patches } = await start();
    await replicas.scale('llm', { operationId: 'a', replicas: 4, ifReplicas: 2 });
    await replicas.scale('llm', { operationId: 'a', replicas: 4, ifReplicas: 2 });
    expect(api.replicas).toBe(4);
    expect(patches().map(({ url }) => url)).toEqual([
      '/apis/apps/v1/namespaces/llm/deployments/engine/scale',
    ]);
    await replicas.scale('llm', { operationId: 'b', replicas: 2 });
    expect(api.replicas).toBe(2);
  });

  it('changes nothing from another number than the one that was seen', async () => {
    const { api, replicas } = await start();
    await expect(
      replicas.scale('llm', { operationId: 'late', replicas: 5, ifReplicas: 3 }),
    ).rejects.toMatchObject({
      reason: 'rejected',
      message: 'deployment "llm/engine" has 2 replicas, not 3',
    });
    expect(api.replicas).toBe(2);
  });

  const target = (kind: string, name = 'engine') => ({ scaleTargetRef: { kind, name } });

  it.each([
    [
      'HorizontalPodAutoscaler "cpu" (2 to 8); raise its minReplicas',
      { spec: { ...target('Deployment'), minReplicas: 2, maxReplicas: 8 } },
      undefined,
    ],
    [
      'ScaledObject "queue" (1 to 9); raise its minReplicaCount',
      { metadata: { name: 'keda-hpa-queue' }, spec: { ...target('Deployment'), maxReplicas: 9 } },
      { spec: { scaleTargetRef: { name: 'engine' }, minReplicaCount: 1, maxReplicaCount: 9 } },
    ],
  ])('leaves the number to its owner: %s', async (words, hpa, scaledObject) => {
    const { api, replicas } = await start();
    api.hpas = [{ metadata: { name: 'cpu' }, ...hpa }];
    if (scaledObject !== undefined) {
      api.scaledObjects = [{ metadata: { name: 'queue' }, ...scaledObject }];
    }
    await expect(replicas.scale('llm', { operationId: 'a', replicas: 4 })).rejects.toMatchObject({
      reason: 'rejected',
      message: `deployment "llm/engine" is scaled by ${words} instead`,
    });
    expect(api.replicas).toBe(2);
  });

  it('does not mind autoscalers of others, or KEDA that it may not see', async () => {
    const { api, replicas } = await start();
    api.hpas = [{ metadata: { name: 'x' }, spec: target('Deployment', 'other') }];
    api.scaledObjects = [{ metadata: { name: 'y' }, spec: target('StatefulSet') }];
    await replicas.scale('llm', { operationId: 'a', replicas: 3 });
    api.forbidden = /scaledobjects/;
    await replicas.scale('llm', { operationId: 'b', replicas: 4 });
    expect(api.replicas).toBe(4);
    api.forbidden = /horizontalpodautoscalers/;
    await expect(replicas.scale('llm', { operationId: 'c', replicas: 5 })).rejects.toMatchObject({
      reason: 'unauthorized',
    });
    expect(api.replicas).toBe(4);
  });
});

describe('kubernetes: restart', () => {
  const ask = { operationId: 'run/step', ifGeneration: 100_000 };

  it('rolls all pods out once for an operation, also if the answer got lost', async () => {
    const { api, replicas, patches } = await start();
    await replicas.restart('llm', 'engine-1abc-0', ask);
    await replicas.restart('llm', 'engine-1abc-0', ask);
    expect(patches()).toHaveLength(1);
    expect(Object.keys(api.template.metadata.annotations ?? {})).toEqual([
      'kubectl.kubernetes.io/restartedAt',
      'paramedic.dev/operation',
    ]);
    expect((await replicas.replicas('llm')).map(({ generation }) => generation)).toEqual([
      200_000, 200_000,
    ]);
  });

  it('is no new release', async () => {
    const { replicas, deployment } = await start();
    const before = await deployment.releases('llm');
    await replicas.restart('llm', 'engine-1abc-0', ask);
    expect(await deployment.releases('llm')).toEqual(before);
  });

  it('changes nothing when the pod crashed, was replaced, or the Deployment changed since', async () => {
    const { api, replicas, patches } = await start();
    api.restarts.set('engine-1abc-0', 1);
    await expect(replicas.restart('llm', 'engine-1abc-0', ask)).rejects.toMatchObject({
      reason: 'rejected',
      message: 'pod "engine-1abc-0" has generation 100001, not 100000',
    });
    await expect(replicas.restart('llm', 'engine-0abc-7', ask)).rejects.toMatchObject({
      reason: 'rejected',
      message: 'pod "engine-0abc-7" of "llm/engine" is not there (any more)',
    });
    expect(patches()).toEqual([]);
    api.beforePatch = () => api.touch();
    await expect(replicas.restart('llm', 'engine-1abc-1', ask)).rejects.toMatchObject({
      reason: 'rejected',
      message: expect.stringMatching(
        /409.*was changed since it was read, and nothing was done/,
      ) as string,
    });
    expect(api.template.metadata.annotations).toBeUndefined();
  });

  it('deletes only the pod that is sick where that is configured', async () => {
    const { api, replicas, patches } = await start({ restart: 'pod' });
    await replicas.restart('llm', 'engine-1abc-1', ask);
    await replicas.restart('llm', 'engine-1abc-1', ask);
    expect([...api.deletedPods]).toEqual(['engine-1abc-1']);
    expect((await replicas.replicas('llm')).map(({ name }) => name)).toEqual([
      'engine-1abc-0',
      'engine-1abc-1-new',
    ]);
    expect(patches()).toEqual([]);
  });

  it('refuses a paused Deployment, which would never roll out', async () => {
    const { api, replicas } = await start();
    api.isPaused = true;
    await expect(replicas.restart('llm', 'engine-1abc-0', ask)).rejects.toMatchObject({
      reason: 'rejected',
      message: expect.stringContaining('kubectl rollout resume deployment/engine -n llm') as string,
    });
  });
});

describe('kubernetes: releases', () => {
  it('rolls back to an earlier template, whole, once, and forward again', async () => {
    const { api, deployment, patches } = await start();
    const first = (await deployment.releases('llm')).active;
    const template = structuredClone(api.template);
    api.deploy('registry.example/engine:v2');
    const { active: second, known } = await deployment.releases('llm');
    expect(known.map(({ id }) => id)).toEqual([first, second]);
    expect(second).toMatch(/^v2-/);
    const ask = { operationId: 'roll-back', release: first, ifRelease: second };
    await deployment.activate('llm', ask);
    await deployment.activate('llm', ask);
    expect(api.template).toEqual(template);
    expect(api.annotations).toMatchObject({ owner: 'team-llm' });
    expect(patches()).toHaveLength(1);
    expect((await deployment.releases('llm')).active).toBe(first);
    await deployment.activate('llm', { operationId: 'undo', release: second, ifRelease: first });
    expect(api.template.spec.containers[0]?.image).toBe('registry.example/engine:v2');
  });

  it('changes nothing when another release is active by now, or came in between', async () => {
    const { api, deployment } = await start();
    const first = (await deployment.releases('llm')).active;
    api.deploy('registry.example/engine:v2');
    const { active: second } = await deployment.releases('llm');
    api.deploy('registry.example/engine:v3');
    const { active: third } = await deployment.releases('llm');
    const ask = { operationId: 'late', release: first, ifRelease: second };
    await expect(deployment.activate('llm', ask)).rejects.toMatchObject({
      reason: 'rejected',
      message: `deployment "llm/engine" is on release "${third}", not "${second}"`,
    });
    api.beforePatch = () => api.touch();
    await expect(deployment.activate('llm', { ...ask, ifRelease: third })).rejects.toMatchObject({
      reason: 'rejected',
    });
    expect((await deployment.releases('llm')).active).toBe(third);
    await expect(
      deployment.activate('llm', { ...ask, ifRelease: third, release: 'v0-00000000' }),
    ).rejects.toMatchObject({ reason: 'not-found' });
  });

  it('surfaces a bad image with the kubelet’s words', async () => {
    const { api, deployment, replicas } = await start();
    const good = (await deployment.releases('llm')).active;
    api.deploy('registry.example/engine:bad');
    const bad = (await deployment.releases('llm')).active;
    await deployment.activate('llm', { operationId: 'a', release: good, ifRelease: bad });
    await expect(
      deployment.activate('llm', { operationId: 'b', release: bad, ifRelease: good }),
    ).rejects.toMatchObject({
      reason: 'rejected',
      message: expect.stringMatching(
        /ProgressDeadlineExceeded.*pods wait: ImagePullBackOff/,
      ) as string,
    });
    expect((await replicas.replicas('llm'))[0]).toMatchObject({ state: 'starting' });
  });

  it('tells what changed, oldest first', async () => {
    const { api, deployment } = await start();
    api.restarts.set('engine-1abc-0', 2);
    const changes = await deployment.changes('llm', Date.parse('2026-11-24T00:00:00Z'));
    expect(changes).toMatchObject([
      { kind: 'release', service: 'llm', replica: undefined },
      { kind: 'scale', summary: 'Scaled up replica set to 2' },
      { kind: 'restart', replica: 'engine-1abc-0', summary: 'container engine ended: OOMKilled' },
    ]);
    expect(await deployment.changes('llm', Date.parse('2026-11-24T00:00:06Z'))).toHaveLength(1);
  });
});

describe('kubernetes on a bad day', () => {
  it('says what the account may not do', async () => {
    const { api, replicas, check } = await start();
    api.forbidden = /\/scale$/;
    await expect(replicas.scale('llm', { operationId: 'a', replicas: 3 })).rejects.toMatchObject({
      reason: 'unauthorized',
      message: expect.stringMatching(
        /403: .* is forbidden: User "paramedic" .*; grant it/,
      ) as string,
    });
    expect(await check()).toEqual([]);
    api.token = 'another';
    await expect(replicas.replicas('llm')).rejects.toMatchObject({ reason: 'unauthorized' });
    expect(await check()).toEqual([expect.stringContaining('answered 401: Unauthorized')]);
  });

  it('names a Deployment and a service that do not exist', async () => {
    const { server } = await start();
    const ports = portsOf(server.url, {
      services: { llm: { namespace: 'llm', deployment: 'no' } },
    });
    await expect(ports.replicas.replicas('llm')).rejects.toMatchObject({
      reason: 'not-found',
      message: expect.stringContaining('deployments "no" not found') as string,
    });
    await expect(ports.replicas.replicas('other')).rejects.toMatchObject({
      reason: 'not-found',
      message: 'service "other" has no Deployment; add it to the actuator\'s "services"',
    });
  });

  it.each<[string, Answer, string]>([
    ['no answer', 'hang', 'timeout'],
    ['half an answer', 'cut', 'unreachable'],
    ['a page of HTML', [200, '<html>'], 'rejected'],
    ['a proxy without a server behind it', [502, '<html>Bad Gateway'], 'unreachable'],
    ['too many requests', [429, ''], 'rate-limited'],
  ])('turns %s into %s', async (_what, answer, reason) => {
    const server = await startHttpServer(() => answer);
    await expect(portsOf(server.url).replicas.replicas('llm')).rejects.toMatchObject({
      name: 'AdapterError',
      reason,
    });
  });

  it('says that nobody answers, and never shows the token', async () => {
    const { replicas } = portsOf(`http://127.0.0.1:${await findFreePort()}`);
    const error: unknown = await replicas.replicas('llm').catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ reason: 'unreachable' });
    expect(JSON.stringify(error) + String(error)).not.toContain('sesame');
  });
});
