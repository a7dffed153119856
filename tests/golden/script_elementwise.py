"""Functions of each element: wide ranges, special values, integers and bools, gradients at kinks."""
import torch
import torch.nn.functional as F

from cases import case, evaluate, f32, flags, i64, inf, nan, normal, real

# Far beyond where a careless formula overflows or cancels.
WIDE = [-1000.0, -100.0, -88.8, -30.0, -17.5, -3.0, -1.0, -0.1, -1e-4]
WIDE = f32(WIDE + [0.0] + [-value for value in reversed(WIDE)])
POSITIVE = f32([1e-30, 1e-6, 0.1, 0.5, 1.0, 2.0, 50.0, 1e20])
SIGNED = f32([-1e4, -2.5, -1.5, -0.75, -0.5, -0.25, 0.0, 0.25, 0.5, 0.75, 1.5, 2.5, 3.5, 1e4])
KINKS = f32([0.0, -0.0, 1e-30, -1e-30, 1.0, -1.0, 3.0, -3.0])
STRANGE = f32([nan, inf, -inf])
INFINITE = f32([inf, -inf])

FUNCTIONS = {
    "exp": (torch.exp, f32([-100.0, -88.0, -20.0, -3.0, -0.5, 0.0, 1e-4, 0.5, 3.0, 20.0, 80.0, 88.7, 89.0, 1000.0])),
    "log": (torch.log, POSITIVE),
    "log1p": (torch.log1p, f32([-0.99, -0.5, -1e-6, 0.0, 1e-7, 1e-3, 0.5, 3.0, 1e6])),
    "expm1": (torch.expm1, f32([-100.0, -3.0, -0.5, -1e-3, -1e-6, 0.0, 1e-7, 1e-4, 0.5, 3.0, 20.0])),
    "sqrt": (torch.sqrt, POSITIVE),
    "rsqrt": (torch.rsqrt, f32([1e-6, 0.1, 0.5, 1.0, 2.0, 50.0, 1e20])),
    "abs": (torch.abs, WIDE),
    "sign": (torch.sign, WIDE),
    "floor": (torch.floor, SIGNED),
    "ceil": (torch.ceil, SIGNED),
    "round": (torch.round, SIGNED),
    "sin": (torch.sin, WIDE),
    "cos": (torch.cos, WIDE),
    "tanh": (torch.tanh, WIDE),
    "erf": (torch.erf, WIDE),
    "sigmoid": (torch.sigmoid, WIDE),
    "log_sigmoid": (F.logsigmoid, WIDE),
    "relu": (torch.relu, WIDE),
    "leaky_relu": (F.leaky_relu, WIDE),
    "elu": (F.elu, WIDE),
    "gelu": (F.gelu, WIDE),
    "silu": (F.silu, WIDE),
    "softplus": (F.softplus, WIDE),
    "hardswish": (F.hardswish, WIDE),
}
KEEP_INTEGERS = {"abs", "sign", "floor", "ceil", "round", "relu"}


def finite_slopes(operation):
    """Where a formula of PyTorch's gives NaN at an infinity, only the value counts; at NaN it does always."""
    slopes = evaluate(operation, [INFINITE], torch.float64)[1][0]
    return bool((slopes == slopes).all())


for name, (operation, values) in FUNCTIONS.items():
    case(f"elementwise/{name}", f"a.{name}()", operation, values)
    # The root's gradient at -0 is infinite, of either sign.
    case(f"elementwise/{name}, special", f"{name}(a)", operation, KINKS[[0, 2, 4, 6]] if "sqrt" in name else KINKS)
    case(f"elementwise/{name}, not finite", f"a.{name}()", operation, STRANGE, gradients=False, single=name != "gelu")
    if finite_slopes(operation):
        case(f"elementwise/{name}, infinite", f"a.{name}()", operation, INFINITE)
    if name in KEEP_INTEGERS:
        case(f"elementwise/{name} of i64", f"a.{name}()", operation, i64([-3, 0, 7]))
    else:
        case(f"elementwise/{name} of i64", f"a.{name}()", lambda a: operation(real(a)), i64([[0, 2], [1, 3]]))

for name, operation in {"exp": torch.exp, "sigmoid": torch.sigmoid, "softplus": F.softplus}.items():
    case(f"elementwise/{name} of bool", f"a.{name}()", lambda a: operation(real(a)), flags([True, False]))
for name, operation in {"exp": torch.exp, "abs": torch.abs, "gelu": F.gelu, "erf": torch.erf}.items():
    case(f"elementwise/{name} of nothing", f"a.{name}()", operation, f32([]).reshape(0, 3))

case("elementwise/neg", "-a", lambda a: -a, WIDE)
case("elementwise/neg, special", "-a", lambda a: -a, STRANGE)
case("elementwise/neg of i64", "-a", lambda a: -a, i64([-3, 0, 7]))
case("elementwise/neg twice", "-(-a) + -a", lambda a: a - a, normal(3))
case("elementwise/round, halves go to the even", "a.round()", torch.round,
     f32([-3.5, -2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 3.5, 0.4999999, 8388609.0, 1e10]))
case("elementwise/floor, large", "a.floor() + a.ceil()", lambda a: a.floor() + a.ceil(), f32([8388607.5, -8388607.5, 1e20]))
case("elementwise/log, negative", "a.log()", torch.log, f32([-1.0, -1e-30]), gradients=False)
case("elementwise/sqrt, negative", "a.sqrt()", torch.sqrt, f32([-1.0, -4.0]))
case("elementwise/log1p, at its pole", "a.log1p()", torch.log1p, f32([-1.0, -2.0]), gradients=False)
case("elementwise/sin, many turns", "a.sin()", torch.sin, f32([1e4, -12345.678, 99999.0, 3.1415927, -1.5707964]))
case("elementwise/tanh, faint", "a.tanh()", torch.tanh, f32([1e-3, 1e-2, -0.02, 0.3, -0.6, 2e-4]))
case("elementwise/erf, faint and far", "a.erf()", torch.erf, f32([1e-5, -1e-3, 0.3, -0.8, 1.2, -1.9, 2.6, -3.4, 4.2]))

# Functions with a parameter, which may be an integer.
case("elementwise/leaky_relu, slope", "a.leaky_relu(0.2)", lambda a: F.leaky_relu(a, 0.2), WIDE)
case("elementwise/leaky_relu, whole slope", "leaky_relu(a, 2)", lambda a: F.leaky_relu(a, 2), KINKS)
case("elementwise/leaky_relu, slope 0", "a.leaky_relu(0)", lambda a: F.leaky_relu(a, 0.0), KINKS)
case("elementwise/elu, alpha", "a.elu(0.5)", lambda a: F.elu(a, 0.5), WIDE)
case("elementwise/elu, whole alpha", "elu(a, 2)", lambda a: F.elu(a, 2), KINKS)
case("elementwise/gelu by tanh", "a.gelu(\"tanh\")", lambda a: F.gelu(a, approximate="tanh"), WIDE)
case("elementwise/gelu by tanh, near", "gelu(a, \"tanh\")", lambda a: F.gelu(a, approximate="tanh"), normal(2, 5, scale=2.0))
case("elementwise/gelu, near", "a.gelu()", F.gelu, normal(2, 5, scale=2.0))
case("elementwise/hardswish, inside", "a.hardswish()", F.hardswish, normal(2, 5, scale=2.0))

# Limits. At a limit no gradient passes, as in `torch.clamp`.
beside = f32([-2.0, -0.51, -0.5, -0.49, 0.0, 0.49, 0.5, 0.51, 2.0])
case("elementwise/clamp", "a.clamp(-0.5, 0.5)", lambda a: a.clamp(-0.5, 0.5), beside)
case("elementwise/clamp, whole", "clamp(a, 0, 1)", lambda a: a.clamp(0, 1), f32([-1, 0, 0.5, 1, 2]))
case("elementwise/clamp, mixed numbers", "a.clamp(0, 0.5)", lambda a: a.clamp(0, 0.5), beside)
case("elementwise/clamp, not finite", "a.clamp(-1, 1)", lambda a: a.clamp(-1, 1), STRANGE)
case("elementwise/clamp, infinite limits", "a.clamp(-1.0 / 0.0, 0.5)", lambda a: a.clamp(-inf, 0.5), beside)
case("elementwise/clamp, limits crossed", "a.clamp(2, 1)", lambda a: a.clamp(2, 1), f32([0.0, 1.5, 3.0]), gradients=False)
case("elementwise/clamp of i64", "a.clamp(-1, 2)", lambda a: a.clamp(-1, 2), i64([-5, -1, 0, 2, 9]))
case("elementwise/clamp of i64 by floats", "a.clamp(-0.5, 1.5)", lambda a: a.clamp(-0.5, 1.5), i64([-5, 0, 1, 9]))
case("elementwise/clamp_min", "a.clamp_min(-0.5)", lambda a: a.clamp_min(-0.5), beside)
case("elementwise/clamp_min, whole", "clamp_min(a, 0)", lambda a: a.clamp_min(0), beside)
case("elementwise/clamp_min of i64", "clamp_min(a, 0)", lambda a: a.clamp_min(0), i64([-2, 0, 2]))
case("elementwise/clamp_min, not finite", "clamp_min(a, 0)", lambda a: a.clamp_min(0), STRANGE)
case("elementwise/clamp_max", "a.clamp_max(0.5)", lambda a: a.clamp_max(0.5), beside)
case("elementwise/clamp_max, whole", "clamp_max(a, 0)", lambda a: a.clamp_max(0), beside)
case("elementwise/clamp_max of i64", "clamp_max(a, 0)", lambda a: a.clamp_max(0), i64([-2, 0, 2]))

case("elementwise/is_nan", "a.is_nan()", torch.isnan, f32([nan, inf, -inf, 0, 1]))
case("elementwise/is_inf", "a.is_inf()", torch.isinf, f32([nan, inf, -inf, 0, 1]))
case("elementwise/is_nan of i64", "is_nan(a)", torch.isnan, i64([0, 1]))
case("elementwise/is_inf of i64", "is_inf(a)", torch.isinf, i64([0, 1]))

# Powers of a number.
for word, number in {"0": 0, "1": 1, "2": 2, "3": 3, "0.5": 0.5, "2.5": 2.5, "(-1)": -1, "(-0.5)": -0.5, "(-2)": -2}.items():
    positive_only = number != int(number)
    values = f32([0.01, 0.25, 1.0, 7.0, 0.0]) if positive_only else f32([-2.0, -1.0, -0.5, 0.0, 0.25, 1.0, 3.0])
    case(f"elementwise/power {word}", f"a ** {word}", lambda a: a**number, values)
    case(f"elementwise/power {word}, not finite", f"a ** {word}", lambda a: a**number, f32([nan, inf]) if positive_only else STRANGE, gradients=False)
case("elementwise/power, fraction of a negative", "a ** 0.5", lambda a: a**0.5, f32([-1.0, -4.0]))
for word, number in {"(1.0 / 0.0)": inf, "(-1.0 / 0.0)": -inf, "(0.0 / 0.0)": nan, "1e300": 1e300, "9223372036854775807": 2.0**63}.items():
    case(f"elementwise/power {word}", f"a ** {word}", lambda a: a**number, f32([0.5, 1, 2]), gradients=False)
case("elementwise/power of i64", "a ** 2", lambda a: a**2, i64([-3, 0, 7]))
case("elementwise/power of i64, large", "a ** 3", lambda a: a**3, i64([-1000003, 2000003]))
case("elementwise/power of i64, a fraction", "a ** 0.5", lambda a: a**0.5, i64([0, 4, 2]))
# PyTorch refuses this one; here it makes floats, as `/` does.
case("elementwise/power of i64, negative", "a ** (-1)", lambda a: real(a) ** -1, i64([1, 2]))
case("elementwise/2 to the power", "2 ** a", lambda a: 2**a, f32([-3.5, -1.0, 0.0, 0.5, 4.0]))
case("elementwise/0 to the power", "0.0 ** a", lambda a: 0.0**a, f32([0.0, 0.5, 2.0]))
case("elementwise/2 to the power of i64", "2 ** a", lambda a: 2**a, i64([0, 1, 10]))
case("elementwise/0.5 to the power of i64", "0.5 ** a", lambda a: 0.5**a, i64([-2, 0, 3]))
