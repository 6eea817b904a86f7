import { expect, it, vi } from 'vitest';
import { LayoutClient } from '../../../../renderer/viz/graph/layout-client.ts';
import type { VisibleContainer } from '../../../../renderer/viz/graph/visible-graph.ts';

const container = (boxes: number): VisibleContainer => ({
  kind: 'container',
  id: '',
  title: '',
  layers: boxes,
  entering: [],
  leaving: [],
  pieces: [],
  items: Array.from({ length: boxes }, (_, at) => ({
    kind: 'layer' as const,
    id: String(at),
    title: 'Relu',
    category: 'activation' as const,
    rows: [],
    layers: 1,
    width: 80,
    height: 24,
  })),
});

it('gives up a layout in the worker when one that it knows is asked for instead', async () => {
  const worker = { postMessage: vi.fn(), terminate: vi.fn(), addEventListener: vi.fn() };
  const layouts = new LayoutClient(() => worker as unknown as Worker);
  const small = await layouts.layout('small', 'down', () => container(2));
  void layouts.layout('large', 'down', () => container(3000));
  await Promise.resolve();
  expect(worker.postMessage).toHaveBeenCalledOnce();
  expect(worker.terminate).not.toHaveBeenCalled();
  expect(await layouts.layout('small', 'down', () => container(2))).toBe(small);
  expect(worker.terminate).toHaveBeenCalledOnce();
});
