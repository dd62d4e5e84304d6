import { useState } from 'react';
import type { AlertView } from '../api/types';
import { arrange, sameIds, settle, type Incidents } from './order';

/** The order on screen, which changes only while nobody is busy with it. */
export function useArrangement(alerts: readonly AlertView[], held: boolean, unfolded: Incidents) {
  const [shown, setShown] = useState(() => settle(alerts, unfolded));
  const next = arrange(shown, alerts, held, unfolded);
  if (!sameIds(next.shown, shown)) setShown(next.shown);
  return next;
}
