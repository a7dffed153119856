"""Augmentations with given draws, as torchaudio, PyTorch and SciPy make them."""
import json

import numpy as np
import torch

torch.version.cuda = None  # torchaudio compares it with its own
import scipy.signal
import torchaudio.functional as F

from oracle import HERE, versions

rng = np.random.default_rng(7)


def plain(values):
    return [round(float(v), 9) for v in np.asarray(values, dtype=np.float64).ravel()]


def masks():
    """Spans that mask_along_axis masks, for the uniform numbers that torch.rand gives."""
    cases = []
    real = torch.rand
    sizes = [(24, 128), (48, 128), (96, 498), (192, 1024), (3, 6), (1, 10), (128, 128), (300, 100)]
    for width, size in sizes:
        for _ in range(12):
            uniforms = [float(np.float32(u)) for u in rng.random(2)]
            queue = list(uniforms)
            torch.rand = lambda *shape: torch.tensor([queue.pop(0)])
            try:
                masked = F.mask_along_axis(torch.ones(1, 1, size), width, 0.0, 2)
            except ValueError:
                continue
            finally:
                torch.rand = real
            zeros = (masked[0, 0] == 0).nonzero().ravel().tolist()
            cases.append([uniforms, width, size, zeros])
    return cases


def filters():
    cases = []
    for name, rate, cutoff, q, loud in [
        ("low", 16000, 1000.0, 0.707, 0.4),
        ("low", 44100, 7000.0, 1.5, 0.4),
        ("high", 16000, 300.0, 0.707, 0.4),
        ("high", 16000, 3000.0, 0.5, 1.0),
        ("low", 16000, 4000.0, 4.0, 1.0),
    ]:
        signal = np.float32(rng.uniform(-loud, loud, 400))
        act = F.lowpass_biquad if name == "low" else F.highpass_biquad
        out = act(torch.tensor(signal, dtype=torch.float64), rate, cutoff, q)
        cases.append([name, rate, cutoff, q, plain(signal), plain(out)])
    return cases


def mixup():
    """AST's rule: _wav2fbank of its dataloader, in words."""
    cases = []
    for own, other, ratio in [(300, 300, 0.43), (300, 200, 0.6), (200, 300, 0.51)]:
        a, b = np.float32(rng.normal(0.1, 0.2, own)), np.float32(rng.normal(-0.2, 0.3, other))
        first, second = a - np.float64(a).mean(), b - np.float64(b).mean()
        second = np.pad(second, (0, max(0, own - other)))[:own]
        mixed = ratio * first + (1 - ratio) * second
        cases.append([plain(a), plain(b), ratio, plain(mixed - mixed.mean())])
    return cases


def noise():
    cases = []
    for snr in [-5.0, 0.0, 12.5]:
        signal, other = np.float32(rng.normal(0, 0.2, 300)), np.float32(rng.normal(0, 1, 300))
        out = F.add_noise(torch.tensor(signal).double(), torch.tensor(other).double(), torch.tensor(snr).double())
        cases.append([snr, plain(signal), plain(other), plain(out)])
    return cases


def convolution():
    cases = []
    for n, m in [(200, 50), (50, 200), (7, 1)]:
        a, b = np.float32(rng.normal(0, 0.3, n)), np.float32(rng.normal(0, 0.3, m))
        cases.append([plain(a), plain(b), plain(scipy.signal.convolve(np.float64(a), np.float64(b), method="direct"))])
    return cases


def crops():
    """All parts of a canvas, stretched to the clip: `frames` by `bins`, a part of `length` frames."""
    frames, bins = 20, 4
    clip = np.float32(rng.normal(0, 1, (frames, bins)))
    cases = []
    for canvas, length in [(20, 12), (30, 30), (30, 16)]:
        whole = np.zeros((canvas, bins), dtype=np.float64)
        margin = (canvas - frames) // 2
        whole[margin : margin + frames] = clip
        parts = []
        for start in range(canvas - length + 1):
            part = torch.tensor(whole[start : start + length])[None, None]
            out = torch.nn.functional.interpolate(part, size=(frames, bins), mode="bicubic", align_corners=True)
            parts.append(plain(out))
        cases.append([canvas, length, parts])
    return [frames, bins, plain(clip), cases]


def style():
    clips, frames, bins = 3, 10, 4
    x = torch.tensor(np.float32(rng.normal(0, 1, (clips, frames, bins)))).double()
    partners, shares = [2, 0, 1], [0.2, 0.9, 0.5]
    mean, std = x.mean(dim=1, keepdim=True), (x.var(dim=1, keepdim=True) + 1e-6).sqrt()
    share = torch.tensor(shares).double().reshape(-1, 1, 1)
    mixed = lambda s: share * s + (1 - share) * s[partners]
    out = (x - mean) / std * mixed(std) + mixed(mean)
    return [clips, frames, bins, plain(x), partners, shares, plain(out)]


def bands():
    """The gains of FilterAugment's bins, for given borders and gains."""
    cases = []
    for bins, borders, shape in [(64, [0, 20, 41, 64], "linear"), (64, [0, 6, 64], "step"), (40, [0, 6, 12, 40], "linear")]:
        gains = [float(g) for g in rng.uniform(-6, 6, len(borders))]
        curve = np.zeros(bins)
        for i, (start, end) in enumerate(zip(borders, borders[1:])):
            curve[start:end] = (
                torch.linspace(gains[i], gains[i + 1], end - start, dtype=torch.float64).numpy() if shape == "linear" else gains[i]
            )
        cases.append([shape, bins, borders, gains, plain(curve)])
    return cases


content = {
    "oracle": versions("torch", "torchaudio", "scipy"),
    "masks": masks(),
    "filters": filters(),
    "mixup": mixup(),
    "noise": noise(),
    "convolution": convolution(),
    "crops": crops(),
    "style": style(),
    "bands": bands(),
}
lines = [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in content.items()]
(HERE / "augment.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
print((HERE / "augment.json").stat().st_size, "bytes;", len(content["masks"]), "masks")
