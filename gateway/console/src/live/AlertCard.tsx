import { IconCircleCheck, IconCircleX, IconHandStop, IconStack2 } from '@tabler/icons-react';
import { memo } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import type { AlertView } from '../api/types';
import { AlertBadges, StageLine } from '../alert/Badges';
import { alertTitle } from '../i18n/alerts';
import { Age } from '../shell/Age';
import { useAlertPlace } from '../shell/hooks';
import { SeverityBadge } from '../shell/severity';
import classes from './live.module.css';

export type Quick = 'acknowledge' | 'true' | 'false';

interface Props {
  alert: AlertView;
  selected: boolean;
  mayAct: boolean;
  select: (id: string) => void;
  quick: (alert: AlertView, what: Quick) => void;
  /** Open alerts of the same incident that have no card of their own. */
  more: number;
  unfold: (incident: string) => void;
}

function QuickActions({ alert, quick }: Pick<Props, 'alert' | 'quick'>) {
  const { t } = useTranslation();
  return (
    <div className={classes.actions}>
      {alert.acknowledged_by === null && (
        <button type="button" onClick={() => quick(alert, 'acknowledge')}>
          <IconHandStop size={17} aria-hidden /> {t('alert.act.short.acknowledge')}
        </button>
      )}
      <button type="button" onClick={() => quick(alert, 'true')}>
        <IconCircleCheck size={17} aria-hidden /> {t('alert.act.short.true')}
      </button>
      <button type="button" onClick={() => quick(alert, 'false')}>
        <IconCircleX size={17} aria-hidden /> {t('alert.act.short.false')}
      </button>
    </div>
  );
}

/** One alert in the list, speaking for its incident. Plain elements: there may be hundreds. */
export const AlertCard = memo(function AlertCard({ alert, selected, mayAct, select, quick, more, unfold }: Props) {
  const { t } = useTranslation();
  const place = useAlertPlace()(alert);
  const title = alertTitle(t, alert);
  const open = alert.handling === 'open';
  return (
    <li
      id={`alert-${alert.id}`}
      className={classes.card}
      data-severity={alert.severity}
      data-selected={selected || undefined}
      data-done={!open || alert.verdict !== null || undefined}
      data-fresh={alert.stage === 'new' || undefined}
      onFocus={() => select(alert.id)}
    >
      <div className={classes.head}>
        <SeverityBadge severity={alert.severity} />
        <Age at={alert.raised_at} />
      </div>
      <Link className={classes.title} to={`/alerts/${alert.id}`}>
        {title}
      </Link>
      <div className={classes.place}>{place}</div>
      <div className={classes.device}>{alert.place.name || alert.device}</div>
      <AlertBadges alert={alert} />
      {more > 0 && (
        <button type="button" className={classes.more} onClick={() => unfold(alert.incident)}>
          <IconStack2 size={15} aria-hidden /> {t('alert.badge.members', { count: more })}
        </button>
      )}
      <StageLine alert={alert} />
      {mayAct && open && alert.verdict === null && <QuickActions alert={alert} quick={quick} />}
    </li>
  );
});
