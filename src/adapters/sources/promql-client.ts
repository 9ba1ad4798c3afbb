import { z } from 'zod';
import { AdapterError } from '../../domain/ports.js';
import { HttpReader } from './http-reader.js';

/** One series of a PromQL result; only finite values, in time order, Unix milliseconds. */
export interface PromqlSeries {
  readonly labels: Readonly<Record<string, string>>;
  readonly timesMs: readonly number[];
  readonly values: readonly number[];
}

/** A range of instants, both ends included, a step apart; milliseconds. */
export interface PromqlRange {
  readonly fromMs: number;
  readonly toMs: number;
  readonly stepMs: number;
}

const point = z.tuple([z.number(), z.string()]);
const labels = z.record(z.string(), z.string());
const answerSchema = z.object({
  status: z.literal('success'),
  data: z.discriminatedUnion('resultType', [
    z.object({
      resultType: z.literal('vector'),
      result: z.array(z.object({ metric: labels, value: point })),
    }),
    z.object({
      resultType: z.literal('matrix'),
      result: z.array(z.object({ metric: labels, values: z.array(point) })),
    }),
    z.object({ resultType: z.literal('scalar'), result: point }),
  ]),
});

const BODY_LIMIT = 64 * 1024 * 1024;

/** Client of a Prometheus-compatible query API. */
export class PromqlClient {
  readonly #reader: HttpReader;

  /**
   * `baseUrl` as the API's `/api/v1/query` is below it; `headers` are asked for before each request.
   */
  constructor(
    private readonly baseUrl: string,
    private readonly timeoutMs: number,
    private readonly headers: () =>
      Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>,
    connections = 4,
  ) {
    this.#reader = new HttpReader(() => connections, timeoutMs);
  }

  /** Evaluates at an instant, by default the server's now. @throws AdapterError */
  query(query: string, atMs?: number): Promise<PromqlSeries[]> {
    const time = atMs === undefined ? {} : { time: String(atMs / 1000) };
    return this.#ask('api/v1/query', { query, ...time });
  }

  /** Evaluates over a range; the server refuses more than 11,000 steps. @throws AdapterError */
  queryRange(query: string, { fromMs, toMs, stepMs }: PromqlRange): Promise<PromqlSeries[]> {
    return this.#ask('api/v1/query_range', {
      query,
      start: String(fromMs / 1000),
      end: String(toMs / 1000),
      step: String(stepMs / 1000),
    });
  }

  close(): Promise<void> {
    return this.#reader.close();
  }

  async #ask(path: string, parameters: Record<string, string>): Promise<PromqlSeries[]> {
    const url = new URL(path, this.baseUrl.endsWith('/') ? this.baseUrl : `${this.baseUrl}/`);
    url.search = new URLSearchParams(parameters).toString();
    const body = await this.#reader.get({
      url,
      headers: await this.headers(),
      timeoutMs: this.timeoutMs,
      bodyLimit: BODY_LIMIT,
    });
    let text: string;
    try {
      text = body.buffer.toString('utf8', 0, body.length);
    } finally {
      body.release();
    }
    const { data } = parseAnswer(text);
    if (data.resultType === 'scalar') return [seriesOf({}, [data.result])];
    if (data.resultType === 'vector') {
      return data.result.map(({ metric, value }) => seriesOf(metric, [value]));
    }
    return data.result.map(({ metric, values }) => seriesOf(metric, values));
  }
}

function parseAnswer(text: string): z.output<typeof answerSchema> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new AdapterError('rejected', 'the answer is no JSON: is this a Prometheus API?', {
      cause,
    });
  }
  const parsed = answerSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  throw new AdapterError('rejected', `not a PromQL result: ${z.prettifyError(parsed.error)}`);
}

function seriesOf(
  metric: Readonly<Record<string, string>>,
  points: readonly (readonly [number, string])[],
): PromqlSeries {
  // NaN is how a quotient of no requests reads: there is no value then.
  const finite = points
    .map(([seconds, value]) => [Math.round(seconds * 1000), Number(value)] as const)
    .filter(([, value]) => Number.isFinite(value));
  return {
    labels: metric,
    timesMs: finite.map(([atMs]) => atMs),
    values: finite.map(([, value]) => value),
  };
}
