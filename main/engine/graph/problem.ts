/** Something about a model that a person should know. Errors keep the model from running, warnings may. */
export interface GraphProblem {
  readonly code: ProblemCode;
  readonly message: string;
  /** The layer that it is about, by its unique name. */
  readonly layer: string | null;
  readonly severity: 'error' | 'warning' | 'info';
}

/** The closed list of what `validateModel` finds. */
export type ProblemCode =
  | 'ATTRIBUTE_DUPLICATE'
  | 'ATTRIBUTE_REFERENCE'
  | 'ATTRIBUTE_TYPE_UNKNOWN'
  | 'CYCLE'
  | 'DIMS_ABSURD'
  | 'DUPLICATE_INITIALIZER'
  | 'DUPLICATE_INPUT'
  | 'DUPLICATE_NODE_NAME'
  | 'DUPLICATE_VALUE'
  | 'EXTERNAL_DATA_MISSING'
  | 'EXTERNAL_DATA_OUTSIDE'
  | 'FUNCTION_DUPLICATE'
  | 'FUNCTION_RECURSIVE'
  | 'INPUT_DANGLING'
  | 'IR_VERSION'
  | 'NO_NODES'
  | 'NO_OUTPUTS'
  | 'NODE_WITHOUT_OPERATOR'
  | 'NOT_TOPOLOGICAL'
  | 'OPSET_DUPLICATE'
  | 'OPSET_MISSING'
  | 'OUTPUT_MISSING'
  | 'TENSOR_SIZE'
  | 'WEIGHTS_NOT_FINITE';

/** Of each kind at most so many are listed: a broken file may have one for each of its nodes. */
const MAX_PER_CODE = 50;

/** Gathers problems, and counts those of a kind that has too many. */
export class ProblemList {
  readonly #problems: GraphProblem[] = [];
  readonly #counts = new Map<ProblemCode, number>();

  add(code: ProblemCode, severity: GraphProblem['severity'], message: string, layer: string | null = null): void {
    const count = (this.#counts.get(code) ?? 0) + 1;
    this.#counts.set(code, count);
    if (count <= MAX_PER_CODE) this.#problems.push({ code, severity, message, layer });
  }

  /** The list, each kind with too many closed by one that says how many more. */
  finish(): GraphProblem[] {
    const problems = [...this.#problems];
    for (const [code, count] of this.#counts) {
      if (count <= MAX_PER_CODE) continue;
      const { severity } = problems.find((problem) => problem.code === code)!;
      problems.push({ code, severity, message: `… and ${count - MAX_PER_CODE} more of this kind`, layer: null });
    }
    return problems;
  }
}
