import { useQueryClient, type QueryClient } from '@tanstack/react-query';
import { useEffect, useSyncExternalStore } from 'react';
import { keys } from './keys';
import { mergeDevices } from './merge';
import { showAlerts } from './mutations';
import type { AlertView, DeviceView, Health } from './types';

/** Health comes every 10 s; two missed and a bit means that nothing arrives any more, whatever the socket says. */
const SILENCE_MS = 25_000;
const RETRY_MS = 2_000;
/** Events within one frame are applied together. */
const GATHER_MS = 16;

export type Link = 'connecting' | 'live' | 'lost';

let link: Link = 'connecting';
const watchers = new Set<() => void>();

function setLink(next: Link): void {
  if (next === link) return;
  link = next;
  for (const watcher of watchers) watcher();
}

function watch(watcher: () => void): () => void {
  watchers.add(watcher);
  return () => watchers.delete(watcher);
}

/** How the live connection is doing. */
export function useLink(): Link {
  return useSyncExternalStore(watch, () => link);
}

/** Keep the cache current from the gateway's stream; returns how to stop. */
export function follow(client: QueryClient): () => void {
  let source: EventSource | null = null;
  let silence: ReturnType<typeof setTimeout> | undefined;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let gathering: ReturnType<typeof setTimeout> | undefined;
  let gathered: AlertView[] = [];
  let opened = false;

  const heard = () => {
    clearTimeout(silence);
    silence = setTimeout(reopen, SILENCE_MS);
  };
  const flush = () => {
    gathering = undefined;
    const alerts = gathered;
    gathered = [];
    showAlerts(client, alerts);
  };
  const onAlert = (event: MessageEvent<string>) => {
    heard();
    gathered.push(JSON.parse(event.data) as AlertView);
    gathering ??= setTimeout(flush, GATHER_MS);
  };
  const onDevices = (event: MessageEvent<string>) => {
    heard();
    const { items } = JSON.parse(event.data) as { items: DeviceView[] };
    client.setQueryData<DeviceView[]>(keys.devices, (known) => known && mergeDevices(known, items));
    for (const device of items) client.setQueryData<DeviceView>(keys.device(device.id), (known) => known && device);
  };
  const onHealth = (event: MessageEvent<string>) => {
    heard();
    client.setQueryData<Health>(keys.health, JSON.parse(event.data) as Health);
  };
  const onReload = () => {
    heard();
    void client.invalidateQueries();
  };
  const onOpen = () => {
    heard();
    setLink('live');
    // What changed while nobody listened is not in the stream: ask for it.
    if (opened) void client.invalidateQueries();
    opened = true;
  };
  const onError = () => {
    setLink('lost');
    // The browser resumes by itself unless the answer was an error; then only a new source helps.
    if (source?.readyState === EventSource.CLOSED) {
      clearTimeout(retry);
      retry = setTimeout(reopen, RETRY_MS);
      void client.invalidateQueries({ queryKey: keys.me });
    }
  };
  function close() {
    source?.close();
    clearTimeout(silence);
    clearTimeout(retry);
  }
  function reopen() {
    close();
    if (opened) setLink('lost');
    source = new EventSource('/api/stream');
    source.addEventListener('open', onOpen);
    source.addEventListener('error', onError);
    source.addEventListener('reload', onReload);
    source.addEventListener('alert', onAlert);
    source.addEventListener('devices', onDevices);
    source.addEventListener('health', onHealth);
    silence = setTimeout(reopen, SILENCE_MS);
  }

  const offline = () => setLink('lost');
  addEventListener('offline', offline);
  addEventListener('online', reopen);
  setLink('connecting');
  reopen();
  return () => {
    close();
    clearTimeout(gathering);
    removeEventListener('offline', offline);
    removeEventListener('online', reopen);
  };
}

export function useFollow(): void {
  const client = useQueryClient();
  useEffect(() => follow(client), [client]);
}
