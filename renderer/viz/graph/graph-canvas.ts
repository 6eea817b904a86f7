import type { Camera, Viewport } from './camera.ts';
import { anchorShift, fitCamera, homeCamera, panBy, revealCamera, seenRect, toScene, zoomAt } from './camera.ts';
import { BasePicture } from './base-picture.ts';
import { FAR_SCALE } from './draw-far.ts';
import { drawHighlights, drawScene } from './draw-scene.ts';
import type { DrawingContext } from './drawing-context.ts';
import type { BoxMark, BoxOverlays, DrawState, EdgeLook } from './draw.ts';
import { FoundScene } from './found-scene.ts';
import type { GraphHit } from './found-scene.ts';
import { Motion } from './motion.ts';
import { LIGHT_PALETTE } from './palette.ts';
import type { GraphPalette } from './palette.ts';
import { listenToPointer } from './pointer.ts';
import { EMPTY_SCENE } from './scene.ts';
import type { Rect, Scene } from './scene.ts';

/** What lies over the top of the canvas, CSS pixels. */
const TOOLBAR = 44;

/** How long in one frame the colours of another overlay are looked for, milliseconds. */
const PREPARED_MS = 4;

export type { GraphHit } from './found-scene.ts';

export interface GraphCanvasEvents {
  readonly onSelect: (hit: GraphHit | null) => void;
  readonly onHover: (hit: GraphHit | null, at: { readonly x: number; readonly y: number }) => void;
  /** Double click. */
  readonly onOpen: (hit: GraphHit) => void;
  readonly onMenu: (hit: GraphHit, at: { readonly x: number; readonly y: number }) => void;
  readonly onCamera: (camera: Camera) => void;
}

/**
 * Draws a scene on a canvas and turns pointer and wheel into pan, zoom, hover, selection. Knows no model and no React;
 * draws at most once a frame and only what is seen.
 */
export class GraphCanvas {
  readonly #canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D;
  readonly #events: GraphCanvasEvents;
  readonly #stops: (() => void)[] = [];
  readonly #watchers = new Set<(seen: Rect) => void>();
  readonly #base = new BasePicture();
  #scene = new FoundScene(EMPTY_SCENE);
  #motion: Motion | null = null;
  /** Where the pointer is on the canvas, CSS pixels; null: it is not. */
  #pointer: { readonly x: number; readonly y: number } | null = null;
  /** Whether more than the marks has changed since the last drawing. */
  #changed = true;
  #camera: Camera = { scale: 1, left: 0, top: 0 };
  #view = { width: 1, height: 1 };
  #palette: GraphPalette = LIGHT_PALETTE;
  #overlay: BoxOverlays | null = null;
  #marks: ReadonlyMap<string, readonly BoxMark[]> = new Map();
  #labels: ReadonlyMap<string, string> = new Map();
  #selected: string | null = null;
  #hover: string | null = null;
  #lit: ReadonlySet<string> = new Set();
  #strips: ReadonlyMap<string, Uint8Array> = new Map();
  #weights: ReadonlyMap<string, number> | null = null;
  #looks: ReadonlyMap<string, EdgeLook> | null = null;
  #wheel: 'pan' | 'zoom' = 'pan';
  #frameRequest = 0;
  #animation = 0;
  #preparation = 0;

  constructor(canvas: HTMLCanvasElement, events: GraphCanvasEvents) {
    const context = canvas.getContext('2d');
    if (context === null) throw new Error('This browser has no 2-D canvas');
    this.#canvas = canvas;
    this.#context = context;
    this.#events = events;
    this.#listen();
    const observer = new ResizeObserver(() => this.#resize());
    observer.observe(canvas);
    this.#stops.push(() => observer.disconnect());
    this.#resize();
  }

  get camera(): Camera {
    return this.#camera;
  }

  /** Its size, CSS pixels. */
  get view(): Viewport {
    return this.#view;
  }

  /**
   * Shows another scene; keeps the camera, and keeps `anchor` (a box or frame of both scenes) where it is on screen, under the
   * pointer if it is there. What both have moves to its new place, until anything else is asked for.
   */
  setScene(scene: Scene, labels: ReadonlyMap<string, string>, anchor: string | null = null): void {
    const before = { scene: this.#scene, seen: this.seen };
    const rect = anchor === null ? undefined : before.scene.rect(anchor);
    this.#scene = new FoundScene(scene);
    this.#labels = labels;
    this.#motion = null;
    const now = anchor === null ? undefined : this.#scene.rect(anchor);
    let shift = { x: 0, y: 0 };
    if (rect !== undefined && now !== undefined) {
      const pointer = this.#pointer === null ? null : toScene(this.#camera, this.#pointer.x, this.#pointer.y);
      shift = anchorShift(rect, now, pointer);
      const { scale } = this.#camera;
      this.#setCamera(panBy(this.#camera, -shift.x * scale, -shift.y * scale));
    }
    if (before.scene.scene.boxes.length > 0 && before.scene.scene !== scene && !isStill()) {
      this.#motion = new Motion(
        before,
        { scene: this.#scene, seen: this.seen },
        { shift, anchor, now: performance.now() },
      );
    }
    this.#redraw();
  }

  setPalette(palette: GraphPalette): void {
    this.#palette = palette;
    this.#redraw();
  }

  /** Shown at once; from afar, where it colours very many boxes for the first time, some frames later. */
  setOverlay(overlay: BoxOverlays | null): void {
    cancelAnimationFrame(this.#preparation);
    const state = { palette: this.#palette, overlay };
    if (this.#camera.scale < FAR_SCALE && !this.#scene.far.prepare(state, PREPARED_MS)) {
      this.#preparation = requestAnimationFrame(() => this.setOverlay(overlay));
      return;
    }
    this.#overlay = overlay;
    this.#redraw();
  }

  setMarks(marks: ReadonlyMap<string, readonly BoxMark[]>): void {
    this.#marks = marks;
    this.#redraw();
  }

  setSelection(selected: string | null, hover: string | null): void {
    this.#selected = selected;
    this.#hover = hover;
    this.#redraw('marks');
  }

  /** Boxes that are pointed at as one, by id. */
  setLit(lit: ReadonlySet<string>): void {
    this.#lit = lit;
    this.#redraw('marks');
  }

  /** Which channels of a box stay (1) and go (0), in their order. */
  setStrips(strips: ReadonlyMap<string, Uint8Array>): void {
    this.#strips = strips;
    this.#redraw();
  }

  /** How wide each value's edges are, 0…1; null: all alike. */
  setEdgeWeights(weights: ReadonlyMap<string, number> | null): void {
    this.#weights = weights;
    this.#redraw();
  }

  /** How the edges of single values look; null: all alike. */
  setEdgeLooks(looks: ReadonlyMap<string, EdgeLook> | null): void {
    this.#looks = looks;
    this.#redraw();
  }

  setWheel(wheel: 'pan' | 'zoom'): void {
    this.#wheel = wheel;
  }

  setCamera(camera: Camera): void {
    this.#setCamera(camera);
  }

  /** Shows the whole graph. */
  fit(): void {
    this.#animateTo(this.#wholeCamera());
  }

  /** The first look at a graph: whole when that can be read, else its start at a readable size. */
  home(): void {
    this.#setCamera(homeCamera(this.#scene.scene, this.#wholeCamera(), { ...this.#view, top: TOOLBAR }));
  }

  /** Brings a scene point to the middle. */
  centre(x: number, y: number): void {
    const { scale } = this.#camera;
    this.#setCamera({ scale, left: this.#view.width / 2 - x * scale, top: this.#view.height / 2 - y * scale });
  }

  /** Tells what of the scene is seen, now and after every drawing; returns the way to stop. */
  watch(listener: (seen: Rect) => void): () => void {
    this.#watchers.add(listener);
    listener(seenRect(this.#camera, this.#view));
    return () => this.#watchers.delete(listener);
  }

  zoomBy(factor: number): void {
    this.#animateTo(zoomAt(this.#camera, factor, { x: this.#view.width / 2, y: this.#view.height / 2 }));
  }

  actualSize(): void {
    this.zoomBy(1 / this.#camera.scale);
  }

  /** Scrolls to a box or frame; false when it is not drawn. */
  reveal(id: string): boolean {
    const rect = this.#scene.rect(id);
    if (rect === undefined) return false;
    this.#animateTo(revealCamera(this.#camera, rect, this.#view));
    return true;
  }

  /** Shows a box or frame whole; false when it is not drawn. */
  show(id: string): boolean {
    const rect = this.#scene.rect(id);
    if (rect === undefined) return false;
    this.#animateTo(fitCamera(rect, this.#view, { margin: 20, top: TOOLBAR + 28 }));
    return true;
  }

  /** The part of the scene that is seen, and all of it, for pictures. */
  get seen(): Rect {
    return seenRect(this.#camera, this.#view);
  }

  get whole(): Rect {
    return this.#scene.whole;
  }

  /** The layer or folded group nearest to the middle of the view. */
  get middle(): string | null {
    return this.#scene.middleOf(this.seen);
  }

  get palette(): GraphPalette {
    return this.#palette;
  }

  /** Draws a part of the scene in its coordinates, with what can be seen at a scale; nothing is selected or pointed at. */
  readonly drawPart = (context: DrawingContext, part: Rect, scale: number): void => {
    drawScene(context, this.#scene.partIn(part), { ...this.#drawState(), scale });
  };

  dispose(): void {
    cancelAnimationFrame(this.#frameRequest);
    cancelAnimationFrame(this.#animation);
    cancelAnimationFrame(this.#preparation);
    for (const stop of this.#stops) stop();
  }

  #wholeCamera(): Camera {
    return fitCamera(this.whole, this.#view, { margin: 12, top: TOOLBAR });
  }

  #setCamera(camera: Camera): void {
    cancelAnimationFrame(this.#animation);
    this.#motion = null;
    this.#camera = camera;
    this.#events.onCamera(camera);
    this.#redraw();
  }

  #animateTo(target: Camera): void {
    cancelAnimationFrame(this.#animation);
    this.#motion = null;
    const start = this.#camera;
    if (isStill()) {
      this.#setCamera(target);
      return;
    }
    const began = performance.now();
    const step = (now: number): void => {
      const t = Math.min(1, (now - began) / 160);
      const eased = 1 - (1 - t) ** 3;
      const mix = (a: number, b: number): number => a + (b - a) * eased;
      this.#camera = {
        scale: mix(start.scale, target.scale),
        left: mix(start.left, target.left),
        top: mix(start.top, target.top),
      };
      this.#events.onCamera(this.#camera);
      this.#changed = true;
      this.#draw();
      if (t < 1) this.#animation = requestAnimationFrame(step);
    };
    this.#animation = requestAnimationFrame(step);
  }

  #resize(): void {
    const { width, height } = this.#canvas.getBoundingClientRect();
    const ratio = globalThis.devicePixelRatio || 1;
    this.#view = { width: Math.max(1, width), height: Math.max(1, height) };
    this.#canvas.width = Math.max(1, Math.round(width * ratio));
    this.#canvas.height = Math.max(1, Math.round(height * ratio));
    this.#changed = true;
    this.#draw();
  }

  #redraw(what: 'all' | 'marks' = 'all'): void {
    if (what === 'all') this.#changed = true;
    cancelAnimationFrame(this.#frameRequest);
    this.#frameRequest = requestAnimationFrame(() => this.#draw());
  }

  #draw(): void {
    const ratio = this.#canvas.width / this.#view.width;
    const { scale, left, top } = this.#camera;
    const { seen } = this;
    const t = this.#motion?.at(performance.now()) ?? 1;
    if (t >= 1) this.#motion = null;
    const moving = this.#motion === null ? null : { motion: this.#motion, t };
    const state = this.#drawState();
    const place = { scale: scale * ratio, left: left * ratio, top: top * ratio, ratio };
    const order = { scene: this.#scene, seen, place, state, moving };
    if (this.#changed) {
      for (const watcher of this.#watchers) watcher(seen);
      this.#base.drawNew(this.#context, order);
    } else this.#base.drawAgain(this.#context, order);
    this.#changed = false;
    if (moving !== null) return this.#redraw();
    const marks = { selected: this.#selected, hover: this.#hover, lit: this.#lit };
    const { edges } = this.#scene.scene;
    drawHighlights(this.#context, { edges, seen, find: this.#scene }, { ...state, ...marks });
  }

  #drawState(): DrawState {
    return {
      palette: this.#palette,
      scale: this.#camera.scale,
      labels: this.#labels,
      overlay: this.#overlay,
      marks: this.#marks,
      strips: this.#strips,
      weights: this.#weights,
      looks: this.#looks,
    };
  }

  #hit(x: number, y: number): GraphHit | null {
    const point = toScene(this.#camera, x, y);
    return this.#scene.hit(point.x, point.y);
  }

  #listen(): void {
    const stop = listenToPointer(this.#canvas, {
      pan: (dx, dy) => this.#setCamera(panBy(this.#camera, dx, dy)),
      zoom: (factor, at) => this.#setCamera(zoomAt(this.#camera, factor, at)),
      point: (at, window) => {
        this.#pointer = at;
        const hit = this.#hit(at.x, at.y);
        this.#events.onHover(hit, window);
        return hit === null || hit.kind === 'frame' ? 'grab' : 'pointer';
      },
      leave: (window) => {
        this.#pointer = null;
        this.#events.onHover(null, window);
      },
      click: ({ x, y }) => this.#events.onSelect(this.#hit(x, y)),
      open: ({ x, y }) => {
        const hit = this.#hit(x, y);
        if (hit !== null) this.#events.onOpen(hit);
      },
      menu: ({ x, y }, window) => {
        const hit = this.#hit(x, y);
        if (hit !== null) this.#events.onMenu(hit, window);
      },
      wheel: () => this.#wheel,
    });
    this.#stops.push(stop);
  }
}

/** Whether people asked for as little motion as possible. */
function isStill(): boolean {
  return matchMedia('(prefers-reduced-motion: reduce)').matches;
}
