import { StudioError } from '../../../base/errors.ts';
import type { Model, Node } from '../../graph/ir.ts';
import { hasTrait } from '../../operators/ask.ts';
import type { ChannelGroups } from './groups.ts';

/** @throws UNSUPPORTED when there is nothing to cut, with the reason */
export function requireGroups({ groups, frozen }: ChannelGroups, { graph }: Model): void {
  if (groups.length > 0) return;
  const isQuantized = graph.nodes.some(holdsCodes);
  const [first] = frozen;
  const nothing = 'no layer of the main graph has weights that are stored as floats';
  const why = first === undefined ? nothing : `'${first.name}' stays since ${first.reason}`;
  throw new StudioError(
    'UNSUPPORTED',
    `There are no channels that could be cut: ${isQuantized && first === undefined ? 'the model is quantized, its weights are integers with scales' : why}`,
    {
      hint: isQuantized
        ? 'Prune the float model, and quantize what comes out.'
        : 'Prune single weights instead, or look at what is frozen and why.',
    },
  );
}

function holdsCodes(node: Node): boolean {
  return hasTrait(node, 'dequantizes') || hasTrait(node, 'integerKernel');
}
