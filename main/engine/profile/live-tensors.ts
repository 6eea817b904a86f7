import type { LiveTensor } from '../../contract/profile-parts.ts';
import { usedValues } from '../graph/index-graph.ts';
import type { Model } from '../graph/ir.ts';
import type { HostTensors } from '../tensor/host-tensor.ts';
import { matchByName } from './attribute.ts';

interface RunKernel {
  readonly name: string;
  readonly op: string;
  readonly layer?: string | null;
  readonly outputShapes: readonly string[];
}

/**
 * How long each value of the main graph lives: from the kernel that makes it to the last that reads it. Inputs live from
 * before the run, outputs to behind it. The runtime may keep two values in one buffer (a Relu in place, a Reshape), so that
 * it allocates less than their sum; its own figures are those of `Kernel.memory`.
 * @param kernels in the order of execution
 */
export function liveTensors(optimised: Model, kernels: readonly RunKernel[], feeds: HostTensors): LiveTensor[] {
  const { graph } = optimised;
  const match = matchByName(graph.nodes);
  const made = new Map<string, { readonly at: number; readonly bytes: number; readonly layer: string | null }>();
  const lastRead = new Map<string, number>();
  for (const [at, kernel] of kernels.entries()) {
    const node = match(kernel);
    if (node === undefined) continue; // within a loop or branch: no value of the main graph
    const outputs = node.outputs.filter((name) => name !== '');
    for (const [place, name] of outputs.entries()) {
      const bytes = bytesOfShape(kernel.outputShapes[place] ?? '');
      if (!made.has(name)) made.set(name, { at, bytes, layer: kernel.layer ?? null });
    }
    for (const name of usedValues(node)) lastRead.set(name, Math.max(at, lastRead.get(name) ?? 0));
  }
  const outputs = new Set(graph.outputs.map(({ name }) => name));
  const end = kernels.length;
  const inputs = Object.entries(feeds).map(([name, { data }]): LiveTensor => {
    const bytes = ArrayBuffer.isView(data) ? data.byteLength : 0;
    return { name, layer: null, kind: 'input', bytes, from: -1, to: end };
  });
  const values = [...made].map(([name, { at, bytes, layer }]): LiveTensor => {
    const isOutput = outputs.has(name);
    const to = isOutput ? end : (lastRead.get(name) ?? at);
    return { name, layer, kind: isOutput ? 'output' : 'activation', bytes, from: at, to };
  });
  return [...inputs, ...values];
}

/** Bits of an element by the name that the trace has for its type; texts are not counted. */
const BITS: Readonly<Record<string, number>> = {
  float: 32, double: 64, float16: 16, bfloat16: 16, bool: 8, int8: 8, uint8: 8, int16: 16, uint16: 16, int32: 32, uint32: 32,
  int64: 64, uint64: 64, int4: 4, uint4: 4, complex64: 64, complex128: 128,
}; // prettier-ignore

/** Bytes of a value as the trace writes its type: "float [1,3,32,32]" has 12,288. */
export function bytesOfShape(text: string): number {
  const found = /^(\w+) \[([\d,]*)\]$/.exec(text);
  if (found === null) return 0;
  const [, type = '', dims = ''] = found;
  const elements = dims === '' ? 1 : dims.split(',').reduce((product, dim) => product * Number(dim), 1);
  return Math.ceil((elements * (BITS[type] ?? 0)) / 8);
}
