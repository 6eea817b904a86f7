import { StudioError } from '../../base/errors.ts';
import type { TaskContext } from '../../base/progress.ts';
import type { Model } from '../graph/ir.ts';
import { constantNodes } from '../passes/constant-nodes.ts';
import { removeDeadCode } from '../passes/dead-code.ts';
import { foldBatchNormalization } from '../passes/fold-batchnorm.ts';
import { foldConstants } from '../passes/fold-constants.ts';
import { inlineFunctions } from '../passes/inline-functions.ts';
import { nameNodes } from '../passes/name-nodes.ts';
import { runPasses, unchanged, type PassContext, type PassResult, type Sources } from '../passes/pass.ts';
import { runChecked, type NamedPass } from '../passes/run-checked.ts';
import {
  defaultOpset,
  knowledgeOf,
  OLDEST_UPGRADABLE,
  PER_CHANNEL_OPSET,
  upgradeOpset,
  type ValueKnowledge,
} from '../passes/upgrade-opset.ts';
import type { Runner } from '../runtime/runner.ts';
import type { HostTensors } from '../tensor/host-tensor.ts';

/** A float model in the form that quantization works on; it computes what the source computes. */
export interface PreparedModel {
  readonly model: Model;
  /** The layers of the source that each node stands for. */
  readonly sources: Sources;
  /** Layers of the source that give the same in every run. */
  readonly constants: ReadonlySet<string>;
  readonly notes: readonly string[];
  readonly knowledge: ValueKnowledge;
  /** Why scales for each channel cannot be written; null where they can. */
  readonly perTensorReason: string | null;
}

/** What a model is prepared on, so that every pass is checked: inputs from the calibration data. */
export interface Proof {
  readonly runner: Runner;
  readonly feeds: HostTensors;
}

/**
 * Names every node, puts functions in the place of their calls, computes constants, upgrades to opset 13 where it is older,
 * and folds BatchNormalization. The names of layers and values stay those of the source. A model that cannot be upgraded
 * stays at its opset, with one scale for each tensor; before opset 10 there are no integer kernels at all.
 * @param by real inputs on which the result is checked, or where passes may run something unchecked
 * @throws UNSUPPORTED for an opset below 7; RUNTIME_…, CANCELLED
 */
export async function prepareModel(
  source: Model,
  by: Proof | Pick<PassContext, 'runners'>,
  context: Pick<TaskContext, 'signal'>,
): Promise<PreparedModel> {
  const named = nameNodes(source);
  const upgrade = new Upgrade();
  const passes: readonly NamedPass[] = [
    { title: 'Inlining functions', run: inlineFunctions },
    { title: 'Computing constants', run: foldConstants },
    { title: `Rewriting in opset ${PER_CHANNEL_OPSET}`, run: (model) => upgrade.run(model) },
    { title: 'Folding BatchNormalization', run: foldBatchNormalization },
    { title: 'Leaving out what nothing uses', run: removeDeadCode },
  ];
  const { model, sources, notes } =
    'feeds' in by
      ? await runChecked(named.model, passes, by.feeds, { runner: by.runner, context })
      : await runPasses(
          named.model,
          passes.map(({ run }) => run),
          { runners: by.runners, signal: context.signal },
        );
  const old = defaultOpset(model) < PER_CHANNEL_OPSET;
  return {
    model,
    sources,
    constants: new Set([...constantNodes(named.model).nodes].map(({ name }) => name)),
    notes: [...named.notes, ...notes],
    knowledge: knowledgeOf(model),
    perTensorReason: old ? (upgrade.problem ?? `the model stays in opset ${defaultOpset(model)}`) : null,
  };
}

/** QuantizeLinear and the integer kernels exist from this opset on. */
const QUANTIZE_LINEAR_OPSET = 10;

/** Every node of a model that stayed in an opset without integer kernels, and why; empty for all others. */
export function noIntegerKernels({ model, perTensorReason }: PreparedModel): ReadonlyMap<string, string> {
  if (defaultOpset(model) >= QUANTIZE_LINEAR_OPSET || perTensorReason === null) return new Map();
  const reason = `the model stays in opset ${defaultOpset(model)}, which has no integer kernels: ${perTensorReason}`;
  return new Map(model.graph.nodes.map(({ name }) => [name, reason]));
}

/**
 * A model as the error table compares it, float or quantized: named, functions in the place of their calls, in opset 13 or
 * later where that can be.
 * @throws UNSUPPORTED for an opset below 7
 */
export function comparableModel(model: Model): Model {
  return new Upgrade().run(inlineFunctions(nameNodes(model).model).model).model;
}

/** The upgrade as a pass that leaves models as they are where a layer has no counterpart. */
export class Upgrade {
  /** Why the model stayed at its opset. */
  problem: string | undefined;

  run(model: Model): PassResult {
    const from = defaultOpset(model);
    try {
      const sources = new Map<string, readonly string[]>();
      const upgraded = upgradeOpset(model, knowledgeOf(model), sources);
      if (upgraded === model) return unchanged(model);
      const note = `Rewritten from opset ${from} to ${PER_CHANNEL_OPSET}, which quantization needs.`;
      return { model: upgraded, sources, notes: [note] };
    } catch (error) {
      const unsupported = error instanceof StudioError && error.code === 'UNSUPPORTED';
      if (!unsupported || from < OLDEST_UPGRADABLE) throw error;
      this.problem = error.message;
      return unchanged(model);
    }
  }
}
