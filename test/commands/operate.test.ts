import { describe, expect, it } from 'vitest';
import { operate } from '../../src/commands/operate.js';
import { configFile, run, serve } from './command-run.js';

const ID = 'incident:chat:engine-2:request_latency_p95';

describe('an operator’s command', () => {
  it('goes to the incident with who asks and why, and shows what comes of it', async () => {
    const result = 'stopping; what was changed is undone';
    const { port, received } = await serve(() => ({
      body: { id: ID, operation: 'abort', result },
    }));
    const config = configFile(`server: { port: ${port} }\n`);
    const options = { by: 'ada', reason: 'by hand', keep: true };
    expect(await run(() => operate(config, ID, 'abort', options))).toEqual({
      code: 0,
      output: `${result}\n`,
    });
    expect(received).toEqual([
      {
        method: 'POST',
        url: `/v1/incidents/${encodeURIComponent(ID)}/abort`,
        body: { by: 'ada', reason: 'by hand', keep: true },
      },
    ]);
  });

  it('leaves out what was not given, and gives scripts the whole answer', async () => {
    const answer = { id: ID, operation: 'approve', result: 'approved: the step goes on' };
    const { port, received } = await serve(() => ({ body: answer }));
    const config = configFile(`server: { port: ${port} }\n`);
    const shown = await run(() => operate(config, ID, 'approve', { by: 'ada', json: true }));
    expect(JSON.parse(shown.output)).toEqual(answer);
    expect(received[0]?.body).toEqual({ by: 'ada' });
  });

  it('fails with the reason when it is refused', async () => {
    const detail = 'it is being aborted already';
    const { port } = await serve(() => ({ status: 409, body: { title: 'Refused', detail } }));
    const config = configFile(`server: { port: ${port} }\n`);
    await expect(run(() => operate(config, ID, 'abort', { by: 'ada' }))).rejects.toThrow(detail);
  });

  it('fails with the status when the answer is not the API’s', async () => {
    const { port } = await serve(() => ({ status: 502, body: '<html>Bad gateway</html>' }));
    const config = configFile(`server: { port: ${port} }\n`);
    await expect(run(() => operate(config, ID, 'abort', { by: 'ada' }))).rejects.toThrow(
      `http://127.0.0.1:${port} answered 502`,
    );
  });
});
