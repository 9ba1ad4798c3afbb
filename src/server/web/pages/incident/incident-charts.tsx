import { useSignal } from '@preact/signals';
import type { IncidentSeries, Series } from '../../lib/contract.js';
import { clock, quantity, words } from '../../lib/format.js';
import { useResource } from '../../lib/resource.js';
import { incidentSeries } from '../../lib/resources.js';
import { Empty, Loaded, Panel } from '../../ui/panel.js';
import { Spark } from '../../ui/spark.js';
import { stageTone } from '../../ui/state.js';
import { lineStyle, TimeChart } from '../../ui/time-chart.js';

/** A chart of more replicas is a tangle: the rest is among the small ones. */
const MOST_LINES = 6;

/** The violated SLI with its limit and what was done marked on it, then the series that matter, small. */
export function IncidentCharts({ id }: { readonly id: string }) {
  const all = useSignal(false);
  const known = useResource(incidentSeries(id, all.value));
  return (
    <>
      <Panel title="The violated measure">
        <Loaded of={known} what="series">
          {(data) => <Violated data={data} />}
        </Loaded>
      </Panel>
      <Panel
        title={all.value ? 'All series of the service' : 'Series that matter'}
        flush
        aside={
          <button
            class="btn small quiet"
            type="button"
            aria-pressed={all.value}
            onClick={() => (all.value = !all.value)}
          >
            {all.value ? 'Only those that matter' : 'Show all'}
          </button>
        }
      >
        <Loaded of={known} what="series">
          {({ series }) => <Smalls series={series} />}
        </Loaded>
      </Panel>
    </>
  );
}

function Violated({ data }: { readonly data: IncidentSeries }) {
  const metric = data.series[0]?.metric;
  const lines = data.series.filter((one) => one.metric === metric).slice(0, MOST_LINES);
  const read = useSignal<{ atMs: number; values: readonly (number | null)[] } | undefined>(
    undefined,
  );
  if (metric === undefined || lines.length === 0) {
    return (
      <Empty>
        The samples of that time are no longer held here: the report has the pictures that were
        taken.
      </Empty>
    );
  }
  const reading = read.value;
  return (
    <>
      <TimeChart
        series={lines}
        marks={data.marks}
        label={`${words(metric)} of ${lines.map(({ replica, service }) => replica ?? service).join(', ')} over the incident, with its limit and ${data.marks.length} marks; the timeline says the same in words`}
        onRead={(atMs, values) => (read.value = atMs === undefined ? undefined : { atMs, values })}
      />
      <p class="legend">
        <strong>
          {words(metric)}
          {reading === undefined ? '' : ` at ${clock(reading.atMs)}`}
        </strong>
        {lines.map(({ replica, service, unit, points }, i) => (
          <span key={replica ?? service}>
            <Line index={i} />
            {replica ?? service}{' '}
            {quantity(reading === undefined ? points.at(-1)?.[1] : reading.values[i], unit)}
          </span>
        ))}
      </p>
      <Marks marks={data.marks} />
    </>
  );
}

function Line({ index }: { readonly index: number }) {
  const { colour, dash } = lineStyle(index);
  return (
    <svg width="22" height="8" aria-hidden="true">
      <line
        x1="0"
        y1="4"
        x2="22"
        y2="4"
        stroke={`var(--${colour})`}
        stroke-width="2"
        stroke-dasharray={dash.join(' ')}
      />
    </svg>
  );
}

function Marks({ marks }: { readonly marks: IncidentSeries['marks'] }) {
  if (marks.length === 0) return null;
  return (
    <ol class="marks">
      {marks.map(({ at, stage, text }, i) => (
        <li key={`${at}/${i}`}>
          <b class={`tone-${stageTone(stage)}`}>{i + 1}</b>
          <span class="muted">{clock(at)}</span>
          <span class="text">
            {words(stage)}: {text}
          </span>
        </li>
      ))}
    </ol>
  );
}

function Smalls({ series }: { readonly series: readonly Series[] }) {
  if (series.length === 0) return <Empty>No samples of that time are held any more.</Empty>;
  return (
    <div class="smalls">
      {series.map((one) => (
        <Small key={`${one.replica ?? ''}/${one.metric}`} one={one} />
      ))}
    </div>
  );
}

function Small({ one }: { readonly one: Series }) {
  const { metric, replica, service, unit, limit, points } = one;
  return (
    <div class="small">
      <h3 title={metric}>{words(metric)}</h3>
      <p>
        <span>{replica ?? service}</span>
        <span>{quantity(points.at(-1)?.[1], unit)}</span>
      </p>
      <Spark
        values={points.map(([, value]) => value)}
        times={points.map(([ms]) => ms)}
        limit={limit}
      />
    </div>
  );
}
