import {
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { SeriesStore } from '../../src/detector/series-store.js';
import { restoreSnapshot, saveSnapshot } from '../../src/detector/snapshot-file.js';
import { scratchFolder } from '../support/scratch.js';

const query = { service: 'chat', fromMs: 0, toMs: 1e15 };

function storeOf(value: number): SeriesStore {
  const store = new SeriesStore();
  for (let i = 0; i < 1000; i += 1) {
    store.record({ service: 'chat', replica: 'e1', metric: 'größe' }, i * 1000, value + i / 7);
    store.record({ service: 'chat', replica: undefined, metric: 'm' }, i * 1000, -value);
  }
  return store;
}

async function restored(file: string) {
  const store = new SeriesStore();
  const result = await restoreSnapshot(file, store);
  return { ...result, series: store.rangeNow(query) };
}

describe('snapshot file', () => {
  it('brings back every sample, and what was saved beside them', async () => {
    const file = path.join(scratchFolder(), 'sub', 'detector.snapshot');
    const store = storeOf(1);
    await saveSnapshot(file, store, 123, { open: ['a'] });
    const { snapshot, problems, series } = await restored(file);
    expect(snapshot).toEqual({
      savedAtMs: 123,
      samples: 2000,
      extra: { open: ['a'] },
      file: 'current',
    });
    expect(problems).toEqual([]);
    expect(series).toEqual(store.rangeNow(query));
    expect(readdirSync(path.dirname(file))).toEqual(['detector.snapshot']);
  });

  it('starts empty without a file', async () => {
    const file = path.join(scratchFolder(), 'none');
    expect(await restored(file)).toEqual({ snapshot: undefined, problems: [], series: [] });
  });

  it('takes the one before when the newest is torn anywhere', async () => {
    const file = path.join(scratchFolder(), 'detector.snapshot');
    await saveSnapshot(file, storeOf(1), 1);
    await saveSnapshot(file, storeOf(2), 2);
    const whole = readFileSync(file);
    for (const length of [0, 5, 20, 200, whole.length - 1]) {
      writeFileSync(file, whole.subarray(0, length));
      const { snapshot, problems } = await restored(file);
      expect(snapshot).toMatchObject({ savedAtMs: 1, file: 'previous' });
      expect(problems).toHaveLength(1);
    }
    const flipped = Buffer.from(whole);
    flipped[whole.length >> 1]! ^= 1;
    writeFileSync(file, flipped);
    expect(await restored(file)).toMatchObject({
      snapshot: { savedAtMs: 1 },
      problems: [expect.stringMatching(/checksum/)],
    });
  });

  it('takes the one before when a crash fell between the two renames', async () => {
    const file = path.join(scratchFolder(), 'detector.snapshot');
    await saveSnapshot(file, storeOf(1), 1);
    renameSync(file, `${file}.previous`);
    expect((await restored(file)).snapshot).toMatchObject({ savedAtMs: 1, file: 'previous' });
    await saveSnapshot(file, storeOf(2), 2);
    expect((await restored(file)).snapshot).toMatchObject({ savedAtMs: 2, file: 'current' });
    expect(existsSync(`${file}.previous`)).toBe(true);
  });

  it('reports both when both are torn, and starts empty', async () => {
    const file = path.join(scratchFolder(), 'detector.snapshot');
    await saveSnapshot(file, storeOf(1), 1);
    await saveSnapshot(file, storeOf(2), 2);
    truncateSync(file, 100);
    writeFileSync(`${file}.previous`, 'something else altogether');
    const { snapshot, problems, series } = await restored(file);
    expect(snapshot).toBeUndefined();
    expect(problems).toHaveLength(2);
    expect(series).toEqual([]);
  });
});
