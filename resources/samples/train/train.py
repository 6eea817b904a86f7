"""Trains the sample models on the glyph data set and exports them to ONNX.

    OPENBLAS_NUM_THREADS=1 /usr/bin/python3 train.py --work DIR [glyph-cnn glyph-vit glyph-gru]

DIR holds train.npz from generate.py and receives what verify.mjs compares with. The lines printed are
appended to train.log. Test accuracy is reported at the end of a run and chooses no weights.
"""

import argparse
import pathlib
import time

import numpy as np
import onnx
import torch
from torch import nn

from models import MODELS

SEED = 20240
OPSET = 17
# rounds of (epochs, batch, peak learning rate, weight decay); each warms up and anneals
SCHEDULES = {
    "glyph-cnn": [(9, 128, 4e-3, 0.02)],
    "glyph-vit": [(13, 64, 1.5e-3, 0.02), (4, 64, 8e-4, 0.02)],
    "glyph-gru": [(10, 64, 3e-3, 0.01), (5, 64, 1.5e-3, 0.01)],
}

HERE = pathlib.Path(__file__).resolve().parent
SAMPLES = HERE.parent


def log(line):
    print(line, flush=True)
    with open(HERE / "train.log", "a") as file:
        file.write(line + "\n")


def load(path):
    data = np.load(path)
    return torch.from_numpy(data["x"]), torch.from_numpy(data["y"])


def shift(images, generator):
    """Shifts a batch by up to 2 pixels each way, edges repeated."""
    dx, dy = torch.randint(0, 5, (2,), generator=generator).tolist()
    padded = nn.functional.pad(images, (2, 2, 2, 2), mode="replicate")
    return padded[:, :, dy : dy + 32, dx : dx + 32]


@torch.no_grad()
def predict(model, x):
    model.eval()
    return torch.cat([model(part.float() / 255) for part in x.split(256)])


def top1(logits, y):
    return (logits.argmax(1) == y).float().mean().item()


def train(model, name, schedule, train_set, validation_set):
    """Trains one round, in place; validation accuracy is reported after each epoch."""
    epochs, batch, peak_rate, decay = schedule
    generator = torch.Generator().manual_seed(SEED + epochs)
    model.to(memory_format=torch.channels_last)
    x, y = train_set
    steps = len(y) // batch
    optimizer = torch.optim.AdamW(model.parameters(), weight_decay=decay)
    rate = torch.optim.lr_scheduler.OneCycleLR(optimizer, peak_rate, epochs * steps, pct_start=0.2)
    parameters = sum(parameter.numel() for parameter in model.parameters())
    log(f"{name}: {parameters} parameters, {len(y)} images, {epochs} epochs, batch {batch}, peak rate {peak_rate}, decay {decay}")
    for epoch in range(epochs):
        model.train()
        start, losses = time.time(), []
        for picks in torch.randperm(len(y), generator=generator)[: steps * batch].split(batch):
            images = shift(x[picks].float() / 255, generator).contiguous(memory_format=torch.channels_last)
            loss = nn.functional.cross_entropy(model(images), y[picks], label_smoothing=0.05)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            rate.step()
            losses.append(loss.item())
        accuracy = top1(predict(model, validation_set[0]), validation_set[1])
        log(f"{name}: epoch {epoch + 1:2d}  loss {np.mean(losses):.4f}  validation {accuracy:.4f}  {time.time() - start:.0f} s")
    model.to(memory_format=torch.contiguous_format).eval()


def module_name(node_name):
    """/blocks/blocks.0/attn/qkv/MatMul belongs to the module blocks.0.attn.qkv."""
    segments = node_name.strip("/").split("/")[:-1]
    kept = [a for a, b in zip(segments, segments[1:] + [""]) if not b.startswith(a + ".")]
    return ".".join(kept)


def name_initializers(graph):
    """Gives initializers that the exporter folded (onnx::MatMul_123) the name of the module they belong to."""
    renamed, recurrent_layers = {}, 0
    weights = {initializer.name for initializer in graph.initializer}
    for node in graph.node:
        scope, roles = module_name(node.name), [None, "weight"]
        if node.op_type == "GRU":
            scope, roles = f"{scope}.l{recurrent_layers}", [None, "W", "R", "B"]
            recurrent_layers += 1
        for value, role in zip(node.input, roles):
            if role and value.startswith("onnx::") and value in weights:
                renamed[value] = f"{scope}.{role}"
    for initializer in graph.initializer:
        initializer.name = renamed.get(initializer.name, initializer.name)
    for node in graph.node:
        for index, value in enumerate(node.input):
            node.input[index] = renamed.get(value, value)
    names = [initializer.name for initializer in graph.initializer]
    assert len(set(names)) == len(names), names


def unshare_initializers(graph):
    """The exporter replaces an initializer equal to another by an Identity of it; gives each its own values again."""
    values = {initializer.name: initializer for initializer in graph.initializer}
    for node in [node for node in graph.node if node.op_type == "Identity" and node.input[0] in values]:
        copy = graph.initializer.add()
        copy.CopyFrom(values[node.input[0]])
        copy.name = node.output[0]
        graph.node.remove(node)


def export(name, model, path):
    """Writes the model with BatchNormalization as nodes of their own and names as in PyTorch."""
    keep_norms = any(isinstance(module, nn.BatchNorm2d) for module in model.modules())
    mode = torch.onnx.TrainingMode.PRESERVE if keep_norms else torch.onnx.TrainingMode.EVAL
    torch.onnx.export(
        model, torch.zeros(2, 1, 32, 32), str(path), opset_version=OPSET,
        training=mode, do_constant_folding=not keep_norms,
        input_names=["image"], output_names=["logits"],
        dynamic_axes={"image": {0: "batch"}, "logits": {0: "batch"}},
    )
    proto = onnx.load(str(path))
    proto.graph.name = name
    unshare_initializers(proto.graph)
    name_initializers(proto.graph)
    for node in proto.graph.node:
        node.ClearField("doc_string")
        assert node.op_type != "BatchNormalization" or len(node.output) == 1
    onnx.helper.set_model_props(proto, {"license": "CC0-1.0", "labels": "0-9 A-Z", "preprocessing": "x/255"})
    onnx.checker.check_model(proto, full_check=True)
    onnx.save(proto, str(path))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--last-round", action="store_true", help="start from DIR's weights, train the last round only")
    parser.add_argument("models", nargs="*", default=list(MODELS))
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)

    train_set = load(arguments.work / "train.npz")
    validation_set, test_set = load(SAMPLES / "glyphs-validation.npz"), load(SAMPLES / "glyphs-test.npz")
    (arguments.work / "test.x.bin").write_bytes((test_set[0].float() / 255).numpy().tobytes())
    (arguments.work / "test.y.bin").write_bytes(test_set[1].numpy().tobytes())
    for name in arguments.models:
        torch.manual_seed(SEED)
        model, rounds = MODELS[name](), SCHEDULES[name]
        if arguments.last_round:
            model.load_state_dict(torch.load(arguments.work / f"{name}.pt"))
            rounds = rounds[-1:]
        for schedule in rounds:
            train(model, name, schedule, train_set, validation_set)
        torch.save(model.state_dict(), arguments.work / f"{name}.pt")
        logits = predict(model, test_set[0])
        (arguments.work / f"{name}.logits.bin").write_bytes(logits.numpy().tobytes())
        log(f"{name}: test {top1(logits, test_set[1]):.4f} of {len(test_set[1])}")
        export(name, model, SAMPLES / f"{name}.onnx")


if __name__ == "__main__":
    main()
