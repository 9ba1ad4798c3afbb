import { expect, it } from 'vitest';
import { Batch } from '../../src/compose/batch.js';

/** Calls that end when they are told to. */
function held() {
  const calls: { readonly asks: readonly number[]; end(): void; fail(error: Error): void }[] = [];
  const batch = new Batch<number, string>(2, (asks) => {
    return new Promise((resolve, reject) => {
      calls.push({ asks, end: () => resolve(asks.map((ask) => `to ${ask}`)), fail: reject });
    });
  });
  return { batch, calls };
}

it('asks at once while there is a call to spare, and else all together', async () => {
  const { batch, calls } = held();
  const answers = [1, 2, 3, 4, 5].map((ask) => batch.ask(ask));
  expect(calls.map(({ asks }) => asks)).toEqual([[1], [2]]);
  calls[1]!.end();
  expect(await answers[1]).toBe('to 2');
  expect(calls.map(({ asks }) => asks)).toEqual([[1], [2], [3, 4, 5]]);
  calls[2]!.end();
  expect(await Promise.all(answers.slice(2))).toEqual(['to 3', 'to 4', 'to 5']);
  calls[0]!.end();
  expect(await answers[0]).toBe('to 1');
});

it('fails with the call that an ask went with, and goes on', async () => {
  const { batch, calls } = held();
  const answers = [1, 2, 3, 4].map((ask) => batch.ask(ask));
  calls[0]!.fail(new Error('away'));
  await expect(answers[0]).rejects.toThrow('away');
  calls[2]!.fail(new Error('still away'));
  await expect(answers[2]).rejects.toThrow('still away');
  await expect(answers[3]).rejects.toThrow('still away');
  calls[1]!.end();
  expect(await answers[1]).toBe('to 2');
  const last = batch.ask(9);
  calls[3]!.end();
  expect(await last).toBe('to 9');
});

it('rejects asks that were not answered', async () => {
  const batch = new Batch<number, string>(1, () => Promise.resolve([]));
  await expect(batch.ask(1)).rejects.toThrow('0 answers to 1 asks');
});
