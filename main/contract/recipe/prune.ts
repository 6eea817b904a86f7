import { z } from 'zod';
import { blockFields, blockPruning, blockWords } from './prune-blocks.ts';
import { channelFields, channelPruning, channelWords } from './prune-channels.ts';
import { elementFields, elementPruning, elementStructures, elementWords, patternPruning } from './prune-elements.ts';
import { rankFields, rankPruning, rankWords } from './prune-rank.ts';
import { conditionalSettings } from './step-fields.ts';
import { defineStepKind, type StepField } from './step-kind.ts';

const fields: readonly StepField[] = [
  {
    key: 'structure',
    title: 'What is removed',
    help: 'What goes as one.',
    flag: '--structure <kind>',
    control: 'choice',
    standard: 'element',
    choices: [
      ...elementStructures,
      {
        value: 'channel',
        title: 'Channels',
        help: 'Channels, heads and units go with everything that shrinks with them: smaller and faster.',
      },
      {
        value: 'block',
        title: 'Residual blocks',
        help: 'Whole blocks beside a shortcut go: fewer layers, faster.',
      },
      {
        value: 'rank',
        title: 'Rank',
        help: 'Layers become two thinner ones, in the directions in which their outputs vary most.',
      },
    ],
  },
  ...elementFields,
  ...channelFields,
  ...blockFields,
  ...rankFields,
  {
    key: 'exclude',
    title: 'Left alone',
    help: 'Layers that keep all their weights.',
    flag: '--exclude <layer>',
    control: 'layers',
  },
];

/** What is removed decides which settings there are. */
export const pruneStepSchema = conditionalSettings(
  fields,
  z.discriminatedUnion('structure', [elementPruning, patternPruning, channelPruning, blockPruning, rankPruning]),
);
export type PruneStep = z.infer<typeof pruneStepSchema>;

export const pruneKind = defineStepKind<'prune', PruneStep>({
  kind: 'prune',
  title: 'Prune',
  help: 'Takes out the weights that matter least.',
  schema: pruneStepSchema,
  fields,
  // Settings that take scores from data say from how many samples.
  needs: (step) => ({ calibration: 'samples' in step }),
  mustComeAfter: {},
  initial: {
    structure: 'element',
    score: 'magnitude',
    scope: 'global',
    sparsity: 0.5,
    block: '1x1',
    exclude: [],
  },
  words: (settings) => {
    if (settings.structure === 'channel') return channelWords(settings);
    if (settings.structure === 'rank') return rankWords(settings);
    return settings.structure === 'block' ? blockWords(settings) : elementWords(settings);
  },
});
