import type {
  Evaluation,
  EvaluationSummary,
  PruneResult,
  PruneSummary,
  QuantizeResult,
  QuantizeSummary,
} from '../contract/results.ts';

/** What of an evaluation travels with its trial: no class names, no confusion matrix. */
export function summarizeEvaluation({ classes, confusion: _confusion, ...figures }: Evaluation): EvaluationSummary {
  return { ...figures, classCount: classes.length };
}

/** What of a pruning travels with its trial: how many layers, not which. */
export function summarizePrune({ layers, frozen, ...figures }: PruneResult): PruneSummary {
  return { ...figures, layerCount: layers.length, frozenCount: frozen.length };
}

/** What of a quantization travels with its trial: how many layers, not which. */
export function summarizeQuantize({ layers, ...figures }: QuantizeResult): QuantizeSummary {
  const quantizedCount = layers.filter(({ quantized }) => quantized).length;
  return { ...figures, layerCount: layers.length, quantizedCount };
}
