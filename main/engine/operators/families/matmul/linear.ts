import type { LinearForm, LinearRule } from '../../linear-form.ts';

/** data […, K] · weights [K, N] */
export const matrixColumns: LinearRule = ({ weightDims }) => {
  const [columns = 0, outputs = 0] = weightDims;
  if (weightDims.length !== 2) return undefined;
  const at: LinearForm['at'] = (_, output, column) => column * outputs + output;
  return { ...shared, bias: undefined, outputs, columns, at, scale: 1, biasScale: 1 };
};

/** alpha · data [R, K] · weights + beta · bias; weights [K, N], or [N, K] with transB */
export const gemmColumns: LinearRule = (context) => {
  const [rows = 0, columns = 0] = context.weightDims;
  if (context.weightDims.length !== 2 || context.int('transA', 0) !== 0) return undefined;
  const factors = { scale: context.float('alpha', 1), biasScale: context.float('beta', 1) };
  if (factors.scale === 0 || factors.biasScale === 0) return undefined;
  return context.int('transB', 0) === 0
    ? { ...shared, ...factors, outputs: columns, columns: rows, at: (_, output, column) => column * columns + output }
    : { ...shared, ...factors, outputs: rows, columns, at: (_, output, column) => output * columns + column };
};

const shared = { weight: 1, bias: 2, groups: 1, taps: 1, channelsLast: true, unfold: undefined } as const;
