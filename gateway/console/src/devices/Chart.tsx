import { AreaChart } from '@mantine/charts';
import { Text } from '@mantine/core';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { UNITS, number, valueName } from '../i18n/values';
import { useClock } from '../shell/hooks';
import { withGaps, type Numbers } from './series';

interface Props {
  name: string;
  samples: Numbers;
  every: number;
  span: number;
}

/** One quantity over time; a sentence says the same to who cannot see the line. */
export function Chart({ name, samples, every, span }: Props) {
  const { t, i18n } = useTranslation();
  const clock = useClock(span > 86_400);
  const data = useMemo(() => withGaps(samples, every), [samples, every]);
  const values = samples.map(([, value]) => value);
  const unit = UNITS[name] ?? '';
  const title = valueName(t, name);
  const say = (value: number) => `${number(value, i18n.language)} ${unit}`.trim();
  const summary = t('device.page.chart', {
    name: title,
    low: number(Math.min(...values), i18n.language),
    high: number(Math.max(...values), i18n.language),
    unit,
    last: say(values.at(-1) ?? NaN),
  });
  return (
    <figure style={{ margin: 0 }} aria-label={summary}>
      <Text component="figcaption" fw={600} mb={6}>
        {title}
        <Text span c="dimmed" inherit fw={400} ml={8} className="tabular">
          {say(values.at(-1) ?? NaN)}
        </Text>
      </Text>
      <AreaChart
        h={180}
        data={data}
        dataKey="at"
        series={[{ name: 'value', label: title, color: 'gateway.6' }]}
        curveType="linear"
        withDots={false}
        strokeWidth={2}
        fillOpacity={0.15}
        connectNulls={false}
        valueFormatter={say}
        xAxisProps={{ type: 'number', domain: ['dataMin', 'dataMax'], tickFormatter: clock, tickCount: 5, minTickGap: 40 }}
        yAxisProps={{ domain: ['auto', 'auto'], width: 52, tickFormatter: (value: number) => number(value, i18n.language) }}
        tooltipProps={{ labelFormatter: (at) => clock(Number(at)), isAnimationActive: false }}
        areaProps={{ isAnimationActive: false }}
      />
    </figure>
  );
}
