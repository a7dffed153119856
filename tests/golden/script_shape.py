"""Moves of elements: shapes, parts, places, masks and indexing."""
import torch
import torch.nn.functional as F

from cases import case, distinct, f32, fails, flags, i64, inf, nan, normal

cube = (2, 3, 4)
MOVES = {
    "reshape([4, -1])": lambda a: a.reshape(4, -1),
    "reshape([-1])": lambda a: a.reshape(-1),
    "permute([2, 0, 1]).reshape([6, 4])": lambda a: a.permute(2, 0, 1).reshape(6, 4),
    "flatten()": lambda a: a.flatten(),
    "flatten(1)": lambda a: a.flatten(1),
    "flatten(0, 1)": lambda a: a.flatten(0, 1),
    "flatten(-2, -1)": lambda a: a.flatten(-2, -1),
    "transpose(0, -1).flatten()": lambda a: a.transpose(0, -1).flatten(),
    "permute([2, 0, 1])": lambda a: a.permute(2, 0, 1),
    "transpose(0, -1)": lambda a: a.transpose(0, -1),
    "unsqueeze(0)": lambda a: a.unsqueeze(0),
    "unsqueeze(-1)": lambda a: a.unsqueeze(-1),
    "narrow(-1, 1, 2)": lambda a: a.narrow(-1, 1, 2),
    "narrow(0, 1, 1)": lambda a: a.narrow(0, 1, 1),
    "narrow(1, 1, 0)": lambda a: a.narrow(1, 1, 0),
    "flip([1, -1])": lambda a: a.flip([1, -1]),
    "roll(1, 0)": lambda a: a.roll(1, 0),
    "roll(-3, -1)": lambda a: a.roll(-3, -1),
    "roll([1, 2], [0, 2])": lambda a: a.roll([1, 2], [0, 2]),
    "roll(9, 1)": lambda a: a.roll(9, 1),
    "repeat([1, 2, 1])": lambda a: a.repeat(1, 2, 1),
    "repeat([2, 1, 1, 1])": lambda a: a.repeat(2, 1, 1, 1),
    "pad([1, 2])": lambda a: F.pad(a, [1, 2]),
    "pad([1, 0, 0, 2])": lambda a: F.pad(a, [1, 0, 0, 2]),
    "pad([0, 0, 0, 0, 1, 0], -1.5)": lambda a: F.pad(a, [0, 0, 0, 0, 1, 0], value=-1.5),
    "pad([1, 1], 2)": lambda a: F.pad(a, [1, 1], value=2),
    "pad([2, 1], \"reflect\")": lambda a: F.pad(a, [2, 1], "reflect"),
    "pad([2, 1], \"replicate\")": lambda a: F.pad(a, [2, 1], "replicate"),
    "pad([3, 2], \"circular\")": lambda a: F.pad(a, [3, 2], "circular"),
    "pad([2, 1, 1, 2], \"reflect\")": lambda a: F.pad(a, [2, 1, 1, 2], "reflect"),
    "pad([0, 3, 2, 0], \"replicate\")": lambda a: F.pad(a, [0, 3, 2, 0], "replicate"),
    "tril()": lambda a: a.tril(),
    "tril(1)": lambda a: a.tril(1),
    "tril(-2)": lambda a: a.tril(-2),
    "triu()": lambda a: a.triu(),
    "triu(-1)": lambda a: a.triu(-1),
    "unfold(2, 2, 1)": lambda a: a.unfold(2, 2, 1),
    "unfold(-1, 3, 2)": lambda a: a.unfold(-1, 3, 2),
    "unfold(0, 2, 1)": lambda a: a.unfold(0, 2, 1),
    "split(2, 1)[1]": lambda a: a.split(2, 1)[1],
    "split([1, 3], -1)[1]": lambda a: a.split([1, 3], -1)[1],
    "chunk(2, 1)[0]": lambda a: a.chunk(2, 1)[0],
    "chunk(3, -1)[1]": lambda a: a.chunk(3, -1)[1],
    "expand([2, 2, 3, 4])": lambda a: a.expand(2, 2, 3, 4),
    "expand([-1, 3, -1])": lambda a: a.expand(-1, 3, -1),
}
for words, operation in MOVES.items():
    case(f"shape/{words}", f"a.{words}", operation, distinct(*cube))

case("shape/squeeze()", "a.squeeze()", torch.squeeze, normal(1, 3, 1, 2))
case("shape/squeeze() to one number", "squeeze(a)", torch.squeeze, normal(1, 1))
case("shape/squeeze(0)", "a.squeeze(0)", lambda a: a.squeeze(0), normal(1, 3, 1))
case("shape/squeeze(-1)", "a.squeeze(-1)", lambda a: a.squeeze(-1), normal(1, 3, 1))
case("shape/squeeze([0, 2])", "a.squeeze([0, 2])", lambda a: a.squeeze((0, 2)), normal(1, 3, 1))
case("shape/squeeze, nothing of length 1", "a.squeeze(1)", lambda a: a.squeeze(1), normal(1, 3))
case("shape/expand", "a.expand([2, 3, 4])", lambda a: a.expand(2, 3, 4), normal(3, 1))
case("shape/expand, -1 keeps", "a.expand([2, -1, 4])", lambda a: a.expand(2, -1, 4), normal(2, 3, 1))
case("shape/expand to nothing", "a.expand([0, 3])", lambda a: a.expand(0, 3), normal(1, 3))
case("shape/expand, then sum and product", "(a.expand([3, 4]) * b).sum(1)", lambda a, b: (a * b).sum(1), normal(3, 1), normal(3, 4))
case("shape/moves of i64", "a.transpose(0, 1).flip(0).reshape([-1])", lambda a: a.T.flip(0).reshape(-1), i64([[1, 2, 3], [4, 5, 6]]))
case("shape/moves of bool", "a.transpose(0, 1).flip(0).reshape([-1])", lambda a: a.T.flip(0).reshape(-1), flags([[True, False], [True, True]]))
case("shape/pad of i64", "a.pad([1, 1], 7)", lambda a: F.pad(a, [1, 1], value=7), i64([[1, 2]]))
case("shape/pad by -infinity", "a.pad([1, 0], -1.0 / 0.0)", lambda a: F.pad(a, [1, 0], value=-inf), normal(2, 2))
case("shape/pad of an image, circular", "a.pad([1, 1, 1, 0], \"circular\")", lambda a: F.pad(a, [1, 1, 1, 0], "circular"), normal(1, 2, 3, 2))
case("shape/repeat of i64", "a.repeat([2, 2])", lambda a: a.repeat(2, 2), i64([1, 2]))
case("shape/repeat no times", "a.repeat([0, 1])", lambda a: a.repeat(0, 1), normal(2, 3))
case("shape/tril of batches, wide", "a.tril()", torch.tril, normal(2, 2, 4))
case("shape/triu of a tall one", "a.triu(1)", lambda a: a.triu(1), normal(4, 2))
case("shape/tril of bool", "a.tril()", torch.tril, flags([[True, True], [True, True]]))
case("shape/a causal mask", "tensor::ones([3, 3]).tril() == 0", lambda: torch.ones(3, 3).tril() == 0)
case("shape/reshape of nothing", "a.reshape([3, 0])", lambda a: a.reshape(3, 0), f32([]).reshape(0, 2))
case("shape/flatten of one number", "a.flatten()", torch.flatten, normal(1))

# Joining: dtypes are promoted, empty parts vanish.
case("shape/cat", "cat([a, b, c], 1)", lambda a, b, c: torch.cat([a, b, c], 1), normal(2, 1, 3), normal(2, 2, 3), normal(2, 3, 3))
case("shape/cat, negative", "cat([a, b], -1)", lambda a, b: torch.cat([a, b], -1), normal(2, 2), normal(2, 1))
case("shape/cat of one", "cat([a], 0)", lambda a: a.clone(), normal(2, 2))
case("shape/cat of one twice", "cat([a, a], 0)", lambda a: torch.cat([a, a]), normal(2, 2))
case("shape/cat with nothing", "cat([a, b, a], 0)", lambda a, b: torch.cat([a, b, a]), f32([]).reshape(0, 3), normal(2, 3))
case("shape/cat of nothing", "cat([a, a], 0)", lambda a: torch.cat([a, a]), f32([]).reshape(0, 3))
case("shape/cat of i64", "cat([a, b], 0)", lambda a, b: torch.cat([a, b]), i64([1, 2]), i64([3]))
case("shape/cat of i64 and f32", "cat([a, b], 0)", lambda a, b: torch.cat([a, b]), i64([1, 2]), f32([0.5]))
case("shape/cat of bool and i64", "cat([a, b], 0)", lambda a, b: torch.cat([a, b]), flags([True]), i64([7]))
case("shape/cat of what was permuted", "cat([a.transpose(0, 1), b], 1)", lambda a, b: torch.cat([a.T, b], 1), normal(2, 3), normal(3, 2))
case("shape/stack", "stack([a, b], 0)", lambda a, b: torch.stack([a, b]), normal(2, 3), normal(2, 3))
case("shape/stack, middle", "stack([a, b], 1)", lambda a, b: torch.stack([a, b], 1), normal(2, 3), normal(2, 3))
case("shape/stack, last", "stack([a, b, a], -1)", lambda a, b: torch.stack([a, b, a], -1), normal(2, 3), normal(2, 3))
case("shape/split and join", "let parts = a.split(2, 1); cat([parts[1], parts[0]], 1)", lambda a: torch.cat([a[:, 2:], a[:, :2]], 1), normal(2, 3))
case("shape/parts of split", "tensor(a.split([1, 0, 3], 2).len())", lambda a: torch.tensor(3), normal(*cube))
case("shape/parts of chunk, uneven", "tensor(a.chunk(4, 0).len())", lambda a: torch.tensor(len(a.chunk(4, 0))), normal(5))
case("shape/chunk, the last one", "a.chunk(4, 0)[2]", lambda a: a.chunk(4, 0)[2], normal(5))

# Places. A place named twice gathers both gradients.
places = i64([[0, 2, 2], [1, 0, 3]])
case("shape/gather", "a.gather(1, b)", lambda a, b: a.gather(1, b), normal(2, 4), places)
case("shape/gather along 0", "gather(a, 0, b)", lambda a, b: a.gather(0, b), normal(4, 3), places)
case("shape/gather, fewer rows", "a.gather(-1, b)", lambda a, b: a.gather(-1, b), normal(3, 4), places)
case("shape/gather of i64", "a.gather(1, b)", lambda a, b: a.gather(1, b), i64([[1, 2, 3, 4], [5, 6, 7, 8]]), places)
case("shape/gather of targets", "a.log_softmax(1).gather(1, b.unsqueeze(1)).squeeze(1)",
     lambda a, b: a.log_softmax(1).gather(1, b[:, None])[:, 0], normal(3, 4), i64([3, 0, 1]))
once = i64([[0, 2, 1], [3, 0, 2]])
case("shape/scatter", "a.scatter(1, b, c)", lambda a, b, c: a.scatter(1, b, c), normal(2, 4), once, normal(2, 3))
case("shape/scatter along 0", "scatter(a, 0, b, c)", lambda a, b, c: a.scatter(0, b, c), normal(4, 3), once, normal(2, 3))
case("shape/scatter of i64", "a.scatter(1, b, c)", lambda a, b, c: a.scatter(1, b, c), i64([[0, 0], [0, 0]]), i64([[1], [0]]), i64([[5], [6]]))
fails("shape/scatter, a place twice", "a.scatter(1, b, c)", None, normal(2, 4), places, normal(2, 3))
case("shape/scatter_add", "a.scatter_add(1, b, c)", lambda a, b, c: a.scatter_add(1, b, c), normal(2, 4), places, normal(2, 3))
case("shape/scatter_add along 0", "scatter_add(a, 0, b, c)", lambda a, b, c: a.scatter_add(0, b, c), normal(4, 3), places, normal(2, 3))
case("shape/scatter_add of i64", "a.scatter_add(0, b, c)", lambda a, b, c: a.scatter_add(0, b, c), i64([0, 0, 0]), i64([1, 1, 2]), i64([4, 5, 6]))
case("shape/index_select", "a.index_select(1, b)", lambda a, b: a.index_select(1, b), normal(*cube), i64([2, 0, 2]))
case("shape/index_select, negative dimension", "index_select(a, -1, b)", lambda a, b: a.index_select(-1, b), normal(*cube), i64([3]))
case("shape/index_select of nothing", "a.index_select(0, b)", lambda a, b: a.index_select(0, b), normal(2, 3), i64([]))
for name, script in {"gather": "a.gather(1, b)", "scatter": "a.scatter(1, b, a)", "scatter_add": "a.scatter_add(1, b, a)"}.items():
    fails(f"shape/{name}, no such place", script, lambda a, b: a.gather(1, b), normal(1, 2), i64([[2]]))
    fails(f"shape/{name}, negative place", script, lambda a, b: a.gather(1, b), normal(1, 2), i64([[-1]]))
    fails(f"shape/{name}, places of floats", script, lambda a, b: a.gather(1, b), normal(1, 2), f32([[1.0]]))
fails("shape/index_select, no such place", "a.index_select(0, b)", lambda a, b: a.index_select(0, b), normal(2, 3), i64([2]))
case("shape/one_hot", "a.one_hot(4)", lambda a: F.one_hot(a, 4).to(torch.get_default_dtype()), i64([3, 0, 1]))
case("shape/one_hot of a table", "one_hot(a, 3)", lambda a: F.one_hot(a, 3).to(torch.get_default_dtype()), i64([[0, 2], [1, 1]]))
fails("shape/one_hot, no such class", "a.one_hot(3)", lambda a: F.one_hot(a, 3), i64([3]))
fails("shape/one_hot, negative", "a.one_hot(3)", lambda a: F.one_hot(a, 3), i64([-1]))

# Masks.
mask = flags([[True, False, True], [False, False, True]])
case("shape/masked_fill", "a.masked_fill(b, -2)", lambda a, b: a.masked_fill(b, -2), normal(2, 3), mask)
case("shape/masked_fill by -infinity", "a.masked_fill(b, -1.0 / 0.0).softmax(1)", lambda a, b: a.masked_fill(b, -inf).softmax(1), normal(2, 3), mask)
case("shape/masked_fill of NaN", "a.masked_fill(a.is_nan(), 0)", lambda a: a.masked_fill(a.isnan(), 0), f32([1, nan, 2]))
case("shape/masked_fill broadcast", "masked_fill(a, b, 1.5)", lambda a, b: a.masked_fill(b, 1.5), normal(2, 3, 2), flags([[True], [False], [True]]))
case("shape/masked_fill of i64", "a.masked_fill(b, 9)", lambda a, b: a.masked_fill(b, 9), i64([1, 2]), flags([True, False]))
case("shape/masked_select", "a.masked_select(b)", lambda a, b: a.masked_select(b), normal(2, 3), mask)
case("shape/masked_select of i64", "masked_select(a, b)", lambda a, b: a.masked_select(b), i64([4, 5]), flags([False, True]))
case("shape/masked_select of nothing", "a.masked_select(a > 10)", lambda a: a.masked_select(a > 10), normal(2, 3))

# Bools stay bools wherever elements are only chosen.
for script, operation in {
    "a.gather(1, b)": lambda a, b: a.gather(1, b),
    "a.index_select(0, b[0])": lambda a, b: a.index_select(0, b[0]),
    "a.masked_select(a)": lambda a, b: a.masked_select(a),
    "a[b]": lambda a, b: a[b],
    "a[a]": lambda a, b: a[a],
    "a[[1, 0]]": lambda a, b: a[[1, 0]],
    "a.unfold(1, 2, 1)": lambda a, b: a.unfold(1, 2, 1),
    "a.sort(1).values": lambda a, b: a.sort(1).values,
    "a.max(1)": lambda a, b: a.max(1).values,
    "a.min(0)": lambda a, b: a.min(0).values,
    "a.pad([1, 0])": lambda a, b: F.pad(a, [1, 0]),
    "a.roll(1, 1).repeat([1, 2])": lambda a, b: a.roll(1, 1).repeat(1, 2),
    "where(a, a, !a)": lambda a, b: torch.where(a, a, ~a),
    "cat([a, a.flip(1)], 1)": lambda a, b: torch.cat([a, a.flip(1)], 1),
}.items():
    case(f"shape/{script} of bool", script, operation, mask, i64([[0, 1, 1], [1, 0, 0]]))

# Indexing.
INDEX = {
    "a[0]": lambda a: a[0],
    "a[-1]": lambda a: a[-1],
    "a[1][0]": lambda a: a[1][0],
    "a[1][-1][2]": lambda a: a[1][-1][2],
    "a[0..1]": lambda a: a[0:1],
    "a[1..=1]": lambda a: a[1:2],
    "a[0..2][1..2]": lambda a: a[0:2][1:2],
    "a[0..0]": lambda a: a[0:0],
    "a[[1, 0, 1]]": lambda a: a[[1, 0, 1]],
    "a[[-1]]": lambda a: a[[-1]],
    "a.transpose(0, 2)[1..3]": lambda a: a.transpose(0, 2)[1:3],
}
for script, operation in INDEX.items():
    case(f"shape/{script}", script, operation, distinct(2, 3, 4))
case("shape/a[i] of a vector", "a[1]", lambda a: a[1], normal(3))
case("shape/a[i] of i64", "a[1]", lambda a: a[1], i64([[1, 2], [3, 4]]))
case("shape/a[i] of bool", "a[-2]", lambda a: a[-2], flags([[True, False], [False, False]]))
case("shape/a[tensor]", "a[b]", lambda a, b: a[b], normal(4, 2), i64([3, 0, 3]))
case("shape/a[tensor], negative", "a[b]", lambda a, b: a[b], normal(4, 2), i64([-1, 1]))
case("shape/a[table]", "a[b]", lambda a, b: a[b], normal(4, 2), i64([[3, 0], [1, 1]]))
case("shape/a[no places]", "a[b]", lambda a, b: a[b], normal(4, 2), i64([]))
case("shape/a[mask of rows]", "a[b]", lambda a, b: a[b], normal(3, 2), flags([True, False, True]))
case("shape/a[mask of elements]", "a[b]", lambda a, b: a[b], normal(2, 3), mask)
case("shape/a[mask of the first two]", "a[b]", lambda a, b: a[b], normal(2, 3, 2), mask)
case("shape/a[a > 0]", "a[a > 0]", lambda a: a[a > 0], normal(3, 3))
for script in ("a[2]", "a[-3]", "a[[0, 2]]"):
    fails(f"shape/{script}, no such row", script, lambda a: a[2], normal(2, 3))
fails("shape/a[b], no such row", "a[b]", lambda a, b: a[b], normal(2, 3), i64([2]))
fails("shape/a[b], floats", "a[b]", lambda a, b: a[b], normal(2, 3), f32([1]))
fails("shape/a[b], mask too long", "a[b]", lambda a, b: a[b], normal(2, 3), flags([True, False, True]))
fails("shape/assignment to a row", "a[0] = b; a", None, normal(2, 3), normal(3))

for script, operation in {
    "a.reshape([5, -1])": lambda a: a.reshape(5, -1),
    "a.reshape([-1, -1])": lambda a: a.reshape(-1, -1),
    "a.permute([0, 1])": lambda a: a.permute(0, 1),
    "a.permute([0, 1, 1])": lambda a: a.permute(0, 1, 1),
    "a.transpose(0, 3)": lambda a: a.transpose(0, 3),
    "a.squeeze(3)": lambda a: a.squeeze(3),
    "a.unsqueeze(4)": lambda a: a.unsqueeze(4),
    "a.flatten(2, 1)": lambda a: a.flatten(2, 1),
    "a.expand([2, 3, 5])": lambda a: a.expand(2, 3, 5),
    "a.expand([3, 4])": lambda a: a.expand(3, 4),
    "a.narrow(1, 2, 2)": lambda a: a.narrow(1, 2, 2),
    "a.split([1, 1], 1)": lambda a: a.split([1, 1], 1)[0],
    "a.split(0, 1)": lambda a: a.split(0, 1)[0],
    "a.chunk(0, 1)": lambda a: a.chunk(0, 1)[0],
    "a.flip(3)": lambda a: a.flip(3),
    "a.flip([1, 1])": lambda a: a.flip([1, 1]),
    "a.roll([1, 2], [0])": lambda a: a.roll([1, 2], [0]),
    "a.repeat([2, 2])": lambda a: a.repeat(2, 2),
    "a.pad([1])": lambda a: F.pad(a, [1]),
    "a.pad([4, 0], \"reflect\")": lambda a: F.pad(a, [4, 0], "reflect"),
    "a.unfold(1, 4, 1)": lambda a: a.unfold(1, 4, 1),
    "a.unfold(1, 2, 0)": lambda a: a.unfold(1, 2, 0),
    "cat([a, a.transpose(0, 1)], 0)": lambda a: torch.cat([a, a.transpose(0, 1)]),
    "cat([], 0)": lambda a: torch.cat([]),
    "stack([a, a.flatten()], 0)": lambda a: torch.stack([a, a.flatten()]),
    "stack([], 0)": lambda a: torch.stack([]),
    "a.masked_fill(a, 1)": lambda a: a.masked_fill(a, 1),
    "a.masked_select(a)": lambda a: a.masked_select(a),
    "a.one_hot(3)": lambda a: F.one_hot(a, 3),
    "a[0][0][0].tril()": lambda a: a[0][0][0].tril(),
    "a.index_select(3, tensor([0]))": lambda a: a.index_select(3, torch.tensor([0])),
}.items():
    fails(f"shape/{script}", script, operation, normal(2, 3, 4))
