import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { parse as parseYaml } from 'yaml';
import { z } from 'zod';
import { AdapterError } from '../../domain/ports.js';

/** Where the credentials come from. */
export const kubernetesAuth = z.union([
  /** The pod's own service account. */
  z.literal('in-cluster'),
  /** A kubeconfig file; its current context unless told. */
  z.strictObject({ kubeconfig: z.string().min(1), context: z.string().optional() }),
]);
export type KubernetesAuth = z.output<typeof kubernetesAuth>;

/** How to reach an API server. Keys and certificates are PEM. */
export interface KubernetesAccess {
  /** Base URL without a slash at its end. */
  readonly server: string;
  readonly ca: string | undefined;
  readonly isVerified: boolean;
  readonly serverName: string | undefined;
  readonly client: { readonly cert: string; readonly key: string } | undefined;
  /** Read for each call, since projected tokens rotate; undefined without one. */
  readonly token: () => Promise<string | undefined>;
}

/** Where the kubelet mounts a pod's service account. */
const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';

const base64 = (data: string): string => Buffer.from(data, 'base64').toString('utf8');

// Other fields exist and mean nothing to us, so these are not strict.
const kubeconfigFile = z.object({
  'current-context': z.string().optional(),
  contexts: z
    .array(
      z.object({ name: z.string(), context: z.object({ cluster: z.string(), user: z.string() }) }),
    )
    .default([]),
  clusters: z
    .array(
      z.object({
        name: z.string(),
        cluster: z.object({
          server: z.string(),
          'certificate-authority': z.string().optional(),
          'certificate-authority-data': z.string().optional(),
          'insecure-skip-tls-verify': z.boolean().default(false),
          'tls-server-name': z.string().optional(),
        }),
      }),
    )
    .default([]),
  users: z
    .array(
      z.object({
        name: z.string(),
        user: z
          .object({
            token: z.string().optional(),
            tokenFile: z.string().optional(),
            'client-certificate': z.string().optional(),
            'client-certificate-data': z.string().optional(),
            'client-key': z.string().optional(),
            'client-key-data': z.string().optional(),
            exec: z.unknown().optional(),
            'auth-provider': z.unknown().optional(),
            username: z.string().optional(),
          })
          .nullish()
          .transform((user) => user ?? {}),
      }),
    )
    .default([]),
});
type User = z.output<typeof kubeconfigFile>['users'][number]['user'];

const refuse = (message: string, cause?: unknown): AdapterError =>
  new AdapterError('unauthorized', message, { cause });

async function readText(file: string, what: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw refuse(`${what} ${file} can't be read`, cause);
  }
}

async function inCluster(folder: string): Promise<KubernetesAccess> {
  const host = process.env['KUBERNETES_SERVICE_HOST'];
  const port = process.env['KUBERNETES_SERVICE_PORT'] ?? '443';
  if (host === undefined) {
    throw refuse('not in a Kubernetes pod (KUBERNETES_SERVICE_HOST is not set); use a kubeconfig');
  }
  return {
    server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
    ca: await readText(path.join(folder, 'ca.crt'), 'the service account’s CA'),
    isVerified: true,
    serverName: undefined,
    client: undefined,
    token: async () => (await readText(path.join(folder, 'token'), 'the token')).trim(),
  };
}

function refuseForeign(file: string, name: string, user: User): void {
  const kind =
    user.exec !== undefined ? 'exec' : user['auth-provider'] !== undefined ? 'auth-provider' : '';
  if (kind !== '') {
    throw refuse(
      `${file}: user "${name}" needs the ${kind} plug-in, which is not supported; ` +
        `use a service account's token (kubectl create token) or a client certificate`,
    );
  }
  if (user.username !== undefined) {
    throw refuse(`${file}: user "${name}" has a password, which no supported API server takes`);
  }
}

/** A PEM given inline in base64 or as a file relative to the kubeconfig. */
async function pem(
  folder: string,
  data: string | undefined,
  file: string | undefined,
): Promise<string | undefined> {
  if (data !== undefined) return base64(data);
  return file === undefined ? undefined : readText(path.resolve(folder, file), 'the certificate');
}

async function fromKubeconfig(file: string, wanted: string | undefined): Promise<KubernetesAccess> {
  const text = await readText(file, 'kubeconfig');
  let config: z.output<typeof kubeconfigFile>;
  try {
    config = kubeconfigFile.parse(parseYaml(text));
  } catch (cause) {
    throw refuse(`${file} is not a kubeconfig`, cause);
  }
  const contextName = wanted ?? config['current-context'];
  const named = <T extends { readonly name: string }>(
    list: readonly T[],
    name: unknown,
    what: string,
  ) => {
    const found = list.find((entry) => entry.name === name);
    if (found === undefined) throw refuse(`${file}: ${what} "${String(name)}" does not exist`);
    return found;
  };
  const { context } = named(config.contexts, contextName, 'context');
  const { cluster } = named(config.clusters, context.cluster, 'cluster');
  const { user } = named(config.users, context.user, 'user');
  refuseForeign(file, context.user, user);
  const folder = path.dirname(file);
  const cert = await pem(folder, user['client-certificate-data'], user['client-certificate']);
  const key = await pem(folder, user['client-key-data'], user['client-key']);
  const { token, tokenFile } = user;
  const isKnown = token !== undefined || tokenFile !== undefined;
  if (!isKnown && (cert === undefined || key === undefined)) {
    throw refuse(`${file}: user "${context.user}" has neither a token nor a client certificate`);
  }
  return {
    server: cluster.server.replace(/\/+$/, ''),
    ca: await pem(folder, cluster['certificate-authority-data'], cluster['certificate-authority']),
    isVerified: !cluster['insecure-skip-tls-verify'],
    serverName: cluster['tls-server-name'],
    client: cert !== undefined && key !== undefined ? { cert, key } : undefined,
    // The file wins, as in kubectl: it is the one that is kept fresh.
    token: async () =>
      tokenFile === undefined
        ? token
        : (await readText(path.resolve(folder, tokenFile), 'the token')).trim(),
  };
}

/**
 * Reads the credentials. `serviceAccount` is the folder of the pod's own, for tests.
 *
 * @throws AdapterError `unauthorized` with what is missing or not supported (exec plug-ins,
 * auth providers, passwords) and what to use instead.
 */
export function readAccess(
  auth: KubernetesAuth,
  serviceAccount = SERVICE_ACCOUNT,
): Promise<KubernetesAccess> {
  return auth === 'in-cluster'
    ? inCluster(serviceAccount)
    : fromKubeconfig(auth.kubeconfig, auth.context);
}
