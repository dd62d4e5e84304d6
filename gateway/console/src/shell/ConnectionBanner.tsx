import { IconPlugConnectedX } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { useLink } from '../api/stream';
import classes from './shell.module.css';

/** Nobody may mistake a dead screen for a quiet night. */
export function ConnectionBanner() {
  const { t } = useTranslation();
  if (useLink() !== 'lost') return null;
  return (
    <div className={classes.lost} role="alert">
      <IconPlugConnectedX size={26} aria-hidden />
      <div>
        <strong>{t('link.lost')}</strong> <span>{t('link.lostHint')}</span>
      </div>
    </div>
  );
}
