/** How many bits the weights of static quantization have: what a recipe can say of it. */
import { z } from 'zod';
import type { StepField } from './step-kind.ts';

export const weightBits = {
  /** Bits of a weight's code; 4: codes of −7…7, 2: of −2…1, held and computed as int8. */
  weightBits: z.union([z.literal(8), z.literal(4), z.literal(2)]).default(8),
  /** What codes of fewer bits leave out: the weights of the layers that no other leads to and that lead to no other. */
  ends: z.enum(['int8', 'own']).optional(),
};

/** @param beside the settings beside which they have an effect */
export function weightBitsFields(beside: NonNullable<StepField['when']>): readonly StepField[] {
  return [
    {
      key: 'weightBits',
      title: 'Bits of weights',
      help: 'How fine the codes of weights are; with 4 bits they are held as int8 and run on the same kernels.',
      flag: '--weight-bits <bits>',
      control: 'choice',
      when: beside,
      choices: [
        { value: 8, title: '8 bits', help: 'As fine as the kernels take.' },
        {
          value: 4,
          title: '4 bits',
          help: '15 codes for each weight, as accelerators take them: round them in turn, or learn the rounding.',
        },
        {
          value: 2,
          title: '2 bits',
          help: 'Four codes for each weight: of use with a distill step behind it alone (preset low-bit).',
        },
      ],
    },
    {
      key: 'ends',
      title: 'First and last layer',
      help: 'What codes of fewer bits cost most in: the layers that see the inputs, and that give the outputs.',
      flag: '--ends <bits>',
      control: 'choice',
      when: { ...beside, weightBits: [4, 2] },
      offered: 'int8',
      choices: [
        { value: 'int8', title: '8 bits', help: 'Their weights have 8 bits, as is usual.' },
        { value: 'own', title: 'As the others', help: 'Their weights have as few bits as all others.' },
      ],
    },
  ];
}
