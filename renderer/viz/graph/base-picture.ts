import { FAR_SCALE } from './draw-far.ts';
import { drawEdge } from './draw.ts';
import type { DrawState } from './draw.ts';
import { drawScene } from './draw-scene.ts';
import type { Pixels, PixelPlace } from './far-picture.ts';
import type { FoundScene } from './found-scene.ts';
import type { Motion } from './motion.ts';
import type { Rect } from './scene.ts';

/** What is drawn, and where. */
export interface BaseOrder {
  readonly scene: FoundScene;
  /** What of it is seen. */
  readonly seen: Rect;
  readonly place: PixelPlace;
  readonly state: DrawState;
  /** The way to this scene from another one, and how far it has come; null: it stands. */
  readonly moving: { readonly motion: Motion; readonly t: number } | null;
}

/**
 * Draws a scene without what is marked in it, and keeps the picture where only the marks change: the pointer then costs what the
 * marks do, not what the graph does.
 */
export class BasePicture {
  #kept: HTMLCanvasElement | null = null;
  #isKept = false;
  #image: ImageData | null = null;
  #pixels: Pixels = { data: new Uint32Array(), width: 0, height: 0 };

  /** Everything is drawn anew, to be called when anything but the marks has changed. */
  drawNew(context: CanvasRenderingContext2D, order: BaseOrder): void {
    this.#isKept = false;
    this.#draw(context, order);
  }

  /** The same as before, for other marks on it. */
  drawAgain(context: CanvasRenderingContext2D, order: BaseOrder): void {
    const { width, height } = context.canvas;
    const kept = (this.#kept ??= document.createElement('canvas'));
    if (!this.#isKept) {
      kept.width = width;
      kept.height = height;
      const own = kept.getContext('2d', { alpha: false });
      if (own === null) return this.drawNew(context, order);
      this.#draw(own, order);
      this.#isKept = true;
    }
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.drawImage(kept, 0, 0);
    place(context, order.place);
  }

  #draw(context: CanvasRenderingContext2D, { scene, seen, place: at, state, moving }: BaseOrder): void {
    if (state.scale < FAR_SCALE) {
      const { width, height } = context.canvas;
      const pixels = this.#pixelsOf(width, height);
      scene.far.paint(pixels, at, state, moving === null ? null : { from: moving.motion.farFrom, t: moving.t });
      context.putImageData(this.#image!, 0, 0);
      place(context, at);
      if (state.looks === null || moving !== null) return;
      for (const edge of scene.partIn(seen).edges) {
        if (state.looks.has(edge.value)) drawEdge(context, edge, state, null);
      }
      return;
    }
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.fillStyle = state.palette.background;
    context.fillRect(0, 0, context.canvas.width, context.canvas.height);
    place(context, at);
    if (moving === null) drawScene(context, scene.partIn(seen), state);
    else moving.motion.draw(context, moving.t, state);
  }

  #pixelsOf(width: number, height: number): Pixels {
    if (this.#image === null || this.#image.width !== width || this.#image.height !== height) {
      this.#image = new ImageData(width, height);
      this.#pixels = { data: new Uint32Array(this.#image.data.buffer), width, height };
    }
    return this.#pixels;
  }
}

/** Scene coordinates for what is drawn next. */
function place(context: CanvasRenderingContext2D, { scale, left, top }: PixelPlace): void {
  context.setTransform(scale, 0, 0, scale, left, top);
}
