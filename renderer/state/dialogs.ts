import { create } from 'zustand';

/** Dialogs of the shell. */
export type Dialog = 'keys' | 'about' | 'palette' | 'accuracy' | 'run' | 'machine';

interface DialogsStore {
  readonly dialog: Dialog | null;
}

/** Which dialog of the shell is open. */
export const useDialogs = create<DialogsStore>(() => ({ dialog: null }));

/** Opens a dialog of the shell, or closes it with null. */
export function showDialog(dialog: Dialog | null): void {
  useDialogs.setState({ dialog });
}
