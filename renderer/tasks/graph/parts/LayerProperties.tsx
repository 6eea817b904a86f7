import { Badge } from '@mantine/core';
import type { ReactNode } from 'react';
import type { GraphNode, GraphView } from '../../../../main/contract/studio.ts';
import { Facts } from '../../../design/Facts.tsx';
import { Section } from '../../../design/Section.tsx';
import {
  formatBytes,
  formatCompact,
  formatCount,
  formatDb,
  formatMs,
  formatNumber,
  formatPercent,
} from '../../../../main/judge/format.ts';
import type { LayerFacts } from '../../../state/layer-facts.ts';
import { useTrialProfile } from '../../../state/queries.ts';
import { CATEGORY_COLORS } from '../../../viz/operator-colors.ts';
import classes from './LayerProperties.module.css';
import { ValueLine } from './ValueLine.tsx';
import { WeightStats } from './WeightStats.tsx';

interface LayerPropertiesProps {
  readonly trialId: string;
  /** null: a node of the file that is no layer. */
  readonly facts: LayerFacts | null;
  readonly node: GraphNode;
  readonly graph: GraphView;
}

const orNull = <T,>(value: number | null, format: (value: number) => T): T | null =>
  value === null ? null : format(value);

/** Operator, attributes, values, weights and measurements of a layer. */
export function LayerProperties({ trialId, facts, node, graph }: LayerPropertiesProps): ReactNode {
  const profile = useTrialProfile(trialId).data ?? null;
  const kernels = profile?.layers.find((layer) => layer.name === node.name)?.kernels;
  const weights = new Set(node.weights.map((weight) => weight.tensor));
  const inputs = node.inputs.filter((value) => value !== '' && !weights.has(value));
  return (
    <>
      <div className={classes['head']}>
        <span className={classes['op']} style={{ background: CATEGORY_COLORS[node.category] }}>
          {node.op}
        </span>
        {node.domain !== '' && node.domain !== 'ai.onnx' && <Badge color="gray">{node.domain}</Badge>}
        <div className={classes['name']}>{node.name}</div>
      </div>
      {facts !== null && <Measured facts={facts} kernels={kernels} />}
      {node.attributes.length > 0 && (
        <Section title="Attributes" note={node.attributes.length} id="properties-attributes">
          <Facts
            facts={node.attributes.map(({ name, text, type }) => [
              name,
              <span key={name} className="lap-mono" title={type}>
                {text}
              </span>,
            ])}
          />
        </Section>
      )}
      <Section title="Inputs" note={inputs.length}>
        {inputs.length === 0 && <span className="lap-muted">none</span>}
        {inputs.map((value, index) => (
          <ValueLine trialId={trialId} key={`${value}:${String(index)}`} name={value} graph={graph} direction="from" />
        ))}
      </Section>
      <Section title="Outputs" note={node.outputs.length}>
        {node.outputs.map((value) => (
          <ValueLine trialId={trialId} key={value} name={value} graph={graph} direction="to" />
        ))}
      </Section>
      {node.weights.length > 0 && (
        <Section title="Weights" note={node.weights.length} id="properties-weights">
          {node.weights.map((weight) => (
            <WeightStats key={weight.tensor} trialId={trialId} weight={weight} startOpen={weight === node.weights[0]} />
          ))}
        </Section>
      )}
    </>
  );
}

interface MeasuredProps {
  readonly facts: LayerFacts;
  readonly kernels: readonly string[] | undefined;
}

function Measured({ facts, kernels }: MeasuredProps): ReactNode {
  return (
    <Section title="Measured" id="properties-measured">
      <Facts
        facts={[
          [
            'Time',
            facts.folded
              ? facts.fusedInto === null
                ? 'fused: in the kernel of another layer'
                : `fused into ${facts.fusedInto}`
              : orNull(facts.timeMs, (ms) => `${formatMs(ms)}  ·  ${formatPercent(facts.share ?? 0)}`),
          ],
          ['Speed', orNull(facts.gmacsPerSecond, (speed) => `${formatNumber(speed)} GMAC/s`)],
          ['MACs', orNull(facts.macs, formatCompact) ?? 'unknown'],
          ['Computes in', facts.dtype],
          ['Parameters', facts.parameters === 0 ? null : formatCount(facts.parameters)],
          ['Weights', facts.parameterBytes === 0 ? null : formatBytes(facts.parameterBytes)],
          ['Memory moved', orNull(facts.bytes, formatBytes)],
          ['Sparsity', orNull(facts.sparsity, formatPercent)],
          ['Channels kept', orNull(facts.keptShare, formatPercent)],
          ['Left whole', facts.frozen],
          ['Suspect', facts.suspect],
          ['SQNR', orNull(facts.sqnrDb, formatDb)],
          ['SQNR, local', orNull(facts.localSqnrDb, formatDb)],
          ['Cosine', orNull(facts.cosine, (cosine) => formatNumber(cosine, 5))],
          ['Kernels', kernelText(kernels)],
        ]}
      />
      {facts.timeMs === null && <p className={classes['hint']}>Press Profile to measure its time.</p>}
    </Section>
  );
}

/** The runtime's kernels that executed the layer. */
function kernelText(kernels: readonly string[] | undefined): string | null {
  if (kernels === undefined) return null;
  return kernels.length === 0 ? 'none of its own' : kernels.join(', ');
}
