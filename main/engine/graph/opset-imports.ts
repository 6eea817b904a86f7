import type { Model } from './ir.ts';

/** The model with the domain among its imports where one of its nodes is of it, and with a version of 1 if it was not there. */
export function importing(model: Model, domain: string): Model {
  const known = model.opsetImports.some((entry) => entry.domain === domain);
  if (known || !model.graph.nodes.some((node) => node.domain === domain)) return model;
  return { ...model, opsetImports: [...model.opsetImports, { domain, version: 1, unknown: [] }] };
}
