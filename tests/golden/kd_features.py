"""Losses on features."""
import math

import torch
import torch.nn.functional as F

from kd_cases import case

MAPS = {"student": ([2, 3, 4, 5],), "teacher": ([2, 3, 4, 5],)}
WIDER = {"student": ([2, 3, 4, 5],), "teacher": ([2, 6, 4, 5],)}

case("fitnets/hint", "fitnets::hint(student, teacher)", lambda s, t: ((s - t) ** 2).mean(), MAPS)

def energy(maps):
    """Of each clip: the sum of squares over channels at each place, a vector of length 1."""
    rows = torch.stack([(clip**2).sum(0).flatten() for clip in maps])
    return rows / rows.norm(dim=1, keepdim=True)


def pooled(maps, height, width):
    """Means of equal blocks."""
    b, c, h, w = maps.shape
    return maps.reshape(b, c, height, h // height, width, w // width).mean((3, 5))


case("attention_transfer/map", "attention_transfer::map(student)", energy, {"student": ([2, 3, 4, 5],)})
case("attention_transfer/loss", "attention_transfer::loss(student, teacher)",
     lambda s, t: ((energy(s) - energy(t)) ** 2).mean(), WIDER)
case("attention_transfer/paper", "attention_transfer::paper(student, teacher)",
     lambda s, t: (energy(s) - energy(t)).norm(dim=1).mean(), WIDER)
case("fitnets/alike", """
let both = fitnets::alike(student, teacher);
attention_transfer::loss(both.student, both.teacher)
""", lambda s, t: ((energy(pooled(s, 4, 3)) - energy(pooled(t, 4, 3))) ** 2).mean(),
     {"student": ([2, 3, 8, 3],), "teacher": ([2, 2, 4, 6],)})


# FSP
def flow(first, second):
    if first.shape[2:] != second.shape[2:]:
        b, c, h, w = first.shape
        height, width = second.shape[2:]
        first = first.reshape(b, c, height, h // height, width, w // width).amax((3, 5))
    return torch.einsum("bihw,bjhw->bij", first, second) / (second.shape[2] * second.shape[3])


FLOW = {"student_first": ([2, 3, 8, 6],), "student_second": ([2, 2, 4, 3],),
        "teacher_first": ([2, 3, 8, 6],), "teacher_second": ([2, 2, 4, 3],)}
case("fsp/loss", "fsp::loss(student_first, student_second, teacher_first, teacher_second)",
     lambda a, b, c, d: ((flow(a, b) - flow(c, d)) ** 2).sum() / 2, FLOW)
case("fsp/matrix", "fsp::matrix(student_first, student_second)", flow,
     {"student_first": ([2, 3, 8, 6],), "student_second": ([2, 2, 4, 3],)})


# AB
def boundaries(student, teacher, margin):
    active = (teacher > 0).double()
    terms = active * F.relu(margin - student) ** 2 + (1 - active) * F.relu(margin + student) ** 2
    return terms.sum() / len(student)


case("activation_boundaries/loss", "activation_boundaries::loss(student, teacher, 1)",
     lambda s, t: boundaries(s, t, 1), {"student": ([2, 3, 4, 5], 2.0), "teacher": ([2, 3, 4, 5],)})


# OFD: the margins from the normal distribution, the partial distance by cases.
def margins(weight, bias):
    normal = torch.distributions.Normal(0.0, 1.0)
    out = []
    for s, m in zip(weight.abs(), bias):
        below = normal.cdf(-m / s)
        if below > 0.001:
            out.append(m - s * torch.exp(-((m / s) ** 2) / 2) / math.sqrt(2 * math.pi) / below)
        else:
            out.append(-3 * s)
    return torch.stack(out)


def partial(student, teacher, margin):
    margin = margin[None, :, None, None].detach()
    told = torch.maximum(teacher, margin.expand_as(teacher))
    total = 0
    for s, t in zip(student.flatten(), told.flatten()):
        if not (s <= t <= 0):
            total = total + (t - s) ** 2
    return total / len(student)


case("ofd/loss", "ofd::loss(student, teacher, margins)", partial,
     {**MAPS, "margins": ([3], 0.3, -0.5)}, fixed=("margins",))
case("ofd/margins", "ofd::margins(weight, bias) * student", lambda w, b, s: margins(w, b) * s,
     {"weight": ([6], 0.8, 0.2), "bias": ([6], 1.5), "student": ([6],)}, fixed=("weight", "bias"))


# FT
def unit(x):
    x = x.flatten(1)
    return x / x.norm(dim=1, keepdim=True)


case("factor_transfer/loss", "factor_transfer::loss(student, teacher)",
     lambda s, t: (unit(s) - unit(t)).abs().mean(), MAPS)


# VID
def gaussian(mean, alpha, teacher):
    variance = (1 + alpha.exp()).log() + 1e-5
    variance = variance.reshape(1, -1, *[1] * (mean.dim() - 2))
    return 0.5 * ((mean - teacher) ** 2 / variance + variance.log()).mean()


case("vid/gaussian", "vid::gaussian(mean, alpha, teacher)", gaussian,
     {"mean": ([2, 3, 4, 5],), "alpha": ([3], 2.0), "teacher": ([2, 3, 4, 5],)})


def regressed(student, teacher, a, b, c):
    mean = F.conv2d(F.relu(F.conv2d(F.relu(F.conv2d(student, a)), b)), c)
    alpha = torch.full((4,), math.log(math.exp(5.0 - 1e-5) - 1.0))
    return gaussian(mean, alpha, teacher)


case("vid/loss", """
let part = vid::part(3, 4);
part.set_weight("mean.0.weight", a);
part.set_weight("mean.2.weight", b);
part.set_weight("mean.4.weight", c);
vid::loss(part, student, teacher)
""", regressed, {"student": ([2, 3, 4, 5],), "teacher": ([2, 4, 4, 5],), "a": ([4, 3, 1, 1],), "b": ([4, 4, 1, 1],),
                 "c": ([4, 4, 1, 1],)}, fixed=("a", "b", "c"))


# ReviewKD
def hierarchical(student, teacher):
    weights, terms = [1.0], [((student - teacher) ** 2).mean()]
    for side, weight in ((4, 0.5), (2, 0.25), (1, 0.125)):
        pair = [pooled(maps, side, side) for maps in (student, teacher)]
        weights.append(weight)
        terms.append(weight * ((pair[0] - pair[1]) ** 2).mean())
    return sum(terms) / sum(weights)


def normed(x):
    """Batch normalisation as it begins, in training."""
    mean, variance = x.mean((0, 2, 3), keepdim=True), x.var((0, 2, 3), keepdim=True, unbiased=False)
    return (x - mean) / (variance + 1e-5).sqrt()


def doubled(x):
    return x.repeat_interleave(2, 2).repeat_interleave(2, 3)


def small(student, teacher):
    """Of maps 2 by 2: only the whole and its mean."""
    return (((student - teacher) ** 2).mean() + 0.5 * ((student.mean((2, 3)) - teacher.mean((2, 3))) ** 2).mean()) / 1.5


case("reviewkd/hierarchical", "reviewkd::hierarchical(student, teacher)", hierarchical,
     {"student": ([2, 3, 8, 8],), "teacher": ([2, 3, 8, 8],)})


def reviewed(deep, shallow, teacher_deep, teacher_shallow, i0, o0, i1, o1, w, b):
    first = normed(F.conv2d(deep, i0))
    own, deeper = normed(F.conv2d(shallow, i1)), doubled(first)
    shares = F.conv2d(torch.cat([own, deeper], 1), w, b).sigmoid()
    second = own * shares[:, :1] + deeper * shares[:, 1:]
    lost = small(normed(F.conv2d(first, o0, padding=1)), teacher_deep)
    out = normed(F.conv2d(second, o1, padding=1))
    # 4 by 4: the pyramid has 2 by 2 and 1 by 1, with weights 1/2 and 1/4.
    pairs = [(out, teacher_shallow)] + [(pooled(out, n, n), pooled(teacher_shallow, n, n)) for n in (2, 1)]
    terms = [((a - b) ** 2).mean() for a, b in pairs]
    return lost + (terms[0] + terms[1] / 2 + terms[2] / 4) / 1.75


case("reviewkd/loss", """
let parts = [reviewkd::fusion(3, 4, 5, false), reviewkd::fusion(2, 4, 3, true)];
parts[0].set_weight("inward.0.weight", i0);
parts[0].set_weight("outward.0.weight", o0);
parts[1].set_weight("inward.0.weight", i1);
parts[1].set_weight("outward.0.weight", o1);
parts[1].set_weight("shares.0.weight", w);
parts[1].set_weight("shares.0.bias", b);
reviewkd::loss(parts, [deep, shallow], [teacher_deep, teacher_shallow])
""", reviewed, {
    "deep": ([3, 3, 2, 2],), "shallow": ([3, 2, 4, 4],), "teacher_deep": ([3, 5, 2, 2],),
    "teacher_shallow": ([3, 3, 4, 4],), "i0": ([4, 3, 1, 1],), "o0": ([5, 4, 3, 3],), "i1": ([4, 2, 1, 1],),
    "o1": ([3, 4, 3, 3],), "w": ([2, 8, 1, 1],), "b": ([2],),
}, fixed=("i0", "o0", "i1", "o1", "w", "b"))

# PAD
EMBEDDINGS = {"student": ([4, 5],), "teacher": ([4, 5],)}
for name, shape in (("each", [4, 5]), ("one", [4, 1])):
    case(f"pad/loss {name}", "pad::loss(student, teacher, v)",
         lambda s, t, v: ((t - s) ** 2 / (1e-6 + v.exp()) + v).mean(), {**EMBEDDINGS, "v": (shape, 2.0)})


# ICKD
def channels(maps):
    return torch.einsum("bihw,bjhw->bij", maps, maps)


case("ickd/matrix", "ickd::matrix(student)", channels, {"student": ([2, 3, 4, 5],)})
case("ickd/loss", "ickd::loss(student, teacher)",
     lambda s, t: ((F.normalize(channels(s), dim=2) - F.normalize(channels(t), dim=2)) ** 2).sum() / (2 * 3),
     {"student": ([2, 3, 4, 5],), "teacher": ([2, 3, 6, 2],)})
case("ickd/paper", "ickd::paper(student, teacher)",
     lambda s, t: ((channels(s) - channels(t)) ** 2).sum() / (2 * 9), MAPS)

# SRD
for power in (2, 4):
    case(f"srd/logsum {power}", f"srd::logsum(student, teacher, {power})",
         lambda s, t: ((s - t).abs() ** power).sum().add(1e-5).log(), EMBEDDINGS)


def whitened(x):
    return (x - x.mean(0)) / (x.var(0, unbiased=False) + 1e-5).sqrt()


case("srd/loss", """
let part = srd::part(3, 5);
part.set_weight("project.weight", w);
part.set_weight("project.bias", b);
srd::loss(part, student, teacher, 4)
""", lambda s, t, w, b: ((whitened(s @ w.T + b) - whitened(t)).abs() ** 4).sum().add(1e-5).log(),
     {"student": ([6, 3],), "teacher": ([6, 5],), "w": ([5, 3],), "b": ([5],)}, fixed=("w", "b"))

# A CNN and a transformer
case("feature_match/squared", "feature_match::squared(student, teacher)", lambda s, t: ((s - t) ** 2).mean(), EMBEDDINGS)
case("feature_match/cosine", "feature_match::cosine(student, teacher)",
     lambda s, t: (1 - (s * t).sum(1) / (s.norm(dim=1) * t.norm(dim=1))).mean(), EMBEDDINGS)
case("feature_match/pooled", "feature_match::pooled(student, 0)", lambda s: s.mean((2, 3)), {"student": ([2, 3, 4, 5],)})
case("feature_match/pooled tokens", "feature_match::pooled(student, 2)", lambda s: s[:, 2:].mean(1),
     {"student": ([2, 7, 3],)})
case("feature_match/along_time", "feature_match::along_time(student, 3)",
     lambda s: torch.stack([s[..., 2 * k:2 * k + 2].mean((2, 3)) for k in range(3)], 1), {"student": ([2, 4, 5, 6],)})
case("feature_match/along_time tokens", "feature_match::along_time(student, 3, 2, 4)",
     lambda s: torch.stack([torch.stack([s[:, 2 + row * 6 + column] for row in range(4) for column in (2 * k, 2 * k + 1)])
                            .mean(0) for k in range(3)], 1), {"student": ([2, 2 + 4 * 6, 3],)})
