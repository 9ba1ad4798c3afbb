/** Where text for people goes; standard output fits. */
export interface TerminalOutput {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** The colours used, as codes of "select graphic rendition" (ECMA-48). */
const COLOURS = {
  red: 31,
  green: 32,
  yellow: 33,
  blue: 34,
  magenta: 35,
  cyan: 36,
  dim: 2,
} as const;

/** A colour's name. */
export type Colour = keyof typeof COLOURS;

const SPINNER = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const SPINNER_MS = 100;

/**
 * Lines for people, and one line at the bottom that says what is being waited for.
 *
 * On a terminal the bottom line spins and is replaced; elsewhere (a file, a pipe, CI) only whole
 * lines are written, without colours or control codes. `NO_COLOR` takes the colours away.
 */
export class Terminal {
  private readonly live: boolean;
  private readonly coloured: boolean;
  private spinner: NodeJS.Timeout | undefined;

  constructor(
    private readonly output: TerminalOutput,
    env: NodeJS.ProcessEnv,
  ) {
    this.live = output.isTTY === true;
    // Any non-empty value counts: https://no-color.org
    this.coloured = this.live && !env['NO_COLOR'];
  }

  /** Writes whole lines above the bottom line. */
  line(text: string): void {
    this.clear();
    this.output.write(`${text}\n`);
  }

  /** Shows what is being waited for, until the next `idle`. Only seen on a terminal. */
  busy(text: string): void {
    this.idle();
    if (!this.live) return;
    let turn = 0;
    const draw = (): void => {
      this.clear();
      this.output.write(`  ${SPINNER[turn % SPINNER.length] ?? ''} ${text}`);
      turn += 1;
    };
    draw();
    this.spinner = setInterval(draw, SPINNER_MS);
    this.spinner.unref();
  }

  /** Takes the bottom line away. */
  idle(): void {
    clearInterval(this.spinner);
    this.clear();
    this.spinner = undefined;
  }

  /** The text in a colour where colours are wanted, else as it is. */
  paint(colour: Colour, text: string): string {
    return this.coloured ? `\u001b[${COLOURS[colour]}m${text}\u001b[0m` : text;
  }

  private clear(): void {
    if (this.spinner !== undefined) this.output.write('\r\u001b[2K');
  }
}

/**
 * The text without control characters, on one line: what comes from logs may hold a target's
 * words, and those must not steer the terminal.
 */
export function printable(text: string): string {
  return text.replace(/\p{Cc}+/gu, ' ').trim();
}
