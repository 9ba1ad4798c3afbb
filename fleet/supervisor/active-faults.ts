import type { EngineFault } from '../engine/fault.js';
import { badRelease, type FaultDefinition, type FaultParameters } from './fault-catalogue.js';

/** An injected fault. */
export interface ActiveFault {
  readonly fault: string;
  /** Undefined for the whole fleet. */
  readonly replica: string | undefined;
  readonly parameters: FaultParameters;
  readonly isPersistent: boolean;
  readonly sinceMs: number;
  /** When it clears itself; undefined for never. */
  readonly untilMs: number | undefined;
}

/** What the faults act on. */
export interface FaultTargets {
  readonly replicaNames: () => readonly string[];
  readonly callReplica: (name: string, method: string, params: unknown) => void;
  readonly killReplica: (name: string) => void;
  readonly setLoad: (setting: Readonly<Record<string, number>>) => void;
  readonly activeRelease: () => string;
  readonly activateRelease: (id: string, why: string) => void;
  readonly onCured: (fault: ActiveFault) => void;
}

/** Settings of the load generator without any fault. */
const calmLoad = { factor: 1, noisyRps: 0 } as const;

/** The faults that hold now, and how they come and go. */
export class ActiveFaults {
  private list: { readonly active: ActiveFault; readonly definition: FaultDefinition }[] = [];
  private readonly timers = new Map<ActiveFault, NodeJS.Timeout>();
  private releaseBefore: string | undefined;

  constructor(private readonly targets: FaultTargets) {}

  /** The faults that hold. */
  active(): readonly ActiveFault[] {
    return this.list.map(({ active }) => active);
  }

  /** Injects a fault; one of the same name and target is replaced. */
  inject(
    definition: FaultDefinition,
    replica: string | undefined,
    request: { parameters: FaultParameters; isPersistent: boolean; forMs: number | undefined },
  ): ActiveFault {
    this.drop(definition.name, replica);
    const sinceMs = Date.now();
    const active: ActiveFault = {
      fault: definition.name,
      replica,
      parameters: { ...definition.parameters, ...request.parameters },
      isPersistent: request.isPersistent,
      sinceMs,
      untilMs: request.forMs === undefined ? undefined : sinceMs + request.forMs,
    };
    // A crash is an instant, not a state: nothing is left to clear.
    if (definition.means.kind !== 'crash') this.list.push({ active, definition });
    this.bringAbout(definition, active);
    if (request.forMs !== undefined) {
      this.timers.set(
        active,
        setTimeout(() => this.clear(definition.name, replica), request.forMs),
      );
    }
    return active;
  }

  /** Clears faults; of any name or target where undefined. Returns what was cleared. */
  clear(fault: string | undefined, replica: string | undefined): readonly ActiveFault[] {
    const cleared = this.list.filter(
      ({ active }) =>
        (fault === undefined || active.fault === fault) &&
        (replica === undefined || active.replica === replica),
    );
    for (const { active, definition } of cleared) {
      this.drop(active.fault, active.replica);
      this.takeBack(definition, active);
    }
    return cleared.map(({ active }) => active);
  }

  /** Engine faults that a replica starts with; those that a restart cures are dropped. */
  atStartOf(replica: string): readonly EngineFault[] {
    const concerned = this.list.filter(({ active }) => concerns(active, replica));
    for (const { active } of concerned) {
      if (!active.isPersistent) this.cured(active.fault, replica);
    }
    return concerned.flatMap(({ active, definition }) =>
      active.isPersistent && definition.means.kind === 'engine'
        ? [definition.means.build(active.parameters)]
        : [],
    );
  }

  /** Life expectancy of a replica in a crash loop, milliseconds. */
  diesAfterMs(replica: string): number | undefined {
    const loop = this.list.find(
      ({ active, definition }) =>
        definition.means.kind === 'crash-loop' && active.replica === replica,
    );
    return loop?.active.parameters['diesAfterMs'];
  }

  /** Notes that an action cured a fault of a replica. */
  cured(fault: string, replica: string): void {
    const found = this.list.find(
      ({ active }) => active.fault === fault && concerns(active, replica),
    );
    if (found === undefined) return;
    this.drop(fault, found.active.replica);
    this.targets.onCured({ ...found.active, replica });
  }

  /** Notes that another release was activated by somebody. */
  releaseChanged(id: string): void {
    if (id !== badRelease) this.drop('bad-release', undefined);
  }

  private drop(fault: string, replica: string | undefined): void {
    this.list = this.list.filter(({ active }) => {
      const isMeant = active.fault === fault && active.replica === replica;
      if (isMeant) {
        clearTimeout(this.timers.get(active));
        this.timers.delete(active);
      }
      return !isMeant;
    });
  }

  private each(active: ActiveFault, act: (replica: string) => void): void {
    for (const name of this.targets.replicaNames()) if (concerns(active, name)) act(name);
  }

  private bringAbout(definition: FaultDefinition, active: ActiveFault): void {
    const { means } = definition;
    switch (means.kind) {
      case 'engine': {
        const fault = means.build(active.parameters);
        this.each(active, (name) => this.targets.callReplica(name, 'inject', fault));
        return;
      }
      case 'load':
        this.targets.setLoad(means.build(active.parameters));
        return;
      case 'release':
        this.releaseBefore = this.targets.activeRelease();
        this.targets.activateRelease(badRelease, 'deploy');
        return;
      case 'crash':
      case 'crash-loop':
        this.each(active, (name) => this.targets.killReplica(name));
    }
  }

  private takeBack(definition: FaultDefinition, active: ActiveFault): void {
    const { means } = definition;
    switch (means.kind) {
      case 'engine': {
        const { kind } = means.build(active.parameters);
        this.each(active, (name) => this.targets.callReplica(name, 'clear', kind));
        return;
      }
      case 'load': {
        const touched = Object.keys(means.build(active.parameters));
        const calm = Object.entries(calmLoad).filter(([name]) => touched.includes(name));
        this.targets.setLoad(Object.fromEntries(calm));
        return;
      }
      case 'release':
        if (this.targets.activeRelease() === badRelease && this.releaseBefore !== undefined) {
          this.targets.activateRelease(this.releaseBefore, 'clear');
        }
        return;
      case 'crash':
      case 'crash-loop':
        return;
    }
  }
}

const concerns = (active: ActiveFault, replica: string): boolean =>
  active.replica === undefined || active.replica === replica;
