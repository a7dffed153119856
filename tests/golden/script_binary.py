"""Operators and functions of two tensors, or of a tensor and a number: broadcasting and dtypes."""
import torch

from cases import away, case, f32, fails, flags, i64, inf, nan, normal, positive, real


def whole(tensor):
    return tensor.to(torch.int64) if tensor.dtype == torch.bool else tensor


def counted(operation):
    """Where PyTorch has no arithmetic of two bools, ours counts."""
    return lambda a, b: operation(whole(a), whole(b))


def either(first, second):
    """Both as tensors: PyTorch's maximum and minimum take no numbers."""
    return [side if torch.is_tensor(side) else torch.tensor(side) for side in (first, second)]


def maximum(a, b):
    return torch.maximum(*either(a, b))


def minimum(a, b):
    return torch.minimum(*either(a, b))


ARITHMETIC = {
    "+": counted(lambda a, b: a + b),
    "-": counted(lambda a, b: a - b),
    "*": counted(lambda a, b: a * b),
    "/": lambda a, b: real(a) / real(b),
    "%": counted(lambda a, b: a % b),
    "**": counted(lambda a, b: a**b),
}
COMPARISON = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}
SHAPES = {
    "same": [(2, 3), (2, 3)],
    "both ways": [(2, 2, 1), (2, 3)],
    "row on the left": [(3,), (2, 2, 3)],
    "one on the right": [(2, 3), (1,)],
    "column": [(3, 1), (1, 4)],
    "nothing": [(0, 3), (3,)],
}
for symbol, operation in ARITHMETIC.items():
    for words, (left, right) in SHAPES.items():
        first = positive(*left) if symbol == "**" else normal(*left)
        second = away(*right) if symbol in "/%" else normal(*right)
        case(f"binary/{symbol} {words}", f"a {symbol} b", operation, first, second)

# Every pair of dtypes, and what comes out.
OF = {"f32": f32([[1.5, 2.0], [0.5, 3.0]]), "i64": i64([[2, 1], [3, 5]]), "bool": flags([[True, True], [True, True]])}
MIXED = {"f32": f32([[1.5, 2.0], [0.5, 3.0]]), "i64": i64([[2, 0], [1, 3]]), "bool": flags([[True, False], [False, True]])}
for left in OF:
    for right in OF:
        for symbol, operation in ARITHMETIC.items():
            if (left, right) == ("bool", "bool") and symbol in ("%", "**"):
                continue
            case(f"binary/{left} {symbol} {right}", f"a {symbol} b", operation, OF[left], OF[right])
        case(f"binary/{left} == {right}", "a == b", COMPARISON["=="], MIXED[left], MIXED[right])
        case(f"binary/{left} > {right}", "a > b", COMPARISON[">"], MIXED[left], MIXED[right])
        case(f"binary/maximum of {left} and {right}", "maximum(a, b)", maximum, MIXED[left], MIXED[right], gradients=False)

# A number on either side: INT keeps i64, FLOAT makes f32.
NUMBER = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "%": lambda a, b: torch.remainder(*either(a, b)),
}
for dtype, values in {"f32": f32([0.5, 2.0, 4.0]), "i64": i64([1, 2, 4]), "bool": flags([True, False, True])}.items():
    for symbol, operation in NUMBER.items():
        for number in (2, 2.5):
            if dtype == "bool" and symbol in "-/%":
                continue
            case(f"binary/{dtype} {symbol} {number}", f"a {symbol} {number}", lambda a: operation(a, number), values)
            case(f"binary/{number} {symbol} {dtype}", f"{number} {symbol} a", lambda a: operation(number, a), values)
case("binary/bool - 1", "a - 1", lambda a: whole(a) - 1, flags([True, False]))
case("binary/1 - bool", "1 - a", lambda a: 1 - whole(a), flags([True, False]))
case("binary/1.0 - bool", "1.0 - a", lambda a: 1.0 - real(a), flags([True, False]))
case("binary/bool / 2", "a / 2", lambda a: a / 2, flags([True, False]))

# Signs, zeros and infinities.
case("binary/% signs", "a % b", lambda a, b: a % b, f32([5.5, -5.5, 5.5, -5.5, 0.0, 3.0]), f32([2, 2, -2, -2, 2, -3]))
case("binary/% signs of i64", "a % b", lambda a, b: a % b, i64([5, -5, 5, -5, 0, 6]), i64([3, 3, -3, -3, 3, -3]))
case("binary/% number", "a % 2", lambda a: a % 2, f32([-3.5, -2.0, -0.5, 0.5, 2.0, 7.25]))
case("binary/% negative number", "a % (-2.5)", lambda a: a % -2.5, f32([-3.5, -2.0, -0.5, 0.5, 2.0, 7.25]))
case("binary/number % tensor", "7 % a", lambda a: torch.tensor(7.0) % a, f32([-3.5, -2.0, 0.75, 2.0, 8.0]))
case("binary/% by zero", "a % 0.0", lambda a: a % 0.0, f32([1.0, 0.0]), gradients=False)
fails("binary/% by zero of i64", "a % 0", lambda a: a % 0, i64([1, 2]))
case("binary// by zero", "a / b", lambda a, b: a / b, f32([1, -1, 0, 1, inf]), f32([0, 0, 0, inf, inf]), gradients=False)
case("binary// by the number zero", "a / 0", lambda a: a / 0, f32([1, -1, 0]))
case("binary// by zero of i64", "a / b", lambda a, b: a / b, i64([1, -1, 0, 7]), i64([0, 0, 0, 2]))
case("binary/infinities", "(a + b) * (a - b)", lambda a, b: (a + b) * (a - b), f32([inf, -inf, inf, nan, 1]), f32([1, 1, inf, 1, inf]), gradients=False)
case("binary/0 times infinity", "a * b", lambda a, b: a * b, f32([0, 0, 2]), f32([inf, nan, -inf]))
case("binary/power, special", "a ** b", lambda a, b: a**b, f32([0, 0, nan, 1, inf, 0, 2, -8, -2, 0.5]),
     f32([0, 2, 0, nan, -1, -1, inf, 0.5, 3, -inf]), gradients=False)
case("binary/power, gradients at 0", "a ** b", lambda a, b: a**b, f32([0, 0, 0, 2, 1]), f32([0, 1, 2, 0, 0]))
case("binary/power, negative base", "a ** b", lambda a, b: a**b, f32([-2, -0.5]), f32([2, 3]), gradients=False)
case("binary/power of i64 by i64", "a ** b", lambda a, b: a**b, i64([2, -3, 0, 7]), i64([10, 3, 0, 1]))
case("binary/sum of large i64", "a + b", lambda a, b: a + b, i64([2**53 + 1, -(2**60)]), i64([2, 2**60 + 3]))
case("binary/number added to large i64", "a + 9007199254740993", lambda a: a + 9007199254740993, i64([1, -9007199254740992]))
case("binary/large i64 beside a number", "a == 9007199254740993", lambda a: a == 9007199254740993, i64([9007199254740993, 9007199254740992]))
case("binary/maximum of i64 and FLOAT", "maximum(a, 1.5)", lambda a: maximum(real(a), 1.5), i64([1, 2]))
case("binary/product of large i64", "a * 3", lambda a: a * 3, i64([2**53 + 1, -(2**55) - 1]))

# An input used twice, and both sides one tensor.
case("binary/a * a", "a * a", lambda a: a * a, normal(3))
case("binary/a / a", "a / a", lambda a: a / a, away(3))
case("binary/a - a * b + a", "a - a * b + a", lambda a, b: 2 * a - a * b, normal(2, 3), normal(3))
case("binary/precedence", "a + 2 * b ** 2 / 4 - 1", lambda a, b: a + b**2 / 2 - 1, normal(2, 3), normal(2, 3))
case("binary/1 / tensor", "1 / a", lambda a: 1 / a, away(2, 3))
case("binary/1 - tensor", "1 - a", lambda a: 1 - a, normal(2, 3))
case("binary/powers of a tensor minus", "(a - 1) ** 2 - (1 - a) ** 2", lambda a: a - a, normal(4))

# Comparisons: NaN equals nothing; numbers on either side.
strange = f32([nan, inf, -inf, 0.0, -0.0, 1.0])
for symbol, operation in COMPARISON.items():
    case(f"binary/{symbol}, special", f"a {symbol} b", operation, strange, f32([nan, inf, inf, -0.0, 0.0, 2.0]))
    case(f"binary/{symbol} broadcast", f"a {symbol} b", operation, f32([[1], [2], [3]]), f32([1, 2, 3, 4]))
    case(f"binary/{symbol} number", f"a {symbol} 1", lambda a: operation(a, 1), f32([0.5, 1, 1.5, nan]))
    case(f"binary/number {symbol}", f"1.5 {symbol} a", lambda a: operation(torch.tensor(1.5), a), i64([1, 2]))
case("binary/== of large i64", "a == b", lambda a, b: a == b, i64([2**53, 7]), i64([2**53 + 1, 7]))
case("binary/< of i64 and FLOAT", "a < 1.5", lambda a: a < 1.5, i64([1, 2]))
case("binary/== of bool and bool", "a == b", lambda a, b: a == b, flags([True, False]), flags([[True], [False]]))

truth = [flags([True, True, False, False]), flags([True, False, True, False])]
case("binary/!", "!a", lambda a: ~a, truth[0])
case("binary/&", "a & b", lambda a, b: a & b, *truth)
case("binary/|", "a | b", lambda a, b: a | b, *truth)
case("binary/& broadcast", "a & b", lambda a, b: a & b, flags([[True], [False]]), flags([True, False, True]))
case("binary/| broadcast", "a | b", lambda a, b: a | b, flags([True, False, True]), flags([[True], [False]]))
case("binary/masks together", "!((a > 0) & (a < 1)) | (a == 0.5)", lambda a: ~((a > 0) & (a < 1)) | (a == 0.5),
     f32([-1, 0, 0.25, 0.5, 1, nan]))
case("binary/a mask as numbers", "a * (a > 0)", lambda a: a * (a > 0), normal(2, 4))
fails("binary/& of floats", "a & b", lambda a, b: a & b, f32([1]), f32([1]))
fails("binary/! of floats", "!a", lambda a: ~a, f32([1]))

# The larger and the smaller: NaN wins, a tie halves the gradient.
for name, operation in {"maximum": maximum, "minimum": minimum}.items():
    short = name[:3]
    case(f"binary/{name}", f"{name}(a, b)", operation, normal(2, 2, 1), normal(2, 3))
    case(f"binary/{name}, ties", f"a.{name}(b)", operation, f32([1, 2, 3, 3]), f32([1, 3, 2, 3]))
    case(f"binary/{name}, not finite", f"{name}(a, b)", operation, f32([nan, 1, inf, -inf, nan]), f32([1, nan, 0, 0, nan]))
    case(f"binary/{name}, number", f"{name}(a, 0.5)", lambda a: operation(a, 0.5), f32([0, 0.25, 1, -2]))
    case(f"binary/{name}, number at a tie", f"{name}(a, 1.0)", lambda a: operation(a, 1.0), f32([0, 1, 2]))
    case(f"binary/{name}, number on the left", f"{name}(1, a)", lambda a: operation(1.0, a), f32([0.5, 2, -2]))
    case(f"binary/{name} of i64 and INT", f"{name}(a, 2)", lambda a: operation(a, 2), i64([1, 2, 3]))
    case(f"binary/{short} of two tensors", f"{short}(a, b)", operation, normal(2, 3), normal(3))
    case(f"binary/{short} with FLOAT", f"{short}(a, 0.5)", lambda a: operation(a, 0.5), f32([0, 0.25, 1, -2]))
    case(f"binary/{short} with INT on the left", f"{short}(0, a)", lambda a: operation(0.0, a), f32([1, -1.5]))

# Choosing: the gradient of what is not chosen is 0.
choice = flags([[True, False, True], [False, False, True]])
case("binary/where", "where(a, b, c)", torch.where, choice, normal(2, 3), normal(2, 3))
case("binary/where broadcast", "where(a, b, c)", torch.where, flags([[True], [False]]), normal(3), normal(2, 1))
case("binary/where, number last", "where(a, b, 0)", lambda a, b: torch.where(a, b, 0.0), choice, normal(2, 3))
case("binary/where, number first", "where(a, -1.5, b)", lambda a, b: torch.where(a, -1.5, b), choice, normal(2, 3))
case("binary/where, dtypes mixed", "where(a, b, c)", torch.where, choice, i64([[1, 2, 3], [4, 5, 6]]), normal(2, 3))
case("binary/where of i64", "where(a, b, c)", torch.where, choice, i64([[1, 2, 3], [4, 5, 6]]), i64([7]))
case("binary/where of i64 and INT", "where(a, b, -1)", lambda a, b: torch.where(a, b, -1), choice, i64([[1, 2, 3], [4, 5, 6]]))
case("binary/where, the other one not finite", "where(b > 0, b.log(), 0.0)", lambda a, b: torch.where(b > 0, b.log(), 0.0),
     f32([0]), f32([2, -1, 0.5]))
case("binary/where on a comparison", "where(a > b, a, b)", lambda a, b: torch.where(a > b, a, b), normal(2, 3), normal(3))
fails("binary/where on floats", "where(a, a, a)", lambda a: torch.where(a, a, a), f32([1, 0]))

for symbol in ("+", "/", "<", "**"):
    fails(f"binary/{symbol}, shapes do not fit", f"a {symbol} b", ARITHMETIC.get(symbol, COMPARISON.get(symbol)), normal(2, 3), normal(2, 4))
fails("binary/maximum, shapes do not fit", "maximum(a, b)", torch.maximum, normal(2), normal(3))
fails("binary/where, shapes do not fit", "where(a, b, c)", torch.where, choice, normal(2, 2), normal(3))
