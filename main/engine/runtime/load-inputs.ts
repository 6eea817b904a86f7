import { readdir, readFile, stat } from 'node:fs/promises';
import { dirname, extname, join } from 'node:path';
import { StudioError } from '../../base/errors.ts';
import { readTensor } from '../onnx/read-tensor.ts';
import { wholeSpan } from '../onnx/wire-reader.ts';
import type { HostTensor, HostTensors } from '../tensor/host-tensor.ts';
import { parseNpy } from '../tensor/npy.ts';
import { readNpz } from '../tensor/npz.ts';
import { convertTensor, hostTensorOf } from './host-data.ts';
import type { PortInfo } from './settings.ts';

/**
 * Reads inputs for one run from a file: `.npz` (arrays named like the inputs), `.npy` or `.pb` (an ONNX TensorProto) for a
 * model with one input, or a folder of `input_0.pb`, `input_1.pb` … in the order of the model's inputs, as the ONNX model zoo
 * has them. Element types are converted where nothing is lost but rounding.
 * @throws FILE_NOT_FOUND, DATA_INVALID for damaged files, DATA_SHAPE for what does not fit the model's inputs
 */
export async function loadInputs(path: string, inputs: readonly PortInfo[]): Promise<HostTensors> {
  const tensors = await readTensors(path);
  const feeds: Record<string, HostTensor> = {};
  for (const [index, port] of inputs.entries()) {
    const tensor = tensors.get(port.name) ?? (isPositional(tensors, inputs) ? [...tensors.values()][index] : undefined);
    if (tensor === undefined) {
      throw new StudioError('DATA_SHAPE', `${path} has ${[...tensors.keys()].join(', ')}, but no '${port.name}'`, {
        hint: `Name the arrays like the model's inputs: ${inputs.map((input) => input.name).join(', ')}.`,
      });
    }
    feeds[port.name] = fitToPort(tensor, port);
  }
  return feeds;
}

/** With as many tensors as inputs, of which none has a matching name, their order decides. */
function isPositional(tensors: ReadonlyMap<string, HostTensor>, inputs: readonly PortInfo[]): boolean {
  return tensors.size === inputs.length && !inputs.some((port) => tensors.has(port.name));
}

function fitToPort(tensor: HostTensor, port: PortInfo): HostTensor {
  if (port.dtype === null) return tensor;
  try {
    return convertTensor(tensor, port.dtype);
  } catch (error) {
    if (error instanceof StudioError)
      throw new StudioError(error.code, `Input '${port.name}': ${error.message}`, { cause: error });
    throw error;
  }
}

async function readTensors(path: string): Promise<ReadonlyMap<string, HostTensor>> {
  try {
    if ((await stat(path)).isDirectory()) return await readPbFolder(path);
    switch (extname(path).toLowerCase()) {
      case '.npz':
        return await readNpz(path);
      case '.npy':
        return new Map([['array', parseNpy(await readFile(path), path)]]);
      case '.pb':
        return new Map([await readPb(path)]);
      default:
        throw new StudioError(
          'DATA_INVALID',
          `${path}: inputs are read from .npz, .npy and .pb files, and folders of .pb`,
        );
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      throw new StudioError('FILE_NOT_FOUND', `There is no file ${path}`, { cause: error });
    }
    throw error;
  }
}

async function readPb(path: string): Promise<readonly [string, HostTensor]> {
  const bytes = await readFile(path);
  try {
    const tensor = readTensor(wholeSpan(bytes), { directory: dirname(path) });
    return [tensor.name, hostTensorOf(tensor)];
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new StudioError('DATA_INVALID', `${path} is no ONNX tensor: ${reason}`, { cause: error });
  }
}

function numberOf(name: string): number {
  return Number(/^input_(\d+)\.pb$/.exec(name)?.[1] ?? NaN);
}

async function readPbFolder(path: string): Promise<ReadonlyMap<string, HostTensor>> {
  const names = (await readdir(path)).filter((name) => !Number.isNaN(numberOf(name)));
  if (names.length === 0) throw new StudioError('DATA_INVALID', `${path} holds no input_0.pb`);
  names.sort((a, b) => numberOf(a) - numberOf(b));
  const tensors = new Map<string, HostTensor>();
  for (const file of names) {
    const [name, tensor] = await readPb(join(path, file));
    tensors.set(name === '' || tensors.has(name) ? file : name, tensor);
  }
  return tensors;
}
