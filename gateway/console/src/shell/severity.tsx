import { IconAlertOctagonFilled, IconAlertTriangleFilled, IconFlag3Filled, IconInfoCircleFilled } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { Severity } from '../api/types';
import classes from './severity.module.css';

/** Each severity has its own shape: colour is never the only sign. */
const ICONS = {
  critical: IconAlertOctagonFilled,
  major: IconAlertTriangleFilled,
  minor: IconFlag3Filled,
  notice: IconInfoCircleFilled,
};

export function SeverityIcon({ severity, size = 18 }: { severity: Severity; size?: number }) {
  const Icon = ICONS[severity];
  return <Icon size={size} aria-hidden />;
}

export function SeverityBadge({ severity }: { severity: Severity }) {
  const { t } = useTranslation();
  return (
    <span className={`${classes.badge} ${classes[severity]}`}>
      <SeverityIcon severity={severity} size={16} />
      {t(`alert.severity.${severity}`)}
    </span>
  );
}
