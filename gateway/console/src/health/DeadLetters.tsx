import { Table, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { deadLettersQuery } from '../api/queries';
import { useMayManage } from '../api/session';
import type { DeadLetter } from '../api/types';
import { useMoment } from '../shell/hooks';
import { Failed, Loading } from '../shell/states';
import classes from './health.module.css';

function Row({ letter }: { letter: DeadLetter }) {
  const { t } = useTranslation();
  const moment = useMoment();
  return (
    <Table.Tr>
      <Table.Td className={`tabular ${classes.at}`}>{moment(letter.at)}</Table.Td>
      <Table.Td>
        <Text size="sm" className="mono">
          {letter.topic}
        </Text>
      </Table.Td>
      <Table.Td>
        <Text fw={600} size="sm">
          {t(`health.reason.${letter.reason}`, { defaultValue: letter.reason })}
        </Text>
        <Text size="sm" c="dimmed">
          {letter.detail}
        </Text>
      </Table.Td>
      <Table.Td>
        <Text size="xs" className="mono" lineClamp={3} title={letter.payload}>
          {letter.payload}
        </Text>
      </Table.Td>
    </Table.Tr>
  );
}

export function DeadLetters() {
  const { t } = useTranslation();
  const mayManage = useMayManage();
  const query = useQuery({ ...deadLettersQuery, enabled: mayManage });
  return (
    <section className="panel" aria-labelledby="dead">
      <Title order={2} size="h4" id="dead">
        {t('health.dead')}
      </Title>
      <Text c="dimmed" size="sm">
        {t('health.deadHint')}
      </Text>
      {!mayManage && <Text mt="md">{t('health.deadManager')}</Text>}
      {query.isLoading && <Loading small />}
      {query.isError && !query.data && <Failed error={query.error} retry={() => void query.refetch()} />}
      {query.data?.length === 0 && <Text mt="md">{t('health.deadEmpty')}</Text>}
      {query.data && query.data.length > 0 && (
        <Table mt="sm" className={classes.letters} verticalSpacing="xs">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t('health.at')}</Table.Th>
              <Table.Th>{t('health.topic')}</Table.Th>
              <Table.Th>{t('health.reasonHead')}</Table.Th>
              <Table.Th>{t('health.payload')}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {query.data.map((letter) => (
              <Row key={letter.id} letter={letter} />
            ))}
          </Table.Tbody>
        </Table>
      )}
    </section>
  );
}
