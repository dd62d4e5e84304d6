import { Anchor, Stack, Title } from '@mantine/core';
import { IconArrowLeft } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Suspense, lazy } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useParams } from 'react-router';
import { deviceQuery } from '../api/queries';
import type { DeviceView } from '../api/types';
import { valueName } from '../i18n/values';
import { Age } from '../shell/Age';
import { NameValue } from '../shell/NameValue';
import { usePlaceName, useValueText } from '../shell/hooks';
import { Failed, Loading } from '../shell/states';
import { Online } from './Online';
import { StateSummary } from './StateSummary';
import classes from './devices.module.css';

const HistoryPanel = lazy(() => import('./HistoryPanel'));

function Facts({ device }: { device: DeviceView }) {
  const { t } = useTranslation();
  const place = usePlaceName()(device);
  return (
    <NameValue
      title={t('device.page.facts')}
      rows={[
        [t('device.list.kind'), t(`device.kind.${device.kind}`, { defaultValue: device.kind })],
        [t('device.list.place'), place],
        [t('device.page.id'), device.id],
        [t('device.page.asset'), device.asset],
        [t('device.page.dialect'), device.dialect],
        [t('device.list.status'), <Online key="online" online={device.online} />],
        [t('device.list.seen'), <Age key="seen" at={device.last_seen} />],
      ]}
    />
  );
}

function Now({ device }: { device: DeviceView }) {
  const { t } = useTranslation();
  const valueText = useValueText();
  const values = Object.entries({ ...device.measurements, ...device.states });
  return (
    <NameValue
      title={t('device.page.now')}
      empty={t('device.page.nothing')}
      rows={values.map(([name, value]) => [valueName(t, name), valueText(name, value)])}
    />
  );
}

export default function DevicePage() {
  const { t } = useTranslation();
  const { id = '' } = useParams();
  const query = useQuery(deviceQuery(id));
  const device = query.data;
  if (!device) return query.error ? <Failed error={query.error} retry={() => void query.refetch()} /> : <Loading />;
  return (
    <Stack>
      <Anchor component={Link} to="/devices" style={{ display: 'inline-flex', alignItems: 'center', gap: 4 }}>
        <IconArrowLeft size={18} aria-hidden /> {t('device.page.back')}
      </Anchor>
      <Title order={1} size="h3">
        {device.name || device.id}
      </Title>
      <StateSummary device={device} />
      <div className={classes.columns}>
        <Stack>
          <Facts device={device} />
          <Now device={device} />
        </Stack>
        <Suspense fallback={<Loading />}>
          <HistoryPanel device={device} />
        </Suspense>
      </div>
    </Stack>
  );
}
