import type { Finding, Fix, RecipeEdit } from '../../contract/doctor.ts';
import type { RewriteStep } from '../../contract/recipe/rewrite.ts';
import { indexGraph, type GraphIndex } from '../graph/index-graph.ts';
import type { Model, Node } from '../graph/ir.ts';
import { tensorByteLength } from '../graph/tensor-size.ts';
import { inferModel } from '../operators/infer.ts';
import type { Inference } from '../operators/inference.ts';
import { hasTrait, isQdq } from '../operators/ask.ts';
import { nameNodes } from '../passes/name-nodes.ts';

/** Where the examined model comes from, which decides how a fix is written. */
export interface Origin {
  /** Layers of the opened model by node of the examined one, where it is another; see `Sources`. */
  readonly sources: ReadonlyMap<string, readonly string[]>;
  /** Whether the recipe that made it quantizes: layers are then left out there, else taken back to float by a rewrite. */
  readonly quantizes: boolean;
}

/** What is examined. */
export interface Subject {
  /** Every node of one name, its layer's. */
  readonly model: Model;
  readonly index: GraphIndex;
  readonly inference: Inference;
  /** Whether the CPU adds products of 8-bit integers without saturating; null: that cannot be told. */
  readonly vnni: boolean | null;
  /** Whether the runtime computes in half precision on this kind of CPU. */
  readonly halfKernels: boolean;
  /** Bytes of weights in the main graph. */
  readonly weightBytes: number;
  /** Whether any layer reads codes. */
  readonly quantized: boolean;
  readonly origin: Origin;
}

/** Prepares a model for being examined. */
export function subjectOf(
  opened: Model,
  origin: Origin,
  { vnni, cpu }: { readonly vnni: boolean | null; readonly cpu: string },
): Subject {
  const { model } = nameNodes(opened);
  return {
    model,
    index: indexGraph(model.graph),
    inference: inferModel(model),
    vnni,
    halfKernels: cpu === 'arm64',
    weightBytes: model.graph.initializers.reduce((sum, tensor) => sum + bytesOf(tensor), 0),
    quantized: model.graph.nodes.some((node) => isQdq(node) || hasTrait(node, 'integerKernel')),
    origin,
  };
}

/** Bytes of a stored tensor; 0 for texts. */
export function bytesOf(tensor: Parameters<typeof tensorByteLength>[0]): number {
  return tensor.storage.kind === 'strings' ? 0 : tensorByteLength(tensor);
}

/** A layer of a finding. */
export type FoundLayer = Finding['layers'][number];

/** A layer without numbers of its own. */
export function layer(
  node: Pick<Node, 'name'> | string,
  note: string | null = null,
  evidence: FoundLayer['evidence'] = [],
): FoundLayer {
  return { name: typeof node === 'string' ? node : node.name, note, evidence };
}

/** A fix by one rewrite of the recipe. */
export function rewriteFix(title: string, rewrite: RewriteStep, evidence: Fix['evidence'] = []): Fix {
  return { title, edits: [{ add: { rewrite } }], evidence };
}

/**
 * A fix that leaves layers in float: left out by the quantization of the recipe where that made the model, else taken back.
 * @param layers nodes of the examined model
 */
export function floatFix({ origin }: Subject, layers: readonly string[], evidence: Fix['evidence'] = []): Fix {
  const names = [...new Set(layers.flatMap((name) => origin.sources.get(name) ?? [name]))];
  const edit: RecipeEdit = origin.quantizes
    ? { change: { kind: 'quantize', settings: { exclude: names } } }
    : { add: { rewrite: { pass: 'float-layers', layers: names } } };
  return { title: `Leave ${counted(names.length, 'layer')} in float`, edits: [edit], evidence };
}

/** "1 layer", "3 layers". */
export function counted(count: number, what: string): string {
  return `${count.toLocaleString('en')} ${what}${count === 1 ? '' : 's'}`;
}

/** "is" or "are". */
export function are(count: number): string {
  return count === 1 ? 'is' : 'are';
}
