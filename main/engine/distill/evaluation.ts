import type { Session } from '../runtime/session.ts';
import { firstNumber, type HostTensors } from '../tensor/host-tensor.ts';
import { answersOf, countEqual } from './agreement.ts';
import type { Item } from './batch-order.ts';
import type { Target } from './match.ts';
import type { PreparedRun } from './prepare-run.ts';
import type { Teacher } from './teacher.ts';
import type { Counted, Standing } from './train.ts';

/** Samples that are evaluated at once. */
const AT_ONCE = 64;

interface EvaluationParts {
  readonly run: PreparedRun;
  readonly teacher: Teacher;
  readonly targets: readonly Target[];
  /** What each loss is multiplied by in the sum. */
  readonly weights: readonly number[];
  readonly signal: AbortSignal;
}

/** How a student does on what is held out. */
export class Evaluation {
  readonly #parts: EvaluationParts;
  /** The teacher's answers on the held-out samples, by place. */
  readonly #answers = new Map<number, Int32Array | null>();

  constructor(parts: EvaluationParts) {
    this.#parts = parts;
  }

  /** @param give runs the student on some feeds, as it is now */
  async standing(give: (feeds: HostTensors, outputs: readonly string[]) => Promise<HostTensors>): Promise<Standing> {
    const { run, teacher, targets, weights } = this.#parts;
    const { heldOut } = run.split;
    const names = targets.map((target) => target.loss);
    let loss = 0;
    let agreement: Counted | null = null;
    let accuracy: Counted | null = null;
    for (let at = 0; at < heldOut.length; at += AT_ONCE) {
      const places = heldOut.slice(at, at + AT_ONCE);
      const items = places.map((sample) => ({ sample, view: 0 }));
      const feeds = { ...run.samples.feeds(items), ...(await teacher.targetsOf(items)) };
      const outputs = await give(feeds, [...names, run.scores.student]);
      const losses = names.map((name) => firstNumber(outputs[name]!));
      loss += places.length * losses.reduce((sum, value, index) => sum + value * weights[index]!, 0);
      const answers = answersOf(outputs[run.scores.student]!);
      agreement = added(agreement, countEqual(answers, await this.#answersTo(at, items)));
      const labels = run.samples.labels;
      const classes = labels === null ? null : Int32Array.from(places, (place) => labels[place]!);
      accuracy = added(accuracy, countEqual(answers, classes));
    }
    return { loss: loss / heldOut.length, agreement, accuracy };
  }

  /** What the teacher answers, asked once. */
  async #answersTo(at: number, items: readonly Item[]): Promise<Int32Array | null> {
    const { run, signal } = this.#parts;
    const known = this.#answers.get(at);
    if (known !== undefined) return known;
    const output = run.scores.teacher;
    const session: Session = run.teachers[0]!;
    const given = await session.run(run.samples.feeds(items, session.inputs), { outputs: [output], signal });
    const answers = answersOf(given[output]!);
    this.#answers.set(at, answers);
    return answers;
  }
}

function added(sum: Counted | null, more: Counted | null): Counted | null {
  if (sum === null || more === null) return more;
  return { hits: sum.hits + more.hits, samples: sum.samples + more.samples };
}
