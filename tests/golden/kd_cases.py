"""What a case of kd.json is: a script, inputs by a formula that the test computes too, and what PyTorch makes of them.

The functions in kd_logits.py, kd_features.py, kd_relations.py and kd_tokens.py are written from the papers' formulas, in
float64 and as plainly as possible; nothing of them follows the recipes' modules.
"""
import numpy
import torch

from formula import spread

CASES = {}


def numbers(name, shape, scale=1.0, offset=0.0):
    """Numbers spread over offset ± scale, as f32 has them."""
    unit = spread(name, int(numpy.prod(shape)))
    values = (offset + scale * unit).astype(numpy.float32).astype(numpy.float64)
    return torch.tensor(values).reshape(shape)


def made(name, spec):
    """An input: (shape,), (shape, scale), (shape, scale, offset), "hot" rows with one 1, or "many" rows of 0 and 1."""
    kind = spec[0]
    if kind == "hot":
        rows, classes = spec[1]
        return torch.nn.functional.one_hot(torch.arange(rows) * 3 % classes, classes).double()
    if kind == "many":
        return (numbers(name, spec[1]) > -0.2).double()
    if kind == "index":
        return torch.tensor(spec[1])
    return numbers(name, *spec)


def case(name, script, function, inputs, fixed=("target",)):
    """Adds one. `inputs` are by the names that the script has for them, in the order of `function`; of those that are
    `fixed`, and of a teacher, no gradient is compared: none flows there."""
    assert name not in CASES, name
    tensors = {}
    for key, spec in inputs.items():
        tensor = made(f"{name} {key}", spec)
        still = key in fixed or key.startswith("teacher") or not tensor.is_floating_point()
        tensors[key] = tensor if still else tensor.requires_grad_(True)
    value = function(*tensors.values())
    assert torch.isfinite(value).all(), name
    entry = {"script": script, "inputs": {key: list(spec) for key, spec in inputs.items()}}
    entry["value"] = value.detach().flatten().tolist()
    leaves = {key: tensor for key, tensor in tensors.items() if tensor.requires_grad}
    gradients = torch.autograd.grad(value.sum(), list(leaves.values()), allow_unused=True)
    entry["gradients"] = {}
    for (key, leaf), gradient in zip(leaves.items(), gradients):
        gradient = torch.zeros_like(leaf) if gradient is None else gradient
        assert torch.isfinite(gradient).all(), (name, key)
        entry["gradients"][key] = gradient.flatten().tolist()
    CASES[name] = entry
