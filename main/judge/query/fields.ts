/** What a query can ask of a layer: each field with what it reads and how it is said. */
import type { OperatorCategory } from '../../contract/layer-words.ts';

/** What is known of one layer; null where it was not measured or cannot be known. */
export interface Queried {
  /** Place in the model, from 0. */
  readonly index: number;
  readonly name: string;
  readonly op: string;
  readonly domain: string;
  readonly category: OperatorCategory;
  readonly scope: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** What the layer computes in: "int8" where the runtime fused it into an integer kernel, "int4 weights", "float32". */
  readonly dtype: string | null;
  /** Of the first output. */
  readonly shape: readonly (number | string | null)[] | null;
  readonly parameters: number;
  readonly parameterBytes: number;
  readonly macs: number | null;
  /** Activation and weight bytes read and written once. */
  readonly bytes: number | null;
  readonly timeMs: number | null;
  /** Other layers' kernels compute it too (BatchNormalization went into Conv, say): its time is in theirs. */
  readonly folded: boolean;
  /** Of the summed layer times, 0…1. */
  readonly share: number | null;
  readonly gmacsPerSecond: number | null;
  /** Zero share of the weights, 0…1. */
  readonly sparsity: number | null;
  /** Share of its channels that pruning kept, 0…1; null: no channels were pruned. */
  readonly keptShare: number | null;
  /** Why pruning left it alone; null: it did not, or is not known. */
  readonly frozen: string | null;
  /** What looked wrong in its values over data, in words; null: nothing did, or nobody looked. */
  readonly suspect: string | null;
  /** Whole quantized model against the float one at this layer. */
  readonly sqnrDb: number | null;
  /** Only this layer quantized. */
  readonly localSqnrDb: number | null;
  readonly cosine: number | null;
  /** Mean squared difference of the outputs. */
  readonly mse: number | null;
}

/** The facts of a layer that nothing was measured of. */
export const UNMEASURED = {
  timeMs: null,
  folded: false,
  share: null,
  gmacsPerSecond: null,
  sparsity: null,
  keptShare: null,
  frozen: null,
  suspect: null,
  sqnrDb: null,
  localSqnrDb: null,
  cosine: null,
  mse: null,
} satisfies Partial<Queried>;

export interface TextField {
  readonly kind: 'text';
  readonly help: string;
  /** pattern: the whole text, `*` stands for any; contains: a part of one of them. */
  readonly match: 'pattern' | 'contains';
  readonly read: (layer: Queried) => readonly string[];
}

export interface NumberField {
  readonly kind: 'number';
  readonly help: string;
  /** A limit to begin with: "1ms". */
  readonly example: string;
  /** In the unit of the field: milliseconds, bytes, plain counts, shares, decibels. */
  readonly read: (layer: Queried) => number | null;
}

export type Field = TextField | NumberField;

const text = (match: TextField['match'], help: string, read: TextField['read']): TextField => ({
  kind: 'text',
  match,
  help,
  read,
});
const number = (help: string, example: string, read: NumberField['read']): NumberField => ({
  kind: 'number',
  help,
  example,
  read,
});

/** By name, in the order in which they are offered. */
export const FIELDS: ReadonlyMap<string, Field> = new Map<string, Field>([
  ['op', text('pattern', 'operator; * is any text', ({ op }) => [op])],
  ['name', text('contains', 'part of the name', ({ name }) => [name])],
  ['scope', text('contains', 'part of the scope', ({ scope }) => [scope])],
  ['dtype', text('pattern', 'what it computes in', ({ dtype }) => [dtype ?? ''])],
  ['kind', text('pattern', 'kind of operator', ({ category }) => [category])],
  ['domain', text('pattern', 'operator set', ({ domain }) => [domain === '' ? 'ai.onnx' : domain])],
  ['in', text('contains', 'name of a value that it reads', ({ inputs }) => inputs)],
  ['out', text('contains', 'name of a value that it writes', ({ outputs }) => outputs)],
  ['time', number('measured time', '1ms', ({ timeMs }) => timeMs)],
  ['share', number('share of the summed layer times', '5%', ({ share }) => share)],
  ['macs', number('multiply–accumulates', '1M', ({ macs }) => macs)],
  ['gmacs', number('billions of MACs per second', '10', ({ gmacsPerSecond }) => gmacsPerSecond)],
  ['params', number('weights', '10K', ({ parameters }) => parameters)],
  ['weights', number('bytes of its weights', '1MB', ({ parameterBytes }) => parameterBytes)],
  ['memory', number('bytes read and written once', '1MB', ({ bytes }) => bytes)],
  [
    'intensity',
    number('MACs for each byte moved', '10', ({ macs, bytes }) => (macs === null || !bytes ? null : macs / bytes)),
  ],
  ['sparsity', number('share of weights that are zero', '50%', ({ sparsity }) => sparsity)],
  ['kept', number('share of channels that pruning kept', '50%', ({ keptShare }) => keptShare)],
  ['sqnr', number('signal to quantization noise, whole model', '20dB', ({ sqnrDb }) => sqnrDb)],
  ['local', number('signal to noise, this layer alone', '20dB', ({ localSqnrDb }) => localSqnrDb)],
  ['cosine', number('cosine against the float model', '0.99', ({ cosine }) => cosine)],
  ['mse', number('mean squared difference of its output', '0.01', ({ mse }) => mse)],
  ['rank', number('dimensions of its output', '4', ({ shape }) => shape?.length ?? null)],
  ['index', number('place in the model, from 0', '10', ({ index }) => index)],
]);

/** Other names of fields. */
export const ALIASES: ReadonlyMap<string, string> = new Map([
  ['parameters', 'params'],
  ['bytes', 'memory'],
  ['error', 'sqnr'],
]);

/** States that `is:` asks for. */
export const STATES: ReadonlyMap<string, { readonly help: string; readonly holds: (layer: Queried) => boolean }> =
  new Map([
    ['folded', { help: 'computed by another layer’s kernel', holds: ({ folded }: Queried) => folded }],
    ['measured', { help: 'its time was measured', holds: ({ timeMs }: Queried) => timeMs !== null }],
    ['frozen', { help: 'pruning left it whole', holds: ({ frozen }: Queried) => frozen !== null }],
    ['suspect', { help: 'its values looked wrong over data', holds: ({ suspect }: Queried) => suspect !== null }],
    ['pruned', { help: 'pruning took channels or weights', holds: isPruned }],
    ['parametric', { help: 'it has weights', holds: ({ parameters }: Queried) => parameters > 0 }],
  ]);

function isPruned({ keptShare, sparsity }: Queried): boolean {
  return (keptShare !== null && keptShare < 1) || (sparsity !== null && sparsity > 0);
}

export function findField(name: string): Field | undefined {
  const lower = name.toLowerCase();
  return FIELDS.get(ALIASES.get(lower) ?? lower);
}

/** To the unit of the field: milliseconds, bytes, plain counts, shares. */
const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  k: 1e3,
  m: 1e6,
  g: 1e9,
  t: 1e12,
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  '%': 0.01,
  db: 1,
};

/** "1.5ms", "5%", "2e6", "10M" in the unit of the field; null: no amount. */
export function parseAmount(amount: string): number | null {
  const match = /^(-?\d+(?:\.\d+)?(?:e-?\d+)?)\s*([a-zµ%]*)$/i.exec(amount);
  const unit = match === null ? undefined : UNITS[(match[2] ?? '').toLowerCase()];
  return match === null || unit === undefined ? null : Number(match[1]) * unit;
}
