import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

export const ROOT = path.resolve(import.meta.dirname, '../..');
export const PAGES = [
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  'SECURITY.md',
  'fleet/README.md',
  ...readdirSync(path.join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md'))
    .map((file) => path.join('docs', file)),
];

/** The text of a page, by its path in the repository. */
export const read = (page: string): string => readFileSync(path.join(ROOT, page), 'utf8');

/** Fenced blocks of a language, in all pages. */
export function blocks(language: string): { page: string; text: string }[] {
  const fence = new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm');
  return PAGES.flatMap((page) =>
    [...read(page).matchAll(fence)].map((match) => ({ page, text: match[1] ?? '' })),
  );
}

/** Commands of the sh blocks, without comments; one per line. */
export function documentedCommands(): { page: string; line: string }[] {
  return blocks('sh').flatMap(({ page, text }) =>
    text
      .split('\n')
      .map((line) => line.replace(/\s+#.*$/, '').trim())
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => ({ page, line })),
  );
}
