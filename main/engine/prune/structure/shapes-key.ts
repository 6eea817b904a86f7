import { createHash } from 'node:crypto';
import type { WidthModel } from '../../../judge/predict/widths.ts';

/** Names what a model's time depends on: its operators, their work, and how their sizes follow from the widths of groups. */
export function shapesKey({ groups, axes, tensors, layers }: WidthModel): string {
  const told = [
    groups.map(({ atoms, each }) => [atoms, each]),
    axes.map(({ fixed, parts }) => [fixed, parts.map(({ group, each }) => [group, each])]),
    tensors.map((tensor) => [tensor.axes, tensor.elements, tensor.bytesEach]),
    layers.map((layer) => [layer.op, layer.macs, layer.tensors, layer.axes, layer.inputAxes]),
  ];
  return createHash('sha256').update(JSON.stringify(told)).digest('hex').slice(0, 32);
}
