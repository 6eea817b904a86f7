import { tellTest } from './control.ts';

const answers: (readonly string[] | null)[] = [];

/** The next open dialog answers these paths; null: cancelled. */
export function answerNextDialog(paths: readonly string[] | null): void {
  answers.push(paths);
}

export const dialog = {
  async showOpenDialog(): Promise<{ canceled: boolean; filePaths: string[] }> {
    const paths = answers.shift() ?? null;
    return { canceled: paths === null, filePaths: [...(paths ?? [])] };
  },
  showErrorBox(title: string, content: string): void {
    tellTest({ kind: 'error-box', title, content });
  },
};

export const shell = {
  /** The system's file manager; there is none here. */
  showItemInFolder(): void {},
};

interface Template {
  readonly id?: string;
  readonly label?: string;
  readonly role?: string;
  readonly type?: string;
  readonly accelerator?: string;
  readonly click?: () => void;
  readonly submenu?: readonly Template[];
}

export class MenuItem {
  readonly template: Template;
  constructor(template: Template) {
    this.template = template;
  }
}

let applicationMenu: Menu | undefined;

export class Menu {
  readonly items: readonly Template[];
  constructor(items: readonly Template[] = []) {
    this.items = items;
  }
  static buildFromTemplate(template: readonly Template[]): Menu {
    for (const { label, role, type } of template) {
      if (label === undefined && role === undefined && type === undefined) {
        throw new TypeError('Invalid template for MenuItem: must have at least one of label, role or type');
      }
    }
    return new Menu(template);
  }
  static setApplicationMenu(menu: Menu | null): void {
    applicationMenu = menu ?? undefined;
  }
}

/** Clicks the application menu's item with this id, as a user would. */
export function clickMenu(id: string): void {
  const find = (items: readonly Template[]): Template | undefined => {
    for (const item of items) {
      const found = item.id === id ? item : find(item.submenu ?? []);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  const item = find(applicationMenu?.items ?? []);
  if (item?.click === undefined) tellTest({ kind: 'menu-missing', id });
  else item.click();
}
