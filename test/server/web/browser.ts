import { mkdirSync } from 'node:fs';
import path from 'node:path';
import axe, { type AxeResults } from 'axe-core';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';

const ARTIFACTS = path.resolve(import.meta.dirname, '../../../artifacts/screenshots');

/** What canvases take to draw themselves anew; a picture only, nothing is judged by it. */
const SETTLE_MS = 300;

/** The screens that the pages are looked at on. */
export const SCREENS = {
  wide: { viewport: { width: 1440, height: 900 } },
  phone: {
    viewport: { width: 390, height: 844 },
    deviceScaleFactor: 2,
    isMobile: true,
    hasTouch: true,
  },
} as const satisfies Readonly<Record<string, BrowserContextOptions>>;

/** Starts the system's Chromium, for `describeWithProgram('chromium', …)`. */
export function startBrowser(program: string): Promise<Browser> {
  return chromium.launch({
    executablePath: program,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

/** A page of its own with what the browser complained of. */
export interface Opened {
  readonly page: Page;
  /** Errors of scripts, of the console and of the content security policy. */
  readonly complaints: string[];
}

/** Opens a page; a failed request is no complaint, since pages must bear those: their script's errors are. */
export async function open(browser: Browser, options: BrowserContextOptions): Promise<Opened> {
  const context = await browser.newContext({ reducedMotion: 'reduce', ...options });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => {
    if (message.type() !== 'error') return;
    if (message.text().startsWith('Failed to load resource')) return;
    complaints.push(message.text());
  });
  return { page, complaints };
}

/** What axe finds that is serious or worse, a line each. */
export async function seriousIssues(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate<AxeResults>('axe.run()');
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary ?? ''}`),
    );
}

/**
 * Keeps a picture of the whole page under artifacts/. The window is made as high as the page for it:
 * canvases draw when they are seen, and what is fixed to an edge belongs to the edge.
 */
export async function picture(page: Page, name: string): Promise<void> {
  mkdirSync(ARTIFACTS, { recursive: true });
  const before = page.viewportSize();
  const height = Number(await page.evaluate('document.documentElement.scrollHeight'));
  if (before !== null) await page.setViewportSize({ width: before.width, height });
  await page.waitForTimeout(SETTLE_MS);
  await page.screenshot({ path: path.join(ARTIFACTS, `${name}.png`) });
  if (before !== null) await page.setViewportSize(before);
}
