import { MantineProvider, localStorageColorSchemeManager } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from 'react-router/dom';
import { ApiError } from './api/client';
import { keys } from './api/keys';
import { router } from './routes';
import { theme } from './shell/theme';

function forgetPerson(error: Error): void {
  if (error instanceof ApiError && error.status === 401) client.setQueryData(keys.me, null);
}

/** The stream keeps the cache current; what it does not carry is asked for again after a while. */
const client: QueryClient = new QueryClient({
  queryCache: new QueryCache({ onError: forgetPerson }),
  defaultOptions: {
    queries: {
      staleTime: 30_000,
      retry: (count, error) => !(error instanceof ApiError && error.status < 500) && count < 2,
    },
    mutations: { onError: forgetPerson, networkMode: 'always' },
  },
});

const scheme = localStorageColorSchemeManager({ key: 'console-scheme' });

export function App() {
  return (
    <MantineProvider theme={theme} defaultColorScheme="auto" colorSchemeManager={scheme}>
      <QueryClientProvider client={client}>
        <Notifications position="bottom-right" limit={3} />
        <RouterProvider router={router} />
      </QueryClientProvider>
    </MantineProvider>
  );
}
