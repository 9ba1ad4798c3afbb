import { readFileSync } from 'node:fs';
import path from 'node:path';
import { isMap, isScalar, isSeq, parseDocument, type Node, type Pair } from 'yaml';
import { projectRoot } from '../local-stack/project-root.js';

/** A key of the example with what is written of it. */
export interface ExampleKey {
  readonly name: string;
  /** Of the comments above and beside it; empty without any. */
  readonly comment: string;
  readonly value: unknown;
  readonly node: Node | null;
}

/** A setting that is commented out: `#key:`, without the space that prose has. */
const COMMENTED_OUT = /^(\s*)#(?=[\w'"]+:)/gm;

/** The example configuration with the settings that are commented out in it as well. */
export function readExample(): Node | null {
  const file = path.join(projectRoot(), 'config/example.yaml');
  const text = readFileSync(file, 'utf8').replaceAll(COMMENTED_OUT, '$1');
  // Alternatives stand beside each other there.
  return parseDocument(text, { uniqueKeys: false }).contents;
}

/** The keys of mappings, in order. */
export function keysOf(node: Node | null): readonly ExampleKey[] {
  if (!isMap(node)) return [];
  return node.items.map((pair, i) => {
    const { key, value } = pair as Pair<Node, Node | null>;
    // What stands above the first key belongs to the mapping.
    const above = [i === 0 ? node.commentBefore : undefined, key.commentBefore];
    const inside = isMap(value) || isSeq(value) ? undefined : value?.comment;
    return {
      name: isScalar(key) ? String(key.value) : '',
      comment: prose([...above, inside]),
      value: value === null ? null : (value.toJSON() as unknown),
      node: value,
    };
  });
}

/** The entries of lists. */
export function entriesOf(node: Node | null): readonly Node[] {
  return isSeq(node) ? (node.items as Node[]) : [];
}

function prose(comments: readonly (string | null | undefined)[]): string {
  // A blank line parts the comment of a section from that of its first key.
  const lines = comments.flatMap(
    (comment) =>
      comment
        ?.split(/\n\s*\n/)
        .at(-1)
        ?.split('\n') ?? [],
  );
  return lines
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .join(' ');
}
