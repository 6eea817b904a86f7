import { useMemo } from 'react';
import { formatCompact, formatPercent, formatPredicted } from '../../../main/judge/format.ts';
import { usePrunePlan, useTrialDetails } from '../../state/queries.ts';
import { settingsOf } from '../../state/recipe-draft.ts';
import { excludedBy, useEditedStep, useRecipe } from '../../state/recipe.ts';
import { useSession } from '../../state/session.ts';
import { LAYER_COLUMNS, optional } from '../../widgets/layers/layer-columns.tsx';
import type { LayerColumn } from '../../widgets/layers/layer-columns.tsx';
import { useDraftPrediction } from '../../widgets/useDraftPrediction.ts';
import { KeptBar, PruneSwitch } from './parts/LayerCells.tsx';
import { useChannelColumns } from './channels/layer-columns.tsx';
import { pruneRows } from './model.ts';
import type { PruneRow } from './model.ts';

const { index, name, op, shape, macs, time } = LAYER_COLUMNS;

/** The layers table in the Prune task, as what is pruned needs it. */
export function usePruneColumns(): readonly LayerColumn[] {
  const isChannels = settingsOf(useEditedStep('prune'), 'prune')?.structure === 'channel';
  const elements = useElementColumns();
  const channels = useChannelColumns(isChannels);
  return isChannels ? channels : elements;
}

/** Pruning of single weights: what is left of each layer, following the slider; and what cannot be pruned, why. */
function useElementColumns(): readonly LayerColumn[] {
  const modelId = useSession((state) => state.model?.entry.id ?? null);
  const plan = usePrunePlan(modelId).data;
  const prediction = useDraftPrediction();
  const exclude = useRecipe(({ draft, chosen }) => excludedBy(draft, 'prune', chosen));
  const cut = prediction?.predicted.cut ?? null;
  const measured = useTrialDetails(prediction?.measured?.id ?? null).data?.prune ?? null;
  return useMemo(() => {
    const rows = plan === undefined ? [] : pruneRows(plan, cut, measured, new Set(exclude));
    const byName = new Map(rows.map((row) => [row.name, row]));
    return columnsOf((layer) => byName.get(layer));
  }, [plan, cut, measured, exclude]);
}

function columnsOf(rowOf: (layer: string) => PruneRow | undefined): readonly LayerColumn[] {
  const kept = (layer: string): number | null => {
    const sparsity = rowOf(layer)?.sparsity ?? null;
    return sparsity === null ? null : 1 - sparsity;
  };
  return [
    {
      key: 'prune',
      title: 'Prune',
      width: '58px',
      help: 'Unchecked layers are frozen: their weights stay. Also in the graph’s context menu.',
      render: (layer) => {
        const row = rowOf(layer.name);
        return row && <PruneSwitch {...row} />;
      },
      value: (layer) => pruneWord(rowOf(layer.name)),
    },
    index,
    name,
    op,
    {
      key: 'weights',
      title: 'Weights',
      width: '78px',
      align: 'right',
      render: (layer) => {
        const row = rowOf(layer.name);
        return row === undefined || row.frozen !== null ? '' : formatCompact(row.weights);
      },
      value: (layer) => rowOf(layer.name)?.weights ?? null,
    },
    {
      key: 'kept',
      title: 'Kept',
      width: 'minmax(90px, 0.5fr)',
      help: 'Share of the weights that stays: hollow while it is predicted, filled when it was measured',
      unit: 'share',
      render: (layer) => <KeptBar share={kept(layer.name)} predicted={rowOf(layer.name)?.predicted ?? false} />,
      value: (layer) => kept(layer.name),
    },
    {
      key: 'sparsity',
      title: 'Sparsity',
      width: '82px',
      align: 'right',
      unit: 'share',
      help: 'Zero share of the weights; ≈ while it is predicted',
      render: (layer) => sparsityText(rowOf(layer.name)),
      value: (layer) => rowOf(layer.name)?.sparsity ?? null,
    },
    {
      key: 'energy',
      title: 'Energy lost',
      width: '92px',
      align: 'right',
      unit: 'share',
      help: 'Share of the layer’s sum of squared weights that the cut removes: about the noise it adds to the layer’s output.',
      render: (layer) => {
        const energy = rowOf(layer.name)?.energyRemoved ?? null;
        return energy === null ? '' : formatPercent(energy);
      },
      value: (layer) => rowOf(layer.name)?.energyRemoved ?? null,
    },
    macs,
    {
      key: 'frozen',
      title: 'Why not',
      width: 'minmax(140px, 1fr)',
      render: (layer) => {
        const reason = rowOf(layer.name)?.frozen ?? '';
        return (
          <span className="lap-muted" title={reason}>
            {reason}
          </span>
        );
      },
      value: (layer) => rowOf(layer.name)?.frozen ?? null,
    },
    optional(shape),
    optional(time),
  ];
}

function sparsityText(row: PruneRow | undefined): string {
  if (row === undefined || row.sparsity === null) return '';
  const text = formatPercent(row.sparsity);
  return row.predicted ? formatPredicted(text) : text;
}

/** For sorting, filtering and files. */
function pruneWord(row: PruneRow | undefined): string | null {
  if (row === undefined) return null;
  return row.frozen === null && !row.excluded ? 'pruned' : 'frozen';
}
