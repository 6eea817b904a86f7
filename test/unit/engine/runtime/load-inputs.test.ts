import { mkdirSync, writeFileSync } from 'node:fs';
import { zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { convertTensor } from '../../../../main/engine/runtime/host-data.ts';
import { loadInputs } from '../../../../main/engine/runtime/load-inputs.ts';
import type { PortInfo } from '../../../../main/engine/runtime/settings.ts';
import type { HostTensor } from '../../../../main/engine/tensor/host-tensor.ts';
import { tempFolder } from '../../../support/temp-folder.ts';

/** An .npy file (version 1) of little-endian elements. */
function npy(descr: string, shape: string, data: ArrayBufferView): Uint8Array {
  const dict = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${shape}, }`.padEnd(117) + '\n';
  const head = Buffer.from('\x93NUMPY\x01\x00\x76\x00', 'latin1');
  return Buffer.concat([head, Buffer.from(dict), Buffer.from(data.buffer, data.byteOffset, data.byteLength)]);
}

/** A TensorProto with float32 dims [2] in raw_data: fields 1 (dims), 2 (data_type), 8 (name), 9 (raw_data). */
function pb(name: string, values: readonly number[]): Uint8Array {
  const raw = Buffer.from(new Float32Array(values).buffer);
  const field = (number: number, bytes: Uint8Array): Uint8Array[] => [
    Buffer.from([(number << 3) | 2, bytes.length]),
    bytes,
  ];
  return Buffer.concat([Buffer.from([0x08, values.length, 0x10, 1]), ...field(8, Buffer.from(name)), ...field(9, raw)]);
}

const x: PortInfo = { name: 'x', dtype: 'float32', shape: ['n'] };
const y: PortInfo = { name: 'y', dtype: 'int64', shape: ['n'] };
const two: HostTensor = { dtype: 'float32', dims: [2], data: new Float32Array([1, 2]) };

describe('loadInputs', () => {
  it('finds arrays of an .npz by name and converts their element type', async () => {
    using folder = tempFolder();
    const path = folder.file('in.npz');
    const arrays = {
      'y.npy': npy('<i4', '(2,)', new Int32Array([3, -4])),
      'x.npy': npy('<f8', '(2,)', new Float64Array([1, 2])),
    };
    writeFileSync(path, zipSync(arrays));
    expect(await loadInputs(path, [x, y])).toEqual({
      x: two,
      y: { dtype: 'int64', dims: [2], data: new BigInt64Array([3n, -4n]) },
    });
  });

  it('takes a lone .npy or .pb for the only input, whatever it is called', async () => {
    using folder = tempFolder();
    writeFileSync(folder.file('a.npy'), npy('<f4', '(2,)', new Float32Array([1, 2])));
    writeFileSync(folder.file('a.pb'), pb('other', [1, 2]));
    expect(await loadInputs(folder.file('a.npy'), [x])).toEqual({ x: two });
    expect(await loadInputs(folder.file('a.pb'), [x])).toEqual({ x: two });
  });

  it('reads input_0.pb, input_1.pb … input_10.pb in the order of their numbers', async () => {
    using folder = tempFolder();
    const set = folder.file('test_data_set_0');
    mkdirSync(set);
    for (const number of [10, 2, 1]) writeFileSync(`${set}/input_${number}.pb`, pb('', [number, 0]));
    const ports = ['a', 'b', 'c'].map((name) => ({ ...x, name }));
    const feeds = await loadInputs(set, ports);
    expect(['a', 'b', 'c'].map((name) => (feeds[name]!.data as Float32Array)[0])).toEqual([1, 2, 10]);
  });

  it('says what is missing, foreign or damaged', async () => {
    using folder = tempFolder();
    writeFileSync(folder.file('a.npz'), zipSync({ 'z.npy': npy('<f4', '(2,)', new Float32Array(2)) }));
    await expect(loadInputs(folder.file('a.npz'), [x, y])).rejects.toMatchObject({ code: 'DATA_SHAPE' });
    await expect(loadInputs(folder.file('none.npy'), [x])).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' });
    writeFileSync(folder.file('a.txt'), 'hello');
    await expect(loadInputs(folder.file('a.txt'), [x])).rejects.toMatchObject({ code: 'DATA_INVALID' });
    writeFileSync(folder.file('b.pb'), 'hello');
    await expect(loadInputs(folder.file('b.pb'), [x])).rejects.toMatchObject({ code: 'DATA_INVALID' });
  });
});

describe('convertTensor', () => {
  it('rounds among floats', () => {
    expect(convertTensor({ ...two, data: new Float32Array([1, 0.1]) }, 'float16').data).toEqual(
      new Uint16Array([0x3c00, 0x2e66]),
    );
    expect(convertTensor({ dtype: 'float16', dims: [1], data: new Uint16Array([0x3c00]) }, 'float64').data).toEqual(
      new Float64Array([1]),
    );
  });

  it('refuses to lose fractions or digits', () => {
    expect(() => convertTensor(two, 'int64')).toThrow(/fractions would be lost/);
    const big: HostTensor = { dtype: 'int32', dims: [1], data: new Int32Array([300]) };
    expect(() => convertTensor(big, 'uint8')).toThrow(/300 does not fit/);
    expect(convertTensor({ ...big, data: new Int32Array([255]) }, 'uint8').data).toEqual(new Uint8Array([255]));
  });
});
