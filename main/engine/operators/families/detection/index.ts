/** Box selection, text and other operators whose sizes depend on the data. */
import { tensorFacts } from '../../facts.ts';
import { defineOperators } from '../../spec.ts';

const other = { category: 'other' } as const;
const text = { ...other, gradient: { stops: 'works on text' } } as const;

export const detectionOperators = defineOperators('', {
  NonMaxSuppression: {
    ...other,
    gradient: { stops: 'gives places, which change in steps' },
    inputs: ['boxes', 'scores', 'max_output_boxes_per_class', 'iou_threshold', 'score_threshold'],
    settings: [2, 3, 4],
    infer: (context) => {
      context.shapeOfRank(0, 3, 'boxes', '3 [batch, boxes, 4]');
      context.shapeOfRank(1, 3, 'scores', '3 [batch, classes, boxes]');
      return [tensorFacts('int64', [context.openDim(), 3])];
    },
  },
  StringNormalizer: {
    ...text,
    inputs: ['X'],
    infer: (context) => [
      tensorFacts(
        'string',
        context.shape(0)?.map((dim, axis, all) => (axis === all.length - 1 ? null : dim)),
      ),
    ],
  },
  StringConcat: {
    ...text,
    inputs: ['X', 'Y'],
    infer: (context) => [tensorFacts('string', context.broadcast([0, 1]))],
  },
  StringSplit: {
    ...text,
    inputs: ['X'],
    infer: (context) => {
      const shape = context.shape(0);
      return [tensorFacts('string', shape === undefined ? undefined : [...shape, null]), tensorFacts('int64', shape)];
    },
  },
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
