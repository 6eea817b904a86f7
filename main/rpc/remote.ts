import type { Peer } from './peer.ts';
import { noMethod, type Serve } from './serve.ts';

/** The methods of an object at the other end, each giving a promise. */
export type Remote<T> = {
  readonly [
    K in keyof T as K extends string ? (T[K] extends (...values: never) => unknown ? K : never) : never
  ]: T[K] extends (...values: infer P) => infer R ? (...values: P) => Promise<Awaited<R>> : never;
};

/** One call for each method, named alike; its parameters are the method's, as a list. */
export type MethodCalls = Record<string, { params: readonly unknown[]; result: unknown }>;

/** Serves the public methods of an object of a class. */
export function serveObject(object: object): Serve {
  const methods = Object.getPrototypeOf(object) as object;
  return (method, params) => {
    const member: unknown = Object.hasOwn(methods, method) ? Reflect.get(methods, method) : undefined;
    if (typeof member !== 'function' || method === 'constructor') throw noMethod(method);
    return Reflect.apply(member, object, params as readonly unknown[]);
  };
}

/**
 * The object that the other end serves with `serveObject`: every method is a call.
 * @param own members that are answered here
 */
export function remoteObject<T extends object>(peer: Pick<Peer<MethodCalls>, 'call'>, own: Partial<T> = {}): T {
  return new Proxy(own as T, {
    get: (target, name) => {
      if (Object.hasOwn(target, name)) return Reflect.get(target, name) as unknown;
      // An object that has a `then` is taken for a promise by `await`.
      if (typeof name !== 'string' || name === 'then') return undefined;
      return (...values: readonly unknown[]) => peer.call(name, values);
    },
  });
}
