import type { Shape } from '../../../graph/ir.ts';
import { tensorFacts, type Facts } from '../../facts.ts';
import type { NodeContext } from '../../node-context.ts';
import { formatShape } from '../../shape.ts';

/** X [sequence, batch, input] (layout 1: batch first), W [directions, gates·hidden, input], R [directions, gates·hidden, hidden]. */
export function inferRecurrent(gates: number, cellState: boolean) {
  return (context: NodeContext): Facts[] => {
    const dtype = context.dtype(0);
    const data = context.shapeOfRank(0, 3, 'X', '3 [sequence, batch, input]');
    const weight = context.shapeOfRank(1, 3, 'W', '3 [directions, gates·hidden, input]');
    const recurrence = context.shapeOfRank(2, 3, 'R', '3 [directions, gates·hidden, hidden]');
    const directions = context.text('direction', 'forward') === 'bidirectional' ? 2 : 1;
    const hidden = context.attributes.int('hidden_size') ?? recurrence?.[2] ?? null;
    checkWeights(context, data, weight, gates);
    const batchFirst = context.int('layout', 0) !== 0;
    const sequence = data?.[batchFirst ? 1 : 0] ?? null;
    const batch = data?.[batchFirst ? 0 : 1] ?? null;
    const all = batchFirst ? [batch, sequence, directions, hidden] : [sequence, directions, batch, hidden];
    const last = batchFirst ? [batch, directions, hidden] : [directions, batch, hidden];
    const outputs = [tensorFacts(dtype, all), tensorFacts(dtype, last)];
    return cellState ? [...outputs, tensorFacts(dtype, last)] : outputs;
  };
}

function checkWeights(context: NodeContext, data: Shape | undefined, weight: Shape | undefined, gates: number): void {
  const features = data?.[2];
  const expected = weight?.[2];
  if (typeof features === 'number' && typeof expected === 'number' && features !== expected) {
    context.fail(`X ${formatShape(data)} has ${features} features, W ${formatShape(weight)} expects ${expected}`);
  }
  const rows = weight?.[1];
  const hidden = context.attributes.int('hidden_size');
  if (typeof rows === 'number' && hidden !== undefined && rows !== gates * hidden) {
    context.fail(
      `W ${formatShape(weight)} has ${rows} rows, expected ${gates * hidden}: ${gates} gates of hidden_size ${hidden}`,
    );
  }
}

/** Its W and R are transposed: [directions, input, 4·hidden]. */
export function inferQuantizedLstm(context: NodeContext): Facts[] {
  const data = context.shapeOfRank(0, 3, 'X', '3 [sequence, batch, input]');
  const directions = context.text('direction', 'forward') === 'bidirectional' ? 2 : 1;
  const hidden = context.attributes.int('hidden_size') ?? context.dim(2, 1);
  const last = tensorFacts(context.dtype(0), [directions, data?.[1] ?? null, hidden]);
  return [tensorFacts(context.dtype(0), [data?.[0] ?? null, directions, data?.[1] ?? null, hidden]), last, last];
}
