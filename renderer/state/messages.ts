import { create } from 'zustand';
import { asEngineError, isCancelled } from '../rpc/engine-error.ts';

export interface Message {
  readonly id: number;
  readonly level: 'info' | 'success' | 'warning' | 'error';
  readonly message: string;
  /** What to do about it, or null. */
  readonly hint: string | null;
  /** The layer that it is about, or null. */
  readonly layer: string | null;
  readonly at: number;
}

interface MessagesStore {
  /** Newest last; the toasts on screen. */
  readonly shown: readonly Message[];
  /** Everything said in this window, newest last, for the status bar; at most 200. */
  readonly log: readonly Message[];
  tell(level: Message['level'], message: string, hint?: string | null, layer?: string | null): void;
  /** Only in the log. */
  note(level: Message['level'], message: string, hint?: string | null): void;
  dismiss(id: number): void;
}

let nextId = 1;

/** Toasts and their log. */
export const useMessages = create<MessagesStore>((set, get) => ({
  shown: [],
  log: [],
  tell: (level, message, hint = null, layer = null) => {
    const entry: Message = { id: nextId++, level, message, hint, layer, at: Date.now() };
    const others = get().shown.filter((other) => other.message !== message || other.level !== level);
    set({ shown: [...others, entry].slice(-4), log: [...get().log, entry].slice(-200) });
  },
  note: (level, message, hint = null) =>
    set({ log: [...get().log, { id: nextId++, level, message, hint, layer: null, at: Date.now() }].slice(-200) }),
  dismiss: (id) => set({ shown: get().shown.filter((message) => message.id !== id) }),
}));

/** Says what went wrong in the status bar only: where a view shows the error itself. */
export function logError(error: unknown): void {
  if (isCancelled(error)) return;
  const { message, hint } = asEngineError(error);
  useMessages.getState().note('error', message, hint);
}

/** Says something in a toast. */
export function tell(level: Message['level'], message: string, hint?: string | null): void {
  useMessages.getState().tell(level, message, hint);
}

/** Says what went wrong in a toast, with its hint; a cancel is not an error. */
export function tellError(error: unknown): void {
  if (isCancelled(error)) return;
  const known = asEngineError(error);
  useMessages.getState().tell('error', known.message, known.hint, known.layer);
}
