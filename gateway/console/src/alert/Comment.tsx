import { Button, Stack, Textarea } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Move } from '../api/mutations';
import type { AlertView } from '../api/types';

interface Props {
  alert: AlertView;
  act: (move: Move, done?: () => void) => void;
  busy: boolean;
}

export function Comment({ alert, act, busy }: Props) {
  const { t } = useTranslation();
  const [text, setText] = useState('');
  const submit = () => act({ do: 'comment', alert, text: text.trim() }, () => setText(''));
  return (
    <Stack gap="xs">
      <Textarea
        label={t('alert.page.comment')}
        placeholder={t('alert.page.commentHint')}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        maxLength={2000}
        autosize
        minRows={2}
      />
      <Button variant="default" onClick={submit} disabled={busy || !text.trim()}>
        {t('alert.page.addComment')}
      </Button>
    </Stack>
  );
}
