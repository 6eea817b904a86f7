import { describe, expect, it } from 'vitest';
import { matchesShortcut, shortcutText } from '../../../../renderer/app/shortcuts.ts';

function press(key: string, modifiers: Partial<Record<'ctrlKey' | 'metaKey' | 'shiftKey' | 'altKey', boolean>> = {}) {
  return { key, ctrlKey: false, metaKey: false, shiftKey: false, altKey: false, ...modifiers };
}

describe('shortcuts', () => {
  it('match exactly their modifiers', () => {
    expect(matchesShortcut('Mod+K', press('k', { ctrlKey: true }), false)).toBe(true);
    expect(matchesShortcut('Mod+K', press('K', { ctrlKey: true, shiftKey: true }), false)).toBe(false);
    expect(matchesShortcut('Mod+Shift+P', press('P', { ctrlKey: true, shiftKey: true }), false)).toBe(true);
    expect(matchesShortcut('Mod+K', press('k'), false)).toBe(false);
  });

  it('take the command key on a Mac and control elsewhere', () => {
    expect(matchesShortcut('Mod+O', press('o', { metaKey: true }), true)).toBe(true);
    expect(matchesShortcut('Mod+O', press('o', { ctrlKey: true }), true)).toBe(false);
  });

  it('let signs bring their own Shift', () => {
    expect(matchesShortcut('?', press('?', { shiftKey: true }), false)).toBe(true);
  });

  it('are written as the platform writes them', () => {
    expect(shortcutText('Mod+Shift+P', false)).toBe('Ctrl+Shift+P');
    expect(shortcutText('Mod+Shift+P', true)).toBe('⌘⇧P');
    expect(shortcutText('Shift+ArrowUp', false)).toBe('Shift+↑');
  });
});
