import { Button, SimpleGrid } from '@mantine/core';
import { IconMapPin, IconRun } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { Move } from '../api/mutations';
import type { AlertView } from '../api/types';

interface Props {
  alert: AlertView;
  act: (move: Move) => void;
  busy: boolean;
}

/** Somebody is on the way, somebody is there. Until one of them is said, the next level is called. */
export function Help({ alert, act, busy }: Props) {
  const { t } = useTranslation();
  if (alert.response === 'arrived') return null;
  return (
    <SimpleGrid spacing="xs" cols={{ base: 1, xs: 2 }}>
      {alert.response !== 'dispatched' && (
        <Button
          size="md"
          variant="default"
          leftSection={<IconRun size={20} aria-hidden />}
          disabled={busy}
          onClick={() => act({ do: 'dispatch', alert })}
        >
          {t('alert.response.dispatched')}
        </Button>
      )}
      <Button
        size="md"
        variant="default"
        leftSection={<IconMapPin size={20} aria-hidden />}
        disabled={busy}
        onClick={() => act({ do: 'arrive', alert })}
      >
        {t('alert.response.arrived')}
      </Button>
    </SimpleGrid>
  );
}
