"""What the scripts that fill script.json share: inputs, and what PyTorch makes of them.

A case is an expression of the tensor language, whose inputs are the variables a, b, c, …, beside an
operation of PyTorch. The operation is done in float64, so that all rounding is ours; the gradients are
those of sum(value * weight), where the weights run through -1.25, -0.75, … 1.75. Then it is done again
in float32: a case whose tolerance PyTorch's own single precision exceeds is refused.
"""
import zlib

import numpy as np
import torch

nan, inf = float("nan"), float("inf")
ABSOLUTE, RELATIVE = 1e-6, 1e-5
CASES = {}


def f32(values):
    return np.asarray(values, dtype=np.float32)


def i64(values):
    return np.asarray(values, dtype=np.int64)


def flags(values):
    return np.asarray(values, dtype=bool)


def normal(*shape, scale=1.0, mean=0.0):
    """Normal numbers of few digits, drawn from a stream that the case's name keys."""
    return lambda random: f32(np.round(mean + scale * random.standard_normal(shape), 2))


def positive(*shape, low=0.1):
    return lambda random: f32(np.round(low + np.abs(random.standard_normal(shape)), 2))


def away(*shape):
    """Normal numbers at 0.5 or further from 0: divisors."""
    def draw(random):
        value = random.standard_normal(shape)
        return f32(np.round(np.where(value < 0, value - 0.5, value + 0.5), 2))
    return draw


def probabilities(*shape):
    def draw(random):
        value = np.exp(random.standard_normal(shape))
        return f32(np.round(value / value.sum(-1, keepdims=True), 4))
    return draw


def distinct(*shape):
    """Whole numbers without ties."""
    def draw(random):
        count = int(np.prod(shape))
        return f32(random.permutation(count).reshape(shape) - count // 2)
    return draw


def real(tensor):
    """What a function of real numbers makes of integers and bools."""
    return tensor if tensor.is_floating_point() else tensor.to(torch.get_default_dtype())


def dtype_of(array):
    return {"f": "f32", "i": "i64", "b": "bool"}[array.dtype.kind]


def evaluate(operation, arrays, dtype):
    torch.set_default_dtype(dtype)
    inputs = [torch.tensor(array, dtype=dtype if array.dtype.kind == "f" else None) for array in arrays]
    for tensor in inputs:
        tensor.requires_grad_(tensor.is_floating_point())
    value = operation(*inputs)
    value = value[None] if value.ndim == 0 else value
    gradients = [None] * len(inputs)
    if value.is_floating_point() and value.requires_grad:
        weight = (torch.arange(value.numel()) % 7 * 0.5 - 1.25).reshape(value.shape)
        (value * weight).sum().backward()
        gradients = [None if tensor.grad is None else tensor.grad.numpy() for tensor in inputs]
    torch.set_default_dtype(torch.float64)
    return value.detach().numpy(), gradients


def check(name, what, found, expected, relative):
    """Refuses a case that PyTorch's single precision does not pass."""
    if expected is None or expected.dtype.kind != "f":
        return
    with np.errstate(over="ignore"):
        found, expected = found.astype(np.float64), expected.astype(np.float32).astype(np.float64)
    near = np.isclose(found, expected, rtol=relative, atol=ABSOLUTE, equal_nan=True)
    assert near.all(), f"{name}: {what}: float32 gives\n{found[~near]} for\n{expected[~near]}"


def drawn(name, inputs):
    random = np.random.default_rng(zlib.crc32(name.encode()))
    return [draw(random) if callable(draw) else draw for draw in inputs]


def add(name, script, inputs, **rest):
    assert name not in CASES, f"two cases are called {name}"
    CASES[name] = {"script": script, "inputs": [written(array, True) for array in inputs], **rest}


def case(name, script, operation, *inputs, gradients=True, relative=RELATIVE, why=None, single=True):
    """A case. `gradients=False` leaves them out; a wider `relative` must say `why`.

    `single=False`: PyTorch's own float32 goes wrong here and is not asked.
    """
    assert (relative == RELATIVE) == (why is None) and relative <= 5e-5, name
    arrays = drawn(name, inputs)
    value, slopes = evaluate(operation, arrays, torch.float64)
    single = evaluate(operation, arrays, torch.float32) if single else (value, slopes)
    check(name, "value", single[0], value, relative)
    rest = {"value": written(value)}
    if gradients and any(array.dtype.kind == "f" for array in arrays):
        for found, expected in zip(single[1], slopes):
            check(name, "gradient", found, expected, relative)
        rest["gradients"] = [None if slope is None else numbers(slope) for slope in slopes]
    if why:
        rest |= {"relative": relative, "why": why}
    add(name, script, arrays, **rest)


def fails(name, script, operation, *inputs):
    """A case that must end in an error; in PyTorch too, unless the rule is ours and `operation` is None."""
    arrays = drawn(name, inputs)
    if operation is not None:
        try:
            evaluate(operation, arrays, torch.float64)
        except (RuntimeError, IndexError, ValueError, TypeError, ZeroDivisionError):
            pass
        else:
            raise AssertionError(f"{name}: PyTorch raises nothing")
    add(name, script, arrays, fails=True)


class Raw(str):
    """JSON as it is to be written."""


def number(value, exact):
    """Inputs are written with the digits that f32 needs, results with seven."""
    if value.dtype.kind == "b":
        return "true" if value else "false"
    if value.dtype.kind == "i":
        return str(value)
    value = np.float32(value)
    if not np.isfinite(value):
        return f'"{value}"'
    text = str(value) if exact else f"{value:.7g}"
    return text.removesuffix(".0")


def numbers(array, exact=False):
    with np.errstate(over="ignore"):
        return Raw("[" + ",".join(number(value, exact) for value in array.flatten()) + "]")


def written(array, exact=False):
    return [dtype_of(array), list(array.shape), numbers(array, exact)]
