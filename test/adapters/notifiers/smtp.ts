import net, { type AddressInfo } from 'node:net';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { onTestFinished } from 'vitest';

/** A mail as the server took it. */
export interface ReceivedMail {
  readonly recipients: readonly string[];
  /** Headers and body as sent. */
  readonly raw: string;
}

/** What the server says to a whole message; undefined takes it, `lost` takes it and never says so. */
export type MailFault = { readonly code: number; readonly text: string } | 'lost' | undefined;

/** A real SMTP server on loopback that ends with the test. */
export async function startSmtp(faults: MailFault[] = [], options: SMTPServerOptions = {}) {
  const mails: ReceivedMail[] = [];
  const server = new SMTPServer({
    ...{ authOptional: true, disabledCommands: ['STARTTLS'], logger: false, closeTimeout: 100 },
    onData(stream, session, callback) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const fault = faults.shift();
        if (fault === undefined || fault === 'lost') {
          mails.push({
            recipients: session.envelope.rcptTo.map(({ address }) => address),
            raw: Buffer.concat(chunks).toString(),
          });
          if (fault === undefined) callback();
          return;
        }
        callback(Object.assign(new Error(fault.text), { responseCode: fault.code }));
      });
    },
    ...options,
  });
  // A client that hangs up in the middle is what these tests are about.
  server.on('error', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => new Promise((resolve) => server.close(() => resolve())));
  const { port } = server.server.address() as AddressInfo;
  return { port, mails };
}

/** A port that takes connections, says `greeting` if there is one, and nothing ever after. */
export async function startSilent(greeting: string | undefined): Promise<number> {
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    if (greeting !== undefined) socket.write(greeting);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(
    () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  );
  return (server.address() as AddressInfo).port;
}
