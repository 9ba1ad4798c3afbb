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

/** 40 MB for each process in all: some days of normal logging, and a bound on a bad night. */
const DEFAULT_LIMITS: RotationLimits = { maxBytes: 8_000_000, keep: 4 };

/**
 * A log file that never grows beyond its bound: `F`, and older `F.1`, `F.2`, … up to `keep`.
 *
 * Writes are synchronous, so that nothing is lost when the process dies right after; a line is
 * never split over two files. A line longer than `maxBytes` gets a file of its own.
 */
export class RotatingLog {
  private descriptor: number;
  private bytes: number;

  /** Opens or continues the file; its folder is created. */
  constructor(
    private readonly file: string,
    private readonly limits: RotationLimits = DEFAULT_LIMITS,
  ) {
    mkdirSync(path.dirname(file), { recursive: true });
    this.descriptor = openSync(file, 'a');
    this.bytes = fstatSync(this.descriptor).size;
  }

  /** Appends one line; the line break is added. */
  write(line: string): void {
    const data = Buffer.from(`${line}\n`);
    if (this.bytes > 0 && this.bytes + data.length > this.limits.maxBytes) this.rotate();
    // A short write happens on a full disk only, and the next write then reports it.
    this.bytes += writeSync(this.descriptor, data);
  }

  close(): void {
    closeSync(this.descriptor);
  }

  private rotate(): void {
    const { keep } = this.limits;
    closeSync(this.descriptor);
    const older = (n: number): string => (n === 0 ? this.file : `${this.file}.${n}`);
    rmSync(older(keep), { force: true });
    for (let n = keep - 1; n >= 0; n -= 1) {
      if (existsSync(older(n))) renameSync(older(n), older(n + 1));
    }
    this.descriptor = openSync(this.file, 'w');
    this.bytes = 0;
  }
}
