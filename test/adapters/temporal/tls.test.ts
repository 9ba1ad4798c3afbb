import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import tls from 'node:tls';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { connectClient, connectWorker } from '../../../src/adapters/temporal/connection.js';
import { temporalAccess } from '../../../src/compose/temporal-access.js';
import { parseConfig } from '../../../src/config/load.js';
import { describeWithProgram } from '../../support/programs.js';
import { scratchFolder } from '../../support/scratch.js';
import { createDevServerEnv } from '../../support/temporal.js';

describeWithProgram('openssl', 'Temporal over TLS', (openssl) => {
  let env: TestWorkflowEnvironment;
  beforeAll(async () => {
    env = await createDevServerEnv();
  });
  afterAll(() => env.teardown());

  /** An authority, and a certificate of it for each name, in a folder of this test's. */
  function certificates(...names: string[]): string {
    const folder = scratchFolder();
    const run = (...args: string[]) => execFileSync(openssl, args, { cwd: folder, stdio: 'pipe' });
    const fresh = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
    run('req', '-x509', ...fresh, '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=test CA');
    for (const name of names) {
      const subject = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}`];
      run('req', ...fresh, '-keyout', `${name}.key`, '-out', `${name}.csr`, ...subject);
      const signer = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial'];
      run(
        ...['x509', '-req', '-in', `${name}.csr`, ...signer, '-days', '2'],
        ...['-out', `${name}.pem`, '-copy_extensions', 'copy'],
      );
    }
    return folder;
  }

  /** The dev server behind TLS that asks the client for a certificate, as a cluster's front end does. */
  async function behindTls(folder: string): Promise<string> {
    const file = (name: string) => readFileSync(path.join(folder, name));
    const target = Number(env.address.split(':')[1]);
    const server = tls.createServer(
      {
        ...{ cert: file('temporal.test.pem'), key: file('temporal.test.key'), ca: file('ca.pem') },
        ...{ requestCert: true, rejectUnauthorized: true, ALPNProtocols: ['h2'] },
      },
      (near) => {
        const far = net.connect(target, '127.0.0.1');
        near.pipe(far).pipe(near);
        near.on('error', () => far.destroy());
        far.on('error', () => near.destroy());
      },
    );
    server.on('tlsClientError', () => undefined);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    return `127.0.0.1:${(server.address() as net.AddressInfo).port}`;
  }

  const access = (address: string, settings: object) =>
    temporalAccess(
      parseConfig(JSON.stringify({ temporal: { address, tls: settings } }), 'a.yaml', {}),
      {},
    );

  it.each([
    ['client', connectClient],
    ['worker', connectWorker],
  ] as const)('%s: is let in with its certificate, and only with it', async (_kind, connect) => {
    const folder = certificates('temporal.test', 'paramedic.test');
    const address = await behindTls(folder);
    const file = (name: string) => path.join(folder, name);
    const trusted = { ca: file('ca.pem'), serverName: 'temporal.test' };
    const own = { cert: file('paramedic.test.pem'), key: file('paramedic.test.key') };

    const { target } = await access(address, { ...trusted, ...own });
    const connection = await connect(target);
    await connection.workflowService.getSystemInfo({});
    await connection.close();

    for (const settings of [trusted, own, { ...trusted, ...own, serverName: 'other.test' }]) {
      const refused = await access(address, settings);
      await expect(connect(refused.target, { deadlineMs: 1_500 })).rejects.toMatchObject({
        name: 'AdapterError',
      });
    }
  });
});
