import { SEVERITIES, type AlertList, type AlertView, type Counts, type DeviceView } from './types';

export function noCounts(): Counts {
  return { critical: 0, major: 0, minor: 0, notice: 0 };
}

/** Whether a person still has to say what this was. */
export function leftToJudge(alert: AlertView): boolean {
  return alert.handling === 'open' && alert.verdict === null;
}

export function countLeft(alerts: Iterable<AlertView>): Counts {
  const counts = noCounts();
  for (const alert of alerts) if (leftToJudge(alert)) counts[alert.severity] += 1;
  return counts;
}

export function totalLeft(counts: Counts): number {
  return SEVERITIES.reduce((sum, severity) => sum + counts[severity], 0);
}

/** How long a resolved alert stays in memory, so that a card does not vanish under the pointer. */
const LINGER_S = 60;

/** Apply pushed alerts to the open list. A copy older than the one shown is ignored: answers and events may cross. */
export function mergeAlerts(list: AlertList, pushed: readonly AlertView[], now: number): AlertList {
  const byId = new Map(list.items.map((alert) => [alert.id, alert]));
  const counts = { ...list.counts };
  const incidents = { ...list.incidents };
  const member = (alert: AlertView, by: 1 | -1) => {
    if (alert.handling === 'open') incidents[alert.incident] = Math.max(0, (incidents[alert.incident] ?? 0) + by);
  };
  for (const alert of pushed) {
    const known = byId.get(alert.id);
    if (known && known.version > alert.version) continue;
    if (known && leftToJudge(known)) counts[known.severity] -= 1;
    if (leftToJudge(alert)) counts[alert.severity] += 1;
    if (known) member(known, -1);
    member(alert, 1);
    if (known || alert.handling === 'open') byId.set(alert.id, alert);
  }
  const items = [...byId.values()].filter((alert) => (alert.resolved_at ?? now) > now - LINGER_S);
  return { items, counts, incidents };
}

/** Apply changed devices to the list, keeping its order; devices adopted meanwhile come last. */
export function mergeDevices(items: readonly DeviceView[], changed: readonly DeviceView[]): DeviceView[] {
  const news = new Map(changed.map((device) => [device.id, device]));
  const merged = items.map((device) => {
    const fresh = news.get(device.id);
    news.delete(device.id);
    return fresh ?? device;
  });
  return news.size ? [...merged, ...news.values()] : merged;
}
