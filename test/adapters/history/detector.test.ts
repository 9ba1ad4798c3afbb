import { describe, expect, it, onTestFinished } from 'vitest';
import { COLUMNS_TYPE, encodeColumns } from '../../../src/adapters/history/columns.js';
import { detectorHistory, historyQuery } from '../../../src/adapters/history/detector.js';
import { SeriesStore } from '../../../src/detector/series-store.js';
import { serve } from '../sources/local-server.js';

function historyAt(url: string) {
  const history = detectorHistory.create(detectorHistory.schema.parse({ url, timeout: '500ms' }));
  onTestFinished(() => history.close());
  return history;
}
const columns = encodeColumns([
  { service: 'chat', replica: undefined, metric: 'a', timesMs: [1, 2], values: [3, 4] },
]);
const query = { service: 'chat', fromMs: 0, toMs: 10 };

describe('history of a detector elsewhere', () => {
  it('reads what its store holds', async () => {
    const store = new SeriesStore();
    for (let i = 0; i < 20; i += 1) {
      store.record({ service: 'chat', replica: 'e 1', metric: 'a' }, i, i / 3);
      store.record({ service: 'chat', replica: undefined, metric: 'b{x=1;y=2}' }, i, 5 - i);
    }
    const origin = await serve((request, response) => {
      const url = new URL(request.url!, 'http://x');
      expect(url.pathname).toBe('/internal/history');
      const asked = historyQuery.parse(Object.fromEntries(url.searchParams));
      expect(request.headers.accept).toBe(COLUMNS_TYPE);
      response.end(encodeColumns(store.rangeNow(asked)));
    });
    const history = historyAt(origin);
    expect(await history.range(query)).toEqual(store.rangeNow(query));
    for (const given of [
      { ...query, replica: 'e 1' },
      { ...query, metrics: ['b{x=1;y=2}', 'c'] },
      { ...query, fromMs: 5, metrics: [] },
    ]) {
      expect(await history.range(given)).toEqual(store.rangeNow(given));
    }
  });

  it.each([
    ['html', Buffer.from('<html>')],
    ['nothing', Buffer.alloc(0)],
    ['a header that is cut', columns.subarray(0, 20)],
    ['samples that are cut', columns.subarray(0, -1)],
    ['more samples than its header tells', Buffer.concat([columns, Buffer.alloc(8)])],
  ])('refuses %s', async (_, body) => {
    const origin = await serve((_request, response) => response.end(body));
    await expect(historyAt(origin).range(query)).rejects.toMatchObject({ reason: 'rejected' });
  });

  it('says when the detector is away or hangs', async () => {
    const origin = await serve(() => undefined);
    await expect(historyAt(origin).range(query)).rejects.toMatchObject({ reason: 'timeout' });
    const gone = historyAt('http://127.0.0.1:1');
    await expect(gone.range(query)).rejects.toMatchObject({ reason: 'unreachable' });
  });
});
