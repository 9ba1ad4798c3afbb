import path from 'node:path';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { IncidentDetailJson } from '../../src/server/incident-json.js';
import { open, picture, SCREENS, seriousIssues, startBrowser } from '../server/web/browser.js';
import { panelQueries } from '../support/grafana.js';
import { describeWithProgram } from '../support/programs.js';
import { PrometheusProcess } from '../support/prometheus.js';
import { eventually } from './eventually.js';
import { Stack } from './stack.js';

const WITHIN_MS = 90_000;
const TEST_MS = 300_000;
const RULES = path.resolve(import.meta.dirname, '../../integrations/prometheus');
const ORDER = { by: 'ada', reason: 'the node is mine' };

describeWithProgram('chromium', 'the dashboards of a running stack', (chromium) => {
  describeWithProgram('prometheus', 'that Prometheus scrapes', (program) => {
    let stack: Stack;
    let browser: Browser;
    let prometheus: PrometheusProcess;
    /** What the browser complained of, on all pages. */
    const complaints: string[] = [];
    /** The gateway's state before anything was repaired. */
    let untouched: string;
    let incident: IncidentDetailJson;

    beforeAll(async () => {
      stack = await Stack.prepare({
        recovery: {
          verification: { hold: '4s', timeout: '20s' },
          // Nothing is released by itself: what is undone was aborted.
          releaseAfterWindows: 100,
          autonomy: {
            load_balancer_adjust: 'approve',
            traffic_routing: 'approve',
            cache_invalidation: 'suggest',
            circuit_breaker_open: 'suggest',
            restart_service: 'suggest',
            scale_resources: 'suggest',
            deployment_rollback: 'suggest',
          },
          approval: { timeout: '20m', onTimeout: 'skip' },
        },
      });
      prometheus = await PrometheusProcess.start(program, {
        global: { scrape_interval: '1s', evaluation_interval: '1s' },
        rule_files: ['alerts', 'recording'].map((name) =>
          path.join(RULES, `paramedic-${name}.rules.yml`),
        ),
        scrape_configs: [
          {
            job_name: 'paramedic',
            static_configs: [{ targets: [`127.0.0.1:${stack.ports.server}`] }],
          },
        ],
      });
      browser = await startBrowser(chromium);
      await stack.start();
      untouched = await stack.gateway.state();
      incident = await untilAsked();
    }, TEST_MS);

    afterAll(async () => {
      await browser.close();
      await prometheus.stop();
      await stack.stop();
    }, 120_000);

    /**
     * Breaks engine-2 and waits until an operator is asked. Whether the incident is the replica's or the
     * whole service's depends on how busy this machine is; both are aimed at the worst replica.
     */
    async function untilAsked(): Promise<IncidentDetailJson> {
      expect((await stack.cli('fault', 'slow-replica', 'engine-2')).code).toBe(0);
      const asking = await eventually(
        () => stack.incidents(),
        (all) => all.some(({ state }) => state === 'awaiting-approval'),
        { what: 'an approval to be asked for', withinMs: WITHIN_MS, context: () => stack.output },
      );
      const [id = ''] = asking.flatMap((one) =>
        one.state === 'awaiting-approval' ? [one.id] : [],
      );
      return stack.incident(id);
    }

    const addressOf = (where: string) => `http://127.0.0.1:${stack.ports.server}${where}`;
    const incidentPage = () => `/incidents/${encodeURIComponent(incident.id)}`;

    /** A page of the real server, for as long as `use` takes. */
    async function withPage(
      options: Parameters<typeof open>[1],
      use: (page: Page) => Promise<void>,
    ): Promise<void> {
      const opened = await open(browser, options);
      try {
        await use(opened.page);
      } finally {
        complaints.push(...opened.complaints);
        await opened.page.context().close();
      }
    }

    /** Clicks a button of the incident, and confirms as ada. */
    async function give(page: Page, incidents: Locator, button: string): Promise<void> {
      await incidents.getByRole('button', { name: button, exact: true }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel('Your name').fill(ORDER.by);
      await dialog.getByLabel('Reason').fill(ORDER.reason);
      await dialog.getByRole('button', { name: button, exact: true }).click();
      await dialog.waitFor({ state: 'detached' });
    }

    const untilGateway = (what: string, accept: (state: string) => boolean) =>
      eventually(() => stack.gateway.state(), accept, {
        what,
        withinMs: WITHIN_MS,
        context: () => stack.output,
      });

    it(
      'shows the incident on every page, wide and on a phone, light and dark',
      async () => {
        const shows: Readonly<Record<string, readonly [address: string, text: string | RegExp]>> = {
          sla: ['/', /violated, (critical|major|minor)/],
          response: ['/response', 'A step waits for your approval'],
          incident: [incidentPage(), 'A step waits for your approval'],
          causes: ['/causes', 'Historical patterns'],
        };
        for (const [screen, size] of Object.entries(SCREENS)) {
          for (const colorScheme of ['light', 'dark'] as const) {
            await withPage({ ...size, colorScheme }, async (page) => {
              for (const [name, [address, text]] of Object.entries(shows)) {
                await page.goto(addressOf(address));
                await page.getByText(text).first().waitFor();
                await picture(page, `live-${name}-${screen}-${colorScheme}`);
                // The phone's differ by layout only; both are looked at with sample data.
                if (screen === 'wide') expect(await seriousIssues(page), name).toEqual([]);
              }
            });
          }
        }
        expect(await stack.gateway.state()).toBe(untouched);
        expect(complaints).toEqual([]);
      },
      TEST_MS,
    );

    it(
      'approves the step in the page: it is done at the gateway, and the page says so by itself',
      async () => {
        await withPage(SCREENS.wide, async (page) => {
          await page.goto(addressOf('/response'));
          await give(page, page.getByRole('main'), 'Approve');
          await untilGateway('the approved step at the gateway', (now) => now !== untouched);
          await page
            .getByText('A step waits for your approval')
            .waitFor({ state: 'detached', timeout: WITHIN_MS });
          await page.goto(addressOf(incidentPage()));
          await page.getByText('Owed undos, newest first').waitFor();
          await page.getByText('undetermined').first().waitFor({ timeout: WITHIN_MS });
          await picture(page, 'live-incident-approved-wide-light');
          await page.goto(addressOf('/causes'));
          await page.getByText('Correlations and their lags').waitFor();
          await picture(page, 'live-causes-approved-wide-light');
        });
        expect(complaints).toEqual([]);
      },
      TEST_MS,
    );

    it(
      'aborts it in the page: what was changed is undone at the gateway',
      async () => {
        await withPage(SCREENS.wide, async (page) => {
          await page.goto(addressOf(incidentPage()));
          await give(page, page.getByRole('main'), 'Abort');
          await untilGateway('its undo at the gateway', (now) => now === untouched);
          await page.getByText('ada: abort').first().waitFor({ timeout: WITHIN_MS });
          await page.getByText('Owed undos, newest first').waitFor({ state: 'detached' });
          await picture(page, 'live-incident-aborted-wide-light');
        });
        const aborted = await stack.until(
          incident.id,
          'the abort in the outcome',
          ({ outcome }) => outcome === 'aborted',
          WITHIN_MS,
        );
        expect(aborted.owed).toEqual([]);
        expect(complaints).toEqual([]);
      },
      TEST_MS,
    );

    it(
      'feeds every panel of the Grafana dashboards, as Prometheus answers its queries',
      async () => {
        for (const { dashboard, panel, expression } of panelQueries()) {
          await eventually(
            () => prometheus.instant(expression),
            (samples) => samples.some(({ value: [, value] }) => Number.isFinite(Number(value))),
            { what: `${dashboard} / ${panel}: ${expression}`, withinMs: 60_000 },
          );
        }
      },
      TEST_MS,
    );
  });
});
