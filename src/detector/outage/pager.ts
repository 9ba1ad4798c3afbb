import { z } from 'zod';
import { alertNotification } from '../../domain/monitor/alert-notification.js';
import type { AlertKind } from '../../domain/monitor/alert-record.js';
import { alertText, joinedText, notificationKind } from '../../domain/monitor/alert-text.js';
import type { Paged } from '../../domain/monitor/alert.js';
import {
  EMPTY_BOOK,
  enter,
  leave,
  noteSent,
  type AlertBook,
  type AlertPolicy,
  type OpenAlert,
} from '../../domain/monitor/alert-book.js';
import {
  AT_THE_FOOT,
  channelsUpTo,
  climb,
  nextRung,
  type EscalationPolicy,
} from '../../domain/monitor/escalation.js';
import { judgeAlert, type AlertWorld } from '../../domain/monitor/judge-alert.js';
import { severityRank } from '../../domain/sla/severity.js';
import type { Violation } from '../../domain/sla/violation.js';
import type { Standing } from '../dispatch.js';
import { JsonFile } from '../json-file.js';
import { newDelivery, tryDelivery, type Delivery, type OutageChannel } from './delivery.js';
import { pagedOf, pageSchema, snapshotOf, subjectOf, type Page } from './page.js';

/** What decides pages while Temporal is away, and whom they reach. */
export interface OutagePagerOptions {
  readonly channels: ReadonlyMap<string, OutageChannel>;
  readonly policy: AlertPolicy;
  readonly escalation: EscalationPolicy;
  readonly publicUrl: string;
  /** Temporal must have been away for so long, in ms. */
  readonly afterMs: number;
  /** What was told, for the time after a restart. */
  readonly file: string;
  readonly now: () => number;
  /** Mode, maintenance and silences, as last known while there was Temporal. */
  readonly known: () => Omit<AlertWorld, 'book'>;
  /** Whether it is for this detector to tell people of that service; else another one does. */
  readonly leads?: (service: string) => boolean;
  /** A page was decided; for the log and the count. */
  readonly onPage: (violation: Violation, kind: AlertKind) => void;
  readonly onProblem: (what: string, error: unknown) => void;
}

const fileSchema = z.object({ version: z.literal(1), pages: z.array(pageSchema) });
/** One that is muted without an end is looked at again so often. */
const LOOK_EVERY_MS = 5_000;

/**
 * Tells people of violations whose incidents can't be opened, because Temporal is away: by the same
 * rules, texts and keys as an incident's alerts, straight through the notifiers. Once Temporal is back
 * the incident is told who knows already, and goes on from there. What was begun here is delivered here.
 */
export class OutagePager {
  readonly #pages = new Map<string, Page>();
  readonly #file: JsonFile<typeof fileSchema>;
  readonly #lookAgainMs = new Map<string, number>();
  readonly #busy = new Set<string>();
  #book: AlertBook = EMPTY_BOOK;
  #awaySinceMs: number | undefined;

  constructor(private readonly options: OutagePagerOptions) {
    this.#file = new JsonFile(options.file, fileSchema);
  }

  /** Takes up what the last run had told. @throws Error when the file can't be used. */
  async restore(): Promise<void> {
    for (const page of (await this.#file.read())?.pages ?? []) {
      this.#pages.set(page.violation.fingerprint, page);
      const subject = subjectOf(page.violation, page.openedAtMs);
      const told = { kind: 'violation', key: '', opens: true } as const;
      this.#book = noteSent(
        enter(this.#book, subject),
        subject,
        told,
        page.ladder.pagedAtMs ?? page.openedAtMs,
      );
    }
  }

  /** Since when Temporal has been away for long enough to page; undefined while it is not. */
  get awaySinceMs(): number | undefined {
    const { now, afterMs } = this.options;
    const sinceMs = this.#awaySinceMs;
    return sinceMs !== undefined && now() - sinceMs >= afterMs ? sinceMs : undefined;
  }

  /** What people were told of that violation, while its incident does not know it. */
  pagedOf(fingerprint: string): Paged | undefined {
    const page = this.#pages.get(fingerprint);
    return page === undefined || page.isHandedOver ? undefined : pagedOf(page);
  }

  /** The violations of which people were told, and whose incidents do not know that. */
  notHandedOver(): readonly string[] {
    return [...this.#pages].flatMap(([fingerprint, page]) =>
      page.isHandedOver || page.isOver ? [] : [fingerprint],
    );
  }

  /** The incident knows, and tells what follows; unless more was told while it was being said. */
  handedOver(fingerprint: string, paged: Paged): void {
    const page = this.#pages.get(fingerprint);
    if (page === undefined) return;
    const { level, severity } = pagedOf(page);
    page.isHandedOver = level === paged.level && severity === paged.severity;
    void this.#save();
  }

  /** Compares what is open with what was told; to be called several times a second. */
  tick(standing: readonly Standing[], isReachable: boolean | undefined): void {
    const nowMs = this.options.now();
    this.#awaySinceMs = isReachable === false ? (this.#awaySinceMs ?? nowMs) : undefined;
    const awaySinceMs = this.awaySinceMs;
    let isChanged = false;
    if (awaySinceMs !== undefined) {
      for (const one of standing) isChanged = this.#look(one, awaySinceMs) || isChanged;
    }
    const open = new Set(standing.map(({ violation }) => violation.fingerprint));
    for (const [fingerprint, page] of this.#pages) {
      if (!open.has(fingerprint)) isChanged = this.#end(fingerprint, page) || isChanged;
      void this.#deliver(page);
    }
    if (isChanged) void this.#save();
  }

  /** What one violation asks for now; whether anything was sent. */
  #look({ violation, toldSeverity }: Standing, awaySinceMs: number): boolean {
    const nowMs = this.options.now();
    const { fingerprint, severity } = violation;
    if (nowMs < (this.#lookAgainMs.get(fingerprint) ?? -Infinity)) return false;
    const page = this.#pages.get(fingerprint);
    // What was begun here is told to its end here, whoever leads by then.
    if (page === undefined && this.options.leads?.(violation.service) === false) return false;
    const isOurs = page !== undefined && !page.isHandedOver;
    // What an incident was opened for is known; but not that it has become graver since.
    const known = isOurs ? page.ladder.severity : toldSeverity;
    if (known === undefined) return this.#tell(violation, 'violation', '', awaySinceMs);
    if (severityRank(severity) > severityRank(known)) {
      return this.#tell(violation, 'severity', severity, awaySinceMs);
    }
    // Of what its incident knows, somebody may have acknowledged it since: that ladder is not ours.
    const rung = isOurs ? nextRung(page.ladder, this.options.escalation) : undefined;
    if (!isOurs || rung === undefined || rung.atMs > nowMs) return false;
    page.ladder = { ...page.ladder, level: rung.level };
    return this.#tell(violation, 'unacknowledged', `level ${rung.level + 1}`, awaySinceMs);
  }

  /** Decides, and queues what is to be sent; whether that is anything. */
  #tell(violation: Violation, kind: AlertKind, key: string, awaySinceMs: number): boolean {
    const { now, known, policy, escalation, onPage } = this.options;
    const nowMs = now();
    const { fingerprint, severity } = violation;
    const before = this.#pages.get(fingerprint);
    const openedAtMs = before?.openedAtMs ?? nowMs;
    const ask = {
      ...{ subject: subjectOf(violation, openedAtMs), kind, key, policy },
      isPaged: before !== undefined || kind !== 'violation',
    };
    const { book, judgement } = judgeAlert({ ...known(), book: this.#book }, ask, nowMs);
    this.#book = book;
    const { under, joined, state, recheckAtMs = nowMs + LOOK_EVERY_MS } = judgement;
    if (under !== undefined && joined.length > 0) this.#tellLeader(under, joined);
    if (state !== 'sent') {
      this.#lookAgainMs.set(fingerprint, Math.min(recheckAtMs, nowMs + LOOK_EVERY_MS));
      return joined.length > 0;
    }
    const page: Page = before ?? {
      ...{ violation, openedAtMs, ladder: AT_THE_FOOT, told: [], count: 0, deliveries: [] },
      ...{ isHandedOver: false, isOver: false },
    };
    this.#pages.set(fingerprint, page);
    const what = { kind, severity, hasFailed: false };
    page.violation = { ...violation, startedAtMs: page.violation.startedAtMs };
    page.ladder = climb(page.ladder, what, escalation, nowMs);
    page.isHandedOver = false;
    page.told = [...new Set([...page.told, ...channelsUpTo(page.ladder.level, escalation.levels)])];
    this.#queue(page, kind, ask.isPaged, awaySinceMs);
    onPage(violation, kind);
    return true;
  }

  /** It is over: whoever was told here, and whose incident was never opened, is told here. */
  #end(fingerprint: string, page: Page): boolean {
    if (!page.isOver) {
      page.isOver = true;
      this.#book = leave(this.#book, subjectOf(page.violation, page.openedAtMs).runId);
      this.#lookAgainMs.delete(fingerprint);
      if (!page.isHandedOver) {
        this.#queue(page, 'resolved', true, this.#awaySinceMs ?? page.openedAtMs);
        this.options.onPage(page.violation, 'resolved');
      }
      return true;
    }
    if (page.deliveries.some(({ state }) => state === 'pending')) return false;
    this.#pages.delete(fingerprint);
    return true;
  }

  #queue(page: Page, kind: AlertKind, isPaged: boolean, awaySinceMs: number): void {
    const { now, publicUrl } = this.options;
    const nowMs = now();
    const { violation, openedAtMs, ladder, told } = page;
    const snapshot = {
      ...snapshotOf(violation, openedAtMs, awaySinceMs),
      ...(kind === 'resolved' ? ({ state: 'resolved' } as const) : {}),
    };
    const { dedupKey } = subjectOf(violation, openedAtMs);
    page.count += 1;
    const level = Math.max(0, ladder.level);
    const notification = alertNotification({
      ...{ id: `${dedupKey}:away:${page.count}`, kind: notificationKind(kind, isPaged) },
      text: alertText({ kind, snapshot, nowMs, level, isAway: true }),
      ...{ snapshot, dedupKey, atMs: nowMs, publicUrl, uiBase: '' },
    });
    page.deliveries.push(...told.map((channel) => newDelivery(channel, notification, nowMs)));
  }

  /** One message in the conversation of the page that others joined. */
  #tellLeader(leader: OpenAlert, joined: readonly OpenAlert[]): void {
    const page = this.#pages.get(leader.labels.fingerprint);
    if (page === undefined) return;
    const { now, publicUrl } = this.options;
    const nowMs = now();
    const { violation, openedAtMs, told } = page;
    page.count += 1;
    const notification = alertNotification({
      ...{ id: `${leader.dedupKey}:away:${page.count}`, kind: 'update', dedupKey: leader.dedupKey },
      text: joinedText(leader.labels.service, joined),
      snapshot: snapshotOf(violation, openedAtMs, openedAtMs),
      ...{ atMs: nowMs, publicUrl, uiBase: '' },
    });
    page.deliveries.push(...told.map((channel) => newDelivery(channel, notification, nowMs)));
  }

  /** Makes the tries that are due: in order within a channel, no channel waits for another. */
  async #deliver(page: Page): Promise<void> {
    const { now, channels, onProblem } = this.options;
    const next = new Map<string, Delivery>();
    for (const one of page.deliveries) {
      if (one.state === 'pending' && !next.has(one.channel)) next.set(one.channel, one);
    }
    await Promise.all(
      [...next.values()].map(async (one) => {
        const key = `${page.violation.fingerprint}\n${one.channel}`;
        if (one.nextAtMs > now() || this.#busy.has(key)) return;
        this.#busy.add(key);
        try {
          const first = page.deliveries.find(
            (d) => d.channel === one.channel && d.ref !== undefined,
          );
          const instead = await tryDelivery(one, channels, first?.ref, now);
          if (instead !== undefined) page.deliveries.push(instead);
          if (one.error !== undefined && one.state !== 'delivered') {
            onProblem(`paging ${one.channel}`, new Error(one.error));
          }
          await this.#save();
        } catch (error) {
          onProblem(`paging ${one.channel}`, error);
          one.nextAtMs = now() + LOOK_EVERY_MS;
        } finally {
          this.#busy.delete(key);
        }
      }),
    );
  }

  #save(): Promise<void> {
    return this.#file
      .write(() => ({ version: 1, pages: [...this.#pages.values()] }))
      .catch((error: unknown) => this.options.onProblem('writing what was paged', error));
  }
}
