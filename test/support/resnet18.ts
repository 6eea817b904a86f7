import type { Model } from '../../main/engine/graph/ir.ts';
import { graph, type GraphBuilder } from './graph-builder.ts';

/**
 * The topology of ResNet-18 for 224 × 224 images, with random weights: as published, with batch normalization.
 * @see He et al. 2016, table 1
 */
export function resnet18(): Model {
  const net = graph('resnet18').input('x', 'float32', ['batch', 3, 224, 224]);
  convBn(net, { name: 'stem', from: 'x', inputs: 3, channels: 64, kernel: 7, stride: 2 });
  net.relu();
  net.node('MaxPool', [net.current], { kernel_shape: [3n, 3n], strides: [2n, 2n], pads: [1n, 1n, 1n, 1n] });
  let inputs = 64;
  for (const [stage, channels] of [64, 128, 256, 512].entries()) {
    for (const block of [0, 1]) {
      const name = `layer${stage + 1}.${block}`;
      const stride = block === 0 && stage > 0 ? 2 : 1;
      const before = net.current;
      convBn(net, { name: `${name}.conv1`, from: before, inputs, channels, kernel: 3, stride });
      net.relu();
      const [inner] = [net.current];
      convBn(net, { name: `${name}.conv2`, from: inner, inputs: channels, channels, kernel: 3, stride: 1 });
      const residual = net.current;
      let shortcut = before;
      if (stride === 2) {
        convBn(net, { name: `${name}.downsample`, from: before, inputs, channels, kernel: 1, stride });
        shortcut = net.current;
      }
      net.from(residual).addTo(shortcut).relu();
      inputs = channels;
    }
  }
  net.globalAveragePool().flatten().gemm({ inputs: 512, outputs: 1000, name: 'fc' });
  return net.output(net.current, 'float32', ['batch', 1000]).build();
}

function convBn(
  net: GraphBuilder,
  of: { name: string; from: string; inputs: number; channels: number; kernel: number; stride: number },
): void {
  const { name, from, inputs, channels, kernel, stride } = of;
  net.conv({ name, from, inputs, channels, kernel, stride, pad: (kernel - 1) / 2, bias: false });
  const vectors = ['scale', 'shift', 'mean', 'var'].map((vector) => `${name}.bn.${vector}`);
  for (const vector of vectors.slice(0, 3)) net.weights(vector, [channels]);
  net.initializer(vectors[3]!, 'float32', [channels], new Float32Array(channels).fill(1));
  net.node('BatchNormalization', [net.current, ...vectors], {}, [`${name}.bn.out`], { name: `${name}.bn` });
}
