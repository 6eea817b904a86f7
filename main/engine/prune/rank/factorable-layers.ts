import { intAttribute, floatAttribute } from '../../graph/attributes.ts';
import { indexGraph } from '../../graph/index-graph.ts';
import type { Model, Node, Tensor } from '../../graph/ir.ts';
import { layerWeights, outputChannels } from '../../operators/axes.ts';
import { constantFloats } from '../../operators/constant-behind.ts';

/** A layer that may be written as two: a kernel or matrix of `outputs` rows, each of `columns` weights. */
export interface FactorableLayer {
  readonly node: Node;
  readonly weight: Tensor;
  readonly bias: Float32Array | undefined;
  /** Position of the weight among the node's inputs. */
  readonly position: number;
  readonly outputs: number;
  readonly columns: number;
  /** Whether rows are outputs in storage too; else columns are. */
  readonly rowsFirst: boolean;
}

/** Beyond this the eigenvectors take minutes. */
const MOST_OUTPUTS = 1024;

/**
 * Convolutions of one group and products with a stored float32 matrix, in the main graph, whose weight no other layer uses.
 * @param excluded layers that stay
 */
export function factorableLayers(model: Model, excluded: ReadonlySet<string>): readonly FactorableLayer[] {
  const index = indexGraph(model.graph);
  return model.graph.nodes.flatMap((node): FactorableLayer[] => {
    const position = layerWeights(node)?.input;
    const value = position === undefined ? '' : (node.inputs[position] ?? '');
    const weight = index.initializer(value);
    if (position === undefined || weight === undefined || excluded.has(node.name)) return [];
    if (weight.dtype !== 'float32' || index.consumers(value).length > 1 || index.isOutput(value)) return [];
    const axis = outputChannels(node, weight.dims);
    const plain =
      intAttribute(node, 'group', 1) === 1 &&
      floatAttribute(node, 'alpha', 1) === 1 &&
      floatAttribute(node, 'beta', 1) === 1;
    const isKernel = weight.dims.length > 2;
    if (axis === undefined || !plain || weight.dims.length < 2 || (isKernel && axis.axis !== 0)) return [];
    const outputs = weight.dims[axis.axis]!;
    const columns = weight.dims.reduce((product, size) => product * size, 1) / outputs;
    const biasValue = node.inputs[layerWeights(node)?.bias ?? -1] ?? '';
    const bias = biasValue === '' ? undefined : constantFloats(index, biasValue)?.values;
    if (biasValue !== '' && bias?.length !== outputs) return [];
    if (outputs > MOST_OUTPUTS || Math.min(outputs, columns) < 2) return [];
    return [{ node, weight, bias, position, outputs, columns, rowsFirst: axis.axis === 0 }];
  });
}
