import { Group, Text } from '@mantine/core';
import { IconPlugConnected, IconPlugConnectedX } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { Lane as LaneName, LaneHealth } from '../api/types';
import { NameValue } from '../shell/NameValue';

interface Props {
  name: LaneName;
  lane: LaneHealth | undefined;
  connected: boolean;
}

/** One lane of messages: whether it is connected and how far its readers are behind. */
export function Lane({ name, lane, connected }: Props) {
  const { t, i18n } = useTranslation();
  const Icon = connected ? IconPlugConnected : IconPlugConnectedX;
  const lag = (n = 0) => (n > 0 ? t('health.behind', { n: n.toLocaleString(i18n.language) }) : t('health.upToDate'));
  return (
    <NameValue
      title={`${t('health.lanes')}: ${t(`health.lane.${name}`)}`}
      rows={[
        [
          t('device.list.status'),
          <Group key="link" gap={6} wrap="nowrap" style={{ color: connected ? 'var(--good)' : 'var(--bad)' }}>
            <Icon size={18} aria-hidden />
            <Text span fw={600} inherit>
              {connected ? t('health.connected') : t('health.disconnected')}
            </Text>
          </Group>,
        ],
        [t('health.head'), (lane?.head ?? 0).toLocaleString(i18n.language)],
        [t('health.evaluateLag'), lag(lane?.evaluate_lag)],
        [t('health.historyLag'), lag(lane?.history_lag)],
      ]}
    />
  );
}
