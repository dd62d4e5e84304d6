import { Button } from '@mantine/core';
import { IconBug } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { State } from './states';

/** The last resort: a page threw, or its code could not be fetched after an update. */
export function Crashed() {
  const { t } = useTranslation();
  return (
    <div role="alert">
      <State icon={<IconBug />} title={t('state.crashTitle')} text={t('state.crash')} colour="red">
        <Button onClick={() => location.reload()}>{t('state.reload')}</Button>
      </State>
    </div>
  );
}
