import { filled } from '../../filled.ts';
import type { Dim, Shape } from '../../../graph/ir.ts';
import { tensorFacts, type Facts } from '../../facts.ts';
import type { NodeContext } from '../../node-context.ts';
import { broadcastDim, broadcastShapes, formatShape } from '../../shape.ts';

interface Equation {
  readonly inputs: readonly (readonly string[])[];
  readonly output: readonly string[];
}

function labelsOf(term: string): string[] {
  return term.match(/\.\.\.|[A-Za-z]/g) ?? [];
}

/** Splits "bij,bjk->bik"; '...' becomes one label. Without an arrow, letters that occur once stand sorted on the right. */
export function parseEquation(text: string): Equation {
  const [left = '', right] = text.replaceAll(' ', '').split('->');
  const inputs = left.split(',').map(labelsOf);
  if (right !== undefined) return { inputs, output: labelsOf(right) };
  const all = inputs.flat();
  const single = [...new Set(all)].filter((label) => label !== '...' && all.indexOf(label) === all.lastIndexOf(label));
  return { inputs, output: [...(all.includes('...') ? ['...'] : []), ...single.sort()] };
}

export function inferEinsum(context: NodeContext): Facts[] {
  const equation = context.text('equation', '');
  const { inputs, output } = parseEquation(equation);
  if (inputs.length !== context.inputCount) {
    context.fail(
      `equation '${equation}' has ${inputs.length} terms, expected ${context.inputCount}, one for each input`,
    );
  }
  const sizes = new Map<string, Dim>();
  let ellipsis: Shape = [];
  for (const [index, labels] of inputs.entries()) {
    const shape = context.shape(index);
    if (shape === undefined) return [tensorFacts(context.dtype(0), undefined)];
    const dots = labels.indexOf('...');
    const hidden = shape.length - labels.filter((label) => label !== '...').length;
    if (hidden < 0 || (dots < 0 && hidden > 0)) {
      context.fail(`term ${index} of equation '${equation}' does not fit shape ${formatShape(shape)}`);
    }
    const expanded =
      dots < 0 ? labels : [...labels.slice(0, dots), ...filled<string>(hidden, '...'), ...labels.slice(dots + 1)];
    if (dots >= 0) {
      const joined = broadcastShapes([ellipsis, shape.slice(dots, dots + hidden)]);
      if (joined === undefined) context.fail(`the '...' axes of equation '${equation}' do not broadcast together`);
      ellipsis = joined;
    }
    expanded.forEach((label, axis) => {
      if (label === '...') return;
      const joined = broadcastDim(sizes.get(label) ?? 1, shape[axis] ?? null);
      if (joined === 'conflict')
        context.fail(
          `index '${label}' of equation '${equation}' has sizes ${String(sizes.get(label))} and ${String(shape[axis])}`,
        );
      sizes.set(label, joined);
    });
  }
  const shape = output.flatMap((label): Shape => (label === '...' ? ellipsis : [sizes.get(label) ?? null]));
  return [tensorFacts(context.dtype(0), shape)];
}
