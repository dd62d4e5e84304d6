import { Anchor, Table, Text, VisuallyHidden } from '@mantine/core';
import { memo } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import type { DeviceView } from '../api/types';
import { Age } from '../shell/Age';
import { usePlaceName } from '../shell/hooks';
import { Online } from './Online';
import { StateSummary } from './StateSummary';
import classes from './devices.module.css';

const Row = memo(function Row({ device }: { device: DeviceView }) {
  const { t } = useTranslation();
  const place = usePlaceName()(device);
  return (
    <Table.Tr>
      <Table.Th scope="row" fw={400}>
        <Anchor component={Link} to={`/devices/${encodeURIComponent(device.id)}`} fw={600}>
          {device.name || device.id}
        </Anchor>
        <Text size="xs" c="dimmed">
          {t(`device.kind.${device.kind}`, { defaultValue: device.kind })} · {device.id}
        </Text>
      </Table.Th>
      <Table.Td>{place}</Table.Td>
      <Table.Td>
        <Online online={device.online} />
      </Table.Td>
      <Table.Td>
        <StateSummary device={device} />
      </Table.Td>
      <Table.Td className={classes.seen}>
        <Age at={device.last_seen} />
      </Table.Td>
    </Table.Tr>
  );
});

export function DeviceTable({ devices }: { devices: readonly DeviceView[] }) {
  const { t } = useTranslation();
  return (
    <div className={`panel ${classes.table}`}>
      <Table highlightOnHover verticalSpacing="xs" className={classes.grid}>
        <Table.Caption>
          <VisuallyHidden>{t('device.list.caption')}</VisuallyHidden>
        </Table.Caption>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t('device.list.name')}</Table.Th>
            <Table.Th>{t('device.list.place')}</Table.Th>
            <Table.Th>{t('device.list.status')}</Table.Th>
            <Table.Th>{t('device.list.state')}</Table.Th>
            <Table.Th>{t('device.list.seen')}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {devices.map((device) => (
            <Row key={device.id} device={device} />
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}
