import type { Attribute, Node } from '../graph/ir.ts';
import type { Facts } from './facts.ts';

/**
 * A facet of the operator table: writes the backward nodes of a node in operators that the inference runtime runs, since it
 * has none for gradients. (Conv: dX is a ConvTranspose, dW a Conv of Xᵀ and dYᵀ with strides and dilations swapped.)
 * @returns names of the gradients of the inputs by position; undefined where none passes (integers, shapes, limits)
 */
export type GradientRule = (context: GradientContext) => readonly (string | undefined)[];

/** The node, what is known about its values, and how backward nodes are written. */
export interface GradientContext {
  readonly node: Node;
  readonly inputs: readonly (Facts | undefined)[];
  readonly outputs: readonly (Facts | undefined)[];
  /** Names of the gradients that arrive at its outputs; undefined: that output plays no part in the loss. */
  readonly arriving: readonly (string | undefined)[];
  /** Whether the gradient of an input is asked for. */
  readonly wants: (input: number) => boolean;
  /** Adds a backward node and gives the name of its output. */
  readonly write: (opType: string, inputs: readonly string[], attributes?: readonly Attribute[]) => string;
}
