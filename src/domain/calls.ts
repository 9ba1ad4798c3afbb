/**
 * A write that came with an idempotency key, and what it was answered. Named by a digest of who called
 * and of the key, never by the key itself.
 */
export interface CallRecord {
  readonly id: string;
  /** Digest of method, address and body: the same key with another request is a mistake. */
  readonly request: string;
  /** Who carries it out; a try that comes after a lost one has another. */
  readonly claim: string;
  /** When it was claimed, in Unix milliseconds. */
  readonly atMs: number;
  /** Undefined while it is carried out. */
  readonly answer: CallAnswer | undefined;
}

/** An answer as it was sent. */
export interface CallAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** Claims a call for oneself. */
export interface CallClaim extends Omit<CallRecord, 'answer'> {
  /** An unanswered claim from before this instant is taken over: whoever had it is gone. */
  readonly staleBeforeMs: number;
}

/** The part of the archive that remembers calls. */
export interface CallArchive {
  /**
   * The call as it stands now: it is the caller's own if its `claim` is, else somebody else has it or
   * it is answered. One statement: of two at once, one has it.
   */
  claimCall(claim: CallClaim): Promise<CallRecord>;
  /**
   * Keeps the answer of a claimed call; without an answer it is free to be claimed again. Nothing
   * where the claim is another's by now, or answered.
   */
  settleCall(call: {
    readonly id: string;
    readonly claim: string;
    readonly answer: CallAnswer | undefined;
  }): Promise<void>;
}
