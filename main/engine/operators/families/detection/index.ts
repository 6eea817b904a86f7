/** Box selection, text and other operators whose sizes depend on the data. */
import { tensorFacts } from '../../facts.ts';
import { defineOperators } from '../../spec.ts';
import { inferSuppression } from './suppression.ts';
import { inferNormalizer, inferStringSplit } from './text.ts';

const other = { category: 'other' } as const;
const text = { ...other, gradient: { stops: 'works on text' } } as const;

export const detectionOperators = defineOperators('', {
  NonMaxSuppression: {
    ...other,
    gradient: { stops: 'gives places, which change in steps' },
    inputs: ['boxes', 'scores', 'max_output_boxes_per_class', 'iou_threshold', 'score_threshold'],
    settings: [2, 3, 4],
    infer: inferSuppression,
  },
  StringNormalizer: { ...text, inputs: ['X'], infer: inferNormalizer },
  StringConcat: {
    ...text,
    inputs: ['X', 'Y'],
    infer: (context) => [tensorFacts('string', context.broadcast([0, 1]))],
  },
  StringSplit: { ...text, inputs: ['X'], infer: inferStringSplit },
  RegexFullMatch: { ...text, inputs: ['X'], infer: (context) => [tensorFacts('bool', context.shape(0))] },
  TfIdfVectorizer: {
    ...text,
    inputs: ['X'],
    infer: (context) => {
      const indexes = context.ints('ngram_indexes') ?? [];
      const size = indexes.length === 0 ? null : Math.max(...indexes) + 1;
      const shape = context.shape(0);
      return [tensorFacts('float32', shape === undefined ? undefined : [...shape.slice(0, -1), size])];
    },
  },
});
