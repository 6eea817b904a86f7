/** Static quantization beside ONNX Runtime's own tool: the samples, networks built here, and real models where these lie beside the repository. */
import { describe } from 'vitest';
import { compareWithTool } from '../support/compare-static.ts';
import { ASSET_CASES, BUILT_CASES, SAMPLE_CASES } from '../support/static-cases.ts';

describe('static quantization of the samples and of networks built here', () => {
  const cases = new Map([...SAMPLE_CASES, ...BUILT_CASES]);
  compareWithTool(cases, ['minmax-u8s8-channel', 'minmax-u8u8-tensor', 'entropy-u8s8-channel']);
});

const suite = ASSET_CASES.size > 0 ? describe : describe.skip;

suite(
  `static quantization of real models${ASSET_CASES.size > 0 ? '' : ' (skipped: ../shared/assets is not there)'}`,
  () => {
    compareWithTool(ASSET_CASES, ['minmax-u8s8-channel', 'minmax-u8u8-tensor']);
  },
);
