/** Bytes of small data files for tests, written as NumPy and MNIST's tools write them. */
import { zipSync, type Zippable } from 'fflate';

type Numbers = Uint8Array | Int32Array | Float32Array | BigInt64Array;

const descrOf = (values: Numbers): string => {
  if (values instanceof Uint8Array) return '|u1';
  if (values instanceof Int32Array) return '<i4';
  return values instanceof Float32Array ? '<f4' : '<i8';
};

/** An `.npy` file, version 1.0. */
export function npyBytes(values: Numbers, dims: readonly number[], fortranOrder = false): Uint8Array {
  const shape = dims.length === 1 ? `(${dims[0]},)` : `(${dims.join(', ')})`;
  const order = fortranOrder ? 'True' : 'False';
  const text = `{'descr': '${descrOf(values)}', 'fortran_order': ${order}, 'shape': ${shape}, }`;
  const header = `${text.padEnd(Math.ceil((text.length + 11) / 64) * 64 - 11)}\n`;
  const start = Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, header.length & 255, header.length >> 8]);
  const data = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  return Buffer.concat([start, Buffer.from(header, 'latin1'), data]);
}

/** An `.npz` archive of arrays by name. @param level 0: stored, as `np.savez`; 9: as `np.savez_compressed` */
export function npzBytes(arrays: Readonly<Record<string, Uint8Array>>, level: 0 | 9 = 9): Uint8Array {
  const files: Zippable = {};
  for (const [name, bytes] of Object.entries(arrays)) files[`${name}.npy`] = bytes;
  return zipSync(files, { level });
}

/** An IDX file of unsigned bytes. */
export function idxBytes(values: Uint8Array, dims: readonly number[]): Uint8Array {
  const header = Buffer.alloc(4 + 4 * dims.length);
  header.writeUInt8(8, 2);
  header.writeUInt8(dims.length, 3);
  for (const [axis, dim] of dims.entries()) header.writeUInt32BE(dim, 4 + 4 * axis);
  return Buffer.concat([header, values]);
}
