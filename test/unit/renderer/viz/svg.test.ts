import { describe, expect, it } from 'vitest';
import { drawScene } from '../../../../renderer/viz/graph/draw-scene.ts';
import { EMPTY_SCENE } from '../../../../renderer/viz/graph/scene.ts';
import { LIGHT_PALETTE } from '../../../../renderer/viz/graph/palette.ts';
import { pictureHeight, svgPicture, tooLarge } from '../../../../renderer/viz/graph/picture.ts';
import { SvgContext } from '../../../../renderer/viz/graph/svg-context.ts';

const measure = (text: string): number => 6 * text.length;
const written = (draw: (context: SvgContext) => void): string => {
  const context = new SvgContext(measure);
  draw(context);
  return context.file({ width: 10, height: 10 }, '0 0 10 10', 't');
};

describe('an SVG file is written as a canvas is drawn', () => {
  it('rounds a corner where the arc touches both lines', () => {
    // A right angle at (10, 0): with radius 2 the arc runs from (8, 0) to (10, 2), clockwise.
    const svg = written((context) => {
      context.beginPath();
      context.moveTo(0, 0);
      context.arcTo(10, 0, 10, 10, 2);
      context.lineTo(10, 10);
      context.stroke();
    });
    expect(svg).toContain('d="M0 0L8 0A2 2 0 0 1 10 2L10 10"');
    const left = written((context) => {
      context.beginPath();
      context.moveTo(0, 0);
      context.arcTo(10, 0, 10, -10, 2);
      context.stroke();
    });
    expect(left).toContain('L8 0A2 2 0 0 0 10 -2');
  });

  it('goes straight on where there is no corner', () => {
    const svg = written((context) => {
      context.beginPath();
      context.moveTo(0, 0);
      context.arcTo(5, 0, 10, 0, 2);
      context.stroke();
    });
    expect(svg).toContain('d="M0 0L5 0"');
  });

  it('keeps opacity apart from the colour, puts texts on their baseline, and escapes them', () => {
    const svg = written((context) => {
      context.fillStyle = 'rgba(90, 110, 150, 0.5)';
      context.globalAlpha = 0.5;
      context.fillRect(1, 2, 3, 4);
      context.globalAlpha = 1;
      context.font = "600 10px 'Inter Variable', sans-serif";
      context.textBaseline = 'middle';
      context.textAlign = 'right';
      context.fillStyle = '#000';
      context.fillText('a < b & "c"', 5, 6);
    });
    expect(svg).toContain('<rect x="1" y="2" width="3" height="4" fill="rgb(90,110,150)" fill-opacity="0.25"/>');
    expect(svg).toContain('y="9.63" class="f0" text-anchor="end" fill="#000">a &lt; b &amp; &quot;c&quot;</text>');
    expect(svg).toContain(".f0{font:600 10px 'Inter Variable', sans-serif}");
  });

  it('moves and turns what is drawn between save and restore', () => {
    const svg = written((context) => {
      context.save();
      context.translate(3, 4);
      context.rotate(Math.PI / 2);
      context.beginPath();
      context.moveTo(0, 0);
      context.lineTo(1, 0);
      context.fill();
      context.restore();
      context.fillRect(0, 0, 1, 1);
    });
    expect(svg).toContain('d="M0 0L1 0" fill="#000000" transform="matrix(0 1 -1 0 3 4)"/>');
    expect(svg).toContain('<rect x="0" y="0" width="1" height="1" fill="#000000"/>');
  });
});

describe('a picture', () => {
  const box = {
    box: { kind: 'layer', id: 'c', title: 'Conv', category: 'layer', rows: [], layers: 1, width: 80, height: 24 },
    x: 10,
    y: 20,
    width: 80,
    height: 24,
  } as const;
  const state = {
    palette: LIGHT_PALETTE,
    overlay: null,
    marks: new Map(),
    strips: new Map(),
    weights: null,
    looks: null,
    labels: new Map(),
  };
  const order = {
    part: { x: 0, y: 0, width: 200, height: 100 },
    width: 50,
    palette: LIGHT_PALETTE,
    legend: {
      title: 'Time',
      items: [{ color: '#ff0000', text: 'slow' }],
      scale: { colors: ['#000', '#fff'], values: ['0 ms', '1 ms', '2 ms'] },
      source: 'a profile',
    },
    title: 'm',
    draw: (context: Parameters<typeof drawScene>[0], _: unknown, scale: number) =>
      drawScene(context, { ...EMPTY_SCENE, boxes: [box] }, { ...state, scale }),
  };

  it('of vectors has all its texts however small it is, and the legend', () => {
    const svg = svgPicture(order, measure);
    expect(svg).toContain('width="50" height="25" viewBox="0 0 200 100"');
    for (const text of ['Conv', 'Time', 'slow', '0 ms', '2 ms', 'a profile']) expect(svg).toContain(`>${text}</text>`);
    expect(svgPicture({ ...order, legend: null }, measure)).not.toContain('slow');
  });

  it('of pixels has the size that its width asks for, as far as browsers go', () => {
    expect(pictureHeight(order)).toBe(25);
    expect(tooLarge({ ...order, width: 8000 })).toBeNull();
    expect(tooLarge({ ...order, width: 16_000 })).toContain('16,000 × 8,000 pixels are over 120 million');
    expect(tooLarge({ ...order, width: 20_000 })).toContain('a side has at most 16,384');
  });
});
