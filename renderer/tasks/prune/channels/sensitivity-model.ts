/** The pure model of the sensitivity heat map: groups down, kept shares across, one cell each. */
import { KEPT_SHARES, type Sensitivity, type SensitivityRow } from '../../../../main/contract/sensitivity.ts';
import type { ChannelPruning } from '../../../../main/contract/recipe/prune-channels.ts';
import { formatNumber } from '../../../../main/judge/format.ts';
import type { GroupRow } from './model.ts';

/** A line of the heat map. */
export interface SensitivityLine {
  readonly group: GroupRow;
  /** null: not measured yet. */
  readonly cells: SensitivityRow['cells'] | null;
  /** The largest loss of the line; null: none is known. */
  readonly worst: number | null;
}

/** Groups in the order of the model with what was measured of them. */
export function sensitivityLines(rows: readonly GroupRow[], table: Sensitivity | null): SensitivityLine[] {
  const measured = new Map(table?.rows.map(({ group, cells }) => [group, cells]));
  return rows
    .filter(({ at }) => at >= 0)
    .map((group) => {
      const cells = measured.get(group.name) ?? null;
      return { group, cells, worst: cells === null ? null : largest(cells) };
    });
}

function largest(cells: SensitivityRow['cells']): number | null {
  return cells.reduce<number | null>((most, { loss }) => (loss === null ? most : Math.max(most ?? 0, loss)), null);
}

/** The largest loss of all; 0 where nothing is known. */
export function worstLoss(table: Sensitivity | null): number {
  return Math.max(0, ...(table?.rows.map(({ cells }) => largest(cells) ?? 0) ?? []));
}

/**
 * Place of a loss on the colour scale, 0 (none) … 1 (the worst): the square root of its share, so that groups that can be
 * spared are told apart beside one that cannot. What gave NaN stands at 1.
 */
export function lossPlace(loss: number | null, worst: number): number {
  if (loss === null) return 1;
  return worst <= 0 || loss <= 0 ? 0 : Math.sqrt(Math.min(1, loss / worst));
}

/** "0.042"; "NaN" where the outputs held it. */
export function lossText(loss: number | null): string {
  if (loss === null) return 'NaN';
  // Rounding makes tiny divergences negative.
  return loss < 5e-5 ? '0' : formatNumber(loss, 2);
}

/** "87.5 %" and so on, the columns. */
export const SHARE_TITLES: readonly string[] = KEPT_SHARES.map((share) => `${share * 100} %`);

/** What the numbers are. */
export function measureWords({ measure, data, samples }: Sensitivity): string {
  const what =
    measure === 'divergence' ? 'KL divergence from the whole model, nats' : 'squared error over the output’s square';
  return `${what}; ${samples} samples of ${data.name}`;
}

/** The score by which groups are cut alone: that of the step where the weights alone tell it, else L2. */
export function sensitivityScore({ score }: ChannelPruning): Sensitivity['score'] {
  return score === 'obs' || score === 'activation' ? 'l2' : score;
}
