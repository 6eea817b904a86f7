import type { Model } from '../../main/engine/graph/ir.ts';
import { graph, type GraphBuilder } from './graph-builder.ts';

/** Expansion, channels, repetitions and stride of the stages. @see Sandler et al. 2018, table 2 */
const STAGES = [
  [1, 16, 1, 1],
  [6, 24, 2, 2],
  [6, 32, 3, 2],
  [6, 64, 4, 2],
  [6, 96, 3, 1],
  [6, 160, 3, 2],
  [6, 320, 1, 1],
] as const;

/** The topology of MobileNetV2 1.0 for 224 × 224 images, batch normalization folded, with random weights. */
export function mobileNetV2(): Model {
  const net = graph('mobilenet-v2').input('x', 'float32', ['batch', 3, 224, 224]);
  conv(net, { name: 'stem', inputs: 3, channels: 32, kernel: 3, stride: 2 });
  clip6(net);
  let inputs = 32;
  STAGES.forEach(([expansion, channels, repetitions, firstStride], stage) => {
    for (let block = 0; block < repetitions; block++) {
      const name = `stage${stage}.${block}`;
      const stride = block === 0 ? firstStride : 1;
      const before = net.current;
      const hidden = inputs * expansion;
      if (expansion > 1) {
        conv(net, { name: `${name}.expand`, inputs, channels: hidden, kernel: 1, stride: 1 });
        clip6(net);
      }
      conv(net, { name: `${name}.depthwise`, inputs: hidden, channels: hidden, kernel: 3, stride, group: hidden });
      clip6(net);
      conv(net, { name: `${name}.project`, inputs: hidden, channels, kernel: 1, stride: 1 });
      if (stride === 1 && inputs === channels) net.addTo(before);
      inputs = channels;
    }
  });
  conv(net, { name: 'last', inputs, channels: 1280, kernel: 1, stride: 1 });
  clip6(net);
  net.globalAveragePool().flatten().gemm({ inputs: 1280, outputs: 1000, name: 'fc' });
  return net.output(net.current, 'float32', ['batch', 1000]).build();
}

function conv(
  net: GraphBuilder,
  of: { name: string; inputs: number; channels: number; kernel: number; stride: number; group?: number },
): void {
  net.conv({ ...of, pad: (of.kernel - 1) / 2 });
}

function clip6(net: GraphBuilder): void {
  const [low, high] = [`${net.current}.low`, `${net.current}.high`];
  net.initializer(low, 'float32', [], [0]).initializer(high, 'float32', [], [6]);
  net.node('Clip', [net.current, low, high]);
}
