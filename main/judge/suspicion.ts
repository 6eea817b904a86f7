import { SUSPICIONS, type SuspectRow, type Suspicion } from '../contract/suspects.ts';
import { formatCount } from './format.ts';

const NAMES: Readonly<Record<Suspicion, string>> = { nan: 'NaN', infinite: '±∞', denormal: 'denormal' };

/** What is suspect of a value, a line for each kind: "NaN in 3 samples, first 17; begins here". */
export function suspicionText(row: SuspectRow): readonly string[] {
  const lines = SUSPICIONS.flatMap((kind) => {
    const count = row[kind];
    if (count === null) return [];
    const { elements, samples, first, begins } = count;
    const where = samples === 1 ? `sample ${first}` : `${formatCount(samples)} samples, first ${first}`;
    return [`${formatCount(elements)} ${NAMES[kind]} in ${where}${begins ? ', begins here' : ''}`];
  });
  if (row.dead === null) return lines;
  const { count, of, channels, axis } = row.dead;
  const which = channels.slice(0, 8).join(', ');
  return [
    ...lines,
    `${formatCount(count)} of ${formatCount(of)} channels (axis ${axis}) always 0: ${which}${count > 8 ? ' …' : ''}`,
  ];
}
