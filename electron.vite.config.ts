import react from '@vitejs/plugin-react';
import { defineConfig } from 'electron-vite';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'vite';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** What the first picture needs beside the entry, by the modules that load it. */
const FIRST = [
  'renderer/app/main.tsx',
  'renderer/app/App.tsx',
  'renderer/tasks/graph/GraphView.tsx',
  'renderer/state/live.ts',
];

/** Lets the browser fetch and compile these chunks while the entry still waits for the engine. */
function preloadFirstPicture(): Plugin {
  return {
    name: 'preload-first-picture',
    transformIndexHtml: {
      order: 'post',
      handler: (_html, { bundle }) => {
        const chunks = Object.values(bundle ?? {}).filter((file) => file.type === 'chunk');
        const first = chunks.filter(({ facadeModuleId }) => FIRST.some((path) => facadeModuleId?.endsWith(path)));
        const files = new Set(first.flatMap(({ fileName, imports }) => [fileName, ...imports]));
        return [...files].map((file) => ({
          tag: 'link',
          attrs: { rel: 'modulepreload', crossorigin: true, fetchpriority: 'low', href: `./${file}` },
          injectTo: 'head' as const,
        }));
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
    plugins: [react(), preloadFirstPicture()],
    worker: { format: 'es' },
    build: {
      outDir: at('out/renderer'),
      minify: true,
      rollupOptions: { input: { index: at('renderer/index.html') } },
    },
  },
});
