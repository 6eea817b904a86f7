/** What pointer and wheel mean on a graph's canvas. Points are CSS pixels of the canvas, `window` those of the window. */
export interface PointerMeanings {
  readonly pan: (dx: number, dy: number) => void;
  readonly zoom: (factor: number, at: Point) => void;
  /** The pointer moved without dragging; returns the cursor to show. */
  readonly point: (at: Point, window: Point) => string;
  readonly leave: (window: Point) => void;
  readonly click: (at: Point) => void;
  readonly open: (at: Point) => void;
  readonly menu: (at: Point, window: Point) => void;
  readonly wheel: () => 'pan' | 'zoom';
}

interface Point {
  readonly x: number;
  readonly y: number;
}

/** A shaky click is still a click, pixels. */
const SHAKE = 4;

/** Listens to pointer and wheel. @returns the way to stop */
export function listenToPointer(canvas: HTMLCanvasElement, to: PointerMeanings): () => void {
  const stops = new AbortController();
  const on = <K extends keyof HTMLElementEventMap>(type: K, listener: (event: HTMLElementEventMap[K]) => void): void =>
    canvas.addEventListener(type, listener, { signal: stops.signal, passive: false });
  const at = (event: MouseEvent): Point => {
    const box = canvas.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  const inWindow = (event: MouseEvent): Point => ({ x: event.clientX, y: event.clientY });
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
      canvas.style.cursor = to.point(point, inWindow(event));
      return;
    }
    if (!drag.moved && Math.hypot(point.x - drag.x, point.y - drag.y) < SHAKE) return;
    canvas.style.cursor = 'grabbing';
    to.pan(point.x - drag.x, point.y - drag.y);
    drag = { ...point, moved: true };
  });
  on('pointerup', (event) => {
    const wasClick = drag !== null && !drag.moved && event.button === 0;
    drag = null;
    if (wasClick) to.click(at(event));
  });
  on('pointercancel', () => (drag = null));
  on('pointerleave', (event) => to.leave(inWindow(event)));
  on('dblclick', (event) => to.open(at(event)));
  on('contextmenu', (event) => {
    event.preventDefault();
    to.menu(at(event), inWindow(event));
  });
  on('wheel', (event) => {
    event.preventDefault();
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
    const zooms = event.ctrlKey || event.metaKey || (to.wheel() === 'zoom' && !event.shiftKey);
    if (zooms) to.zoom(Math.exp(-event.deltaY * lines * 0.0022), at(event));
    else if (event.shiftKey && event.deltaX === 0) to.pan(-event.deltaY * lines, 0);
    else to.pan(-event.deltaX * lines, -event.deltaY * lines);
  });
  return () => stops.abort();
}
