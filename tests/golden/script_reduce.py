"""Reductions over none, one, several and all dimensions; ties, NaN and nothing at all."""
import warnings

import torch

from cases import case, distinct, f32, fails, flags, i64, inf, nan, normal, real

# The variance of one number is NaN, which is a case here.
warnings.filterwarnings("ignore", message=".*degrees of freedom")


def every(tensor, dim, keepdim):
    """PyTorch's functions that want a list of dimensions, over all of them."""
    return list(range(tensor.ndim)) if dim is None else dim


def amax(a, dim=None, keepdim=False):
    """One integer names the winner, as `torch.max(dim)` does; anything else shares among ties."""
    return a.max(dim, keepdim=keepdim).values if isinstance(dim, int) else torch.amax(a, every(a, dim, keepdim), keepdim)


def amin(a, dim=None, keepdim=False):
    return a.min(dim, keepdim=keepdim).values if isinstance(dim, int) else torch.amin(a, every(a, dim, keepdim), keepdim)


def prod(a, dim=None, keepdim=False):
    if dim is None:
        return a.prod()
    if isinstance(dim, int):
        return a.prod(dim, keepdim=keepdim)
    for one in sorted({each % a.ndim for each in dim}, reverse=True):
        a = a.prod(one, keepdim=keepdim)
    return a


def whole(dim, keepdim):
    return {} if dim is None else {"dim": dim, "keepdim": keepdim}


FUNCTIONS = {
    "sum": lambda a, dim=None, keepdim=False: torch.sum(a, **whole(dim, keepdim)),
    "mean": lambda a, dim=None, keepdim=False: torch.mean(real(a), **whole(dim, keepdim)),
    "max": amax,
    "min": amin,
    "prod": prod,
    "logsumexp": lambda a, dim=None, keepdim=False: torch.logsumexp(real(a), every(a, dim, keepdim), keepdim),
    "var": lambda a, dim=None, keepdim=False: torch.var(real(a), dim, keepdim=keepdim),
    "std": lambda a, dim=None, keepdim=False: torch.std(real(a), dim, keepdim=keepdim),
    "norm": lambda a, dim=None, keepdim=False: torch.linalg.vector_norm(real(a), dim=dim, keepdim=keepdim),
}
# How it is written here, and what it means.
ARGUMENTS = {
    "": (None, False),
    "1": (1, False),
    "[0, 2]": ([0, 2], False),
    "0, true": (0, True),
    "[-1, -2], true": ([-1, -2], True),
}
for name, operation in FUNCTIONS.items():
    for words, (dim, keep) in ARGUMENTS.items():
        drawn = distinct(2, 3, 2) if name in ("max", "min") else normal(2, 3, 2)
        case(f"reduce/{name}({words})", f"a.{name}({words})", lambda a: operation(a, dim, keep), drawn)
    if name not in ("var", "std"):
        case(f"reduce/{name}, lengths of 1", f"a.{name}(1)", lambda a: operation(a, 1), normal(3, 1, 2))
    case(f"reduce/{name}, NaN", f"a.{name}(1)", lambda a: operation(a, 1), f32([[1, nan, 2], [3, 4, 5]]), gradients=False)
    case(f"reduce/{name} of i64", f"a.{name}(0)", lambda a: operation(a, 0), i64([[1, 2, 3], [4, 3, 6]]))
    case(f"reduce/{name} of what was permuted", f"{name}(a.permute([2, 0, 1]), 1)", lambda a: operation(a.permute(2, 0, 1), 1),
         distinct(2, 2, 2))
    fails(f"reduce/{name}, no such dimension", f"a.{name}(3)", lambda a: operation(a, 3), normal(2, 3, 4))
    fails(f"reduce/{name}, one dimension twice", f"a.{name}([1, -2])", None, normal(2, 3, 4))

# Nothing at all: what has no neutral element fails.
for name, operation in FUNCTIONS.items():
    empty = f32([]).reshape(0, 3)
    if name in ("max", "min"):
        fails(f"reduce/{name} of nothing", f"a.{name}()", lambda a: operation(a), empty)
        fails(f"reduce/{name} along nothing", f"a.{name}(0)", lambda a: operation(a, 0), empty)
    else:
        case(f"reduce/{name} of nothing", f"a.{name}()", lambda a: operation(a), empty)
        case(f"reduce/{name} along nothing", f"a.{name}(0)", lambda a: operation(a, 0), empty)
    case(f"reduce/{name} beside nothing", f"a.{name}(1)", lambda a: operation(a, 1), empty)

# Ties and infinities.
ties = f32([[1, 3, 3], [2, 2, 2], [0, -1, 0]])
for name in ("max", "min"):
    operation = FUNCTIONS[name]
    case(f"reduce/{name}(), ties share", f"a.{name}()", operation, f32([[3, 1, 3], [1, 3, 2]]))
    case(f"reduce/{name}(1), the first of ties wins", f"a.{name}(1)", lambda a: operation(a, 1), ties)
    case(f"reduce/{name}([0, 1]), ties share", f"a.{name}([0, 1], true)", lambda a: operation(a, [0, 1], True), ties)
    case(f"reduce/{name} of infinities", f"a.{name}(0)", lambda a: operation(a, 0), f32([[inf, -inf, 1], [2, -3, -inf]]))
    case(f"reduce/{name} of bool", f"a.{name}()", operation, flags([True, False]))
    case(f"reduce/{name} of large i64", f"a.{name}()", operation, i64([2**53 + 1, 2**53, -(2**53) - 1]))

case("reduce/sum of bool", "a.sum(0)", lambda a: a.sum(0), flags([[True, False], [True, True]]))
case("reduce/sum of large i64", "a.sum()", torch.sum, i64([2**53, 1, 1]))
case("reduce/mean of bool", "a.mean()", lambda a: real(a).mean(), flags([True, False, True, True]))
case("reduce/sum of infinities", "a.sum(1)", lambda a: a.sum(1), f32([[inf, -inf], [inf, 1]]))
case("reduce/sum of a long row", "a.sum(1)", lambda a: a.sum(1), normal(1, 32, mean=3.0))
case("reduce/sum broadcast, then reduced", "(a * b).sum(0)", lambda a, b: (a * b).sum(0), normal(3, 1), normal(4))
case("reduce/mean far from 0", "(a - a.mean(1, true)) ** 2", lambda a: (a - a.mean(1, keepdim=True)) ** 2, normal(2, 6, mean=3.0))
for zeros in ([1.5, 0.0, -2.0], [0.0, 3.0, 0.0], [2.0, -1.0, 4.0]):
    case(f"reduce/prod of {zeros}", "a.prod()", torch.prod, f32(zeros))
    case(f"reduce/prod along, {zeros}", "a.prod(-1)", lambda a: a.prod(-1), f32([zeros, [1.0, 2.0, 3.0]]))
case("reduce/prod of bool", "a.prod()", torch.prod, flags([True, False]))
case("reduce/logsumexp, extreme", "a.logsumexp(1)", lambda a: a.logsumexp(1), f32([[1000, 999, -1000], [-1000, -1000, -1001], [80, -80, 0]]),
     relative=5e-5, why="f32 resolves 6e-5 at 1000, and the gradient may be had as exp(a - value)")
case("reduce/logsumexp, infinities", "a.logsumexp(-1)", lambda a: a.logsumexp(-1),
     f32([[-inf, -inf, -inf], [-inf, 0, 1], [2, -inf, -inf]]))
case("reduce/logsumexp, plus infinity", "a.logsumexp(-1)", lambda a: a.logsumexp(-1), f32([[inf, 0, 1]]), gradients=False)

# Variances: the correction is 1 where nothing is said.
for name, operation in {"var": torch.var, "std": torch.std}.items():
    for words, dim, keep, correction in [
        ("#{ correction: 0 }", None, False, 0),
        ("1, #{ correction: 0 }", 1, False, 0),
        ("[0, -1], #{ keep: true, correction: 0 }", [0, -1], True, 0),
        ("2, #{ keep: true }", 2, True, 1),
        ("#{ correction: 2 }", None, False, 2),
    ]:
        case(f"reduce/{name}({words})", f"a.{name}({words})",
             lambda a: operation(a, dim, keepdim=keep, correction=correction), normal(2, 3, 2))
    case(f"reduce/{name} of one", f"a.{name}()", operation, f32([3.0]), gradients=False)
    case(f"reduce/{name} of one, correction 0", f"a.{name}(#{{ correction: 0 }})", lambda a: operation(a, correction=0), f32([3.0]))
    case(f"reduce/{name} of equals", f"a.{name}(1)", lambda a: operation(a, 1), f32([[2, 2, 2], [1, 2, 4]]))
    case(f"reduce/{name} far from 0", f"a.{name}(1)", lambda a: operation(a, 1), normal(3, 8, mean=16.0, scale=2.0))
    case(f"reduce/{name} of bool", f"{name}(a)", lambda a: operation(real(a)), flags([True, False, True]))

for words, p in {"1": 1, "2": 2, "3": 3, "0.5": 0.5, "1.0 / 0.0": inf}.items():
    values = f32([[1, 2, 0.5], [3, 0.25, 2]]) if p == 0.5 else normal(2, 3)
    case(f"reduce/norm, p {words}", f"a.norm(1, #{{ p: {words} }})", lambda a: torch.linalg.vector_norm(a, p, 1), values)
case("reduce/norm, p 1 of all", "a.norm(#{ p: 1 })", lambda a: torch.linalg.vector_norm(a, 1), f32([[1, -2], [0, 3]]))
case("reduce/norm, p 1 kept", "a.norm([0, 1], #{ p: 1, keep: true })", lambda a: torch.linalg.vector_norm(a, 1, (0, 1), True), normal(2, 3, 2))
case("reduce/norm of zeros", "a.norm(1)", lambda a: a.norm(dim=1), f32([[0, 0, 0], [3, 0, 4]]))
case("reduce/norm, large and tiny", "a.norm(1)", lambda a: a.norm(dim=1), f32([[3e15, 4e15], [3e-12, 4e-12]]))
case("reduce/norm of infinities", "a.norm()", torch.norm, f32([inf, 1]), gradients=False)

# Truth: everything but 0 is true, NaN too.
for name, operation in {"any": torch.any, "all": torch.all}.items():
    truth = flags([[True, False, True], [True, True, True], [False, False, False]])
    case(f"reduce/{name}()", f"a.{name}()", operation, truth)
    case(f"reduce/{name}(1)", f"a.{name}(1)", lambda a: operation(a, 1), truth)
    case(f"reduce/{name}(-2, true)", f"{name}(a, -2, true)", lambda a: operation(a, -2, True), truth)
    case(f"reduce/{name}([0, 1])", f"a.{name}([0, 1])", lambda a: operation(a, (0, 1)), truth)
    case(f"reduce/{name} of floats", f"a.{name}(1)", lambda a: operation(a, 1), f32([[0, nan], [0, -0.0], [1, -2]]))
    case(f"reduce/{name} of i64", f"a.{name}()", operation, i64([0, 0, 5]))
    case(f"reduce/{name} of nothing", f"a.{name}()", operation, flags([]))
case("reduce/all of a comparison", "(a < 10).all()", lambda a: (a < 10).all(), normal(5))

# Places of the largest and smallest: the first of ties; NaN is found by both.
for name, operation in {"argmax": torch.argmax, "argmin": torch.argmin}.items():
    rows = f32([[1, 3, 3, 0], [2, 2, 2, 2], [-5, -4, -6, -4]])
    case(f"reduce/{name}()", f"a.{name}()", operation, distinct(2, 3, 4))
    case(f"reduce/{name}() of ties", f"a.{name}()", operation, rows)
    case(f"reduce/{name}(1)", f"a.{name}(1)", lambda a: operation(a, 1), rows)
    case(f"reduce/{name}(0)", f"{name}(a, 0)", lambda a: operation(a, 0), rows)
    case(f"reduce/{name}(-2, true)", f"a.{name}(-2, true)", lambda a: operation(a, -2, True), distinct(2, 3, 4))
    case(f"reduce/{name}, NaN", f"a.{name}(1)", lambda a: operation(a, 1), f32([[1, nan, 2, nan], [inf, 0, -inf, 3]]))
    case(f"reduce/{name} of i64", f"a.{name}(0)", lambda a: operation(a, 0), i64([[1, 5], [3, 5], [3, -7]]))
    fails(f"reduce/{name} of nothing", f"a.{name}()", operation, f32([]))

# Running sums and products.
for name, operation in {"cumsum": torch.cumsum, "cumprod": torch.cumprod}.items():
    case(f"reduce/{name}(0)", f"a.{name}(0)", lambda a: operation(a, 0), normal(4, 3))
    case(f"reduce/{name}(-1)", f"a.{name}(-1)", lambda a: operation(a, -1), normal(2, 3, 4))
    case(f"reduce/{name}, middle", f"{name}(a, 1)", lambda a: operation(a, 1), normal(2, 4, 2))
    case(f"reduce/{name} of i64", f"a.{name}(0)", lambda a: operation(a, 0), i64([1, -2, 3, 4]))
    case(f"reduce/{name} of bool", f"a.{name}(0)", lambda a: operation(a, 0), flags([True, True, False, True]))
    case(f"reduce/{name} of nothing", f"a.{name}(0)", lambda a: operation(a, 0), f32([]).reshape(0, 2))
    case(f"reduce/{name} after NaN", f"a.{name}(0)", lambda a: operation(a, 0), f32([1, nan, 2]), gradients=False)
    fails(f"reduce/{name}, no such dimension", f"a.{name}(2)", lambda a: operation(a, 2), normal(2, 3))
case("reduce/cumprod through zeros", "a.cumprod(1)", lambda a: a.cumprod(1), f32([[2, 0, 3, 4], [0, 1, 0, 2], [1, 2, 3, 0]]))

# Order.
tied = f32([[2, 1, 2, 3], [0, 0, 0, 0], [nan, 1, -inf, inf]])
whole_numbers = i64([[3, 1, 3], [-2, 7, 0]])
for part in ("values", "indices"):
    case(f"reduce/topk(2).{part}", f"a.topk(2).{part}", lambda a: getattr(a.topk(2), part), distinct(3, 5))
    case(f"reduce/topk(1, 0).{part}", f"topk(a, 1, 0).{part}", lambda a: getattr(a.topk(1, 0), part), distinct(3, 5))
    case(f"reduce/topk of i64, {part}", f"a.topk(2).{part}", lambda a: getattr(a.topk(2), part), i64([[3, 1, 4], [9, 5, 2]]))
    case(f"reduce/topk with NaN, {part}", f"a.topk(2).{part}", lambda a: getattr(a.topk(2), part), f32([1, nan, inf, -inf]))
    case(f"reduce/sort().{part}", f"a.sort().{part}", lambda a: getattr(a.sort(stable=True), part), distinct(3, 4))
    case(f"reduce/sort(0).{part}", f"a.sort(0).{part}", lambda a: getattr(a.sort(dim=0, stable=True), part), distinct(3, 4))
    case(f"reduce/sort(1, true).{part}", f"sort(a, 1, true).{part}", lambda a: getattr(a.sort(dim=1, descending=True, stable=True), part), tied)
    case(f"reduce/sort with ties, {part}", f"a.sort(-1).{part}", lambda a: getattr(a.sort(dim=-1, stable=True), part), tied)
    case(f"reduce/sort of i64, {part}", f"a.sort().{part}", lambda a: getattr(a.sort(stable=True), part), whole_numbers)
    case(f"reduce/sort of nothing, {part}", f"a.sort(1).{part}", lambda a: getattr(a.sort(dim=1, stable=True), part), f32([]).reshape(2, 0))
case("reduce/argsort(1)", "a.argsort(1)", lambda a: a.argsort(dim=1, stable=True), tied)
case("reduce/argsort(0)", "argsort(a, 0)", lambda a: a.argsort(dim=0, stable=True), whole_numbers)
case("reduce/ranks", "a.argsort(0).argsort(0)", lambda a: a.argsort(0).argsort(0), distinct(6))
case("reduce/the second largest", "a.sort(1, true).values.narrow(1, 1, 1)", lambda a: a.sort(1, True).values[:, 1:2], distinct(3, 5))
fails("reduce/topk of too many", "a.topk(4)", lambda a: a.topk(4)[0], normal(2, 3))
fails("reduce/argsort, no such dimension", "a.argsort(2)", lambda a: a.argsort(2), normal(2, 3))

# NaN is the largest and the smallest; without a dimension, NaNs share the gradient.
for name in ("max", "min"):
    wild = f32([[1, nan, 2], [nan, 0, inf]])
    case(f"reduce/{name} of NaN", f"a.{name}()", lambda a: getattr(a, name)(), wild)
    case(f"reduce/{name} of NaN along one", f"a.{name}(1)", lambda a: getattr(a, name)(1).values, wild)
    case(f"reduce/{name} of NaN along several", f"a.{name}([0, 1])", lambda a: getattr(torch, "a" + name)(a, (0, 1)), wild)
