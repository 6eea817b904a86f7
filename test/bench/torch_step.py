"""Times training steps in PyTorch, for the bench: the median in milliseconds and the process's peak memory in bytes, as JSON on stdout.

Usage: python3 torch_step.py THREADS CASE. Forward, cross-entropy, backward and Adam in float32 on random data, as `train.ts` does. The models are
those of the samples in evaluation mode (BatchNormalization keeps its statistics), MobileNetV2 and the ResNet-20 for CIFAR-10 with it folded.
"""

import json
import resource
import statistics
import sys
import time
from pathlib import Path

import torch
from torch import nn

sys.path.insert(0, str(Path(__file__).parents[2] / "resources" / "samples" / "train"))
import models  # noqa: E402

STAGES = [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)]
WARMUP, RUNS = 2, 7


def conv(inputs, outputs, kernel, stride=1, groups=1):
    return nn.Conv2d(inputs, outputs, kernel, stride, (kernel - 1) // 2, groups=groups)


class Inverted(nn.Module):
    def __init__(self, inputs, outputs, expansion, stride):
        super().__init__()
        hidden = inputs * expansion
        layers = [conv(inputs, hidden, 1), nn.ReLU6()] if expansion > 1 else []
        layers += [conv(hidden, hidden, 3, stride, hidden), nn.ReLU6(), conv(hidden, outputs, 1)]
        self.body = nn.Sequential(*layers)
        self.skips = stride == 1 and inputs == outputs

    def forward(self, x):
        return x + self.body(x) if self.skips else self.body(x)


def mobile_net_v2():
    layers, inputs = [conv(3, 32, 3, 2), nn.ReLU6()], 32
    for expansion, channels, repetitions, stride in STAGES:
        for block in range(repetitions):
            layers.append(Inverted(inputs, channels, expansion, stride if block == 0 else 1))
            inputs = channels
    head = [conv(inputs, 1280, 1), nn.ReLU6(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(1280, 1000)]
    return nn.Sequential(*layers, *head)


class Basic(nn.Module):
    """Two convolutions; a shortcut without weights: every other pixel, zeros for the channels that are new."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.body = nn.Sequential(conv(inputs, outputs, 3, stride), nn.ReLU(), conv(outputs, outputs, 3))
        self.stride, self.new = stride, (outputs - inputs) // 2

    def forward(self, x):
        short = nn.functional.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, self.new, self.new))
        return torch.relu(self.body(x) + short)


def res_net_20():
    layers, inputs = [conv(3, 16, 3), nn.ReLU()], 16
    for outputs, stride in [(16, 1), (32, 2), (64, 2)]:
        for block in range(3):
            layers.append(Basic(inputs, outputs, stride if block == 0 else 1))
            inputs = outputs
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))


def step_ms(model, shape, classes):
    model.eval()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    x, labels = torch.rand(shape) * 2 - 1, torch.randint(classes, (shape[0],))
    times = []
    for _ in range(WARMUP + RUNS):
        start = time.perf_counter()
        optimizer.zero_grad(set_to_none=True)
        nn.functional.cross_entropy(model(x), labels).backward()
        optimizer.step()
        times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times[WARMUP:])


CASES = {
    "cnn": (models.GlyphCnn, (64, 1, 32, 32), 36),
    "vit": (models.GlyphVit, (64, 1, 32, 32), 36),
    "mobile": (mobile_net_v2, (4, 3, 224, 224), 1000),
    "resnet20": (res_net_20, (64, 3, 32, 32), 10),
}

torch.set_num_threads(int(sys.argv[1]))
torch.manual_seed(1)
build, shape, classes = CASES[sys.argv[2]]
ms = step_ms(build(), shape, classes)
print(json.dumps({"ms": ms, "peakBytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}))
