import type { KeyboardEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { totalLeft } from '../api/merge';
import { SEVERITIES, type Counts, type Severity } from '../api/types';
import { SeverityIcon } from '../shell/severity';
import classes from './live.module.css';

export type Tab = Severity | 'all';
const TABS: readonly Tab[] = ['all', ...SEVERITIES];

interface Props {
  tab: Tab;
  counts: Counts;
  choose: (tab: Tab) => void;
}

/** One tab per severity with the number of alerts nobody has judged yet. */
export function SeverityTabs({ tab, counts, choose }: Props) {
  const { t } = useTranslation();
  const walk = (event: KeyboardEvent) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const next = TABS[(TABS.indexOf(tab) + step + TABS.length) % TABS.length] ?? 'all';
    choose(next);
    document.getElementById(`tab-${next}`)?.focus();
  };
  return (
    <div className={classes.tabs} role="tablist" aria-label={t('alert.live.tabs')} tabIndex={-1} onKeyDown={walk}>
      {TABS.map((one) => {
        const count = one === 'all' ? totalLeft(counts) : counts[one];
        return (
          <button
            key={one}
            id={`tab-${one}`}
            type="button"
            role="tab"
            className={classes.tab}
            data-severity={one}
            aria-selected={tab === one}
            aria-controls="alerts"
            tabIndex={tab === one ? 0 : -1}
            onClick={() => choose(one)}
          >
            {one !== 'all' && <SeverityIcon severity={one} />}
            <span className={classes.word}>{one === 'all' ? t('alert.live.allLeft') : t(`alert.severity.${one}`)}</span>
            <span className={classes.number} data-some={count > 0 || undefined} title={t('alert.live.left', { count })}>
              {count}
            </span>
          </button>
        );
      })}
    </div>
  );
}
