import type { Answer, SeenRequest } from './http-server.js';

type Json = Record<string, unknown>;
type Labels = Record<string, string>;

interface Template {
  metadata: { labels: Labels; annotations?: Labels };
  spec: { containers: { name: string; image: string; ports: { containerPort: number }[] }[] };
}

interface ReplicaSet {
  name: string;
  uid: string;
  revision: number;
  createdAtMs: number;
  template: Template;
}

const REVISION = 'deployment.kubernetes.io/revision';
const OK = 200;

/** A template of an engine of some image. */
const templateOf = (image: string): Template => ({
  metadata: { labels: { app: 'engine' } },
  spec: { containers: [{ name: 'engine', image, ports: [{ containerPort: 2242 }] }] },
});

/** `Status` as the API server answers a refusal. */
const status = (code: number, reason: string, message: string): Answer => [
  code,
  { kind: 'Status', apiVersion: 'v1', status: 'Failure', message, reason, code },
];

/**
 * One namespace of an API server, with a Deployment `engine` and its controller, as far as the
 * actuator sees them: resource versions, conflicts, the three kinds of patch, and roll-outs that
 * complete at once, or never when the image ends in `:bad`.
 */
export class KubernetesApi {
  resourceVersion = 100;
  generation = 1;
  replicas = 2;
  isPaused = false;
  annotations: Labels = { owner: 'team-llm' };
  template = templateOf('registry.example/engine:v1');
  readonly sets: ReplicaSet[] = [];
  readonly restarts = new Map<string, number>();
  readonly deletedPods = new Set<string>();
  hpas: Json[] = [];
  scaledObjects: Json[] | undefined;
  /** Paths that the account may not use. */
  forbidden: RegExp | undefined;
  token: string | undefined;
  /** Runs before a patch is applied: another client's change. */
  beforePatch: () => void = () => undefined;

  constructor() {
    this.#reconcile();
  }

  /** Another client's deploy. */
  deploy(image: string): void {
    this.template = { ...templateOf(image) };
    this.#changed();
  }

  /** Another client's change of something that does not matter to us. */
  touch(): void {
    this.resourceVersion += 1;
  }

  readonly answer = ({ method, url, headers, body }: SeenRequest): Answer => {
    const [path = '', query = ''] = url.split('?');
    if (this.token !== undefined && headers.authorization !== `Bearer ${this.token}`) {
      return status(401, 'Unauthorized', 'Unauthorized');
    }
    if (this.forbidden?.test(path) === true) {
      return status(403, 'Forbidden', `${path} is forbidden: User "paramedic" cannot do that`);
    }
    const parts = /^\/apis?\/([\w./]+)\/namespaces\/llm\/([^/]+)(?:\/([^/]+)(?:\/(\w+))?)?$/.exec(
      path,
    );
    const [, group, kind, name, sub] = parts ?? [];
    const deployment = `${group}/${kind}/${name}` === 'apps/v1/deployments/engine';
    if (method === 'GET' && name === undefined) return this.#list(kind, query);
    if (method === 'GET' && kind === 'pods' && sub === 'log') {
      return this.#pods().some((pod) => pod.metadata.name === name)
        ? [OK, `${query}\nline of ${name}\n`]
        : status(404, 'NotFound', `pods "${name}" not found`);
    }
    if (method === 'DELETE' && kind === 'pods') {
      return this.#deletePod(name ?? '', JSON.parse(body) as Json);
    }
    if (!deployment) return status(404, 'NotFound', `${kind} "${name}" not found`);
    if (method === 'PATCH')
      return this.#patch(headers['content-type'] ?? '', JSON.parse(body), sub);
    return [OK, sub === 'scale' ? this.#scale() : this.#deployment()];
  };

  #list(kind: string | undefined, query: string): Answer {
    if (kind === 'horizontalpodautoscalers') return [OK, { items: this.hpas }];
    if (kind === 'scaledobjects') {
      return this.scaledObjects === undefined
        ? [404, '404 page not found\n']
        : [OK, { items: this.scaledObjects }];
    }
    if (kind === 'events') {
      const isOurs = decodeURIComponent(query).includes('involvedObject.name=engine');
      const event = { reason: 'ScalingReplicaSet', message: 'Scaled up replica set to 2' };
      return [OK, { items: isOurs ? [{ ...event, lastTimestamp: '2026-11-24T00:00:05Z' }] : [] }];
    }
    if (decodeURIComponent(query) !== 'labelSelector=app=engine') return [OK, { items: [] }];
    if (kind === 'pods') return [OK, { items: [...this.#pods(), this.#strangePod()] }];
    return [OK, { items: this.sets.map((set) => this.#replicaSet(set)) }];
  }

  #patch(type: string, patch: unknown, sub: string | undefined): Answer {
    this.beforePatch();
    const conflict = status(
      409,
      'Conflict',
      'Operation cannot be fulfilled on deployments.apps "engine": the object has been modified; ' +
        'please apply your changes to the latest version and try again',
    );
    if (type === 'application/json-patch+json') {
      for (const { op, path, value } of patch as { op: string; path: string; value: unknown }[]) {
        if (path === '/metadata/resourceVersion') {
          if (value !== String(this.resourceVersion)) return conflict;
        } else if (path === '/metadata/annotations') this.annotations = value as Labels;
        else if (op === 'replace' && path === '/spec/template') this.template = value as Template;
        else return status(422, 'Invalid', `unexpected ${op} ${path}`);
      }
      this.#changed();
      return [OK, this.#deployment()];
    }
    const { metadata, spec } = patch as {
      metadata?: { resourceVersion?: string };
      spec?: { replicas?: number; template?: { metadata: { annotations: Labels } } };
    };
    const expected = metadata?.resourceVersion;
    if (expected !== undefined && expected !== String(this.resourceVersion)) return conflict;
    if (sub === 'scale' && type === 'application/merge-patch+json') {
      this.replicas = spec?.replicas ?? this.replicas;
    } else if (sub === undefined && type === 'application/strategic-merge-patch+json') {
      const { labels, annotations } = this.template.metadata;
      const merged = { ...annotations, ...spec?.template?.metadata.annotations };
      this.template = { ...this.template, metadata: { labels, annotations: merged } };
    } else return status(415, 'UnsupportedMediaType', `unexpected ${type}`);
    this.#changed();
    return [OK, this.#deployment()];
  }

  #deletePod(name: string, options: Json): Answer {
    const pod = this.#pods().find(({ metadata }) => metadata.name === name);
    if (pod === undefined) return status(404, 'NotFound', `pods "${name}" not found`);
    const { uid } = options['preconditions'] as { uid: string };
    if (uid !== pod.metadata.uid) return status(409, 'Conflict', 'the UID in the precondition');
    this.deletedPods.add(name);
    return [OK, {}];
  }

  #changed(): void {
    this.resourceVersion += 1;
    this.generation += 1;
    this.#reconcile();
  }

  /** What the Deployment's controller does: a ReplicaSet per template, used again if it is back. */
  #reconcile(): void {
    const wanted = JSON.stringify(this.template);
    const revision = Math.max(0, ...this.sets.map((set) => set.revision)) + 1;
    const present = this.sets.find((set) => JSON.stringify(set.template) === wanted);
    if (present?.revision === revision - 1) return;
    if (present !== undefined) present.revision = revision;
    else {
      const name = `engine-${revision}abc`;
      const createdAtMs = Date.parse('2026-11-24T00:00:00Z') + revision * 1_000;
      this.sets.push({ name, uid: `uid-${name}`, revision, createdAtMs, template: this.template });
    }
    this.annotations = { ...this.annotations, [REVISION]: String(revision) };
  }

  get #isStuck(): boolean {
    return this.template.spec.containers[0]?.image.endsWith(':bad') === true;
  }

  #deployment(): Json {
    const ready = this.#isStuck ? 0 : this.replicas;
    return {
      metadata: {
        name: 'engine',
        uid: 'uid-engine',
        resourceVersion: String(this.resourceVersion),
        generation: this.generation,
        annotations: this.annotations,
      },
      spec: {
        replicas: this.replicas,
        ...(this.isPaused ? { paused: true } : {}),
        selector: { matchLabels: { app: 'engine' } },
        template: this.template,
      },
      status: {
        observedGeneration: this.generation,
        replicas: this.replicas,
        updatedReplicas: ready,
        availableReplicas: this.replicas,
        conditions: this.#isStuck
          ? [
              {
                type: 'Progressing',
                status: 'False',
                reason: 'ProgressDeadlineExceeded',
                message: 'ReplicaSet "engine-2abc" has timed out progressing.',
              },
            ]
          : [],
      },
    };
  }

  #scale(): Json {
    const { resourceVersion, replicas } = this;
    return { metadata: { resourceVersion: String(resourceVersion) }, spec: { replicas } };
  }

  #replicaSet({ name, uid, revision, createdAtMs, template }: ReplicaSet): Json {
    const { labels, ...others } = template.metadata;
    return {
      metadata: {
        name,
        uid,
        annotations: { [REVISION]: String(revision) },
        creationTimestamp: new Date(createdAtMs).toISOString(),
        ownerReferences: [{ uid: 'uid-engine' }],
      },
      spec: {
        template: {
          ...template,
          metadata: { ...others, labels: { ...labels, 'pod-template-hash': `${revision}abc` } },
        },
      },
    };
  }

  #pods() {
    const newest = this.sets.reduce((one, other) => (other.revision > one.revision ? other : one));
    const names = Array.from({ length: this.replicas }, (_unused, index) => {
      const name = `${newest.name}-${index}`;
      return this.deletedPods.has(name) ? `${name}-new` : name;
    });
    return names.map((name, index) => ({
      metadata: { name, uid: `uid-${name}`, ownerReferences: [{ uid: newest.uid }] },
      spec: newest.template.spec,
      status: {
        phase: this.#isStuck ? 'Pending' : 'Running',
        podIP: `10.0.0.${index + 1}`,
        conditions: [{ type: 'Ready', status: this.#isStuck ? 'False' : 'True' }],
        containerStatuses: [
          {
            name: 'engine',
            restartCount: this.restarts.get(name) ?? 0,
            ...(this.#isStuck ? { state: { waiting: { reason: 'ImagePullBackOff' } } } : {}),
            ...(this.restarts.has(name)
              ? {
                  lastState: {
                    terminated: { finishedAt: '2026-11-24T00:00:09Z', reason: 'OOMKilled' },
                  },
                }
              : {}),
          },
        ],
      },
    }));
  }

  /** Wears the labels and belongs to nobody. */
  #strangePod(): Json {
    return {
      metadata: { name: 'stranger' },
      spec: { containers: [{ name: 'x' }] },
      status: { phase: 'Running' },
    };
  }
}
