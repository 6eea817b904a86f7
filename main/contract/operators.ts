import { z } from 'zod';

/** What kind of work an operator does; graphs are coloured by it. From the operator table. */
export const operatorCategorySchema = z.enum([
  'layer',
  'activation',
  'pool',
  'normalization',
  'dropout',
  'shape',
  'tensor',
  'quantization',
  'attention',
  'other',
]);
export type OperatorCategory = z.infer<typeof operatorCategorySchema>;
