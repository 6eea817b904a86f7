import { useMemo } from 'react';
import { formatCompact, formatPercent, formatPredicted } from '../../../../main/judge/format.ts';
import { useChannelPlan } from '../../../state/queries.ts';
import { settingsOf } from '../../../state/recipe-draft.ts';
import { useEditedStep } from '../../../state/recipe.ts';
import { useSession } from '../../../state/session.ts';
import { LAYER_COLUMNS, numberColumn, optional } from '../../../widgets/layers/layer-columns.tsx';
import type { LayerColumn } from '../../../widgets/layers/layer-columns.tsx';
import { useDraftPrediction } from '../../../widgets/useDraftPrediction.ts';
import { KeptBar, PruneSwitch } from '../parts/LayerCells.tsx';
import { channelLayers, type ChannelLayer } from './layer-rows.ts';

const { index, name, op, shape, params, time } = LAYER_COLUMNS;

/** The layers table while channels are pruned: channels before and after, and what is frozen, why. */
export function useChannelColumns(wanted: boolean): readonly LayerColumn[] {
  const plan = useChannelPlan(useSession((state) => (wanted ? (state.model?.entry.id ?? null) : null))).data;
  const entry = useEditedStep('prune');
  const settings = settingsOf(entry, 'prune');
  const off = entry?.off ?? true;
  const prediction = useDraftPrediction();
  const cut = off ? null : (prediction?.predicted.channels ?? null);
  const predicted = !off && (prediction?.measured?.prune ?? null) === null;
  return useMemo(() => {
    const exclude = new Set(settings?.exclude);
    const rows = plan === undefined ? new Map<string, ChannelLayer>() : channelLayers(plan, exclude, cut);
    return columnsOf((layer) => rows.get(layer), predicted);
  }, [plan, settings, cut, predicted]);
}

function columnsOf(rowOf: (layer: string) => ChannelLayer | undefined, predicted: boolean): readonly LayerColumn[] {
  const switchable = (layer: string): ChannelLayer | undefined => {
    const row = rowOf(layer);
    return row === undefined || row.before === null ? undefined : row;
  };
  const mark = (text: string): string => (predicted ? formatPredicted(text) : text);
  return [
    {
      key: 'prune',
      title: 'Prune',
      width: '58px',
      help: 'Unchecked layers are left alone: all their channels stay. Also in the graph’s context menu.',
      render: (layer) => {
        const row = switchable(layer.name);
        return row === undefined ? null : <PruneSwitch {...row} />;
      },
      value: (layer) => {
        const row = switchable(layer.name);
        return row === undefined ? null : row.frozen === null && !row.excluded ? 'pruned' : 'frozen';
      },
    },
    index,
    name,
    op,
    {
      key: 'channels',
      title: 'Channels',
      width: '104px',
      align: 'right',
      help: 'Channels that the layer gives, before and after',
      render: (layer) => {
        const row = rowOf(layer.name);
        if (row === undefined || row.before === null || row.after === null) return '';
        return row.after === row.before ? String(row.before) : `${row.before} → ${row.after}`;
      },
      value: (layer) => rowOf(layer.name)?.after ?? null,
    },
    {
      key: 'kept',
      title: 'Kept',
      width: 'minmax(90px, 0.5fr)',
      help: 'Share of the channels that stays: hollow while it is predicted, filled when it was made',
      unit: 'share',
      render: (layer) => <KeptBar share={rowOf(layer.name)?.share ?? null} predicted={predicted} />,
      value: (layer) => rowOf(layer.name)?.share ?? null,
    },
    {
      key: 'share',
      title: 'Share',
      width: '72px',
      align: 'right',
      unit: 'share',
      help: 'Share of the channels that stays; ≈ while it is predicted',
      render: (layer) => {
        const share = rowOf(layer.name)?.share ?? null;
        return share === null ? '' : mark(formatPercent(share));
      },
      value: (layer) => rowOf(layer.name)?.share ?? null,
    },
    numberColumn({
      key: 'macs',
      title: 'MACs',
      width: '78px',
      help: 'Multiply–accumulates of the whole layer, for one sample',
      value: (layer) => rowOf(layer.name)?.wholeMacs ?? null,
      format: formatCompact,
    }),
    numberColumn({
      key: 'macs-left',
      title: 'MACs left',
      width: '92px',
      help: 'Multiply–accumulates of the layer when its own channels and those that it takes are cut',
      value: (layer) => rowOf(layer.name)?.macs ?? null,
      format: (count) => mark(formatCompact(count)),
    }),
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
    optional(params),
    optional(shape),
    optional(time),
  ];
}
