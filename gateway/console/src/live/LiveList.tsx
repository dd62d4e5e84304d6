import { ActionIcon, Text, VisuallyHidden } from '@mantine/core';
import { IconKeyboard, IconShieldCheck } from '@tabler/icons-react';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { leftToJudge } from '../api/merge';
import { MOST_OPEN } from '../api/queries';
import { useMayAct } from '../api/session';
import type { AlertList, AlertView } from '../api/types';
import { FalseAlarmDialog } from '../alert/FalseAlarmDialog';
import { useAct } from '../alert/useAct';
import { useKeys } from '../shell/hooks';
import { State } from '../shell/states';
import { AlertCard, type Quick } from './AlertCard';
import { KeyHelp } from './KeyHelp';
import { SeverityTabs, type Tab } from './SeverityTabs';
import { Waiting } from './Waiting';
import classes from './live.module.css';
import { useArrangement } from './useArrangement';
import { useHold } from './useHold';
import { useSelection } from './useSelection';

/** Acting on alerts from the list; the returned function never changes, so that cards need not be drawn again. */
function useQuick() {
  const { act } = useAct();
  const [doubted, setDoubted] = useState<AlertView | null>(null);
  const run = (alert: AlertView, what: Quick) => {
    if (what === 'acknowledge') act({ do: 'acknowledge', alert });
    else if (what === 'true') act({ do: 'verdict', alert, verdict: 'true_alarm', reason: '' });
    else setDoubted(alert);
  };
  const latest = useRef(run);
  useEffect(() => {
    latest.current = run;
  });
  const quick = useCallback((alert: AlertView, what: Quick) => latest.current(alert, what), []);
  const dialog = (
    <FalseAlarmDialog
      alert={doubted}
      close={() => setDoubted(null)}
      submit={(reason) => doubted && act({ do: 'verdict', alert: doubted, verdict: 'false_alarm', reason })}
    />
  );
  return { quick, dialog };
}

export function LiveList({ list }: { list: AlertList }) {
  const { t } = useTranslation();
  const mayAct = useMayAct();
  const [tab, setTab] = useState<Tab>('all');
  const [help, setHelp] = useState(false);
  const { held, hold, release } = useHold();
  const { quick, dialog } = useQuick();

  const byId = useMemo(() => new Map(list.items.map((alert) => [alert.id, alert])), [list]);
  const [unfolded, setUnfolded] = useState<ReadonlySet<string>>(new Set());
  const unfold = useCallback((incident: string) => {
    release();
    setUnfolded((known) => new Set(known).add(incident));
  }, [release]);
  const arrangement = useArrangement(list.items, held, unfolded);
  const pick = (ids: readonly string[]) =>
    ids.flatMap((id) => byId.get(id) ?? []).filter((alert) => tab === 'all' || alert.severity === tab);
  const shown = pick(arrangement.shown);
  const waiting = arrangement.waiting.flatMap((id) => byId.get(id) ?? []);

  const { selected, select, step } = useSelection(shown);
  const walk = (by: 1 | -1) => () => {
    hold();
    step(by);
  };
  const onSelected = (what: Quick) => () => {
    if (!selected || !mayAct || !leftToJudge(selected)) return;
    hold();
    quick(selected, what);
  };
  useKeys({
    j: walk(1),
    k: walk(-1),
    a: onSelected('acknowledge'),
    c: onSelected('true'),
    d: onSelected('false'),
    '?': () => setHelp(true),
  });

  return (
    <section aria-labelledby="live-title">
      <VisuallyHidden>
        <h1 id="live-title">{t('alert.live.title')}</h1>
      </VisuallyHidden>
      <div className={classes.bar}>
        <SeverityTabs tab={tab} counts={list.counts} choose={setTab} />
        <ActionIcon
          className={classes.keys}
          variant="default"
          size="lg"
          aria-label={t('alert.live.keys')}
          title={`${t('alert.live.keys')} (?)`}
          onClick={() => setHelp(true)}
        >
          <IconKeyboard size={20} />
        </ActionIcon>
      </div>
      <Waiting alerts={waiting} show={release} />
      {list.items.length >= MOST_OPEN && <Text c="dimmed">{t('alert.live.capped', { count: MOST_OPEN })}</Text>}
      {/* Moving over the list is not an action of its own: it only keeps the cards still. */}
      <div id="alerts" role="tabpanel" aria-labelledby={`tab-${tab}`} onPointerMove={hold} onPointerLeave={release}>
        {shown.length === 0 ? (
          <State
            icon={<IconShieldCheck size={36} />}
            colour="teal"
            title={t('alert.live.emptyTitle')}
            text={tab === 'all' ? t('alert.live.empty') : t('alert.live.emptyTab')}
          />
        ) : (
          <ul className={classes.list} aria-label={t('alert.live.list')}>
            {shown.map((alert) => (
              <AlertCard
                key={alert.id}
                alert={alert}
                selected={alert.id === selected?.id}
                mayAct={mayAct}
                select={select}
                quick={quick}
                more={unfolded.has(alert.incident) ? 0 : (list.incidents[alert.incident] ?? 1) - 1}
                unfold={unfold}
              />
            ))}
          </ul>
        )}
      </div>
      {dialog}
      <KeyHelp opened={help} close={() => setHelp(false)} />
    </section>
  );
}
