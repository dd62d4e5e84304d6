import { Alert, Anchor, Stack, Title } from '@mantine/core';
import { IconArrowLeft, IconDatabaseOff, IconFlask, IconUserQuestion } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { Link, useParams } from 'react-router';
import { alertQuery } from '../api/queries';
import type { AlertDetail } from '../api/types';
import { alertTitle } from '../i18n/alerts';
import { Age } from '../shell/Age';
import { useAlertPlace } from '../shell/hooks';
import { SeverityBadge } from '../shell/severity';
import { Failed, Loading } from '../shell/states';
import { AlertBadges, StageLine } from './Badges';
import { Decide } from './Decide';
import { Facts } from './Facts';
import { Timeline } from './Timeline';
import { Why } from './Why';
import classes from './alert.module.css';

function Headline({ alert }: { alert: AlertDetail }) {
  const { t } = useTranslation();
  const place = useAlertPlace()(alert);
  return (
    <header className={`panel ${classes.headline}`} data-severity={alert.severity}>
      <div className={classes.row}>
        <SeverityBadge severity={alert.severity} />
        <Age at={alert.raised_at} />
      </div>
      <Title order={1} className={classes.title}>
        {alertTitle(t, alert)}
      </Title>
      <div className={classes.place}>{place}</div>
      <AlertBadges alert={alert} />
      <StageLine alert={alert} />
    </header>
  );
}

function Cautions({ alert }: { alert: AlertDetail }) {
  const { t } = useTranslation();
  return (
    <>
      {!alert.saved && (
        <Alert color="red" icon={<IconDatabaseOff aria-hidden />}>
          {t('alert.page.unsaved')}
        </Alert>
      )}
      {alert.test && (
        <Alert color="blue" icon={<IconFlask aria-hidden />}>
          {t('alert.page.test')}
        </Alert>
      )}
      {!alert.registered && (
        <Alert color="orange" icon={<IconUserQuestion aria-hidden />}>
          {t('alert.page.unregistered')}
        </Alert>
      )}
    </>
  );
}

export default function AlertPage() {
  const { t } = useTranslation();
  const { id = '' } = useParams();
  const query = useQuery(alertQuery(id));
  const alert = query.data;
  if (!alert) return query.error ? <Failed error={query.error} retry={() => void query.refetch()} /> : <Loading />;
  return (
    <Stack gap="md" className={classes.page}>
      <Anchor component={Link} to="/live" className={classes.back}>
        <IconArrowLeft size={18} aria-hidden /> {t('alert.page.back')}
      </Anchor>
      <Headline alert={alert} />
      <Cautions alert={alert} />
      <div className={classes.columns}>
        <Decide key={alert.id} alert={alert} />
        <Stack gap="md">
          <Why alert={alert} />
          <Facts alert={alert} />
          <Timeline entries={alert.timeline} />
        </Stack>
      </div>
    </Stack>
  );
}
