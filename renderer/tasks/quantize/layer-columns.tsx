import { Checkbox } from '@mantine/core';
import { useMemo } from 'react';
import type { ReactNode } from 'react';
import { LAYER_PRECISIONS, type LayerPrecision } from '../../../main/contract/recipe/quantize-static.ts';
import { precisionBy, PRECISION_TITLES, setPrecision } from '../../state/precision.ts';
import { useQuantizePlan, useTrialDetails } from '../../state/queries.ts';
import { excludedBy, setExcluded, useRecipe } from '../../state/recipe.ts';
import { useSession } from '../../state/session.ts';
import { LAYER_COLUMNS, optional } from '../../widgets/layers/layer-columns.tsx';
import type { LayerColumn } from '../../widgets/layers/layer-columns.tsx';
import classes from './QuantizeView.module.css';
import { quantizeRows, verdict } from './model.ts';
import type { QuantizeRow } from './model.ts';
import { useQuantizedTrial } from './use-quantized-trial.ts';

const { index, name, op, shape, params, macs, time, localSqnr, sqnr, cosine, mse } = LAYER_COLUMNS;

/** The layers table in the Quantize task: which layers int8 reaches, what became of them, what it cost them. */
export function useQuantizeColumns(): readonly LayerColumn[] {
  const modelId = useSession((state) => state.model?.entry.id ?? null);
  const plan = useQuantizePlan(modelId).data;
  const result = useTrialDetails(useQuantizedTrial()?.id ?? null).data?.quantize ?? null;
  const exclude = useRecipe(({ draft, chosen }) => excludedBy(draft, 'quantize', chosen));
  return useMemo(() => {
    const rows = plan === undefined ? [] : quantizeRows(plan, new Set(exclude), result);
    const byName = new Map(rows.map((row) => [row.name, row]));
    return columnsOf((layer) => byName.get(layer));
  }, [plan, exclude, result]);
}

function columnsOf(rowOf: (layer: string) => QuantizeRow | undefined): readonly LayerColumn[] {
  return [
    {
      key: 'int8',
      title: 'Int8',
      width: '54px',
      help: 'Unchecked layers stay float. Also in the graph’s context menu.',
      render: (layer) => <Int8Switch row={rowOf(layer.name)} />,
      value: (layer) => int8Word(rowOf(layer.name)),
    },
    index,
    name,
    op,
    {
      key: 'precision',
      title: 'Precision',
      width: '118px',
      help: 'What the recipe makes of the layer. Also in the graph’s context menu and by a click in the heat map of schemes.',
      render: (layer) => <PrecisionChoice row={rowOf(layer.name)} />,
      value: (layer) => {
        const { draft, chosen } = useRecipe.getState();
        return precisionBy(draft, chosen, layer.name);
      },
    },
    {
      key: 'kernel',
      title: 'In the trial',
      width: '124px',
      help: 'Fused: it ran as an integer kernel. Not fused: its quantize and dequantize nodes only cost time.',
      render: (layer) => kernelOf(rowOf(layer.name)),
      value: (layer) => kernelOf(rowOf(layer.name)),
    },
    time,
    {
      key: 'reason',
      title: 'Why not',
      width: 'minmax(150px, 1.2fr)',
      render: (layer) => {
        const reason = rowOf(layer.name)?.reason ?? '';
        return (
          <span className="lap-muted" title={reason}>
            {reason}
          </span>
        );
      },
      value: (layer) => rowOf(layer.name)?.reason ?? null,
    },
    optional(localSqnr),
    optional(sqnr),
    optional(cosine),
    optional(mse),
    optional(shape),
    optional(params),
    optional(macs),
  ];
}

function kernelOf(row: QuantizeRow | undefined): string {
  return row === undefined ? '' : verdict(row);
}

/** For sorting, filtering and files. */
function int8Word(row: QuantizeRow | undefined): string | null {
  if (row === undefined) return null;
  return row.quantizable ? (row.excluded ? 'excluded' : 'quantizable') : 'float';
}

function Int8Switch({ row }: { readonly row: QuantizeRow | undefined }): ReactNode {
  if (row === undefined) return null;
  return (
    <Checkbox
      aria-label={`Quantize ${row.name}`}
      size="xs"
      checked={row.quantizable && !row.excluded}
      disabled={!row.quantizable}
      title={row.quantizable ? undefined : (row.reason ?? undefined)}
      onClick={(event) => event.stopPropagation()}
      onChange={(event) => setExcluded('quantize', [row.name], !event.currentTarget.checked)}
    />
  );
}

function PrecisionChoice({ row }: { readonly row: QuantizeRow | undefined }): ReactNode {
  const own = useRecipe(({ draft, chosen }) => (row === undefined ? null : precisionBy(draft, chosen, row.name)));
  if (row === undefined || !row.quantizable || own === null) return null;
  return (
    <select
      aria-label={`Precision of ${row.name}`}
      className={classes['precision']}
      value={own}
      onClick={(event) => event.stopPropagation()}
      onChange={(event) => setPrecision([row.name], event.currentTarget.value as LayerPrecision)}
    >
      {LAYER_PRECISIONS.map((precision) => (
        <option key={precision} value={precision}>
          {PRECISION_TITLES[precision]}
        </option>
      ))}
    </select>
  );
}
