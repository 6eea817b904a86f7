/** Starts the layout worker, bundled by Vite as a file of its own. */
export function startLayoutWorker(): Worker {
  return new Worker(new URL('./layout-worker.ts', import.meta.url), { type: 'module', name: 'layout' });
}
