import { queryOptions } from '@tanstack/react-query';
import { get } from './client';
import { now } from './clock';
import { keys } from './keys';
import type {
  AlertDetail,
  AlertList,
  AlertView,
  DeadLetter,
  DeviceView,
  Health,
  History,
  Person,
  Site,
  Stranger,
} from './types';

const PAGE = 500;
/** More open alerts than this are an outage, not a queue; the counts stay right. */
export const MOST_OPEN = 1000;

export const meQuery = queryOptions({
  queryKey: keys.me,
  queryFn: ({ signal }) => get<Person>('/me', undefined, signal),
  staleTime: Infinity,
  retry: false,
});

export const siteQuery = queryOptions({
  queryKey: keys.site,
  queryFn: ({ signal }) => get<Site>('/site', undefined, signal),
  staleTime: 5 * 60_000,
});

/** Open alerts, one of each incident first, then page by page; kept current by the stream afterwards. */
async function fetchOpen(signal: AbortSignal): Promise<AlertList> {
  let page = await get<AlertList>('/alerts', { state: 'open', group: 'incident', limit: PAGE }, signal);
  if (page.items.length < PAGE) return page;
  const { incidents } = page;
  const found = new Map(page.items.map((alert) => [alert.id, alert]));
  let last: AlertView | undefined;
  do {
    const cursor = { before: last?.raised_at, before_id: last?.id };
    page = await get<AlertList>('/alerts', { state: 'open', limit: PAGE, ...cursor }, signal);
    for (const alert of page.items) found.set(alert.id, alert);
    last = page.items.at(-1);
  } while (page.items.length >= PAGE && found.size < MOST_OPEN);
  const items = [...found.values()];
  return { items, counts: page.counts, incidents: { ...page.incidents, ...incidents } };
}

export const openAlertsQuery = queryOptions({
  queryKey: keys.open,
  queryFn: ({ signal }) => fetchOpen(signal),
});

export const alertQuery = (id: string) =>
  queryOptions({
    queryKey: keys.alert(id),
    queryFn: ({ signal }) => get<AlertDetail>(`/alerts/${encodeURIComponent(id)}`, undefined, signal),
  });

export const devicesQuery = queryOptions({
  queryKey: keys.devices,
  queryFn: async ({ signal }) => (await get<{ items: DeviceView[] }>('/devices', undefined, signal)).items,
});

export const deviceQuery = (id: string) =>
  queryOptions({
    queryKey: keys.device(id),
    queryFn: ({ signal }) => get<DeviceView>(`/devices/${encodeURIComponent(id)}`, undefined, signal),
  });

/** The last ``span`` seconds in buckets of ``every`` seconds. */
export const historyQuery = (id: string, span: number, every: number) =>
  queryOptions({
    queryKey: keys.history(id, String(span)),
    queryFn: ({ signal }) => {
      const end = Math.ceil(now() / every) * every;
      const window = { start: end - span, end, every_s: every };
      return get<History>(`/devices/${encodeURIComponent(id)}/history`, window, signal);
    },
    refetchInterval: Math.max(every, 15) * 1000,
  });

export const quarantineQuery = queryOptions({
  queryKey: keys.quarantine,
  queryFn: async ({ signal }) => (await get<{ items: Stranger[] }>('/quarantine', undefined, signal)).items,
  refetchInterval: 15_000,
});

export const deadLettersQuery = queryOptions({
  queryKey: keys.deadLetters,
  queryFn: async ({ signal }) => (await get<{ items: DeadLetter[] }>('/dead-letters', { limit: 100 }, signal)).items,
  refetchInterval: 15_000,
});

export const healthQuery = queryOptions({
  queryKey: keys.health,
  queryFn: ({ signal }) => get<Health>('/health', undefined, signal),
});
