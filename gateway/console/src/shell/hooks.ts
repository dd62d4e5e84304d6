import { createContext, useContext, useEffect, useRef, useSyncExternalStore } from 'react';
import { useTranslation } from 'react-i18next';
import { now } from '../api/clock';
import type { AlertView, Place, Site } from '../api/types';
import { alertPlace } from '../i18n/alerts';
import { placeName, type Buildings } from '../i18n/place';
import { moment } from '../i18n/time';
import { valueText } from '../i18n/values';

const tickers = new Set<() => void>();
setInterval(() => {
  for (const tick of tickers) tick();
}, 1000);

function onTick(tick: () => void): () => void {
  tickers.add(tick);
  return () => tickers.delete(tick);
}

/** Something computed from the time, drawn again only when it says something new. One timer serves all. */
export function useTicking<T extends string | number>(compute: (now: number) => T): T {
  return useSyncExternalStore(onTick, () => compute(now()));
}

interface Known {
  buildings: Buildings;
  timezone: string | undefined;
}

/** What hundreds of cards need of the site, looked up once. */
export const SiteContext = createContext<Known>({ buildings: new Map(), timezone: undefined });

export function knownSite(site: Site | undefined): Known {
  return { buildings: new Map(site?.buildings.map((building) => [building.id, building])), timezone: site?.timezone };
}

export function useBuildings(): Buildings {
  return useContext(SiteContext).buildings;
}

/** Say where something is. */
export function usePlaceName(): (place: Pick<Place, 'building' | 'floor' | 'zone'>) => string {
  const { t } = useTranslation();
  const buildings = useBuildings();
  return (place) => placeName(t, place, buildings);
}

/** Say where to go because of an alert. */
export function useAlertPlace(): (alert: AlertView) => string {
  const { t } = useTranslation();
  const buildings = useBuildings();
  return (alert) => alertPlace(t, alert, buildings);
}

/** Say one value of a device or a reason. */
export function useValueText(): (name: string, value: unknown) => string {
  const { t, i18n } = useTranslation();
  const { timezone } = useContext(SiteContext);
  return (name, value) => valueText(t, name, value, { language: i18n.language, timezone });
}

/** Say when something was, by the site's clock. */
export function useMoment(): (at: number) => string {
  const { i18n } = useTranslation();
  const { timezone } = useContext(SiteContext);
  return (at) => moment(at, i18n.language, timezone);
}

/** Holding J walks on; holding C must not judge one alert after the other. */
const REPEATABLE = new Set(['j', 'k']);

type Keys = Record<string, () => void>;

function meantForAField(event: KeyboardEvent): boolean {
  const target = event.target instanceof HTMLElement ? event.target : null;
  if (target?.isContentEditable || target?.closest('input, textarea, select')) return true;
  return document.querySelector('[role="dialog"]') !== null && !target?.closest('[role="dialog"]');
}

/** The letter of a key press, also while a Chinese input method is switched on. */
function letter(event: KeyboardEvent): string {
  if (event.key.length === 1) return event.key.toLowerCase();
  return event.code.startsWith('Key') ? event.code.slice(3).toLowerCase() : event.key.toLowerCase();
}

/** Single-key shortcuts; silent while a field or a dialog has the keyboard, and with Ctrl, Alt or Meta. */
export function useKeys(keys: Keys): void {
  const current = useRef(keys);
  useEffect(() => {
    current.current = keys;
  });
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.altKey || event.metaKey || meantForAField(event)) return;
      const key = letter(event);
      const action = current.current[key];
      if (!action || (event.repeat && !REPEATABLE.has(key))) return;
      event.preventDefault();
      action();
    };
    document.addEventListener('keydown', press);
    return () => document.removeEventListener('keydown', press);
  }, []);
}

/** Short labels for a time axis, by the site's clock. */
export function useClock(withDay: boolean): (at: number) => string {
  const { i18n } = useTranslation();
  const { timezone } = useContext(SiteContext);
  const day = withDay ? ({ month: 'numeric', day: 'numeric' } as const) : {};
  const format = new Intl.DateTimeFormat(i18n.language === 'zh' ? 'zh-CN' : 'en-GB', {
    ...day,
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
    timeZone: timezone,
  });
  return (at) => (Number.isFinite(at) ? format.format(at * 1000) : '');
}
