import { Button, Text } from '@mantine/core';
import { IconRefresh, IconRulerMeasure } from '@tabler/icons-react';
import { useMemo } from 'react';
import type { ReactNode } from 'react';
import type { MachinePeaks } from '../../../../main/contract/machine-peaks.ts';
import { providerSchema } from '../../../../main/contract/machine.ts';
import type { MachineSetup } from '../../../../main/contract/machine.ts';
import type { Profile } from '../../../../main/contract/results.ts';
import { formatMs, formatNumber, formatPercent, formatTime } from '../../../../main/judge/format.ts';
import { BOUND_WORDS, rooflineOf, roofsOf, tooLow } from '../../../../main/judge/profile/roofline.ts';
import type { Bound, Roofline } from '../../../../main/judge/profile/roofline.ts';
import { EmptyState } from '../../../design/EmptyState.tsx';
import { Stat } from '../../../design/Stat.tsx';
import { useMachinePeaks } from '../../../state/queries.ts';
import { HelpLabel } from '../../../widgets/HelpLabel.tsx';
import { Loaded } from '../../../widgets/Loaded.tsx';
import { TaskLine } from '../../../widgets/TaskLine.tsx';
import { measurePeaks, usePeaksTask } from '../store.ts';
import { RooflineChart } from './RooflineChart.tsx';
import { RooflineTable } from './RooflineTable.tsx';
import classes from './Roofline.module.css';

/** What each layer could be here: below the machine's measured peaks, bound by arithmetic, memory or the cost of a kernel. */
export function RooflineSection({ profile }: { readonly profile: Profile }): ReactNode {
  const setup = setupOf(profile);
  const loaded = useMachinePeaks(setup);
  const task = usePeaksTask();
  const running = task.state.status === 'running';
  const line = (
    <TaskLine state={task.state} title="Measuring the machine" onCancel={task.cancel} onDismiss={task.dismiss} />
  );
  return (
    <Loaded query={loaded} loading="Looking for what this machine can do…">
      {(peaks) =>
        peaks === null ? (
          <EmptyState
            title="What this machine can do was not measured yet"
            icon={<IconRulerMeasure size={28} />}
            action={
              <>
                <Button onClick={() => void measurePeaks(setup)} loading={running}>
                  Measure the machine
                </Button>
                {line}
              </>
            }
          >
            A product of two large matrices in float32 and int8, and sums of arrays from a core’s cache to beyond all
            caches, through the runtime that ran the model, with {setup.threads} thread{setup.threads === 1 ? '' : 's'}.
            About five seconds; kept for this machine and runtime.
          </EmptyState>
        ) : (
          <RooflineContent profile={profile} peaks={peaks}>
            <Button
              variant="default"
              leftSection={<IconRefresh size={13} />}
              disabled={running}
              onClick={() => void measurePeaks(setup)}
            >
              Measure the machine again
            </Button>
            {line}
          </RooflineContent>
        )
      }
    </Loaded>
  );
}

interface RooflineContentProps {
  readonly profile: Profile;
  readonly peaks: MachinePeaks;
  readonly children: ReactNode;
}

function RooflineContent({ profile, peaks, children }: RooflineContentProps): ReactNode {
  const roofline = useMemo(() => rooflineOf(profile, peaks), [profile, peaks]);
  const low = tooLow(roofline);
  return (
    <section className={classes['section']} aria-label="Roofline">
      <div className={classes['head']}>
        <h3>Roofline</h3>
        <Text span className="lap-muted">
          measured {formatTime(peaks.at)} with {peaks.machine.threads}{' '}
          {peaks.machine.threads === 1 ? 'thread' : 'threads'}
        </Text>
        <span style={{ flex: 1 }} />
        {children}
      </div>
      <Figures roofline={roofline} peaks={peaks} />
      {low !== null && <Text c="orange">{low}</Text>}
      <div className={classes['head']}>
        <Key bound="compute" />
        <Key bound="memory" />
        <Key bound="overhead" />
      </div>
      <RooflineChart roofline={roofline} peaks={peaks} />
      <div className={classes['table']}>
        <RooflineTable roofline={roofline} />
      </div>
    </section>
  );
}

function Figures({ roofline, peaks }: { readonly roofline: Roofline; readonly peaks: MachinePeaks }): ReactNode {
  const { kernelsMs, roofMs, boundMs } = roofline;
  const { cache, memory } = roofsOf(peaks);
  const share = (bound: Bound): string => formatPercent(kernelsMs > 0 ? boundMs[bound] / kernelsMs : 0, 2);
  const product = `The fastest of ${peaks.runs} products of two ${peaks.size} × ${peaks.size} matrices: two operations for each multiply–accumulate.`;
  return (
    <div className={classes['figures']}>
      <Stat
        label="Headroom"
        value={
          <HelpLabel help="How much faster the kernels would be if each were at its roof: what no setting and no other kernel can pass without changing the model.">
            {formatNumber(kernelsMs / roofMs)}×
          </HelpLabel>
        }
        note={`${formatMs(kernelsMs)} → ${formatMs(roofMs)}`}
      />
      <Stat label="Compute-bound" value={share('compute')} note="of kernel time" />
      <Stat label="Memory-bound" value={share('memory')} note="of kernel time" />
      <Stat label="Overhead-bound" value={share('overhead')} note="of kernel time" />
      <Stat
        label="Peak float32"
        value={<HelpLabel help={product}>{gigaOps(peaks.float32)}</HelpLabel>}
        note="GFLOP/s"
      />
      <Stat
        label="Peak int8"
        value={<HelpLabel help={product}>{peaks.int8 === null ? '–' : gigaOps(peaks.int8)}</HelpLabel>}
        note="Gop/s"
      />
      <Stat
        label="Bandwidth"
        value={<HelpLabel help={bandwidthWords(peaks)}>{formatNumber(memory)} GB/s</HelpLabel>}
        note={`up to ${formatNumber(cache)} in cache`}
      />
      <Stat
        label="A kernel costs"
        value={
          <HelpLabel help="The sum of two single numbers, as the profiler times it.">
            {formatMs(peaks.kernelUs / 1000)}
          </HelpLabel>
        }
        note="at least"
      />
    </div>
  );
}

function bandwidthWords({ bandwidth }: MachinePeaks): string {
  const sizes = bandwidth.map(({ setBytes, gbPerSecond }) => `${setBytes / 2 ** 20} MiB: ${formatNumber(gbPerSecond)}`);
  return `Sums of two arrays, two reads and a write for each element, in GB/s by the bytes that are kept in use: ${sizes.join(', ')}.`;
}

const gigaOps = (value: number): string => formatNumber(value);

const KEY_TITLES: Readonly<Record<Bound, string>> = {
  compute: 'compute-bound',
  memory: 'memory-bound',
  overhead: 'overhead-bound',
};

function Key({ bound }: { readonly bound: Bound }): ReactNode {
  return (
    <span className={classes['key']}>
      <svg width={12} height={12} aria-hidden>
        {bound === 'compute' ? (
          <circle cx={6} cy={6} r={5} className={classes['mark']} data-bound={bound} />
        ) : (
          <rect
            x={2}
            y={2}
            width={8}
            height={8}
            className={classes['mark']}
            data-bound={bound}
            {...(bound === 'overhead' ? { transform: 'rotate(45 6 6)' } : {})}
          />
        )}
      </svg>
      <HelpLabel help={BOUND_WORDS[bound]}>{KEY_TITLES[bound]}</HelpLabel>
    </span>
  );
}

/** How the profile ran, as the machine is to be measured. */
function setupOf({ machine }: Profile): MachineSetup {
  return { provider: providerSchema.catch('cpu').parse(machine.provider), threads: machine.threads };
}
