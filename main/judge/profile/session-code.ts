import type { Provider } from '../../contract/machine.ts';
import type { SessionChoice } from '../../contract/sweep.ts';

/** Languages that session settings are written in. */
export const CODE_LANGUAGES = ['python', 'cpp', 'csharp', 'javascript'] as const;
export type CodeLanguage = (typeof CODE_LANGUAGES)[number];

export const LANGUAGE_TITLES: Readonly<Record<CodeLanguage, string>> = {
  python: 'Python',
  cpp: 'C++',
  csharp: 'C#',
  javascript: 'JavaScript',
};

type Level = SessionChoice['optimization'];

const PYTHON_LEVELS: Readonly<Record<Level, string>> = {
  all: 'ORT_ENABLE_ALL',
  extended: 'ORT_ENABLE_EXTENDED',
  basic: 'ORT_ENABLE_BASIC',
  disabled: 'ORT_DISABLE_ALL',
};

/** How ONNX Runtime's Python names its providers. */
const PYTHON_PROVIDERS: Readonly<Record<Provider, string>> = {
  cpu: 'CPUExecutionProvider',
  webgpu: 'WebGpuExecutionProvider',
  cuda: 'CUDAExecutionProvider',
  coreml: 'CoreMLExecutionProvider',
  dml: 'DmlExecutionProvider',
  tensorrt: 'TensorrtExecutionProvider',
  openvino: 'OpenVINOExecutionProvider',
  qnn: 'QNNExecutionProvider',
  xnnpack: 'XnnpackExecutionProvider',
};

/** Code that makes a session with these settings, whole enough to be run. @param file name of the model's file */
export function sessionCode(choice: SessionChoice, language: CodeLanguage, file: string): string {
  const write = { python, cpp, csharp, javascript }[language];
  return `${write(choice, JSON.stringify(file)).join('\n')}\n`;
}

/** `null`: the runtime's own choice, one for each physical core, is left. */
const threadLines = ({ threads }: SessionChoice, line: (threads: number) => string): readonly string[] =>
  threads === null ? [] : [line(threads)];

function python(choice: SessionChoice, file: string): readonly string[] {
  const { provider, optimization, execution, arena } = choice;
  const providers = provider === 'cpu' ? ['cpu' as const] : [provider, 'cpu' as const];
  return [
    'import onnxruntime as ort',
    '',
    'options = ort.SessionOptions()',
    ...threadLines(choice, (threads) => `options.intra_op_num_threads = ${threads}`),
    `options.graph_optimization_level = ort.GraphOptimizationLevel.${PYTHON_LEVELS[optimization]}`,
    `options.execution_mode = ort.ExecutionMode.${execution === 'parallel' ? 'ORT_PARALLEL' : 'ORT_SEQUENTIAL'}`,
    `options.enable_cpu_mem_arena = ${arena ? 'True' : 'False'}`,
    `providers = [${providers.map((name) => `"${PYTHON_PROVIDERS[name]}"`).join(', ')}]`,
    `session = ort.InferenceSession(${file}, options, providers=providers)`,
  ];
}

/** Lines of C++ that add a provider; the CPU's is always there. */
const CPP_PROVIDERS: Readonly<Record<Provider, readonly string[]>> = {
  cpu: [],
  webgpu: ['options.AppendExecutionProvider("WebGPU", {});'],
  cuda: ['options.AppendExecutionProvider_CUDA(OrtCUDAProviderOptions{});'],
  coreml: ['options.AppendExecutionProvider("CoreML", {});'],
  dml: ['options.AppendExecutionProvider("DML", {});'],
  tensorrt: ['options.AppendExecutionProvider_TensorRT(OrtTensorRTProviderOptions{});'],
  openvino: ['options.AppendExecutionProvider_OpenVINO_V2({});'],
  qnn: ['options.AppendExecutionProvider("QNN", {});'],
  xnnpack: ['options.AppendExecutionProvider("XNNPACK", {});'],
};

function cpp(choice: SessionChoice, file: string): readonly string[] {
  const { provider, optimization, execution, arena } = choice;
  return [
    '#include <onnxruntime_cxx_api.h>',
    '',
    'Ort::Env env{ORT_LOGGING_LEVEL_WARNING, "app"};',
    'Ort::SessionOptions options;',
    ...threadLines(choice, (threads) => `options.SetIntraOpNumThreads(${threads});`),
    `options.SetGraphOptimizationLevel(GraphOptimizationLevel::${PYTHON_LEVELS[optimization]});`,
    `options.SetExecutionMode(ExecutionMode::${execution === 'parallel' ? 'ORT_PARALLEL' : 'ORT_SEQUENTIAL'});`,
    arena ? 'options.EnableCpuMemArena();' : 'options.DisableCpuMemArena();',
    ...CPP_PROVIDERS[provider],
    `Ort::Session session{env, ORT_TSTR(${file}), options};`,
  ];
}

const CSHARP_PROVIDERS: Readonly<Record<Provider, readonly string[]>> = {
  cpu: [],
  webgpu: ['options.AppendExecutionProvider("WebGPU");'],
  cuda: ['options.AppendExecutionProvider_CUDA();'],
  coreml: ['options.AppendExecutionProvider_CoreML();'],
  dml: ['options.AppendExecutionProvider_DML();'],
  tensorrt: ['options.AppendExecutionProvider_Tensorrt();'],
  openvino: ['options.AppendExecutionProvider_OpenVINO();'],
  qnn: ['options.AppendExecutionProvider("QNN");'],
  xnnpack: ['options.AppendExecutionProvider("XNNPACK");'],
};

function csharp(choice: SessionChoice, file: string): readonly string[] {
  const { provider, optimization, execution, arena } = choice;
  return [
    'using Microsoft.ML.OnnxRuntime;',
    '',
    'using var options = new SessionOptions();',
    ...threadLines(choice, (threads) => `options.IntraOpNumThreads = ${threads};`),
    `options.GraphOptimizationLevel = GraphOptimizationLevel.${PYTHON_LEVELS[optimization]};`,
    `options.ExecutionMode = ExecutionMode.${execution === 'parallel' ? 'ORT_PARALLEL' : 'ORT_SEQUENTIAL'};`,
    `options.EnableCpuMemArena = ${String(arena)};`,
    ...CSHARP_PROVIDERS[provider],
    `using var session = new InferenceSession(${file}, options);`,
  ];
}

function javascript(choice: SessionChoice, file: string): readonly string[] {
  const { provider, optimization, execution, arena } = choice;
  const providers = provider === 'cpu' ? "['cpu']" : `['${provider}', 'cpu']`;
  return [
    "import * as ort from 'onnxruntime-node';",
    '',
    `const session = await ort.InferenceSession.create(${file}, {`,
    `  executionProviders: ${providers},`,
    ...threadLines(choice, (threads) => `  intraOpNumThreads: ${threads},`),
    `  graphOptimizationLevel: '${optimization}',`,
    `  executionMode: '${execution}',`,
    `  enableCpuMemArena: ${String(arena)},`,
    '});',
  ];
}
