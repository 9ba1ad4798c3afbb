import {
  closeSync,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';

/** Bounds of a log on disk: at most `maxBytes` in each of `keep` old files and the current one. */
export interface RotationLimits {
  readonly maxBytes: number;
  readonly keep: number;
}

/**
 * A log file that never grows beyond its bound: `F`, and older `F.1`, `F.2`, … up to `keep`.
 *
 * Writes are synchronous, so that nothing is lost when the process dies right after; a line is
 * never split over two files. A line longer than `maxBytes` gets a file of its own.
 */
export class RotatingLog {
  /** Undefined after an error: the next line opens it. */
  private descriptor: number | undefined;
  private bytes = 0;
  /** The last line was cut short: the next one must not become part of it. */
  private isTorn = false;

  /** Opens or continues the file; its folder is created. */
  constructor(
    private readonly file: string,
    private readonly limits: RotationLimits,
  ) {
    mkdirSync(path.dirname(file), { recursive: true });
    this.open();
  }

  /**
   * Appends one line; the line break is added.
   *
   * @throws the system's error, as ENOSPC: the line, or its end, is lost then. The next one opens the
   *   file anew, and may succeed.
   */
  write(line: string): void {
    const { length } = Buffer.from(`${line}\n`);
    if (this.bytes > 0 && this.bytes + length > this.limits.maxBytes) this.rotate();
    try {
      this.append(Buffer.from(`${this.isTorn ? '\n' : ''}${line}\n`));
    } catch (error) {
      this.close();
      throw error;
    }
  }

  private append(data: Buffer): void {
    const descriptor = this.descriptor ?? this.open();
    // A short write happens on a full disk only; the rest then fails.
    for (let written = 0; written < data.length;) {
      const more = writeSync(descriptor, data, written);
      written += more;
      this.bytes += more;
      this.isTorn = written < data.length;
    }
  }

  close(): void {
    if (this.descriptor !== undefined) closeSync(this.descriptor);
    this.descriptor = undefined;
  }

  private open(): number {
    this.descriptor = openSync(this.file, 'a');
    this.bytes = fstatSync(this.descriptor).size;
    return this.descriptor;
  }

  private rotate(): void {
    const { keep } = this.limits;
    this.close();
    const older = (n: number): string => (n === 0 ? this.file : `${this.file}.${n}`);
    rmSync(older(keep), { force: true });
    for (let n = keep - 1; n >= 0; n -= 1) {
      if (existsSync(older(n))) renameSync(older(n), older(n + 1));
    }
    // Without old files to keep it was removed, else moved: it begins anew, and with a whole line.
    this.isTorn = false;
    this.open();
  }
}
