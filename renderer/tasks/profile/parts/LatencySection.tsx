import type { ReactNode } from 'react';
import { Text } from '@mantine/core';
import type { Profile } from '../../../../main/contract/results.ts';
import { Stat } from '../../../design/Stat.tsx';
import { formatBytes, formatCount, formatMs, formatPercent } from '../../../../main/judge/format.ts';
import { HelpLabel } from '../../../widgets/HelpLabel.tsx';
import { PROFILE_HELP, explainGap, reconcile } from '../model.ts';
import classes from '../ProfileView.module.css';
import { LatencyHistogram } from './LatencyHistogram.tsx';

/** Latency of the undisturbed runs, the profiled ones beside it, and how the two hang together. */
export function LatencySection({ profile }: { readonly profile: Profile }): ReactNode {
  const { latency, machine, memory } = profile;
  const sums = reconcile(profile);
  return (
    <section className={classes['section']} aria-label="Latency">
      <h3 className={classes['heading']}>
        Latency
        <Text span className="lap-muted" fw={400}>
          {machine.provider} · {machine.threads} {machine.threads === 1 ? 'thread' : 'threads'} · batch {profile.batch}{' '}
          · {formatCount(latency.runs)} runs after {formatCount(latency.warmup)} warm-up · {machine.cpu}
        </Text>
      </h3>
      <div className={classes['stats']}>
        <HelpStat
          name="p50"
          help={PROFILE_HELP.p50}
          value={formatMs(latency.p50Ms)}
          note={profile.imported === undefined ? 'unprofiled' : 'under the profiler'}
        />
        <HelpStat name="p90" help={PROFILE_HELP.p90} value={formatMs(latency.p90Ms)} />
        <HelpStat name="p99" help={PROFILE_HELP.p99} value={formatMs(latency.p99Ms)} />
        <HelpStat
          name="Spread"
          help={PROFILE_HELP.spread}
          value={`± ${formatMs(latency.stdMs)}`}
          note={`${formatMs(latency.minMs)} … ${formatMs(latency.maxMs)}`}
        />
        <HelpStat
          name="Profiled p50"
          help={PROFILE_HELP.profiled}
          value={formatMs(sums.profiledMs)}
          note={`${sums.gapMs < 0 ? '−' : '+'}${formatPercent(Math.abs(sums.gapShare), 2)}`}
        />
        <HelpStat
          name="Kernels"
          help={PROFILE_HELP.kernels}
          value={formatMs(sums.kernelsMs)}
          note={`${profile.kernels.length} kernels`}
        />
        <HelpStat name="Unattributed" help={PROFILE_HELP.unattributed} value={formatMs(sums.unattributedMs)} />
        {profile.imported === undefined && (
          <HelpStat
            name="Peak memory"
            help={PROFILE_HELP.peak}
            value={formatBytes(memory.peakBytes)}
            note={`${formatBytes(memory.sessionBytes)} loaded`}
          />
        )}
      </div>
      <Text className="lap-muted" mt={6}>
        {profile.imported === undefined
          ? explainGap(sums)
          : 'All times were taken under the profiler, elsewhere: what recording costs is in them.'}
      </Text>
      <LatencyHistogram latency={latency} />
    </section>
  );
}

interface HelpStatProps {
  readonly name: string;
  readonly help: string;
  readonly value: string;
  readonly note?: string;
}

function HelpStat({ name, help, value, note }: HelpStatProps): ReactNode {
  return (
    <div>
      <Stat label={name} value={<HelpLabel help={help}>{value}</HelpLabel>} {...(note === undefined ? {} : { note })} />
    </div>
  );
}
