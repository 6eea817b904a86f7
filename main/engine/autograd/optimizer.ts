/** Update rules, written on one vector of all weights: some ten nodes whatever the number of parameters. */
import type { GraphWriter } from '../operators/graph-writer.ts';
import { orthogonalInPlace } from './muon.ts';
import type { Parameter } from './parameters.ts';

export type Optimizer =
  | { readonly kind: 'sgd'; readonly momentum?: number; readonly nesterov?: boolean; readonly weightDecay?: number }
  | {
      /** `adam` adds the decay to the gradient, `adamw` shrinks the weights by it. */
      readonly kind: 'adam' | 'adamw';
      readonly beta1?: number;
      readonly beta2?: number;
      readonly epsilon?: number;
      readonly weightDecay?: number;
    }
  | {
      /** Matrices by Muon, all else by Adam; one learning rate serves both. */
      readonly kind: 'muon';
      readonly momentum?: number;
      /** Names of matrices that Adam updates as well: those with elements that have no gradient and are to stay. */
      readonly byAdam?: readonly string[];
    };

/** Names of the scalar inputs of a training graph, float32 []. */
export type StepScalars = Readonly<Record<string, number>>;

interface UpdateContext {
  readonly write: GraphWriter;
  readonly weights: string;
  readonly gradient: string;
  /** Where each parameter lies in that vector, in order. */
  readonly parameters: readonly Parameter[];
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
  switch (optimizer.kind) {
    case 'sgd':
      return sgd(optimizer);
    case 'adam':
    case 'adamw':
      return adam(optimizer);
    case 'muon':
      return muon(optimizer);
  }
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
    write: (context) => {
      const { write, weights, gradient, scalar } = context;
      const g = kind === 'adam' && decay !== 0 ? write.add(gradient, write.mul(weights, f32(write, decay))) : gradient;
      const { change, moments } = adamChange({ ...context, gradient: g }, { beta1, beta2, epsilon });
      const before = apart ? write.mul(weights, scalar('kept_share')) : weights;
      return { weights: write.sub(before, change), moments };
    },
  };
}

interface AdamFactors {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
}

/** What Adam takes from the weights, step size and all. */
function adamChange(
  { write, gradient, moments, scalar }: UpdateContext,
  { beta1, beta2, epsilon }: AdamFactors,
): { readonly change: string; readonly moments: readonly [first: string, second: string] } {
  const first = write.add(write.mul(moments[0]!, f32(write, beta1)), write.mul(gradient, f32(write, 1 - beta1)));
  const second = write.add(
    write.mul(moments[1]!, f32(write, beta2)),
    write.mul(write.square(gradient), f32(write, 1 - beta2)),
  );
  const root = write.add(write.mul(write.sqrt(second), scalar('root_correction')), f32(write, epsilon));
  return { change: write.div(write.mul(first, scalar('step_size')), root), moments: [first, second] };
}

/**
 * m = βm + (1 − β)g. Matrices: w −= η·0.2·√max(rows, columns)·orthogonal((1 − β)g + βm), the moment one step ahead as Nesterov's. All else
 * as Adam with β₁ = β.
 * @see Jordan et al. 2024; Liu et al. 2025
 */
function muon({ momentum = 0.95, byAdam: apart = [] }: Extract<Optimizer, { kind: 'muon' }>): UpdateRule {
  const byAdam = adam({ kind: 'adam', beta1: momentum });
  return {
    moments: byAdam.moments,
    scalars: ['learning_rate', ...byAdam.scalars],
    numbers: (step, learningRate) => ({ learning_rate: learningRate, ...byAdam.numbers(step, learningRate) }),
    write: (context) => {
      const { write, weights, gradient, parameters, scalar } = context;
      const { change, moments } = adamChange(context, { beta1: momentum, beta2: 0.999, epsilon: 1e-8 });
      const ahead = write.add(
        write.mul(gradient, f32(write, 1 - momentum)),
        write.mul(moments[0], f32(write, momentum)),
      );
      const taken = orthogonalInPlace(
        write,
        { matrices: ahead, rate: scalar('learning_rate'), others: change },
        { parameters, isMatrix: (name) => !apart.includes(name) },
      );
      return { weights: write.sub(weights, taken), moments };
    },
  };
}
