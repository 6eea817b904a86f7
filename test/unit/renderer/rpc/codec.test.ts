import { Packr } from 'msgpackr';
import { expect, it } from 'vitest';
import { decodeFrame, encodeFrame } from '../../../../renderer/rpc/codec.ts';

it('reads typed arrays of the engine with their values and types', () => {
  const edges = Float64Array.of(0, 1e-3, 0.5);
  const cumulative = Uint32Array.of(0, 7, 4_000_000_000);
  const engine = new Packr({ useRecords: false, moreTypes: true, int64AsType: 'bigint' });
  const frame = decodeFrame(engine.pack({ kind: 'result', id: 1, result: { edges, cumulative } }));
  expect(frame).toEqual({ kind: 'result', id: 1, result: { edges, cumulative } });
});

it('writes frames that plain msgpack reads', () => {
  const bytes = encodeFrame({ kind: 'call', id: 3, method: 'fs.list', params: { path: '/data' } });
  const read: unknown = new Packr({ useRecords: false }).unpack(bytes);
  expect(read).toEqual({ kind: 'call', id: 3, method: 'fs.list', params: { path: '/data' } });
});
