import { useTranslation } from 'react-i18next';
import type { AlertView } from '../api/types';
import { alertTitle } from '../i18n/alerts';
import { useAlertPlace } from '../shell/hooks';
import { SeverityIcon } from '../shell/severity';
import classes from './live.module.css';

/** New alerts while somebody is busy with the list: announced at once, let in when the hand rests. */
export function Waiting({ alerts, show }: { alerts: readonly AlertView[]; show: () => void }) {
  const { t } = useTranslation();
  const place = useAlertPlace();
  const [first] = alerts;
  return (
    <div className={classes.waiting} role="status">
      {first && (
        <button type="button" data-critical={first.severity === 'critical' || undefined} onClick={show}>
          <SeverityIcon severity={first.severity} size={20} />
          <span>
            {t('alert.live.waiting', { count: alerts.length })}: {alertTitle(t, first)}, {place(first)}
          </span>
        </button>
      )}
    </div>
  );
}
