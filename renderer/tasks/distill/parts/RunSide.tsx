import { Select, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { formatCount, formatPercent } from '../../../../main/judge/format.ts';
import type { TrainedLayer } from '../../../../main/contract/training.ts';
import { Heading } from '../../../design/Task.tsx';
import { useSession } from '../../../state/session.ts';
import { LayerLink } from '../../../widgets/LayerLink.tsx';
import classes from '../DistillView.module.css';
import { trainedTrials } from '../model.ts';
import { useDistill } from '../store.ts';
import type { ShownTraining } from '../use-shown-training.ts';
import { RateChart } from './RateChart.tsx';

/** Beside the curves: which run it is, how its learning rate was found, what became of each layer. */
export function RunSide({ shown: { trial, training } }: { readonly shown: ShownTraining }): ReactNode {
  const trials = useSession((state) => state.trials);
  const other = useDistill((state) => state.other);
  const others = trainedTrials(trials).filter(({ id }) => id !== trial?.id);
  if (trial === null) return <Text className="lap-muted">Runs stand here once there are some.</Text>;
  return (
    <>
      <Heading>Run</Heading>
      <Text className={classes['part'] ?? ''}>{trial.name}</Text>
      {training !== null && (
        <Text className={`lap-muted ${classes['part']}`}>
          Matches {training.losses.join(', ')}. {formatCount(training.samples.trained)} samples trained on,{' '}
          {formatCount(training.samples.heldOut)} held out.
        </Text>
      )}
      {others.length > 0 && (
        <Select
          aria-label="Compare with"
          className={classes['part'] ?? ''}
          placeholder="Compare with another run"
          clearable
          value={others.some(({ id }) => id === other) ? other : null}
          data={others.map(({ id, name }) => ({ value: id, label: name }))}
          onChange={(id) => useDistill.setState({ other: id })}
        />
      )}
      {training !== null && training.rateTest.length > 0 && <RateChart training={training} />}
      {training !== null && training.layers.length > 0 && <Layers layers={training.layers} />}
    </>
  );
}

function Layers({ layers }: { readonly layers: readonly TrainedLayer[] }): ReactNode {
  return (
    <>
      <Heading>Error of each layer</Heading>
      <Text className="lap-muted">
        Against the teacher’s, over its square: 0 % is exact. Pale before, full after the training.
      </Text>
      <ul className={classes['layers']} aria-label="Error of each layer">
        {layers.map(({ name, before, after }) => (
          <li key={name}>
            <LayerLink name={name} />
            <span className={classes['bars']} aria-hidden>
              <i style={{ width: `${100 * Math.min(1, before)}%` }} />
              <b style={{ width: `${100 * Math.min(1, after)}%` }} />
            </span>
            <span className={classes['numbers']}>
              {formatPercent(before, 2)} → {formatPercent(after, 2)}
            </span>
          </li>
        ))}
      </ul>
    </>
  );
}
