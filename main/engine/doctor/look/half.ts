import type { Finding } from '../../../contract/doctor.ts';
import { walkNodes } from '../../graph/walk.ts';
import { walkTensors } from '../../graph/tensors.ts';
import { categoryOf } from '../../operators/ask.ts';
import { bytesOf, counted, layer, rewriteFix, type Subject } from '../subject.ts';

/** Layers that compute in half precision: x86 CPUs convert each to float32 and back. */
export function halfPrecision({ model, inference, halfKernels }: Subject): readonly Finding[] {
  const heavy = [...walkNodes(model)].filter(
    ({ node }) => categoryOf(node.opType) === 'layer' && isHalf(inference.values.get(node.outputs[0] ?? '')?.dtype),
  );
  if (heavy.length === 0 || halfKernels) return [];
  const stored = [...walkTensors(model)].filter(({ dtype }) => isHalf(dtype));
  const bytes = stored.reduce((sum, tensor) => sum + bytesOf(tensor), 0);
  return [
    {
      code: 'half-no-speed',
      severity: 'warning',
      text: `${counted(heavy.length, 'layer')} ${heavy.length === 1 ? 'computes' : 'compute'} in half precision, for which the CPU has no kernels: values are converted to float32 and back around each. It halves the file and speeds up nothing here.`,
      evidence: [
        { label: 'saved in the file', value: bytes, unit: 'bytes' },
        { label: 'layers', value: heavy.length, unit: '' },
      ],
      layers: heavy.map(({ layer: name }) => layer(name)),
      measured: false,
      fix: rewriteFix('Compute in float32', { pass: 'float32' }),
    },
  ];
}

function isHalf(dtype: string | undefined): boolean {
  return dtype === 'float16' || dtype === 'bfloat16';
}
