"""Weights and inputs from a formula that Stillroom's tests compute, too: no golden file holds them.

Each number is a hash of the tensor's name and of its place, spread evenly over [-1, 1); what a tensor is for (by
its name and shape) says how large it is. All are exact in f32.
"""
import zlib

import numpy as np


def spread(name, count):
    """`count` numbers in [-1, 1), from a name."""
    x = np.arange(count, dtype=np.uint32) * np.uint32(2654435761) + np.uint32(zlib.crc32(name.encode()))
    for shift, factor in ((16, 0x7FEB352D), (15, 0x846CA68B)):
        x ^= x >> np.uint32(shift)
        x *= np.uint32(factor)
    x ^= x >> np.uint32(16)
    return x.astype(np.float64) / 2147483648.0 - 1.0


def weight(name, shape):
    """A parameter or a running statistic called `name`."""
    unit = spread(name, int(np.prod(shape)))
    if name.endswith("running_var"):
        values = 1.0 + 0.5 * unit
    elif name.endswith("head_weight"):
        # Shares of heads, near to 1 in all.
        values = (1.0 + 0.2 * unit) / len(unit)
    elif len(shape) > 1:
        # Uniform, and the variance of its inputs kept.
        fan_in = np.prod(shape[1:]) if shape[0] > 1 else 3.0
        values = unit * np.sqrt(3.0 / fan_in)
    elif name.startswith("layer") and name.endswith("bn3.weight"):
        # What ResNet-50's branches add is small, else its depth makes much of rounding.
        values = 0.25 + 0.05 * unit
    elif name.endswith("bias") and (name.startswith("conv_block") or name.startswith("features.") and ".norm" in name):
        # DenseNet's and PANNs' ReLUs are kept away from 0, where rounding would decide about gradients.
        values = np.where(unit < 0, unit - 2.0, unit + 2.0)
    elif name.endswith("bias") or name.endswith("running_mean"):
        values = 0.2 * unit
    else:
        values = 1.0 + 0.2 * unit
    return values.astype(np.float32).reshape(shape)


def sample(values, most=200):
    """Every so many of the numbers, at most about `most`."""
    flat = np.asarray(values, dtype=np.float64).reshape(-1)
    return flat[::max(1, flat.size // most)]
