"""Writes value and gradients of convolutions, pooling, interpolation, norms, lookups and spectra.

Names and gradients are as in tensor.py, everything computed in float64.
"""
import numpy as np
import torch
import torch.nn.functional as F

from oracle import save_tensors

random = np.random.default_rng(31)
out = {}


def normal(*shape, scale=1.0, mean=0.0):
    return mean + scale * random.standard_normal(shape)


def case(name, operation, *inputs):
    inputs = [torch.tensor(np.asarray(value, dtype=np.float32), dtype=torch.float64) for value in inputs]
    for index, value in enumerate(inputs):
        out[f"{name}.in{index}"] = value.numpy().copy()
        value.requires_grad_(True)
    value = operation(*inputs)
    weight = (torch.arange(value.numel()) % 7 * 0.5 - 1.25).reshape(value.shape)
    (value * weight).sum().backward()
    out[f"{name}.value"] = value.detach().numpy()
    for index, tensor in enumerate(inputs):
        if tensor.grad is not None:
            out[f"{name}.gradient{index}"] = tensor.grad.numpy()


line, image = normal(2, 4, 11), normal(2, 4, 6, 7)

# Convolution. A long row of many taps is cut into parts of a row.
case("conv1d", lambda a, k, b: F.conv1d(a, k, b, stride=2, padding=3, dilation=2), line, normal(3, 4, 3), normal(3))
case("conv1d_same", lambda a, k: F.conv1d(a, k, padding="same", dilation=3), line, normal(3, 4, 4))
case("conv1d_groups", lambda a, k: F.conv1d(a, k, groups=4, padding=1), line, normal(8, 1, 3))
case("conv1d_one", lambda a, k: F.conv1d(a, k), normal(4, 11), normal(3, 4, 2))
case("conv1d_long", lambda a, k: F.conv1d(a, k, stride=5, padding=20), normal(1, 1, 5000, scale=0.1), normal(1, 1, 1400, scale=0.1))
case("conv2d_same", lambda a, k, b: F.conv2d(a, k, b, padding="same", dilation=(1, 2), groups=2), image, normal(6, 2, 2, 4), normal(6))
case("conv2d_one", lambda a, k, b: F.conv2d(a, k, b, padding=1), normal(4, 6, 7), normal(3, 4, 3, 3), normal(3))
case("conv2d_beyond", lambda a, k: F.conv2d(a, k, padding=4, dilation=10), normal(1, 2, 3, 3), normal(2, 2, 2, 2))

# Transposed.
case("transpose1d", lambda a, k, b: F.conv_transpose1d(a, k, b, stride=3, padding=2, output_padding=1), line, normal(4, 3, 5), normal(3))
case("transpose2d", F.conv_transpose2d, image, normal(4, 3, 3, 2))
case("transpose2d_stride", lambda a, k, b: F.conv_transpose2d(a, k, b, stride=(2, 3), padding=(1, 0), output_padding=(1, 2)),
     image, normal(4, 3, 3, 3), normal(3))
case("transpose2d_groups", lambda a, k, b: F.conv_transpose2d(a, k, b, stride=2, padding=2, dilation=2, groups=2),
     image, normal(4, 3, 3, 2), normal(6))
case("transpose2d_beyond", lambda a, k, b: F.conv_transpose2d(a, k, b, stride=(1, 2), dilation=3, output_padding=(2, 2)),
     image, normal(4, 2, 2, 2), normal(2))

# Pooling, with ties and what is no number.
tied = np.round(normal(2, 2, 7, 9) * 2) / 2
holes = normal(1, 2, 5, 6)
holes[0, 0, 1, 2], holes[0, 1, 3, 3], holes[0, 1, 0, 0], holes[0, 0, 4, 5] = np.nan, np.inf, -np.inf, np.nan
case("max_pool1d", lambda a: F.max_pool1d(a, 3, 2, 1), line)
case("max_pool1d_dilated", lambda a: F.max_pool1d(a, 3, stride=1, padding=1, dilation=3), line)
case("max_pool2d", lambda a: F.max_pool2d(a, 2), tied)
case("max_pool2d_all", lambda a: F.max_pool2d(a, (3, 2), (2, 1), (1, 1), (2, 3)), tied)
case("max_pool2d_one", lambda a: F.max_pool2d(a, 3, 2, 1), tied[0])
case("max_pool2d_low", lambda a: F.max_pool2d(a, 2, padding=1), np.full((1, 1, 3, 3), -np.inf))
case("max_pool2d_holes", lambda a: F.max_pool2d(a, 2, stride=1), holes)
case("avg_pool1d", lambda a: F.avg_pool1d(a, 3, 2, 1), line)
case("avg_pool1d_inside", lambda a: F.avg_pool1d(a, 3, 2, 1, count_include_pad=False), line)
case("avg_pool2d", lambda a: F.avg_pool2d(a, (3, 2), (2, 1), (1, 1)), image)
case("avg_pool2d_inside", lambda a: F.avg_pool2d(a, (4, 3), (3, 2), (2, 1), count_include_pad=False), image)
case("adaptive_avg_pool1d", lambda a: F.adaptive_avg_pool1d(a, 4), line)
case("adaptive_avg_pool1d_more", lambda a: F.adaptive_avg_pool1d(a, 14), line)
case("adaptive_avg_pool2d", lambda a: F.adaptive_avg_pool2d(a, (4, 3)), image)
case("adaptive_avg_pool2d_one", lambda a: F.adaptive_avg_pool2d(a, 1), image)
case("adaptive_max_pool1d", lambda a: F.adaptive_max_pool1d(a, 4), line)
case("adaptive_max_pool2d", lambda a: F.adaptive_max_pool2d(a, (3, 10)), tied)

# Interpolation, up and down, and to where single precision decides: 2 / 74 * 37 is below 1 there.
for mode in ("nearest", "bilinear", "bicubic"):
    for sides in ((9, 4), (3, 7), (1, 1)):
        case(f"{mode}_{sides[0]}x{sides[1]}", lambda a: F.interpolate(a, sides, mode=mode), image)
for mode in ("bilinear", "bicubic"):
    for sides in ((9, 4), (1, 11)):
        case(f"{mode}_corners_{sides[0]}x{sides[1]}", lambda a: F.interpolate(a, sides, mode=mode, align_corners=True), image)
case("nearest_row", lambda a: F.interpolate(a.float()[:, :, None], (1, 82), mode="nearest")[:, :, 0].double(), normal(1, 2, 4))
case("linear_row", lambda a: F.interpolate(a, 5, mode="linear"), line)
case("linear_row_corners", lambda a: F.interpolate(a, 15, mode="linear", align_corners=True), line)

# Norms and lookups.
scale, shift = normal(6, mean=1.0, scale=0.2), normal(6)
case("group_norm", lambda a, w, b: F.group_norm(a, 3, w, b, 1e-5), normal(3, 6, 2, 5), scale, shift)
case("group_norm_plain", lambda a: F.group_norm(a, 2, eps=1e-3), normal(3, 6))
case("rms_norm", lambda a, w: F.rms_norm(a, (6,), w, 1e-5), normal(2, 3, 6), scale)
case("rms_norm_plain", lambda a: F.rms_norm(a, (6,), eps=1e-6), normal(3, 6, scale=1e-3))
index = np.array([[0, 2, 1], [4, 0, 0]])
case("embedding", lambda a: F.embedding(torch.from_numpy(index), a), normal(5, 3))

# Spectra.
def both(complex):
    return torch.stack([complex.real, complex.imag])


for length in (1, 2, 7, 12, 97):
    case(f"rfft_{length}", lambda a: both(torch.fft.rfft(a)), normal(2, 3, length))


def stft(signal, window, n_fft, hop, center=True):
    flat = signal.reshape(-1, signal.shape[-1])
    found = torch.stft(flat, n_fft, hop, len(window), window, center=center, return_complex=True)
    return both(found.reshape(*signal.shape[:-1], *found.shape[1:]))


case("stft", lambda a, w: stft(a, w, 16, 5), normal(2, 60), normal(16))
case("stft_cube", lambda a, w: stft(a, w, 8, 8), normal(2, 3, 33), normal(8))
case("stft_odd", lambda a, w: stft(a, w, 9, 4), normal(1, 40), normal(9))
case("stft_inside", lambda a, w: stft(a, w, 10, 3, False), normal(1, 47), normal(10))
case("stft_short_window", lambda a, w: stft(a, w, 16, 4), normal(1, 30), normal(11))
case("stft_one", lambda a, w: stft(a, w, 12, 3), normal(25), normal(12))

# Enough channels for minimal filtering, at an odd size; last, so that what is drawn above stays as it is.
case("conv2d_wide", lambda a, k: F.conv2d(a, k, padding=(1, 2)), normal(2, 33, 5, 6), normal(34, 33, 3, 3, scale=0.1))

save_tensors("convolution.safetensors", out, "torch")
