import i18next from 'i18next';
import { initReactI18next } from 'react-i18next';
import { alert as enAlert } from './en/alert';
import { device as enDevice } from './en/device';
import { health as enHealth } from './en/health';
import { shell as enShell } from './en/shell';
import { value as enValue } from './en/value';
import { alert as zhAlert } from './zh/alert';
import { device as zhDevice } from './zh/device';
import { health as zhHealth } from './zh/health';
import { shell as zhShell } from './zh/shell';
import { value as zhValue } from './zh/value';

export const en = { ...enShell, alert: enAlert, device: enDevice, health: enHealth, value: enValue };
export const zh: typeof en = { ...zhShell, alert: zhAlert, device: zhDevice, health: zhHealth, value: zhValue };

export type Language = 'zh' | 'en';
const KEPT = 'console-language';

/** The language chosen before on this screen, otherwise the browser's. */
export function firstLanguage(kept = localStorage.getItem(KEPT), browser = navigator.language): Language {
  if (kept === 'zh' || kept === 'en') return kept;
  return browser.toLowerCase().startsWith('zh') ? 'zh' : 'en';
}

function announce(language: string): void {
  document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en';
  document.title = i18next.t('product');
}

export async function startI18n(language: Language = firstLanguage()): Promise<void> {
  await i18next.use(initReactI18next).init({
    lng: language,
    fallbackLng: 'en',
    resources: { en: { translation: en }, zh: { translation: zh } },
    interpolation: { escapeValue: false },
  });
  i18next.on('languageChanged', announce);
  announce(language);
}

export async function changeLanguage(language: Language): Promise<void> {
  localStorage.setItem(KEPT, language);
  await i18next.changeLanguage(language);
}
