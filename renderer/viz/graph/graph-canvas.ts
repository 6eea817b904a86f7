import type { Camera } from './camera.ts';
import { fitCamera, panBy, revealCamera, seenRect, toScene, zoomAt } from './camera.ts';
import { drawBox, drawEdge, drawEdgeLabel, drawFrame } from './draw.ts';
import type { BoxMark, BoxOverlay, DrawState } from './draw.ts';
import { LIGHT_PALETTE } from './palette.ts';
import type { GraphPalette } from './palette.ts';
import { EMPTY_SCENE } from './scene.ts';
import type { Scene, SceneBox, SceneEdge, SceneFrame } from './scene.ts';
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
  #scene: Scene = EMPTY_SCENE;
  #boxIndex = new SpatialIndex<SceneBox>([], (box) => box);
  #edgeIndex = new SpatialIndex<SceneEdge>([], (edge) => edge.bounds);
  #boxById = new Map<string, SceneBox>();
  #frameById = new Map<string, SceneFrame>();
  #camera: Camera = { scale: 1, left: 0, top: 0 };
  #view = { width: 1, height: 1 };
  #palette: GraphPalette = LIGHT_PALETTE;
  #overlay: ReadonlyMap<string, BoxOverlay> | null = null;
  #marks: ReadonlyMap<string, readonly BoxMark[]> = new Map();
  #labels: ReadonlyMap<string, string> = new Map();
  #selected: string | null = null;
  #hover: string | null = null;
  #lit: ReadonlySet<string> = new Set();
  #strips: ReadonlyMap<string, Uint8Array> = new Map();
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

  setOverlay(overlay: ReadonlyMap<string, BoxOverlay> | null): void {
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
    const whole = this.#wholeCamera();
    if (whole.scale >= 0.5) {
      this.#setCamera(whole);
      return;
    }
    const scale = 0.85;
    const first = this.#scene.boxes.find((box) => box.box.kind === 'input') ?? this.#scene.boxes[0];
    const middle = first === undefined ? this.#scene.width / 2 : first.x + first.width / 2;
    const upright = this.#scene.height >= this.#scene.width;
    const y = first === undefined ? 0 : first.y + first.height / 2;
    this.#setCamera(
      upright
        ? {
            scale,
            left: this.#view.width / 2 - middle * scale,
            top: TOOLBAR - Math.max(0, (first?.y ?? 0) - 70) * scale,
          }
        : { scale, left: 16 - Math.max(0, (first?.x ?? 0) - 70) * scale, top: this.#view.height / 2 - y * scale },
    );
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
    const state: DrawState = {
      palette: this.#palette,
      scale,
      overlay: this.#overlay,
      marks: this.#marks,
      selected: this.#selected,
      hover: this.#hover,
      lit: this.#lit,
      strips: this.#strips,
    };
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.fillStyle = this.#palette.background;
    context.fillRect(0, 0, this.#view.width, this.#view.height);
    context.setTransform(ratio * scale, 0, 0, ratio * scale, ratio * left, ratio * top);
    for (const frame of this.#scene.frames) {
      const { x, y, width, height } = frame;
      if (x > seen.x + seen.width || y > seen.y + seen.height || x + width < seen.x || y + height < seen.y) continue;
      drawFrame(context, frame, state);
    }
    const edges = this.#edgeIndex.search(seen);
    const marked: [SceneEdge, string][] = [];
    for (const edge of edges) {
      const color = this.#edgeColor(edge);
      if (color === null) drawEdge(context, edge, state, null);
      else marked.push([edge, color]);
    }
    for (const [edge, color] of marked) drawEdge(context, edge, state, color);
    for (const box of this.#boxIndex.search(seen)) drawBox(context, box, state);
    const written = new Set<string>();
    for (const edge of edges) {
      const text = this.#labels.get(edge.value);
      const key = `${edge.source}\u0000${edge.value}`;
      if (text === undefined || !edge.begins || written.has(key)) continue;
      written.add(key);
      drawEdgeLabel(context, edge, text, state);
    }
  }

  #edgeColor(edge: SceneEdge): string | null {
    const selected = this.#selected ?? this.#hover;
    if (selected === null) return null;
    if (edge.source === selected) return this.#palette.edgeOut;
    return edge.targets.includes(selected) ? this.#palette.edgeIn : null;
  }

  #hit(x: number, y: number): GraphHit | null {
    const point = toScene(this.#camera, x, y);
    const box = this.#boxIndex.at(point.x, point.y);
    if (box !== undefined) return { id: box.box.id, kind: box.box.kind };
    for (let index = this.#scene.frames.length - 1; index >= 0; index--) {
      const frame = this.#scene.frames[index]!;
      // Only the title takes clicks: the rest of a frame is background.
      const inside =
        point.x >= frame.x && point.x <= frame.x + frame.width && point.y >= frame.y && point.y <= frame.y + FRAME_HEAD;
      if (inside) return { id: frame.id, kind: 'frame' };
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
