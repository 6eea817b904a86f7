import type { MetadataEntry, OpsetImport } from '../graph/ir.ts';
import { decode } from './message.ts';
import { entrySchema, opsetSchema } from './schema.ts';
import type { Span } from './wire-reader.ts';

/** What reading needs besides the bytes. */
export interface ReadContext {
  /** The model's folder, against which external data is resolved. */
  readonly directory: string;
}

export function readEntry(span: Span): MetadataEntry {
  const { key = '', value = '', unknown } = decode(entrySchema, span);
  return unknown.length === 0 ? { key, value } : { key, value, unknown };
}

export function readOpset(span: Span): OpsetImport {
  const { domain = '', version = 0, unknown } = decode(opsetSchema, span);
  return { domain, version, unknown };
}
