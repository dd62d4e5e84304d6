import { Button, Group, Pagination, Stack, Text, Title } from '@mantine/core';
import { IconCpu, IconFilterOff } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { useSearchParams } from 'react-router';
import { devicesQuery } from '../api/queries';
import type { DeviceView } from '../api/types';
import { Failed, Loading, State } from '../shell/states';
import { DeviceTable } from './DeviceTable';
import { FilterBar } from './FilterBar';
import { NO_FILTER, matches, type Filter } from './filter';

const PAGE = 50;

/** The filter lives in the address, so that Back and a shared link show the same devices. */
function useFilter() {
  const [params, setParams] = useSearchParams();
  const filter = Object.fromEntries(
    Object.keys(NO_FILTER).map((name) => [name, params.get(name) ?? '']),
  ) as unknown as Filter;
  const page = Math.max(1, Number(params.get('page')) || 1);
  const write = (values: Record<string, string>) => {
    const given = Object.entries(values).filter(([, value]) => value !== '');
    setParams(Object.fromEntries(given), { replace: true });
  };
  return {
    filter,
    page,
    change: (part: Partial<Filter>) => write({ ...filter, ...part }),
    turn: (to: number) => write({ ...filter, page: String(to) }),
    clear: () => write({}),
  };
}

function DeviceList({ devices }: { devices: readonly DeviceView[] }) {
  const { t } = useTranslation();
  const { filter, page, change, turn, clear } = useFilter();
  const found = useMemo(() => devices.filter((device) => matches(device, filter)), [devices, filter]);
  const pages = Math.ceil(found.length / PAGE);
  const at = Math.min(page, Math.max(1, pages));
  return (
    <Stack>
      <FilterBar devices={devices} filter={filter} change={change} />
      <Text c="dimmed" size="sm" role="status">
        {t('device.list.summary', { shown: found.length, total: devices.length })}
      </Text>
      {found.length === 0 ? (
        <State icon={<IconFilterOff />} title={t('device.list.noMatch')} text="">
          <Button onClick={clear}>{t('device.list.clear')}</Button>
        </State>
      ) : (
        <DeviceTable devices={found.slice((at - 1) * PAGE, at * PAGE)} />
      )}
      {pages > 1 && (
        <Group justify="center">
          <Pagination
            total={pages}
            value={at}
            onChange={turn}
            aria-label={t('device.list.pages')}
            getControlProps={(control) => ({ 'aria-label': t(`device.list.${control}Page`) })}
          />
        </Group>
      )}
    </Stack>
  );
}

export default function DevicesPage() {
  const { t } = useTranslation();
  const query = useQuery(devicesQuery);
  if (query.isPending) return <Loading />;
  if (!query.data) return <Failed error={query.error} retry={() => void query.refetch()} />;
  return (
    <>
      <Title order={1} size="h3" mb="sm">
        {t('device.list.title')}
      </Title>
      {query.data.length ? (
        <DeviceList devices={query.data} />
      ) : (
        <State icon={<IconCpu />} title={t('device.list.emptyTitle')} text={t('device.list.empty')} />
      )}
    </>
  );
}
