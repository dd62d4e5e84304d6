import type { TFunction } from 'i18next';
import { buildingName, floorName } from './place';
import { duration, moment } from './time';

/** Units of devices/names.py, as people write them. */
export const UNITS: Record<string, string> = {
  battery_percent: '%',
  battery_voltage: 'V',
  rssi: 'dBm',
  temperature: '°C',
  humidity: '%',
  smoke_density: '%/m',
  gas_concentration: '%LEL',
  speed: 'm/s',
  load_percent: '%',
  frame_rate: '/s',
  water_level: 'm',
  limit_mps: 'm/s',
  snr: 'dB',
  run_time_h: 'h',
  limit_c: '°C',
  hysteresis_c: '°C',
  rate_c_per_min: '°C/min',
  limit_percent_per_m: '%/m',
  hysteresis_percent_per_m: '%/m',
  limit_m: 'm',
  hysteresis_m: 'm',
  rate_m_per_min: 'm/min',
  start_level_m: 'm',
  limit_percent: '%',
  hysteresis_percent: '%',
  percent_per_day: '%',
  replaced_percent: '%',
  after_h: 'h',
};

export function valueName(t: TFunction, name: string): string {
  return t(`value.name.${name}`, { defaultValue: name.replaceAll('_', ' ') });
}

export function number(value: number, language: string): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toLocaleString(language, { maximumFractionDigits: digits });
}

export interface Reader {
  language: string;
  timezone?: string | undefined;
}

function numeric(t: TFunction, name: string, value: number, { language, timezone }: Reader): string {
  if (name === 'last_seen' || name.endsWith('_at')) return moment(value, language, timezone);
  if (name.endsWith('_s')) return duration(t, value);
  if (name.endsWith('score') || name === 'coverage') return `${number(value * 100, language)} %`;
  const unit = UNITS[name];
  return unit ? `${number(value, language)} ${unit}` : number(value, language);
}

/** One value of a device or a reason, in words. */
export function valueText(t: TFunction, name: string, value: unknown, reader: Reader): string {
  if (value === null || value === undefined) return t('unknown');
  if (typeof value === 'boolean') return value ? t('yes') : t('no');
  if (typeof value === 'number') return numeric(t, name, value, reader);
  if (Array.isArray(value)) return value.map((item) => valueText(t, name, item, reader)).join(', ');
  if (typeof value !== 'string') return JSON.stringify(value);
  if (name === 'building') return buildingName(t, value);
  if (name === 'floor' && value) return floorName(t, value);
  return t(`value.word.${value}`, { defaultValue: value });
}
