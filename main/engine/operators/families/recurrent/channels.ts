/** Units of recurrent layers. */
import type { AxisRef, ChannelTies } from '../../channel-ties.ts';
import type { ChannelFacet } from '../../channels.ts';

/**
 * W [directions, gates·hidden, input], R [directions, gates·hidden, hidden], B [directions, 2·gates·hidden], P [directions,
 * peepholes·hidden]: a unit goes from every gate, in both directions, from the states and from what is given.
 */
export function recurrentChannels(gates: number): ChannelFacet {
  return {
    relate: (ties) => {
      const batchFirst = ties.int('layout', 0) !== 0;
      const unit = ties.input(2, 2);
      const hidden = ties.size(unit);
      if (hidden === undefined) return;
      relateFeatures(ties);
      relateGates(ties, { weight: ties.input(1, 1), unit, hidden, gates });
      relateGates(ties, { weight: ties.input(2, 1), unit, hidden, gates });
      relateGates(ties, { weight: ties.input(3, 1), unit, hidden, gates: 2 * gates });
      relateGates(ties, { weight: ties.input(7, 1), unit, hidden, gates: 3 });
      for (const position of [5, 6]) if (ties.has('input', position)) ties.same(ties.input(position, 2), unit);
      ties.same(ties.output(0, 3), unit);
      for (const position of [1, 2]) if (ties.has('output', position)) ties.same(ties.output(position, 2), unit);
      const [sequence, batch] = batchFirst ? [1, 0] : [0, 1];
      ties.same(ties.input(0, sequence), ties.output(0, sequence));
      ties.same(ties.input(0, batch), ties.output(0, batchFirst ? 0 : 2));
      ties.weight(unit, 'consumes');
      ties.is(unit, 'unit');
    },
    recut: (cut) => {
      const kept = cut.kept(cut.before.input(2, 2));
      return kept === undefined ? undefined : { attributes: { hidden_size: BigInt(kept.length) } };
    },
  };
}

function relateFeatures(ties: ChannelTies): void {
  ties.same(ties.input(0, 2), ties.input(1, 2));
  ties.weight(ties.input(1, 2), 'consumes');
}

function relateGates(
  ties: ChannelTies,
  { weight, unit, hidden, gates }: { weight: AxisRef; unit: AxisRef; hidden: number; gates: number },
): void {
  if (!ties.has('input', weight.position)) return;
  for (let gate = 0; gate < gates; gate++) ties.stretch(weight, unit, { count: hidden, fromStart: gate * hidden });
  ties.weight(weight, 'produces');
}
