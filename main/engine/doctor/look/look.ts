import type { Finding } from '../../../contract/doctor.ts';
import type { Subject } from '../subject.ts';
import { batchNormLeft, constantsLeft, deadLayers, oldOpset, trainingLeft, withoutEffect } from './graph.ts';
import { halfPrecision } from './half.ts';
import { slowPacked } from './packed.ts';
import { badScales, couldSaturate, wastedWeights } from './scales.ts';
import { doubledWeights, doubleWeights, floatWeights, lateWeights, unusedWeights } from './weights.ts';

/** A check that takes nothing but the file. */
export interface QuickCheck {
  readonly id: string;
  readonly title: string;
  readonly look: (subject: Subject) => readonly Finding[];
}

/** Everything that follows from the file alone. */
export const QUICK_CHECKS: readonly QuickCheck[] = [
  { id: 'scales', title: 'Scales are numbers', look: badScales },
  { id: 'weight-scales', title: 'Scales fit their channels', look: wastedWeights },
  { id: 'saturation-bound', title: 'Sums of products fit 16 bits', look: couldSaturate },
  { id: 'packed-weights', title: 'Packed weights have fast kernels', look: slowPacked },
  { id: 'half-precision', title: 'Half precision', look: halfPrecision },
  { id: 'double-precision', title: 'Double precision', look: doubleWeights },
  { id: 'late-weights', title: 'Quantized weights are stored as codes', look: lateWeights },
  { id: 'float-weights', title: 'Weights of a quantized model are codes', look: floatWeights },
  { id: 'doubled-weights', title: 'Weights are stored once', look: doubledWeights },
  { id: 'unused-weights', title: 'Weights are used', look: unusedWeights },
  { id: 'training', title: 'Exported for inference', look: trainingLeft },
  { id: 'batchnorm', title: 'Batch normalization is folded', look: batchNormLeft },
  { id: 'constants', title: 'Constants are computed', look: constantsLeft },
  { id: 'no-effect', title: 'Every layer has an effect', look: withoutEffect },
  { id: 'dead-layers', title: 'Every layer is used', look: deadLayers },
  { id: 'opset', title: 'Opset', look: oldOpset },
];
