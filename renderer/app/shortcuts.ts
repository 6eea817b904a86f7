/** A key with its modifiers, as commands write it: "Mod+Shift+P"; Mod is Ctrl, on a Mac ⌘. */
export type Shortcut = string;

interface KeyPress {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly shiftKey: boolean;
  readonly altKey: boolean;
}

/** Whether a key press is the shortcut. Letters match whatever the case; "?" and the like bring their own Shift. */
export function matchesShortcut(shortcut: Shortcut, press: KeyPress, mac = isMac()): boolean {
  const parts = shortcut.split('+');
  const key = parts.at(-1) ?? '';
  const wants = (modifier: string): boolean => parts.slice(0, -1).includes(modifier);
  const pressedMod = mac ? press.metaKey : press.ctrlKey;
  const otherMod = mac ? press.ctrlKey : press.metaKey;
  const isSymbol = key.length === 1 && !/[a-z0-9]/i.test(key);
  return (
    press.key.toLowerCase() === key.toLowerCase() &&
    wants('Mod') === pressedMod &&
    !otherMod &&
    wants('Alt') === press.altKey &&
    (isSymbol || wants('Shift') === press.shiftKey)
  );
}

/** A shortcut as people read it: "Ctrl+Shift+P", on a Mac "⇧⌘P". */
export function shortcutText(shortcut: Shortcut, mac = isMac()): string {
  const names: Readonly<Record<string, string>> = mac
    ? { Mod: '⌘', Shift: '⇧', Alt: '⌥', ArrowUp: '↑', ArrowDown: '↓', Backspace: '⌫', Enter: '↩', ' ': 'Space' }
    : { Mod: 'Ctrl', ArrowUp: '↑', ArrowDown: '↓', ' ': 'Space' };
  const parts = shortcut.split('+').map((part) => names[part] ?? (part.length === 1 ? part.toUpperCase() : part));
  return mac ? parts.join('') : parts.join('+');
}

/** Whether the key goes to a text being written, which then keeps it. */
export function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
  );
}

function isMac(): boolean {
  return /mac/i.test(globalThis.navigator?.platform ?? '');
}
