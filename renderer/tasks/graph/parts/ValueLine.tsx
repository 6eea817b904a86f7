import type { ReactNode } from 'react';
import type { GraphView } from '../../../../main/contract/studio.ts';
import { formatShape } from '../../../../main/judge/format.ts';
import { useSession } from '../../../state/session.ts';
import { selectLayer } from '../../../state/selection.ts';
import { lookInto } from '../../../state/tensor-view.ts';
import classes from './LayerProperties.module.css';

interface ValueLineProps {
  readonly trialId: string;
  readonly name: string;
  readonly graph: GraphView;
  /** Whether the layer that makes it or the layers that read it are linked. */
  readonly direction: 'from' | 'to';
}

/** A tensor that passes between layers: name, type and shape, and where it comes from or goes. */
export function ValueLine({ trialId, name, graph, direction }: ValueLineProps): ReactNode {
  const datasetId = useSession((state) => state.datasetId);
  const value = graph.values.find((candidate) => candidate.name === name);
  const others = graph.nodes.filter((node) => (direction === 'from' ? node.outputs : node.inputs).includes(name));
  const isEnd = (direction === 'from' ? graph.inputs : graph.outputs).includes(name);
  return (
    <div className={classes['value']}>
      <div className={`${classes['valueName']} lap-mono`}>
        <button
          type="button"
          className={classes['link']}
          title="Look at its values on a sample"
          onClick={() => lookInto({ trialId, source: { kind: 'value', value: name, datasetId, sample: 0 } })}
        >
          {name}
        </button>
      </div>
      <div className="lap-muted">
        {value?.dtype ?? 'type unknown'} · {formatShape(value?.shape ?? null)}
        {isEnd && (direction === 'from' ? ' · input of the model' : ' · output of the model')}
      </div>
      {others.slice(0, 8).map((node) => (
        <div key={node.name} className={classes['linkLine']}>
          <span aria-hidden>{direction === 'from' ? '←' : '→'}</span>
          <button type="button" className={classes['link']} onClick={() => selectLayer(node.name, 'command')}>
            {node.op} {node.name}
          </button>
        </div>
      ))}
      {others.length > 8 && <div className="lap-muted">and {others.length - 8} more</div>}
    </div>
  );
}
