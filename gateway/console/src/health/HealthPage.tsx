import { Alert, Stack, Text, Title } from '@mantine/core';
import { IconAlertTriangle, IconCircleCheck } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { healthQuery } from '../api/queries';
import type { Health } from '../api/types';
import { NameValue } from '../shell/NameValue';
import { Failed, Loading } from '../shell/states';
import { DeadLetters } from './DeadLetters';
import { Lane } from './Lane';
import classes from './health.module.css';

function Verdict({ health }: { health: Health }) {
  const { t } = useTranslation();
  const well = health.ready && health.problems.length === 0;
  return (
    <Alert
      color={well ? 'teal' : 'red'}
      icon={well ? <IconCircleCheck aria-hidden /> : <IconAlertTriangle aria-hidden />}
      role={well ? undefined : 'alert'}
    >
      <Text fw={700}>{well ? t('health.ready') : t('health.notReady')}</Text>
      {health.problems.map(({ code, detail }) => (
        <Text key={code + detail}>{detail || code}</Text>
      ))}
    </Alert>
  );
}

function Counters({ counters }: { counters: Record<string, number> }) {
  const { t, i18n } = useTranslation();
  return (
    <NameValue
      title={t('health.counters')}
      rows={Object.entries(counters).map(([name, count]) => [
        t(`health.counter.${name}`, { defaultValue: name.replaceAll('_', ' ') }),
        count.toLocaleString(i18n.language),
      ])}
    />
  );
}

function Audit({ audit }: Pick<Health, 'audit'>) {
  const { t, i18n } = useTranslation();
  return (
    <section className="panel" aria-labelledby="audit">
      <Title order={2} size="h4" id="audit">
        {t('health.audit')}
      </Title>
      <Text mt="xs" fw={600}>
        {t('health.auditRow', { seq: audit.head_seq.toLocaleString(i18n.language) })}
      </Text>
      <Text size="sm" c="dimmed" mt="xs">
        {t('health.auditHash')}
      </Text>
      <Text size="sm" className="mono">
        {audit.head_hash}
      </Text>
      <Text size="sm" c="dimmed" mt="xs">
        {t('health.auditHint')}
      </Text>
    </section>
  );
}

export default function HealthPage() {
  const { t } = useTranslation();
  const query = useQuery(healthQuery);
  if (query.isPending) return <Loading />;
  if (!query.data) return <Failed error={query.error} retry={() => void query.refetch()} />;
  const health = query.data;
  return (
    <Stack>
      <Title order={1} size="h3">
        {t('health.title')}
      </Title>
      <Verdict health={health} />
      <div className={classes.grid}>
        {(['alarm', 'telemetry'] as const).map((lane) => (
          <Lane key={lane} name={lane} lane={health.lanes[lane]} connected={health.connected[lane]} />
        ))}
        <Counters counters={health.counters} />
        <Audit audit={health.audit} />
      </div>
      <DeadLetters />
    </Stack>
  );
}
