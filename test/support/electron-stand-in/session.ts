type RequestHandler = (contents: unknown, permission: string, callback: (granted: boolean) => void) => void;
type CheckHandler = (contents: unknown, permission: string) => boolean;

/** Electron grants everything until a handler says otherwise; so does this. */
export const permissions: { request: RequestHandler | undefined; check: CheckHandler | undefined } = {
  request: undefined,
  check: undefined,
};

export const session = {
  defaultSession: {
    setPermissionRequestHandler(handler: RequestHandler | null): void {
      permissions.request = handler ?? undefined;
    },
    setPermissionCheckHandler(handler: CheckHandler | null): void {
      permissions.check = handler ?? undefined;
    },
  },
};
