import type { DeviceView } from '../api/types';

export interface Filter {
  q: string;
  kind: string;
  building: string;
  status: '' | 'trouble' | 'offline';
}

export const NO_FILTER: Filter = { q: '', kind: '', building: '', status: '' };

/** States that mean trouble when they are true, the most urgent first. */
export const TROUBLE = [
  'entrapment',
  'smoke',
  'gas',
  'carbon_monoxide',
  'heat',
  'manual_call_point',
  'water_leak',
  'fault',
  'tamper',
  'battery_low',
  'muted',
] as const;

export function isTrouble(state: string): boolean {
  return (TROUBLE as readonly string[]).includes(state);
}

const ALARMS = new Set<string>(TROUBLE.slice(0, 7));

export function troubles(device: DeviceView): string[] {
  return TROUBLE.filter((state) => device.states[state] === true);
}

export function isAlarm(state: string): boolean {
  return ALARMS.has(state);
}

function matchesText(device: DeviceView, q: string): boolean {
  const wanted = q.trim().toLowerCase();
  return !wanted || [device.id, device.name, device.zone, device.asset].some((text) => text.toLowerCase().includes(wanted));
}

function matchesStatus(device: DeviceView, status: Filter['status']): boolean {
  if (status === 'offline') return device.online === false;
  return status === '' || device.online === false || troubles(device).length > 0;
}

export function matches(device: DeviceView, filter: Filter): boolean {
  return (
    (!filter.kind || device.kind === filter.kind) &&
    (!filter.building || device.building === filter.building) &&
    matchesStatus(device, filter.status) &&
    matchesText(device, filter.q)
  );
}

/** Distinct values in natural order: building 2 before building 10. */
export function distinct(values: Iterable<string>): string[] {
  return [...new Set(values)].filter(Boolean).sort((a, b) => a.localeCompare(b, undefined, { numeric: true }));
}
