import type { DrawnPart, FoundById } from './draw-scene.ts';
import { FarPicture } from './far-picture.ts';
import type { Rect, Scene, SceneBox, SceneEdge, SceneFrame } from './scene.ts';
import { SpatialIndex } from './spatial-index.ts';

/** Height of a frame's title, scene units. */
const FRAME_HEAD = 26;

/** What is under the pointer: a box, or an open group's frame. */
export interface GraphHit {
  readonly id: string;
  readonly kind: 'layer' | 'group' | 'input' | 'output' | 'frame';
}

/** A scene in which everything is found quickly: by place, by id, and as arrays for looks from afar. */
export class FoundScene implements FoundById {
  readonly scene: Scene;
  readonly far: FarPicture;
  readonly #boxIndex: SpatialIndex<SceneBox>;
  readonly #edgeIndex: SpatialIndex<SceneEdge>;
  readonly #frameIndex: SpatialIndex<SceneFrame>;
  readonly #boxById: ReadonlyMap<string, SceneBox>;
  readonly #frameById: ReadonlyMap<string, SceneFrame>;

  constructor(scene: Scene) {
    this.scene = scene;
    this.far = new FarPicture(scene);
    this.#boxIndex = new SpatialIndex(scene.boxes, (box) => box);
    this.#edgeIndex = new SpatialIndex(scene.edges, (edge) => edge.bounds);
    this.#frameIndex = new SpatialIndex(scene.frames, (frame) => frame);
    this.#boxById = new Map(scene.boxes.map((box) => [box.box.id, box]));
    this.#frameById = new Map(scene.frames.map((frame) => [frame.id, frame]));
  }

  readonly box = (id: string): SceneBox | undefined => this.#boxById.get(id);
  readonly frame = (id: string): SceneFrame | undefined => this.#frameById.get(id);

  /** The place of a box or frame. */
  rect(id: string): Rect | undefined {
    return this.box(id) ?? this.frame(id);
  }

  /** All of it. */
  get whole(): Rect {
    return { x: 0, y: 0, width: this.scene.width, height: this.scene.height };
  }

  /** What touches a rectangle. */
  partIn(rect: Rect): DrawnPart {
    return {
      frames: this.#frameIndex.search(rect),
      edges: this.#edgeIndex.search(rect),
      boxes: this.#boxIndex.search(rect),
    };
  }

  /** What is at a point. */
  hit(x: number, y: number): GraphHit | null {
    const box = this.#boxIndex.at(x, y);
    if (box !== undefined) return { id: box.box.id, kind: box.box.kind };
    for (const frame of this.#frameIndex.search({ x, y, width: 0, height: 0 }).toReversed()) {
      // Only the title takes clicks: the rest of a frame is background.
      if (y <= frame.y + FRAME_HEAD) return { id: frame.id, kind: 'frame' };
    }
    return null;
  }

  /** The layer or folded group nearest to the middle of a rectangle; null: none is in it. */
  middleOf(seen: Rect): string | null {
    const [x, y] = [seen.x + seen.width / 2, seen.y + seen.height / 2];
    let best: SceneBox | null = null;
    let least = Infinity;
    for (const box of this.#boxIndex.search(seen)) {
      if (box.box.kind !== 'layer' && box.box.kind !== 'group') continue;
      const distance = Math.hypot(box.x + box.width / 2 - x, box.y + box.height / 2 - y);
      if (distance < least) [best, least] = [box, distance];
    }
    return best?.box.id ?? null;
  }
}
