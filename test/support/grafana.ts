import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const FOLDER = path.resolve(import.meta.dirname, '../../integrations/grafana/dashboards');

/** One query of a panel, as the dashboard has it. */
export interface PanelQuery {
  readonly dashboard: string;
  readonly panel: string;
  readonly expression: string;
}

interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly panels: readonly {
    readonly title: string;
    readonly targets: readonly { readonly expr: string }[];
  }[];
}

/** The provisioned dashboards. */
export function dashboards(): Dashboard[] {
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith('.json'))
    .map((file) => JSON.parse(readFileSync(path.join(FOLDER, file), 'utf8')) as Dashboard);
}

/** Every query of every panel. */
export function panelQueries(): PanelQuery[] {
  return dashboards().flatMap(({ title, panels }) =>
    panels.flatMap((panel) =>
      panel.targets.map(({ expr }) => ({
        dashboard: title,
        panel: panel.title,
        expression: expr,
      })),
    ),
  );
}
