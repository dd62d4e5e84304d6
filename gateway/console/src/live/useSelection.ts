import { useCallback, useEffect, useRef, useState } from 'react';
import type { AlertView } from '../api/types';
import { neighbour, type Selection } from './order';

function focusCard(id: string): void {
  document.querySelector<HTMLElement>(`#alert-${CSS.escape(id)} a`)?.focus({ preventScroll: true });
}

/** Which card the keyboard acts on. It follows the focus, and holds the focus when the card moves. */
export function useSelection(shown: readonly AlertView[]) {
  const [selection, setSelection] = useState<Selection | null>(null);
  const selected = shown.find((alert) => alert.id === selection?.id);
  const ids = shown.map((alert) => alert.id);
  const order = ids.join();

  const latest = useRef(ids);
  useEffect(() => {
    latest.current = ids;
  });
  const select = useCallback((id: string) => {
    setSelection((known) => (known?.id === id ? known : { id, index: latest.current.indexOf(id) }));
  }, []);

  const id = selected?.id;
  useEffect(() => {
    // A browser drops the focus of an element that is moved in the list.
    if (id && document.activeElement === document.body) focusCard(id);
  }, [id, order]);

  const step = (by: 1 | -1) => {
    const next = neighbour(ids, selection, by, selected !== undefined && selected.verdict !== null);
    if (next === null) return;
    setSelection({ id: next, index: ids.indexOf(next) });
    focusCard(next);
    document.getElementById(`alert-${next}`)?.scrollIntoView({ block: 'nearest' });
  };
  return { selected, select, step };
}
