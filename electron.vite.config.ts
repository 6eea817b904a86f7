import react from '@vitejs/plugin-react';
import { defineConfig } from 'electron-vite';
import { fileURLToPath } from 'node:url';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

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
    plugins: [react()],
    worker: { format: 'es' },
    build: {
      outDir: at('out/renderer'),
      rollupOptions: { input: { index: at('renderer/index.html') } },
    },
  },
});
