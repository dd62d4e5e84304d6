import { Text, Timeline as Line, Title } from '@mantine/core';
import {
  IconAlertTriangle,
  IconArchive,
  IconCheck,
  IconGavel,
  IconHandStop,
  IconMessage,
  IconPoint,
  IconRepeat,
} from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { TimelineEntry } from '../api/types';
import { causeText } from '../i18n/alerts';
import { useMoment } from '../shell/hooks';

const ICONS: Record<string, typeof IconPoint> = {
  raise: IconAlertTriangle,
  repeat: IconRepeat,
  clear: IconCheck,
  acknowledge: IconHandStop,
  verdict: IconGavel,
  comment: IconMessage,
  resolve: IconArchive,
};

/** A storm of repeats is one line: the person's moves must not drown in it. */
function fold(entries: readonly TimelineEntry[]): TimelineEntry[] {
  return entries.filter((entry, index) => entry.action !== 'repeat' || entries[index + 1]?.action !== 'repeat');
}

function words(detail: Record<string, unknown>, name: string): string {
  const value = detail[name];
  return typeof value === 'string' ? value : '';
}

function Entry({ entry }: { entry: TimelineEntry }) {
  const { t } = useTranslation();
  const moment = useMoment();
  const said = words(entry.detail, 'text') || words(entry.detail, 'note') || words(entry.detail, 'review');
  const cause = entry.action === 'verdict' ? causeText(t, words(entry.detail, 'reason')) : '';
  const repeats = entry.action === 'repeat' ? Number(entry.detail['repeats'] ?? 0) : 0;
  const actor = entry.actor === 'system' ? t('alert.page.system') : entry.actor;
  return (
    <>
      {(said || cause) && (
        <Text style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>{[cause, said].filter(Boolean).join('. ')}</Text>
      )}
      {repeats > 0 && <Text>{t('alert.badge.repeats', { count: repeats })}</Text>}
      <Text size="sm" c="dimmed" className="tabular">
        {actor} · {moment(entry.at)}
      </Text>
    </>
  );
}

export function Timeline({ entries }: { entries: readonly TimelineEntry[] }) {
  const { t } = useTranslation();
  const title = (entry: TimelineEntry) => {
    const verdict = words(entry.detail, 'verdict');
    const response = words(entry.detail, 'response');
    return t(`alert.action.${entry.action}`, {
      verdict: verdict && t(`alert.verdict.${verdict}`),
      response: response && t(`alert.response.${response}`),
      to: words(entry.detail, 'to'),
      level: String(entry.detail['level'] ?? ''),
      defaultValue: entry.action,
    });
  };
  return (
    <section className="panel" aria-labelledby="timeline">
      <Title order={2} size="h4" id="timeline" mb="md">
        {t('alert.page.timeline')}
      </Title>
      <Line bulletSize={28} lineWidth={2}>
        {fold(entries).map((entry) => {
          const Icon = ICONS[entry.action] ?? IconPoint;
          return (
            <Line.Item key={entry.seq} bullet={<Icon size={16} aria-hidden />} title={title(entry)}>
              <Entry entry={entry} />
            </Line.Item>
          );
        })}
      </Line>
    </section>
  );
}
