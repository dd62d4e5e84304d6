import { Button, Group, Modal, SimpleGrid, Stack, Text, Textarea } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { AlertView } from '../api/types';
import { alertTitle, causes } from '../i18n/alerts';
import { useKeys } from '../shell/hooks';

interface Props {
  alert: AlertView | null;
  close: () => void;
  submit: (reason: string) => void;
}

function Form({ alert, close, submit }: Props & { alert: AlertView }) {
  const { t } = useTranslation();
  const [cause, setCause] = useState<string | null>(null);
  const [text, setText] = useState('');
  const options = causes(alert.rule);
  useKeys(Object.fromEntries(options.map((option, index) => [String(index + 1), () => setCause(option)])));
  const other = cause === 'other';
  const ready = cause !== null && (!other || text.trim() !== '');

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (!ready) return;
        submit(text.trim() ? `${cause}: ${text.trim()}` : cause);
        close();
      }}
    >
      <Stack>
        <Text c="dimmed" size="sm">
          {alertTitle(t, alert)}. {t('alert.falseAlarm.hint')}
        </Text>
        <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="xs" role="radiogroup" aria-label={t('alert.falseAlarm.title')}>
          {options.map((option, index) => (
            <Button
              key={option}
              role="radio"
              aria-checked={cause === option}
              variant={cause === option ? 'filled' : 'default'}
              justify="flex-start"
              size="md"
              leftSection={<Text span inherit opacity={0.7}>{`${index + 1}`}</Text>}
              onClick={() => setCause(option)}
              data-autofocus={index === 0 || undefined}
            >
              {t(`alert.cause.${option}`)}
            </Button>
          ))}
        </SimpleGrid>
        <Textarea
          label={other ? t('alert.falseAlarm.textOther') : t('alert.falseAlarm.text')}
          required={other}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          maxLength={500}
          autosize
          minRows={2}
        />
        <Group justify="flex-end">
          <Button variant="default" onClick={close}>
            {t('cancel')}
          </Button>
          <Button type="submit" disabled={!ready}>
            {t('alert.falseAlarm.submit')}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

/** A false alarm needs its cause: the rules learn from it. */
export function FalseAlarmDialog({ alert, close, submit }: Props) {
  const { t } = useTranslation();
  return (
    <Modal
      opened={alert !== null}
      onClose={close}
      title={t('alert.falseAlarm.title')}
      closeButtonProps={{ 'aria-label': t('close') }}
      size="lg"
      centered
    >
      {alert && <Form alert={alert} close={close} submit={submit} />}
    </Modal>
  );
}
