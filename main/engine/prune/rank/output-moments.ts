import { StudioError, throwIfCancelled } from '../../../base/errors.ts';
import type { TaskContext } from '../../../base/progress.ts';
import type { Model } from '../../graph/ir.ts';
import { sourceOfModel } from '../../runtime/model-source.ts';
import { tapModel } from '../../runtime/taps.ts';
import type { Runner } from '../../runtime/runner.ts';
import type { HostTensors } from '../../tensor/host-tensor.ts';
import type { FactorableLayer } from './factorable-layers.ts';

/** Places of a feature map that are looked at in each sample: neighbours tell much the same. */
const PLACES = 64;

/**
 * Second moments E[z·zᵀ] of what layers give without their bias, [outputs, outputs] each, over samples and places. Memory does
 * not grow with the samples.
 * @throws DATA_INVALID without samples, or when a layer gives NaN or infinities; RUNTIME_DIED, CANCELLED
 */
export async function outputMoments(
  model: Model,
  layers: readonly FactorableLayer[],
  batches: AsyncIterable<HostTensors>,
  runner: Runner,
  { signal, progress }: TaskContext,
): Promise<readonly Float64Array[]> {
  const taps = layers.map(({ node }) => node.outputs[0]!);
  const session = await runner.load(
    sourceOfModel(tapModel(model, taps)),
    { provider: 'cpu', threads: null },
    { signal },
  );
  const moments = layers.map(({ outputs }) => new Float64Array(outputs * outputs));
  let done = 0;
  try {
    for await (const feeds of batches) {
      throwIfCancelled(signal, 'Looking at outputs');
      progress({ stage: 'Looking at outputs', done, total: undefined });
      const values = await session.run(feeds, { signal, outputs: taps });
      layers.forEach((layer, at) => add(moments[at]!, layer, values[taps[at]!]!));
      done++;
    }
  } finally {
    if (runner.alive) await session.close();
  }
  if (done === 0) throw new StudioError('DATA_INVALID', 'The calibration data have no samples');
  layers.forEach(({ node }, at) => {
    if (moments[at]!.every(Number.isFinite)) return;
    throw new StudioError('DATA_INVALID', `Layer '${node.name}' gives NaN or infinities on the calibration data`, {
      hint: 'Leave it out, or look at the data.',
    });
  });
  return moments;
}

/** Adds z·zᵀ of some places: channels lie on axis 1 of feature maps, else last. */
function add(moment: Float64Array, { outputs, bias, weight }: FactorableLayer, value: HostTensors[string]): void {
  const data = value.data as Float32Array;
  const second = weight.dims.length > 2;
  const places = second ? value.dims.slice(2).reduce((product, size) => product * size, 1) : data.length / outputs;
  const samples = second ? value.dims[0]! : 1;
  const step = Math.max(1, Math.floor(places / (second ? PLACES : PLACES * (value.dims[0] ?? 1))));
  const z = new Float64Array(outputs);
  for (let sample = 0; sample < samples; sample++) {
    for (let place = 0; place < places; place += step) {
      for (let channel = 0; channel < outputs; channel++) {
        const at = second ? (sample * outputs + channel) * places + place : place * outputs + channel;
        z[channel] = data[at]! - (bias?.[channel] ?? 0);
      }
      for (let i = 0; i < outputs; i++) {
        const row = i * outputs;
        const zi = z[i]!;
        for (let j = 0; j <= i; j++) moment[row + j] = moment[row + j]! + zi * z[j]!;
      }
    }
  }
}
