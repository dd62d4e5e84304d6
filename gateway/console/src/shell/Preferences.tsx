import { ActionIcon, Button, Group, useComputedColorScheme, useMantineColorScheme } from '@mantine/core';
import { IconLanguage, IconMoon, IconSun } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { changeLanguage } from '../i18n';

/** Names itself in the language it switches to, so that whoever is lost can read it. */
export function LanguageSwitch() {
  const { i18n } = useTranslation();
  const zh = i18n.language === 'zh';
  return (
    <Button
      variant="subtle"
      color="gray"
      c="inherit"
      size="compact-md"
      px={8}
      lang={zh ? 'en' : 'zh-CN'}
      leftSection={<IconLanguage size={18} aria-hidden />}
      onClick={() => void changeLanguage(zh ? 'en' : 'zh')}
    >
      {zh ? 'English' : '中文'}
    </Button>
  );
}

export function SchemeSwitch() {
  const { t } = useTranslation();
  const { setColorScheme } = useMantineColorScheme();
  const dark = useComputedColorScheme('light') === 'dark';
  const label = dark ? t('scheme.toLight') : t('scheme.toDark');
  return (
    <ActionIcon
      variant="subtle"
      color="gray"
      c="inherit"
      size="lg"
      aria-label={label}
      title={label}
      onClick={() => setColorScheme(dark ? 'light' : 'dark')}
    >
      {dark ? <IconSun size={20} /> : <IconMoon size={20} />}
    </ActionIcon>
  );
}

export function Preferences() {
  return (
    <Group gap={4} wrap="nowrap">
      <LanguageSwitch />
      <SchemeSwitch />
    </Group>
  );
}
