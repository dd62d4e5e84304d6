/** The gateway's clock, seen from here: a wall screen with a wrong clock must still show the right ages. */

/** Smaller differences are the header's whole seconds and the network, not a wrong clock. */
const TOLERATED_S = 3;

let offset = 0;

/** Learn from a response's ``Date`` header. */
export function noteServerTime(header: string | null, local = Date.now()): void {
  const server = header ? Date.parse(header) : NaN;
  if (Number.isNaN(server)) return;
  const difference = (server - local) / 1000;
  offset = Math.abs(difference) > TOLERATED_S ? difference : 0;
}

/** Seconds since the epoch by the gateway's clock. */
export function now(): number {
  return Date.now() / 1000 + offset;
}
