import '@mantine/charts/styles.css';
import { Group, SegmentedControl, Stack, Title } from '@mantine/core';
import { IconChartLine } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { historyQuery } from '../api/queries';
import type { DeviceView } from '../api/types';
import { Failed, Loading, State } from '../shell/states';
import { Chart } from './Chart';
import { StateStrip } from './StateStrip';
import classes from './devices.module.css';
import { split } from './series';

/** Time ranges with the bucket that keeps a chart at some 240 points. */
const RANGES = {
  hour: { span: 3_600, every: 15 },
  sixHours: { span: 21_600, every: 90 },
  day: { span: 86_400, every: 360 },
  week: { span: 604_800, every: 2_520 },
};
type Range = keyof typeof RANGES;

function Charts({ device, range }: { device: DeviceView; range: Range }) {
  const { t } = useTranslation();
  const { span, every } = RANGES[range];
  const query = useQuery(historyQuery(device.id, span, every));
  if (query.isPending) return <Loading small />;
  if (!query.data) return <Failed error={query.error} retry={() => void query.refetch()} />;
  const { numbers, states } = split(query.data.fields);
  if (numbers.length + states.length === 0)
    return <State icon={<IconChartLine />} title={t('device.page.history')} text={t('device.page.noHistory')} />;
  return (
    <Stack>
      <div className={classes.charts}>
        {numbers.map(([name, samples]) => (
          <Chart key={name} name={name} samples={samples} every={every} span={span} />
        ))}
      </div>
      {states.map(([name, samples]) => (
        <StateStrip key={name} name={name} samples={samples} span={span} />
      ))}
    </Stack>
  );
}

export default function HistoryPanel({ device }: { device: DeviceView }) {
  const { t } = useTranslation();
  const [range, setRange] = useState<Range>('hour');
  return (
    <section className="panel" aria-labelledby="history">
      <Group justify="space-between" mb="md">
        <Title order={2} size="h4" id="history">
          {t('device.page.history')}
        </Title>
        <SegmentedControl
          aria-label={t('device.page.range')}
          value={range}
          onChange={(value) => setRange(value as Range)}
          data={Object.keys(RANGES).map((value) => ({ value, label: t(`device.page.${value}`) }))}
        />
      </Group>
      <Charts device={device} range={range} />
    </section>
  );
}
