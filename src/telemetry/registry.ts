import { Counter, Gauge, Histogram, type Family } from './instruments.js';
import type { LabelSpec } from './labels.js';

/** The content type of what `render` returns. */
export const EXPOSITION_CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** The families of one process. Names are unique; their order is that of their making. */
export class Registry {
  readonly #families = new Map<string, Family>();
  readonly #collectors: (() => void)[] = [];

  /** A new counter. @throws RangeError if the name is taken. */
  counter<const S extends LabelSpec>(name: string, help: string, spec: S): Counter<S> {
    return this.#added(new Counter(name, help, spec));
  }

  /** A new gauge. @throws RangeError if the name is taken. */
  gauge<const S extends LabelSpec>(name: string, help: string, spec: S): Gauge<S> {
    return this.#added(new Gauge(name, help, spec));
  }

  /** A new histogram. @throws RangeError if the name is taken or the bounds do not ascend. */
  histogram<const S extends LabelSpec>(
    name: string,
    help: string,
    spec: S,
    bounds: readonly number[],
  ): Histogram<S> {
    return this.#added(new Histogram(name, help, spec, bounds));
  }

  /** All families, also those without samples. */
  families(): readonly Pick<Family, 'name' | 'type' | 'labels'>[] {
    return [...this.#families.values()];
  }

  /** Called before each exposition, for values that are read when asked for. */
  onCollect(collect: () => void): void {
    this.#collectors.push(collect);
  }

  /** Text format 0.0.4; families without samples are left out. */
  render(): string {
    for (const collect of this.#collectors) collect();
    let text = '';
    for (const family of this.#families.values()) {
      const samples = [...family.samples()];
      if (samples.length === 0) continue;
      const help = family.help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
      text += `# HELP ${family.name} ${help}\n# TYPE ${family.name} ${family.type}\n`;
      text += `${samples.join('\n')}\n`;
    }
    return text;
  }

  #added<F extends Family>(family: F): F {
    if (this.#families.has(family.name)) {
      throw new RangeError(`metric ${family.name} is there already`);
    }
    this.#families.set(family.name, family);
    return family;
  }
}
