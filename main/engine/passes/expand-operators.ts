import { GraphEditor } from '../graph/edit.ts';
import { allValueNames, usedValues } from '../graph/index-graph.ts';
import type { Model, Node } from '../graph/ir.ts';
import { layerNames } from '../graph/layers.ts';
import { withDomains } from '../graph/opset-imports.ts';
import { GraphWriter } from '../operators/graph-writer.ts';
import { inferModel } from '../operators/infer.ts';
import { NodeWriter, numbersOf, WritingRefusal, type Expansion } from '../operators/node-writer.ts';
import { operatorSpec } from '../operators/table.ts';
import type { Sources } from './pass.ts';
import { defaultOpset } from './upgrade-opset.ts';

export interface Expanded {
  readonly model: Model;
  readonly sources: Sources;
  /** Layers that stay, and why. */
  readonly refused: ReadonlyMap<string, string>;
}

/**
 * Writes operators that have no backward form of their own in others that have one (facet `expansion` of the operator table).
 * Outputs keep their names; the new nodes stand for the layer. One that cannot be written so stays.
 * @param model opset 13 or later, every node of the main graph named uniquely
 */
export function expandOperators(model: Model): Expanded {
  const { graph } = model;
  const expansions = graph.nodes.flatMap((node) => {
    const spec = operatorSpec(node.domain, node.opType);
    return spec?.expansion === undefined || spec.gradient !== undefined ? [] : [{ node, expansion: spec.expansion }];
  });
  if (expansions.length === 0) return { model, sources: new Map(), refused: new Map() };
  const inference = inferModel(model);
  const names = new Map(graph.nodes.map((node, at) => [node, layerNames(graph)[at]!]));
  const taken = allValueNames(graph);
  const used = new Set([...graph.outputs.map(({ name }) => name), ...graph.nodes.flatMap(usedValues)]);
  const editor = new GraphEditor(graph);
  const sources = new Map<string, readonly string[]>();
  const refused = new Map<string, string>();
  let imports = model.opsetImports;
  for (const { node, expansion } of expansions) {
    const layer = names.get(node)!;
    const write = new GraphWriter({ taken, opset: defaultOpset(model), prefix: layer });
    const record = inference.records.get(node);
    const context = new NodeWriter(
      {
        node,
        opset: imports.find(({ domain }) => domain === node.domain)?.version ?? 1,
        inputs: record?.inputs ?? [],
        outputs: record?.outputs ?? [],
        numbers: (input) => numbersOf(record?.inputs[input]),
      },
      write,
    );
    try {
      editor.insertBefore(node, ...written(context, expansion, used));
    } catch (error) {
      if (!(error instanceof WritingRefusal)) throw error;
      refused.set(layer, error.message);
      continue;
    }
    editor.removeNode(node);
    for (const tensor of write.initializers) editor.setInitializer(tensor);
    for (const added of write.nodes) sources.set(added.name, [layer]);
    imports = withDomains(imports, write.domains);
  }
  return { model: { ...model, graph: editor.build(), opsetImports: imports }, sources, refused };
}

/** The nodes of an expansion, its results under the names of the node's outputs. */
function written(context: NodeWriter, expansion: Expansion, used: ReadonlySet<string>): readonly Node[] {
  const { write, node } = context;
  const values = expansion(context);
  node.outputs.forEach((output, at) => {
    if (output === '') return;
    const value = values[at];
    if (value !== undefined) write.copy(value, output);
    else if (used.has(output)) context.refuse(`nothing gives its output ${at}`);
  });
  return write.nodes;
}
