import { Badge, Table } from '@mantine/core';
import type { ReactNode } from 'react';
import { providerDevice, providerTitle } from '../../main/judge/providers.ts';
import { Facts } from '../design/Facts.tsx';
import { useSession } from '../state/session.ts';

/** What this machine is, which providers run on it, and how to get the others. */
export function MachineView(): ReactNode {
  const info = useSession((state) => state.info);
  if (info === null) return <p className="lap-muted">The engine has not told yet.</p>;
  const { machine, providers } = info;
  return (
    <>
      <Facts
        facts={[
          ['Processor', `${machine.cpu}, ${machine.cores} cores`],
          ['Int8 products', machine.vnni === null ? 'not known' : machine.vnni ? 'yes' : 'no'],
          ['System', machine.os],
          ['Runtime', `ONNX Runtime ${machine.onnxruntime}, Node ${machine.node}`],
        ]}
      />
      <Table mt="md" aria-label="Execution providers">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Provider</Table.Th>
            <Table.Th>Here</Table.Th>
            <Table.Th>Runs on</Table.Th>
            <Table.Th>Why not, and how to get it</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {providers.map(({ name, available, reason, how }) => (
            <Table.Tr key={name} style={{ verticalAlign: 'top' }}>
              <Table.Th scope="row">{providerTitle(name)}</Table.Th>
              <Table.Td>
                <Badge miw="max-content" color={available ? 'teal' : 'gray'}>
                  {available ? 'works' : 'no'}
                </Badge>
              </Table.Td>
              <Table.Td>{providerDevice(name)}</Table.Td>
              <Table.Td>
                {reason}
                {how !== null && <div className="lap-muted">{how}</div>}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </>
  );
}
