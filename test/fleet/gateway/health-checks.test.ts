import { describe, expect, it } from 'vitest';
import { countCheck } from '../../../fleet/gateway/health-checks.js';
import { newServer } from '../../../fleet/gateway/gateway-server.js';
import { configured } from './backend-with.js';

describe('countCheck', () => {
  it('takes two failures to be down and two passes to be up', () => {
    const server = newServer(1, configured('e1', 1), 0);
    const results: boolean[] = [];
    for (const passed of [true, false, true, false, false, true, true, true, false]) {
      const outcome = passed ? 'L7OK' : 'L4CON';
      countCheck(server, { outcome, status: passed ? 200 : 0 }, results.length);
      results.push(server.isUp);
    }
    expect(results).toEqual([true, true, true, true, false, false, true, true, true]);
    expect(server.counters).toMatchObject({ failedChecks: 4, downs: 1 });
  });
});
