import { Group, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { now } from '../api/clock';
import type { Sample } from '../api/types';
import { valueName } from '../i18n/values';
import { useTicking, useValueText } from '../shell/hooks';
import { isAlarm, isTrouble } from './filter';
import classes from './devices.module.css';
import { stretches } from './series';

const SHADES = ['#9fb2c3', '#2b84b8', '#c2500a', '#6b4fbb', '#1e7a46', '#b8860b'];

function shade(name: string, value: unknown, values: unknown[]): string {
  if (value === true && isTrouble(name)) return isAlarm(name) ? 'var(--critical)' : 'var(--minor)';
  if (value === false) return SHADES[0] ?? '';
  return SHADES[Math.max(1, values.indexOf(value) % SHADES.length)] ?? '';
}

/** A state over time as a coloured strip with its words beneath. */
export function StateStrip({ name, samples, span }: { name: string; samples: readonly Sample[]; span: number }) {
  const { t } = useTranslation();
  const valueText = useValueText();
  const end = useTicking((at) => Math.floor(at / 15) * 15) || now();
  const parts = stretches(samples, end);
  const values = [...new Set(samples.map(([, value]) => value))].sort();
  const say = (value: unknown) => valueText(name, value);
  return (
    <figure style={{ margin: 0 }}>
      <Group component="figcaption" gap="md" mb={4}>
        <Text fw={600}>{valueName(t, name)}</Text>
        {values.map((value) => (
          <Group key={String(value)} gap={6}>
            <span aria-hidden style={{ width: 12, height: 12, borderRadius: 3, background: shade(name, value, values) }} />
            <Text size="sm">{say(value)}</Text>
          </Group>
        ))}
      </Group>
      <svg className={classes.strip} viewBox={`0 0 ${span} 22`} preserveAspectRatio="none" role="img">
        <title>{`${valueName(t, name)}: ${say(samples.at(-1)?.[1])}`}</title>
        {parts.map((part) => (
          <rect
            key={part.from}
            x={part.from - (end - span)}
            width={Math.max(span / 600, part.to - part.from)}
            height={22}
            fill={shade(name, part.value, values)}
          />
        ))}
      </svg>
    </figure>
  );
}
