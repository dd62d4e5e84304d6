import { notifications } from '@mantine/notifications';
import { useTranslation } from 'react-i18next';
import { ApiError, Unreachable } from '../api/client';
import { useMove, type Move } from '../api/mutations';

/** What to tell the person when a move failed: a title and what to do. */
export function explainFailure(error: Error): { title: string; text: string; detail: string } {
  const title = 'alert.act.failed';
  if (error instanceof Unreachable) return { title, text: 'state.unreachable', detail: '' };
  if (!(error instanceof ApiError)) return { title, text: '', detail: error.message };
  const { status, detail } = error;
  if (status === 409) return { title: 'alert.act.conflict', text: 'alert.act.conflictHint', detail };
  if (status === 404) return { title, text: 'alert.act.gone', detail: '' };
  if (status === 403) return { title, text: 'alert.act.forbidden', detail: '' };
  if (status === 503) return { title, text: 'alert.act.unsaved', detail };
  return { title, text: '', detail };
}

/** Act, and say in a corner how it went; a page that shows the failure itself asks to keep it out of the corner. */
export function useAct({ showsFailure = false } = {}) {
  const { t } = useTranslation();
  const move = useMove();

  const succeed = (made: Move) => {
    const verdict = made.do === 'verdict' ? t(`alert.verdict.${made.verdict}`) : '';
    notifications.show({ message: t(`alert.act.done.${made.do}`, { verdict }), color: 'teal', autoClose: 2500 });
  };
  const fail = (error: Error) => {
    const { title, text, detail } = explainFailure(error);
    const message = [text && t(text), detail].filter(Boolean).join(' ');
    notifications.show({ title: t(title), message, color: 'red', autoClose: 12_000, role: 'alert' });
  };
  const act = (made: Move, done?: () => void) =>
    move.mutate(made, {
      onSuccess: () => {
        succeed(made);
        done?.();
      },
      onError: showsFailure ? undefined : fail,
    });
  return { act, busy: move.isPending, error: move.error };
}
