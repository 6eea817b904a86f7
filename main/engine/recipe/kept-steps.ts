/** What the steps before a training made, kept with its checkpoints: a run that goes on does not make it again. */
import { createHash } from 'node:crypto';
import { deserialize, serialize } from 'node:v8';
import type { RecipeStep } from '../../contract/recipe/recipe.ts';
import { stepParts } from '../../contract/recipe/kinds.ts';
import type { CheckpointStore } from '../distill/checkpoint.ts';
import type { FeedBatches } from '../dataset/feed-batches.ts';
import type { Model } from '../graph/ir.ts';
import { tensorByteLength } from '../graph/tensor-size.ts';
import { walkTensors } from '../graph/tensors.ts';
import { encodeModel, encodeModelBytes } from '../onnx/encode-model.ts';
import { parseModel } from '../onnx/parse.ts';
import type { Sources } from '../passes/pass.ts';
import type { KeptChannels, Lineage } from '../prune/lineage.ts';
import type { AnyOutcome } from '../steps/registry.ts';

/** A recipe that was applied up to some step. */
export interface StepsMade {
  readonly model: Model;
  readonly sources: Sources;
  readonly lineage: Lineage | undefined;
  /** With everything decided. */
  readonly steps: readonly RecipeStep[];
  readonly outcomes: readonly AnyOutcome[];
}

const MAGIC = Buffer.from('LAPIDARY STEPS 1\n');
const HASH_BYTES = 32;
/** Models larger than this are made again rather than kept. */
const MOST_BYTES = 2 ** 30;

interface Stored {
  readonly key: string;
  readonly steps: readonly RecipeStep[];
  readonly outcomes: readonly AnyOutcome[];
  readonly sources: Sources;
  readonly model: Uint8Array;
  /** `source`: the model that the recipe begins with. */
  readonly before: Uint8Array | 'source' | null;
  readonly kept: ReadonlyMap<string, readonly KeptChannels[]>;
}

/** Tells what steps are made of: the model, what they are told, the samples that they take, and what the machine decides. */
export async function keyOfSteps(
  model: Model,
  steps: readonly RecipeStep[],
  {
    calibration,
    vnni,
    samples,
  }: {
    readonly calibration: (samples: number) => FeedBatches;
    readonly vnni: boolean | null;
    readonly samples: number;
  },
): Promise<string> {
  const hash = createHash('sha256');
  for (const piece of encodeModel(model)) hash.update(piece);
  hash.update(JSON.stringify([steps, vnni]));
  const counts = steps.map((step) => ('samples' in stepParts(step).settings ? Number((stepParts(step).settings as { samples: number }).samples) : 0)); // prettier-ignore
  for await (const feeds of calibration(Math.max(samples, ...counts))) {
    for (const [name, { dims, data }] of Object.entries(feeds)) {
      hash.update(JSON.stringify([name, dims]));
      if (ArrayBuffer.isView(data)) hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    }
  }
  return hash.digest('hex');
}

/** Keeps what was made; what is too large is not kept. @throws WRITE_FAILED */
export async function keepSteps(store: CheckpointStore, key: string, made: StepsMade, source: Model): Promise<void> {
  const { model, lineage, steps, outcomes, sources } = made;
  const before = lineage === undefined ? null : lineage.before === source ? 'source' : lineage.before;
  const size = storedBytes(model) + (typeof before === 'object' && before !== null ? storedBytes(before) : 0);
  if (size > MOST_BYTES) return;
  const stored: Stored = {
    key,
    steps,
    outcomes,
    sources,
    model: encodeModelBytes(model),
    before: typeof before === 'object' && before !== null ? encodeModelBytes(before) : before,
    kept: lineage?.kept ?? new Map(),
  };
  const body = serialize(stored);
  await store.write(Buffer.concat([MAGIC, createHash('sha256').update(body).digest(), body]));
}

/** @returns undefined where nothing is kept, or what is kept is damaged or was made of something else */
export async function readSteps(store: CheckpointStore, key: string, source: Model): Promise<StepsMade | undefined> {
  const bytes = await store.read();
  if (bytes === undefined || !Buffer.from(bytes.subarray(0, MAGIC.length)).equals(MAGIC)) return undefined;
  const body = bytes.subarray(MAGIC.length + HASH_BYTES);
  const told = bytes.subarray(MAGIC.length, MAGIC.length + HASH_BYTES);
  if (!createHash('sha256').update(body).digest().equals(told)) return undefined;
  // The hash says that we wrote it.
  const stored = deserialize(body) as Stored;
  if (stored.key !== key) return undefined;
  const { steps, outcomes, sources, before, kept } = stored;
  const lineage = ((): Lineage | undefined => {
    if (before === null) return undefined;
    return { before: before === 'source' ? source : parseModel(before, ''), kept };
  })();
  return { model: parseModel(stored.model, ''), sources, lineage, steps, outcomes };
}

/** Of all tensors; Infinity where some lie in other files. */
function storedBytes(model: Model): number {
  let bytes = 0;
  for (const tensor of walkTensors(model)) {
    bytes += tensor.storage.kind === 'external' ? Infinity : tensorByteLength(tensor);
  }
  return bytes;
}
