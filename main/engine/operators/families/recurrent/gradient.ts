/**
 * Gradients of recurrent layers, through time (Werbos 1990). What the gates were is computed again for all steps at once from
 * the states that the layer gave; what goes from step to step is a Scan from the last one to the first; the gradients of
 * weights are then products over all steps.
 */
import type { GradientContext, GradientRule } from '../../gradient.ts';
import { gruCell, lstmCell, plainCell, type Cell, type Recomputed } from './gradient-cells.ts';

export const lstmGradient: GradientRule = (context) => throughTime(context, lstmCell);
export const gruGradient: GradientRule = (context) => throughTime(context, gruCell);
export const rnnGradient: GradientRule = (context) => throughTime(context, plainCell);

/** Gradients of one direction, without the axis of directions. */
interface Direction {
  readonly data: string;
  readonly weight: string;
  readonly recurrence: string;
  readonly bias: string;
  readonly hidden: string;
  readonly cell: string | undefined;
}

function throughTime(context: GradientContext, cell: Cell): readonly (string | undefined)[] {
  refuseUnusual(context, cell);
  const { write } = context;
  const way = context.attributes.text('direction') ?? 'forward';
  const reversed = way === 'bidirectional' ? [false, true] : [way === 'reverse'];
  const found = reversed.map((backwards, at) => oneDirection(context, cell, { at, backwards }));
  const stacked = (pick: (direction: Direction) => string): string => {
    const each = found.map((direction) => write.unsqueeze(pick(direction), [0]));
    return write.concat(each, 0);
  };
  return context.wanted(
    () => write.sum(found.map(({ data }) => data)),
    () => stacked(({ weight }) => weight),
    () => stacked(({ recurrence }) => recurrence),
    () => stacked(({ bias }) => bias),
    undefined,
    () => stacked(({ hidden }) => hidden),
    () => stacked(({ cell: state }) => state!),
  );
}

function refuseUnusual(context: GradientContext, cell: Cell): void {
  const { attributes } = context;
  const usual = [...cell.activations, ...cell.activations];
  const stated = attributes.get('activations', 'strings')?.map((name) => new TextDecoder().decode(name)) ?? [];
  if (stated.some((name, at) => name !== usual[at])) {
    context.refuse(`activations ${stated.join(', ')} have no backward form here`);
  }
  if (attributes.has('clip')) context.refuse('clip has no backward form here');
  if (context.int('layout', 0) !== 0) context.refuse('layout 1 has no backward form here');
  if (context.int('input_forget', 0) !== 0) context.refuse('input_forget has no backward form here');
  if (context.has(4)) context.refuse('sequence_lens has no backward form here');
  if (context.has(7)) context.refuse('peepholes have no backward form here');
}

/** One direction of the layer, its steps in the order in which it went through them. */
function oneDirection(
  context: GradientContext,
  cell: Cell,
  { at, backwards }: { readonly at: number; readonly backwards: boolean },
): Direction {
  const { write } = context;
  const of = (value: string, axis: number): string => write.squeeze(write.slice(value, axis, at, at + 1), [axis]);
  const inOrder = (value: string): string => (backwards ? write.reverse(value, [0]) : value);
  const states = inOrder(of(context.output(0), 1));
  const zeros = write.mul(write.squeeze(write.slice(states, 0, 0, 1), [0]), context.number(0));
  const initial = (input: number): string => (context.has(input) ? of(context.input(input), 0) : zeros);
  const arriving = (output: number): string => {
    const gradient = context.arriving(output);
    return gradient === undefined ? zeros : of(gradient, 0);
  };
  const steps = context.arriving(0);
  const data = inOrder(context.input(0));
  const weight = of(context.input(1), 0);
  const recomputed: Recomputed = {
    data,
    before: write.concat([write.unsqueeze(initial(5), [0]), write.slice(states, 0, 0, -1)], 0),
    states,
    weight,
    recurrence: of(context.input(2), 0),
    bias: context.has(3) ? halves(context, of(context.input(3), 0)) : undefined,
    initialCell: cell.carriesCell ? initial(6) : undefined,
  };
  const back = cell.back(context, recomputed, {
    steps: steps === undefined ? write.mul(states, context.number(0)) : inOrder(of(steps, 1)),
    hidden: arriving(1),
    cell: cell.carriesCell ? arriving(2) : undefined,
  });
  const rows = (value: string): string => write.op('Flatten', [value], { axis: 2n });
  const product = (gates: string, values: string): string =>
    write.matmul(write.transpose(rows(gates), [1, 0]), rows(values));
  const gatesAtState = back.atState.map(({ gates }) => write.reduceSum(gates, [0, 1], false));
  return {
    data: inOrder(write.matmul(back.atInput, weight)),
    weight: product(back.atInput, data),
    recurrence: write.concat(
      back.atState.map(({ gates, state }) => product(gates, state)),
      0,
    ),
    bias: write.concat([write.reduceSum(back.atInput, [0, 1], false), ...gatesAtState], 0),
    hidden: back.hidden,
    cell: back.cell,
  };
}

/** The biases at the input, then those at the state: [gates·hidden] each. */
function halves(context: GradientContext, bias: string): Recomputed['bias'] {
  const rows = context.inputShape(1)?.[1];
  if (typeof rows !== 'number') return context.refuse('the number of its gates is not known');
  const { write } = context;
  return { input: write.slice(bias, 0, 0, rows), state: write.slice(bias, 0, rows, 2 * rows) };
}
