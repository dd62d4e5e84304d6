import { NativeSelect, TextInput } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { DeviceView } from '../api/types';
import { buildingName } from '../i18n/place';
import { useBuildings } from '../shell/hooks';
import { distinct, type Filter } from './filter';
import classes from './devices.module.css';

interface Props {
  devices: readonly DeviceView[];
  filter: Filter;
  change: (part: Partial<Filter>) => void;
}

export function FilterBar({ devices, filter, change }: Props) {
  const { t } = useTranslation();
  const buildings = useBuildings();
  const kinds = useMemo(() => distinct(devices.map((device) => device.kind)), [devices]);
  const places = useMemo(() => distinct(devices.map((device) => device.building)), [devices]);
  const all = { value: '', label: t('all') };
  return (
    <div className={classes.filter} role="search">
      <TextInput
        label={t('device.list.search')}
        leftSection={<IconSearch size={18} aria-hidden />}
        value={filter.q}
        onChange={(event) => change({ q: event.currentTarget.value })}
        type="search"
      />
      <NativeSelect
        label={t('device.list.kind')}
        value={filter.kind}
        onChange={(event) => change({ kind: event.currentTarget.value })}
        data={[all, ...kinds.map((value) => ({ value, label: t(`device.kind.${value}`, { defaultValue: value }) }))]}
      />
      <NativeSelect
        label={t('device.list.building')}
        value={filter.building}
        onChange={(event) => change({ building: event.currentTarget.value })}
        data={[all, ...places.map((value) => ({ value, label: buildingName(t, value, buildings) }))]}
      />
      <NativeSelect
        label={t('device.list.status')}
        value={filter.status}
        onChange={(event) => change({ status: event.currentTarget.value as Filter['status'] })}
        data={[
          all,
          { value: 'trouble', label: t('device.list.trouble') },
          { value: 'offline', label: t('device.list.offline') },
        ]}
      />
    </div>
  );
}
