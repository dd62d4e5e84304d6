import { Badge, Group, Text } from '@mantine/core';
import { IconAlertOctagonFilled, IconAlertTriangleFilled } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { DeviceView } from '../api/types';
import { valueName } from '../i18n/values';
import { useValueText } from '../shell/hooks';
import { isAlarm, troubles } from './filter';

/** The few values that tell a person how a device of this kind is doing. */
const TELLING: Record<string, string[]> = {
  smoke_detector: ['smoke_density', 'temperature', 'battery_percent'],
  lift: ['floor', 'car_state', 'service_mode'],
  access_gate: ['door_state', 'lock_state', 'barrier_state'],
  camera: ['frame_rate', 'object_count'],
  water_leak: ['water_level', 'battery_percent'],
};

export function StateSummary({ device }: { device: DeviceView }) {
  const { t } = useTranslation();
  const valueText = useValueText();
  const values: Record<string, unknown> = { ...device.measurements, ...device.states };
  const told = (TELLING[device.kind] ?? Object.keys(values)).filter((name) => values[name] != null).slice(0, 3);
  return (
    <Group gap="xs">
      {troubles(device).map((state) => (
        <Badge
          key={state}
          color={isAlarm(state) ? 'red' : 'yellow'}
          variant="filled"
          size="lg"
          tt="none"
          leftSection={isAlarm(state) ? <IconAlertOctagonFilled size={14} /> : <IconAlertTriangleFilled size={14} />}
        >
          {valueName(t, state)}
        </Badge>
      ))}
      {told.map((name) => (
        <Text key={name} size="sm" className="tabular">
          <Text span c="dimmed" inherit>
            {valueName(t, name)}{' '}
          </Text>
          {valueText(name, values[name])}
        </Text>
      ))}
    </Group>
  );
}
