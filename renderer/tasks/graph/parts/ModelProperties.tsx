import { Badge } from '@mantine/core';
import type { ReactNode } from 'react';
import type { Problem, ValueRef } from '../../../../main/contract/results.ts';
import type { GraphView, OpenedModel, Trial } from '../../../../main/contract/studio.ts';
import { Facts } from '../../../design/Facts.tsx';
import type { Fact } from '../../../design/Facts.tsx';
import { Section } from '../../../design/Section.tsx';
import { formatBytes, formatCompact, formatMs, formatPercent, formatShape } from '../../../../main/judge/format.ts';
import { useModelProblems } from '../../../state/queries.ts';
import { selectLayer } from '../../../state/selection.ts';
import classes from './LayerProperties.module.css';

interface ModelPropertiesProps {
  readonly model: OpenedModel;
  readonly trial: Trial;
  /** Of the trial's output model; null until it has come. */
  readonly graph: GraphView | null;
}

/** What is in the model, and what of it was measured. */
export function ModelProperties({ model, trial, graph }: ModelPropertiesProps): ReactNode {
  const { inspect, entry } = model;
  const problems = useModelProblems(entry.id).data ?? NONE;
  const opsets = Object.entries(inspect.model.opsets).map(([domain, version]) => `${domain || 'ai.onnx'} ${version}`);
  const operators = Object.entries(graph === null ? inspect.operators : operatorCounts(graph)).sort(
    ([, a], [, b]) => b - a,
  );
  const top1 = trial.evaluation?.metrics['top1'];
  return (
    <>
      <Section title="Model">
        <Facts
          facts={[
            ['Name', entry.name],
            ['Trial', trial.name],
            ['Size', formatBytes(trial.bytes ?? entry.bytes)],
            ['Parameters', formatCompact(trial.parameters ?? inspect.parameters)],
            ['MACs', formatCompact(trial.macs ?? inspect.macs)],
            ['Latency', trial.latency === null ? null : `${formatMs(trial.latency.p50Ms)} (p50)`],
            ['Top-1', top1 === undefined ? null : formatPercent(top1.value)],
            ['Layers', graph?.nodes.length ?? inspect.nodes],
            ['Producer', inspect.model.producer || null],
            ['IR version', inspect.model.irVersion],
            ['Opset', opsets.join(', ')],
            ['Path', entry.path],
            ...Object.entries(inspect.model.metadata).map(([key, value]): Fact => [key, value]),
          ]}
        />
      </Section>
      {problems.length > 0 && (
        <Section title="Problems" note={problems.length}>
          {problems.slice(0, 50).map((problem) => (
            <ProblemLine key={`${problem.code}:${problem.layer ?? ''}:${problem.message}`} problem={problem} />
          ))}
        </Section>
      )}
      <Section title="Inputs" note={inspect.inputs.length}>
        <Values values={inspect.inputs} />
      </Section>
      <Section title="Outputs" note={inspect.outputs.length}>
        <Values values={inspect.outputs} />
      </Section>
      <Section title="Operators" note={operators.length}>
        <Facts facts={operators} />
      </Section>
    </>
  );
}

const NONE: readonly Problem[] = [];

function operatorCounts(graph: GraphView): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { op } of graph.nodes) counts[op] = (counts[op] ?? 0) + 1;
  return counts;
}

function Values({ values }: { readonly values: readonly ValueRef[] }): ReactNode {
  return values.map((value) => (
    <div key={value.name} className={classes['value']}>
      <div className={`${classes['valueName']} lap-mono`}>{value.name}</div>
      <div className="lap-muted">
        {value.dtype ?? 'type unknown'} · {formatShape(value.shape)}
      </div>
    </div>
  ));
}

function ProblemLine({ problem }: { readonly problem: Problem }): ReactNode {
  const { layer } = problem;
  const color = problem.severity === 'error' ? 'red' : problem.severity === 'warning' ? 'yellow' : 'gray';
  return (
    <div className={classes['value']}>
      <Badge color={color}>{problem.code}</Badge> {problem.message}{' '}
      {layer !== null && (
        <button type="button" className={classes['link']} onClick={() => selectLayer(layer, 'command')}>
          {layer}
        </button>
      )}
    </div>
  );
}
