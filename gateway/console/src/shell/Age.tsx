import { useTranslation } from 'react-i18next';
import { ago } from '../i18n/time';
import { useMoment, useTicking } from './hooks';

/** How long ago, counting up; the exact time on hover and for readers. */
export function Age({ at }: { at: number | null }) {
  const { t } = useTranslation();
  const moment = useMoment();
  const text = useTicking((now) => ago(t, at, now));
  if (at === null) return <span>{text}</span>;
  return (
    <time className="tabular" dateTime={new Date(at * 1000).toISOString()} title={moment(at)}>
      {text}
    </time>
  );
}
