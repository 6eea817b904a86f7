import { z } from 'zod';
import { float16Scheme, halfScheme, halfWords } from './quantize-half.ts';
import { cacheFields, cacheScheme, cacheWords, kvCache } from './quantize-cache.ts';
import { dynamicFields, dynamicScheme, dynamicWords, int8Dynamic } from './quantize-dynamic.ts';
import {
  INITIAL_STATIC,
  int16Static,
  int8Static,
  resolveReduceRange,
  staticFields,
  staticSchemes,
  staticWords,
} from './quantize-static.ts';
import {
  int2Weight,
  int4Weight,
  int8Weight,
  weightOnlyFields,
  weightOnlySchemes,
  weightOnlyWords,
} from './quantize-weight-only.ts';
import { conditionalSettings } from './step-fields.ts';
import { defineStepKind, type StepField } from './step-kind.ts';

const fields: readonly StepField[] = [
  {
    key: 'scheme',
    title: 'Scheme',
    help: 'What is held and computed in which integers.',
    flag: '--scheme <scheme>',
    control: 'choice',
    standard: 'int8-static',
    choices: [...staticSchemes, dynamicScheme, halfScheme, ...weightOnlySchemes, cacheScheme],
  },
  ...staticFields,
  ...dynamicFields,
  ...weightOnlyFields,
  ...cacheFields,
  {
    key: 'exclude',
    title: 'Left in float',
    help: 'Layers that go on computing in float.',
    flag: '--exclude <layer>',
    control: 'layers',
  },
];

/** The scheme decides which settings there are. */
export const quantizeStepSchema = conditionalSettings(
  fields,
  z.discriminatedUnion('scheme', [
    int8Static,
    int16Static,
    int8Dynamic,
    float16Scheme,
    int8Weight,
    int4Weight,
    int2Weight,
    kvCache,
  ]),
);
export type QuantizeStep = z.infer<typeof quantizeStepSchema>;

export const quantizeKind = defineStepKind<'quantize', QuantizeStep>({
  kind: 'quantize',
  title: 'Quantize',
  help: 'Computes in small integers.',
  schema: quantizeStepSchema,
  fields,
  // Schemes that take ranges from data say from how many samples.
  needs: (step) => ({ calibration: 'samples' in step }),
  mustComeAfter: {
    prune: 'weights that are integers already cannot be pruned',
    repair: 'weights that are integers already cannot be solved again',
    equalize: 'ranges are evened out before they become scales',
  },
  initial: INITIAL_STATIC,
  words: (step) => {
    if ('calibrator' in step) return staticWords(step);
    if (step.scheme === 'float16') return halfWords(step);
    if (step.scheme === 'kv-cache') return cacheWords(step);
    return step.scheme === 'int8-dynamic' ? dynamicWords(step) : weightOnlyWords(step);
  },
  resolve: (step, { vnni }) => {
    if (step.scheme === 'int8-static') return { ...step, reduceRange: resolveReduceRange(step, vnni) };
    if (step.scheme !== 'int8-dynamic') return step;
    return { ...step, reduceRange: resolveReduceRange({ ...step, types: 'u8s8' }, vnni) };
  },
});
