import type { Progress } from '../base/progress.ts';

const WIDTH = 28;
const REDRAW_MS = 80;

/** A progress bar on one line of a terminal; draws nothing where there is none. */
export class ProgressBar {
  readonly #stream: NodeJS.WriteStream;
  readonly #enabled: boolean;
  #drawnAt = 0;
  #stage = '';
  #shown = false;

  constructor(stream: NodeJS.WriteStream, enabled: boolean) {
    this.#stream = stream;
    this.#enabled = enabled && stream.isTTY;
  }

  update({ stage, done, total }: Progress): void {
    const now = Date.now();
    if (!this.#enabled || (stage === this.#stage && now - this.#drawnAt < REDRAW_MS)) return;
    this.#drawnAt = now;
    this.#stage = stage;
    this.#shown = true;
    const amount = total === undefined ? String(done) : `${done}/${total}`;
    const filled = total === undefined || total === 0 ? 0 : Math.min(WIDTH, Math.round((done / total) * WIDTH));
    const bar = total === undefined ? '' : `${'█'.repeat(filled)}${'░'.repeat(WIDTH - filled)} `;
    this.#stream.write(`\r\u001B[2K${bar}${stage} ${amount}`);
  }

  /** Takes the bar off the screen. */
  clear(): void {
    if (!this.#shown) return;
    this.#shown = false;
    this.#stream.write('\r\u001B[2K');
  }
}
