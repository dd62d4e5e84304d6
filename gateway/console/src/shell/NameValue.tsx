import { Table, Text, Title } from '@mantine/core';
import { useId, type ReactNode } from 'react';

interface Props {
  title: string;
  rows: [name: string, value: ReactNode][];
  /** What to say when there is no row. */
  empty?: string;
}

/** A titled panel of names and values; rows without a value are left out. */
export function NameValue({ title, rows, empty }: Props) {
  const id = useId();
  const given = rows.filter(([, value]) => value !== '' && value !== null && value !== undefined);
  return (
    <section className="panel" aria-labelledby={id}>
      <Title order={2} size="h4" id={id}>
        {title}
      </Title>
      {given.length === 0 && empty && (
        <Text c="dimmed" mt="xs">
          {empty}
        </Text>
      )}
      <Table mt="xs" layout="fixed">
        <Table.Tbody>
          {given.map(([name, value]) => (
            <Table.Tr key={name}>
              <Table.Th scope="row" fw={400} c="dimmed" w="42%">
                {name}
              </Table.Th>
              <Table.Td className="tabular" style={{ overflowWrap: 'anywhere' }}>
                {value}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </section>
  );
}
