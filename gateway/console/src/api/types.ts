/** The API's words, as the gateway sends them. Times are seconds since the epoch. */

export type Role = 'viewer' | 'guard' | 'manager' | 'administrator';
export type Severity = 'critical' | 'major' | 'minor' | 'notice';
export type Stage = 'new' | 'acknowledged' | 'judged' | 'resolved' | 'closed';
export type Response = 'none' | 'assigned' | 'dispatched' | 'arrived';
export type Verdict = 'true_alarm' | 'false_alarm' | 'drill' | 'undetermined';
export type Lane = 'alarm' | 'telemetry';
export type Scalar = number | string | boolean | null;

export const SEVERITIES: readonly Severity[] = ['critical', 'major', 'minor', 'notice'];

export interface Person {
  username: string;
  name: string;
  role: Role;
  language: string;
}

export interface Building {
  id: string;
  name: string;
  floors: string[];
}

export interface Site {
  id: string;
  name: string;
  timezone: string;
  buildings: Building[];
}

export interface Place {
  name: string;
  building: string;
  floor: string;
  zone: string;
}

export interface Reason {
  code: string;
  values: Record<string, unknown>;
  thresholds: Record<string, unknown>;
}

export interface AlertView {
  id: string;
  fingerprint: string;
  rule: string;
  device: string;
  kind: string;
  subject: string;
  severity: Severity;
  stage: Stage;
  condition: 'active' | 'normal';
  place: Place;
  raised_at: number;
  received_at: number;
  last_at: number;
  repeats: number;
  reason: Reason;
  test: boolean;
  registered: boolean;
  acknowledged_by: string | null;
  acknowledged_at: number | null;
  verdict: Verdict | null;
  verdict_reason: string | null;
  verdict_by: string | null;
  verdict_at: number | null;
  handling: 'open' | 'resolved';
  /** Whoever acknowledged it has done something since; an unused claim lapses. */
  claim_used: boolean;
  response: Response;
  assigned_to: string | null;
  /** Highest escalation level called; 0: none. */
  level: number;
  closed_by: string | null;
  closed_at: number | null;
  resolved_by: string | null;
  resolved_at: number | null;
  /** What keeps it from calling people: inhibit:ID of another alert, and the like. */
  suppressed_by: string | null;
  /** The alerts people work as one. */
  incident: string;
  /** The alert that explains this one. */
  cause: string | null;
  attributes: Record<string, unknown>;
  version: number;
  /** False: shown from memory because the disk refuses; it is still a real alert. */
  saved: boolean;
}

export interface TimelineEntry {
  seq: number;
  at: number;
  actor: string;
  action: string;
  detail: Record<string, unknown>;
}

export interface AlertDetail extends AlertView {
  timeline: TimelineEntry[];
}

/** Open and not judged, per severity. */
export type Counts = Record<Severity, number>;

export interface AlertList {
  items: AlertView[];
  counts: Counts;
  /** Open alerts of each incident, also of those that are not loaded. */
  incidents: Record<string, number>;
}

export interface DeviceView {
  id: string;
  kind: string;
  name: string;
  building: string;
  floor: string;
  zone: string;
  asset: string;
  dialect: string;
  upstream: string;
  online: boolean | null;
  last_seen: number | null;
  measurements: Record<string, number>;
  states: Record<string, Scalar>;
}

export type Sample = [number, Scalar];

export interface History {
  fields: Record<string, Sample[]>;
}

export interface Stranger {
  device: string;
  kind: string;
  dialect: string;
  first_seen: number;
  last_seen: number;
  count: number;
  last: Record<string, unknown>;
}

export interface Adoption {
  name: string;
  building: string;
  floor: string;
  zone: string;
  expect_every_s: number;
}

export interface DeadLetter {
  id: number | string;
  lane: string;
  seq: number | null;
  at: number;
  topic: string;
  reason: string;
  detail: string;
  payload: string;
}

export interface LaneHealth {
  head: number;
  evaluate_lag: number;
  history_lag: number;
}

export interface Health {
  ready: boolean;
  problems: { code: string; detail: string }[];
  lanes: Record<Lane, LaneHealth>;
  connected: Record<Lane, boolean>;
  counters: Record<string, number>;
  audit: { head_seq: number; head_hash: string };
}
