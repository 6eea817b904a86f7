import type { ComponentType, ReactNode } from 'react';
import { useUi } from '../state/ui.ts';
import type { Tab } from '../state/tabs.ts';
import { LayersPanel } from '../tasks/layers/LayersPanel.tsx';
import { PROFILE_COLUMNS } from '../tasks/profile/layer-columns.ts';
import { usePruneColumns } from '../tasks/prune/layer-columns.tsx';
import { useQuantizeColumns } from '../tasks/quantize/layer-columns.tsx';
import { LAYER_COLUMNS, optional } from '../widgets/layers/layer-columns.tsx';
import type { LayerColumn } from '../widgets/layers/layer-columns.tsx';

const {
  index,
  name,
  op,
  shape,
  precision,
  params,
  macs,
  memory,
  time,
  share,
  speed,
  sparsity,
  localSqnr,
  sqnr,
  cosine,
} = LAYER_COLUMNS;

/** Columns of tasks that bring none of their own: everything that is known. */
const ALL: readonly LayerColumn[] = [
  index,
  name,
  op,
  shape,
  precision,
  params,
  macs,
  memory,
  time,
  share,
  optional(speed),
  sparsity,
  sqnr,
  optional(localSqnr),
  optional(cosine),
];

function QuantizeLayers(): ReactNode {
  return <LayersPanel task="quantize" columns={useQuantizeColumns()} />;
}

function PruneLayers(): ReactNode {
  return <LayersPanel task="prune" columns={usePruneColumns()} />;
}

/** The layers table as each task wants it. */
const TABLES: Readonly<Record<Tab, ComponentType>> = {
  graph: () => <LayersPanel task="graph" columns={ALL} />,
  profile: () => <LayersPanel task="profile" columns={PROFILE_COLUMNS} />,
  doctor: () => <LayersPanel task="doctor" columns={ALL} />,
  quantize: QuantizeLayers,
  prune: PruneLayers,
  tradeoff: () => <LayersPanel task="tradeoff" columns={ALL} />,
  distill: () => <LayersPanel task="distill" columns={ALL} />,
  compare: () => <LayersPanel task="compare" columns={ALL} />,
  export: () => <LayersPanel task="export" columns={ALL} />,
};

/** The layers table with the columns of the task that is shown. */
export function LayersDock(): ReactNode {
  const Table = TABLES[useUi((state) => state.tab)];
  return <Table />;
}
