import { IconActivityHeartbeat, IconBellRinging, IconCpu, IconQuestionMark } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { NavLink } from 'react-router';
import { totalLeft } from '../api/merge';
import { openAlertsQuery } from '../api/queries';
import classes from './shell.module.css';

const PAGES = [
  { to: '/live', key: 'live', Icon: IconBellRinging },
  { to: '/devices', key: 'devices', Icon: IconCpu },
  { to: '/quarantine', key: 'quarantine', Icon: IconQuestionMark },
  { to: '/health', key: 'health', Icon: IconActivityHeartbeat },
] as const;

/** Links to the pages; the count left to judge stays in sight wherever one is. */
export function Nav({ at }: { at: 'top' | 'bottom' }) {
  const { t } = useTranslation();
  const { data } = useQuery({ ...openAlertsQuery, select: (list) => totalLeft(list.counts) });
  return (
    <nav className={classes[at]} aria-label={t('navigation')}>
      {PAGES.map(({ to, key, Icon }) => (
        <NavLink key={key} to={to}>
          <span className={classes.spot}>
            <Icon size={at === 'bottom' ? 22 : 18} aria-hidden />
            {at === 'bottom' && key === 'live' && <Left count={data} />}
          </span>
          <span>{at === 'top' ? t(`nav.${key}`) : t(`nav.short.${key}`)}</span>
          {at === 'top' && key === 'live' && <Left count={data} />}
        </NavLink>
      ))}
    </nav>
  );
}

function Left({ count }: { count: number | undefined }) {
  const { t } = useTranslation();
  if (!count) return null;
  return (
    <span className={`${classes.count} tabular`} aria-label={t('alert.live.left', { count })}>
      {count > 999 ? '999+' : count}
    </span>
  );
}
