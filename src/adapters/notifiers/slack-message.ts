import type { Notification, NotificationAction } from '../../domain/notification.js';

/** Slack's limits, in characters. */
const MAX_HEADER = 150;
const MAX_SECTION = 3_000;
const MAX_SECTIONS = 5;
const MAX_BUTTON_VALUE = 2_000;

const BUTTONS: Readonly<Record<NotificationAction, { label: string; style?: string }>> = {
  acknowledge: { label: 'Acknowledge' },
  approve: { label: 'Approve', style: 'primary' },
  deny: { label: 'Deny' },
  abort: { label: 'Abort recovery', style: 'danger' },
};

/** Names of our buttons: `paramedic.` and the action. */
const ACTION_PREFIX = 'paramedic.';

/** A notification as Slack's `text` (what a phone's banner shows) and `blocks`. */
export function slackMessage(notification: Notification, hasButtons: boolean) {
  const { title, text, facts, links, kind, severity } = notification;
  const stage = kind === 'trigger' ? severity : kind;
  const linkLine = links.map(({ label, url }) => link(url, label)).join(' · ');
  const buttons = hasButtons ? buttonsOf(notification) : [];
  return {
    text: escape(`[${stage}] ${title}`),
    blocks: [
      { type: 'header', text: { type: 'plain_text', text: title.slice(0, MAX_HEADER) } },
      ...sections(mrkdwn(text)).map((part) => ({ type: 'section', text: markdown(part) })),
      // Slack takes ten fields at most, of 2,000 characters each.
      ...chunks(facts, 10).map((some) => ({
        type: 'section',
        fields: some.map(({ name, value }) =>
          markdown(`*${escape(name)}*\n${escape(value)}`.slice(0, 2_000)),
        ),
      })),
      ...(linkLine === '' ? [] : [{ type: 'context', elements: [markdown(linkLine)] }]),
      ...(buttons.length === 0 ? [] : [{ type: 'actions', elements: buttons }]),
    ],
  };
}

function buttonsOf({ actions, incidentId }: Notification) {
  if (incidentId === undefined || incidentId.length > MAX_BUTTON_VALUE) return [];
  return actions.map((action) => {
    const { label, style } = BUTTONS[action];
    return {
      type: 'button',
      action_id: `${ACTION_PREFIX}${action}`,
      text: { type: 'plain_text', text: label },
      value: incidentId,
      ...(style === undefined ? {} : { style }),
      // A thumb on a phone must not change production by itself.
      ...(action === 'acknowledge' ? {} : { confirm: confirmation(label) }),
    };
  });
}

function confirmation(label: string) {
  return {
    title: { type: 'plain_text', text: `${label}?` },
    text: { type: 'plain_text', text: 'This acts on production at once.' },
    confirm: { type: 'plain_text', text: label },
    deny: { type: 'plain_text', text: 'Cancel' },
  };
}

const markdown = (text: string) => ({ type: 'mrkdwn', text });

/** Slack's own characters, which would make links and mentions of what we only quote. */
function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

const link = (url: string, label: string) =>
  `<${escape(url).replaceAll('|', '%7C')}|${escape(label).replaceAll('|', '/')}>`;

/** As much of Markdown as notifications use, in Slack's dialect. */
export function mrkdwn(text: string): string {
  return escape(text)
    .replace(/\[([^\]\n]+)\]\((https?:[^)\s]+)\)/g, '<$2|$1>')
    .replace(/^#{1,6} +(.+)$/gm, '*$1*')
    .replace(/\*\*([^*\n]+)\*\*/g, '*$1*')
    .replace(/^(\s*)[-*] +/gm, '$1• ');
}

/** Cut at line ends where there are some; what is too long for a message is left out and said. */
function sections(text: string): string[] {
  const parts: string[] = [];
  let rest = text.trim();
  while (rest !== '' && parts.length < MAX_SECTIONS) {
    const line = rest.length <= MAX_SECTION ? rest.length : rest.lastIndexOf('\n', MAX_SECTION);
    const end = line > 0 ? line : MAX_SECTION;
    parts.push(rest.slice(0, end));
    rest = rest.slice(end).trim();
  }
  if (rest !== '') parts[parts.length - 1] = `(the text goes on: see the incident)`;
  return parts;
}

function chunks<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) =>
    items.slice(i * size, (i + 1) * size),
  );
}
