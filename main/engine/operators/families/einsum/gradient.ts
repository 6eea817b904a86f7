/** Gradients of Einsum, as Einsums. */
import type { GradientContext, GradientRule } from '../../gradient.ts';
import { parseEquation } from './shape.ts';

/**
 * "ij,jk->ik": dA = "ik,jk->ij", dB = "ik,ij->jk". Indices that stand in one term alone were summed over there: the gradient is
 * repeated along them.
 */
export const einsumGradient: GradientRule = (context) => {
  const equation = context.attributes.text('equation') ?? '';
  const { inputs, output } = namedEllipsis(context, equation);
  if (inputs.some((labels) => new Set(labels).size < labels.length)) {
    return context.refuse(`equation '${equation}' takes a diagonal, which has no backward form here`);
  }
  requireEqualSizes(context, inputs, equation);
  return inputs.map((labels, at) =>
    context.wants(at) ? termGradient(context, { inputs, output, at, labels }) : undefined,
  );
};

interface Term {
  readonly inputs: readonly (readonly string[])[];
  readonly output: readonly string[];
  readonly at: number;
  readonly labels: readonly string[];
}

function termGradient(context: GradientContext, { inputs, output, at, labels }: Term): string {
  const { write } = context;
  const others = inputs.flatMap((term, index) => (index === at ? [] : [{ term, name: context.input(index) }]));
  const terms = [{ term: output, name: context.gradient }, ...others];
  const reachable = new Set(terms.flatMap(({ term }) => term));
  const kept = labels.filter((label) => reachable.has(label));
  const equation = `${terms.map(({ term }) => term.join('')).join(',')}->${kept.join('')}`;
  const same = terms.length === 1 && output.join('') === kept.join('');
  const inner = terms.map(({ name }) => name);
  const found = same ? context.gradient : write.op('Einsum', inner, { equation });
  const missing = labels.flatMap((label, axis) => (reachable.has(label) ? [] : [axis]));
  return missing.length === 0 ? found : write.expand(write.unsqueeze(found, missing), context.shapeOfInput(at));
}

/** Letters in the place of '...': which of its axes are summed over differs from term to term of the gradient. */
function namedEllipsis(context: GradientContext, equation: string): ReturnType<typeof parseEquation> {
  const parsed = parseEquation(equation);
  const hidden = parsed.inputs.map((labels, at) =>
    labels.includes('...') ? context.rank(at) - labels.length + 1 : undefined,
  );
  const counts = new Set(hidden.filter((count) => count !== undefined));
  if (counts.size > 1)
    context.refuse(`the axes of '...' in '${equation}' are repeated, which has no backward form here`);
  const [count = 0] = counts;
  const used = new Set(parsed.inputs.flat());
  const free = [...'ZYXWVUTSRQPONMLKJIHGFEDCBA'].filter((letter) => !used.has(letter)).slice(0, count);
  const named = (labels: readonly string[]): string[] => labels.flatMap((label) => (label === '...' ? free : [label]));
  return { inputs: parsed.inputs.map(named), output: named(parsed.output) };
}

/** Sizes of 1 that are repeated would have to be summed over again. */
function requireEqualSizes(context: GradientContext, inputs: readonly (readonly string[])[], equation: string): void {
  const sizes = new Map<string, number>();
  for (const [at, labels] of inputs.entries()) {
    for (const [axis, label] of labels.entries()) {
      const size = context.inputShape(at)?.[axis];
      if (typeof size !== 'number') continue;
      const before = sizes.get(label);
      if (before !== undefined && before !== size) {
        context.refuse(`equation '${equation}' repeats an axis of size 1, which has no backward form here`);
      }
      sizes.set(label, size);
    }
  }
}
