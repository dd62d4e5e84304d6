import { Button, Group, Stack, Text, Title } from '@mantine/core';
import { IconShieldCheck } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { quarantineQuery } from '../api/queries';
import { useMayManage } from '../api/session';
import type { Stranger } from '../api/types';
import { Age } from '../shell/Age';
import { Failed, Loading, State } from '../shell/states';
import { AdoptDialog } from './AdoptDialog';
import classes from './quarantine.module.css';

interface CardProps {
  stranger: Stranger;
  mayManage: boolean;
  adopt: (stranger: Stranger) => void;
}

function StrangerCard({ stranger, mayManage, adopt }: CardProps) {
  const { t, i18n } = useTranslation();
  return (
    <li className={`panel ${classes.card}`}>
      <Group justify="space-between" align="start" wrap="nowrap">
        <div style={{ minWidth: 0 }}>
          <Text fw={700} size="lg" className="mono">
            {stranger.device}
          </Text>
          <Text c="dimmed">
            {t(`device.kind.${stranger.kind}`, { defaultValue: stranger.kind })} · {stranger.dialect}
          </Text>
        </div>
        {mayManage && <Button onClick={() => adopt(stranger)}>{t('device.quarantine.adopt')}</Button>}
      </Group>
      <dl className={classes.facts}>
        <dt>{t('device.quarantine.first')}</dt>
        <dd>
          <Age at={stranger.first_seen} />
        </dd>
        <dt>{t('device.quarantine.last')}</dt>
        <dd>
          <Age at={stranger.last_seen} />
        </dd>
        <dt>{t('device.quarantine.count')}</dt>
        <dd>{stranger.count.toLocaleString(i18n.language)}</dd>
      </dl>
      {Object.keys(stranger.last).length > 0 && (
        <details>
          <summary>{t('device.quarantine.says')}</summary>
          <pre className={`mono ${classes.says}`}>{JSON.stringify(stranger.last, null, 1)}</pre>
        </details>
      )}
    </li>
  );
}

export default function QuarantinePage() {
  const { t } = useTranslation();
  const mayManage = useMayManage();
  const query = useQuery(quarantineQuery);
  const [chosen, setChosen] = useState<Stranger | null>(null);
  if (query.isPending) return <Loading />;
  if (!query.data) return <Failed error={query.error} retry={() => void query.refetch()} />;
  return (
    <Stack>
      <Title order={1} size="h3">
        {t('device.quarantine.title')}
      </Title>
      {query.data.length === 0 ? (
        <State
          icon={<IconShieldCheck size={36} />}
          colour="teal"
          title={t('device.quarantine.emptyTitle')}
          text={t('device.quarantine.empty')}
        />
      ) : (
        <>
          <Text maw={700}>{t('device.quarantine.intro')}</Text>
          {!mayManage && <Text c="dimmed">{t('device.quarantine.needManager')}</Text>}
          <ul className={classes.list}>
            {query.data.map((stranger) => (
              <StrangerCard key={stranger.device} stranger={stranger} mayManage={mayManage} adopt={setChosen} />
            ))}
          </ul>
        </>
      )}
      <AdoptDialog stranger={chosen} close={() => setChosen(null)} />
    </Stack>
  );
}
