import { Table, Text, Title } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { AlertView } from '../api/types';
import { whySentence } from '../i18n/alerts';
import { valueName } from '../i18n/values';
import { useValueText } from '../shell/hooks';

/** For machines: references and numbers that tell a person nothing. */
const INTERNAL = new Set(['object_id', 'phase', 'box', 'zones', 'snapshot_ref', 'clip_ref', 'credential_ref', 'person_ref']);

function Rows({ title, values }: { title: string; values: Record<string, unknown> }) {
  const { t } = useTranslation();
  const valueText = useValueText();
  const known = Object.entries(values).filter(
    ([name, value]) => value !== null && value !== '' && !INTERNAL.has(name),
  );
  if (known.length === 0) return null;
  return (
    <Table mt="xs" layout="fixed">
      <Table.Caption style={{ captionSide: 'top', textAlign: 'start', marginBlock: 0 }}>{title}</Table.Caption>
      <Table.Tbody>
        {known.map(([name, value]) => (
          <Table.Tr key={name}>
            <Table.Th scope="row" fw={400} c="dimmed">
              {valueName(t, name)}
            </Table.Th>
            <Table.Td fw={600} className="tabular">
              {valueText(name, value)}
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

/** Why it fired: the rule's reason as a sentence, then the values that decided and the thresholds they met. */
export function Why({ alert }: { alert: AlertView }) {
  const { t } = useTranslation();
  return (
    <section className="panel" aria-labelledby="why">
      <Title order={2} size="h4" id="why">
        {t('alert.page.why')}
      </Title>
      <Text mt={4}>{whySentence(t, alert)}</Text>
      <Rows title={t('alert.page.measured')} values={alert.reason.values} />
      <Rows title={t('alert.page.limit')} values={alert.reason.thresholds} />
    </section>
  );
}
