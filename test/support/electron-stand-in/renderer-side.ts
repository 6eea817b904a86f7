declare global {
  // What the stand-in puts into its pages.
  var standInInvoke: (channel: string, parameter: unknown) => Promise<unknown>;
  var standInReceive: (channel: string, args: readonly unknown[]) => void;
}

interface PreloadContext {
  readonly source: string;
  readonly argv: readonly string[];
  readonly platform: string;
}

/**
 * Runs in the page before its own scripts: the renderer's side of `electron`, then the shell's real preload with only
 * `electron` to require, as in Electron's sandbox. Sent to the page as text, so it uses nothing from outside itself.
 */
export function installElectron({ source, argv, platform }: PreloadContext): void {
  // Electron runs a preload in the main frame alone.
  if (globalThis.window !== globalThis.window.top) return;
  const listeners = new Map<string, Set<(event: unknown, ...args: readonly unknown[]) => void>>();
  globalThis.standInReceive = (channel, args) => {
    for (const listener of listeners.get(channel) ?? []) listener({}, ...args);
  };
  const electron = {
    ipcRenderer: {
      invoke: (channel: string, parameter: unknown) => globalThis.standInInvoke(channel, parameter),
      on: (channel: string, listener: () => void) => {
        const known = listeners.get(channel) ?? new Set();
        listeners.set(channel, known.add(listener));
      },
      off: (channel: string, listener: () => void) => listeners.get(channel)?.delete(listener),
    },
    contextBridge: {
      exposeInMainWorld: (key: string, api: object) => {
        Object.defineProperty(globalThis, key, { value: Object.freeze({ ...api }), enumerable: true });
      },
    },
    // The File that a test drops carries the path that the system would know.
    webUtils: { getPathForFile: (file: { path?: string }) => file.path ?? '' },
  };
  const require = (name: string): unknown => {
    if (name !== 'electron') throw new Error(`module not found: ${name}`);
    return electron;
  };
  const exports = {};
  // The sandbox's module wrapper. oxlint-disable-next-line no-new-func
  const run = new Function('require', 'process', 'module', 'exports', source);
  run(require, { argv, platform }, { exports }, exports);
}
