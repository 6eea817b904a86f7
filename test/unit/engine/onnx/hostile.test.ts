import { describe, expect, it } from 'vitest';
import { validateModel } from '../../../../main/engine/graph/validate.ts';
import { encodeModelBytes } from '../../../../main/engine/onnx/encode-model.ts';
import { parseModel } from '../../../../main/engine/onnx/parse.ts';
import { message, tag, text, varint } from '../../../support/wire.ts';

const refusedAs = (code: string) => expect.objectContaining({ code });

const node = (i: number): Buffer =>
  message(1, Buffer.concat([text(1, `v${i}`), text(2, `v${i + 1}`), text(4, 'Relu')]));

describe('hostile files', () => {
  it('are refused when graphs are nested too deep', () => {
    let inner: Buffer = Buffer.alloc(0);
    for (let depth = 0; depth < 500; depth++) inner = message(1, message(5, message(6, inner)));
    expect(() => parseModel(message(7, inner), '')).toThrow(/nested more than 100 deep/);
  });

  it('are refused when types are nested too deep', () => {
    let inner: Buffer = Buffer.alloc(0);
    for (let depth = 0; depth < 500; depth++) inner = message(4, message(1, inner));
    expect(() => parseModel(message(7, message(11, message(2, inner))), '')).toThrow(/nested more than 100 deep/);
  });

  it('are refused when they hold too many messages for their size', () => {
    const emptyNodes = Buffer.alloc(8_000_000);
    for (let i = 0; i < emptyNodes.length; i += 2) emptyNodes[i] = 0x0a;
    expect(() => parseModel(message(7, emptyNodes), '')).toThrow(refusedAs('ONNX_INVALID'));
  });

  it('open in linear time when a message is repeated', () => {
    const empty = message(7, Buffer.alloc(0));
    expect(parseModel(Buffer.concat(Array.from({ length: 200_000 }, () => empty)), '').graph.nodes).toEqual([]);
  });

  it('do not fool the reader with groups that never end', () => {
    expect(() => parseModel(Buffer.alloc(100_000, 0x0b), '')).toThrow(refusedAs('ONNX_TRUNCATED'));
  });

  it('are truncated when the file ends early, and invalid when a message does', () => {
    const whole = message(7, message(1, text(4, 'Relu')));
    expect(() => parseModel(whole.subarray(0, whole.length - 1), '')).toThrow(refusedAs('ONNX_TRUNCATED'));
    const inside = message(7, Buffer.concat([tag(1, 2), varint(100), Buffer.from('short')]));
    expect(() => parseModel(inside, '')).toThrow(refusedAs('ONNX_INVALID'));
  });

  it('are refused for lengths beyond any file', () => {
    const endless = Buffer.concat([tag(7, 2), Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f])]);
    expect(() => parseModel(endless, '')).toThrow(refusedAs('ONNX_TRUNCATED'));
  });

  it('are refused for numbers of more than 10 bytes and for dimensions beyond 2^53', () => {
    expect(() => parseModel(Buffer.concat([tag(1, 0), Buffer.alloc(11, 0xff)]), '')).toThrow(refusedAs('ONNX_INVALID'));
    const huge = Buffer.concat([tag(1, 0), Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f])]);
    expect(() => parseModel(message(7, message(5, huge)), '')).toThrow(refusedAs('ONNX_INVALID'));
  });

  it('are refused for element types that do not exist', () => {
    expect(() => parseModel(message(7, message(5, Buffer.concat([tag(2, 0), varint(99)]))), '')).toThrow(
      refusedAs('UNSUPPORTED'),
    );
  });

  it('may be chains of 50,000 layers, in either order, without overflowing the stack', () => {
    const chain = Array.from({ length: 50_000 }, (_, i) => node(i));
    for (const nodes of [chain, chain.toReversed()]) {
      const model = parseModel(message(7, Buffer.concat(nodes)), '');
      const codes = new Set(validateModel(model).map((problem) => problem.code));
      expect(codes.has('CYCLE')).toBe(false);
      expect(codes.has('NOT_TOPOLOGICAL')).toBe(nodes !== chain);
      expect(encodeModelBytes(model).length).toBeGreaterThan(0);
    }
  });
});
