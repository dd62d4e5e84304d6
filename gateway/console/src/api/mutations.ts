import { useMutation, useQueryClient, type QueryClient } from '@tanstack/react-query';
import { ApiError, post } from './client';
import { now } from './clock';
import { keys } from './keys';
import { mergeAlerts } from './merge';
import type { Adoption, AlertDetail, AlertList, AlertView, DeviceView, Verdict } from './types';

/** One thing a person does with an alert. */
export type Move =
  | { do: 'acknowledge'; alert: AlertView }
  | { do: 'verdict'; alert: AlertView; verdict: Verdict; reason: string }
  | { do: 'comment'; alert: AlertView; text: string }
  | { do: 'dispatch' | 'arrive'; alert: AlertView }
  | { do: 'resolve'; alert: AlertView; note: string };

function send(move: Move): Promise<AlertView> {
  const path = `/alerts/${encodeURIComponent(move.alert.id)}/${move.do}`;
  const { version } = move.alert;
  switch (move.do) {
    case 'acknowledge':
    case 'dispatch':
    case 'arrive':
      return post(path, { version });
    case 'verdict':
      return post(path, { version, verdict: move.verdict, reason: move.reason });
    case 'comment':
      return post(path, { text: move.text });
    case 'resolve':
      return post(path, { version, note: move.note });
  }
}

/** Put newer copies of alerts where the pages look for them. */
export function showAlerts(client: QueryClient, alerts: readonly AlertView[]): void {
  client.setQueryData<AlertList>(keys.open, (list) => list && mergeAlerts(list, alerts, now()));
  for (const alert of alerts) {
    const shown = client.getQueryData<AlertDetail>(keys.alert(alert.id));
    if (!shown || shown.version > alert.version) continue;
    client.setQueryData<AlertDetail>(keys.alert(alert.id), { ...shown, ...alert });
    void client.invalidateQueries({ queryKey: keys.alert(alert.id) });
  }
}

/** Act on an alert. After a conflict the newest state is fetched, so that the person decides on what is true now. */
export function useMove() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: send,
    onSuccess: (alert) => showAlerts(client, [alert]),
    onError: (error, move) => {
      if (!(error instanceof ApiError) || ![404, 409].includes(error.status)) return;
      void client.invalidateQueries({ queryKey: keys.alert(move.alert.id) });
      void client.invalidateQueries({ queryKey: keys.open });
    },
  });
}

export function useAdopt() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ device, adoption }: { device: string; adoption: Adoption }) =>
      post<DeviceView>(`/quarantine/${encodeURIComponent(device)}/adopt`, adoption),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: keys.quarantine });
      void client.invalidateQueries({ queryKey: keys.devices });
    },
  });
}
