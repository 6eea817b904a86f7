import react from '@vitejs/plugin-react';
import { defineConfig } from 'electron-vite';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'vite';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** What the window begins with, by the modules that load it. */
const WINDOW = [
  'renderer/app/main.tsx',
  'renderer/app/App.tsx',
  'renderer/tasks/graph/GraphView.tsx',
  'renderer/state/live.ts',
];

/**
 * Tells the page which chunks the window begins with, so that it fetches all of them at once when it comes to that. Links that
 * preload them would fetch and compile them together with what draws the first picture, which then takes twice as long.
 */
function nameWindowChunks(): Plugin {
  return {
    name: 'name-window-chunks',
    transformIndexHtml: {
      order: 'post',
      handler: (_html, { bundle }) => {
        const chunks = Object.values(bundle ?? {}).filter((file) => file.type === 'chunk');
        const first = chunks.filter(({ facadeModuleId }) => WINDOW.some((path) => facadeModuleId?.endsWith(path)));
        const files = new Set(first.flatMap(({ fileName, imports }) => [fileName, ...imports]));
        const content = [...files].map((file) => `./${file}`).join(' ');
        return [{ tag: 'meta', attrs: { name: 'window-chunks', content }, injectTo: 'head' as const }];
      },
    },
  };
}

/** `main/` holds the desktop shell, the engine, its runner and the command line: one bundle each, all on plain files. */
export default defineConfig({
  main: {
    build: {
      outDir: 'out/main',
      rollupOptions: {
        input: {
          electron: at('main/electron/main.ts'),
          engine: at('main/host/engine-entry.ts'),
          runner: at('main/engine/runtime/runner-entry.ts'),
          feeder: at('main/engine/dataset/feeder-entry.ts'),
          operations: at('main/services/operation-thread-entry.ts'),
          workspace: at('main/workspace/workspace-entry.ts'),
          cli: at('main/cli/cli-entry.ts'),
        },
        output: { format: 'es', chunkFileNames: '[name]-[hash].js' },
      },
    },
  },
  preload: {
    build: {
      outDir: 'out/preload',
      rollupOptions: {
        input: { index: at('preload/index.ts') },
        output: { format: 'cjs', entryFileNames: '[name].cjs' },
      },
    },
  },
  renderer: {
    root: at('renderer'),
    plugins: [react(), nameWindowChunks()],
    worker: { format: 'es' },
    build: {
      outDir: at('out/renderer'),
      minify: true,
      rollupOptions: { input: { index: at('renderer/index.html') } },
    },
  },
});
