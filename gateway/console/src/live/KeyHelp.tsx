import { Kbd, Modal, Table } from '@mantine/core';
import { useTranslation } from 'react-i18next';

const KEYS = [
  ['J', 'next'],
  ['K', 'previous'],
  ['Enter', 'open'],
  ['A', 'acknowledge'],
  ['C', 'true'],
  ['D', 'false'],
  ['?', 'help'],
] as const;

export function KeyHelp({ opened, close }: { opened: boolean; close: () => void }) {
  const { t } = useTranslation();
  return (
    <Modal
      opened={opened}
      onClose={close}
      title={t('alert.keys.title')}
      closeButtonProps={{ 'aria-label': t('close') }}
      centered
    >
      <Table>
        <Table.Tbody>
          {KEYS.map(([key, what]) => (
            <Table.Tr key={key}>
              <Table.Th scope="row" w={90}>
                <Kbd size="md">{key}</Kbd>
              </Table.Th>
              <Table.Td>{t(`alert.keys.${what}`)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Modal>
  );
}
