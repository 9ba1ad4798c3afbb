/** One process's exposition (text format 0.0.4) under the name that tells it apart. */
export interface Exposition {
  readonly role: string;
  readonly text: string;
}

interface MergedFamily {
  help: string | undefined;
  type: string | undefined;
  readonly lines: string[];
}

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const COMMENT = new RegExp(`^# (HELP|TYPE) (${NAME})(?: (.*))?$`);
const VALUE = String.raw`[ \t]+(?:[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|[-+]?[iI]nf|[nN]a[nN])(?:[ \t]+-?\d+)?[ \t]*`;
const LABEL = String.raw`[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\]|\\["\\n])*"`;
const SAMPLE = new RegExp(`^(${NAME})(?:\\{(${LABEL}(?:,${LABEL})*)?,?\\})?(${VALUE})$`);
const HAS_ROLE = new RegExp(`^(?:${LABEL},)*role="`);
/** Suffixes of the samples of histograms and summaries. */
const SUFFIX = /_(bucket|sum|count)$/;

/**
 * The union of several processes' expositions: samples of one family together, under one HELP and TYPE,
 * each with a label `role`, unless it has one of its own.
 *
 * What would make the whole unreadable is left out and said in a comment: lines that are no text format
 * (a truncated or foreign answer), and a family that another process exports with another type.
 *
 * @throws RangeError if two parts have the same role: their series could not be told apart.
 */
export function mergeExpositions(parts: readonly Exposition[]): string {
  const roles = new Set<string>();
  const families = new Map<string, MergedFamily>();
  const remarks: string[] = [];
  for (const part of parts) {
    if (roles.has(part.role)) {
      throw new RangeError(`two expositions have the role "${part.role}"; give each its own`);
    }
    roles.add(part.role);
    remarks.push(...addPart(families, part));
  }
  let text = '';
  for (const [name, { help, type, lines }] of families) {
    if (lines.length === 0) continue;
    if (help !== undefined) text += `# HELP ${name} ${help}\n`;
    if (type !== undefined) text += `# TYPE ${name} ${type}\n`;
    text += `${lines.join('\n')}\n`;
  }
  return text + remarks.map((remark) => `# paramedic: ${remark}\n`).join('');
}

/** Adds a part's families; returns what had to be left out, in words. */
function addPart(families: Map<string, MergedFamily>, { role, text }: Exposition): string[] {
  const label = `role="${role.replace(/[\\"\n]/g, '_')}"`;
  const conflicts = new Set<string>();
  let malformed = 0;
  // The family that the comments above announced, and whether its samples have suffixed names.
  let current = { name: '', isComposite: false };
  const familyOf = (name: string): MergedFamily => {
    const family = families.get(name) ?? { help: undefined, type: undefined, lines: [] };
    families.set(name, family);
    return family;
  };
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue;
    const comment = COMMENT.exec(line);
    if (comment !== null) {
      const [, kind, name = '', rest = ''] = comment;
      if (current.name !== name) current = { name, isComposite: false };
      if (kind === 'TYPE') current.isComposite = rest === 'histogram' || rest === 'summary';
      const family = familyOf(name);
      if (kind === 'HELP') family.help ??= rest;
      else if (family.type === undefined && family.lines.length === 0) family.type = rest;
      else if (family.type !== rest) conflicts.add(name);
      continue;
    }
    if (line.startsWith('#')) continue;
    const sample = SAMPLE.exec(line);
    if (sample === null) {
      malformed++;
      continue;
    }
    const [, name = '', labels = '', value = ''] = sample;
    const isPart = current.isComposite && name.replace(SUFFIX, '') === current.name;
    const family = isPart ? current.name : name;
    if (conflicts.has(family)) continue;
    const all = HAS_ROLE.test(labels) ? labels : labels === '' ? label : `${label},${labels}`;
    familyOf(family).lines.push(`${name}{${all}}${value}`);
  }
  return [
    ...[...conflicts].map((name) => `${name} of ${role} left out: its type is another elsewhere`),
    ...(malformed > 0 ? [`${malformed} lines of ${role} left out: not in text format 0.0.4`] : []),
  ].map((remark) => remark.replaceAll('\n', ' '));
}
