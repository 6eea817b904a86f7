type RequestHandler = (
  contents: unknown,
  permission: string,
  callback: (granted: boolean) => void,
  details: { readonly requestingUrl: string },
) => void;
type CheckHandler = (contents: unknown, permission: string, origin: string) => boolean;

let request: RequestHandler | undefined;
let check: CheckHandler | undefined;

export const session = {
  defaultSession: {
    setPermissionRequestHandler(handler: RequestHandler | null): void {
      request = handler ?? undefined;
    },
    setPermissionCheckHandler(handler: CheckHandler | null): void {
      check = handler ?? undefined;
    },
  },
};

/**
 * Whether the page at an `app:` address gets a permission: as in Electron the check is asked, then the request, and where the
 * shell set no handler everything is granted.
 */
export async function isGranted(contents: unknown, permission: string, url: string): Promise<boolean> {
  const origin = url.replace(/^(\w+:\/\/[^/]+).*/u, '$1/');
  if (check === undefined || check(contents, permission, origin)) return true;
  const ask = request;
  return ask === undefined || new Promise((resolve) => ask(contents, permission, resolve, { requestingUrl: url }));
}
