import http from 'node:http';
import type net from 'node:net';
import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT, type CryptoKey } from 'jose';
import { describe, expect, it, onTestFinished } from 'vitest';
import { oidcReader, oidcSchema } from '../../../src/adapters/identity/oidc.js';

interface Issuer {
  readonly url: string;
  readonly asked: string[];
  readonly sign: (claims: Record<string, unknown>, more?: Partial<Signed>) => Promise<string>;
  readonly stop: () => void;
}
interface Signed {
  readonly issuer: string;
  readonly audience: string;
  readonly expires: string;
  readonly key: CryptoKey;
}

/** A real issuer on loopback: discovery, keys, signed tokens. */
async function issuer(): Promise<Issuer> {
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  const jwk = { ...(await exportJWK(publicKey)), kid: 'k1', alg: 'ES256', use: 'sig' };
  const asked: string[] = [];
  const server = http.createServer((request, response) => {
    asked.push(request.url ?? '');
    const isKeys = request.url === '/keys';
    response.setHeader('content-type', 'application/json');
    response.end(
      JSON.stringify(isKeys ? { keys: [jwk] } : { issuer: url, jwks_uri: `${url}/keys` }),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as net.AddressInfo).port}`;
  const stop = () => {
    server.closeAllConnections();
    server.close();
  };
  onTestFinished(stop);
  return {
    ...{ url, asked, stop },
    sign: (claims, more = {}) =>
      new SignJWT(claims)
        .setProtectedHeader({ alg: 'ES256', kid: 'k1' })
        .setSubject('u1')
        .setIssuer(more.issuer ?? url)
        .setAudience(more.audience ?? 'paramedic')
        .setExpirationTime(more.expires ?? '5m')
        .sign(more.key ?? privateKey),
  };
}

const readerOf = ({ url }: Issuer) =>
  oidcReader(
    oidcSchema.parse({
      issuer: url,
      audience: 'paramedic',
      roles: { viewer: ['everybody'], operator: ['sre'] },
    }),
    Date.now,
  );

describe('a token of an OpenID Connect issuer', () => {
  it('gives the person’s name and the greatest role of their groups', async () => {
    const from = await issuer();
    const read = readerOf(from);
    const token = await from.sign({ email: 'ann@example.com', groups: ['everybody', 'sre'] });
    expect(await read(token)).toMatchObject({
      ...{ name: 'ann@example.com', role: 'operator', via: 'oidc' },
    });
    expect(await read(await from.sign({ groups: 'everybody' }))).toMatchObject({
      ...{ name: 'u1', role: 'viewer' },
    });
    // Its keys are asked for once.
    expect(from.asked).toEqual(['/.well-known/openid-configuration', '/keys']);
  });

  it('is refused when it is forged, for others, too old, or of nobody who may anything', async () => {
    const from = await issuer();
    const read = readerOf(from);
    const mine = { email: 'eve@example.com', groups: ['sre'] };
    const { privateKey: other } = await generateKeyPair('ES256');
    const secret = new TextEncoder().encode('x'.repeat(32));
    const symmetric = new SignJWT(mine)
      .setProtectedHeader({ alg: 'HS256', kid: 'k1' })
      .setSubject('u1')
      .setIssuer(from.url)
      .setAudience('paramedic')
      .setExpirationTime('5m')
      .sign(secret);
    const unsigned = new UnsecuredJWT(mine).setIssuer(from.url).setAudience('paramedic').encode();
    for (const token of [
      await from.sign(mine, { key: other }),
      await from.sign(mine, { audience: 'another' }),
      await from.sign(mine, { issuer: 'http://evil.example' }),
      await from.sign(mine, { expires: '-5m' }),
      await from.sign({ email: 'bob@example.com', groups: ['cooks'] }),
      await from.sign({ email: 'bob@example.com' }),
      await symmetric,
      unsigned,
      'pmt_no.jwt.atall',
    ]) {
      expect(await read(token), token).toBeUndefined();
    }
  });

  it('can’t be told from a forged one while the issuer is away, and that is said', async () => {
    const from = await issuer();
    const token = await from.sign({ groups: ['sre'] });
    from.stop();
    await expect(readerOf(from)(token)).rejects.toMatchObject({ reason: 'unreachable' });
  });
});
