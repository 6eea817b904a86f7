import { tell } from './messages.ts';

/** Copies text and says so. */
export async function copyText(text: string, said = 'Copied'): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    tell('info', said);
  } catch {
    tell(
      'warning',
      'The clipboard refused the text',
      'Allow this page to use the clipboard, or select and copy it by hand.',
    );
  }
}
