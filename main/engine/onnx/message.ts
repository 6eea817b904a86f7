/**
 * Messages described by tables: for each field its number, kind and cardinality. One table gives the decoder, the encoder
 * and the type of the decoded record. What a table does not list is kept as raw bytes and written back.
 */
import type { UnknownFields } from '../graph/ir.ts';
import { ByteSink } from './byte-sink.ts';
import { decodeText } from './text.ts';
import { FIXED32, FIXED64, joinBytes, LENGTH, VARINT, viewOf, WireReader, type Span } from './wire-reader.ts';

type Kind = 'int64' | 'int' | 'float' | 'text' | 'bytes' | 'message' | 'packed32' | 'packed64' | 'packedVarint';

/** One row of a table. `R` is what reading gives, `W` what writing takes. */
export interface FieldSpec<R, W> {
  readonly number: number;
  readonly kind: Kind;
  readonly repeated: boolean;
  /** Fields with the same mark exclude each other: the last one on the wire counts. */
  readonly oneof: string | undefined;
  /** Only for the type checker. */
  readonly types?: (read: R) => W;
}

type Singular<R, W = R> = FieldSpec<R | undefined, W | undefined>;
type Repeated<R, W = R> = FieldSpec<readonly R[], readonly W[]>;

const singular =
  <R, W = R>(kind: Kind) =>
  (number: number, oneof?: string): Singular<R, W> => ({ number, kind, repeated: false, oneof });
const repeated =
  <R, W = R>(kind: Kind) =>
  (number: number): Repeated<R, W> => ({ number, kind, repeated: true, oneof: undefined });

/** The kinds of fields, as functions of the field number. */
export const field = {
  int64: singular<bigint>('int64'),
  int64s: repeated<bigint>('int64'),
  /** int32, enums, and int64 that are sizes or versions: as number, refused beyond ±2⁵³. */
  int: singular<number>('int'),
  ints: repeated<number>('int'),
  float: singular<number>('float'),
  floats: repeated<number>('float'),
  text: singular<string>('text'),
  texts: repeated<string>('text'),
  bytes: singular<Uint8Array>('bytes'),
  byteses: repeated<Uint8Array>('bytes'),
  message: singular<Span, ByteSink>('message'),
  messages: repeated<Span, ByteSink>('message'),
  /** Repeated numbers left encoded, in packed form: one array whatever the file's form was. */
  packed32: singular<Uint8Array>('packed32'),
  packed64: singular<Uint8Array>('packed64'),
  packedVarint: singular<Uint8Array>('packedVarint'),
};

// Read and write types differ by field; `never`/`unknown` would not let the rows be inferred.
// oxlint-disable-next-line typescript/no-explicit-any
type Table = Readonly<Record<string, FieldSpec<any, any>>>;

/** What reading a message of this table gives. Fields that are absent are undefined, repeated ones []. */
export type Decoded<T extends Table> = {
  readonly [K in keyof T]: T[K] extends FieldSpec<infer R, infer _W> ? R : never;
} & {
  readonly unknown: UnknownFields;
  /** The known fields that were met, as `bitsOf` tells them. */
  readonly seen: number;
};

/** What writing takes; fields that are undefined or left out are not written. */
export type Encodable<T extends Table> = {
  readonly [K in keyof T]?: T[K] extends FieldSpec<infer _R, infer W> ? W | undefined : never;
};

const WIRE_TYPES: Readonly<Record<Kind, number>> = {
  int64: VARINT,
  int: VARINT,
  float: FIXED32,
  text: LENGTH,
  bytes: LENGTH,
  message: LENGTH,
  packed32: FIXED32,
  packed64: FIXED64,
  packedVarint: VARINT,
};

interface Row {
  readonly key: string;
  readonly spec: FieldSpec<unknown, unknown>;
  /** Its own bit among those of the schema's fields. */
  readonly bit: number;
  /** How single values are written. */
  readonly wireType: number;
  /** Its numbers are left encoded. */
  readonly packed: boolean;
  /** Keys that setting this one clears. */
  readonly excludes: readonly string[];
}

export interface Schema<T extends Table> {
  readonly name: string;
  readonly rows: readonly Row[];
  readonly byNumber: readonly (Row | undefined)[];
  /** A record without fields: its copies are all of one shape, which makes reading them several times as fast. */
  readonly blank: Readonly<Record<string, unknown>>;
  readonly table: T;
}

const NOTHING: UnknownFields = [];
/** Of every list that is empty: most of them are. */
const NO_ITEMS: readonly unknown[] = [];

/** Makes a schema of a table. */
export function schema<T extends Table>(name: string, table: T): Schema<T> {
  const entries = Object.entries(table);
  const rows = entries.map(([key, spec], place): Row => {
    const rivals = entries.filter(([other, { oneof }]) => oneof !== undefined && oneof === spec.oneof && other !== key);
    const { kind } = spec;
    const packed = kind === 'packed32' || kind === 'packed64' || kind === 'packedVarint';
    const excludes = rivals.map(([other]) => other);
    return { key, spec, bit: 1 << place, wireType: WIRE_TYPES[kind], packed, excludes };
  });
  const byNumber: (Row | undefined)[] = [];
  for (const row of rows) byNumber[row.spec.number] = row;
  rows.sort((a, b) => a.spec.number - b.spec.number);
  const blank = Object.fromEntries(rows.map(({ key, spec }) => [key, spec.repeated ? NO_ITEMS : undefined]));
  return { name, rows, byNumber, blank: { ...blank, unknown: NOTHING, seen: 0 }, table };
}

/** The bits of some fields of a schema. */
export function bitsOf<T extends Table>({ rows }: Schema<T>, keys: readonly (keyof T)[]): number {
  return rows.reduce((bits, { key, bit }) => (keys.includes(key) ? bits | bit : bits), 0);
}

type Fields = Record<string, unknown>;

/** A message becomes an object with a dozen fields; texts and numbers are small. */
const MESSAGE_COST = 8;

function readOne(reader: WireReader, kind: Kind): unknown {
  reader.spend(kind === 'message' ? MESSAGE_COST : 1);
  switch (kind) {
    case 'int64':
      return reader.int64();
    case 'int':
      return reader.int();
    case 'float':
      return reader.float();
    case 'text': {
      const at = reader.take(reader.uint());
      return decodeText(reader.buffer, at, reader.pos);
    }
    case 'bytes':
      return reader.bytes();
    default:
      return reader.span();
  }
}

/** Numbers in packed form in a field that is not written so. */
function readPackedList(reader: WireReader, kind: Kind, list: unknown[]): void {
  const inner = new WireReader(reader.span());
  while (inner.pos < inner.end) list.push(readOne(inner, kind));
}

/** Wire bytes gathered without decoding: a view while there is one piece (the ordinary case), a growing copy after. */
class Gathered {
  #bytes: Buffer = Buffer.alloc(0);
  #size = 0;

  add(piece: Uint8Array): void {
    if (this.#size === 0) this.#bytes = Buffer.from(piece.buffer, piece.byteOffset, piece.length);
    else {
      // The first growth copies, since what was there may be a view on the file.
      if (this.#size + piece.length > this.#bytes.length || this.#size === this.#bytes.length) {
        const grown = Buffer.allocUnsafe(Math.max(this.#size * 2, this.#size + piece.length));
        grown.set(this.#bytes.subarray(0, this.#size));
        this.#bytes = grown;
      }
      this.#bytes.set(piece, this.#size);
    }
    this.#size += piece.length;
  }

  get bytes(): Uint8Array {
    return viewOf(this.#bytes, 0, this.#size);
  }
}

function readElement(reader: WireReader, kind: Kind): Uint8Array {
  const start = reader.pos;
  if (kind === 'packed32') reader.take(4);
  else if (kind === 'packed64') reader.take(8);
  else reader.uint();
  return viewOf(reader.buffer, start, reader.pos);
}

/** Reads a known field's value into the record; false: the wire type is not the field's, so it counts as unknown. */
function readField(reader: WireReader, wireType: number, row: Row, record: Fields): boolean {
  const { key, spec, wireType: own } = row;
  const { kind } = spec;
  if (wireType !== own && (wireType !== LENGTH || !(row.packed || spec.repeated))) return false;
  if (row.packed) {
    const gathered = (record[key] ??= new Gathered()) as Gathered;
    gathered.add(wireType === LENGTH ? reader.bytes() : readElement(reader, kind));
    return true;
  }
  if (spec.repeated) {
    let list = record[key] as unknown[];
    if (list === NO_ITEMS) record[key] = list = [];
    if (wireType === own) list.push(readOne(reader, kind));
    else readPackedList(reader, kind, list);
    return true;
  }
  for (const rival of row.excludes) record[rival] = undefined;
  const value = readOne(reader, kind);
  const before = record[key];
  // A message that comes twice is merged, which is the same as joining its bytes: done when all have come.
  if (kind !== 'message' || before === undefined) record[key] = value;
  else if (Array.isArray(before)) before.push(value);
  else record[key] = [before, value];
  return true;
}

function mergeSpans(spans: readonly Span[]): Span {
  const bytes = joinBytes(spans.map(({ buffer, start, end }) => viewOf(buffer, start, end)));
  const { depth, limits } = spans[0]!;
  return {
    buffer: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length),
    start: 0,
    end: bytes.length,
    depth,
    limits,
  };
}

/**
 * Reads one message.
 * @throws ONNX_TRUNCATED where the file ends too early; ONNX_INVALID for anything else that is no protobuf
 */
export function decode<T extends Table>(of: Schema<T>, span: Span): Decoded<T> {
  const reader = new WireReader(span);
  const record: Fields = { ...of.blank };
  let seen = 0;
  let unknown: Gathered | undefined;
  while (reader.pos < reader.end) {
    const start = reader.pos;
    const tag = reader.tag();
    const row = of.byNumber[tag >>> 3];
    if (row !== undefined && readField(reader, tag & 7, row, record)) {
      seen |= row.bit;
      continue;
    }
    reader.skip(tag);
    unknown ??= new Gathered();
    unknown.add(viewOf(reader.buffer, start, reader.pos));
  }
  record['seen'] = seen;
  if (unknown !== undefined) record['unknown'] = [unknown.bytes];
  for (const { key, spec, bit, packed } of of.rows) {
    if ((seen & bit) === 0) continue;
    const value = record[key];
    if (packed) record[key] = (value as Gathered).bytes;
    else if (!spec.repeated && Array.isArray(value)) record[key] = mergeSpans(value as Span[]);
  }
  return record as Decoded<T>;
}

function writeOne(sink: ByteSink, number: number, kind: Kind, value: unknown): void {
  switch (kind) {
    case 'int64':
      sink.int64Field(number, value as bigint);
      return;
    case 'int':
      sink.int64Field(number, BigInt(value as number));
      return;
    case 'float':
      sink.floatField(number, value as number);
      return;
    case 'text':
      sink.textField(number, value as string);
      return;
    case 'message':
      sink.messageField(number, value as ByteSink);
      return;
    default:
      sink.bytesField(number, value as Uint8Array);
  }
}

/** Writes a record as message, fields by number, then the unknown fields as they came. */
export function encode<T extends Table>(
  of: Schema<T>,
  record: Encodable<T>,
  unknown: UnknownFields = NOTHING,
): ByteSink {
  const sink = new ByteSink();
  const values = record as Readonly<Record<string, unknown>>;
  for (const { key, spec } of of.rows) {
    const value = values[key];
    if (value === undefined) continue;
    if (spec.repeated) for (const item of value as readonly unknown[]) writeOne(sink, spec.number, spec.kind, item);
    else writeOne(sink, spec.number, spec.kind, value);
  }
  for (const bytes of unknown) sink.raw(bytes);
  return sink;
}

function passOn(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(passOn);
  if (!isSpan(value)) return value;
  const sink = new ByteSink();
  sink.raw(viewOf(value.buffer, value.start, value.end));
  return sink;
}

function isSpan(value: unknown): value is Span {
  return typeof value === 'object' && value !== null && 'limits' in value;
}

/**
 * The unknown fields of a record together with known ones that have no place where it goes (a float in an attribute that
 * says it is an int): encoded again, so that they come back out as they went in.
 * @param used the bits of the fields that have found their place
 */
export function leftover<T extends Table>(of: Schema<T>, record: Decoded<T>, used: number): UnknownFields {
  if ((record.seen & ~used) === 0) return record.unknown;
  const values = record as Readonly<Record<string, unknown>>;
  const rest: Fields = {};
  for (const { key, spec, bit } of of.rows) {
    const value = values[key];
    if ((used & bit) !== 0 || value === undefined || (spec.repeated && (value as readonly unknown[]).length === 0))
      continue;
    rest[key] = passOn(value);
  }
  if (Object.keys(rest).length === 0) return record.unknown;
  const pieces = encode(of, rest as Encodable<T>, record.unknown).finish();
  return [joinBytes(pieces)];
}
