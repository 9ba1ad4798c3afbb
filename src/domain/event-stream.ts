/** One server-sent event. */
export interface ServerEvent {
  readonly event: string;
  readonly data: string;
  readonly id: string | undefined;
}

/**
 * Takes a stream of text apart into server-sent events (WHATWG HTML, section 9.2). Feed it pieces of any
 * size; comments, which servers send to keep a connection open, are events without data and left out.
 */
export class EventParser {
  #rest = '';
  #event = '';
  #data: string[] = [];
  #id: string | undefined;

  feed(piece: string): ServerEvent[] {
    const found: ServerEvent[] = [];
    const lines = (this.#rest + piece).split(/\r\n|\n|\r/);
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line !== '') {
        this.#take(line);
        continue;
      }
      if (this.#data.length > 0) {
        const event = this.#event === '' ? 'message' : this.#event;
        found.push({ event, data: this.#data.join('\n'), id: this.#id });
      }
      this.#event = '';
      this.#data = [];
    }
    return found;
  }

  #take(line: string): void {
    const colon = line.indexOf(':');
    if (colon === 0) return;
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'event') this.#event = value;
    else if (field === 'data') this.#data.push(value);
    else if (field === 'id') this.#id = value;
  }
}
