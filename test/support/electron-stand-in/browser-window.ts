import { EventEmitter } from 'node:events';
import { readFileSync } from 'node:fs';
import type { Page } from '@playwright/test';
import { app } from './app.ts';
import { browser } from './browser.ts';
import { tellTest } from './control.ts';
import { invoke } from './ipc-main.ts';
import { toApp, toHttp } from './protocol.ts';
import { applyPermissions } from './permissions.ts';
import { installElectron } from './renderer-side.ts';

interface WindowOptions {
  readonly webPreferences?: {
    readonly preload?: string;
    readonly sandbox?: boolean;
    readonly contextIsolation?: boolean;
    readonly nodeIntegration?: boolean;
    readonly additionalArguments?: readonly string[];
  };
}

type OpenHandler = (details: { url: string }) => { action: 'allow' | 'deny' };

/** The part of WebContents that the shell uses. */
class WebContents extends EventEmitter {
  page: Page | undefined;
  loading = true;
  openHandler: OpenHandler = () => ({ action: 'allow' });

  isLoading(): boolean {
    return this.loading;
  }

  setWindowOpenHandler(handler: OpenHandler): void {
    this.openHandler = handler;
  }

  send(channel: string, ...args: readonly unknown[]): void {
    void this.page?.evaluate(([name, values]) => globalThis.standInReceive(name, values), [channel, args] as const);
  }
}

const windows = new Set<BrowserWindow>();

export class BrowserWindow extends EventEmitter {
  readonly webContents = new WebContents();
  readonly #options: WindowOptions;
  #destroyed = false;

  constructor(options: WindowOptions = {}) {
    super();
    this.#options = options;
    windows.add(this);
    app.emit('web-contents-created', {}, this.webContents);
  }

  static getAllWindows(): BrowserWindow[] {
    return [...windows];
  }

  static fromWebContents(contents: unknown): BrowserWindow | null {
    return [...windows].find((window) => window.webContents === contents) ?? null;
  }

  static getFocusedWindow(): BrowserWindow | null {
    return [...windows][0] ?? null;
  }

  async loadURL(url: string): Promise<void> {
    const { preload, sandbox, contextIsolation, nodeIntegration, additionalArguments } =
      this.#options.webPreferences ?? {};
    // What Electron would leave open, this refuses outright: the shell must ask for the safe settings.
    if (sandbox !== true || contextIsolation !== true || nodeIntegration === true) {
      throw new Error('The window is not sandboxed and isolated');
    }
    const { context, devTools } = await browser();
    const page = context.pages().find((open) => open.url() === 'about:blank') ?? (await context.newPage());
    this.webContents.page = page;
    await page.exposeBinding('standInInvoke', async ({ frame }, channel: string, parameter: unknown) =>
      invoke(channel, { sender: this.webContents, senderFrame: { url: await toApp(frame.url()) } }, parameter),
    );
    if (preload !== undefined) {
      const source = readFileSync(preload, 'utf8');
      await page.addInitScript(installElectron, {
        source,
        argv: ['electron', ...(additionalArguments ?? [])],
        platform: process.platform,
      });
    }
    await this.#guardNavigation(page);
    await applyPermissions(page, this.webContents, url);
    page.on('close', () => this.#closed());
    page.on('request', (request) => {
      if (request.isNavigationRequest() && request.frame() === page.mainFrame()) this.webContents.loading = true;
    });
    page.on('load', () => {
      this.webContents.loading = false;
      this.webContents.emit('did-finish-load');
    });
    await page.goto(await toHttp(url));
    this.emit('ready-to-show');
    tellTest({ kind: 'window', devTools });
  }

  async #guardNavigation(page: Page): Promise<void> {
    await page.route('**/*', async (route, request) => {
      if (!request.isNavigationRequest() || request.frame() !== page.mainFrame() || page.url() === 'about:blank') {
        await route.fallback();
        return;
      }
      let prevented = false;
      const url = await toApp(request.url());
      if (url !== (await toApp(page.url()))) {
        this.webContents.emit('will-navigate', { preventDefault: () => (prevented = true) }, url);
      }
      if (!prevented) {
        await route.fallback();
        return;
      }
      await route.abort('aborted');
    });
    page.on('popup', (popup) => {
      if (this.webContents.openHandler({ url: popup.url() }).action === 'allow') return;
      void popup.close();
    });
  }

  #closed(): void {
    this.#destroyed = true;
    windows.delete(this);
    this.emit('closed');
    if (windows.size === 0) app.emit('window-all-closed');
  }

  isDestroyed(): boolean {
    return this.#destroyed;
  }

  isMinimized(): boolean {
    return false;
  }

  restore(): void {}
  show(): void {}
  focus(): void {}
}
