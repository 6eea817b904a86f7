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
  #busy = false;
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
    if (this.#busy) this.dispose();
    this.#worker ??= this.#start();
    const worker = this.#worker;
    const id = this.#nextId++;
    this.#busy = true;
    const placed = await new Promise<PlacedContainer>((resolve, reject) => {
      worker.onmessage = (event: MessageEvent<LayoutReply>) => {
        if (event.data.id !== id) return;
        this.#busy = false;
        if ('placed' in event.data) resolve(event.data.placed);
        else reject(new Error(event.data.error));
      };
      worker.onerror = (event) => {
        this.dispose();
        reject(new Error(event.message));
      };
      worker.postMessage({ id, container: make(), direction } satisfies LayoutRequest);
    });
    const scene = sceneOf(placed);
    this.#remember(key, scene);
    return scene;
  }

  /** Ends the worker; the next request starts another. */
  dispose(): void {
    this.#worker?.terminate();
    this.#worker = null;
    this.#busy = false;
  }

  #remember(key: string, scene: Scene): void {
    const oldest = this.#cache.size >= CACHE_SIZE ? this.#cache.keys().next().value : undefined;
    if (oldest !== undefined) this.#cache.delete(oldest);
    this.#cache.set(key, scene);
  }
}
