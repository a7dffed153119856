"""Writes what timm, torchvision, torch and the definitions of papers make of the named models: logits in training and
in evaluation (after one pass of training has moved the running statistics), and gradients.

The weights are those of formula.py, under Stillroom's names; the loss is the sum of the logits times numbers from the
same formula. Everything is computed in float64 and rounded once. It prints how far PyTorch's own float32 is from that,
in units of the largest number.

    python zoo.py                   writes everything
    python zoo.py NAME…             prints only
    python zoo.py --save NAME…      writes these anew, and keeps the rest of the file
"""
import sys

import numpy as np
import timm
import torch
from safetensors.numpy import load_file

from formula import sample, spread, weight
from oracle import HERE, save_tensors

BATCH, CLASSES = 2, 10
CASES = {}


def case(name, make, mels=64, frames=96, rename=lambda name: name):
    """A model of [batch, 1, mel, frame] under Stillroom's `name`; `rename` gives its parameters Stillroom's names."""
    CASES[name] = (make, mels, frames, rename)


def fill(module, rename):
    for name, value in module.state_dict().items():
        ours = rename(name)
        if ours is None or name.endswith("num_batches_tracked"):
            continue
        value.copy_(torch.from_numpy(weight(ours, tuple(value.shape))).to(value.dtype))


def run(make, mels, frames, rename, dtype):
    torch.manual_seed(1)
    module = make().to(dtype)
    with torch.no_grad():
        fill(module, rename)
    features = spread("features", BATCH * frames * mels).reshape(BATCH, frames, mels).astype(np.float32)
    input = torch.from_numpy(features).to(dtype).requires_grad_(True)
    factors = torch.from_numpy(spread("loss", BATCH * CLASSES).reshape(BATCH, CLASSES).astype(np.float32)).to(dtype)
    module.train()
    out = {}
    logits = module(input.transpose(1, 2)[:, None])
    (logits * factors).sum().backward()
    out["train"] = logits.detach().numpy()
    out["gradient.input"] = sample(input.grad.numpy())
    trained = sorted((rename(name), parameter) for name, parameter in module.named_parameters()
                     if rename(name) is not None and parameter.grad is not None)
    for index in sorted({0, len(trained) // 2, len(trained) - 1}):
        ours, parameter = trained[index]
        out[f"gradient.{ours}"] = sample(parameter.grad.numpy())
    buffers = sorted((rename(name), value) for name, value in module.named_buffers()
                     if rename(name) is not None and "running" in name)
    for ours, value in buffers[-2:]:
        out[f"buffer.{ours}"] = sample(value.numpy())
    module.eval()
    with torch.no_grad():
        out["eval"] = module(input.transpose(1, 2)[:, None]).numpy()
    out["count"] = np.array([sum(p.numel() for name, p in module.named_parameters() if rename(name) is not None)])
    return out



import zoo_cases

zoo_cases.add(case, CLASSES)
wanted = [name for name in sys.argv[1:] if name != "--save"]
saved = not wanted or "--save" in sys.argv
out = {}
if wanted and saved:
    before = load_file(HERE / "zoo.safetensors")
    out = {key: value for key, value in before.items() if key.split("/")[0] in CASES.keys() - set(wanted)}
for name, (make, mels, frames, rename) in CASES.items():
    if wanted and name not in wanted:
        continue
    exact, single = run(make, mels, frames, rename, torch.float64), run(make, mels, frames, rename, torch.float32)
    worst = 0.0
    for key, value in exact.items():
        scale = np.abs(value).max() + 1e-30
        worst = max(worst, np.abs(single[key] - value).max() / scale)
        out[f"{name}/{key}"] = value
    print(f"{name}: {int(exact['count'][0])} parameters, PyTorch's float32 is off by {worst:.1e}", flush=True)
if saved:
    save_tensors("zoo.safetensors", out, "torch", "timm", "torchvision", "transformers", "efficientnet_pytorch")
