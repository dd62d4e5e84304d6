import { AppShell, Button } from '@mantine/core';
import { IconLogout } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Suspense, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, Navigate, Outlet, useLocation } from 'react-router';
import { ApiError } from '../api/client';
import { siteQuery } from '../api/queries';
import { useLogout, useMe } from '../api/session';
import { useFollow } from '../api/stream';
import type { Person } from '../api/types';
import { ConnectionBanner } from './ConnectionBanner';
import { Nav } from './Nav';
import { SiteContext, knownSite } from './hooks';
import { Preferences } from './Preferences';
import { Failed, Loading } from './states';
import classes from './shell.module.css';

function Account({ person }: { person: Person }) {
  const { t } = useTranslation();
  const logout = useLogout();
  return (
    <>
      <span className={classes.person}>
        {t('signedIn', { name: person.name || person.username, role: t(`role.${person.role}`) })}
      </span>
      <Button
        variant="default"
        size="compact-md"
        aria-label={t('logout')}
        title={t('logout')}
        onClick={() => void logout()}
      >
        <IconLogout size={18} aria-hidden />
      </Button>
    </>
  );
}

function Frame({ person }: { person: Person }) {
  const { t } = useTranslation();
  const { data: site } = useQuery(siteQuery);
  const known = useMemo(() => knownSite(site), [site]);
  useFollow();
  return (
    <AppShell header={{ height: 56 }} padding={0}>
      <a className="skip" href="#content">
        {t('skip')}
      </a>
      <AppShell.Header>
        <div className={classes.header}>
          <Link className={classes.brand} to="/live">
            <img src="/icon.svg" width={28} height={28} alt="" />
            <span>{site?.name || t('product')}</span>
          </Link>
          <Nav at="top" />
          <Preferences />
          <Account person={person} />
        </div>
      </AppShell.Header>
      <AppShell.Main bg="var(--page)" id="content" tabIndex={-1} style={{ outline: 'none' }}>
        <ConnectionBanner />
        <div className={classes.page}>
          <SiteContext value={known}>
            <Suspense fallback={<Loading />}>
              <Outlet />
            </Suspense>
          </SiteContext>
        </div>
      </AppShell.Main>
      <div className={classes.bottomBar}>
        <Nav at="bottom" />
      </div>
    </AppShell>
  );
}

/** The frame of every page behind the login. */
export function Layout() {
  const me = useMe();
  const { pathname, search } = useLocation();
  const stranger = me.data === null || (me.error instanceof ApiError && me.error.status === 401);
  if (stranger) return <Navigate to={`/login?next=${encodeURIComponent(pathname + search)}`} replace />;
  if (me.data) return <Frame person={me.data} />;
  if (me.error) return <Failed error={me.error} retry={() => void me.refetch()} />;
  return <Loading />;
}
