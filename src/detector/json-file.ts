import { mkdir, open, readFile, rename } from 'node:fs/promises';
import path from 'node:path';
import type { z } from 'zod';

/**
 * A small JSON file that a crash leaves whole: written aside, synced, renamed. Writes are coalesced;
 * each caller waits until what it wanted written, or something newer, is on the disk.
 */
export class JsonFile<Schema extends z.ZodType> {
  #writing: Promise<void> = Promise.resolve();
  #queued: Promise<void> | undefined;

  constructor(
    private readonly file: string,
    private readonly schema: Schema,
  ) {}

  /** Undefined where there is none yet. @throws Error naming the file, when it can't be used. */
  async read(): Promise<z.output<Schema> | undefined> {
    let text: string;
    try {
      text = await readFile(this.file, 'utf8');
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
      throw error;
    }
    try {
      return this.schema.parse(JSON.parse(text));
    } catch (cause) {
      throw new Error(`${this.file} holds something else: mend or remove it`, { cause });
    }
  }

  /** Writes what `content` gives when its turn comes. Rejects when the disk does not take it. */
  write(content: () => z.input<Schema>): Promise<void> {
    if (this.#queued !== undefined) return this.#queued;
    const turn = this.#writing
      .catch(() => undefined)
      .then(() => {
        this.#queued = undefined;
        return this.#replace(`${JSON.stringify(content())}\n`);
      });
    this.#queued = turn;
    this.#writing = turn;
    return turn;
  }

  async #replace(text: string): Promise<void> {
    const folder = path.dirname(this.file);
    await mkdir(folder, { recursive: true });
    const temporary = `${this.file}.${process.pid}.tmp`;
    const handle = await open(temporary, 'w', 0o600);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, this.file);
    const directory = await open(folder, 'r');
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  }
}
