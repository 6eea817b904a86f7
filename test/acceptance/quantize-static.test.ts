/** Static quantization of real models beside ONNX Runtime's own tool, where models and data lie beside the repository. */
import { describe } from 'vitest';
import { compareWithTool } from '../support/compare-static.ts';
import { ASSET_CASES } from '../support/static-cases.ts';

const suite = ASSET_CASES.size > 0 ? describe : describe.skip;

suite(
  `static quantization of real models${ASSET_CASES.size > 0 ? '' : ' (skipped: ../shared/assets is not there)'}`,
  () => {
    compareWithTool(ASSET_CASES, ['minmax-u8s8-channel', 'minmax-u8u8-tensor']);
  },
);
