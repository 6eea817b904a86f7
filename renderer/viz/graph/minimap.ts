import { CATEGORY_COLORS } from '../operator-colors.ts';
import type { GraphPalette } from './palette.ts';
import { LIGHT_PALETTE } from './palette.ts';
import { EMPTY_SCENE } from './scene.ts';
import type { Rect, Scene } from './scene.ts';

/** Largest size on screen, and the least of the shorter side: a long chain is drawn wider than it is. */
const LARGEST = { width: 150, height: 200 };
const SHORTEST = 34;
const MARGIN = 4;

/** How a scene is drawn in little. */
export interface MinimapScale {
  /** CSS pixels of the whole. */
  readonly width: number;
  readonly height: number;
  /** Pixels for a scene unit. */
  readonly x: number;
  readonly y: number;
}

/** The scale of a scene's map: as large as fits, its shorter side stretched where it would be a line. */
export function minimapScale({ width, height }: Pick<Scene, 'width' | 'height'>): MinimapScale {
  const inner = { width: LARGEST.width - 2 * MARGIN, height: LARGEST.height - 2 * MARGIN };
  const scale = Math.min(inner.width / Math.max(1, width), inner.height / Math.max(1, height));
  const drawn = { width: Math.max(SHORTEST, width * scale), height: Math.max(SHORTEST, height * scale) };
  return {
    width: drawn.width + 2 * MARGIN,
    height: drawn.height + 2 * MARGIN,
    x: drawn.width / Math.max(1, width),
    y: drawn.height / Math.max(1, height),
  };
}

/** Whether all of a scene is seen: a map of it then tells nothing. */
export function isAllSeen({ x, y, width, height }: Rect, scene: Pick<Scene, 'width' | 'height'>): boolean {
  return x <= 0 && y <= 0 && x + width >= scene.width && y + height >= scene.height;
}

/** A map of the whole graph with what is seen of it; pressed or dragged, it moves there. Hidden while all is seen. */
export class Minimap {
  readonly #canvas: HTMLCanvasElement;
  readonly #picture = document.createElement('canvas');
  readonly #onMove: (x: number, y: number) => void;
  #scene: Scene = EMPTY_SCENE;
  #palette: GraphPalette = LIGHT_PALETTE;
  #seen: Rect = { x: 0, y: 0, width: 0, height: 0 };
  #scale = minimapScale(EMPTY_SCENE);
  #dragged = false;

  /** @param onMove called with the scene point that is to be in the middle */
  constructor(canvas: HTMLCanvasElement, onMove: (x: number, y: number) => void) {
    this.#canvas = canvas;
    this.#onMove = onMove;
    canvas.addEventListener('pointerdown', (event) => {
      this.#dragged = true;
      canvas.setPointerCapture(event.pointerId);
      this.#move(event);
    });
    canvas.addEventListener('pointermove', (event) => {
      if (this.#dragged) this.#move(event);
    });
    const stop = (): void => {
      this.#dragged = false;
      this.#draw();
    };
    canvas.addEventListener('pointerup', stop);
    canvas.addEventListener('pointercancel', stop);
  }

  setScene(scene: Scene, palette: GraphPalette): void {
    this.#scene = scene;
    this.#palette = palette;
    this.#scale = minimapScale(scene);
    const ratio = globalThis.devicePixelRatio || 1;
    for (const canvas of [this.#canvas, this.#picture]) {
      canvas.width = Math.round(this.#scale.width * ratio);
      canvas.height = Math.round(this.#scale.height * ratio);
    }
    this.#canvas.style.width = `${this.#scale.width}px`;
    this.#canvas.style.height = `${this.#scale.height}px`;
    this.#paint(ratio);
    this.#draw();
  }

  /** What of the scene is seen. */
  setSeen(seen: Rect): void {
    this.#seen = seen;
    this.#draw();
  }

  /** The boxes, painted once for a scene. */
  #paint(ratio: number): void {
    const context = this.#picture.getContext('2d');
    if (context === null) return;
    const { x, y } = this.#scale;
    context.setTransform(ratio, 0, 0, ratio, MARGIN * ratio, MARGIN * ratio);
    context.clearRect(-MARGIN, -MARGIN, this.#scale.width, this.#scale.height);
    context.strokeStyle = this.#palette.frameBorder;
    context.lineWidth = 0.5;
    for (const frame of this.#scene.frames) {
      if (frame.depth === 1) context.strokeRect(frame.x * x, frame.y * y, frame.width * x, frame.height * y);
    }
    for (const { box, ...place } of this.#scene.boxes) {
      context.fillStyle = box.category === null ? this.#palette.muted : CATEGORY_COLORS[box.category];
      context.fillRect(place.x * x, place.y * y, Math.max(0.7, place.width * x), Math.max(0.7, place.height * y));
    }
  }

  #draw(): void {
    this.#canvas.hidden = !this.#dragged && isAllSeen(this.#seen, this.#scene);
    const context = this.#canvas.getContext('2d');
    if (context === null) return;
    const ratio = this.#canvas.width / this.#scale.width;
    const { x, y } = this.#scale;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.fillStyle = this.#palette.background;
    context.fillRect(0, 0, this.#canvas.width, this.#canvas.height);
    context.drawImage(this.#picture, 0, 0);
    context.setTransform(ratio, 0, 0, ratio, MARGIN * ratio, MARGIN * ratio);
    const left = Math.max(-2, this.#seen.x * x);
    const top = Math.max(-2, this.#seen.y * y);
    const right = Math.min(this.#scale.width - 2 * MARGIN + 2, (this.#seen.x + this.#seen.width) * x);
    const bottom = Math.min(this.#scale.height - 2 * MARGIN + 2, (this.#seen.y + this.#seen.height) * y);
    context.strokeStyle = this.#palette.hover;
    context.lineWidth = 1.5;
    context.strokeRect(left, top, Math.max(3, right - left), Math.max(3, bottom - top));
  }

  #move(event: PointerEvent): void {
    const { left, top } = this.#canvas.getBoundingClientRect();
    this.#onMove((event.clientX - left - MARGIN) / this.#scale.x, (event.clientY - top - MARGIN) / this.#scale.y);
  }
}
