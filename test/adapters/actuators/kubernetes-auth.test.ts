import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { TLSSocket } from 'node:tls';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { readAccess } from '../../../src/adapters/actuators/kubernetes-auth.js';
import { KubernetesClient } from '../../../src/adapters/actuators/kubernetes-client.js';
import { scratchFolder } from '../../support/scratch.js';

type Json = Readonly<Record<string, unknown>>;

function kubeconfig(user: Json, cluster: Json = {}): { folder: string; file: string } {
  const folder = scratchFolder();
  const file = path.join(folder, 'config');
  const config = {
    'current-context': 'here',
    contexts: [{ name: 'here', context: { cluster: 'c', user: 'u' } }],
    clusters: [{ name: 'c', cluster: { server: 'https://127.0.0.1:6443/', ...cluster } }],
    users: [{ name: 'u', user }],
  };
  writeFileSync(file, JSON.stringify(config));
  return { folder, file };
}

const read = (file: string, context?: string) =>
  readAccess({ kubeconfig: file, ...(context === undefined ? {} : { context }) });

describe('kubeconfig', () => {
  it('gives a token, inline or from a file that may rotate', async () => {
    const inline = await read(kubeconfig({ token: 'one' }).file);
    expect(inline).toMatchObject({ server: 'https://127.0.0.1:6443', isVerified: true });
    expect(await inline.token()).toBe('one');
    const { folder, file } = kubeconfig({ token: 'stale', tokenFile: 'token' });
    writeFileSync(path.join(folder, 'token'), 'two\n');
    const access = await read(file);
    expect(await access.token()).toBe('two');
    writeFileSync(path.join(folder, 'token'), 'three\n');
    expect(await access.token()).toBe('three');
  });

  it('gives certificates, in base64 or as files beside it', async () => {
    const { folder, file } = kubeconfig(
      { 'client-certificate-data': btoa('CERT'), 'client-key': 'key.pem' },
      { 'certificate-authority': 'ca.pem', 'tls-server-name': 'kube' },
    );
    writeFileSync(path.join(folder, 'key.pem'), 'KEY');
    writeFileSync(path.join(folder, 'ca.pem'), 'CA');
    expect(await read(file)).toMatchObject({
      ca: 'CA',
      client: { cert: 'CERT', key: 'KEY' },
      serverName: 'kube',
    });
  });

  it.each<[Json, string]>([
    [{ exec: { command: 'cloud-login' } }, 'needs the exec plug-in, which is not supported'],
    [{ 'auth-provider': { name: 'oidc' } }, 'needs the auth-provider plug-in'],
    [{ username: 'admin', password: 'x' }, 'has a password'],
    [{}, 'has neither a token nor a client certificate'],
    [{ 'client-certificate-data': btoa('CERT') }, 'has neither a token nor a client certificate'],
  ])('refuses %j with the way out', async (user, words) => {
    await expect(read(kubeconfig(user).file)).rejects.toMatchObject({
      reason: 'unauthorized',
      message: expect.stringContaining(words) as string,
    });
  });

  it('names what is missing', async () => {
    const { folder, file } = kubeconfig({ token: 'x' });
    await expect(read(file, 'elsewhere')).rejects.toMatchObject({
      message: `${file}: context "elsewhere" does not exist`,
    });
    await expect(read(path.join(folder, 'none'))).rejects.toMatchObject({
      reason: 'unauthorized',
      message: expect.stringContaining("none can't be read") as string,
    });
    writeFileSync(file, '{ unbalanced');
    await expect(read(file)).rejects.toMatchObject({ message: `${file} is not a kubeconfig` });
  });
});

describe('in-cluster', () => {
  it('takes the pod’s service account, and the token anew each time', async () => {
    const folder = scratchFolder();
    writeFileSync(path.join(folder, 'ca.crt'), 'CA');
    writeFileSync(path.join(folder, 'token'), 'one\n');
    vi.stubEnv('KUBERNETES_SERVICE_HOST', 'fd00::1');
    vi.stubEnv('KUBERNETES_SERVICE_PORT', '6443');
    onTestFinished(() => void vi.unstubAllEnvs());
    const access = await readAccess('in-cluster', folder);
    expect(access).toMatchObject({ server: 'https://[fd00::1]:6443', ca: 'CA', isVerified: true });
    writeFileSync(path.join(folder, 'token'), 'two\n');
    expect(await access.token()).toBe('two');
  });

  it('says that this is no pod', async () => {
    vi.stubEnv('KUBERNETES_SERVICE_HOST', undefined);
    onTestFinished(() => void vi.unstubAllEnvs());
    await expect(readAccess('in-cluster')).rejects.toMatchObject({
      reason: 'unauthorized',
      message: expect.stringContaining('not in a Kubernetes pod') as string,
    });
  });
});

/** Node makes no certificates; every Debian with HAProxy has this. */
const OPENSSL = 'openssl';

/** A CA, a server's certificate for 127.0.0.1 and a client's for CN=paramedic. */
function makeCertificates() {
  const folder = scratchFolder();
  const openssl = (...args: string[]): void => {
    execFileSync(OPENSSL, args, { cwd: folder, stdio: 'ignore' });
  };
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl('req', '-x509', ...curve, '-keyout', 'ca.key', '-out', 'ca.crt', '-subj', '/CN=ca');
  writeFileSync(path.join(folder, 'san'), 'subjectAltName=IP:127.0.0.1\n');
  for (const [name, subject] of [
    ['server', '/CN=server'],
    ['client', '/CN=paramedic'],
  ] as const) {
    const [key, csr, crt] = [`${name}.key`, `${name}.csr`, `${name}.crt`];
    openssl('req', ...curve, '-keyout', key, '-out', csr, '-subj', subject);
    const authority = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-extfile', 'san'];
    openssl('x509', '-req', '-in', csr, '-out', crt, ...authority);
  }
  return (name: string): string => readFileSync(path.join(folder, name), 'utf8');
}

describe('TLS', () => {
  it('verifies the server by the CA and shows the client certificate', async () => {
    const pem = makeCertificates();
    const subjects: string[] = [];
    const server = https.createServer(
      {
        key: pem('server.key'),
        cert: pem('server.crt'),
        ca: pem('ca.crt'),
        requestCert: true,
        rejectUnauthorized: false,
      },
      (request, response) => {
        const { socket } = request;
        const isShown = socket instanceof TLSSocket && socket.authorized;
        subjects.push(isShown ? String(socket.getPeerCertificate().subject.CN) : 'none');
        response.end('{}');
      },
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(
      () =>
        new Promise((resolve) => {
          server.close(() => resolve());
          server.closeAllConnections();
        }),
    );
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const get = async (user: Json, cluster: Json): Promise<unknown> => {
      const { file } = kubeconfig(user, { server: url, ...cluster });
      const client = new KubernetesClient({ kubeconfig: file }, 2_000);
      onTestFinished(() => client.close());
      return client.get('/api', (value) => value);
    };
    const ca = { 'certificate-authority-data': btoa(pem('ca.crt')) };
    const certificate = {
      'client-certificate-data': btoa(pem('client.crt')),
      'client-key-data': btoa(pem('client.key')),
    };
    expect(await get(certificate, ca)).toEqual({});
    expect(await get({ token: 'x' }, { 'insecure-skip-tls-verify': true })).toEqual({});
    expect(subjects).toEqual(['paramedic', 'none']);
    await expect(get({ token: 'x' }, {})).rejects.toMatchObject({ reason: 'unreachable' });
    expect(subjects).toHaveLength(2);
  });
});
