import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Finding } from '../../../contract/doctor.ts';
import type { Dim, Model } from '../../graph/ir.ts';
import { hasTrait } from '../../operators/ask.ts';
import { parseModel } from '../../onnx/parse.ts';
import { fixSizes } from '../../passes/fix-sizes.ts';
import { sourceOfModel } from '../../runtime/model-source.ts';
import { inputPorts } from '../../runtime/input-dims.ts';
import { layer, rewriteFix, type Subject } from '../subject.ts';
import type { Surroundings } from './surroundings.ts';

/** So many kernels fewer, of all and at least, are worth a word. */
const WORTH_SHARE = 0.05;
const WORTH_KERNELS = 3;

/**
 * Whether open sizes keep the runtime from fusing: it writes the graph that it executes, as it is and with the sizes of these
 * inputs told beforehand, and the kernels are counted.
 * @throws RUNTIME_…, CANCELLED
 */
export async function openSizes(subject: Subject, around: Surroundings): Promise<readonly Finding[]> {
  const readers = subject.index.graph.nodes.filter((node) => hasTrait(node, 'readsShape'));
  const sizes = sizesOf(subject, around);
  if (readers.length === 0 || Object.keys(sizes).length === 0) return [];
  const open = await executedKernels(subject.model, around);
  const fixed = await executedKernels(fixSizes(subject.model, sizes).model, around);
  const worth = (kernels: number): boolean => open - kernels >= Math.max(WORTH_KERNELS, open * WORTH_SHARE);
  if (!worth(fixed)) return [];
  const batch = batchNames(subject);
  const lasting = Object.fromEntries(Object.entries(sizes).filter(([name]) => !batch.has(name)));
  const some =
    Object.keys(lasting).length > 0 ? await executedKernels(fixSizes(subject.model, lasting).model, around) : open;
  const told = (of: Readonly<Record<string, number>>): string =>
    Object.entries(of)
      .map(([name, size]) => `${name} = ${size}`)
      .join(', ');
  const all = worth(some)
    ? ''
    : ` That takes all of them, the number of samples too: export the model with ${told(sizes)}.`;
  return [
    {
      code: 'dynamic-shapes',
      severity: 'hint',
      text: `Open sizes (${Object.keys(sizes).join(', ')}) keep the runtime from computing shapes beforehand and from fusing around them: with fixed sizes it executes ${open - fixed} kernels fewer.${all}`,
      evidence: [
        { label: 'kernels', value: open, unit: '' },
        { label: 'with fixed sizes', value: fixed, unit: '' },
      ],
      layers: readers.map((node) => layer(node, node.opType)),
      measured: true,
      fix: worth(some)
        ? rewriteFix(`Fix ${told(lasting)}`, { pass: 'fix-sizes', sizes: lasting }, [
            { label: 'kernels before', value: open, unit: '' },
            { label: 'after', value: some, unit: '' },
          ])
        : null,
    },
  ];
}

/** Named open sizes of the inputs, as these feeds have them. */
function sizesOf({ model }: Subject, { feeds }: Surroundings): Readonly<Record<string, number>> {
  const sizes: Record<string, number> = {};
  for (const { name, shape } of inputPorts(model)) {
    for (const [axis, dim] of (shape ?? []).entries()) {
      const size = feeds[name]?.dims[axis];
      if (typeof dim === 'string' && dim !== '' && size !== undefined && size > 0) sizes[dim] = size;
    }
  }
  return sizes;
}

/** Names of the first dimension of an input: samples at once, which stay open. */
function batchNames({ model }: Subject): ReadonlySet<Dim> {
  return new Set(inputPorts(model).flatMap(({ shape }) => (shape === null || shape.length === 0 ? [] : [shape[0]!])));
}

async function executedKernels(model: Model, { runner, context }: Surroundings): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'lapidary-doctor-'));
  try {
    const optimizedModelPath = join(folder, 'executed.onnx');
    const { signal } = context;
    const session = await runner.load(
      sourceOfModel(model),
      { provider: 'cpu', threads: 1, optimization: 'all', optimizedModelPath },
      { signal },
    );
    await session.close();
    return parseModel(new Uint8Array(await readFile(optimizedModelPath)), folder).graph.nodes.length;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
