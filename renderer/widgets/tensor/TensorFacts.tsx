import type { ReactNode } from 'react';
import type { TensorView } from '../../../main/contract/tensor-view.ts';
import { formatCount, formatNumber, formatPercent } from '../../../main/judge/format.ts';
import { Facts } from '../../design/Facts.tsx';
import { LayerLink } from '../LayerLink.tsx';

/** Names that are listed; the rest is counted. */
const LISTED = 6;

/** The numbers of a tensor, what is suspect in it, and who shares it. */
export function TensorFacts({ tensor }: { readonly tensor: TensorView }): ReactNode {
  const { elements, min, max, mean, std, zeros, nan, infinite, denormal, channels, duplicates, users } = tensor;
  const share = (count: number): string => `${formatCount(count)} · ${formatPercent(count / Math.max(1, elements))}`;
  const dead = channels === null ? 0 : channels.zeros.filter((zero) => zero === 1).length;
  return (
    <Facts
      facts={[
        ['Elements', formatCount(elements)],
        ['Min … max', min === null || max === null ? null : `${formatNumber(min)} … ${formatNumber(max)}`],
        ['Mean ± std', mean === null ? null : `${formatNumber(mean)} ± ${formatNumber(std ?? 0)}`],
        ['Zeros', share(zeros)],
        ['NaN', nan === 0 ? null : share(nan)],
        ['±Inf', infinite === 0 ? null : share(infinite)],
        ['Denormal', denormal === 0 ? null : share(denormal)],
        ['Dead channels', dead === 0 ? null : `${dead} of ${channels?.zeros.length ?? 0}`],
        [
          'Outlier channels',
          channels === null || channels.outliers.length === 0
            ? null
            : `${channels.outliers.length}: ${listed(channels.outliers.map(String))}`,
        ],
        ['Stored again as', duplicates.length === 0 ? null : listed(duplicates)],
        [
          users.length > 1 ? 'Tied: read by' : 'Read by',
          users.length === 0 ? null : users.slice(0, LISTED).map((user) => <LayerLink key={user} name={user} />),
        ],
      ]}
    />
  );
}

function listed(names: readonly string[]): string {
  const more = names.length > LISTED ? ` and ${names.length - LISTED} more` : '';
  return `${names.slice(0, LISTED).join(', ')}${more}`;
}
