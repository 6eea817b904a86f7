import type { Model } from '../graph/ir.ts';
import { encode } from './message.ts';
import { modelSchema } from './schema.ts';
import { joinBytes } from './wire-reader.ts';
import { writeFunction, writeGraph, writeOpset } from './write-graph.ts';
import { textOrNothing, writeEntry } from './write-tensor.ts';

/**
 * Writes a `ModelProto`: the pieces, one after the other, are the file. Weights are passed on as views, so the pieces cost
 * little memory; do not modify them. External data stays external, with the location that the model says.
 */
export function encodeModel(model: Model): Uint8Array[] {
  const sink = encode(
    modelSchema,
    {
      irVersion: model.irVersion,
      producerName: textOrNothing(model.producerName),
      producerVersion: textOrNothing(model.producerVersion),
      domain: textOrNothing(model.domain),
      modelVersion: model.modelVersion === 0n ? undefined : model.modelVersion,
      docString: textOrNothing(model.docString),
      graph: writeGraph(model.graph),
      opsetImport: model.opsetImports.map(writeOpset),
      metadataProps: model.metadata.map(writeEntry),
      trainingInfo: model.trainingInfo,
      functions: model.functions.map(writeFunction),
    },
    model.unknown,
  );
  return sink.finish();
}

/** As `encodeModel`, in one array. */
export function encodeModelBytes(model: Model): Uint8Array {
  return joinBytes(encodeModel(model));
}
