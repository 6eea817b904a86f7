/** What goes on in one step of a recurrent layer, computed again and taken back. */
import type { GradientContext } from '../../gradient.ts';
import type { GraphWriter } from '../../graph-writer.ts';

/** One direction of a layer; T steps, N samples, H units, G gates. */
export interface Recomputed {
  /** [T, N, in] */
  readonly data: string;
  /** The states before and after each step, [T, N, H]. */
  readonly before: string;
  readonly states: string;
  /** [G·H, in] */
  readonly weight: string;
  /** [G·H, H] */
  readonly recurrence: string;
  /** [G·H] each. */
  readonly bias: { readonly input: string; readonly state: string } | undefined;
  /** [N, H] */
  readonly initialCell: string | undefined;
}

/** Gradients that arrive: at the state of each step, and at what is left at the end. */
export interface ArrivingAtStates {
  readonly steps: string;
  readonly hidden: string;
  readonly cell: string | undefined;
}

export interface TakenBack {
  /** Of the gates' sums as the data enter them: [T, N, G·H]. */
  readonly atInput: string;
  /** Of the gates' sums as the state enters them, by stretches of gates, with the state that each took: [T, N, …]. */
  readonly atState: readonly { readonly gates: string; readonly state: string }[];
  /** Of the initial states, [N, H]. */
  readonly hidden: string;
  readonly cell: string | undefined;
}

export interface Cell {
  /** As ONNX names them by default. */
  readonly activations: readonly string[];
  readonly carriesCell: boolean;
  readonly back: (context: GradientContext, given: Recomputed, arriving: ArrivingAtStates) => TakenBack;
}

/** x·Wᵀ and h·Rᵀ, with their biases: [T, N, G·H] each. */
function gateSums(context: GradientContext, given: Recomputed): { readonly input: string; readonly state: string } {
  const { write } = context;
  const product = (value: string, weight: string): string => write.matmul(value, write.transpose(weight, [1, 0]));
  const [input, state] = [product(given.data, given.weight), product(given.before, given.recurrence)];
  if (given.bias === undefined) return { input, state };
  return { input: write.add(input, given.bias.input), state: write.add(state, given.bias.state) };
}

function gatesOf(context: GradientContext, sums: string, count: number): readonly string[] {
  const rows = context.inputShape(1)?.[1];
  if (typeof rows !== 'number') return context.refuse('the number of its gates is not known');
  const sizes = context.write.ints(Array.from({ length: count }, () => rows / count));
  return context.write.ops('Split', [sums, sizes], { axis: -1n }, { outputs: count });
}

/** 1 − x. */
const rest = (context: GradientContext, x: string): string => context.write.sub(context.number(1), x);
/** Slopes of sigmoid and tanh by what they gave. */
const sigmoidSlope = (context: GradientContext, y: string): string => context.write.mul(y, rest(context, y));
const tanhSlope = (context: GradientContext, y: string): string => rest(context, context.write.square(y));

const last = (write: GraphWriter, values: readonly string[]): string =>
  values.length === 1 ? values[0]! : write.op('Concat', values, { axis: -1n });

/**
 * i, o, f = σ(…), g = tanh(…); c = f·c₋₁ + i·g; h = o·tanh(c). The cells, which the layer does not give, follow from the gates
 * by a Scan of their own.
 */
export const lstmCell: Cell = {
  activations: ['Sigmoid', 'Tanh', 'Tanh'],
  carriesCell: true,
  back: (context, given, arriving) => {
    const { write, dtype } = context;
    const sums = gateSums(context, given);
    const [sumI, sumO, sumF, sumG] = gatesOf(context, write.add(sums.input, sums.state), 4) as [
      string,
      string,
      string,
      string,
    ];
    const [i, o, f] = [sumI, sumO, sumF].map((sum) => write.op('Sigmoid', [sum])) as [string, string, string];
    const g = write.op('Tanh', [sumG]);
    const cells = write.scan({
      states: [given.initialCell!],
      sequences: [f, write.mul(i, g)],
      dtype,
      backwards: false,
      body: (inner, [cell], [forget, added]) => {
        const next = inner.add(inner.mul(forget!, cell!), added!);
        return { states: [next], outputs: [inner.op('Identity', [next])] };
      },
    }).outputs[0]!;
    const before = write.concat([write.unsqueeze(given.initialCell!, [0]), write.slice(cells, 0, 0, -1)], 0);
    const tanh = write.op('Tanh', [cells]);
    const slopes = {
      o: write.mul(tanh, sigmoidSlope(context, o)),
      cell: write.mul(o, tanhSlope(context, tanh)),
      i: write.mul(g, sigmoidSlope(context, i)),
      f: write.mul(before, sigmoidSlope(context, f)),
      g: write.mul(i, tanhSlope(context, g)),
    };
    const back = write.scan({
      states: [arriving.hidden, arriving.cell!],
      sequences: [arriving.steps, slopes.o, slopes.cell, slopes.i, slopes.f, slopes.g, f],
      dtype,
      backwards: true,
      body: (inner, [hidden, cell], [step, ofO, ofCell, ofI, ofF, ofG, forget]) => {
        const dh = inner.add(step!, hidden!);
        const dc = inner.add(cell!, inner.mul(dh, ofCell!));
        const gates = last(inner, [inner.mul(dc, ofI!), inner.mul(dh, ofO!), inner.mul(dc, ofF!), inner.mul(dc, ofG!)]);
        return { states: [inner.matmul(gates, given.recurrence), inner.mul(dc, forget!)], outputs: [gates] };
      },
    });
    const gates = back.outputs[0]!;
    return {
      atInput: gates,
      atState: [{ gates, state: given.before }],
      hidden: back.states[0]!,
      cell: back.states[1]!,
    };
  },
};

/**
 * z, r = σ(…); h = (1 − z)·n + z·h₋₁, where n = tanh(x·Wₙ + r·(h₋₁·Rₙ + b)) with `linear_before_reset`, else
 * tanh(x·Wₙ + (r·h₋₁)·Rₙ + b).
 */
export const gruCell: Cell = {
  activations: ['Sigmoid', 'Tanh'],
  carriesCell: false,
  back: (context, given, arriving) => {
    const { write, dtype } = context;
    const linearFirst = context.int('linear_before_reset', 0) !== 0;
    const sums = gateSums(context, given);
    const [xz, xr, xn] = gatesOf(context, sums.input, 3) as [string, string, string];
    const [hz, hr, hn] = gatesOf(context, sums.state, 3) as [string, string, string];
    const z = write.op('Sigmoid', [write.add(xz, hz)]);
    const r = write.op('Sigmoid', [write.add(xr, hr)]);
    const units = unitsOf(context);
    const rowsOfN = write.slice(given.recurrence, 0, 2 * units, 3 * units);
    const rowsOfGates = write.slice(given.recurrence, 0, 0, 2 * units);
    const resetState = write.mul(r, given.before);
    const atN = (): string => {
      if (linearFirst) return write.mul(r, hn);
      const product = write.matmul(resetState, write.transpose(rowsOfN, [1, 0]));
      return given.bias === undefined
        ? product
        : write.add(product, write.slice(given.bias.state, 0, 2 * units, 3 * units));
    };
    const n = write.op('Tanh', [write.add(xn, atN())]);
    const slopes = {
      n: write.mul(rest(context, z), tanhSlope(context, n)),
      z: write.mul(write.sub(given.before, n), sigmoidSlope(context, z)),
      r: write.mul(linearFirst ? hn : given.before, sigmoidSlope(context, r)),
    };
    const back = write.scan({
      states: [arriving.hidden],
      sequences: [arriving.steps, slopes.n, slopes.z, slopes.r, z, r],
      dtype,
      backwards: true,
      body: (inner, [hidden], [step, ofN, ofZ, ofR, keep, reset]) => {
        const dh = inner.add(step!, hidden!);
        const dn = inner.mul(dh, ofN!);
        const dz = inner.mul(dh, ofZ!);
        const kept = inner.mul(dh, keep!);
        if (linearFirst) {
          const atState = last(inner, [dz, inner.mul(dn, ofR!), inner.mul(dn, reset!)]);
          const next = inner.add(kept, inner.matmul(atState, given.recurrence));
          return { states: [next], outputs: [last(inner, [dz, inner.mul(dn, ofR!), dn]), atState] };
        }
        const dq = inner.matmul(dn, rowsOfN);
        const gates = last(inner, [dz, inner.mul(dq, ofR!)]);
        const next = inner.sum([kept, inner.mul(dq, reset!), inner.matmul(gates, rowsOfGates)]);
        return { states: [next], outputs: [last(inner, [gates, dn]), inner.op('Identity', [dn])] };
      },
    });
    const [atInput, second] = back.outputs as [string, string];
    const gates = write.slice(atInput, 2, 0, 2 * units);
    const atState = linearFirst
      ? [{ gates: second, state: given.before }]
      : [
          { gates, state: given.before },
          { gates: second, state: resetState },
        ];
    return { atInput, atState, hidden: back.states[0]!, cell: undefined };
  },
};

/** h = tanh(…). */
export const plainCell: Cell = {
  activations: ['Tanh'],
  carriesCell: false,
  back: (context, given, arriving) => {
    const { write, dtype } = context;
    const back = write.scan({
      states: [arriving.hidden],
      sequences: [arriving.steps, tanhSlope(context, given.states)],
      dtype,
      backwards: true,
      body: (inner, [hidden], [step, slope]) => {
        const gates = inner.mul(inner.add(step!, hidden!), slope!);
        return { states: [inner.matmul(gates, given.recurrence)], outputs: [gates] };
      },
    });
    const gates = back.outputs[0]!;
    return { atInput: gates, atState: [{ gates, state: given.before }], hidden: back.states[0]!, cell: undefined };
  },
};

function unitsOf(context: GradientContext): number {
  const units = context.inputShape(2)?.[2];
  return typeof units === 'number' ? units : context.refuse('the number of its units is not known');
}
