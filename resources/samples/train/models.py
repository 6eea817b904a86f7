"""The three sample networks. Each takes image float32 [batch, 1, 32, 32] in 0..1 and gives logits [batch, 36]."""

import torch
from torch import nn

CLASSES = 36


class ConvNorm(nn.Sequential):
    """Convolution and BatchNorm, with ReLU unless told otherwise."""

    def __init__(self, inputs, outputs, kernel, stride=1, groups=1, relu=True):
        layers = {
            "conv": nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False),
            "bn": nn.BatchNorm2d(outputs),
        }
        if relu:
            layers["relu"] = nn.ReLU(inplace=True)
        super().__init__()
        for name, layer in layers.items():
            self.add_module(name, layer)


class Residual(nn.Module):
    """relu(body(x) + x), with a 1x1 projection where the shape changes."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.relu = nn.ReLU(inplace=True)
        self.downsample = None
        if stride != 1 or inputs != outputs:
            self.downsample = ConvNorm(inputs, outputs, 1, stride, relu=False)

    def join(self, body, x):
        return self.relu(body + (x if self.downsample is None else self.downsample(x)))


class BasicBlock(Residual):
    """Two 3x3 convolutions (ResNet)."""

    def __init__(self, inputs, outputs, stride=1):
        super().__init__(inputs, outputs, stride)
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)

    def forward(self, x):
        return self.join(self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x))))), x)


class GroupedBlock(Residual):
    """1x1, grouped 3x3, 1x1 (ResNeXt)."""

    def __init__(self, inputs, outputs, stride=1, groups=4):
        super().__init__(inputs, outputs, stride)
        self.conv1 = nn.Conv2d(inputs, outputs, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, stride, 1, groups=groups, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.conv3 = nn.Conv2d(outputs, outputs, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(outputs)

    def forward(self, x):
        body = self.relu(self.bn1(self.conv1(x)))
        body = self.relu(self.bn2(self.conv2(body)))
        return self.join(self.bn3(self.conv3(body)), x)


class DepthwiseBlock(nn.Module):
    """Expand 1x1, depthwise 3x3, project 1x1 (MobileNetV2); skips where the widths agree."""

    def __init__(self, inputs, outputs, expanded):
        super().__init__()
        self.expand = ConvNorm(inputs, expanded, 1)
        self.depthwise = ConvNorm(expanded, expanded, 3, groups=expanded)
        self.project = ConvNorm(expanded, outputs, 1, relu=False)
        self.skip = inputs == outputs

    def forward(self, x):
        body = self.project(self.depthwise(self.expand(x)))
        return x + body if self.skip else body


class MixBlock(nn.Module):
    """Three views of the same features, joined by a Concat (Inception)."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.point = ConvNorm(inputs, 32, 1)
        self.wide = ConvNorm(inputs, 64, 3)
        self.far = nn.Sequential(ConvNorm(inputs, inputs, 5, groups=inputs), ConvNorm(inputs, 32, 1))
        self.merge = ConvNorm(128, outputs, 1)

    def forward(self, x):
        return self.merge(torch.cat([self.point(x), self.wide(x), self.far(x)], dim=1))


class GlyphCnn(nn.Module):
    """Residual CNN: plain, depthwise and grouped stages, a Concat, about 17 MMAC."""

    def __init__(self):
        super().__init__()
        self.stem = ConvNorm(1, 16, 3)
        self.stage1 = nn.Sequential(BasicBlock(16, 24, stride=2), BasicBlock(24, 24))
        self.stage2 = nn.Sequential(DepthwiseBlock(24, 32, 48), DepthwiseBlock(32, 32, 64))
        self.stage3 = nn.Sequential(GroupedBlock(32, 96, stride=2), GroupedBlock(96, 96))
        self.mix = MixBlock(96, 96)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(96, CLASSES)

    def forward(self, image):
        x = self.stage3(self.stage2(self.stage1(self.stem(image))))
        return self.fc(self.pool(self.mix(x)).flatten(1))


class Attention(nn.Module):
    """Multi-head self-attention over [batch, tokens, width]."""

    def __init__(self, width, heads):
        super().__init__()
        self.heads, self.head_width = heads, width // heads
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)
        self.softmax = nn.Softmax(dim=-1)

    def forward(self, x):
        batch, tokens, width = x.shape
        qkv = self.qkv(x).reshape(batch, tokens, 3, self.heads, self.head_width).permute(2, 0, 3, 1, 4)
        query, key, value = qkv[0], qkv[1], qkv[2]
        weights = self.softmax(query @ key.transpose(-2, -1) * self.head_width**-0.5)
        return self.proj((weights @ value).transpose(1, 2).reshape(batch, tokens, width))


class TransformerBlock(nn.Module):
    """Attention and a two-layer perceptron, each after a LayerNorm."""

    def __init__(self, width, heads, hidden):
        super().__init__()
        self.norm1 = nn.LayerNorm(width)
        self.attn = Attention(width, heads)
        self.norm2 = nn.LayerNorm(width)
        self.mlp = nn.Sequential()
        self.mlp.add_module("fc1", nn.Linear(width, hidden))
        self.mlp.add_module("act", nn.GELU())
        self.mlp.add_module("fc2", nn.Linear(hidden, width))

    def forward(self, x):
        x = x + self.attn(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class GlyphVit(nn.Module):
    """Vision transformer: a class token and 64 patches of 4x4, width 64; the head reads their mean."""

    def __init__(self, width=64, depth=4, heads=4):
        super().__init__()
        self.patch_embed = nn.Conv2d(1, width, 4, 4)
        self.norm_pre = nn.LayerNorm(width)  # evens out paper and ink levels
        self.cls_token = nn.Parameter(torch.zeros(1, 1, width))
        self.pos_embed = nn.Parameter(torch.randn(1, 65, width) * 0.3)
        self.blocks = nn.Sequential(*[TransformerBlock(width, heads, 2 * width) for _ in range(depth)])
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, CLASSES)

    def forward(self, image):
        patches = self.norm_pre(self.patch_embed(image).flatten(2).transpose(1, 2))
        cls_token = self.cls_token.expand(image.shape[0], -1, -1)
        x = torch.cat([cls_token, patches], dim=1) + self.pos_embed
        return self.head(self.norm(self.blocks(x)).mean(dim=1))


class GlyphGru(nn.Module):
    """Two-layer bidirectional GRU that reads the 32 rows from top to bottom and back."""

    def __init__(self, hidden=80):
        super().__init__()
        self.embed = nn.Linear(32, 64)
        self.relu = nn.ReLU()
        self.gru = nn.GRU(64, hidden, num_layers=2, bidirectional=True)
        self.head = nn.Linear(2 * hidden, CLASSES)

    def forward(self, image):
        rows = image.squeeze(1).transpose(0, 1)  # [32 rows, batch, 32 columns]
        states, _ = self.gru(self.relu(self.embed(rows)))
        return self.head(states.mean(dim=0))


MODELS = {"glyph-cnn": GlyphCnn, "glyph-vit": GlyphVit, "glyph-gru": GlyphGru}
