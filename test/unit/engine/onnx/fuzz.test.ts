import { globSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { StudioError } from '../../../../main/base/errors.ts';
import { tensorValues } from '../../../../main/engine/graph/tensor-data.ts';
import type { Tensor } from '../../../../main/engine/graph/ir.ts';
import { mapTensors, walkTensors } from '../../../../main/engine/graph/tensors.ts';
import { validateModel } from '../../../../main/engine/graph/validate.ts';
import { encodeModelBytes } from '../../../../main/engine/onnx/encode-model.ts';
import { parseModel } from '../../../../main/engine/onnx/parse.ts';
import { seededRandom } from '../../../../main/engine/tensor/random.ts';
import { SAMPLE_GRAPHS } from '../../../support/sample-graphs.ts';

const MUTATIONS = 12_000;
const SAMPLES = new URL('../../../../resources/samples/', import.meta.url).pathname;

type Random = () => number;
type Mutation = (bytes: Uint8Array, random: Random, others: readonly Uint8Array[]) => Uint8Array;

const below = (random: Random, limit: number): number => Math.floor(random() * limit);

const MUTATE: Readonly<Record<string, Mutation>> = {
  'flips up to 8 bits': (bytes, random) => {
    const copy = bytes.slice();
    for (let flips = 1 + below(random, 8); flips > 0; flips--)
      copy[below(random, copy.length)]! ^= 1 << below(random, 8);
    return copy;
  },
  truncates: (bytes, random) => bytes.slice(0, below(random, bytes.length)),
  'splices two files': (bytes, random, others) => {
    const other = others[below(random, others.length)]!;
    return Buffer.concat([bytes.subarray(0, below(random, bytes.length)), other.subarray(below(random, other.length))]);
  },
  'writes huge numbers where lengths and sizes may stand': (bytes, random) => {
    const copy = bytes.slice();
    const at = below(random, copy.length);
    const length = 1 + below(random, 9);
    for (let i = at; i < Math.min(copy.length, at + length); i++) copy[i] = 0xff;
    if (at + length < copy.length) copy[at + length] = 0x7f;
    return copy;
  },
  'repeats a part': (bytes, random) => {
    const start = below(random, bytes.length);
    const part = bytes.subarray(start, start + 1 + below(random, 64));
    return Buffer.concat([
      bytes.subarray(0, start),
      ...Array.from({ length: 1 + below(random, 8) }, () => part),
      bytes.subarray(start),
    ]);
  },
  'overwrites a part with noise': (bytes, random) => {
    const copy = bytes.slice();
    const at = below(random, copy.length);
    for (let i = at; i < Math.min(copy.length, at + 16); i++) copy[i] = below(random, 256);
    return copy;
  },
};

const shrink = (tensor: Tensor): Tensor =>
  tensor.storage.kind === 'raw' && tensor.storage.bytes.length > 64
    ? { ...tensor, dims: [0], storage: { kind: 'raw', bytes: new Uint8Array() } }
    : tensor;

/** Shrinks the weights of a bundled sample, so that mutations hit its structure: they say [0] with no bytes. */
function withoutWeights(bytes: Uint8Array): Uint8Array {
  const model = parseModel(bytes, '');
  return encodeModelBytes(mapTensors(model, shrink));
}

function seeds(): readonly Uint8Array[] {
  const built = Object.values(SAMPLE_GRAPHS).map((make) => encodeModelBytes(make()));
  const samples = globSync(`${SAMPLES}*.onnx`).map((path) => withoutWeights(readFileSync(path)));
  return [...built, ...samples];
}

/** Parses; what parses must also validate, encode, parse again to the same bytes, and give or refuse its values. */
function exercise(bytes: Uint8Array): 'refused' | 'opened' {
  let model;
  try {
    model = parseModel(bytes, '/nonexistent');
  } catch (error) {
    if (!(error instanceof StudioError) || error.code === 'INTERNAL') throw error;
    return 'refused';
  }
  validateModel(model, { scanWeights: true });
  const written = encodeModelBytes(model);
  const again = encodeModelBytes(parseModel(written, '/nonexistent'));
  expect(Buffer.compare(written, again)).toBe(0);
  for (const tensor of walkTensors(model)) {
    try {
      tensorValues(tensor);
    } catch (error) {
      if (!(error instanceof StudioError) || error.code === 'INTERNAL') throw error;
    }
  }
  return 'opened';
}

describe('the parser under fuzzing', () => {
  const files = seeds();
  const names = Object.keys(MUTATE);

  it.each(names)('opens or refuses files that a mutation %s', (name) => {
    const random = seededRandom(0x5eed + names.indexOf(name));
    const outcomes = { refused: 0, opened: 0 };
    const memoryBefore = process.memoryUsage().rss;
    for (let i = 0; i < MUTATIONS / names.length; i++) {
      const mutated = MUTATE[name]!(files[i % files.length]!, random, files);
      try {
        outcomes[exercise(mutated)]++;
      } catch (cause) {
        throw new Error(`mutation ${i} (${name}) of seed file ${i % files.length}: ${(cause as Error).message}`, {
          cause,
        });
      }
    }
    // Both kinds of outcome must occur, else the mutations test nothing.
    expect(outcomes.refused).toBeGreaterThan(0);
    expect(outcomes.opened).toBeGreaterThan(name === 'truncates' ? -1 : 0);
    expect(process.memoryUsage().rss - memoryBefore).toBeLessThan(512 << 20);
  });

  it('refuses random bytes', () => {
    const random = seededRandom(99);
    for (let i = 0; i < 2000; i++) {
      const noise = Uint8Array.from({ length: 1 + below(random, 400) }, () => below(random, 256));
      expect(exercise(noise)).toBe('refused');
    }
  });
});
