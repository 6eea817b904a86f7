/** Gradients of the losses that are operators. Labels are integers [N, …], scores [N, C, …]. */
import type { GradientContext, GradientRule } from '../../gradient.ts';

/** −Σ w[label] · log p[label]: d log p = −w at the label of each place that counts. */
export const logLikelihoodGradient: GradientRule = (context) => {
  const { write } = context;
  const { chosen, share } = placesOf(context);
  return [write.neg(write.mul(chosen, share))];
};

/** The same behind a softmax: d score = w · (softmax − one-hot). What arrives at its second output, the logarithms, is added. */
export const crossEntropyGradient: GradientRule = (context) => {
  const { write } = context;
  const terms: string[] = [];
  if (context.arriving() !== undefined) {
    const { chosen, share } = placesOf(context);
    terms.push(write.mul(write.sub(write.softmax(context.input(0), 1), chosen), share));
  }
  const logarithms = context.arriving(1);
  if (logarithms !== undefined) {
    const sum = write.reduceSum(logarithms, [1]);
    terms.push(write.sub(logarithms, write.mul(write.softmax(context.input(0), 1), sum)));
  }
  return [write.sum(terms)];
};

/** 1 at the label of each place, [N, C, …]; and what each place's loss is multiplied by in the result, [N, 1, …]. */
function placesOf(context: GradientContext): { readonly chosen: string; readonly share: string } {
  const { write } = context;
  const labels = context.input(1);
  const classes = context.inputShape(0)?.[1];
  if (typeof classes !== 'number') return context.refuse('the number of its classes is not known');
  if (context.wants(2)) context.refuse('its weights have no backward form here');
  const int = (value: number): string => write.constant('int64', [], BigInt64Array.of(BigInt(value)));
  const dtype = context.dtype;
  const wide = context.inputFacts(1)?.dtype === 'int64' ? labels : write.cast(labels, 'int64');
  const ignored = context.attributes.int('ignore_index');
  const counts = ignored === undefined ? undefined : write.op('Not', [write.op('Equal', [wide, int(ignored)])]);
  const safe = counts === undefined ? wide : write.where(counts, wide, int(0));
  const values = write.constant(dtype, [2], Float64Array.of(0, 1));
  const chosen = write.oneHot(safe, int(classes), values, 1);
  const given = context.has(2) ? write.op('Gather', [context.input(2), safe]) : undefined;
  const seen = counts === undefined ? undefined : write.cast(counts, dtype);
  const weight = given !== undefined && seen !== undefined ? write.mul(given, seen) : (given ?? seen);
  const ones = weight ?? write.expand(context.number(1), write.shape(wide));
  const scaled = ((): string => {
    const reduction = context.attributes.text('reduction') ?? 'mean';
    const weighted = write.mul(ones, context.gradient);
    return reduction === 'mean' ? write.div(weighted, write.reduceSum(ones, undefined, false)) : weighted;
  })();
  return { chosen, share: write.unsqueeze(scaled, [1]) };
}
