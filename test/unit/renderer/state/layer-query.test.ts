import { describe, expect, it } from 'vitest';
import { parseLayerQuery } from '../../../../renderer/state/layer-query.ts';
import { layerCase } from './layer-cases.ts';

const LAYERS = [
  layerCase({ name: '/layer1/0/conv1/Conv', op: 'Conv', shape: [1, 64, 56, 56], timeMs: 2, macs: 5e6, share: 0.5 }),
  layerCase({ name: '/layer1/0/relu/Relu', op: 'Relu', shape: [1, 64, 56, 56], timeMs: 0.0005, macs: 0, share: 0.01 }),
  layerCase({ name: '/layer2/0/conv1/Conv', op: 'Conv', shape: ['N', 128, 28, 28], dtype: 'int8', sparsity: 0.6 }),
  layerCase({ name: 'conv1', op: 'ConvTranspose', outputs: ['upsampled'], sqnrDb: 18, bytes: 3 * 2 ** 20 }),
];

function found(query: string): readonly string[] {
  return LAYERS.filter(parseLayerQuery(query)).map((layer) => layer.name);
}

describe('the search language', () => {
  it('finds everything with an empty query', () => {
    expect(found('  ')).toHaveLength(4);
  });

  it('takes spaces as AND and ignores case', () => {
    expect(found('CONV layer1')).toEqual(['/layer1/0/conv1/Conv']);
  });

  it('takes quotes as the exact name, operator or tensor', () => {
    expect(found('"conv1"')).toEqual(['conv1']);
    expect(found('"upsampled"')).toEqual(['conv1']);
    expect(found('"Relu"')).toEqual(['/layer1/0/relu/Relu']);
  });

  it('takes op: as the whole operator, with * for any text', () => {
    expect(found('op:conv')).toEqual(['/layer1/0/conv1/Conv', '/layer2/0/conv1/Conv']);
    expect(found('op:Conv*')).toHaveLength(3);
  });

  it('finds types, and dimensions one after the other', () => {
    expect(found('dtype:int8')).toEqual(['/layer2/0/conv1/Conv']);
    expect(found('shape:1x64')).toHaveLength(2);
    expect(found('shape:28x28')).toEqual(['/layer2/0/conv1/Conv']);
    expect(found('shape:64x28')).toEqual([]);
  });

  it.each([
    ['time>1ms', ['/layer1/0/conv1/Conv']],
    ['time<1us', ['/layer1/0/relu/Relu']],
    ['macs>=5M', ['/layer1/0/conv1/Conv']],
    ['share>5%', ['/layer1/0/conv1/Conv']],
    ['sparsity>50%', ['/layer2/0/conv1/Conv']],
    ['sqnr<20dB', ['conv1']],
    ['memory>=3MiB', ['conv1']],
  ])('compares measures with units: %s', (query, names) => {
    expect(found(query)).toEqual(names);
  });

  it('leaves out with a minus', () => {
    expect(found('layer1 -op:Relu')).toEqual(['/layer1/0/conv1/Conv']);
  });

  it('reads what it does not know as text, and never throws', () => {
    expect(found('foo:bar')).toEqual([]);
    for (const odd of ['"', 'op:(', 'time>', 'time>abc', '-', 'shape:', '[*', String.raw`\ `]) {
      expect(() => found(odd)).not.toThrow();
    }
  });
});
