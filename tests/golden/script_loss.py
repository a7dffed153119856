"""Softmaxes and losses: every reduction; hard, soft and smoothed targets; extreme logits."""
import torch
import torch.nn.functional as F

from cases import case, f32, fails, flags, i64, inf, nan, normal, probabilities, real

extreme = f32([[80, -80, 0], [-80, 80, 80], [1000, 999, -1000]])
for name, operation in {"softmax": F.softmax, "log_softmax": F.log_softmax}.items():
    case(f"loss/{name}(-1)", f"a.{name}(-1)", lambda a: operation(a, -1), normal(3, 5, scale=2.0))
    case(f"loss/{name}(1)", f"{name}(a, 1)", lambda a: operation(a, 1), normal(2, 3, 2))
    case(f"loss/{name}(0)", f"a.{name}(0)", lambda a: operation(a, 0), normal(4))
    case(f"loss/{name}, extreme", f"a.{name}(1)", lambda a: operation(a, 1), extreme)
    case(f"loss/{name}, length 1", f"a.{name}(1)", lambda a: operation(a, 1), normal(3, 1))
    case(f"loss/{name}, -infinity", f"a.{name}(1)", lambda a: operation(a, 1), f32([[0, -inf, 1], [-inf, -inf, 2]]))
    case(f"loss/{name}, all -infinity", f"a.{name}(1)", lambda a: operation(a, 1), f32([[-inf, -inf]]), gradients=False)
    case(f"loss/{name}, NaN", f"a.{name}(1)", lambda a: operation(a, 1), f32([[nan, 1], [0, 1]]), gradients=False)
    case(f"loss/{name} of i64", f"a.{name}(0)", lambda a: operation(real(a), 0), i64([1, 2, 3]))
    case(f"loss/{name} of nothing", f"a.{name}(1)", lambda a: operation(a, 1), f32([]).reshape(2, 0))
    case(f"loss/{name} of what was permuted", f"a.transpose(0, 1).{name}(0)", lambda a: operation(a.T, 0), normal(3, 2))
    fails(f"loss/{name}, no such dimension", f"a.{name}(2)", lambda a: operation(a, 2), normal(2, 3))


def reduced(values, reduction):
    """Reductions as they are named here; `values` has one number for each of what is averaged."""
    if reduction == "none":
        return values
    total = values.sum()
    return {"sum": total, "mean": values.mean(), "batch_mean": total / values.shape[0]}[reduction]


def cross_entropy(smoothing=0.0):
    return lambda a, b: F.cross_entropy(a, b, reduction="none", label_smoothing=smoothing)


def bce(a, b):
    return F.binary_cross_entropy_with_logits(a, b, reduction="none")


def kl_div(a, b):
    return F.kl_div(a, b, reduction="none")


def cosine_loss(a, b):
    return 1 - F.cosine_similarity(a, b, dim=-1)


table = (2, 4)
LOSSES = {
    "cross_entropy": (cross_entropy(), "a, b", normal(*table), probabilities(*table)),
    "bce": (bce, "a, b", normal(*table), probabilities(*table)),
    "kl_div": (lambda a, b: kl_div(a.log_softmax(1), b), "a.log_softmax(1), b", normal(*table), probabilities(*table)),
    "mse": (lambda a, b: (a - b) ** 2, "a, b", normal(*table), normal(*table)),
    "l1": (lambda a, b: F.l1_loss(a, b, reduction="none"), "a, b", normal(*table), normal(*table)),
    "smooth_l1": (lambda a, b: F.smooth_l1_loss(a, b, reduction="none"), "a, b", normal(*table), normal(*table)),
    "cosine_loss": (cosine_loss, "a, b", normal(*table), normal(*table)),
}
for name, (operation, given, *inputs) in LOSSES.items():
    case(f"loss/{name}", f"{name}({given})", lambda a, b: reduced(operation(a, b), "mean"), *inputs)
    for reduction in ("mean", "sum", "none", "batch_mean"):
        case(f"loss/{name}, {reduction}", f'{name}({given}, #{{ reduction: "{reduction}" }})',
             lambda a, b: reduced(operation(a, b), reduction), *inputs)
    fails(f"loss/{name}, no such reduction", f'{name}(a, b, #{{ reduction: "average" }})', None, *inputs)
    fails(f"loss/{name}, no such option", f'{name}(a, b, #{{ reductoin: "sum" }})', None, *inputs)
    fails(f"loss/{name}, shapes do not fit", f"{name}(a, b)", None, normal(3, 4), normal(3, 5))

# Hard targets, in numbers of classes.
hard = i64([2, 0])
for reduction in ("mean", "sum", "none", "batch_mean"):
    case(f"loss/cross_entropy, hard, {reduction}", f'a.cross_entropy(b, #{{ reduction: "{reduction}" }})',
         lambda a, b: reduced(cross_entropy()(a, b), reduction), normal(*table), hard)
    case(f"loss/cross_entropy, hard, smoothed, {reduction}", f'cross_entropy(a, b, #{{ smoothing: 0.1, reduction: "{reduction}" }})',
         lambda a, b: reduced(cross_entropy(0.1)(a, b), reduction), normal(*table), hard)
case("loss/cross_entropy, hard", "cross_entropy(a, b)", F.cross_entropy, normal(*table), hard)
case("loss/cross_entropy, soft, smoothed", "cross_entropy(a, b, #{ smoothing: 0.3 })", lambda a, b: F.cross_entropy(a, b, label_smoothing=0.3),
     normal(*table), probabilities(*table))
case("loss/cross_entropy, smoothed away", "cross_entropy(a, b, #{ smoothing: 1 })", lambda a, b: F.cross_entropy(a, b, label_smoothing=1.0), normal(*table), hard)
case("loss/cross_entropy, one-hot", "cross_entropy(a, b.one_hot(4))", F.cross_entropy, normal(*table), hard)
case("loss/cross_entropy, targets that sum to 2", "cross_entropy(a, b)", F.cross_entropy, normal(2, 3), f32([[1, 1, 0], [0.5, 0.5, 1]]))
case("loss/cross_entropy, extreme", "cross_entropy(a, b)", F.cross_entropy, extreme, i64([0, 1, 0]))
case("loss/cross_entropy, wrong and certain", 'cross_entropy(a, b, #{ reduction: "none" })', cross_entropy(), extreme, i64([1, 0, 2]))
case("loss/cross_entropy of nothing", "cross_entropy(a, b)", F.cross_entropy, f32([]).reshape(0, 3), i64([]), gradients=False)
case("loss/cross_entropy of nothing, sum", 'cross_entropy(a, b, #{ reduction: "sum" })', lambda a, b: F.cross_entropy(a, b, reduction="sum"), f32([]).reshape(0, 3), i64([]))
fails("loss/cross_entropy, no such class", "cross_entropy(a, b)", F.cross_entropy, normal(*table), i64([0, 4]))
fails("loss/cross_entropy, too few targets", "cross_entropy(a, b)", F.cross_entropy, normal(*table), i64([0]))
fails("loss/cross_entropy, smoothing above 1", "cross_entropy(a, b, #{ smoothing: 1.5 })", lambda a, b: F.cross_entropy(a, b, label_smoothing=1.5), normal(*table), hard)

case("loss/bce, extreme", 'bce(a, b, #{ reduction: "none" })', bce, f32([-1000, -90, 0, 90, 1000]), f32([1, 0, 0.5, 0.25, 0]))
case("loss/bce of i64 targets", "bce(a, b)", lambda a, b: bce(a, real(b)).mean(), normal(2, 3), i64([[0, 1, 1], [1, 0, 0]]))
case("loss/bce of bool targets", "bce(a, b)", lambda a, b: bce(a, real(b)).mean(), normal(2, 3), flags([[True, False, True], [False, False, True]]))
case("loss/kl_div, a target of 0", 'kl_div(a, b.detach(), #{ reduction: "none" })', lambda a, b: kl_div(a, b.detach()), f32([[-0.5, -1.5, -2]]), f32([[0, 0.25, 0.75]]))
case("loss/kl_div of equals", "kl_div(a.log_softmax(1), a.softmax(1))", lambda a: F.kl_div(a.log_softmax(1), a.softmax(1)), normal(2, 3))
case("loss/mse of one number each", "mse(a, b)", F.mse_loss, normal(1), normal(1))
case("loss/mse of a cube, batch mean", 'mse(a, b, #{ reduction: "batch_mean" })', lambda a, b: F.mse_loss(a, b, reduction="sum") / 2, normal(2, 3, 2), normal(2, 3, 2))
case("loss/mse of itself", "mse(a, a)", lambda a: F.mse_loss(a, a), normal(3))
case("loss/l1 at 0", "l1(a, b)", F.l1_loss, f32([1, 2, 3]), f32([1, 3, 1]))
case("loss/smooth_l1, beta", "smooth_l1(a, b, #{ beta: 0.5 })", lambda a, b: F.smooth_l1_loss(a, b, beta=0.5), normal(2, 4), normal(2, 4))
case("loss/smooth_l1, whole beta", "smooth_l1(a, b, #{ beta: 2 })", lambda a, b: F.smooth_l1_loss(a, b, beta=2), normal(2, 4), normal(2, 4))
case("loss/smooth_l1 at its kinks", 'smooth_l1(a, b, #{ reduction: "none" })', lambda a, b: F.smooth_l1_loss(a, b, reduction="none"), f32([1, 2, -1, 0.5]), f32([0, 0, 0, 0.5]))
case("loss/smooth_l1, beta 0", "smooth_l1(a, b, #{ beta: 0 })", lambda a, b: F.smooth_l1_loss(a, b, beta=0), normal(2, 4), normal(2, 4))
fails("loss/smooth_l1, beta below 0", "smooth_l1(a, b, #{ beta: -1 })", lambda a, b: F.smooth_l1_loss(a, b, beta=-1.0), normal(2), normal(2))
case("loss/cosine_loss of a cube", 'cosine_loss(a, b, #{ reduction: "none" })', cosine_loss, normal(2, 3, 4), normal(2, 3, 4))
for name, operation in {"mse": F.mse_loss, "l1": F.l1_loss, "smooth_l1": F.smooth_l1_loss}.items():
    case(f"loss/{name} of nothing", f"{name}(a, b)", operation, f32([]).reshape(0, 2), f32([]).reshape(0, 2), gradients=False)
