import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import type { Browser } from 'playwright-core';
import { describeWithProgram } from '../../support/programs.js';
import { eventually } from '../../e2e/eventually.js';
import { open, picture, SCREENS, seriousIssues, startBrowser, type Opened } from './browser.js';
import { FakeApi } from './fake-api.js';
import { ASKING, past, sampleAnswers } from './sample-answers.js';

const TEST_MS = 90_000;
const WITHIN_MS = 15_000;
const PAGES = {
  sla: '/',
  response: '/response',
  causes: '/causes',
  incident: `/incidents/${encodeURIComponent(ASKING)}`,
  incidents: '/incidents',
} as const;
/** What each page shows once its data is there. */
const SHOWS: Readonly<Record<keyof typeof PAGES, string>> = {
  sla: 'Violations per hour',
  response: 'A step waits for your approval',
  causes: 'the hardware or host under a replica',
  incident: 'thermal throttling',
  incidents: '42 of 42',
};

describeWithProgram('chromium', 'the dashboards in a browser', (program) => {
  let browser: Browser;
  let api: FakeApi;
  let opened: Opened[];

  beforeAll(async () => {
    browser = await startBrowser(program);
  });
  afterAll(() => browser.close());
  beforeEach(async () => {
    opened = [];
    api = new FakeApi();
    for (const [path, answer] of sampleAnswers(Date.now())) api.answers.set(path, answer);
    await api.start();
  });
  afterEach(async () => {
    for (const { page } of opened) await page.context().close();
    await api.stop();
    // Last, so that everything is closed also when this fails.
    expect(opened.flatMap(({ complaints }) => complaints)).toEqual([]);
  });

  async function at(path: string, options: Parameters<typeof open>[1] = SCREENS.wide) {
    const one = await open(browser, options);
    opened.push(one);
    await one.page.goto(api.url + path);
    return one.page;
  }

  for (const [screen, size] of Object.entries(SCREENS)) {
    for (const colorScheme of ['light', 'dark'] as const) {
      it(
        `shows every page ${screen} and ${colorScheme}, with nothing serious for axe`,
        async () => {
          const page = await at('/', { ...size, colorScheme });
          for (const [name, path] of Object.entries(PAGES)) {
            await page.goto(api.url + path);
            await page
              .getByText(SHOWS[name as keyof typeof PAGES])
              .first()
              .waitFor();
            await picture(page, `sample-${name}-${screen}-${colorScheme}`);
            expect(await seriousIssues(page), name).toEqual([]);
            const overflow = await page.evaluate(
              'document.documentElement.scrollWidth - document.documentElement.clientWidth',
            );
            expect(overflow, `${name} scrolls sideways`).toBe(0);
          }
        },
        TEST_MS,
      );
    }
  }

  it(
    'paints within a second, from memory, with nothing inline and no other host',
    async () => {
      const page = await at('/');
      const paints: number[] = [];
      // The best of some: what else runs on the machine is not the page's.
      for (let i = 0; i < 5 && Math.min(...paints, 1_000) >= 1_000; i += 1) {
        await page.reload();
        await page.getByRole('heading', { name: 'SLA compliance' }).waitFor();
        paints.push(
          Number(
            await page.evaluate(
              'performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? Infinity',
            ),
          ),
        );
      }
      expect(Math.min(...paints)).toBeLessThan(1_000);
      const origins = await page.evaluate<string[]>(
        '[...new Set(performance.getEntriesByType("resource").map((e) => new URL(e.name).origin))]',
      );
      expect(origins).toEqual([api.url]);
    },
    TEST_MS,
  );

  it(
    'sends an approval with name, reason and a key, once it is confirmed',
    async () => {
      const page = await at(PAGES.response);
      await page.getByRole('button', { name: 'Approve' }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByText('drain engine-2, restart it, put it back').waitFor();
      expect(api.sent).toEqual([]);
      await dialog.getByLabel('Your name').fill('ada');
      await dialog.getByLabel('Reason').fill('the node is mine');
      await dialog.getByRole('button', { name: 'Approve' }).click();
      await page.getByText('it is done').waitFor();
      expect(api.sent).toMatchObject([
        {
          method: 'POST',
          path: `/v1/incidents/${ASKING}/approve`,
          body: { by: 'ada', reason: 'the node is mine' },
        },
      ]);
      expect(api.sent[0]?.key).toMatch(/^[0-9a-f]{32}$/);
      expect(await dialog.count()).toBe(0);
    },
    TEST_MS,
  );

  it(
    'aborts by keyboard alone, wants a reason for it, and shows a refusal where it was asked',
    async () => {
      api.replies.set(`/v1/incidents/${ASKING}/abort`, {
        status: 409,
        body: { detail: 'it is over already' },
      });
      const page = await at(PAGES.incident);
      const abort = page.getByRole('button', { name: 'Abort' });
      await abort.focus();
      await page.keyboard.press('Enter');
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel('Your name').focus();
      await page.keyboard.type('ada');
      await page.keyboard.press('Enter');
      // Without a reason the browser refuses to send it.
      expect(await dialog.locator('input:invalid, textarea:invalid').count()).toBe(1);
      expect(api.sent).toEqual([]);
      // It leads to what is missing.
      await page.keyboard.type('I take over');
      await page.keyboard.press('Tab');
      await page.keyboard.press('Space');
      await page.keyboard.press('Tab');
      await page.keyboard.press('Tab');
      await page.keyboard.press('Enter');
      await dialog.getByRole('alert').getByText('it is over already').waitFor();
      expect(api.sent).toMatchObject([{ body: { by: 'ada', reason: 'I take over', keep: true } }]);
      await page.keyboard.press('Escape');
      await dialog.waitFor({ state: 'detached' });
      expect(await page.locator(':focus').textContent()).toBe(await abort.textContent());
    },
    TEST_MS,
  );

  it(
    'sets a breaker, a recommendation, maintenance and the kill switch',
    async () => {
      const page = await at(PAGES.response);
      const confirm = async (open: string, verb: string) => {
        await page.getByRole('button', { name: open, exact: true }).first().click();
        const dialog = page.getByRole('dialog');
        await dialog.getByLabel('Your name').fill('ada');
        await dialog.getByLabel('Reason').fill('night shift');
        await dialog.getByRole('button', { name: verb, exact: true }).click();
        await dialog.waitFor({ state: 'detached' });
      };
      await confirm('Close the breaker of embed', 'Close');
      await confirm('Stop all actions', 'Stop all actions');
      await confirm('Begin maintenance', 'Begin maintenance');
      await page.getByRole('link', { name: 'Root cause' }).click();
      await confirm('Accept', 'Accept');
      expect(api.sent.map(({ method, path, body }) => [method, path, body])).toEqual([
        ['POST', '/v1/breakers/breaker:embed/close', { by: 'ada', reason: 'night shift' }],
        ['POST', '/v1/kill-switch', { on: true, by: 'ada', reason: 'night shift' }],
        ['PUT', '/v1/mode', { mode: 'maintenance', by: 'ada', reason: 'night shift', for: '60m' }],
        ['POST', '/v1/recommendations/r1', { state: 'accepted', by: 'ada', reason: 'night shift' }],
      ]);
    },
    TEST_MS,
  );

  it(
    'says what an older server does not have, and shows the rest',
    async () => {
      for (const path of ['/v1/breakers', '/v1/alerts', '/v1/mode']) api.answers.delete(path);
      const page = await at(PAGES.response);
      await page.getByText('This server has no circuit breakers yet.').waitFor();
      await page.getByText('This server has no alerts yet.').waitFor();
      await page.getByText('A step waits for your approval').waitFor();
      // The mode is known from the summary all the same.
      expect(await page.getByText('emergency').count()).toBeGreaterThan(0);
    },
    TEST_MS,
  );

  it(
    'says when nothing is wrong and nothing has happened',
    async () => {
      api.answers.set('/v1/incidents?limit=500', { incidents: [], next: null });
      const page = await at(PAGES.response);
      await page.getByText('Nothing is open.').waitFor();
      await page.getByRole('navigation').getByRole('link', { name: 'Incidents' }).click();
      await page.getByText('Nothing has happened yet.').waitFor();
      await page.getByRole('link', { name: 'Root cause' }).click();
      await page.getByText('No incident was analysed yet.').waitFor();
    },
    TEST_MS,
  );

  it(
    'keeps what it knows while the server is away, says how old it is, and goes on after',
    async () => {
      const page = await at('/');
      await page.getByText('violated, critical').waitFor();
      await api.stop();
      await page.getByText('No connection.').waitFor({ timeout: WITHIN_MS });
      await page.getByText(/Last updated .* ago, reconnecting/).waitFor({ timeout: WITHIN_MS });
      expect(await page.getByText('violated, critical').count()).toBe(1);
      await api.start();
      await page.getByText('No connection.').waitFor({ state: 'detached', timeout: 30_000 });
    },
    TEST_MS,
  );

  it(
    'passes on which parts do not answer, and why an order was not taken',
    async () => {
      api.answers.set('/health/production', {
        status: 'degraded',
        sla_compliance: 100,
        active_violations: 0,
        circuit_breakers: {},
        problems: ['Temporal does not answer: detection and paging go on, recoveries wait'],
      });
      const page = await at('/response');
      await page.getByText('Temporal does not answer: detection and paging go on').waitFor();
    },
    TEST_MS,
  );

  it(
    'asks for a token where one is wanted, refuses a wrong one, and takes the right one',
    async () => {
      api.token = 'secret';
      api.answers.set('/v1/session', { name: 'ada', role: 'operator', via: 'session' });
      const page = await at(PAGES.response);
      await page.getByLabel('Token').fill('wrong');
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.getByRole('alert').getByText('the token is not known').waitFor();
      expect(await seriousIssues(page)).toEqual([]);
      await picture(page, 'sample-login-wide-light');
      await page.getByLabel('Token').fill('secret');
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.getByText('A step waits for your approval').waitFor();
      await page.getByText('ada, operator').waitFor();
      // Signed in, the server knows who orders: nobody is asked for a name.
      await page.getByRole('button', { name: 'Approve' }).click();
      expect(await page.getByLabel('Your name').count()).toBe(0);
    },
    TEST_MS,
  );

  it(
    'asks again when an event says so, long before it would by itself',
    async () => {
      api.hasEvents = true;
      const page = await at(PAGES.response);
      await page.getByText('Live', { exact: true }).waitFor();
      await page.getByText('A step waits for your approval').waitFor();
      const count = () => api.asked.filter((path) => path === '/v1/breakers').length;
      const before = await eventually(count, (n) => n > 0, {
        what: 'the first',
        withinMs: WITHIN_MS,
      });
      api.answers.set('/v1/breakers', { breakers: [], next: null });
      api.tell('breaker');
      await page.getByText('No breaker has been needed yet').waitFor();
      expect(count()).toBeGreaterThan(before);
    },
    TEST_MS,
  );

  it(
    'bears a thousand incidents and two hundred series: rows in sight only, pictures in sight only',
    async () => {
      api.answers.set('/v1/incidents?limit=500', {
        incidents: past(Date.now(), 1_000),
        next: null,
      });
      const page = await at(PAGES.incidents);
      await page.getByText('1000 of 1000').waitFor();
      const rows = page.getByRole('listitem').filter({ has: page.getByRole('link') });
      await rows.first().waitFor();
      const inList = page.locator('.virtual .item');
      expect(await inList.count()).toBeLessThan(60);
      const longestMs = await scrolled(page, '.virtual');
      await eventually(
        () =>
          page.evaluate<number>(
            '((e) => e.scrollTop + e.clientHeight - e.scrollHeight)(document.querySelector(".virtual"))',
          ),
        (left) => left > -2,
        { what: 'the end of the list', withinMs: WITHIN_MS },
      );
      expect(await inList.count()).toBeGreaterThan(5);

      const incident = await at(PAGES.incident);
      await incident.getByRole('button', { name: 'Show all' }).click();
      await eventually(
        () => incident.locator('.smalls > .small').count(),
        (count) => count === 200,
        { what: 'two hundred series', withinMs: WITHIN_MS },
      );
      const drawn = Number(
        await incident.evaluate(
          '[...document.querySelectorAll(".smalls canvas")].filter((c) => c.width !== 300).length',
        ),
      );
      expect(drawn).toBeLessThan(150);
      // 20 ms on an idle machine; a frame of a second would be a page that hangs.
      expect(Math.max(longestMs, await scrolled(incident, 'html'))).toBeLessThan(1_000);
    },
    TEST_MS,
  );
});

/** Scrolls an element to its end over 40 frames; the longest frame in ms. */
async function scrolled(page: Opened['page'], selector: string): Promise<number> {
  return Number(
    await page.evaluate(`(async () => {
      const box = document.querySelector(${JSON.stringify(selector)});
      const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
      let longest = 0;
      let last = await frame();
      for (let i = 1; i <= 40; i += 1) {
        box.scrollTop = ((box.scrollHeight - box.clientHeight) * i) / 40;
        const now = await frame();
        longest = Math.max(longest, now - last);
        last = now;
      }
      return longest;
    })()`),
  );
}
