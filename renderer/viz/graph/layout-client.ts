import { placeContainer } from './place-container.ts';
import type { Direction } from './place-container.ts';
import { sceneOf } from './scene.ts';
import type { Scene } from './scene.ts';
import { itemsIn } from './visible-graph.ts';
import type { VisibleContainer } from './visible-graph.ts';

export interface LayoutRequest {
  readonly id: number;
  readonly container: VisibleContainer;
  readonly direction: Direction;
}

export type LayoutReply =
  { readonly id: number; readonly scene: Scene } | { readonly id: number; readonly error: string };

interface Pending {
  readonly id: number;
  readonly resolve: (scene: Scene) => void;
  readonly reject: (error: Error) => void;
}

/** Layouts kept in memory; about 1 MB each for a thousand nodes. */
const CACHE_SIZE = 24;

/** Up to so many items the layout takes less time (some 40 ms) than a worker's start and the copies there and back. */
const AT_ONCE = 2500;

/**
 * Lays graphs out and remembers how: small ones at once, large ones in a worker, where a new request gives up the one before,
 * whose promise then stays pending: its answer is of no use any more.
 */
export class LayoutClient {
  readonly #start: () => Worker;
  readonly #cache = new Map<string, Scene>();
  #worker: Worker | null = null;
  #pending: Pending | null = null;
  #nextId = 1;

  /** @param start makes the layout worker */
  constructor(start: () => Worker) {
    this.#start = start;
  }

  /**
   * @param key names the drawing: model, open groups, sizes, direction
   * @param make what to lay out; called only when the key is not remembered
   */
  async layout(key: string, direction: Direction, make: () => VisibleContainer): Promise<Scene> {
    if (this.#pending !== null) this.dispose();
    const known = this.#cache.get(key);
    if (known !== undefined) return known;
    const container = make();
    const scene =
      itemsIn(container) <= AT_ONCE
        ? sceneOf(placeContainer(container, direction))
        : await this.#ask(container, direction);
    this.#remember(key, scene);
    return scene;
  }

  #ask(container: VisibleContainer, direction: Direction): Promise<Scene> {
    const worker = this.#running();
    const id = this.#nextId++;
    return new Promise<Scene>((resolve, reject) => {
      this.#pending = { id, resolve, reject };
      worker.postMessage({ id, container, direction } satisfies LayoutRequest, []);
    });
  }

  /** Ends the worker; the next request starts another. */
  dispose(): void {
    this.#worker?.terminate();
    this.#worker = null;
    this.#pending = null;
  }

  #running(): Worker {
    if (this.#worker !== null) return this.#worker;
    const worker = this.#start();
    worker.addEventListener('message', (event: MessageEvent<LayoutReply>) => {
      const pending = this.#pending;
      if (pending?.id !== event.data.id) return;
      this.#pending = null;
      if ('scene' in event.data) pending.resolve(event.data.scene);
      else pending.reject(new Error(event.data.error));
    });
    worker.addEventListener('error', (event) => {
      const pending = this.#pending;
      this.dispose();
      pending?.reject(new Error(event.message));
    });
    this.#worker = worker;
    return worker;
  }

  #remember(key: string, scene: Scene): void {
    const oldest = this.#cache.size >= CACHE_SIZE ? this.#cache.keys().next().value : undefined;
    if (oldest !== undefined) this.#cache.delete(oldest);
    this.#cache.set(key, scene);
  }
}
