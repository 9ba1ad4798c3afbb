import type { Notification } from '../../domain/notification.js';

/** A notification as text for people: title, text, facts, links; Markdown stays as it is. */
export function plainText({ title, text, facts, links }: Notification): string {
  const blocks = [
    title,
    text.trim(),
    facts.map(({ name, value }) => `${name}: ${value}`).join('\n'),
    links.map(({ label, url }) => `${label}: ${url}`).join('\n'),
  ];
  return blocks.filter((block) => block !== '').join('\n\n');
}
