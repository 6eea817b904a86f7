import { fileURLToPath } from 'node:url';
import { cruise, type ICruiseResult } from 'dependency-cruiser';
import { beforeAll, describe, expect, it } from 'vitest';
import { RULES } from './rules.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const planted = fileURLToPath(new URL('../fixtures/architecture', import.meta.url));

async function cruiseTree(baseDir: string): Promise<ICruiseResult> {
  const { output } = await cruise(['main', 'renderer', 'preload'], {
    baseDir,
    ruleSet: { forbidden: [...RULES] },
    validate: true,
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '\\.(css|svg|woff2?)$' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.tsx', '.mjs', '.cjs', '.js', '.json'],
      conditionNames: ['import', 'node', 'default'],
      exportsFields: ['exports'],
    },
  });
  if (typeof output === 'string') throw new Error('expected a result, got text');
  return output;
}

const violationsOf = ({ summary }: ICruiseResult): string[] =>
  summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} → ${to.replace(/^.*node_modules\//, '')}`);

describe('imports', () => {
  let result: ICruiseResult;
  beforeAll(async () => {
    result = await cruiseTree(root);
  });

  it('were looked at: the parser of the tools understands the sources', () => {
    // With a TypeScript that the tool does not know it finds 0 modules and is content.
    expect(result.summary.totalCruised).toBeGreaterThan(200);
    expect(result.summary.totalDependenciesCruised ?? 0).toBeGreaterThan(400);
  });

  it('keep to docs/architecture.md', () => {
    expect(violationsOf(result)).toEqual([]);
  });
});

describe('planted violations', () => {
  it('are all found', async () => {
    const found = violationsOf(await cruiseTree(planted));
    expect(found.sort()).toEqual([
      'base-knows-nothing: main/base/planted.ts → main/contract/planted.ts',
      'contract-knows-zod-alone: main/contract/planted.ts → main/engine/tensor/planted.ts',
      'engine-is-alone: main/engine/report/planted.ts → main/services/planted.ts',
      'engine-profile: main/engine/profile/planted.ts → main/engine/dataset/planted.ts',
      'engine-tensor: main/engine/tensor/planted.ts → main/engine/graph/planted.ts',
      'judge-is-pure: main/judge/planted.ts → fs',
      'no-cycles-of-modules: main/jobs/circle-a.ts → main/jobs/circle-b.ts',
      'onnxruntime-stays-in-the-runner: main/services/planted.ts → onnxruntime-node/dist/index.js',
      'renderer-calls-over-the-one-peer: renderer/rpc/planted.ts → main/rpc/node/planted.ts',
      'renderer-knows-contract-and-judge-alone: renderer/tasks/prune/planted.ts → main/services/planted.ts',
      'rpc-and-judge-know-base-and-contract: main/judge/planted.ts → main/engine/tensor/planted.ts',
      'rpc-needs-no-node: main/rpc/planted.ts → fs',
      'rpc-runs-everywhere: main/rpc/planted.ts → main/rpc/node/planted.ts',
      'tasks-are-islands: renderer/tasks/graph/planted.ts → renderer/tasks/prune/planted.ts',
      'viz-and-design-know-no-task: renderer/viz/planted.ts → renderer/tasks/graph/planted.ts',
      'workspace-and-jobs-know-no-service: main/jobs/planted.ts → main/services/planted.ts',
    ]);
  });
});
