import fc from 'fast-check';
import { Packr } from 'msgpackr';
import { expect, it } from 'vitest';
import type { Frame } from '../../../main/rpc/frame.ts';
import { Peer } from '../../../main/rpc/peer.ts';
import { packFrame, socketPort, unpackFrame } from '../../../main/rpc/socket-port.ts';

/** A server that answers `double`, and what it does with bytes as they come. */
function server() {
  const sent: Frame[] = [];
  let receive: (bytes: Uint8Array) => void = () => undefined;
  let malformed = 0;
  const port = socketPort({
    send: (bytes) => void sent.push(unpackFrame(bytes) as Frame),
    listen: (listener) => void (receive = listener),
  });
  const peer = new Peer(port, {
    serve: (method, params) => (method === 'double' ? 2 * Number(params) : Promise.reject(new Error('none'))),
    onMalformed: () => malformed++,
  });
  return { peer, sent, receive: (bytes: Uint8Array) => receive(bytes), malformed: () => malformed };
}

it('carries typed arrays with their values and types, and int64 as bigint', () => {
  const edges = Float64Array.of(0, 1e-3, 0.5);
  const cumulative = Uint32Array.of(0, 7, 4_000_000_000);
  const frame = { kind: 'result', id: 1, result: { edges, cumulative, big: 2n ** 60n } };
  expect(unpackFrame(packFrame(frame))).toEqual(frame);
});

it('writes frames that plain msgpack reads', () => {
  const frame = { kind: 'call', id: 3, method: 'fs.list', params: { path: '/data' } };
  expect(new Packr({ useRecords: false }).unpack(packFrame(frame))).toEqual(frame);
});

it('survives any bytes: they are frames or told as malformed, and calls are answered as before', async () => {
  const { receive, sent, malformed } = server();
  let received = 0;
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      received++;
      receive(bytes);
    }),
    { seed: 5, numRuns: 2000 },
  );
  expect(malformed()).toBe(received);
  receive(packFrame({ kind: 'call', id: 1, method: 'double', params: 21 }));
  await Promise.resolve();
  await Promise.resolve();
  expect(sent).toEqual([{ kind: 'result', id: 1, result: 42 }]);
});

it('survives frames with any content, answering calls that it serves and no others', async () => {
  const { receive, sent } = server();
  const frame = fc.record(
    {
      kind: fc.constantFrom('call', 'cancel', 'progress', 'result', 'error', 'event', 'job', null),
      id: fc.oneof(fc.integer(), fc.double(), fc.string(), fc.constant(null)),
      method: fc.oneof(fc.constantFrom('double', 'constructor', '__proto__', 'toString'), fc.integer()),
      params: fc.anything(),
      error: fc.anything(),
      event: fc.oneof(fc.string(), fc.integer()),
    },
    { requiredKeys: [] },
  );
  const calls = new Set<number>();
  fc.assert(
    fc.property(frame, (value) => {
      const { kind, id, method } = value;
      if (kind === 'call' && Number.isSafeInteger(id) && typeof method === 'string') calls.add(Number(id));
      receive(new Packr({ useRecords: false }).pack(value));
    }),
    { seed: 6, numRuns: 2000 },
  );
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
  expect(calls.size).toBeGreaterThan(10);
  expect(new Set(sent.map((answer) => ('id' in answer ? answer.id : null)))).toEqual(calls);
});

it('does not fall to answers that nobody asked for', async () => {
  const { peer, receive, sent } = server();
  const call = peer.call('ask' as never, null as never);
  const { id } = sent[0] as { id: number };
  receive(packFrame({ kind: 'result', id: id + 1, result: 'not mine' }));
  receive(packFrame({ kind: 'error', id: id + 2, error: { code: 'NOT_FOUND', message: 'not mine', hint: null } }));
  receive(packFrame({ kind: 'error', id, error: { code: 'MADE_UP', message: 'mine', hint: null } }));
  await expect(call).rejects.toMatchObject({ code: 'INTERNAL', message: 'mine' });
  receive(packFrame({ kind: 'result', id, result: 'too late' }));
});
