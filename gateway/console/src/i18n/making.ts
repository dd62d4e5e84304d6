import i18next from 'i18next';
import type { AlertView } from '../api/types';
import { startI18n, type Language } from './index';

/** Test helper: a translator of one language. */
export async function translator(language: Language) {
  if (!i18next.isInitialized) await startI18n(language);
  return i18next.getFixedT(language);
}

/** Test helper: a new, critical, saved smoke alert; change what matters. */
export function makeAlert(changes: Partial<AlertView> = {}): AlertView {
  return {
    id: 'a1',
    fingerprint: 'smoke_alarm/smoke-1',
    rule: 'smoke_alarm',
    device: 'smoke-1',
    kind: 'smoke_detector',
    subject: '',
    severity: 'critical',
    stage: 'new',
    condition: 'active',
    place: { name: '', building: 'b3', floor: '12F', zone: '' },
    raised_at: 1000,
    received_at: 1000,
    last_at: 1000,
    repeats: 0,
    reason: { code: 'state_true', values: { smoke: true }, thresholds: {} },
    test: false,
    registered: true,
    acknowledged_by: null,
    acknowledged_at: null,
    verdict: null,
    verdict_reason: null,
    verdict_by: null,
    verdict_at: null,
    handling: 'open',
    claim_used: false,
    response: 'none',
    assigned_to: null,
    level: 0,
    closed_by: null,
    closed_at: null,
    resolved_by: null,
    resolved_at: null,
    suppressed_by: null,
    incident: changes.id ?? 'a1',
    cause: null,
    attributes: {},
    version: 1,
    saved: true,
    ...changes,
  };
}
