import { Button, Center, Loader, Stack, Text, ThemeIcon, Title } from '@mantine/core';
import { IconAlertTriangle, IconLock, IconMapPinOff } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { ApiError, Unreachable } from '../api/client';

interface StateProps {
  icon: ReactNode;
  title: string;
  text: string;
  colour?: string;
  children?: ReactNode;
}

/** What a page shows when there is nothing else to show. */
export function State({ icon, title, text, colour = 'gray', children }: StateProps) {
  return (
    <Center mih="45vh" px="md">
      <Stack align="center" gap="sm" maw={460}>
        <ThemeIcon size={64} radius="xl" variant="light" color={colour} aria-hidden>
          {icon}
        </ThemeIcon>
        <Title order={2} size="h3" ta="center">
          {title}
        </Title>
        <Text c="dimmed" ta="center">
          {text}
        </Text>
        {children}
      </Stack>
    </Center>
  );
}

export function Loading({ small = false }: { small?: boolean }) {
  const { t } = useTranslation();
  return (
    <Center mih={small ? 120 : '45vh'} role="status" data-loading>
      <Stack align="center" gap="xs">
        <Loader aria-hidden />
        <Text c="dimmed">{t('state.loading')}</Text>
      </Stack>
    </Center>
  );
}

export function NotFound() {
  const { t } = useTranslation();
  return (
    <State icon={<IconMapPinOff />} title={t('state.notFoundTitle')} text={t('state.notFound')}>
      <Button component={Link} to="/live">
        {t('state.home')}
      </Button>
    </State>
  );
}

/** What went wrong while loading, and what the person can do. */
export function Failed({ error, retry }: { error: Error; retry: () => void }) {
  const { t } = useTranslation();
  const status = error instanceof ApiError ? error.status : 0;
  if (status === 404) return <NotFound />;
  if (status === 403)
    return <State icon={<IconLock />} title={t('state.forbiddenTitle')} text={t('state.forbidden')} colour="yellow" />;
  const detail = error instanceof ApiError ? error.detail : error.message;
  const text = error instanceof Unreachable ? t('state.unreachable') : t('state.server', { status, detail });
  return (
    <div role="alert">
      <State icon={<IconAlertTriangle />} title={t('state.errorTitle')} text={text} colour="red">
        <Button onClick={retry}>{t('state.retry')}</Button>
      </State>
    </div>
  );
}
