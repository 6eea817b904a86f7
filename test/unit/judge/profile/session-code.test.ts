import { describe, expect, it } from 'vitest';
import { sessionChoiceSchema } from '../../../../main/contract/sweep.ts';
import { CODE_LANGUAGES, sessionCode } from '../../../../main/judge/profile/session-code.ts';

const choice = sessionChoiceSchema.parse({ threads: 3, optimization: 'basic', execution: 'parallel', arena: false });

describe('sessionCode', () => {
  it('says every setting in Python', () => {
    expect(sessionCode(choice, 'python', 'net.onnx')).toBe(`import onnxruntime as ort

options = ort.SessionOptions()
options.intra_op_num_threads = 3
options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_BASIC
options.execution_mode = ort.ExecutionMode.ORT_PARALLEL
options.enable_cpu_mem_arena = False
providers = ["CPUExecutionProvider"]
session = ort.InferenceSession("net.onnx", options, providers=providers)
`);
  });

  it('gives JavaScript that the runtime takes as it is', () => {
    const options = /create\("net.onnx", (\{.*\})\);/s.exec(sessionCode(choice, 'javascript', 'net.onnx'))![1]!;
    expect(new Function(`return ${options}`)()).toEqual({
      executionProviders: ['cpu'],
      intraOpNumThreads: 3,
      graphOptimizationLevel: 'basic',
      executionMode: 'parallel',
      enableCpuMemArena: false,
    });
  });

  it('leaves threads to the runtime where none were chosen, and puts the CPU behind other providers', () => {
    const free = sessionChoiceSchema.parse({ provider: 'cuda' });
    for (const language of CODE_LANGUAGES) {
      const code = sessionCode(free, language, 'a "b".onnx');
      expect(code).not.toMatch(/threads/i);
      expect(code).toContain(String.raw`"a \"b\".onnx"`);
      expect(code).toMatch(/cuda/i);
    }
    expect(sessionCode(free, 'python', 'x')).toContain('["CUDAExecutionProvider", "CPUExecutionProvider"]');
  });
});
