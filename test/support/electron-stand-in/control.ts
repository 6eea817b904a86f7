/** What a test tells the stand-in, over the IPC channel of the process that it started. */
export type ToStandIn =
  /** The next open dialog answers these paths; null: it is cancelled. */
  | { readonly kind: 'dialog'; readonly paths: readonly string[] | null }
  /** Clicks the menu item with this id. */
  | { readonly kind: 'menu'; readonly id: string }
  /** A second start of the program with these arguments. */
  | { readonly kind: 'second-instance'; readonly args: readonly string[] }
  /** Answered with `pong` when everything told before is done. */
  | { readonly kind: 'ping' }
  | { readonly kind: 'quit' };

/** What the stand-in tells the test. */
export type FromStandIn =
  /** A window is open: its page can be reached at this DevTools address. */
  | { readonly kind: 'window'; readonly devTools: string }
  | { readonly kind: 'error-box'; readonly title: string; readonly content: string }
  | { readonly kind: 'menu-missing'; readonly id: string }
  | { readonly kind: 'pong' };

/** Tells the test. */
export function tellTest(message: FromStandIn): void {
  process.send?.(message);
}
