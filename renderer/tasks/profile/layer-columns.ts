import { LAYER_COLUMNS, optional } from '../../widgets/layers/layer-columns.tsx';
import type { LayerColumn } from '../../widgets/layers/layer-columns.tsx';

const { index, name, op, shape, precision, params, macs, memory, time, share, speed } = LAYER_COLUMNS;

/** The layers table in the Profile task: where the time goes. */
export const PROFILE_COLUMNS: readonly LayerColumn[] = [
  index,
  name,
  op,
  time,
  share,
  speed,
  macs,
  memory,
  shape,
  precision,
  optional(params),
];
