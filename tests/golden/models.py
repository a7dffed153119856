"""Writes what PyTorch and timm make of a small CNN and a small AST: logits, loss, gradients, statistics.

Everything is computed in float64 and rounded once, so that a difference is Stillroom's own.

Names: the CNN's are PyTorch's own (`body.<place in the sequence>.*`, `head.*`), without
`num_batches_tracked`. AST's blocks have timm's names (`blocks.<i>.norm1`, `attn.qkv`, `attn.proj`,
`norm2`, `mlp.fc1`, `mlp.fc2`), as have `norm`, `head.0` and `head.1`; `RENAMED` holds the rest.
"""
import torch
import torch.nn.functional as F
from timm.models.vision_transformer import Block
from torch import nn

from oracle import save_tensors

BATCH, FRAMES, MELS, CLASSES = 3, 48, 32, 10
RENAMED = {"cls": "cls_token", "pos": "pos_embed", "patch.weight": "patch_embed.proj.weight",
           "patch.bias": "patch_embed.proj.bias"}


class SmallCnn(nn.Module):
    """Convolution, batch norm and ReLU twice, then average pooling, for each number of channels."""

    def __init__(self, classes, channels):
        super().__init__()
        layers, width = [], 1
        for outputs in channels:
            for inputs in (width, outputs):
                layers += [nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()]
            layers.append(nn.AvgPool2d(2))
            width = outputs
        self.body, self.head = nn.Sequential(*layers), nn.Linear(width, classes)

    def forward(self, features):
        picture = self.body(features.transpose(1, 2)[:, None])
        return self.head(picture.mean(2).mean(2))


class Ast(nn.Module):
    """Patches, a CLS token, positions, timm's pre-norm blocks, norm, and a normed linear head."""

    def __init__(self, classes, width, depth, heads, patch, stride):
        super().__init__()
        tokens = ((MELS - patch) // stride + 1) * ((FRAMES - patch) // stride + 1)
        self.patch = nn.Conv2d(1, width, patch, stride)
        self.cls = nn.Parameter(0.02 * torch.randn(1, 1, width))
        self.pos = nn.Parameter(0.02 * torch.randn(1, tokens + 1, width))
        self.blocks = nn.Sequential(*[Block(width, heads, qkv_bias=True) for _ in range(depth)])
        self.norm = nn.LayerNorm(width, eps=1e-6)
        self.head = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, classes))

    def forward(self, features):
        patches = self.patch(features.transpose(1, 2)[:, None]).flatten(2).transpose(1, 2)
        stream = torch.cat([self.cls.expand(len(features), -1, -1), patches], 1) + self.pos
        return self.head(self.norm(self.blocks(stream))[:, 0])


def named(tensors):
    kept = {name: value for name, value in tensors if not name.endswith("num_batches_tracked")}
    return {RENAMED.get(name, name): value.detach().clone() for name, value in kept.items()}


def unsettle(model):
    """Numbers that an untrained layer holds at 0 or 1 would hide mistakes; all are exact in f32."""
    for name, value in model.state_dict().items():
        if name.endswith("num_batches_tracked"):
            continue
        if value.ndim == 1 and (value == value[0]).all():
            value += 0.3 * torch.rand_like(value) if name.endswith("var") else 0.2 * torch.randn_like(value)
        value.copy_(value.float())


def record(scope, model, features, target):
    out = {f"{scope}.state.{name}": value for name, value in named(model.state_dict().items()).items()}
    model.train()
    logits = model(features)
    loss = -(target * F.log_softmax(logits, -1)).sum(-1).mean()
    loss.backward()
    gradients = named((name, parameter.grad) for name, parameter in model.named_parameters())
    out |= {f"{scope}.gradient.{name}": value for name, value in gradients.items()}
    running = named((name, value) for name, value in model.named_buffers())
    out |= {f"{scope}.running.{name}": value for name, value in running.items()}
    model.eval()
    out |= {f"{scope}.train": logits, f"{scope}.loss": loss[None], f"{scope}.eval": model(features)}
    return out


torch.set_default_dtype(torch.float64)
torch.manual_seed(20)
features = torch.randn(BATCH, FRAMES, MELS).float().double()
# Soft targets, as mixup makes them.
target = F.one_hot(torch.tensor([2, 7, 0]), CLASSES) * 0.75 + F.one_hot(torch.tensor([5, 7, 9]), CLASSES) * 0.25

out = {"features": features, "target": target}
cnn = SmallCnn(CLASSES, (4, 8))
unsettle(cnn)
out |= record("cnn", cnn, features, target)
ast = Ast(CLASSES, width=24, depth=2, heads=3, patch=16, stride=16)
unsettle(ast)
# A faint token, so that the eps of the head's norm counts.
ast.norm.weight.data /= 16
ast.norm.bias.data /= 16
out |= record("ast", ast, features, target)

# The same weights with patches that overlap, as AST's do: only the positions are others.
overlapping = Ast(CLASSES, width=24, depth=2, heads=3, patch=16, stride=10)
state = ast.state_dict() | {"pos": overlapping.state_dict()["pos"].float().double()}
overlapping.load_state_dict(state)
out |= {"overlapping.pos_embed": state["pos"], "overlapping.eval": overlapping(features)}

save_tensors("models.safetensors", {name: value.detach().numpy() for name, value in out.items()}, "torch", "timm")
