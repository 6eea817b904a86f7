/** Sequences and optionals: types only, sizes of elements where they all agree. */
import { makeConstant } from '../../constant.ts';
import { tensorFacts, UNKNOWN } from '../../facts.ts';
import { defineOperators } from '../../spec.ts';
import { sequenceOf, sameElements, inferSequenceMap, inferSplitToSequence, inferConcatFromSequence } from './shape.ts';

/** Gradients are tensors; of a sequence of them there is none in these graphs. */
const other = { category: 'other', gradient: { blocks: 'handles sequences or optional values' } } as const;
const counts = { category: 'other', gradient: { stops: 'gives counts or truth values' } } as const;

export const sequenceOperators = defineOperators('', {
  SequenceConstruct: {
    ...other,
    inputs: ['inputs'],
    variadic: true,
    infer: (context) => [sequenceOf(sameElements(context))],
  },
  SequenceEmpty: {
    ...counts,
    inputs: [],
    infer: (context) => [sequenceOf(tensorFacts(context.dtypeAttribute('dtype') ?? 'float32', undefined))],
  },
  SequenceInsert: {
    ...other,
    inputs: ['input_sequence', 'tensor', 'position'],
    infer: (context) => [sequenceOf(tensorFacts(context.dtype(1), undefined))],
  },
  SequenceErase: { ...other, inputs: ['input_sequence', 'position'], infer: (context) => [context.facts(0)] },
  SequenceAt: {
    ...other,
    inputs: ['input_sequence', 'position'],
    infer: (context) => [context.facts(0).element ?? UNKNOWN],
  },
  SequenceMap: { ...other, inputs: ['input_sequence', 'additional_inputs'], variadic: true, infer: inferSequenceMap },
  SequenceLength: { ...counts, inputs: ['input_sequence'], infer: () => [tensorFacts('int64', [])] },
  SplitToSequence: { ...other, inputs: ['input', 'split'], infer: inferSplitToSequence },
  ConcatFromSequence: { ...other, inputs: ['input_sequence'], infer: inferConcatFromSequence },
  Optional: {
    ...other,
    inputs: ['input'],
    infer: (context) => [
      { kind: 'optional', dtype: undefined, shape: undefined, element: context.has(0) ? context.facts(0) : undefined },
    ],
  },
  OptionalGetElement: {
    ...other,
    inputs: ['input'],
    infer: (context) => [
      context.facts(0).kind === 'optional' ? (context.facts(0).element ?? UNKNOWN) : context.facts(0),
    ],
  },
  OptionalHasElement: {
    ...counts,
    inputs: ['input'],
    infer: (context) => [tensorFacts('bool', [], context.has(0) ? undefined : makeConstant('bool', [], [0]))],
  },
});
