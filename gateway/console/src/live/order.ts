import { SEVERITIES, type AlertView } from '../api/types';

/** The critical come first; what is judged already makes room for what is not. */
function rank(alert: AlertView): number {
  return SEVERITIES.indexOf(alert.severity) + (alert.verdict === null ? 0 : SEVERITIES.length);
}

export type Incidents = ReadonlySet<string>;
const NONE: Incidents = new Set();

/** Whether ``a`` speaks for an incident rather than ``b``: the gravest to be judged, the first of several. */
function leads(a: AlertView, b: AlertView): boolean {
  const explained = (alert: AlertView) => (alert.suppressed_by?.startsWith('inhibit:') ? 1 : 0);
  const by = rank(a) - rank(b) || explained(a) - explained(b) || a.raised_at - b.raised_at;
  return by < 0 || (by === 0 && a.id < b.id);
}

/** Of each incident the alert that speaks for it; of those ``unfolded``, all. */
function cards(alerts: readonly AlertView[], unfolded: Incidents): AlertView[] {
  const lead = new Map<string, AlertView>();
  for (const alert of alerts) {
    const known = lead.get(alert.incident);
    if (!known || leads(alert, known)) lead.set(alert.incident, alert);
  }
  return alerts.filter((alert) => unfolded.has(alert.incident) || lead.get(alert.incident) === alert);
}

/** Ids in the order to work through, one of each incident: by rank, the newest of each on top. */
export function settle(alerts: readonly AlertView[], unfolded = NONE): string[] {
  return cards(
    alerts.filter((alert) => alert.handling === 'open'),
    unfolded,
  )
    .sort((a, b) => rank(a) - rank(b) || b.raised_at - a.raised_at || (a.id < b.id ? -1 : 1))
    .map((alert) => alert.id);
}

export interface Arrangement {
  shown: string[];
  /** New ones kept back while somebody is about to click. */
  waiting: string[];
}

/** While ``held``, every card keeps its place: a resolved one stays as it is, a new one waits above the list. */
export function arrange(
  previous: readonly string[],
  alerts: readonly AlertView[],
  held: boolean,
  unfolded = NONE,
): Arrangement {
  const order = settle(alerts, unfolded);
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
