/** Convolutions with what stands around them in one node, in operators of their own. */
import type { AttributeInput } from '../../../graph/attributes.ts';
import { activate } from '../activation/expand.ts';
import type { Expansion, NodeWriter } from '../../node-writer.ts';

/** activation(X ∗ W + B + Z). */
export const expandFusedConv: Expansion = (context) => {
  const { write, node } = context;
  const given = node.inputs.slice(0, 3);
  const convolved = write.op('Conv', given.at(-1) === '' ? given.slice(0, -1) : given, windowAttributes(context));
  const sum = context.has(3) ? write.add(convolved, context.input(3)) : convolved;
  const [alpha, beta] = context.attributes.get('activation_params', 'floats') ?? [];
  return [activate(context, sum, context.attributes.text('activation'), { alpha, beta })];
};

function windowAttributes({ attributes }: NodeWriter): Record<string, AttributeInput> {
  const given: Record<string, AttributeInput> = {};
  for (const name of ['strides', 'dilations', 'pads', 'kernel_shape']) {
    const values = attributes.ints(name);
    if (values !== undefined) given[name] = values.map(BigInt);
  }
  const group = attributes.int('group');
  if (group !== undefined) given['group'] = BigInt(group);
  const auto = attributes.text('auto_pad');
  if (auto !== undefined) given['auto_pad'] = auto;
  return given;
}

/** Each channel [N, C, L] with its own kernel [C, 1, k] over what came before, the k − 1 places of the state first. */
export const expandCausalConv: Expansion = (context) => {
  const { write } = context;
  const kernel = context.inputShape(1)?.[2];
  const channels = context.inputShape(1)?.[0];
  if (typeof kernel !== 'number' || typeof channels !== 'number')
    return context.refuse('the size of its kernel is not known');
  const x = context.input(0);
  const ends = write.ints([0, 0, kernel - 1, 0, 0, 0]);
  const whole = context.has(3) ? write.concat([context.input(3), x], 2) : write.op('Pad', [x, ends, context.number(0)]);
  const inputs = [whole, context.input(1), ...(context.has(2) ? [context.input(2)] : [])];
  const convolved = write.op('Conv', inputs, { group: BigInt(channels) });
  const state = write.op('Slice', [whole, write.ints([1 - kernel]), write.ints([2 ** 31 - 1]), write.ints([2])]);
  return [activate(context, convolved, context.attributes.text('activation')), kernel > 1 ? state : undefined];
};
