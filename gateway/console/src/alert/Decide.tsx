import { Alert, Button, Stack, Text, Title } from '@mantine/core';
import { IconAlertTriangle, IconCircleCheck, IconCircleX, IconFlask, IconHandStop, IconHelpCircle } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMayAct } from '../api/session';
import type { AlertView, Verdict } from '../api/types';
import { causeText } from '../i18n/alerts';
import { useKeys, useMoment } from '../shell/hooks';
import { Comment } from './Comment';
import { FalseAlarmDialog } from './FalseAlarmDialog';
import { Help } from './Help';
import { Resolve } from './Resolve';
import classes from './alert.module.css';
import { explainFailure, useAct } from './useAct';

const VERDICTS = [
  { verdict: 'true_alarm', Icon: IconCircleCheck },
  { verdict: 'false_alarm', Icon: IconCircleX },
  { verdict: 'drill', Icon: IconFlask },
  { verdict: 'undetermined', Icon: IconHelpCircle },
] as const;

function Problem({ error }: { error: Error }) {
  const { t } = useTranslation();
  const { title, text, detail } = explainFailure(error);
  return (
    <Alert color="red" icon={<IconAlertTriangle aria-hidden />} title={t(title)} role="alert">
      {text && <Text>{t(text)}</Text>}
      {detail && (
        <Text size="sm" c="dimmed">
          {detail}
        </Text>
      )}
    </Alert>
  );
}

function Judged({ alert }: { alert: AlertView }) {
  const { t } = useTranslation();
  const moment = useMoment();
  if (!alert.verdict) return <Text c="dimmed">{t('alert.page.decideHint')}</Text>;
  return (
    <div>
      <Text fw={700} size="lg">
        {t('alert.page.judgedAs', { verdict: t(`alert.verdict.${alert.verdict}`) })}
        {alert.verdict_reason && ` · ${causeText(t, alert.verdict_reason)}`}
      </Text>
      <Text c="dimmed" size="sm">
        {t('alert.page.judgedBy', { name: alert.verdict_by, time: moment(alert.verdict_at ?? 0) })}
      </Text>
      {alert.handling === 'open' && (
        <Text c="dimmed" size="sm" mt={4}>
          {t('alert.page.correct')}
        </Text>
      )}
    </div>
  );
}

function Verdicts({ alert, judge }: { alert: AlertView; judge: (verdict: Verdict) => void }) {
  const { t } = useTranslation();
  return (
    <div className={classes.verdicts}>
      {VERDICTS.map(({ verdict, Icon }) => (
        <button
          key={verdict}
          type="button"
          className={classes.verdict}
          data-verdict={verdict}
          aria-pressed={alert.verdict === verdict}
          onClick={() => judge(verdict)}
        >
          <Icon size={28} aria-hidden />
          {t(`alert.verdict.${verdict}`)}
        </button>
      ))}
    </div>
  );
}

/** Everything a person can do about the alert, the most urgent first. */
export function Decide({ alert }: { alert: AlertView }) {
  const { t } = useTranslation();
  const mayAct = useMayAct();
  const { act, busy, error } = useAct({ showsFailure: true });
  const [asking, setAsking] = useState(false);
  const open = alert.handling === 'open';

  const judge = (verdict: Verdict) => {
    if (verdict === 'false_alarm') setAsking(true);
    else act({ do: 'verdict', alert, verdict, reason: '' });
  };
  const acknowledge = () => act({ do: 'acknowledge', alert });
  const ready = mayAct && open && !busy;
  useKeys({
    a: () => ready && alert.acknowledged_by === null && acknowledge(),
    c: () => ready && alert.verdict === null && judge('true_alarm'),
    d: () => ready && alert.verdict === null && judge('false_alarm'),
  });

  return (
    <section className={`panel ${classes.decide}`} aria-labelledby="decide">
      <Stack gap="md">
        <Title order={2} size="h4" id="decide">
          {t('alert.page.decide')}
        </Title>
        {error && <Problem error={error} />}
        <Judged alert={alert} />
        {!mayAct && <Text c="dimmed">{t('alert.act.readOnly')}</Text>}
        {mayAct && open && alert.acknowledged_by === null && (
          <Button size="lg" leftSection={<IconHandStop aria-hidden />} onClick={acknowledge} disabled={busy}>
            {t('alert.act.acknowledge')}
          </Button>
        )}
        {mayAct && open && (
          <>
            <Verdicts alert={alert} judge={judge} />
            <Help alert={alert} act={act} busy={busy} />
            <Resolve alert={alert} act={act} busy={busy} />
          </>
        )}
        {mayAct && <Comment alert={alert} act={act} busy={busy} />}
      </Stack>
      <FalseAlarmDialog
        alert={asking ? alert : null}
        close={() => setAsking(false)}
        submit={(reason) => act({ do: 'verdict', alert, verdict: 'false_alarm', reason })}
      />
    </section>
  );
}
