import type { TFunction } from 'i18next';

/** How long, in at most two units: a guard needs the size, not the digits. */
export function duration(t: TFunction, seconds: number): string {
  const s = Math.max(0, Math.floor(seconds));
  if (s < 60) return t('time.seconds', { n: s });
  const minutes = Math.floor(s / 60);
  if (minutes < 60) return t('time.minutes', { n: minutes });
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return t('time.hours', { n: hours, m: minutes % 60 });
  return t('time.days', { n: Math.floor(hours / 24), h: hours % 24 });
}

export function ago(t: TFunction, at: number | null, now: number): string {
  return at === null ? t('time.never') : t('time.ago', { age: duration(t, now - at) });
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** The site's wall-clock time: whoever looks from elsewhere sees what the guard's watch showed. */
export function moment(at: number, language: string, timeZone: string | undefined): string {
  const key = `${language}|${timeZone ?? ''}`;
  let format = formats.get(key);
  if (!format) {
    format = new Intl.DateTimeFormat(language === 'zh' ? 'zh-CN' : 'en-GB', {
      dateStyle: 'medium',
      timeStyle: 'medium',
      timeZone,
      hourCycle: 'h23',
    });
    formats.set(key, format);
  }
  return format.format(at * 1000);
}
