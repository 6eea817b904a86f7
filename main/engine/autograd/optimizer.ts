/** Update rules, written on one vector of all weights: some ten nodes whatever the number of parameters. */
import type { GraphWriter } from '../operators/graph-writer.ts';

export type Optimizer =
  | { readonly kind: 'sgd'; readonly momentum?: number; readonly nesterov?: boolean; readonly weightDecay?: number }
  | {
      /** `adam` adds the decay to the gradient, `adamw` shrinks the weights by it. */
      readonly kind: 'adam' | 'adamw';
      readonly beta1?: number;
      readonly beta2?: number;
      readonly epsilon?: number;
      readonly weightDecay?: number;
    };

/** Names of the scalar inputs of a training graph, float32 []. */
export type StepScalars = Readonly<Record<string, number>>;

interface UpdateContext {
  readonly write: GraphWriter;
  readonly weights: string;
  readonly gradient: string;
  /** Moments by place; each a vector as long as the weights. */
  readonly moments: readonly string[];
  /** Names of the scalar inputs by what they are. */
  readonly scalar: (name: string) => string;
}

/** An optimizer as the training graph takes it. */
export interface UpdateRule {
  /** Vectors kept beside the weights; zero at first. */
  readonly moments: number;
  /** Names of the numbers that each step is fed. */
  readonly scalars: readonly string[];
  /** Those numbers. @param step counted from 1 */
  readonly numbers: (step: number, learningRate: number) => StepScalars;
  /** Writes the update; gives the new weights and the new moments. */
  readonly write: (context: UpdateContext) => { readonly weights: string; readonly moments: readonly string[] };
}

/** @see torch.optim.SGD, Adam and AdamW, whose formulas and defaults these are */
export function updateRule(optimizer: Optimizer): UpdateRule {
  return optimizer.kind === 'sgd' ? sgd(optimizer) : adam(optimizer);
}

const f32 = (write: GraphWriter, value: number): string => write.number(value, 'float32');

/** g += λw; b = μb + g; w −= η·b, with Nesterov w −= η·(g + μb). */
function sgd({ momentum = 0, nesterov = false, weightDecay = 0 }: Extract<Optimizer, { kind: 'sgd' }>): UpdateRule {
  return {
    moments: momentum === 0 ? 0 : 1,
    scalars: ['learning_rate'],
    numbers: (_, learningRate) => ({ learning_rate: learningRate }),
    write: ({ write, weights, gradient, moments, scalar }) => {
      const decayed = weightDecay === 0 ? gradient : write.add(gradient, write.mul(weights, f32(write, weightDecay)));
      const rate = scalar('learning_rate');
      if (momentum === 0) return { weights: write.sub(weights, write.mul(decayed, rate)), moments: [] };
      const factor = f32(write, momentum);
      const velocity = write.add(write.mul(moments[0]!, factor), decayed);
      const direction = nesterov ? write.add(decayed, write.mul(velocity, factor)) : velocity;
      return { weights: write.sub(weights, write.mul(direction, rate)), moments: [velocity] };
    },
  };
}

/**
 * m = β₁m + (1 − β₁)g; v = β₂v + (1 − β₂)g²; w −= η/(1 − β₁ᵗ) · m / (√v/√(1 − β₂ᵗ) + ε).
 * @see Kingma & Ba 2015; Loshchilov & Hutter 2019
 */
function adam(optimizer: Extract<Optimizer, { kind: 'adam' | 'adamw' }>): UpdateRule {
  const { kind, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = optimizer;
  const decay = optimizer.weightDecay ?? (kind === 'adamw' ? 0.01 : 0);
  const apart = kind === 'adamw' && decay !== 0;
  return {
    moments: 2,
    scalars: ['step_size', 'root_correction', ...(apart ? ['kept_share'] : [])],
    numbers: (step, learningRate) => ({
      step_size: learningRate / (1 - beta1 ** step),
      root_correction: 1 / Math.sqrt(1 - beta2 ** step),
      ...(apart ? { kept_share: 1 - learningRate * decay } : {}),
    }),
    write: ({ write, weights, gradient, moments, scalar }) => {
      const g = kind === 'adam' && decay !== 0 ? write.add(gradient, write.mul(weights, f32(write, decay))) : gradient;
      const first = write.add(write.mul(moments[0]!, f32(write, beta1)), write.mul(g, f32(write, 1 - beta1)));
      const second = write.add(
        write.mul(moments[1]!, f32(write, beta2)),
        write.mul(write.square(g), f32(write, 1 - beta2)),
      );
      const root = write.add(write.mul(write.sqrt(second), scalar('root_correction')), f32(write, epsilon));
      const change = write.div(write.mul(first, scalar('step_size')), root);
      const before = apart ? write.mul(weights, scalar('kept_share')) : weights;
      return { weights: write.sub(before, change), moments: [first, second] };
    },
  };
}
