/** Why what is about a service of another detector is refused: the server asks that one. */
export const elsewhere = (service: string): string =>
  `service: "${service}" is watched by another detector`;

/** What the other detectors that watch the same services have to do with a violation. */
export interface Elsewhere {
  /** Whether one of them holds it open: then it does not end here. */
  holds(fingerprint: string): boolean;
  /** Whether one of them told people of it, and is to tell its incident so first. */
  hasPaged(fingerprint: string): boolean;
}
