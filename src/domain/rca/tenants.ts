import { changeAnywhere, demandRise, type Facts } from './facts.js';
import type { SignalChange } from './signal-change.js';

/** A tenant that causes less of the growth than this is not the one. */
const LEAST_SHARE_OF_GROWTH = 0.7;
/** And it must grow beyond its own part: when all double, the biggest one also grows most. */
const OUT_OF_PROPORTION = 2;
const CERTAIN_SHARE = 0.95;

/**
 * The change of the one tenant that causes most of the growth of what tenants ask for, in requests or in
 * bytes; undefined where the growth is everybody's, or there is none.
 */
export function noisyTenant(facts: Facts): SignalChange | undefined {
  const groups = new Map<string, SignalChange[]>();
  for (const change of facts.changes) {
    if (change.signal !== 'tenant-load') continue;
    const base = change.metric.replace(/\{[^}]*\}/, '');
    const group = groups.get(base);
    if (group) group.push(change);
    else groups.set(base, [change]);
  }
  const noisy = [...groups.values()].flatMap((tenants) => dominant(tenants) ?? []);
  return noisy.sort((a, b) => Math.abs(b.units) - Math.abs(a.units))[0];
}

/** Tokens must grow half as much again as requests to call the requests bigger. */
const LONGER_PROMPTS = 1.5;

/** The growth of what a request brings, where that is well above the growth of their number. */
export function biggerRequests(facts: Facts): SignalChange | undefined {
  const prompts = changeAnywhere(facts, 'prompt-size', 'rise');
  if (prompts === undefined) return undefined;
  const isBigger = ratioOf(prompts) > LONGER_PROMPTS * Math.max(1, ratioOf(demandRise(facts)));
  return isBigger ? prompts : undefined;
}

function ratioOf(change: SignalChange | undefined): number {
  return change === undefined || !(change.before > 0) ? 1 : change.after / change.before;
}

function dominant(tenants: readonly SignalChange[]): SignalChange | undefined {
  if (tenants.length < 2) return undefined;
  const [top] = [...tenants].sort((a, b) => growthOf(b) - growthOf(a));
  const growth = tenants.reduce((sum, one) => sum + growthOf(one), 0);
  const before = tenants.reduce((sum, one) => sum + one.before, 0);
  if (!top?.hasChanged || !(growth > 0)) return undefined;
  const usualShare = before > 0 ? top.before / before : 0;
  const wanted = Math.min(
    CERTAIN_SHARE,
    Math.max(LEAST_SHARE_OF_GROWTH, OUT_OF_PROPORTION * usualShare),
  );
  return growthOf(top) >= wanted * growth ? top : undefined;
}

function growthOf({ before, after }: SignalChange): number {
  return after - before;
}
