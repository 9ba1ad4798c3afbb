import { createHash } from 'node:crypto';
import { createTransport, type Transporter } from 'nodemailer';
import { z } from 'zod';
import { NOTIFICATION_KINDS, type Notification } from '../../domain/notification.js';
import { AdapterError, type AdapterErrorReason, type Notifier } from '../../domain/ports.js';
import { readSecret, secretReference } from '../actuators/settings.js';
import type { NotifierKind } from './notifier.js';
import { plainText } from './plain-text.js';
import { timeout } from './settings.js';

const address = z.string().regex(/^[^\r\n]*[^\s@]+@[^\s@]+$|^[^\r\n<>]*<[^\s@<>]+@[^\s@<>]+>$/, {
  error: 'expected an address like "ops@example.com" or "paramedic <ops@example.com>"',
});

const schema = z.strictObject({
  host: z.string().min(1),
  port: z.int().min(1).max(65_535).default(587),
  /**
   * `starttls` insists on encryption after connecting (port 587), `implicit` is TLS from the start
   * (465), `none` sends in the clear: for a relay on this machine only.
   */
  tls: z.enum(['starttls', 'implicit', 'none']).default('starttls'),
  /** Account, where the server asks for one. */
  user: z.string().min(1).optional(),
  password: secretReference.optional(),
  from: address,
  to: z.array(address).min(1),
  timeout,
});
type Settings = z.output<typeof schema>;

/**
 * Email through an SMTP server. A message is delivered when the server has taken it for all
 * recipients that it knows.
 *
 * `Message-ID` is made of the notification's id: a try whose answer was lost is made again under the
 * same one, and mail systems that drop repeats (most stores do) show it once. `References` names the
 * conversation, so that mail programs show an incident as one thread.
 */
export const email = {
  kind: 'email',
  schema,
  takes: NOTIFICATION_KINDS,
  create(settings): Notifier {
    return {
      kind: 'email',
      async deliver(notification) {
        const transport = await transportOf(settings);
        try {
          const messageId = messageIdOf(notification.id, settings.from);
          await within(settings.timeout, transport.sendMail(mailOf(notification, settings)), () =>
            transport.close(),
          );
          return { ref: messageId };
        } catch (error) {
          throw failureOf(error, settings);
        } finally {
          transport.close();
        }
      },
      close: () => Promise.resolve(),
    };
  },
} as const satisfies NotifierKind<typeof schema>;

/** Made for each message: a password that was rotated is picked up, and none is kept. */
async function transportOf(settings: Settings): Promise<Transporter> {
  const { host, port, tls, user, password, timeout: timeoutMs } = settings;
  const pass = password === undefined ? undefined : await readSecret(password);
  return createTransport({
    ...{ host, port, secure: tls === 'implicit', requireTLS: tls === 'starttls' },
    ...(tls === 'none' ? { ignoreTLS: true } : {}),
    ...(user === undefined ? {} : { auth: { user, pass: pass ?? '' } }),
    ...{ connectionTimeout: timeoutMs, greetingTimeout: timeoutMs, socketTimeout: timeoutMs },
    ...{ disableFileAccess: true, disableUrlAccess: true },
  });
}

function mailOf(notification: Notification, { from, to }: Settings) {
  const { kind, severity, title, id, threadKey, atMs } = notification;
  const thread = messageIdOf(`thread ${threadKey}`, from);
  const stage = kind === 'trigger' ? severity : kind;
  return {
    ...{ from, to, messageId: messageIdOf(id, from), inReplyTo: thread, references: thread },
    subject: `[paramedic] ${stage}: ${title}`,
    text: plainText(notification),
    date: new Date(atMs),
    headers: {
      // Nobody's holiday responder should answer.
      'Auto-Submitted': 'auto-generated',
      'X-Paramedic-Incident': notification.incidentId ?? '',
      ...(severity === 'critical' && kind === 'trigger' ? { Importance: 'high' } : {}),
    },
  };
}

function messageIdOf(key: string, from: string): string {
  const domain = /@([^>\s]+)>?$/.exec(from)?.[1] ?? 'paramedic.invalid';
  return `<${createHash('sha256').update(key).digest('hex').slice(0, 32)}@${domain}>`;
}

/** One deadline for the whole conversation: a server that trickles never trips the socket's own. */
async function within<T>(ms: number, work: Promise<T>, onLate: () => void): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      onLate();
      reject(new AdapterError('timeout', `not taken within ${ms} ms`));
    }, ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
    // A late failure of what was given up is nobody's any more.
    work.catch(() => undefined);
  }
}

/** What of nodemailer's errors is looked at. */
interface MailError {
  readonly code?: string;
  readonly responseCode?: number;
  readonly command?: string;
}

function failureOf(error: unknown, { host, port }: Settings): AdapterError {
  const { code, responseCode } = error as MailError;
  const words = error instanceof Error ? error.message : String(error);
  const message = `mail server ${host}:${port}: ${words.slice(0, 300)}`;
  if (error instanceof AdapterError) return new AdapterError(error.reason, message);
  return new AdapterError(reasonOf(code, responseCode), message);
}

/** RFC 5321: 5yz is for good, 4yz may be different later. */
function reasonOf(code: string | undefined, status: number | undefined): AdapterErrorReason {
  if (code === 'EAUTH') {
    return status !== undefined && status >= 400 && status < 500 ? 'unreachable' : 'unauthorized';
  }
  if (status === 421 || status === 450 || status === 451 || status === 452) return 'rate-limited';
  if (status !== undefined && status >= 500) return 'rejected';
  return code === 'ETIMEDOUT' ? 'timeout' : 'unreachable';
}
