/**
 * What the desktop shell's preload puts on `window.lapidary`. In a browser there is none: everything that only a desktop
 * can do has another way there (upload, the engine's own file list, download).
 */
export interface DesktopBridge {
  /** Where the engine answers: "http://127.0.0.1:port". */
  readonly url: string;
  readonly token: string;
  /** Node's name of the platform: linux, darwin, win32. */
  readonly platform: string;
  /** The native dialog for a model; null when it was closed without a choice. */
  openDialog(): Promise<string | null>;
  /** The native dialog for a folder to write into; null when it was closed. */
  directoryDialog?(): Promise<string | null>;
  /** The native dialog for a data set, a file or a folder. */
  dataDialog?(): Promise<string | null>;
  /** The path of a file that was dropped or picked. */
  pathForFile(file: File): string;
  /** Commands chosen in the native menu, by the ids of `renderer/app/commands.ts`. Returns the way to stop listening. */
  onCommand(listener: (command: string, argument?: string) => void): () => void;
  /** Files handed over by the system: double click, "Open with", a second start. */
  onOpenFile?(listener: (path: string) => void): () => void;
  /** Shows a file that was written in the system's file manager. */
  showInFolder?(path: string): void;
  /** Puts a file in the system's list of recent documents. */
  addRecent?(path: string): void;
  /** Tells the shell of a new engine after the old one died. */
  onEngine?(listener: (engine: { readonly url: string; readonly token: string }) => void): () => void;
}

declare global {
  interface Window {
    readonly lapidary?: DesktopBridge;
  }
}

/** The desktop shell's bridge, or undefined in a browser. */
export function desktop(): DesktopBridge | undefined {
  return globalThis.window?.lapidary;
}
