import type { ModelPicture } from '../../../main/contract/model-picture.ts';
import type { ShownModel } from '../../../main/contract/shown-model.ts';
import { layerValues, pictureGraph } from '../../state/graph-of-layers.ts';
import type { Camera } from '../../viz/graph/camera.ts';
import { GraphCanvas } from '../../viz/graph/graph-canvas.ts';
import type { GraphPalette } from '../../viz/graph/palette.ts';
import { placeContainer } from '../../viz/graph/place-container.ts';
import type { Direction } from '../../viz/graph/place-container.ts';
import { sceneOf } from '../../viz/graph/scene.ts';
import type { Scene } from '../../viz/graph/scene.ts';
import { startExpanded } from '../../viz/graph/scope-tree.ts';
import { drawnGraph, drawnTree, edgeLabels, fontsReady, visibleBoxes } from '../../widgets/graph/drawn-graph.ts';
import type { RowOptions } from '../../widgets/graph/drawn-graph.ts';

export interface FirstPictureOptions extends RowOptions {
  readonly direction: Direction;
  readonly wheel: 'pan' | 'zoom';
  readonly palette: GraphPalette;
  /** Takes away what it is drawn on. */
  readonly remove: () => void;
  /** Aborted when it is not wanted any more. */
  readonly signal: AbortSignal;
}

interface FirstPicture {
  /** What is drawn; null: not yet known. */
  trialId: string | null;
  readonly scene: Scene;
  readonly canvas: GraphCanvas;
  readonly element: HTMLCanvasElement;
  readonly remove: () => void;
}

let shown: FirstPicture | null = null;

/**
 * Draws the graph of a model as the graph view will, before the rest of the window is loaded and before shapes are known; it can
 * be moved and zoomed. The view takes it over when it has drawn the same.
 * @returns whether it was drawn
 */
export async function drawFirstPicture(
  element: HTMLCanvasElement,
  picture: ModelPicture,
  options: FirstPictureOptions,
): Promise<boolean> {
  if (options.signal.aborted) return false;
  const ready = fontsReady();
  const { source } = drawnGraph(pictureGraph(picture), options);
  const tree = drawnTree(source);
  await ready;
  if (options.signal.aborted) return false;
  const visible = visibleBoxes(source, tree, startExpanded(tree));
  const scene = sceneOf(placeContainer(visible, options.direction));
  const nothing = (): void => undefined;
  const canvas = new GraphCanvas(element, {
    onSelect: nothing,
    onHover: nothing,
    onOpen: nothing,
    onMenu: nothing,
    onCamera: nothing,
  });
  canvas.setPalette(options.palette);
  canvas.setWheel(options.wheel);
  canvas.setScene(scene, source.edgeLabels);
  canvas.home();
  shown = { trialId: null, scene, canvas, element, remove: options.remove };
  await new Promise((drawn) => requestAnimationFrame(drawn));
  performance.mark('lapidary:picture');
  return true;
}

/** Writes on the edges what is known of their values; boxes and edges stay where they are. */
export function labelFirstPicture({ model, layers }: ShownModel): void {
  if (shown === null) return;
  shown.trialId = model.baselineTrialId;
  if (layers === null) return;
  const drawn = new Set(shown.scene.edges.map(({ value }) => value));
  shown.canvas.setScene(shown.scene, edgeLabels(layerValues(layers), drawn));
}

/** Whether it is on screen. */
export const isFirstPictureShown = (): boolean => shown !== null;

/** Where the first picture stands, for a canvas at `place` that goes on from there; null: there is none of this trial. */
export function firstCamera(trialId: string, place: HTMLCanvasElement): Camera | null {
  if (shown?.trialId !== trialId) return null;
  const { scale, left, top } = shown.canvas.camera;
  const before = shown.element.getBoundingClientRect();
  const now = place.getBoundingClientRect();
  return { scale, left: left + before.left - now.left, top: top + before.top - now.top };
}

/** Takes the first picture away: the graph view has drawn its own, or something else is shown. */
export function endFirstPicture(): void {
  shown?.canvas.dispose();
  shown?.remove();
  shown = null;
}
