/** Static quantization beside ONNX Runtime's own tool: `test/fixtures/quantize-static` says how its results were made. */
import { describe } from 'vitest';
import { compareWithTool } from '../../../support/compare-static.ts';
import { OWN_CASES } from '../../../support/static-cases.ts';

describe('static quantization', () => {
  compareWithTool(OWN_CASES, [
    'minmax-u8s8-channel',
    'minmax-s8s8-channel',
    'minmax-u8u8-tensor',
    'entropy-u8s8-channel',
  ]);
});
