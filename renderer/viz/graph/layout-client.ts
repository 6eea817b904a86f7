import type { Direction, PlacedContainer } from './elk-layout.ts';
import { sceneOf } from './scene.ts';
import type { Scene } from './scene.ts';
import type { VisibleContainer } from './visible-graph.ts';

export interface LayoutRequest {
  readonly id: number;
  readonly container: VisibleContainer;
  readonly direction: Direction;
}

export type LayoutReply =
  { readonly id: number; readonly placed: PlacedContainer } | { readonly id: number; readonly error: string };

interface Pending {
  readonly id: number;
  readonly resolve: (placed: PlacedContainer) => void;
  readonly reject: (error: Error) => void;
}

/** Layouts kept in memory; about 1 MB each for a thousand nodes. */
const CACHE_SIZE = 24;

/**
 * Asks a worker for layouts and remembers them. A new request gives up the one before, whose promise then stays pending:
 * its answer is of no use any more.
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
    const known = this.#cache.get(key);
    if (known !== undefined) return known;
    if (this.#pending !== null) this.dispose();
    const worker = this.#running();
    const id = this.#nextId++;
    const placed = await new Promise<PlacedContainer>((resolve, reject) => {
      this.#pending = { id, resolve, reject };
      worker.postMessage({ id, container: make(), direction } satisfies LayoutRequest, []);
    });
    const scene = sceneOf(placed);
    this.#remember(key, scene);
    return scene;
  }

  /** Starts the worker ahead of the first request. */
  warm(): void {
    this.#running();
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
      if ('placed' in event.data) pending.resolve(event.data.placed);
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
