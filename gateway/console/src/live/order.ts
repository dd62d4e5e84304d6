import { SEVERITIES, type AlertView } from '../api/types';

/** The critical come first; what is judged already makes room for what is not. */
function rank(alert: AlertView): number {
  return SEVERITIES.indexOf(alert.severity) + (alert.verdict === null ? 0 : SEVERITIES.length);
}

/** Ids in the order to work through: by rank, the newest of each on top. */
export function settle(alerts: readonly AlertView[]): string[] {
  return alerts
    .filter((alert) => alert.handling === 'open')
    .sort((a, b) => rank(a) - rank(b) || b.raised_at - a.raised_at || (a.id < b.id ? -1 : 1))
    .map((alert) => alert.id);
}

export interface Arrangement {
  shown: string[];
  /** New ones kept back while somebody is about to click. */
  waiting: string[];
}

/** While ``held``, every card keeps its place: a resolved one stays as it is, a new one waits above the list. */
export function arrange(previous: readonly string[], alerts: readonly AlertView[], held: boolean): Arrangement {
  const order = settle(alerts);
  if (!held || previous.length === 0) return { shown: order, waiting: [] };
  const known = new Set(alerts.map((alert) => alert.id));
  const before = new Set(previous);
  return { shown: previous.filter((id) => known.has(id)), waiting: order.filter((id) => !before.has(id)) };
}

export function sameIds(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((id, index) => id === b[index]);
}

/** A selected card and where it stood when it was selected. */
export interface Selection {
  id: string;
  index: number;
}

/**
 * The neighbour ``step`` further on, staying inside the list. A card that is ``done`` sinks to the end of the list or
 * leaves it; work goes on where it stood.
 */
export function neighbour(ids: readonly string[], from: Selection | null, step: 1 | -1, done = false): string | null {
  if (from === null) return ids[0] ?? null;
  const at = ids.indexOf(from.id);
  const sunk = at < 0 || (done && at > from.index);
  const wanted = sunk ? from.index + (step === 1 ? 0 : -1) : at + step;
  return ids[Math.min(ids.length - 1, Math.max(0, wanted))] ?? null;
}
