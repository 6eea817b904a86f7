import { describe, expect, it } from 'vitest';
import { parseNpy } from '../../../../main/engine/tensor/npy.ts';

/** An .npy file of format version 1 (or 2), its header padded to 64 bytes as NumPy does. */
function npy(descr: string, shape: string, data: Uint8Array, { fortran = false, version = 1 } = {}): Uint8Array {
  const dict = `{'descr': '${descr}', 'fortran_order': ${fortran ? 'True' : 'False'}, 'shape': ${shape}, }`;
  const prefix = version === 1 ? 10 : 12;
  const header = dict.padEnd(Math.ceil((prefix + dict.length + 1) / 64) * 64 - prefix - 1) + '\n';
  const head = Buffer.alloc(prefix);
  head.write('\x93NUMPY', 'latin1');
  head[6] = version;
  if (version === 1) head.writeUInt16LE(header.length, 8);
  else head.writeUInt32LE(header.length, 8);
  return Buffer.concat([head, Buffer.from(header), data]);
}

const bytesOf = (array: ArrayBufferView): Uint8Array =>
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

describe('parseNpy', () => {
  it('reads float32 in C order', () => {
    const tensor = parseNpy(npy('<f4', '(2, 2)', bytesOf(new Float32Array([1, 2, 3, 4.5]))));
    expect(tensor).toEqual({ dtype: 'float32', dims: [2, 2], data: new Float32Array([1, 2, 3, 4.5]) });
  });

  it('turns Fortran order into rows', () => {
    const data = bytesOf(new Int32Array([1, 4, 2, 5, 3, 6]));
    const tensor = parseNpy(npy('<i4', '(2, 3)', data, { fortran: true }));
    expect([...(tensor.data as Int32Array)]).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('turns big-endian numbers around without touching the file bytes', () => {
    const file = npy('>i2', '(2,)', new Uint8Array([0x01, 0x02, 0xff, 0xfe]));
    const before = file.slice();
    expect([...(parseNpy(file).data as Int16Array)]).toEqual([0x0102, -2]);
    expect(file).toEqual(before);
  });

  it('reads a scalar, an empty array and format version 2', () => {
    expect(parseNpy(npy('<f8', '()', bytesOf(new Float64Array([7])))).dims).toEqual([]);
    expect(parseNpy(npy('|u1', '(0, 3)', new Uint8Array(0))).data.length).toBe(0);
    expect(parseNpy(npy('<i8', '(1,)', bytesOf(new BigInt64Array([-3n])), { version: 2 })).data).toEqual(
      new BigInt64Array([-3n]),
    );
  });

  it('reads fixed-length text without its padding', () => {
    const text = new Uint32Array([...'ab\0', ...'xyz'].map((letter) => letter.codePointAt(0)!));
    expect(parseNpy(npy('<U3', '(2,)', bytesOf(text))).data).toEqual(['ab', 'xyz']);
  });

  it('refuses what it cannot read, saying why', () => {
    expect(() => parseNpy(new Uint8Array([1, 2, 3]))).toThrow(/magic/);
    expect(() => parseNpy(npy('|O', '(2,)', new Uint8Array(16)))).toThrow(/not supported/);
    expect(() => parseNpy(npy('<f4', '(3,)', new Uint8Array(8)), 'x')).toThrow(/'x': 8 bytes of data, expected 12/);
    expect(() => parseNpy(npy('<f4', '(99999999999, 99999999999)', new Uint8Array(8)))).toThrow(/absurd/);
  });
});
