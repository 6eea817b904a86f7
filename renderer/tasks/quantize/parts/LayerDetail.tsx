import { Text } from '@mantine/core';
import type { ReactNode } from 'react';
import type { ErrorLayer, ErrorTable } from '../../../../main/contract/results.ts';
import { formatDb } from '../../../../main/judge/format.ts';
import { Heading } from '../../../design/Task.tsx';
import { samplesOf } from '../errors/error-tables.ts';
import { useShown } from '../errors/shown.ts';
import classes from '../QuantizeView.module.css';
import { SamplePicture } from './SamplePicture.tsx';

interface LayerDetailProps {
  readonly errors: ErrorTable;
  /** The selected layer, or null. */
  readonly layer: string | null;
}

/** What of the selected layer stands in the heat maps: its own loss and where that comes from, its worst channel and input. */
export function LayerDetail({ errors, layer }: LayerDetailProps): ReactNode {
  const channel = useShown((state) => state.channel);
  const run = useShown((state) => state.run);
  const map = useShown((state) => state.map);
  const found = errors.layers.find(({ name }) => name === layer);
  if (layer === null) return <Text className={`lap-muted ${classes['part']}`}>Pick a layer to see what it loses.</Text>;
  if (found === undefined)
    return <Text className={`lap-muted ${classes['part']}`}>The output of {layer} was not compared.</Text>;
  return (
    <>
      <Heading>{layer}</Heading>
      <dl className={classes['facts']}>
        {factsOf(found, errors, { channel, run }).map(([name, value]) => (
          <FactRow key={name} name={name} value={value} />
        ))}
      </dl>
      {map === 'samples' && run !== null && errors.datasetId !== null && (
        <SamplePicture datasetId={errors.datasetId} index={run * errors.perRun} />
      )}
    </>
  );
}

function FactRow({ name, value }: { readonly name: string; readonly value: string }): ReactNode {
  return (
    <>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </>
  );
}

type Fact = readonly [name: string, value: string];

function factsOf(
  layer: ErrorLayer,
  { perRun, samples }: ErrorTable,
  picked: { readonly channel: number | null; readonly run: number | null },
): readonly Fact[] {
  const worstChannel = placeOfLeast(layer.channels);
  const worstRun = placeOfLeast(layer.runs);
  const facts: (Fact | null)[] = [
    layer.localSqnrDb === null ? ['Alone', 'stays float'] : ['Alone', formatDb(layer.localSqnrDb)],
    layer.weightSqnrDb === null ? null : ['– by weights', formatDb(layer.weightSqnrDb)],
    layer.activationSqnrDb === null ? null : ['– by activations', formatDb(layer.activationSqnrDb)],
    ['In the whole model', formatDb(layer.sqnrDb)],
    worstChannel === null ? null : [`Worst channel (${worstChannel})`, formatDb(layer.channels[worstChannel]!)],
    valueAt(layer.channels, picked.channel, (at) => `Channel ${at}`),
    worstRun === null ? null : [`Worst ${samplesOf(worstRun, perRun, samples)}`, formatDb(layer.runs[worstRun]!)],
    valueAt(layer.runs, picked.run, (at) => `On ${samplesOf(at, perRun, samples)}`),
  ];
  return facts.filter((fact) => fact !== null);
}

function valueAt(values: readonly number[], at: number | null, name: (at: number) => string): Fact | null {
  const value = at === null ? undefined : values[at];
  return at === null || value === undefined ? null : [name(at), formatDb(value)];
}

function placeOfLeast(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  return values.reduce((least, value, at) => (value < values[least]! ? at : least), 0);
}
