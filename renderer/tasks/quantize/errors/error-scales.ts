/** The kinds of number in tables of quantization errors, as heat maps colour them. */
import { CLEAN_DB, formatNumber } from '../../../../main/judge/format.ts';
import type { HeatScale } from '../../../viz/heat/heat-table.ts';

export const DECIBELS: HeatScale = {
  id: 'db',
  title: 'SQNR',
  unit: 'dB',
  worst: 'low',
  kind: 'linear',
  mayBeLog: false,
  bestAt: CLEAN_DB,
  format: decibels,
};

/** Of all outputs together, when one layer is quantized. */
export const OUTPUT_DECIBELS: HeatScale = { ...DECIBELS, id: 'output-db', title: 'SQNR of the outputs' };

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

/** The same where outputs are no scores. */
export const OUTPUT_ERROR: HeatScale = { ...DIVERGENCE, id: 'output-error', title: 'error of the outputs', unit: '' };

/** One digit behind the point, so that columns line up. */
function decibels(value: number): string {
  if (!Number.isFinite(value)) return value > 0 ? '∞ dB' : '−∞ dB';
  const digits = Math.abs(value) >= 100 ? 0 : 1;
  return `${value.toFixed(digits).replace('-', '−')} dB`;
}

function small(value: number): string {
  const size = Math.abs(value);
  if (value === 0) return '0';
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '−∞';
  return size < 0.001 || size >= 1e5 ? value.toExponential(1).replace('-', '−') : formatNumber(value, 2);
}
