import { describe, expect, it } from 'vitest';
import { START_PANELS, isOpen, recipeHeight, tableHeight, withPanel } from '../../../../renderer/state/panels.ts';

const LAPTOP = { width: 1440, height: 900 };
const DESK = { width: 2560, height: 1440 };

describe('the panels', () => {
  it('leave the picture of trials its room, and show layers where the task is about layers', () => {
    expect(isOpen(START_PANELS, 'quantize', 'table', LAPTOP)).toBe(true);
    expect(isOpen(START_PANELS, 'tradeoff', 'table', LAPTOP)).toBe(false);
    expect(isOpen(START_PANELS, 'graph', 'properties', LAPTOP)).toBe(true);
    expect(isOpen(START_PANELS, 'quantize', 'properties', LAPTOP)).toBe(false);
    expect(isOpen(START_PANELS, 'quantize', 'properties', DESK)).toBe(true);
    for (const tab of ['graph', 'prune', 'compare'] as const)
      expect(isOpen(START_PANELS, tab, 'recipe', LAPTOP)).toBe(true);
  });

  it('stay as they were left, in the task in which they were', () => {
    const choices = { ...START_PANELS, ...withPanel(START_PANELS, 'prune', 'table', false) };
    expect(isOpen(choices, 'prune', 'table', LAPTOP)).toBe(false);
    expect(isOpen(choices, 'quantize', 'table', LAPTOP)).toBe(true);
  });

  it('take a share of the window until they are dragged', () => {
    expect(tableHeight(START_PANELS, 'graph', { width: 1280, height: 720 })).toBe(180);
    expect(tableHeight(START_PANELS, 'graph', LAPTOP)).toBe(225);
    expect(tableHeight(START_PANELS, 'graph', DESK)).toBe(360);
    expect(tableHeight({ ...START_PANELS, tableHeight: { graph: 400 } }, 'graph', LAPTOP)).toBe(400);
    expect(recipeHeight({ ...START_PANELS, recipeHeight: 111 }, LAPTOP)).toBe(111);
  });
});
