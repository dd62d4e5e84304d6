import { useCallback, useEffect, useRef, useState } from 'react';

/** A pointer at rest this long is a parked mouse, not a hand about to click. */
const REST_MS = 3_000;

/** Whether somebody is busy with the list right now. */
export function useHold() {
  const [held, setHeld] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const release = useCallback(() => {
    clearTimeout(timer.current);
    setHeld(false);
  }, []);
  const hold = useCallback(() => {
    clearTimeout(timer.current);
    timer.current = setTimeout(release, REST_MS);
    setHeld(true);
  }, [release]);
  useEffect(() => () => clearTimeout(timer.current), []);
  return { held, hold, release };
}
