import { describe, expect, it } from 'vitest';
import type { BoxOverlays, DrawState } from '../../../../renderer/viz/graph/draw.ts';
import { FarPicture, pixelOf } from '../../../../renderer/viz/graph/far-picture.ts';
import { LIGHT_PALETTE } from '../../../../renderer/viz/graph/palette.ts';
import type { Scene, SceneBox } from '../../../../renderer/viz/graph/scene.ts';

const layer = (id: string, x: number, y: number): SceneBox => ({
  box: { kind: 'layer', id, title: 'Conv', category: 'layer', rows: [], layers: 1, width: 40, height: 20 },
  x,
  y,
  width: 40,
  height: 20,
});

const STATE: DrawState = {
  palette: LIGHT_PALETTE,
  scale: 0.1,
  overlay: null,
  marks: new Map(),
  strips: new Map(),
  weights: null,
  looks: null,
  labels: new Map(),
};

/** Two boxes above each other, a line from one to the other, 100 × 200 scene units. */
const SCENE: Scene = {
  width: 100,
  height: 200,
  frames: [],
  boxes: [layer('a', 0, 0), layer('b', 0, 180)],
  edges: [
    {
      value: 'v',
      source: 'a',
      targets: ['b'],
      begins: true,
      ends: true,
      points: Float32Array.of(20, 20, 20, 180),
      bounds: { x: 20, y: 20, width: 0, height: 160 },
    },
  ],
};

/** At a tenth of the size: 10 × 20 pixels, box a in x 0…3, y 0…1, box b in y 18…19, the line at x 2. */
function painted(state: Partial<DrawState> = {}, moving: Parameters<FarPicture['paint']>[3] = null): Uint32Array {
  const data = new Uint32Array(200);
  const place = { scale: 0.1, left: 0, top: 0, ratio: 1 };
  new FarPicture(SCENE).paint({ data, width: 10, height: 20 }, place, { ...STATE, ...state }, moving);
  return data;
}

const background = pixelOf(LIGHT_PALETTE.background);

it('finds the colours of an overlay in pieces, each no longer than it may, and no colour twice', () => {
  const boxes = Array.from({ length: 2000 }, (_, at) => layer(String(at), 0, 0));
  const picture = new FarPicture({ ...SCENE, boxes, edges: [] });
  let asked = 0;
  const fillOf = (): string => {
    asked++;
    return '#ff0000';
  };
  const state = { palette: LIGHT_PALETTE, overlay: { get: () => undefined, fillOf } };
  expect(picture.prepare(state, 0)).toBe(false);
  expect(asked).toBe(0);
  expect(picture.prepare(state, Infinity)).toBe(true);
  expect(picture.prepare(state, 0)).toBe(true);
  const pixels = { data: new Uint32Array(200), width: 10, height: 20 };
  picture.paint(pixels, { scale: 0.1, left: 0, top: 0, ratio: 1 }, { ...STATE, ...state });
  expect(pixels.data[0]).toBe(pixelOf('#ff0000'));
  expect(asked).toBe(2000);
});

describe('the picture from afar', () => {
  it('reads colours as bytes R, G, B, A', () => {
    expect(pixelOf('#010203')).toBe(0xff030201);
    expect(pixelOf('rgb(51, 85, 136)')).toBe(0xff885533);
  });

  it('has every box where it is, in the colour of its kind', () => {
    const data = painted();
    const box = pixelOf('rgb(51, 85, 136)');
    const found = [...data.entries()].flatMap(([at, pixel]) => (pixel === box ? [at] : []));
    const rows = [0, 1, 18, 19];
    expect(found).toEqual(rows.flatMap((y) => [0, 1, 2, 3].map((x) => 10 * y + x)));
    expect(data[9]).toBe(background);
  });

  it('mixes thin lines into what is under them', () => {
    // 1 / 0.35 scene units wide, 0.286 pixels: 73 / 256 of the line's #8d95a3 over #fbfbfc
    const data = painted();
    const red = (0x8d * 73 + 0xfb * 183) >> 8;
    expect(data[10 * 10 + 2]! & 0xff).toBe(red);
    expect(data[10 * 10 + 3]).toBe(background);
  });

  it('takes the colours of the overlay, and the palette’s where it has no value', () => {
    const overlay: BoxOverlays = { get: () => undefined, fillOf: ({ id }) => (id === 'a' ? '#ff0000' : null) };
    const data = painted({ overlay });
    expect(data[0]).toBe(pixelOf('#ff0000'));
    expect(data[10 * 18]).toBe(pixelOf(LIGHT_PALETTE.unmeasured));
  });

  it('leaves out lines that have a look of their own', () => {
    const data = painted({ looks: new Map([['v', { color: '#00f', dash: [] }]]) });
    expect(data[10 * 10 + 2]).toBe(background);
  });

  it('shows boxes on their way', () => {
    // b comes from a's place: half way its rows are 9 and 10
    const data = painted(
      { looks: new Map([['v', { color: '#00f', dash: [] }]]) },
      {
        from: Float32Array.of(0, 0, 40, 20, 0, 0, 40, 20),
        t: 0.5,
      },
    );
    const box = pixelOf('rgb(51, 85, 136)');
    expect([8, 9, 10, 11].map((y) => data[10 * y] === box)).toEqual([false, true, true, false]);
    expect(data[10 * 18]).toBe(background);
  });
});
