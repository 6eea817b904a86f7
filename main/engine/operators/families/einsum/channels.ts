/** Channels of Einsum, by its labels. */
import type { AxisRef } from '../../channel-ties.ts';
import type { ChannelFacet } from '../../channels.ts';

export const einsumChannels: ChannelFacet = {
  relate: (ties) => {
    const equation = (ties.attributes.text('equation') ?? '').replaceAll(' ', '');
    const [left = '', given] = equation.split('->');
    if (given === undefined || equation.includes('.')) return;
    const places = new Map<string, AxisRef[]>();
    const note = (labels: string, ref: (axis: number) => AxisRef): void => {
      for (const [axis, label] of [...labels].entries()) places.set(label, [...(places.get(label) ?? []), ref(axis)]);
    };
    const terms = left.split(',');
    terms.forEach((labels, position) => note(labels, (axis) => ties.input(position, axis)));
    note(given, (axis) => ties.output(0, axis));
    const stored = terms.map((_, position) => ties.isStored(position));
    for (const [label, refs] of places) {
      const summed = !given.includes(label);
      const inputs = refs.filter(({ side }) => side === 'input');
      const weight = inputs.find(({ position }) => stored[position] === true);
      if (summed && (inputs.length < 2 || weight === undefined)) {
        for (const ref of refs) ties.keep(ref, 'computed values alone are summed over it');
        continue;
      }
      const [first] = refs;
      for (const ref of refs.slice(1)) ties.same(first!, ref);
      if (weight === undefined) continue;
      ties.weight(weight, summed ? 'consumes' : 'produces');
      if (!summed) ties.is(weight, 'unit');
    }
  },
};
