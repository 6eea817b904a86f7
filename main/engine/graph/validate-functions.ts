import type { FunctionDef, Model, Node } from './ir.ts';
import type { ProblemList } from './problem.ts';
import { subgraphsOf, walkNodesOf } from './walk.ts';

function key({ domain, overload }: { domain: string; overload: string }, name: string): string {
  return JSON.stringify([domain === 'ai.onnx' ? '' : domain, name, overload]);
}

function* nodesOf(definition: FunctionDef): Generator<Node> {
  yield* definition.nodes;
  for (const node of definition.nodes) for (const { graph } of subgraphsOf(node)) yield* walkNodesOf(graph);
}

/** Lists functions that are defined twice, and those that call themselves, which ONNX forbids. Iterative, linear time. */
export function checkFunctions(model: Model, problems: ProblemList): void {
  const byKey = new Map<string, FunctionDef>();
  for (const definition of model.functions) {
    const id = key(definition, definition.name);
    if (byKey.has(id)) {
      problems.add(
        'FUNCTION_DUPLICATE',
        'error',
        `Function '${definition.name}' (${definition.domain}) is defined twice`,
      );
    } else byKey.set(id, definition);
  }
  const calls = (definition: FunctionDef): FunctionDef[] => {
    const called = new Set<FunctionDef>();
    for (const node of nodesOf(definition)) {
      const callee = byKey.get(key(node, node.opType));
      if (callee !== undefined) called.add(callee);
    }
    return [...called];
  };
  const state = new Map<FunctionDef, 'open' | 'done'>();
  for (const root of byKey.values()) {
    if (state.has(root)) continue;
    const stack = [{ definition: root, rest: calls(root) }];
    state.set(root, 'open');
    while (stack.length > 0) {
      const top = stack.at(-1)!;
      const next = top.rest.pop();
      if (next === undefined) {
        state.set(top.definition, 'done');
        stack.pop();
      } else if (state.get(next) === 'open') {
        problems.add(
          'FUNCTION_RECURSIVE',
          'error',
          `Function '${next.name}' (${next.domain}) calls itself, which ONNX forbids`,
        );
      } else if (!state.has(next)) {
        state.set(next, 'open');
        stack.push({ definition: next, rest: calls(next) });
      }
    }
  }
}
