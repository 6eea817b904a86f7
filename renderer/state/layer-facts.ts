import type { OperatorCategory } from '../../main/contract/operators.ts';
import { useMemo } from 'react';
import type { ErrorTable, Inspect, Profile } from '../../main/contract/results.ts';
import type { GraphView, TrialDetails } from '../../main/contract/studio.ts';
import { useTrialDetails, useTrialErrors, useTrialGraph, useTrialProfile } from './queries.ts';
import { useSession, useShownTrial } from './session.ts';

/** Everything known of one layer of the shown trial; null where it was not measured or cannot be known. */
export interface LayerFacts {
  /** Place in the model, from 0. */
  readonly index: number;
  readonly name: string;
  readonly op: string;
  readonly domain: string;
  readonly category: OperatorCategory;
  readonly scope: string;
  readonly parent: string | null;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** What the layer computes in: int8 where the runtime fused it into an integer kernel, else its output's type. */
  readonly dtype: string | null;
  /** Of the first output. */
  readonly shape: readonly (number | string | null)[] | null;
  readonly parameters: number;
  readonly parameterBytes: number;
  readonly macs: number | null;
  /** Activation and weight bytes read and written once. */
  readonly bytes: number | null;
  readonly timeMs: number | null;
  /** The runtime folded it into other layers' kernels (BatchNormalization into Conv, say): its time is in theirs. */
  readonly folded: boolean;
  /** Of the summed layer times, 0…1. */
  readonly share: number | null;
  readonly gmacsPerSecond: number | null;
  /** Zero share of the weights, 0…1. */
  readonly sparsity: number | null;
  /** Whole quantized model against the float one at this layer. */
  readonly sqnrDb: number | null;
  /** Only this layer quantized. */
  readonly localSqnrDb: number | null;
  readonly cosine: number | null;
}

export interface LayerSources {
  readonly graph: GraphView;
  /** Of the opened model: costs by layer name. */
  readonly inspect: Inspect | null;
  readonly profile: Profile | null;
  readonly errors: ErrorTable | null;
  readonly details: Pick<TrialDetails, 'prune' | 'quantize'> | null;
}

/** Joins what is known of the layers, by name. */
export function layerFacts({ graph, inspect, profile, errors, details }: LayerSources): readonly LayerFacts[] {
  const values = new Map(graph.values.map((value) => [value.name, value]));
  const costs = byName(inspect?.layers ?? []);
  const times = byName(profile?.layers ?? []);
  const errorOf = byName(errors?.layers ?? []);
  const pruned = byName(details?.prune?.layers ?? []);
  const quantized = byName(details?.quantize?.layers ?? []);
  return graph.nodes.map((node, index) => {
    const output = values.get(node.outputs[0] ?? '');
    const cost = costs.get(node.name);
    const time = times.get(node.name);
    const error = errorOf.get(node.name);
    const cut = quantized.get(node.name);
    return {
      index,
      name: node.name,
      op: node.op,
      domain: node.domain,
      category: node.category,
      scope: node.scope,
      parent: node.parent,
      inputs: node.inputs,
      outputs: node.outputs,
      dtype: cut?.quantized === true && cut.fused !== false ? 'int8' : (output?.dtype ?? null),
      shape: output?.shape ?? null,
      parameters: node.weights.reduce((sum, weight) => sum + weight.shape.reduce((a, b) => a * b, 1), 0),
      parameterBytes: node.weights.reduce((sum, weight) => sum + weight.bytes, 0),
      macs: cost?.macs ?? null,
      bytes: cost?.bytes ?? null,
      timeMs: time?.timeMs ?? null,
      folded: time !== undefined && time.timeMs === 0,
      share: time?.share ?? null,
      gmacsPerSecond: time?.gmacsPerSecond ?? null,
      sparsity: pruned.get(node.name)?.sparsity ?? null,
      sqnrDb: error?.sqnrDb ?? null,
      localSqnrDb: error?.localSqnrDb ?? null,
      cosine: error?.cosine ?? null,
    };
  });
}

function byName<T extends { readonly name: string }>(items: readonly T[]): ReadonlyMap<string, T> {
  return new Map(items.map((item) => [item.name, item]));
}

const NONE: readonly LayerFacts[] = [];

/** The layers of the shown trial with all that is known of them; empty until its graph has come. */
export function useLayerFacts(): readonly LayerFacts[] {
  const trial = useShownTrial();
  const id = trial?.id ?? null;
  const graph = useTrialGraph(id).data ?? null;
  const profile = useTrialProfile(id).data ?? null;
  const errors = useTrialErrors(id).data ?? null;
  const details = useTrialDetails(id).data ?? null;
  const inspect = useSession((state) => state.model?.inspect ?? null);
  return useMemo(
    () => (graph === null ? NONE : layerFacts({ graph, inspect, profile, errors, details })),
    [graph, inspect, profile, errors, details],
  );
}
