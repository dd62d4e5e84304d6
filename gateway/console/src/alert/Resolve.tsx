import { Button, Stack, Text, TextInput } from '@mantine/core';
import { IconArchive } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Move } from '../api/mutations';
import type { AlertView } from '../api/types';

interface Props {
  alert: AlertView;
  act: (move: Move, done?: () => void) => void;
  busy: boolean;
}

/** Closing the work. A critical alert first needs its verdict; the gateway insists on it too. */
export function Resolve({ alert, act, busy }: Props) {
  const { t } = useTranslation();
  const [note, setNote] = useState('');
  const barred = alert.severity === 'critical' && alert.verdict === null;
  return (
    <Stack gap="xs">
      <Text size="sm" c="dimmed" id="resolve-hint">
        {barred ? t('alert.page.needVerdict') : t('alert.page.resolveHint')}
      </Text>
      {!barred && (
        <TextInput
          label={t('alert.page.resolveNote')}
          value={note}
          onChange={(event) => setNote(event.currentTarget.value)}
          maxLength={500}
        />
      )}
      <Button
        size="md"
        variant={alert.verdict ? 'filled' : 'default'}
        leftSection={<IconArchive size={20} aria-hidden />}
        aria-describedby="resolve-hint"
        disabled={busy || barred}
        onClick={() => act({ do: 'resolve', alert, note: note.trim() })}
      >
        {t('alert.page.resolve')}
      </Button>
    </Stack>
  );
}
