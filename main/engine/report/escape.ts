const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text as HTML content or attribute value: names in a model may hold anything. */
export const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (character) => ENTITIES[character]!);

/** Text as a cell of a Markdown table. */
export const escapeMarkdown = (text: string): string =>
  text.replace(/[\\`*_|<>[\]]/g, '\\$&').replace(/\s*\n\s*/g, ' ');
