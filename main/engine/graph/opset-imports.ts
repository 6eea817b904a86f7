import type { Model, OpsetImport } from './ir.ts';

/** The model with the domain among its imports where one of its nodes is of it, and with a version of 1 if it was not there. */
export function importing(model: Model, domain: string): Model {
  if (!model.graph.nodes.some((node) => node.domain === domain)) return model;
  return { ...model, opsetImports: withDomains(model.opsetImports, new Map([[domain, 1]])) };
}

/** Imports and those of further domains, each in its version, that are not among them. */
export function withDomains(
  imports: readonly OpsetImport[],
  domains: ReadonlyMap<string, number>,
): readonly OpsetImport[] {
  const missing = [...domains].filter(([domain]) => !imports.some((entry) => entry.domain === domain));
  return [...imports, ...missing.map(([domain, version]): OpsetImport => ({ domain, version, unknown: [] }))];
}
