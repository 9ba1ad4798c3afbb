import type { IncidentView, RecoveryInput, RecoveryProgress, StepReport } from './messages.js';

/** A step as a table row of Markdown. */
function row(step: StepReport): string {
  const figure = (value: number | undefined) => (value === undefined ? '' : value.toPrecision(4));
  const on = step.target.replica ?? step.target.service;
  return `| ${step.action} | ${on} | ${step.state} | ${step.line.replaceAll('|', '\\|')} | ${figure(step.before)} | ${figure(step.after)} |`;
}

function table(steps: readonly StepReport[]): string[] {
  if (steps.length === 0) return [];
  return [
    '| Step | On | State | What | Before | After |',
    '|---|---|---|---|---|---|',
    ...steps.map(row),
  ];
}

/** What is violated, by how much. */
function describeViolation(violation: IncidentView['violation']): string {
  const where = violation.replica ?? violation.service;
  const beyond = violation.direction === 'upper' ? 'above' : 'below';
  return `**${violation.metric}** of **${where}**: ${violation.value.toPrecision(4)} ${violation.unit}, ${beyond} its limit ${violation.limit.toPrecision(4)} (${violation.severity})`;
}

function owedLines(owed: RecoveryProgress['owed']): string[] {
  return owed.length === 0 ? [] : ['', '**Owed:** ' + owed.map((o) => o.undoLine).join('; ')];
}

function waitingLines(waiting: RecoveryProgress['waiting']): string[] {
  if (waiting === undefined) return [];
  const until = new Date(waiting.untilMs).toISOString();
  return ['', `**Waits for approval** until ${until}, then: ${waiting.onTimeout}. ${waiting.line}`];
}

/** A recovery in Markdown, as Temporal's UI shows it. */
export function describeRecovery(
  input: RecoveryInput,
  progress: RecoveryProgress,
  line: string,
): string {
  return [
    describeViolation(input.violation),
    '',
    `**${progress.state}** — ${line}`,
    ...waitingLines(progress.waiting),
    '',
    ...table(progress.steps),
    ...owedLines(progress.owed),
  ].join('\n');
}

/** An incident in Markdown, as Temporal's UI shows it. */
export function describeIncident(view: IncidentView): string {
  const cause =
    view.probableCause === undefined ? [] : ['', `**Probable cause:** ${view.probableCause}`];
  return [
    describeViolation(view.violation),
    '',
    `**${view.state}**${view.outcome === undefined ? '' : `, ${view.outcome}`}${view.acknowledgedBy === undefined ? '' : `, acknowledged by ${view.acknowledgedBy}`}`,
    ...(view.why === undefined
      ? []
      : ['', `Procedure **${view.procedure ?? 'none'}**: ${view.why}`]),
    ...waitingLines(view.waiting),
    ...cause,
    '',
    ...table(view.steps),
    ...owedLines(view.owed),
    '',
    ...view.timeline
      .slice(-15)
      .map((e) => `- ${new Date(e.atMs).toISOString().slice(11, 19)} **${e.stage}** ${e.text}`),
  ].join('\n');
}
