import { expect, it } from 'vitest';
import { shortenOrtMessage } from '../../../../main/engine/runtime/ort-message.ts';

it.each([
  [
    'Load model from /home/someone/models/net.onnx failed:/onnxruntime_src/onnxruntime/core/graph/model.cc:187 onnxruntime::Model::Model(onnx::ModelProto&&, const onnxruntime::PathString&, const onnxruntime::IOnnxRuntimeOpSchemaRegistryList*, const onnxruntime::logging::Logger&, const onnxruntime::ModelOptions&) ModelProto does not have a graph.',
    'ModelProto does not have a graph.',
  ],
  ['Load model from C:\\Users\\x\\net.onnx failed:Protobuf parsing failed.', 'Protobuf parsing failed.'],
  [
    "Non-zero status code returned while running If node. Name:'If_0' Status Message: Non-zero status code returned while running Pad node. Name:'p' Status Message: Pad needs an axis",
    "Non-zero status code returned while running Pad node. Name:'p' Status Message: Pad needs an axis",
  ],
])('keeps what helps of %s', (raw, short) => {
  expect(shortenOrtMessage(new Error(raw))).toBe(short);
});

it('cuts what is endless and never says nothing', () => {
  expect(shortenOrtMessage(new Error('x'.repeat(2000))).length).toBe(501);
  expect(shortenOrtMessage(new Error(''))).toBe('no reason given');
});
