import type { Provider } from '../contract/machine.ts';

/** A machine as far as providers ask: `process.platform` and `process.arch`. */
export interface Platform {
  readonly platform: string;
  readonly arch: string;
}

interface ProviderFacts {
  readonly title: string;
  /** What it runs on. */
  readonly device: string;
  /** Platforms whose package of ONNX Runtime for Node brings it, or takes it up when its libraries are there. */
  readonly packaged: readonly string[];
  /** What to do where the package brings it. */
  readonly setUp: string;
}

const ELSEWHERE =
  'Measure where the model will run: profile it there with ONNX Runtime (Python, C++, a phone) and import the trace (profile --import, Import in the Profile task).';

const CUDA_LIBRARIES =
  'Install the NVIDIA driver, CUDA 12 and cuDNN 9, then get the libraries of ONNX Runtime: node node_modules/onnxruntime-node/script/install.js --onnxruntime-node-install';

/**
 * What each provider needs. Of ONNX Runtime 1.30's package for Node: CUDA and TensorRT are fetched for Linux x64, DirectML comes
 * with Windows, Core ML with macOS, WebGPU with all but Linux on ARM.
 */
const PROVIDERS: Readonly<Record<Provider, ProviderFacts>> = {
  cpu: { title: 'CPU', device: 'any processor', packaged: [], setUp: '' },
  webgpu: {
    title: 'WebGPU',
    device: 'a GPU with a driver for Vulkan, Direct3D 12 or Metal',
    packaged: ['linux x64', 'win32 x64', 'win32 arm64', 'darwin x64', 'darwin arm64'],
    setUp: 'Install the driver of the GPU: on Linux one for Vulkan (vulkaninfo lists it).',
  },
  cuda: { title: 'CUDA', device: 'an NVIDIA GPU', packaged: ['linux x64'], setUp: CUDA_LIBRARIES },
  tensorrt: {
    title: 'TensorRT',
    device: 'an NVIDIA GPU',
    packaged: ['linux x64'],
    setUp: `${CUDA_LIBRARIES}; TensorRT 10 comes from NVIDIA and must be found by the loader.`,
  },
  coreml: {
    title: 'Core ML',
    device: 'a Mac: its CPU, GPU and Neural Engine',
    packaged: ['darwin x64', 'darwin arm64'],
    setUp: 'It comes with macOS 13 and later.',
  },
  dml: {
    title: 'DirectML',
    device: 'a GPU with Direct3D 12 on Windows',
    packaged: ['win32 x64', 'win32 arm64'],
    setUp: 'It comes with Windows 10 and later; install the driver of the GPU.',
  },
  openvino: { title: 'OpenVINO', device: 'Intel processors, GPUs and NPUs', packaged: [], setUp: '' },
  qnn: { title: 'QNN', device: 'Qualcomm’s NPU (Hexagon)', packaged: [], setUp: '' },
  xnnpack: { title: 'XNNPACK', device: 'ARM processors of phones, and others', packaged: [], setUp: '' },
};

/** As people call a provider. */
export function providerTitle(provider: Provider): string {
  return PROVIDERS[provider].title;
}

/** What it runs on. */
export function providerDevice(provider: Provider): string {
  return PROVIDERS[provider].device;
}

/** How to get a provider that does not work here: what to install, or where to measure instead. */
export function howToGet(provider: Provider, { platform, arch }: Platform): string {
  const { title, packaged, setUp } = PROVIDERS[provider];
  if (packaged.includes(`${platform} ${arch}`)) return setUp;
  if (packaged.length === 0) {
    return `ONNX Runtime’s package for Node has no ${title}: build ONNX Runtime with it (--use_${provider} --build_nodejs) and install that. ${ELSEWHERE}`;
  }
  return `Not on ${platform} ${arch}: it is for ${packaged.join(', ')}. ${ELSEWHERE}`;
}
