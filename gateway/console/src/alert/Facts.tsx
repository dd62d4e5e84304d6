import { Anchor, Table, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import type { AlertView } from '../api/types';
import { useMoment, useAlertPlace } from '../shell/hooks';

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <Table.Tr>
      <Table.Th scope="row" fw={400} c="dimmed" w="34%">
        {name}
      </Table.Th>
      <Table.Td style={{ overflowWrap: 'anywhere' }}>{children}</Table.Td>
    </Table.Tr>
  );
}

/** Where, which device, and when. */
export function Facts({ alert }: { alert: AlertView }) {
  const { t } = useTranslation();
  const moment = useMoment();
  const place = useAlertPlace()(alert);
  const name = alert.place.name ? `${alert.place.name} (${alert.device})` : alert.device;
  const kind = t(`device.kind.${alert.kind}`, { defaultValue: alert.kind });
  return (
    <section className="panel" aria-labelledby="where">
      <Title order={2} size="h4" id="where">
        {t('alert.page.whereWhen')}
      </Title>
      <Table mt="xs" layout="fixed">
        <Table.Tbody>
          <Fact name={t('alert.page.where')}>{place}</Fact>
          <Fact name={t('alert.page.device')}>
            {kind}
            {': '}
            {alert.registered ? (
              <Anchor component={Link} to={`/devices/${encodeURIComponent(alert.device)}`} inherit>
                {name}
              </Anchor>
            ) : (
              name
            )}
          </Fact>
          {alert.subject && <Fact name={t('alert.page.subject')}>{alert.subject}</Fact>}
          <Fact name={t('alert.page.raised')}>{moment(alert.raised_at)}</Fact>
          {alert.last_at > alert.raised_at && <Fact name={t('alert.page.last')}>{moment(alert.last_at)}</Fact>}
        </Table.Tbody>
      </Table>
    </section>
  );
}
