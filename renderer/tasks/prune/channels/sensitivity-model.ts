/** The pure model of the sensitivity heat map: groups down, kept shares across, one cell each. */
import { KEPT_SHARES, type Sensitivity, type SensitivityRow } from '../../../../main/contract/sensitivity.ts';
import type { ChannelPruning } from '../../../../main/contract/recipe/prune-channels.ts';
import { formatNumber } from '../../../../main/judge/format.ts';
import { heatTable, type HeatColumn, type HeatScale, type HeatTable } from '../../../viz/heat/heat-table.ts';
import type { GroupRow } from './model.ts';

/** A line of the heat map. */
export interface SensitivityLine {
  readonly group: GroupRow;
  /** null: not measured yet. */
  readonly cells: SensitivityRow['cells'] | null;
}

/** Groups in the order of the model with what was measured of them. */
export function sensitivityLines(rows: readonly GroupRow[], table: Sensitivity | null): SensitivityLine[] {
  const measured = new Map(table?.rows.map(({ group, cells }) => [group, cells]));
  return rows.filter(({ at }) => at >= 0).map((group) => ({ group, cells: measured.get(group.name) ?? null }));
}

/**
 * Colours of losses, by their order of magnitude: groups that can be spared are told apart beside one that cannot. NaN of the outputs is
 * worse than any.
 */
const LOSS: HeatScale = {
  id: 'loss',
  title: 'distance of the outputs',
  unit: '',
  worst: 'high',
  kind: 'log',
  mayBeLog: true,
  bestAt: 1e-4,
  format: lossText,
};

/** Uncoloured columns before those of shares. */
const BEFORE = 1;

/** Groups × shares that are kept, the number that the recipe keeps now before them. */
export function sensitivityHeat(lines: readonly SensitivityLine[]): HeatTable {
  const now: HeatColumn = {
    key: 'kept',
    title: 'Now',
    short: 'Now',
    help: 'What the recipe keeps of the group, of all.',
    scale: LOSS,
    plain: (row) => `${lines[row]!.group.kept} / ${lines[row]!.group.atoms}`,
  };
  const shares = SHARE_TITLES.map((title, at): HeatColumn => ({
    key: `share${at}`,
    title: `kept ${title}`,
    short: title,
    help: `Distance of the outputs from the whole model’s when only this group is cut, to ${title}. A click makes the cut.`,
    scale: LOSS,
  }));
  return heatTable({
    rows: lines.map(({ group }) => ({ key: group.name, label: group.name })),
    columns: [now, ...shares],
    value: (row, column) => {
      const cell = lines[row]!.cells?.[column - BEFORE];
      return cell === undefined ? null : (cell.loss ?? Infinity);
    },
  });
}

/** Atoms that a cell keeps; null: it is none of the measured shares. */
export function keptAt({ cells }: SensitivityLine, column: number): number | null {
  return cells?.[column - BEFORE]?.kept ?? null;
}

/** "0.042"; "NaN" where the outputs held it. */
export function lossText(loss: number): string {
  if (!Number.isFinite(loss)) return 'NaN';
  // Rounding makes tiny divergences negative.
  return loss < 5e-5 ? '0' : formatNumber(loss, 2);
}

/** "87.5 %" and so on, the columns. */
const SHARE_TITLES: readonly string[] = KEPT_SHARES.map((share) => `${share * 100} %`);

/** What the numbers are. */
export function measureWords({ measure, data, samples }: Sensitivity): string {
  const what =
    measure === 'divergence' ? 'KL divergence from the whole model, nats' : 'squared error over the output’s square';
  return `${what}; ${samples} samples of ${data.name}`;
}

/** The score by which groups are cut alone: that of the step, but L2 for those that take the whole model's data to tell. */
export function sensitivityScore({ score }: ChannelPruning): Sensitivity['score'] {
  return score === 'activation' || score === 'taylor' ? 'l2' : score;
}

/** How groups are cut alone where that is not what the step does; null: it is. */
export function cutsOtherwise(step: ChannelPruning): string | null {
  const score = sensitivityScore(step);
  return score === step.score ? null : `cut by ${score}, not by ${step.score}, which takes the data of a whole cut`;
}
