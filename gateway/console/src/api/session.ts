import { useQuery, useQueryClient } from '@tanstack/react-query';
import { post } from './client';
import { keys } from './keys';
import { meQuery } from './queries';
import type { Person } from './types';

export function login(username: string, password: string): Promise<Person> {
  return post('/login', { username, password });
}

/** The address's part after ``#`` never reaches a server or its log; the token is spent by its first use. */
export function takeOnceToken(): string | null {
  const token = new URLSearchParams(location.hash.slice(1)).get('once');
  if (token) history.replaceState(history.state, '', location.pathname + location.search);
  return token;
}

const spent = new Map<string, Promise<Person>>();

/** Spend the token once, however often the page is drawn. */
export function loginOnce(token: string): Promise<Person> {
  const answer = spent.get(token) ?? post<Person>('/login/once', { token });
  spent.set(token, answer);
  return answer;
}

export function useMe() {
  return useQuery(meQuery);
}

/** Whether the signed-in person may act on alerts. */
export function useMayAct(): boolean {
  const role = useMe().data?.role;
  return role !== undefined && role !== 'viewer';
}

/** Whether the signed-in person may adopt devices. */
export function useMayManage(): boolean {
  const role = useMe().data?.role;
  return role === 'manager' || role === 'administrator';
}

export function useLogout() {
  const client = useQueryClient();
  return async () => {
    await post('/logout').catch(() => undefined);
    client.setQueryData(keys.me, null);
    // The next person at this screen must not see what the last one was allowed to.
    client.removeQueries({ predicate: (query) => query.queryKey[0] !== keys.me[0] });
  };
}
