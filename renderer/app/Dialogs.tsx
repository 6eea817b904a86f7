import { Modal } from '@mantine/core';
import type { ReactNode } from 'react';
import { Facts } from '../design/Facts.tsx';
import { showDialog, useDialogs } from '../state/dialogs.ts';
import { useSession } from '../state/session.ts';
import { RunDialog } from '../widgets/run/RunDialog.tsx';
import { TensorDialog } from '../widgets/tensor/TensorDialog.tsx';
import { AccuracyDialog } from '../widgets/accuracy/AccuracyDialog.tsx';
import { MachineView } from './MachineView.tsx';
import { COMMANDS, MENUS } from './commands.ts';
import type { MenuName } from './commands.ts';
import classes from './Dialogs.module.css';
import { shortcutText } from './shortcuts.ts';

/** The shell's dialogs. */
export function Dialogs(): ReactNode {
  const dialog = useDialogs((state) => state.dialog);
  return (
    <>
      <Modal opened={dialog === 'keys'} onClose={closeDialog} title="Keyboard and search" size={860}>
        <Keys />
      </Modal>
      <Modal opened={dialog === 'about'} onClose={closeDialog} title="About Lapidary">
        <About />
      </Modal>
      <Modal opened={dialog === 'machine'} onClose={closeDialog} title="This machine" size={860}>
        <MachineView />
      </Modal>
      <AccuracyDialog />
      <TensorDialog />
      <RunDialog />
    </>
  );
}

function closeDialog(): void {
  showDialog(null);
}

const CANVAS_KEYS: readonly (readonly [string, string])[] = [
  ['Space', 'Fit the whole graph'],
  ['Ctrl+scroll', 'Zoom'],
  ['Scroll, drag', 'Pan'],
  ['Double click', 'Expand or collapse a group'],
  ['Right click', 'What can be done to a layer'],
  ['↑ ↓ ← →', 'Walk along the edges'],
  ['Enter', 'Properties; open or fold a group'],
  ['Esc', 'Clear the selection'],
];

const TIMELINE_KEYS: readonly (readonly [string, string])[] = [
  ['W, S', 'Zoom'],
  ['A, D', 'Pan'],
  ['F', 'Focus the selection'],
];

const SEARCH: readonly (readonly [string, string])[] = [
  ['conv layer1', 'both texts'],
  ['"conv1"', 'exactly this name'],
  ['op:Conv, op:*Pool', 'operator'],
  ['dtype:int8', 'type'],
  ['shape:1x64', 'dimensions of the output'],
  ['time>1ms  share>5%', 'measured'],
  ['macs>1M  params<10K  memory>1MB', 'amounts'],
  ['sparsity>50%  kept<100%', 'after pruning'],
  ['sqnr<20dB | time:top10', 'either; the ten greatest'],
  ['-op:Relu  -(conv | gemm)', 'not'],
  ['@group>1  @pads:1x1x1x1', 'attributes'],
  ['after:conv1  before:fc', 'along the graph'],
  ['is:frozen', 'a state'],
];

function Keys(): ReactNode {
  return (
    <div className={classes['columns']}>
      {MENUS.map((menu) => (
        <Table key={menu} title={menu} rows={rowsOf(menu)} />
      ))}
      <Table title="Graph" rows={CANVAS_KEYS} />
      <Table title="Timeline" rows={TIMELINE_KEYS} />
      <Table title="Search" rows={SEARCH} mono />
    </div>
  );
}

function rowsOf(menu: MenuName): readonly (readonly [string, string])[] {
  const rows = COMMANDS.filter(
    (command) => command.menu === menu && command.section !== 'recent' && command.shortcuts.length > 0,
  ).map(({ shortcuts, title }) => [shortcuts.map((shortcut) => shortcutText(shortcut)).join(', '), title] as const);
  return menu === 'File' ? [...rows, [`${shortcutText('Mod+1')} … 9`, 'Open a recent model']] : rows;
}

interface TableProps {
  readonly title: string;
  readonly rows: readonly (readonly [key: string, meaning: string])[];
  readonly mono?: boolean;
}

function Table({ title, rows, mono = false }: TableProps): ReactNode {
  return (
    <section className={classes['part']}>
      <h3>{title}</h3>
      <dl>
        {rows.map(([key, meaning]) => (
          <div key={`${key}:${meaning}`}>
            <dt className={mono ? 'lap-mono' : classes['key']}>{key}</dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function About(): ReactNode {
  const info = useSession((state) => state.info);
  if (info === null) return null;
  const { machine } = info;
  return (
    <Facts
      facts={[
        ['Version', info.version],
        ['Machine', `${machine.cpu}, ${machine.cores} cores`],
        ['System', machine.os],
        ['Runtime', `ONNX Runtime ${machine.onnxruntime}, Node ${machine.node}`],
        ['Workspace', info.workspace],
      ]}
    />
  );
}
