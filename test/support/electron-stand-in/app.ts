import { EventEmitter } from 'node:events';
import { closeBrowser } from './browser.ts';
import { tellTest, type ToStandIn } from './control.ts';
import { answerNextDialog, clickMenu } from './desktop-parts.ts';

class StandInApp extends EventEmitter {
  readonly isPackaged = false;
  #quitting = false;

  whenReady(): Promise<void> {
    return Promise.resolve();
  }

  /** The stand-in plays the first instance; a test asks for the second-instance event. */
  requestSingleInstanceLock(): boolean {
    return true;
  }

  getVersion(): string {
    return '0.0.0';
  }

  getLocale(): string {
    return 'en-US';
  }

  setName(): void {}

  /** The system's list of recent documents; there is no system here. */
  addRecentDocument(): void {}

  /** As Electron: `before-quit` may prevent it. */
  quit(): void {
    if (this.#quitting) return;
    let prevented = false;
    this.emit('before-quit', { preventDefault: () => (prevented = true) });
    if (prevented) return;
    this.#quitting = true;
    this.exit(0);
  }

  exit(code = 0): void {
    void closeBrowser().finally(() => process.exit(code));
  }
}

export const app = new StandInApp();

process.on('message', (message: ToStandIn) => {
  if (message.kind === 'dialog') answerNextDialog(message.paths);
  else if (message.kind === 'menu') clickMenu(message.id);
  else if (message.kind === 'ping') tellTest({ kind: 'pong' });
  else if (message.kind === 'quit') app.quit();
  else app.emit('second-instance', { preventDefault: () => undefined }, ['lapidary', ...message.args], process.cwd());
});
process.on('disconnect', () => app.exit(0));
