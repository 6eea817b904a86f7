/** Who may import whom, as docs/architecture.md says, in dependency-cruiser's form. */
import type { IForbiddenRuleType, IRegularForbiddenRuleType } from 'dependency-cruiser';

/** Rooms of the engine, those that may be imported by all after them first; rooms in one group are siblings. */
const ENGINE_ROOMS: readonly (readonly string[])[] = [
  ['tensor'],
  ['graph'],
  ['onnx', 'operators'],
  ['runtime'],
  ['passes'],
  ['channels', 'linear', 'autograd'],
  ['layers'],
  ['profile', 'dataset'],
  ['sums'],
  ['quantize', 'prune', 'equalize'],
  ['doctor', 'distill'],
  ['steps'],
  ['recipe'],
  ['trial'],
  ['search', 'report'],
];

type Rule = Omit<IRegularForbiddenRuleType, 'name' | 'severity'>;

const rule = (name: string, from: Rule['from'], to: Rule['to']): IForbiddenRuleType => ({
  name,
  severity: 'error',
  from,
  to,
});

/** Each room against its siblings and all rooms after it. */
const engineRules = ENGINE_ROOMS.flatMap((siblings, rank) =>
  siblings.flatMap((room) => {
    const others = ENGINE_ROOMS.slice(rank)
      .flat()
      .filter((other) => other !== room);
    if (others.length === 0) return [];
    return [rule(`engine-${room}`, { path: `^main/engine/${room}/` }, { path: `^main/engine/(${others.join('|')})/` })];
  }),
);

/** The forbidden imports. Paths are relative to the folder that is cruised. */
export const RULES: readonly IForbiddenRuleType[] = [
  ...engineRules,
  rule('base-knows-nothing', { path: '^main/base/' }, { path: '^(main/(?!base/)|renderer/|preload/|test/|scripts/)' }),
  rule(
    'rpc-and-judge-know-base-and-contract',
    { path: '^main/(rpc|judge)/' },
    { path: '^(main/(?!base/|contract/)|renderer/|preload/)', pathNot: '^main/$1/' },
  ),
  rule(
    'judge-is-pure',
    { path: '^main/judge/' },
    { dependencyTypes: ['core', 'npm', 'npm-dev', 'npm-no-pkg', 'npm-optional', 'npm-peer'] },
  ),
  rule(
    'engine-is-alone',
    { path: '^main/engine/' },
    { path: '^(main/(?!engine/|base/|contract/|judge/|rpc/)|renderer/|preload/|test/|scripts/)' },
  ),
  rule(
    'contract-knows-zod-alone',
    { path: '^main/contract/' },
    { path: '.', pathNot: '^main/contract/|(^|/)node_modules/zod/' },
  ),
  rule(
    'workspace-and-jobs-know-no-service',
    { path: '^main/(workspace|jobs)/' },
    { path: '^main/(services|host|cli|electron)/' },
  ),
  rule(
    'services-know-no-door',
    { path: '^main/services/' },
    { path: '^(main/(host|cli|electron)/|renderer/|preload/)' },
  ),
  rule(
    'renderer-knows-contract-and-judge-alone',
    { path: '^renderer/', pathNot: '^renderer/rpc/' },
    { path: '^(main/(?!contract/|judge/)|preload/)' },
  ),
  rule(
    'renderer-calls-over-the-one-peer',
    { path: '^renderer/rpc/' },
    { path: '^(main/(?!contract/|judge/|rpc/)|main/rpc/node/|preload/)' },
  ),
  rule(
    'rpc-runs-everywhere',
    { path: '^main/rpc/', pathNot: '^main/rpc/node/' },
    { path: '^main/rpc/node/', dependencyTypes: ['local'] },
  ),
  rule('rpc-needs-no-node', { path: '^main/rpc/', pathNot: '^main/rpc/node/' }, { dependencyTypes: ['core'] }),
  rule('viz-and-design-know-no-task', { path: '^renderer/(viz|design)/' }, { path: '^renderer/(tasks|app)/' }),
  rule('widgets-know-no-task', { path: '^renderer/widgets/' }, { path: '^renderer/(tasks|app)/' }),
  rule(
    'tasks-are-islands',
    { path: '^renderer/tasks/([^/]+)/' },
    { path: '^renderer/tasks/', pathNot: '^renderer/tasks/$1/' },
  ),
  rule('tasks-know-no-shell', { path: '^renderer/tasks/' }, { path: '^renderer/app/' }),
  rule(
    'electron-stays-in-the-shell',
    { path: '^(main|renderer|preload)/', pathNot: '^(main/electron|preload)/' },
    { path: '(^|/)node_modules/electron/|^electron$' },
  ),
  rule(
    'onnxruntime-stays-in-the-runner',
    { path: '^(main|renderer|preload)/', pathNot: '^main/engine/runtime/' },
    { path: 'onnxruntime-(node|common)' },
  ),
  rule('source-knows-no-test', { path: '^(main|renderer|preload)/' }, { path: '^(test|scripts)/' }),
  rule('no-cycles-of-modules', { path: '^(main|renderer|preload)/' }, { circular: true }),
];
