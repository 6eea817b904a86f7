import { Button, Table, Text } from '@mantine/core';
import { IconCheck, IconTestPipe } from '@tabler/icons-react';
import { useState } from 'react';
import type { ReactNode } from 'react';
import type { ParamsIn } from '../../main/contract/methods.ts';
import type { PresetId } from '../../main/contract/preprocessing-presets.ts';
import type { PresetTrials as Trials } from '../../main/contract/preset-trials.ts';
import { formatCount, formatPercent } from '../../main/judge/format.ts';
import { PRESET_TABLE } from '../../main/judge/preprocessing/presets.ts';
import { engine } from '../state/engine.ts';
import { runSettings } from '../state/settings.ts';
import { createTaskStore } from '../state/task.ts';
import { TaskLine } from './TaskLine.tsx';
import classes from './PresetTrials.module.css';

const useTrying = createTaskStore();

interface PresetTrialsProps {
  readonly modelId: string;
  readonly source: Omit<ParamsIn<'dataset.tryPresets'>, 'modelId'>;
  /** The preset that is chosen now. */
  readonly chosen: PresetId | 'custom' | null;
  readonly onChoose: (preset: PresetId) => void;
}

/** Tries every preset on labelled samples of data that may be added: accuracy of each with its interval, one click takes one. */
export function PresetTrials({ modelId, source, chosen, onChoose }: PresetTrialsProps): ReactNode {
  // Of other data, or read otherwise, the numbers say nothing.
  const { path, labelsPath, preprocessing } = source;
  const key = JSON.stringify([modelId, path, labelsPath, preprocessing?.layout, preprocessing?.labelOffset]);
  const [tried, setTried] = useState<{ readonly key: string; readonly trials: Trials } | null>(null);
  const { state, run, cancel, dismiss } = useTrying();
  const trials = tried?.key === key ? tried.trials : null;
  const start = async (): Promise<void> => {
    const settings = runSettings();
    const result = await run((handle) => engine().call('dataset.tryPresets', { modelId, ...source, settings }, handle));
    if (result !== null) setTried({ key, trials: result });
  };
  return (
    <section aria-label="Presets tried" className={classes['part']}>
      <div className={classes['line']}>
        <Button
          variant="default"
          flex="none"
          leftSection={<IconTestPipe size={13} />}
          disabled={state.status === 'running'}
          onClick={() => void start()}
        >
          {trials === null ? 'Try presets' : 'Try again'}
        </Button>
        <Text className="lap-muted">
          {trials === null ? 'Accuracy of each on some labelled samples' : verdict(trials)}
        </Text>
      </div>
      <TaskLine state={state} title="Trying presets" onCancel={cancel} onDismiss={dismiss} />
      {trials !== null && <TrialsTable trials={trials} chosen={chosen} onChoose={onChoose} />}
    </section>
  );
}

function verdict({ samples, best, rivals }: Trials): string {
  if (best === null) return 'No preset fits the model and the data.';
  const title = PRESET_TABLE[best].title;
  const others = rivals.map((preset) => PRESET_TABLE[preset].title).join(', ');
  return `${title} is the best on ${formatCount(samples)} samples${others === '' ? '' : `, which do not tell it from ${others}`}.`;
}

interface TrialsTableProps extends Pick<PresetTrialsProps, 'chosen' | 'onChoose'> {
  readonly trials: Trials;
}

function TrialsTable({ trials, chosen, onChoose }: TrialsTableProps): ReactNode {
  return (
    <Table className={classes['table'] ?? ''}>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>Preset</Table.Th>
          <Table.Th className="lap-number">Top-1 accuracy</Table.Th>
          <Table.Th className="lap-number">95 % interval</Table.Th>
          <Table.Th>
            <span className="lap-unseen">Choose</span>
          </Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {trials.rows.map(({ preset, top1, problem }) => (
          <Table.Tr key={preset} data-best={preset === trials.best}>
            <Table.Th scope="row" title={PRESET_TABLE[preset].help}>
              {PRESET_TABLE[preset].title}
              {preset === trials.best && <span className={classes['note']}>best</span>}
              {preset === trials.guess && <span className={classes['note']}>guessed</span>}
            </Table.Th>
            {top1 === null ? (
              <Table.Td colSpan={2} className="lap-muted">
                {problem ?? 'not tried'}
              </Table.Td>
            ) : (
              <>
                <Table.Td className="lap-number">{formatPercent(top1.value)}</Table.Td>
                <Table.Td className="lap-number">
                  {formatPercent(top1.low)} – {formatPercent(top1.high)}
                </Table.Td>
              </>
            )}
            <Table.Td>
              {chosen === preset ? (
                <span className={classes['chosen']}>
                  <IconCheck size={12} /> chosen
                </span>
              ) : (
                <Button
                  variant={preset === trials.best ? 'filled' : 'default'}
                  aria-label={`Use ${PRESET_TABLE[preset].title}`}
                  disabled={top1 === null}
                  onClick={() => onChoose(preset)}
                >
                  Use
                </Button>
              )}
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
