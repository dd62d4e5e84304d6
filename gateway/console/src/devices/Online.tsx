import { Group, Text } from '@mantine/core';
import { IconCircleDashed, IconPlugConnected, IconPlugConnectedX } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';

/** Whether the device is heard: icon and word, since a coloured dot says nothing to many eyes. */
export function Online({ online }: { online: boolean | null }) {
  const { t } = useTranslation();
  const key = online === null ? 'unknown' : online ? 'yes' : 'no';
  const Icon = { yes: IconPlugConnected, no: IconPlugConnectedX, unknown: IconCircleDashed }[key];
  const colour = { yes: 'var(--good)', no: 'var(--bad)', unknown: 'var(--quiet)' }[key];
  return (
    <Group gap={6} wrap="nowrap" style={{ color: colour }}>
      <Icon size={18} aria-hidden />
      <Text span size="sm" fw={600} inherit style={{ whiteSpace: 'nowrap' }}>
        {t(`device.online.${key}`)}
      </Text>
    </Group>
  );
}
