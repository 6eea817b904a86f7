/** The kinds of number in tables of quantization errors, as heat maps colour them. */
import { formatDb, formatNumber } from '../../../../main/judge/format.ts';
import type { HeatScale } from '../../../viz/heat/heat-table.ts';

/** A channel that is constant reaches any number of decibels, which would flatten all other colours. */
const CLEAN_DB = 60;

export const DECIBELS: HeatScale = {
  id: 'db',
  title: 'SQNR',
  unit: 'dB',
  worst: 'low',
  kind: 'linear',
  mayBeLog: false,
  bestAt: CLEAN_DB,
  format: formatDb,
};

/** 1 − cosine is what differs between layers: three nines and four look alike. */
export const ANGLE: HeatScale = {
  id: 'cosine',
  title: '1 − cosine',
  unit: '',
  worst: 'high',
  kind: 'log',
  mayBeLog: true,
  bestAt: 1e-7,
  format: small,
};

export const SQUARED: HeatScale = {
  id: 'mse',
  title: 'MSE',
  unit: '',
  worst: 'high',
  kind: 'log',
  mayBeLog: true,
  bestAt: 1e-12,
  format: small,
};

/** How far the outputs are off when one layer is quantized. */
export const DIVERGENCE: HeatScale = {
  id: 'kl',
  title: 'KL of the output',
  unit: 'nats',
  worst: 'high',
  kind: 'log',
  mayBeLog: true,
  bestAt: 1e-7,
  format: small,
};

function small(value: number): string {
  const size = Math.abs(value);
  if (value === 0) return '0';
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '−∞';
  return size < 0.001 || size >= 1e5 ? value.toExponential(1).replace('-', '−') : formatNumber(value, 2);
}
