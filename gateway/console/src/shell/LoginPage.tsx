import { Alert, Button, PasswordInput, Stack, Text, TextInput, Title } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate, useSearchParams } from 'react-router';
import { ApiError, Unreachable } from '../api/client';
import { keys } from '../api/keys';
import { login, loginOnce, takeOnceToken } from '../api/session';
import type { Person } from '../api/types';
import { Preferences } from './Preferences';
import { Loading } from './states';
import classes from './shell.module.css';

type Problem = { key: string; detail?: string };

function explain(error: unknown): Problem {
  if (error instanceof Unreachable) return { key: 'login.unreachable' };
  if (!(error instanceof ApiError)) return { key: 'login.failed', detail: String(error) };
  if (error.status === 401) return { key: 'login.wrong' };
  if (error.status === 429) return { key: 'login.throttled' };
  return { key: 'login.failed', detail: error.detail };
}

/** Only a path of ours: a link must not lead a person elsewhere after the login. */
function safeNext(next: string | null): string {
  return next?.startsWith('/') && !next.startsWith('//') && !next.startsWith('/\\') ? next : '/live';
}

function useEnter(): (person: Person) => void {
  const client = useQueryClient();
  const navigate = useNavigate();
  const [search] = useSearchParams();
  return (person) => {
    client.clear();
    client.setQueryData(keys.me, person);
    void navigate(safeNext(search.get('next')), { replace: true });
  };
}

function OnceLogin({ token, failed }: { token: string; failed: () => void }) {
  const { t } = useTranslation();
  const enter = useEnter();
  useEffect(() => {
    loginOnce(token).then(enter, failed);
    // The token is spent once; later renders change nothing.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [token]);
  return (
    <Stack align="center">
      <Text>{t('login.once')}</Text>
      <Loading />
    </Stack>
  );
}

function PasswordLogin({ first }: { first: Problem | null }) {
  const { t } = useTranslation();
  const enter = useEnter();
  const [problem, setProblem] = useState(first);
  const [busy, setBusy] = useState(false);

  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const [username, password] = [String(form.get('username')).trim(), String(form.get('password'))];
    if (!username || !password) return setProblem({ key: 'login.missing' });
    setBusy(true);
    try {
      enter(await login(username, password));
    } catch (error) {
      setProblem(explain(error));
      setBusy(false);
    }
  };

  return (
    <form onSubmit={(event) => void submit(event)} noValidate>
      <Stack>
        {problem && (
          <Alert color="red" role="alert">
            {t(problem.key, { detail: problem.detail })}
          </Alert>
        )}
        {/* The page has this one purpose: nothing is skipped by starting here. */}
        {/* eslint-disable-next-line jsx-a11y/no-autofocus */}
        <TextInput name="username" label={t('login.username')} autoComplete="username" size="md" autoFocus />
        <PasswordInput name="password" label={t('login.password')} autoComplete="current-password" size="md" />
        <Button type="submit" size="md" loading={busy}>
          {t('login.submit')}
        </Button>
      </Stack>
    </form>
  );
}

export function LoginPage() {
  const { t } = useTranslation();
  const [token, setToken] = useState(takeOnceToken);
  const [problem, setProblem] = useState<Problem | null>(null);
  useEffect(() => {
    // A link opened in the tab that shows this page changes the hash alone.
    const take = () => setToken(takeOnceToken());
    addEventListener('hashchange', take);
    return () => removeEventListener('hashchange', take);
  }, []);
  const failed = () => {
    setProblem({ key: 'login.onceFailed' });
    setToken(null);
  };
  return (
    <main className={classes.login}>
      <div className={classes.loginBar}>
        <Preferences />
      </div>
      <div className={`panel ${classes.loginCard}`}>
        <Stack align="center" gap="xs" mb="lg">
          <img src="/icon.svg" width={52} height={52} alt="" />
          <Title order={1} size="h2" ta="center">
            {t('product')}
          </Title>
        </Stack>
        {token ? <OnceLogin token={token} failed={failed} /> : <PasswordLogin first={problem} />}
      </div>
    </main>
  );
}
