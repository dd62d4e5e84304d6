import i18next, { type TFunction } from 'i18next';
import type { AlertView } from '../api/types';
import { placeName, type Buildings, type Somewhere } from './place';
import { valueName } from './values';

/** States that are an alarm in themselves, the most urgent first. */
const ALARMS = ['entrapment', 'smoke', 'gas', 'carbon_monoxide', 'heat', 'manual_call_point', 'water_leak'];

function alarmOf(alert: AlertView): string | undefined {
  if (alert.reason.values['event'] === 'duress' || alert.reason.code === 'duress') return 'duress';
  return ALARMS.find((state) => alert.reason.values[state] === true);
}

/** What a rule of the site's own is called there. */
function ownTitle(t: TFunction, alert: AlertView): string | undefined {
  const title = alert.attributes['title'];
  if (typeof title !== 'object' || title === null) return undefined;
  const language = (t as { lng?: string }).lng ?? i18next.language;
  return (title as Record<string, string>)[language];
}

/** What happened, in the words one would shout down the corridor. */
export function alertTitle(t: TFunction, alert: AlertView): string {
  const alarm = alarmOf(alert);
  const rule = ownTitle(t, alert) ?? t(`alert.rule.${alert.rule}`, { defaultValue: alert.rule.replaceAll('_', ' ') });
  const title = alarm ? t(`alert.alarm.${alarm}`) : rule;
  return alert.test ? t('alert.alarm.test', { title }) : title;
}

/** Where to run to: the floor the lift car stands at and the storeys of a throw count, not where the device hangs. */
export function alertPlace(t: TFunction, alert: AlertView, buildings?: Buildings): string {
  const { values } = alert.reason;
  const place: Somewhere = { ...alert.place };
  if (alert.kind === 'lift' && typeof values['floor'] === 'string' && values['floor']) place.floor = values['floor'];
  const thrown = alert.rule === 'falling_object' || alert.rule === 'falling_series';
  if (!thrown || values['floor_low'] === undefined) return placeName(t, place, buildings);
  const storeys = t('place.storeys', { low: values['floor_low'], high: values['floor_high'] ?? values['floor_low'] });
  const column = values['column'] ? t('place.column', { name: values['column'] }) : '';
  return placeName(t, { ...place, floor: storeys, zone: column }, buildings);
}

/** Why the rule decided, as a sentence. */
export function whySentence(t: TFunction, alert: AlertView): string {
  const { code, values } = alert.reason;
  const states = Object.keys(values)
    .filter((name) => values[name] === true)
    .map((name) => valueName(t, name))
    .join(t('place.separator'));
  const wanted = [`value.why.${code}`, `value.why.${alert.rule}`, 'value.why.unknown'];
  return t(wanted, { states, rule: alert.rule });
}

/** Causes a guard picks from, by what raised the alert; the first nine answer to number keys. */
const CAUSES: Record<string, string[]> = {
  smoke_alarm: ['cooking', 'steam', 'smoking', 'dust', 'insect'],
  lift_entrapment: ['passenger', 'loading'],
  gate_forced: ['resident', 'delivery'],
  gate_held_open: ['resident', 'delivery'],
  fire_lane_blocked: ['loading', 'shadow'],
  falling_object: ['animal', 'shadow'],
  water_leak: ['cleaning', 'condensation'],
  device_offline: ['network'],
  gateway_lost: ['network'],
  power_failure: ['network'],
  device_flapping: ['network'],
  smoke_density: ['cooking', 'steam', 'smoking', 'dust', 'insect'],
  heat_alarm: ['cooking', 'steam'],
  heat_rising: ['cooking', 'steam'],
  fire_confirmed: ['cooking', 'steam', 'smoking', 'dust'],
  linked_alarm: ['cooking', 'steam', 'smoking', 'dust'],
  water_level_high: ['cleaning'],
  water_rising: ['cleaning'],
  lift_e_bike: ['passenger'],
  lift_door_cycling: ['passenger', 'loading'],
  gate_duress: ['resident'],
  gate_tailgating: ['resident', 'delivery'],
  gate_refused_repeatedly: ['resident', 'delivery'],
  gate_passback: ['resident'],
  gate_expired_visitor: ['resident', 'delivery'],
  gate_pass_refused: ['resident', 'delivery'],
  resident_unseen: ['resident'],
  fire_lane_habit: ['loading', 'delivery'],
  falling_series: ['animal', 'shadow'],
  camera_blind: ['shadow', 'insect'],
  camera_moved: ['shadow'],
  camera_frozen: ['network'],
  camera_lost: ['network'],
  camera_tampered: ['shadow', 'insect'],
};
const ALWAYS = ['maintenance', 'malfunction', 'other'];

export function causes(rule: string): string[] {
  return [...(CAUSES[rule] ?? []), ...ALWAYS];
}

/** Causes travel as ``code`` or ``code: words``, so that every reader sees them in the own language. */
export function causeText(t: TFunction, reason: string): string {
  const [, code, words] = /^([a-z_]+)(?:: ?(.*))?$/s.exec(reason) ?? [];
  if (!code) return reason;
  const name = t(`alert.cause.${code}`, { defaultValue: '' });
  if (!name) return reason;
  return words ? `${name}: ${words}` : name;
}
