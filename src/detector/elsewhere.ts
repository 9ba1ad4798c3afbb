/** Why what is about a service of another detector is refused: the server asks that one. */
export const elsewhere = (service: string): string =>
  `service: "${service}" is watched by another detector`;
