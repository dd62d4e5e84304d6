import { useState } from 'react';
import type { AlertView } from '../api/types';
import { arrange, sameIds, settle } from './order';

/** The order on screen, which changes only while nobody is busy with it. */
export function useArrangement(alerts: readonly AlertView[], held: boolean) {
  const [shown, setShown] = useState(() => settle(alerts));
  const next = arrange(shown, alerts, held);
  if (!sameIds(next.shown, shown)) setShown(next.shown);
  return next;
}
