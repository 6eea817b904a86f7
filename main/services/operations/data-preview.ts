import { StudioError } from '../../base/errors.ts';
import type { TaskContext } from '../../base/progress.ts';
import type { DataPreview, SamplePicture } from '../../contract/sample-picture.ts';
import { indexGraph } from '../../engine/graph/index-graph.ts';
import type { Model, Tensor } from '../../engine/graph/ir.ts';
import { elementCount } from '../../engine/graph/tensor-size.ts';
import type { Dataset } from '../../engine/dataset/dataset.ts';
import { hasTrait, normalizationOf } from '../../engine/operators/ask.ts';
import { inputPorts } from '../../engine/runtime/input-dims.ts';
import { guessPreprocessing } from '../../judge/preprocessing/guess.ts';
import { openSource } from './datasets.ts';
import type { OpenedFile } from '../../engine/onnx/open.ts';
import { openShared } from './opened-models.ts';
import type { OperationParams } from './operation-map.ts';
import { pictureOfSample } from './sample-picture.ts';

/**
 * What is in data, what the model seems to want, and how the first samples would come to it. Data that do not fit are told so
 * among the result; only what cannot be read at all is an error.
 * @throws DATA_…, CANCELLED
 */
export async function dataPreview(
  { path, data, pictures }: OperationParams<'dataPreview'>,
  { signal }: TaskContext,
): Promise<DataPreview> {
  const opened = await openShared(path);
  const dataset = await openSource(data);
  const { kind, name, samples, labelled, classes } = dataset;
  const about = { kind, name, samples, labelled, classCount: classes.length, guess: guess(opened, dataset) };
  try {
    const sentence = dataset.describe(inputPorts(opened.model));
    return {
      ...about,
      sentence,
      problem: null,
      pictures: await firstPictures(opened.model, dataset, { pictures, signal }),
    };
  } catch (error) {
    if (!(error instanceof StudioError) || error.code === 'CANCELLED') throw error;
    return { ...about, sentence: null, problem: error.message, pictures: [] };
  }
}

async function firstPictures(
  model: Model,
  dataset: Dataset,
  { pictures, signal }: { readonly pictures: number; readonly signal: AbortSignal },
): Promise<SamplePicture[]> {
  const found: SamplePicture[] = [];
  for (let index = 0; index < Math.min(pictures, dataset.samples); index++) {
    const picture = await pictureOfSample(model, dataset, { index, signal });
    if (picture === null) return [];
    found.push(picture);
  }
  return found;
}

/** The preprocessing that a model seems to want of data. */
export function guess({ model, path }: OpenedFile, dataset: Dataset): DataPreview['guess'] {
  const inputs = inputPorts(model);
  const input = inputs.find(({ shape }) => shape?.length === 4) ?? inputs[0];
  const file = path.split(/[\\/]/u).at(-2);
  return guessPreprocessing({
    input: { dtype: input?.dtype ?? null, shape: input?.shape ?? null },
    outputs: model.graph.outputs.map(({ type }) => (type?.kind === 'tensor' ? (type.shape ?? null) : null)),
    name: `${model.graph.name} ${file ?? ''} ${path.split(/[\\/]/u).at(-1) ?? ''}`,
    metadata: Object.fromEntries(model.metadata.map(({ key, value }) => [key, value])),
    normalizesItself: input !== undefined && normalizesItself(model, input.name),
    dataDtype: dataset.sampleDtype,
  });
}

/** Whether all that the input goes into, moved and converted at most, shifts or scales it by constants. */
function normalizesItself({ graph }: Model, input: string): boolean {
  const index = indexGraph(graph);
  const users = index.consumers(input);
  return (
    users.length > 0 &&
    users.every((user) => {
      if (hasTrait(user, 'rearranges') || hasTrait(user, 'passive')) {
        return user.outputs.some((output) => output !== '' && normalizesItself({ graph } as Model, output));
      }
      return normalizationOf(user) !== undefined || user.inputs.some((other) => isPerChannel(index.initializer(other)));
    })
  );
}

/** A mean or a scale: one real number, or one for each channel of an image. */
function isPerChannel(tensor: Tensor | undefined): boolean {
  return tensor !== undefined && tensor.dtype.includes('float') && elementCount(tensor.dims) <= 4;
}
