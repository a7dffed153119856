"""Ways to make a tensor. Random ones are held by what must be true of them."""
import torch

from cases import case, f32, fails, i64, normal

MAKERS = {
    "tensor(5)": lambda: torch.tensor(5),
    "tensor(-2.5)": lambda: torch.tensor(-2.5),
    "tensor(true)": lambda: torch.tensor(True),
    "tensor([1, 2, 3])": lambda: torch.tensor([1, 2, 3]),
    "tensor([[1, 2], [3, 4]])": lambda: torch.tensor([[1, 2], [3, 4]]),
    "tensor([1, 2.5])": lambda: torch.tensor([1, 2.5]),
    "tensor([[[1.0], [2.0]]])": lambda: torch.tensor([[[1.0], [2.0]]]),
    "tensor([[true, false]])": lambda: torch.tensor([[True, False]]),
    "tensor([])": lambda: torch.tensor([]),
    "tensor([[], []])": lambda: torch.tensor([[], []]),
    "tensor([9007199254740993, -1])": lambda: torch.tensor([9007199254740993, -1]),
    'tensor([1, 2], #{ dtype: "f32" })': lambda: torch.tensor([1.0, 2.0]),
    'tensor([1.5, -2.5, 0.0], #{ dtype: "i64" })': lambda: torch.tensor([1.5, -2.5, 0.0]).long(),
    'tensor([0, 2], #{ dtype: "bool" })': lambda: torch.tensor([False, True]),
    'tensor([true, false], #{ dtype: "f32" })': lambda: torch.tensor([1.0, 0.0]),
    'tensor([], #{ dtype: "i64" })': lambda: torch.tensor([], dtype=torch.int64),
    "tensor::zeros([2, 3])": lambda: torch.zeros(2, 3),
    "tensor::zeros([0, 3])": lambda: torch.zeros(0, 3),
    "tensor::ones([2, 1, 2])": lambda: torch.ones(2, 1, 2),
    "tensor::full([2], 3.5)": lambda: torch.full((2,), 3.5),
    "tensor::full([1, 2], 3)": lambda: torch.full((1, 2), 3.0),
    "tensor::full([2], 0.0 / 0.0)": lambda: torch.full((2,), float("nan")),
    "tensor::arange(5)": lambda: torch.arange(5),
    "tensor::arange(0)": lambda: torch.arange(0),
    "tensor::arange(2, 6)": lambda: torch.arange(2, 6),
    "tensor::arange(-2, 7, 3)": lambda: torch.arange(-2, 7, 3),
    "tensor::arange(5, 0, -2)": lambda: torch.arange(5, 0, -2),
    "tensor::arange(2.5)": lambda: torch.arange(2.5),
    "tensor::arange(0, 1, 0.25)": lambda: torch.arange(0, 1, 0.25),
    "tensor::arange(1.0, 4)": lambda: torch.arange(1.0, 4),
    "tensor::linspace(0, 1, 5)": lambda: torch.linspace(0, 1, 5),
    "tensor::linspace(-2.5, 10, 6)": lambda: torch.linspace(-2.5, 10, 6),
    "tensor::linspace(2, 9, 1)": lambda: torch.linspace(2, 9, 1),
    "tensor::linspace(2, 9, 0)": lambda: torch.linspace(2, 9, 0),
    "tensor::eye(3)": lambda: torch.eye(3),
}
for script, operation in MAKERS.items():
    case(f"make/{script}", script, operation)
for script, operation in {
    "tensor([[1, 2], [3]])": lambda: torch.tensor([[1, 2], [3]]),
    "tensor([1, [2]])": lambda: torch.tensor([1, [2]]),
    'tensor(["a"])': lambda: torch.tensor(["a"]),
    'tensor([1], #{ dtype: "f16" })': None,
    "tensor::zeros([-1, 2])": lambda: torch.zeros(-1, 2),
    "tensor::zeros([2.5])": lambda: torch.zeros(2.5),
    "tensor::zeros([9000000000, 9000000000])": lambda: torch.zeros(9000000000, 9000000000),
    "tensor::arange(0, 5, 0)": lambda: torch.arange(0, 5, 0),
    "tensor::arange(0, 5, -1)": lambda: torch.arange(0, 5, -1),
    "tensor::linspace(0, 1, -1)": lambda: torch.linspace(0, 1, -1),
    "tensor::eye(-1)": lambda: torch.eye(-1),
    'tensor::uniform([-1], "noise")': None,
    'tensor::permutation(-3, "noise")': None,
}.items():
    fails(f"make/{script}", script, operation)


def holds(name, script):
    case(f"make/{name}", script, lambda *_: torch.tensor(True))


for name, shape in {"uniform": "[50, 20]", "normal": "[50, 20]", "permutation": "1000"}.items():
    make = f"tensor::{name}({shape}, "
    holds(f"{name}: same name, same numbers", f'({make}"noise") == {make}"noise")).all()')
    holds(f"{name}: another name, other numbers", f'({make}"noise") != {make}"other")).any()')
    holds(f"{name}: same index, same numbers", f'({make}"noise", 3) == {make}"noise", 3)).all()')
    holds(f"{name}: another index, other numbers", f'({make}"noise", 3) != {make}"noise", 4)).any()')
    holds(f"{name}: several indices", f'({make}"noise", [1, 2]) != {make}"noise", [2, 1])).any()')
    holds(f"{name}: dtype", f'tensor({make}"noise").dtype == "{"i64" if name == "permutation" else "f32"}")')
    holds(f"{name}: count", f'tensor({make}"noise").count == 1000)')
holds("uniform: between 0 and 1", 'let u = tensor::uniform([1000], "noise"); (u >= 0).all() & (u < 1).all()')
holds("uniform: mean and spread", 'let u = tensor::uniform([4000], "noise"); ((u.mean() - 0.5).abs() < 0.03) & ((u.std() - 0.2887).abs() < 0.02)')
holds("normal: mean and spread", 'let z = tensor::normal([4000], "noise"); (z.mean().abs() < 0.08) & ((z.std() - 1).abs() < 0.06)')
holds("permutation: every number once", '(tensor::permutation(100, "order").sort().values == tensor::arange(100)).all()')

# Through files, in a folder of the test's own.
for dtype, values in {"f32": normal(2, 3), "i64": i64([[1, -2**60]])}.items():
    case(f"make/saved and loaded, npy, {dtype}", f'a.save("golden_{dtype}.npy"); tensor::load("golden_{dtype}.npy")',
         lambda a: a.detach().clone(), values)
for ending in ("npz", "safetensors"):
    case(f"make/saved and loaded, {ending}", f'tensor::save(#{{ one: a, two: b }}, "golden_pair.{ending}"); tensor::load("golden_pair.{ending}").two',
         lambda a, b: b.detach().clone(), normal(2, 3), i64([[4], [5]]))
fails("make/load, no such file", 'tensor::load("missing.npy")', None)
