import { startHttpServer, type Answer } from '../actuators/http-server.js';

/** A message as the channel shows it. */
export interface SlackMessage {
  readonly ts: string;
  readonly threadTs: string | undefined;
  readonly form: Readonly<Record<string, string>>;
  readonly id: unknown;
}

/** What the next call of `chat.postMessage` does beside its work: `lost` posts, and never answers. */
export type SlackFault = Answer | 'lost' | undefined;

/** As much of Slack's Web API as the notifier uses, over real HTTP; ends with the test. */
export async function startSlack(faults: SlackFault[] = [], mayRead = true) {
  const messages: SlackMessage[] = [];
  const server = await startHttpServer((request) => {
    if (request.headers.authorization !== 'Bearer xoxb-1234-secret') {
      return [200, { ok: false, error: 'invalid_auth' }];
    }
    const form = Object.fromEntries(new URLSearchParams(request.body));
    switch (request.url) {
      case '/api/chat.postMessage': {
        const fault = faults.shift();
        if (fault !== undefined && fault !== 'lost') return fault;
        const metadata = JSON.parse(form['metadata'] ?? '{}') as {
          event_payload?: { id?: string };
        };
        const ts = `17000000${String(messages.length).padStart(2, '0')}.000100`;
        const threadTs = form['thread_ts'];
        messages.push({ ts, threadTs, form, id: metadata.event_payload?.id });
        return fault === 'lost' ? 'hang' : [200, { ok: true, ts, channel: form['channel'] }];
      }
      case '/api/conversations.history':
      case '/api/conversations.replies': {
        if (!mayRead) return [200, { ok: false, error: 'missing_scope' }];
        const shown = messages.filter(({ threadTs }) => threadTs === form['ts']);
        const all = shown.map(({ ts, form: sent }) => ({
          ...{ ts, metadata: JSON.parse(sent['metadata'] ?? '{}') as unknown },
        }));
        return [200, { ok: true, messages: [{ ts: '1.2', text: 'a person’s' }, ...all] }];
      }
      default:
        return [200, { ok: false, error: 'unknown_method' }];
    }
  });
  return { ...server, apiUrl: `${server.url}/api`, messages };
}
