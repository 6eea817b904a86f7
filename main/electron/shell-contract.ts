/** What passes between the window's preload and the desktop shell. */

/** Where the engine answers, and the secret of this launch. */
export interface Connection {
  /** "http://127.0.0.1:port". */
  readonly url: string;
  readonly token: string;
}

/** Calls from the window: name → [parameters, result]. */
export interface ShellCalls {
  readonly 'dialog:model': [undefined, string | null];
  readonly 'dialog:data': [undefined, string | null];
  readonly 'dialog:folder': [undefined, string | null];
  readonly 'shell:show': [string, undefined];
  readonly 'shell:recent': [string, undefined];
}
export type ShellCall = keyof ShellCalls;

/** Messages to the window. */
export interface ShellMessages {
  /** A command chosen in the menu, by its id. */
  readonly command: readonly [id: string, argument?: string];
  /** A file handed over by the system. */
  readonly 'open-file': readonly [path: string];
}
export type ShellMessage = keyof ShellMessages;
