import type { Layer, Layers } from './group-layers.ts';

export interface Neighbours {
  /** Who uses what a layer gives. */
  readonly users: ReadonlyMap<Layer, readonly Layer[]>;
  /** Who gives what a layer uses. */
  readonly makers: ReadonlyMap<Layer, readonly Layer[]>;
}

/** Who uses what a layer gives, and who gives what it uses, in the order of inputs; quantization pairs between are passed over. */
export function neighbours(layers: Layers): Neighbours {
  const users = new Map<Layer, Layer[]>();
  const makers = new Map<Layer, Layer[]>();
  const add = (map: Map<Layer, Layer[]>, key: Layer, value: Layer): void => {
    const list = map.get(key);
    if (list === undefined) map.set(key, [value]);
    else list.push(value);
  };
  for (const user of layers.all) {
    for (const value of user.main.node.inputs) {
      const maker = layers.source(value, user.main.graph).layer;
      if (maker === undefined || maker === user) continue;
      add(users, maker, user);
      add(makers, user, maker);
    }
  }
  return { users, makers };
}
