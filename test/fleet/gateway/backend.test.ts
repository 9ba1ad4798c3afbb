import { describe, expect, it } from 'vitest';
import type { Backend } from '../../../fleet/gateway/backend.js';
import { recordedBackend, run } from './backend-with.js';

function share(backend: Backend, tenant: string, count = 300): Record<string, number> {
  const counts: Record<string, number> = {};
  for (let index = 0; index < count; index++) {
    const selection = backend.select(tenant, new Set());
    const name = selection.kind === 'server' ? selection.server.name : selection.kind;
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

describe('Backend', () => {
  it('shares requests by weight', () => {
    const backend = recordedBackend();
    run(backend, 'set weight engines/e1 50');
    expect(share(backend, 'chat', 250)).toEqual({ e1: 50, e2: 100, e3: 100 });
  });

  it.each([
    'set weight engines/e2 0',
    'set server engines/e2 state drain',
    'disable server engines/e2',
    'set server engines/e2 health down',
    'add map circuit engines/e2 open',
  ])('sends nothing new after "%s"', (command) => {
    const backend = recordedBackend();
    run(backend, command);
    expect(share(backend, 'chat')).toEqual({ e1: 150, e3: 150 });
  });

  it('lets the share of a half-open server through', () => {
    const backend = recordedBackend();
    run(backend, 'add map circuit engines/e2 half-open:10');
    expect(share(backend, 'chat', 210)).toEqual({ e1: 100, e2: 10, e3: 100 });
  });

  it('refuses all of an open backend and nine in ten of a half-open one', () => {
    const backend = recordedBackend();
    const admitted = (): number =>
      Array.from({ length: 100 }, () => backend.admit('chat')).filter((a) => a === 'admitted')
        .length;
    run(backend, 'add map circuit engines open');
    expect(admitted()).toBe(0);
    run(backend, 'set map circuit engines half-open:10');
    expect(admitted()).toBe(10);
    run(backend, 'del map circuit engines');
    expect(admitted()).toBe(100);
  });

  it('gives a routed tenant a server of its own', () => {
    const backend = recordedBackend();
    run(backend, 'add map routing noisy e3');
    expect(share(backend, 'noisy')).toEqual({ e3: 300 });
    expect(share(backend, 'chat')).toEqual({ e1: 150, e2: 150 });
  });

  it('routes to a pool, and uses a dedicated server when nothing else is left', () => {
    const backend = recordedBackend();
    run(backend, 'add map pools e2 slow; add map pools e3 slow; add map routing noisy pool:slow');
    expect(share(backend, 'noisy')).toEqual({ e2: 150, e3: 150 });
    expect(share(backend, 'chat')).toEqual({ e1: 300 });
    run(backend, 'set server engines/e1 state maint');
    expect(share(backend, 'chat')).toEqual({ e2: 150, e3: 150 });
  });

  it('rejects a tenant', () => {
    const backend = recordedBackend();
    run(backend, 'add map routing noisy reject');
    expect([backend.admit('noisy'), backend.admit('chat')]).toEqual(['rejected', 'admitted']);
  });

  it('passes over servers at their limit, and says when all are', () => {
    const backend = recordedBackend();
    run(backend, 'set maxconn server engines/e1 1');
    for (const server of backend.servers()) server.sessions = 1;
    expect(share(backend, 'chat')).toEqual({ e2: 150, e3: 150 });
    run(backend, 'set maxconn server engines/e2 1; set maxconn server engines/e3 1');
    expect(backend.select('chat', new Set()).kind).toBe('full');
    run(backend, 'disable server engines/e1; disable server engines/e2; disable server engines/e3');
    expect(backend.select('chat', new Set()).kind).toBe('none');
  });

  it('is byte-equal to what it was after a change and its reverse', () => {
    const backend = recordedBackend();
    const before = JSON.stringify(backend.state());
    run(
      backend,
      'set weight engines/e1 10; set server engines/e2 state drain; add map routing a reject',
    );
    expect(JSON.stringify(backend.state())).not.toBe(before);
    run(backend, 'set weight engines/e1 100; set server engines/e2 state ready; del map routing a');
    expect(JSON.stringify(backend.state())).toBe(before);
  });
});
