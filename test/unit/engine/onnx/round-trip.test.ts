import { describe, expect, it } from 'vitest';
import type { Model } from '../../../../main/engine/graph/ir.ts';
import { makeModel, makeRawTensor, makeTensor } from '../../../../main/engine/graph/make.ts';
import { tensorValues } from '../../../../main/engine/graph/tensor-data.ts';
import { encodeModel, encodeModelBytes } from '../../../../main/engine/onnx/encode-model.ts';
import { parseModel } from '../../../../main/engine/onnx/parse.ts';
import { graph } from '../../../support/graph-builder.ts';
import { SAMPLE_GRAPHS, smallCnn } from '../../../support/sample-graphs.ts';
import { floatBytes, message, tag, text, varint } from '../../../support/wire.ts';

function roundTrip(model: Model): Model {
  return parseModel(encodeModelBytes(model), '');
}

/** A model file around the bytes of a GraphProto. */
function fileOf(graphBytes: Uint8Array, ...rest: Uint8Array[]): Uint8Array {
  return Buffer.concat([message(7, graphBytes), ...rest]);
}

const tensorFile = (...fields: Uint8Array[]): Uint8Array => fileOf(message(5, Buffer.concat(fields)));
const firstTensor = (bytes: Uint8Array) => parseModel(bytes, '').graph.initializers[0]!;

describe('write → read', () => {
  it.each(Object.keys(SAMPLE_GRAPHS) as (keyof typeof SAMPLE_GRAPHS)[])('gives back %s as it was', (name) => {
    const model = SAMPLE_GRAPHS[name]();
    expect(roundTrip(model)).toEqual(model);
  });

  it('passes large weights on as the same memory', () => {
    const values = new Float32Array(10_000);
    const model = graph()
      .input('x')
      .tensor(makeTensor('w', 'float32', [10_000], values))
      .addTo('w')
      .output()
      .build();
    expect(encodeModel(model).some((piece) => piece.buffer === values.buffer)).toBe(true);
  });

  it('reads weights as views on the file', () => {
    const bytes = encodeModelBytes(smallCnn());
    const { storage } = parseModel(bytes, '').graph.initializers[0]!;
    expect(storage.kind === 'raw' && storage.bytes.buffer === bytes.buffer).toBe(true);
  });

  it('keeps texts that are no UTF-8', () => {
    const latin1 = Uint8Array.of(0x47, 0xfc, 0x6e, 0x80);
    const bytes = fileOf(Buffer.concat([tag(10, 2), varint(latin1.length), latin1]));
    expect(encodeModelBytes(parseModel(bytes, ''))).toEqual(
      new Uint8Array(Buffer.concat([tag(1, 0), varint(0), bytes])),
    );
  });
});

describe('unknown fields', () => {
  const unknown = Buffer.concat([
    tag(200, 0),
    varint(5),
    tag(201, 2),
    varint(2),
    Buffer.from('hi'),
    tag(202, 5),
    floatBytes(1),
  ]);
  const place: Readonly<Record<string, (u: Uint8Array) => Uint8Array>> = {
    ModelProto: (u) => fileOf(new Uint8Array(), u),
    GraphProto: (u) => fileOf(u),
    NodeProto: (u) => fileOf(message(1, u)),
    AttributeProto: (u) => fileOf(message(1, message(5, Buffer.concat([text(1, 'a'), tag(20, 0), varint(2), u])))),
    TensorProto: (u) => tensorFile(tag(2, 0), varint(1), u),
    ValueInfoProto: (u) => fileOf(message(11, u)),
    TypeProto: (u) => fileOf(message(11, message(2, u))),
    'TypeProto.Tensor': (u) => fileOf(message(11, message(2, message(1, u)))),
    'TypeProto.Sequence': (u) => fileOf(message(11, message(2, message(4, u)))),
    'TypeProto.Map': (u) => fileOf(message(11, message(2, message(5, u)))),
    TensorShapeProto: (u) => fileOf(message(11, message(2, message(1, message(2, u))))),
    Dimension: (u) => fileOf(message(11, message(2, message(1, message(2, message(1, u)))))),
    StringStringEntryProto: (u) => fileOf(message(16, Buffer.concat([text(1, 'k'), text(2, 'v'), u]))),
    OperatorSetIdProto: (u) => fileOf(new Uint8Array(), message(8, Buffer.concat([tag(2, 0), varint(17), u]))),
    FunctionProto: (u) => fileOf(new Uint8Array(), message(25, u)),
  };

  it.each(Object.keys(place))('in %s are written back as they came', (name) => {
    const written = Buffer.from(encodeModelBytes(parseModel(place[name]!(unknown), '')));
    expect(written.includes(unknown)).toBe(true);
  });

  it('carry device configurations of models and nodes', () => {
    const configuration = message(26, text(1, 'two gpus'));
    const node = message(1, message(10, text(1, 'two gpus')));
    const written = Buffer.from(encodeModelBytes(parseModel(fileOf(node, configuration), '')));
    expect(written.includes(configuration)).toBe(true);
    expect(written.includes(message(10, text(1, 'two gpus')))).toBe(true);
  });

  it('include values of another type than the attribute says', () => {
    const stray = Buffer.concat([tag(2, 5), floatBytes(0.5)]);
    const attribute = Buffer.concat([text(1, 'a'), stray, tag(20, 0), varint(2)]);
    const model = parseModel(fileOf(message(1, message(5, attribute))), '');
    expect(model.graph.nodes[0]!.attributes[0]).toMatchObject({ type: 'int', value: 0n });
    expect(Buffer.from(encodeModelBytes(model)).includes(stray)).toBe(true);
  });
});

describe('what writers may do differently', () => {
  it('reads numbers packed and one by one', () => {
    const head = Buffer.concat([tag(1, 0), varint(2), tag(2, 0), varint(1)]);
    const packed = tensorFile(head, message(4, Buffer.concat([floatBytes(1), floatBytes(2)])));
    const single = tensorFile(head, tag(4, 5), floatBytes(1), tag(4, 5), floatBytes(2));
    expect([...tensorValues(firstTensor(packed))]).toEqual([1, 2]);
    expect(firstTensor(single)).toEqual(firstTensor(packed));
  });

  it('reads packed dimensions and attribute integers', () => {
    const dims = message(1, Buffer.concat([varint(2), varint(300)]));
    expect(firstTensor(tensorFile(dims, tag(2, 0), varint(3))).dims).toEqual([2, 300]);
    const ints = Buffer.concat([
      text(1, 'a'),
      message(8, Buffer.concat([varint(1), varint(2)])),
      tag(20, 0),
      varint(7),
    ]);
    const [attribute] = parseModel(fileOf(message(1, message(5, ints))), '').graph.nodes[0]!.attributes;
    expect(attribute).toMatchObject({ type: 'ints', value: [1n, 2n] });
  });

  it('merges a message that comes in two parts', () => {
    const bytes = Buffer.concat([message(7, text(2, 'name')), message(7, message(1, text(4, 'Relu')))]);
    const { name, nodes } = parseModel(bytes, '').graph;
    expect([name, nodes[0]!.opType]).toEqual(['name', 'Relu']);
  });

  it('tells the type of an attribute by its value where IR version 1 says none', () => {
    const attribute = Buffer.concat([text(1, 'a'), tag(3, 0), varint(4)]);
    const [read] = parseModel(fileOf(message(1, message(5, attribute))), '').graph.nodes[0]!.attributes;
    expect(read).toMatchObject({ type: 'int', value: 4n });
  });

  it('keeps an attribute type that it does not know', () => {
    const attribute = Buffer.concat([text(1, 'a'), tag(20, 0), varint(77), tag(90, 0), varint(1)]);
    const model = parseModel(fileOf(message(1, message(5, attribute))), '');
    expect(roundTrip(model)).toEqual(model);
    expect(Buffer.from(encodeModelBytes(model)).includes(Buffer.concat([tag(20, 0), varint(77)]))).toBe(true);
  });

  it('decodes int32_data for the small types only when asked', () => {
    const minusOne = Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]);
    const tensor = firstTensor(
      tensorFile(tag(1, 0), varint(2), tag(2, 0), varint(3), message(5, Buffer.concat([minusOne, varint(5)]))),
    );
    expect(tensor.storage.kind).toBe('field');
    expect([...tensorValues(tensor)]).toEqual([-1, 5]);
  });

  it('reads float16 bits and 4-bit pairs from int32_data', () => {
    const half = firstTensor(tensorFile(tag(1, 0), varint(1), tag(2, 0), varint(10), message(5, varint(0x3e00))));
    expect([...tensorValues(half)]).toEqual([1.5]);
    const fours = firstTensor(
      tensorFile(tag(1, 0), varint(3), tag(2, 0), varint(22), message(5, Buffer.concat([varint(0x2f), varint(0x07)]))),
    );
    expect([...tensorValues(fours)]).toEqual([-1, 2, 7]);
  });
});

describe('models that refuse their values', () => {
  it('when the bytes do not fit the dimensions', () => {
    expect(() => tensorValues(makeRawTensor('w', 'float32', [3, 3], new Uint8Array(10)))).toThrow(
      /holds 10 bytes.*need 36/,
    );
  });

  it('when the dimensions are absurd, without allocating for them', () => {
    const huge = makeRawTensor('w', 'float32', [2 ** 40, 2 ** 40], new Uint8Array(4));
    expect(() => tensorValues(huge)).toThrow(expect.objectContaining({ code: 'ONNX_INVALID' }));
    const large = makeRawTensor('w', 'float32', [2 ** 45], new Uint8Array(4));
    expect(() => tensorValues(large)).toThrow(expect.objectContaining({ code: 'ONNX_INVALID' }));
    const negative = makeRawTensor('w', 'float32', [-1], new Uint8Array(4));
    expect(() => tensorValues(negative)).toThrow(expect.objectContaining({ code: 'ONNX_INVALID' }));
  });

  it('keeps an empty graph apart from no graph', () => {
    expect(parseModel(fileOf(new Uint8Array()), '').graph.nodes).toEqual([]);
    expect(() => parseModel(encodeModelBytes(makeModel(smallCnn().graph)).slice(0, 2), '')).toThrow(
      expect.objectContaining({ code: 'NOT_ONNX' }),
    );
  });
});
