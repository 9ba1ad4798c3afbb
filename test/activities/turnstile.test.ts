import { describe, expect, it } from 'vitest';
import { Turnstile } from '../../src/activities/turnstile.js';

/** Work that ends when it is told to. */
function held() {
  let end: (failed?: Error) => void = () => undefined;
  const done = new Promise<string>((resolve, reject) => {
    end = (failed) => (failed ? reject(failed) : resolve('done'));
  });
  return { work: () => done, end: (failed?: Error) => end(failed) };
}

describe('Turnstile', () => {
  it('lets some run, some wait in their order, and turns others away at once', async () => {
    const turnstile = new Turnstile(1, 2);
    const first = held();
    const started: string[] = [];
    const running = turnstile.pass(first.work);
    const waiting = ['a', 'b'].map((name) =>
      turnstile.pass(() => Promise.resolve(started.push(name))),
    );
    expect(await turnstile.pass(() => Promise.resolve(1))).toBeUndefined();
    expect(started).toEqual([]);
    first.end();
    expect(await running).toEqual({ result: 'done' });
    expect(await Promise.all(waiting)).toEqual([{ result: 1 }, { result: 2 }]);
    expect(started).toEqual(['a', 'b']);
    expect(await turnstile.pass(() => Promise.resolve(7))).toEqual({ result: 7 });
  });

  it('hands the turn on also after a failure', async () => {
    const turnstile = new Turnstile(1, 1);
    const first = held();
    const running = turnstile.pass(first.work);
    const next = turnstile.pass(() => Promise.resolve(1));
    first.end(new Error('no'));
    await expect(running).rejects.toThrow('no');
    expect(await next).toEqual({ result: 1 });
  });
});
