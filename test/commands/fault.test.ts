import { describe, expect, it } from 'vitest';
import { runFault } from '../../src/commands/fault.js';
import { configFile, run, serve } from './command-run.js';

const catalogue = [
  { name: 'slow-replica', scope: 'replica', description: 'Thermal throttling', curedBy: 'weight' },
];

async function fleetAnswering(body: unknown, status = 200) {
  const { port, received } = await serve(() => ({ status, body }));
  return { config: configFile(`fleet: { supervisorPort: ${port} }\n`), received };
}

describe('paramedic fault', () => {
  it('without a name lists what there is, and what is active', async () => {
    const { config } = await fleetAnswering({ catalogue, active: [] });
    const { code, output } = await run(() => runFault(config, undefined, undefined, {}));
    expect(code).toBe(0);
    expect(output).toContain('slow-replica  replica  Thermal throttling');
    expect(output).toContain('active: none');
  });

  it('injects one, for as long as it is told', async () => {
    const { config, received } = await fleetAnswering({ injected: [{}] });
    const { output } = await run(() =>
      runFault(config, 'slow-replica', 'engine-2', { for: '90s' }),
    );
    expect(received).toEqual([
      {
        method: 'POST',
        url: '/v1/faults',
        body: { fault: 'slow-replica', replica: 'engine-2', forMs: 90_000 },
      },
    ]);
    expect(output).toBe(
      'slow-replica on engine-2 is active; end it with: bin/paramedic fault clear\n',
    );
  });

  it('ends all', async () => {
    const { config, received } = await fleetAnswering({ cleared: [] });
    const { output } = await run(() => runFault(config, 'clear', undefined, { json: true }));
    expect(received).toMatchObject([{ method: 'DELETE', url: '/v1/faults' }]);
    expect(JSON.parse(output)).toEqual({ cleared: [] });
  });

  it('fails with what the fleet says', async () => {
    const error = 'replica: "engine-9" does not exist';
    const { config } = await fleetAnswering({ error }, 400);
    await expect(run(() => runFault(config, 'slow-replica', 'engine-9', {}))).rejects.toThrow(
      error,
    );
  });

  it('does not reach for a fleet that is not the reference’s', async () => {
    const config = configFile('server: { port: 2242 }\n');
    await expect(run(() => runFault(config, 'crash', 'engine-1', {}))).rejects.toThrow(
      'has no "fleet" section: faults are only for the reference fleet',
    );
  });

  it('says so when the fleet is down', async () => {
    const config = configFile('fleet: { supervisorPort: 1 }\n');
    await expect(run(() => runFault(config, 'crash', 'engine-1', {}))).rejects.toThrow(
      'the reference fleet does not answer',
    );
  });

  it('refuses a length of time without its unit', async () => {
    const { config, received } = await fleetAnswering({});
    await expect(run(() => runFault(config, 'crash', 'engine-1', { for: '90' }))).rejects.toThrow(
      'expected a duration',
    );
    expect(received).toEqual([]);
  });
});
