import { StudioError } from '../../base/errors.ts';
import type { Model } from '../graph/ir.ts';
import { decode } from './message.ts';
import { readEntry, readOpset } from './read-common.ts';
import { readFunction, readGraph } from './read-graph.ts';
import { modelSchema } from './schema.ts';
import { wholeSpan } from './wire-reader.ts';

/**
 * Reads a `ModelProto`. Weights are views on `bytes`, which must not change afterwards; nothing is read from disk.
 * @param directory the model's folder, where external data will be looked for
 * @throws ONNX_TRUNCATED when the bytes end within a field; ONNX_INVALID when they are no protobuf or contradict themselves;
 *   NOT_ONNX when they are protobuf without a graph; UNSUPPORTED for tensors of unknown element types
 */
export function parseModel(bytes: Uint8Array, directory: string): Model {
  const record = decode(modelSchema, wholeSpan(bytes));
  if (record.graph === undefined) {
    throw new StudioError('NOT_ONNX', `These ${bytes.length} bytes hold no graph, expected an ONNX model`, {
      hint: 'Choose an .onnx file.',
    });
  }
  const context = { directory };
  return {
    irVersion: record.irVersion ?? 0,
    opsetImports: record.opsetImport.map(readOpset),
    producerName: record.producerName ?? '',
    producerVersion: record.producerVersion ?? '',
    domain: record.domain ?? '',
    modelVersion: record.modelVersion ?? 0n,
    docString: record.docString ?? '',
    metadata: record.metadataProps.map(readEntry),
    graph: readGraph(record.graph, context),
    functions: record.functions.map((definition) => readFunction(definition, context)),
    trainingInfo: record.trainingInfo,
    unknown: record.unknown,
  };
}
