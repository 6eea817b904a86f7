import type { Camera } from './camera.ts';
import { fitCamera, homeCamera, panBy, revealCamera, seenRect, toScene, zoomAt } from './camera.ts';
import { FAR_SCALE, drawFar } from './draw-far.ts';
import { drawBox, drawEdge, drawEdgeLabel, drawFrame, drawOutline } from './draw.ts';
import type { BoxMark, BoxOverlays, DrawState } from './draw.ts';
import { LIGHT_PALETTE } from './palette.ts';
import type { GraphPalette } from './palette.ts';
import { EMPTY_SCENE } from './scene.ts';
import type { Rect, Scene, SceneBox, SceneEdge, SceneFrame } from './scene.ts';
import { SpatialIndex } from './spatial-index.ts';

/** What lies over the top of the canvas, CSS pixels. */
const TOOLBAR = 44;

/** Height of a frame's title, scene units. */
const FRAME_HEAD = 26;

/** What is under the pointer: a box, or an open group's frame. */
export interface GraphHit {
  readonly id: string;
  readonly kind: 'layer' | 'group' | 'input' | 'output' | 'frame';
}

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
  #scene: Scene = EMPTY_SCENE;
  #boxIndex = new SpatialIndex<SceneBox>([], (box) => box);
  #edgeIndex = new SpatialIndex<SceneEdge>([], (edge) => edge.bounds);
  #frameIndex = new SpatialIndex<SceneFrame>([], (frame) => frame);
  #boxById = new Map<string, SceneBox>();
  #frameById = new Map<string, SceneFrame>();
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
  #wheel: 'pan' | 'zoom' = 'pan';
  #frameRequest = 0;
  #animation = 0;

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

  /** Shows another scene; keeps the camera, and keeps `anchor` (a box or frame of both scenes) where it is on screen. */
  setScene(scene: Scene, labels: ReadonlyMap<string, string>, anchor: string | null = null): void {
    const before = anchor === null ? undefined : this.#rectOf(anchor);
    this.#scene = scene;
    this.#labels = labels;
    this.#boxIndex = new SpatialIndex(scene.boxes, (box) => box);
    this.#edgeIndex = new SpatialIndex(scene.edges, (edge) => edge.bounds);
    this.#frameIndex = new SpatialIndex(scene.frames, (frame) => frame);
    this.#boxById = new Map(scene.boxes.map((box) => [box.box.id, box]));
    this.#frameById = new Map(scene.frames.map((frame) => [frame.id, frame]));
    const after = anchor === null ? undefined : this.#rectOf(anchor);
    if (before !== undefined && after !== undefined) {
      const { scale } = this.#camera;
      const dx = (before.x + before.width / 2 - after.x - after.width / 2) * scale;
      this.#setCamera(panBy(this.#camera, dx, (before.y - after.y) * scale));
    }
    this.#redraw();
  }

  setPalette(palette: GraphPalette): void {
    this.#palette = palette;
    this.#redraw();
  }

  setOverlay(overlay: BoxOverlays | null): void {
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
    this.#redraw();
  }

  /** Boxes that are pointed at as one, by id. */
  setLit(lit: ReadonlySet<string>): void {
    this.#lit = lit;
    this.#redraw();
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
    this.#setCamera(homeCamera(this.#scene, this.#wholeCamera(), { ...this.#view, top: TOOLBAR }));
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
    const rect = this.#rectOf(id);
    if (rect === undefined) return false;
    this.#animateTo(revealCamera(this.#camera, rect, this.#view));
    return true;
  }

  /** The drawn picture as PNG. */
  async picture(): Promise<Blob | null> {
    return new Promise((resolve) => this.#canvas.toBlob(resolve, 'image/png'));
  }

  dispose(): void {
    cancelAnimationFrame(this.#frameRequest);
    cancelAnimationFrame(this.#animation);
    for (const stop of this.#stops) stop();
  }

  #wholeCamera(): Camera {
    const rect = { x: 0, y: 0, width: this.#scene.width, height: this.#scene.height };
    return fitCamera(rect, this.#view, { margin: 12, top: TOOLBAR });
  }

  #rectOf(id: string): SceneBox | SceneFrame | undefined {
    return this.#boxById.get(id) ?? this.#frameById.get(id);
  }

  #setCamera(camera: Camera): void {
    cancelAnimationFrame(this.#animation);
    this.#camera = camera;
    this.#events.onCamera(camera);
    this.#redraw();
  }

  #animateTo(target: Camera): void {
    cancelAnimationFrame(this.#animation);
    const start = this.#camera;
    if (matchMedia('(prefers-reduced-motion: reduce)').matches) {
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
      this.#draw();
      if (t < 1) this.#animation = requestAnimationFrame(step);
      else this.#events.onCamera(this.#camera);
    };
    this.#animation = requestAnimationFrame(step);
  }

  #resize(): void {
    const { width, height } = this.#canvas.getBoundingClientRect();
    const ratio = globalThis.devicePixelRatio || 1;
    this.#view = { width: Math.max(1, width), height: Math.max(1, height) };
    this.#canvas.width = Math.max(1, Math.round(width * ratio));
    this.#canvas.height = Math.max(1, Math.round(height * ratio));
    this.#draw();
  }

  #redraw(): void {
    cancelAnimationFrame(this.#frameRequest);
    this.#frameRequest = requestAnimationFrame(() => this.#draw());
  }

  #draw(): void {
    const context = this.#context;
    const ratio = this.#canvas.width / this.#view.width;
    const { scale, left, top } = this.#camera;
    const seen = seenRect(this.#camera, this.#view);
    for (const watcher of this.#watchers) watcher(seen);
    const state: DrawState = {
      palette: this.#palette,
      scale,
      overlay: this.#overlay,
      marks: this.#marks,
      selected: this.#selected,
      hover: this.#hover,
      lit: this.#lit,
      strips: this.#strips,
      weights: this.#weights,
    };
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.fillStyle = this.#palette.background;
    context.fillRect(0, 0, this.#view.width, this.#view.height);
    context.setTransform(ratio * scale, 0, 0, ratio * scale, ratio * left, ratio * top);
    const frames = this.#frameIndex.search(seen);
    const edges = this.#edgeIndex.search(seen);
    const boxes = this.#boxIndex.search(seen);
    const marked = this.#markedEdges(edges);
    if (scale < FAR_SCALE) {
      drawFar(context, { frames, edges, boxes }, state);
      for (const [edge, color] of marked) drawEdge(context, edge, state, color);
      for (const id of [this.#selected, this.#hover, ...this.#lit]) {
        const box = id === null ? undefined : this.#boxById.get(id);
        if (box !== undefined) drawOutline(context, box, state);
      }
      return;
    }
    for (const frame of frames) drawFrame(context, frame, state);
    for (const edge of edges) if (!marked.has(edge)) drawEdge(context, edge, state, null);
    for (const [edge, color] of marked) drawEdge(context, edge, state, color);
    for (const box of boxes) drawBox(context, box, state);
    const written = new Set<string>();
    for (const edge of edges) {
      const text = this.#labels.get(edge.value);
      const key = `${edge.source}\u0000${edge.value}`;
      if (text === undefined || !edge.begins || written.has(key)) continue;
      written.add(key);
      drawEdgeLabel(context, edge, text, state);
    }
  }

  /** What leads to and from the box that is selected or pointed at, with its colour. */
  #markedEdges(edges: readonly SceneEdge[]): ReadonlyMap<SceneEdge, string> {
    const marked = new Map<SceneEdge, string>();
    const selected = this.#selected ?? this.#hover;
    if (selected === null) return marked;
    for (const edge of edges) {
      if (edge.source === selected) marked.set(edge, this.#palette.edgeOut);
      else if (edge.targets.includes(selected)) marked.set(edge, this.#palette.edgeIn);
    }
    return marked;
  }

  #hit(x: number, y: number): GraphHit | null {
    const point = toScene(this.#camera, x, y);
    const box = this.#boxIndex.at(point.x, point.y);
    if (box !== undefined) return { id: box.box.id, kind: box.box.kind };
    for (const frame of this.#frameIndex.search({ ...point, width: 0, height: 0 }).toReversed()) {
      // Only the title takes clicks: the rest of a frame is background.
      if (point.y <= frame.y + FRAME_HEAD) return { id: frame.id, kind: 'frame' };
    }
    return null;
  }

  #listen(): void {
    const canvas = this.#canvas;
    const on = <K extends keyof HTMLElementEventMap>(
      type: K,
      listener: (event: HTMLElementEventMap[K]) => void,
      options?: AddEventListenerOptions,
    ): void => {
      canvas.addEventListener(type, listener, options);
      this.#stops.push(() => canvas.removeEventListener(type, listener, options));
    };
    const at = (event: MouseEvent): { x: number; y: number } => {
      const box = canvas.getBoundingClientRect();
      return { x: event.clientX - box.left, y: event.clientY - box.top };
    };
    let drag: { x: number; y: number; moved: boolean } | null = null;
    on('pointerdown', (event) => {
      if (event.button !== 0 && event.button !== 1) return;
      canvas.focus({ preventScroll: true });
      canvas.setPointerCapture(event.pointerId);
      drag = { ...at(event), moved: false };
    });
    on('pointermove', (event) => {
      const point = at(event);
      if (drag === null) {
        const hit = this.#hit(point.x, point.y);
        canvas.style.cursor = hit === null || hit.kind === 'frame' ? 'grab' : 'pointer';
        this.#events.onHover(hit, { x: event.clientX, y: event.clientY });
        return;
      }
      // A shaky click is still a click.
      if (!drag.moved && Math.hypot(point.x - drag.x, point.y - drag.y) < 4) return;
      canvas.style.cursor = 'grabbing';
      this.#setCamera(panBy(this.#camera, point.x - drag.x, point.y - drag.y));
      drag = { ...point, moved: true };
    });
    on('pointerup', (event) => {
      const wasClick = drag !== null && !drag.moved && event.button === 0;
      drag = null;
      const point = at(event);
      if (wasClick) this.#events.onSelect(this.#hit(point.x, point.y));
    });
    on('pointercancel', () => (drag = null));
    on('pointerleave', (event) => this.#events.onHover(null, { x: event.clientX, y: event.clientY }));
    on('dblclick', (event) => {
      const point = at(event);
      const hit = this.#hit(point.x, point.y);
      if (hit !== null) this.#events.onOpen(hit);
    });
    on('contextmenu', (event) => {
      event.preventDefault();
      const point = at(event);
      const hit = this.#hit(point.x, point.y);
      if (hit !== null) this.#events.onMenu(hit, { x: event.clientX, y: event.clientY });
    });
    on(
      'wheel',
      (event) => {
        event.preventDefault();
        const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
        const zooms = event.ctrlKey || event.metaKey || (this.#wheel === 'zoom' && !event.shiftKey);
        if (zooms) this.#setCamera(zoomAt(this.#camera, Math.exp(-event.deltaY * lines * 0.0022), at(event)));
        else if (event.shiftKey && event.deltaX === 0) this.#setCamera(panBy(this.#camera, -event.deltaY * lines, 0));
        else this.#setCamera(panBy(this.#camera, -event.deltaX * lines, -event.deltaY * lines));
      },
      { passive: false },
    );
  }
}
