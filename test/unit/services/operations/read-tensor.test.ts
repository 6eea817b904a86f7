import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { quietContext } from '../../../../main/base/progress.ts';
import { encodeModelBytes } from '../../../../main/engine/onnx/encode-model.ts';
import { readTensor } from '../../../../main/services/operations/read-tensor.ts';
import { graph } from '../../../support/graph-builder.ts';
import { tempFolder } from '../../../support/temp-folder.ts';

const branch = (value: string) => ({
  ...graph().node('Neg', ['x'], {}, [value]).output(value).build().graph,
  inputs: [],
});

test('a value that a run cannot give is refused with what to look at instead', async () => {
  const model = graph()
    .input('c', 'bool', [])
    .input('x', 'float32', [2])
    .node('If', ['c'], { then_branch: branch('inside'), else_branch: branch('other') }, ['y'], { name: 'choice' })
    .output('y')
    .build({ opset: 18 });
  using folder = tempFolder();
  const path = folder.file('m.onnx');
  writeFileSync(path, encodeModelBytes(model));
  const ask = (name: string) => readTensor({ kind: 'value', path, name, data: null, sample: 0 }, quietContext());
  await expect(ask('fused_away')).rejects.toMatchObject({
    code: 'MODEL_UNKNOWN_LAYER',
    hint: expect.stringMatching(/show the baseline/u),
  });
  await expect(ask('inside')).rejects.toMatchObject({ hint: expect.stringMatching(/layer that holds it/u) });
});
