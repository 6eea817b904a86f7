import { expect, it } from 'vitest';
import { Peer } from '../../../main/rpc/peer.ts';
import { memoryPair } from '../../../main/rpc/port.ts';
import { remoteObject, serveObject, type MethodCalls, type Remote } from '../../../main/rpc/remote.ts';

class Shelf {
  readonly #things = new Map<string, number>();
  put(name: string, count: number): void {
    this.#things.set(name, count);
  }
  count(name: string): number {
    const count = this.#things.get(name);
    if (count === undefined) throw new Error(`no ${name}`);
    return count;
  }
}

function remoteShelf() {
  const [a, b] = memoryPair();
  const peer = new Peer<MethodCalls>(a);
  const server = new Peer(b, { serve: serveObject(new Shelf()) });
  return { peer, server, shelf: remoteObject<Remote<Shelf>>(peer) };
}

it('calls the methods of an object at the other end, in order', async () => {
  const { shelf } = remoteShelf();
  void shelf.put('jade', 2);
  void shelf.put('jade', 3);
  expect(await shelf.count('jade')).toBe(3);
  await expect(shelf.count('opal')).rejects.toThrow('no opal');
});

it('reaches the methods of the class and nothing else', async () => {
  const { peer } = remoteShelf();
  for (const name of ['constructor', 'toString', '__proto__', 'things']) {
    await expect(peer.call(name, [])).rejects.toMatchObject({ code: 'USAGE' });
  }
});

it('can be awaited itself', async () => {
  const { shelf } = remoteShelf();
  expect(await Promise.resolve(shelf)).toBe(shelf);
});
