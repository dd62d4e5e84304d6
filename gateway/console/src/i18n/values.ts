import type { TFunction } from 'i18next';
import { buildingName, floorName } from './place';
import { duration } from './time';

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
};

export function valueName(t: TFunction, name: string): string {
  return t(`value.name.${name}`, { defaultValue: name.replaceAll('_', ' ') });
}

export function number(value: number, language: string): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toLocaleString(language, { maximumFractionDigits: digits });
}

function numeric(t: TFunction, name: string, value: number, language: string): string {
  if (name.endsWith('_s')) return duration(t, value);
  if (name === 'score') return `${number(value * 100, language)} %`;
  const unit = UNITS[name];
  return unit ? `${number(value, language)} ${unit}` : number(value, language);
}

/** One value of a device or a reason, in words. */
export function valueText(t: TFunction, name: string, value: unknown, language: string): string {
  if (value === null || value === undefined) return t('unknown');
  if (typeof value === 'boolean') return value ? t('yes') : t('no');
  if (typeof value === 'number') return numeric(t, name, value, language);
  if (Array.isArray(value)) return value.map((item) => valueText(t, name, item, language)).join(', ');
  if (typeof value !== 'string') return JSON.stringify(value);
  if (name === 'building') return buildingName(t, value);
  if (name === 'floor') return floorName(t, value);
  return t(`value.word.${value}`, { defaultValue: value });
}
