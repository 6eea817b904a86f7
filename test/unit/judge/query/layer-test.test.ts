import { describe, expect, it } from 'vitest';
import { compileQuery } from '../../../../main/judge/query/layer-test.ts';
import { queriedCase } from './queried-case.ts';

const LAYERS = [
  queriedCase({
    name: '/layer1/0/conv1/Conv',
    op: 'Conv',
    shape: [1, 64, 56, 56],
    timeMs: 2,
    macs: 5e6,
    share: 0.5,
    inputs: ['image'],
    outputs: ['a'],
  }),
  queriedCase({
    name: '/layer1/0/relu/Relu',
    op: 'Relu',
    shape: [1, 64, 56, 56],
    timeMs: 0.0005,
    macs: 0,
    share: 0.01,
    inputs: ['a'],
    outputs: ['b'],
  }),
  queriedCase({
    name: '/layer2/0/conv1/Conv',
    op: 'Conv',
    shape: ['N', 128, 28, 28],
    dtype: 'int8',
    sparsity: 0.6,
    inputs: ['b'],
    outputs: ['c'],
  }),
  queriedCase({
    name: 'conv1',
    op: 'ConvTranspose',
    outputs: ['upsampled'],
    sqnrDb: 18,
    bytes: 3 * 2 ** 20,
    inputs: ['a'],
  }),
];

const ATTRIBUTES: Readonly<Record<string, readonly { readonly name: string; readonly text: string }[]>> = {
  '/layer1/0/conv1/Conv': [
    { name: 'kernel_shape', text: '[3, 3]' },
    { name: 'group', text: '64' },
  ],
  '/layer2/0/conv1/Conv': [
    { name: 'kernel_shape', text: '[1, 3]' },
    { name: 'auto_pad', text: 'SAME_UPPER' },
  ],
};
const AROUND = { layers: LAYERS, attributes: (layer: string) => ATTRIBUTES[layer] ?? [] };

function found(query: string): readonly string[] {
  return LAYERS.filter(compileQuery(query, AROUND).test).map((layer) => layer.name);
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
    for (const odd of [
      '(',
      ')',
      '|',
      '((',
      '-(',
      '@',
      '@=',
      'a | | b',
      'time:top',
      'after:',
      '-|',
      '"',
      'op:(',
      'time>',
      'time>abc',
      '-',
      'shape:',
      '[*',
      String.raw`\ `,
    ]) {
      expect(() => found(odd)).not.toThrow();
    }
  });

  it('takes | as OR, weaker than a space, and brackets', () => {
    expect(found('op:Relu | dtype:int8')).toEqual(['/layer1/0/relu/Relu', '/layer2/0/conv1/Conv']);
    expect(found('layer1 op:Relu | dtype:int8')).toEqual(['/layer1/0/relu/Relu', '/layer2/0/conv1/Conv']);
    expect(found('layer1 (op:Relu | dtype:int8)')).toEqual(['/layer1/0/relu/Relu']);
    expect(found('-(op:Conv | op:Relu)')).toEqual(['conv1']);
  });

  it('asks for attributes: there at all, their value, compared', () => {
    expect(found('@kernel_shape')).toEqual(['/layer1/0/conv1/Conv', '/layer2/0/conv1/Conv']);
    expect(found('@kernel_shape:3x3')).toEqual(['/layer1/0/conv1/Conv']);
    expect(found('@kernel_shape:*x3')).toHaveLength(2);
    expect(found('@group>1')).toEqual(['/layer1/0/conv1/Conv']);
    expect(found('@auto_pad:same*')).toEqual(['/layer2/0/conv1/Conv']);
    expect(compileQuery('@group>1', { layers: LAYERS, attributes: null }).problems).toHaveLength(1);
  });

  it('finds the greatest and the smallest, equal ones among them', () => {
    expect(found('time:top1')).toEqual(['/layer1/0/conv1/Conv']);
    expect(found('time:bottom1')).toEqual(['/layer1/0/relu/Relu']);
    expect(found('time:top9')).toHaveLength(2);
    expect(found('params:top1')).toHaveLength(4);
  });

  it('walks along the graph', () => {
    expect(found('after:layer1/0/conv1')).toEqual(['/layer1/0/relu/Relu', '/layer2/0/conv1/Conv', 'conv1']);
    expect(found('before:/layer2/0/conv1/Conv')).toEqual(['/layer1/0/conv1/Conv', '/layer1/0/relu/Relu']);
    expect(found('after:nothing')).toEqual([]);
  });

  it.each([
    ['is:frozen is:nonsense', 10, 'No state “nonsense”'],
    ['conv time>abc', 5, '“abc” is no amount'],
    ['(conv', 0, 'This bracket is not closed.'],
    ['conv)', 4, 'No bracket was opened here.'],
    ['foo:bar', 0, 'No field “foo”'],
    ['after:nothing', 0, 'No layer is called “nothing”.'],
  ])('tells what is not understood, and where: %s', (query, start, message) => {
    const [problem] = compileQuery(query, AROUND).problems;
    expect(problem?.start).toBe(start);
    expect(problem?.message).toContain(message);
  });

  it('asks for nothing while a term is being written', () => {
    expect(found('op: time> after:')).toHaveLength(4);
  });
});
