import type { Model } from '../graph/ir.ts';
import { inferModel } from './infer.ts';
import type { Inference } from './inference.ts';

let last: { readonly model: WeakRef<Model>; readonly inference: Inference } | undefined;

/** Types and shapes as the file states them, symbols kept. Remembered for the last model: it is asked for again and again. */
export function statedInference(model: Model): Inference {
  if (last?.model.deref() !== model) last = { model: new WeakRef(model), inference: inferModel(model) };
  return last.inference;
}
