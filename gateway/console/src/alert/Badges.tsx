import { IconBellOff, IconDatabaseOff, IconFlask, IconLink, IconRepeat, IconStairsUp, IconUserQuestion, IconWaveSawTool, IconCheck } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { AlertView } from '../api/types';
import { causeText } from '../i18n/alerts';
import classes from './alert.module.css';

function Badge({ icon, children, warn }: { icon: ReactNode; children: ReactNode; warn?: boolean }) {
  return (
    <span className={classes.badge} data-warn={warn || undefined}>
      {icon}
      {children}
    </span>
  );
}

/** What else one must know at a glance: still active, repeated, a test, an unknown device, not saved. */
export function AlertBadges({ alert }: { alert: AlertView }) {
  const { t } = useTranslation();
  const active = alert.condition === 'active';
  return (
    <div className={classes.badges}>
      <Badge icon={active ? <IconWaveSawTool size={15} aria-hidden /> : <IconCheck size={15} aria-hidden />}>
        {t(`alert.condition.${alert.condition}`)}
      </Badge>
      {alert.repeats > 0 && (
        <Badge icon={<IconRepeat size={15} aria-hidden />}>{t('alert.badge.repeats', { count: alert.repeats })}</Badge>
      )}
      {alert.test && <Badge icon={<IconFlask size={15} aria-hidden />}>{t('alert.badge.test')}</Badge>}
      {!alert.registered && (
        <Badge icon={<IconUserQuestion size={15} aria-hidden />} warn>
          {t('alert.badge.unregistered')}
        </Badge>
      )}
      {alert.suppressed_by?.startsWith('inhibit:') && (
        <Badge icon={<IconLink size={15} aria-hidden />}>{t('alert.badge.inhibited')}</Badge>
      )}
      {alert.suppressed_by && !alert.suppressed_by.startsWith('inhibit:') && (
        <Badge icon={<IconBellOff size={15} aria-hidden />}>
          {t(`alert.muted.${alert.suppressed_by.split(':')[0]}`)}
        </Badge>
      )}
      {alert.level > 0 && alert.handling === 'open' && (
        <Badge icon={<IconStairsUp size={15} aria-hidden />} warn>
          {t('alert.badge.level', { level: alert.level })}
        </Badge>
      )}
      {!alert.saved && (
        <Badge icon={<IconDatabaseOff size={15} aria-hidden />} warn>
          {t('alert.badge.unsaved')}
        </Badge>
      )}
    </div>
  );
}

/** Who has it, and what they found. */
export function StageLine({ alert }: { alert: AlertView }) {
  const { t } = useTranslation();
  if (alert.stage === 'new') return null;
  const name = (who: string | null) => (who === 'system' ? t('alert.page.system') : (who ?? ''));
  const text =
    alert.handling === 'resolved'
      ? t('alert.badge.by', { stage: t(`alert.stage.${alert.stage}`), name: name(alert.resolved_by) })
      : alert.verdict
        ? t('alert.badge.by', { stage: t(`alert.verdict.${alert.verdict}`), name: name(alert.verdict_by) })
        : t('alert.badge.by', { stage: t('alert.stage.acknowledged'), name: name(alert.acknowledged_by) });
  const cause = alert.verdict_reason ? causeText(t, alert.verdict_reason) : '';
  return (
    <div className={classes.stage}>
      {text}
      {cause && <span> · {cause}</span>}
    </div>
  );
}
