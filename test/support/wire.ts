/** Protobuf by hand, for files that our own writer would not make. */

export function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return Buffer.from([...bytes, rest]);
}

export function tag(field: number, wireType: number): Buffer {
  return varint(field * 8 + wireType);
}

/** A length-delimited field. */
export function message(field: number, content: Uint8Array): Buffer {
  return Buffer.concat([tag(field, 2), varint(content.length), content]);
}

export function text(field: number, value: string): Buffer {
  return message(field, Buffer.from(value));
}

/** The value of a 32-bit float field. */
export function floatBytes(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return bytes;
}
