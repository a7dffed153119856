"""Losses on logits."""
import math

import torch
import torch.nn.functional as F

from kd_cases import case

LOGITS = {"student": ([4, 5], 3.0), "teacher": ([4, 5], 4.0)}
BIG = {"student": ([7, 6], 2.0), "teacher": ([7, 6], 6.0)}
HOT = {**LOGITS, "target": ("hot", [4, 5])}
MANY = {**LOGITS, "target": ("many", [4, 5])}


def kl(student, teacher):
    """Of logits: over the classes, averaged over the batch."""
    p, q = teacher.softmax(1), student.softmax(1)
    return (p * (p / q).log()).sum(1).mean()


def label(student, target):
    return -(target * student.softmax(1).log()).sum(1).mean()


def entropy(p):
    return -(p * p.log() + (1 - p) * (1 - p).log())


def binary(student, p):
    q = student.sigmoid()
    return -(p * q.log() + (1 - p) * (1 - q).log())


# The forms of the KL of sigmoids, with every reduction.
def bernoulli(student, teacher):
    p, q = teacher.sigmoid(), student.sigmoid()
    return p * (p / q).log() + (1 - p) * ((1 - p) / (1 - q)).log()


def positive(student, teacher):
    p, q = teacher.sigmoid(), student.sigmoid()
    return p * (p / q).log()


def soft(student, teacher):
    return binary(student, teacher.sigmoid())


def classes(student, teacher):
    p, q = teacher.softmax(1), student.softmax(1)
    return p * (p / q).log()


TERMS = {"bernoulli_kl": bernoulli, "positive_only_kl": positive, "bce_soft": soft, "softmax_kl": classes, "kl": classes}
REDUCTIONS = {
    "mean": lambda terms: terms.mean(),
    "sum": lambda terms: terms.sum(),
    "batch_mean": lambda terms: terms.sum() / len(terms),
    "none": lambda terms: terms,
}
for name, terms in TERMS.items():
    for word, reduce in REDUCTIONS.items():
        case(f"kd/{name} {word}", f'kd::{name}(student, teacher, #{{ reduction: "{word}" }})',
             lambda s, t: reduce(terms(s, t)), LOGITS)
    standard = REDUCTIONS["batch_mean" if name in ("kl", "softmax_kl") else "mean"]
    case(f"kd/{name}", f"kd::{name}(student, teacher)", lambda s, t: standard(terms(s, t)), BIG)

# logit_match
case("logit_match/squared", "logit_match::squared(student, teacher)", lambda s, t: ((s - t) ** 2).mean(), LOGITS)
case("logit_match/cosine", "logit_match::cosine(student, teacher)",
     lambda s, t: (1 - (s * t).sum(1) / (s.norm(dim=1) * t.norm(dim=1))).mean(), LOGITS)

# bce_kd
for share, tau in ((0.1, 1), (0.5, 2.5)):
    case(f"bce_kd/{share} {tau}", f"bce_kd::loss(student, teacher, target, {share}, {tau})",
         lambda s, t, y: share * binary(s, y).mean() + (1 - share) * binary(s, (t / tau).sigmoid()).mean(), MANY)


# Decoupled: with gathered probabilities, and the others' softmax without the class.
def decoupled(student, teacher, target, alpha, beta, tau):
    total = 0
    for s, t, y in zip(student / tau, teacher / tau, target.argmax(1)):
        p, q = t.softmax(0), s.softmax(0)
        pair = p[y] * (p[y] / q[y]).log() + (1 - p[y]) * ((1 - p[y]) / (1 - q[y])).log()
        rest = [k for k in range(len(s)) if k != y]
        ps, qs = t[rest].softmax(0), s[rest].softmax(0)
        total = total + alpha * pair + beta * (ps * (ps / qs).log()).sum()
    return tau**2 * total / len(student)


for alpha, beta, tau in ((1, 8, 4), (1, 0, 1), (0, 1, 2.5)):
    case(f"dkd/soft {alpha} {beta} {tau}", f"dkd::soft(student, teacher, target, {alpha}, {beta}, {tau})",
         lambda s, t, y: decoupled(s, t, y, alpha, beta, tau), HOT)
case("dkd/loss", "dkd::loss(student, teacher, target, 1, 2, 4)",
     lambda s, t, y: label(s, y) + decoupled(s, t, y, 1, 2, 4), HOT)
case("dkd/target_term", "dkd::target_term(student, teacher, target, 4)",
     lambda s, t, y: decoupled(s, t, y, 1, 0, 4), HOT)
case("dkd/other_term", "dkd::other_term(student, teacher, target, 4)",
     lambda s, t, y: decoupled(s, t, y, 0, 1, 4), HOT)


# DIST
def pearson(a, b):
    a, b = a - a.mean(), b - b.mean()
    return (a * b).sum() / (a.norm() * b.norm())


def rows(a, b):
    return 1 - torch.stack([pearson(x, y) for x, y in zip(a, b)]).mean()


def dist(s, t, beta, gamma, tau):
    p, q = (t / tau).softmax(1), (s / tau).softmax(1)
    return tau**2 * (beta * rows(q, p) + gamma * rows(q.T, p.T))


for beta, gamma, tau in ((1, 1, 1), (2, 2, 4), (1, 0, 2)):
    case(f"dist/soft {beta} {gamma} {tau}", f"dist::soft(student, teacher, {beta}, {gamma}, {tau})",
         lambda s, t: dist(s, t, beta, gamma, tau), BIG)
case("dist/loss", "dist::loss(student, teacher, target, 2, 2, 1)",
     lambda s, t, y: label(s, y) + dist(s, t, 2, 2, 1), HOT)
SHARES = {"student": ([4, 5], 0.5, 1.0), "teacher": ([4, 5], 0.5, 1.0)}
case("dist/between_classes", "dist::between_classes(student, teacher)", rows, SHARES)
case("dist/between_clips", "dist::between_clips(student, teacher)", lambda s, t: rows(s.T, t.T), SHARES)


# Standardised logits
def standard(z):
    gap = z - z.mean(1, keepdim=True)
    return gap / (gap**2).mean(1, keepdim=True).sqrt()


case("logit_std/standardised", "logit_std::standardised(student)", standard, {"student": ([4, 5], 3.0)})
case("logit_std/soft", "logit_std::soft(student, teacher, 2)",
     lambda s, t: 4 * kl(standard(s) / 2, standard(t) / 2), BIG)
case("logit_std/loss", "logit_std::loss(student, teacher, target, 0.1, 3)",
     lambda s, t, y: 0.1 * label(s, y) + 0.9 * 9 * kl(standard(s) / 3, standard(t) / 3), HOT)


# Smoothing
def smooth(y, amount):
    return (1 - amount) * y + amount / y.shape[1]


case("smoothing/labels", "smoothing::labels(target, 0.2) * student", lambda s, y: smooth(y, 0.2) * s,
     {"student": ([4, 5],), "target": ("hot", [4, 5])})
case("smoothing/teacher", "smoothing::teacher(teacher, 0.3) * student",
     lambda s, t: smooth(t.softmax(1), 0.3).log() * s, LOGITS)
case("smoothing/loss", "smoothing::loss(student, teacher, target, 0.1, 0.4, 3)",
     lambda s, t, y: 0.4 * label(s, smooth(y, 0.1)) + 0.6 * 9 * kl(s / 3, t / 3), HOT)


# Teacher-free
def virtual(y, correct):
    return torch.where(y > 0, torch.tensor(correct), torch.tensor((1 - correct) / (y.shape[1] - 1)))


case("teacher_free/virtual_teacher", "teacher_free::virtual_teacher(student, target, 0.9) * student",
     lambda s, y: virtual(y, 0.9) * s, {"student": ([4, 5],), "target": ("hot", [4, 5])})
case("teacher_free/regularised", "teacher_free::regularised(student, target, 0.3, 0.99, 20)",
     lambda s, y: 0.3 * label(s, y) + 0.7 * kl(s / 20, virtual(y, 0.99) / 20),
     {"student": ([4, 5], 3.0), "target": ("hot", [4, 5])})
case("teacher_free/by_itself", "teacher_free::by_itself(student, teacher, target, 0.3, 4)",
     lambda s, t, y: 0.3 * label(s, y) + 0.7 * 16 * kl(s / 4, t / 4), HOT)

case("function_matching/loss", "function_matching::loss(student, teacher, 2)",
     lambda s, t: 4 * kl(s / 2, t / 2), LOGITS)
case("annealing/squared", "annealing::squared(student, teacher, annealing::factor(3, 10, 5))",
     lambda s, t: ((s - (1 - (4 - 1) / 5) * t) ** 2).mean(), LOGITS)
case("hinton/loss", "hinton::loss(student, teacher, target, 0.3, 4)",
     lambda s, t, y: 0.3 * label(s, y) + 0.7 * 16 * kl(s / 4, t / 4), HOT)
case("hinton/soft", "hinton::soft(student, teacher, 4)", lambda s, t: 16 * kl(s / 4, t / 4), BIG)

# A learnt temperature: the gradient of θ by hand.
TEMPERED = {**LOGITS, "tau": ([1], 1.0, 3.0)}
case("ctkd/soft", "ctkd::soft(student, teacher, tau)", lambda s, t, tau: tau**2 * kl(s / tau, t / tau), TEMPERED)
case("ctkd/soft each", "ctkd::soft(student, teacher, tau)",
     lambda s, t, tau: torch.stack([f**2 * kl(a[None] / f, b[None] / f) for a, b, f in zip(s, t, tau)]).mean(),
     {**LOGITS, "tau": ([4, 1], 1.0, 3.0)})


class Reversed(torch.autograd.Function):
    @staticmethod
    def forward(context, x, strength):
        context.strength = strength
        return x.clone()

    @staticmethod
    def backward(context, gradient):
        return -context.strength * gradient, None


def learnt(s, t, theta):
    tau = 1 + 20 * Reversed.apply(theta, 0.7).sigmoid()
    return tau**2 * kl(s / tau, t / tau)


case("ctkd/reverse", "ctkd::soft(student, teacher, 1 + 20 * ctkd::reverse(theta, 0.7).sigmoid())", learnt,
     {**LOGITS, "theta": ([1],)})


# NKD
def normalised(student, teacher, target, gamma, tau):
    total = 0
    for s, t, y in zip(student, teacher, target.argmax(1)):
        rest = [k for k in range(len(s)) if k != y]
        p, q = (t / tau).softmax(0)[rest], (s / tau).softmax(0)[rest]
        others = -((p / p.sum()) * (q / q.sum()).log()).sum()
        total = total - t.softmax(0)[y] * s.softmax(0)[y].log() + gamma * tau**2 * others
    return total / len(student)


for gamma, tau in ((1.5, 1), (1, 3)):
    case(f"nkd/soft {gamma} {tau}", f"nkd::soft(student, teacher, target, {gamma}, {tau})",
         lambda s, t, y: normalised(s, t, y, gamma, tau), HOT)
case("nkd/loss", "nkd::loss(student, teacher, target, 1.5, 1)",
     lambda s, t, y: label(s, y) + normalised(s, t, y, 1.5, 1), HOT)


# Several labels
def huber(x):
    return torch.where(x.abs() < 1, x**2 / 2, x.abs() - 0.5)


def relations(students, teachers):
    """Of one group, a list of vectors each."""
    def relative(vectors):
        pairs = [(i, j) for i in range(len(vectors)) for j in range(len(vectors)) if i != j]
        distances = {pair: (vectors[pair[0]] - vectors[pair[1]]).norm() for pair in pairs}
        mean = sum(distances.values()) / len(pairs)
        return {pair: value / mean for pair, value in distances.items()}

    if len(students) < 2:
        return 0
    own, told = relative(students), relative(teachers)
    return sum(huber(own[pair] - told[pair]) for pair in own) / len(students)


def between_clips(s, t, y):
    return sum(relations(s[y[:, c] > 0, c], t[y[:, c] > 0, c]) for c in range(y.shape[1]))


def between_classes(s, t, y):
    return sum(relations(s[b, y[b] > 0], t[b, y[b] > 0]) for b in range(len(y)))


EMBEDDINGS = {"student": ([4, 5, 3],), "teacher": ([4, 5, 2],), "target": ("many", [4, 5])}
case("mld/soft", "mld::soft(student, teacher)", lambda s, t: bernoulli(s, t).sum(1).mean(), BIG)
case("mld/between_clips", "mld::between_clips(student, teacher, target)", between_clips, EMBEDDINGS)
case("mld/between_classes", "mld::between_classes(student, teacher, target)", between_classes, EMBEDDINGS)

# A temperature for each clip, read off what both say of it
def read(s, t, first, second):
    told, order = t.softmax(1).sort(1, descending=True)
    both = torch.cat([told, s.detach().softmax(1).gather(1, order)], 1)
    inner = torch.nn.functional.batch_norm(both @ first.T + 0.1, None, None, training=True)
    tau = 2 + 6 * (inner.relu() @ second.T - 0.3).sigmoid()
    return torch.stack([f**2 * kl(a[None] / f, b[None] / f) for a, b, f in zip(s, t, tau)]).mean()


READ = """let part = ctkd::reader(5, 3);
let own = #{ "first.weight": first, "first.bias": tensor([0.1, 0.1, 0.1]), "second.weight": second, "second.bias": tensor([-0.3]) };
part.load(part.state() + own);
ctkd::soft(student, teacher, ctkd::temperatures(part, student, teacher, 1, 2, 6))"""
case("ctkd/temperatures", READ, read,
     {"student": ([4, 5], 3.0), "teacher": ([4, 5], 4.0), "first": ([3, 10],), "second": ([1, 3],)}, fixed=("first", "second"))


# A network that teaches itself
def exits(a, b, end, y):
    told = end.detach()
    return sum(0.7 * label(own, y) + 0.3 * kl(own / 3, told / 3) for own in (a, b))


case("byot/logits", "byot::logits([one, two], student, target, 0.3, 3) + 0 * student.sum()", lambda a, b, e, y: exits(a, b, e, y) + 0 * e.sum(),
     {"one": ([4, 5], 2.0), "two": ([4, 5], 3.0), "student": ([4, 5], 3.0), "target": ("hot", [4, 5])})
case("byot/features", "byot::features([one, two], teacher)",
     lambda a, b, e: ((a - e) ** 2).sum(1).mean() + ((b - e) ** 2).sum(1).mean(),
     {"one": ([4, 6],), "two": ([4, 6],), "teacher": ([4, 6],)})


# Labels where there are some, a teacher where there are none
def noisy(s, t, least):
    y = torch.zeros_like(s)
    y[0, 2], y[1, 0], y[3, 1], y[3, 4] = 1, 1, 0.3, 0.2
    total, count = 0, 0
    for row, told, own in zip(s, t.softmax(1), y):
        known, sure = own.sum(), float(told.max() >= least)
        total = total - ((own + (1 - known) * sure * told) * row.log_softmax(0)).sum()
        count = count + known + (1 - known) * sure
    return total / count


SOME = "tensor([[0, 0, 1, 0, 0], [1, 0, 0, 0, 0], [0, 0, 0, 0, 0], [0, 0.3, 0, 0, 0.2], [0, 0, 0, 0, 0], [0, 0, 0, 0, 0]])"
for least in (0.0, 0.6):
    case(f"noisy_student/loss {least}", f"noisy_student::loss(student, teacher, {SOME}, {least})",
         lambda s, t: noisy(s, t, least), {"student": ([6, 5], 3.0), "teacher": ([6, 5], 2.0)})
case("noisy_student/loss_multi", "noisy_student::loss_multi(student, teacher, tensor([[1, 0, 1], [0, 0, 0], [0, 1, 0], [0, 0, 0]]))",
     lambda s, t: torch.nn.functional.binary_cross_entropy_with_logits(
         s, torch.stack([torch.tensor([1.0, 0, 1]), t[1].sigmoid(), torch.tensor([0.0, 1, 0]), t[3].sigmoid()])),
     {"student": ([4, 3], 3.0), "teacher": ([4, 3], 2.0)})


# Labels that were left out
def enhanced(scores, y):
    kin = {0: [1], 1: [0, 2], 2: [1]}
    least = [scores[y[:, c] > 0, c].mean() if (y[:, c] > 0).any() else float("inf") for c in range(4)]
    out = y.clone()
    for row in range(len(y)):
        for here in range(4):
            for near in kin.get(here, []) if y[row, here] > 0 else []:
                if scores[row, near] > least[near]:
                    out[row, near] = 1
    return out


ENHANCED = """let kin = label_enhancement::kin(["a", "b", "c", "d"], #{ a: ["b"], c: ["b"] });
label_enhancement::labels(teacher, target, kin, label_enhancement::thresholds(teacher, target))"""
case("label_enhancement/labels", ENHANCED + " + 0 * student.sum()", lambda t, y, s: enhanced(t, y) + 0 * s.sum(),
     {"teacher": ([9, 4], 0.5, 0.5), "target": ("many", [9, 4]), "student": ([1],)})

# Several teachers, and an earlier self
TEACHERS = {"student": ([4, 5], 3.0), "teacher": ([4, 5], 4.0), "teacher_two": ([4, 5], 2.0)}
case("teachers/mean_logits", "kd::kl(student, teachers::mean_logits([teacher, teacher_two]))",
     lambda s, a, b: kl(s, (a + b) / 2), TEACHERS)
case("teachers/mean_softmax", "kd::kl(student, teachers::mean_softmax([teacher, teacher_two]))",
     lambda s, a, b: kl(s, ((a.softmax(1) + b.softmax(1)) / 2).log()), TEACHERS)
case("teachers/mean_sigmoid", "kd::bernoulli_kl(student, teachers::mean_sigmoid([teacher, teacher_two]))",
     lambda s, a, b: bernoulli(s, ((a.sigmoid() + b.sigmoid()) / 2).logit()).mean(), TEACHERS)
case("teachers/each", "teachers::each(student, [teacher, teacher_two], [0.3, 0.7], 2)",
     lambda s, a, b: 0.3 * kl(s, a / 2) + 0.7 * kl(s, b / 2), TEACHERS)


def confident(s, a, b, y):
    losses = [-(y * t.log_softmax(1)).sum(1) for t in (a, b)]
    whole = losses[0].exp() + losses[1].exp()
    total = 0
    for loss, told in zip(losses, (a, b)):
        rows = torch.stack([kl(x[None] / 4, z[None] / 4) for x, z in zip(s, told)])
        total = total + (1 - loss.exp() / whole) * rows
    return 16 * total.mean()


case("teachers/confidence",
     "teachers::each_clip(student, [teacher, teacher_two], teachers::confidence([teacher, teacher_two], target), 4)",
     confident, {**TEACHERS, "target": ("hot", [4, 5])})


def each_feature(a, b, c, d, w):
    gaps = torch.stack([((x - z) ** 2).flatten(1).mean(1) for x, z in ((a, c), (b, d))])
    return (w.softmax(0) * gaps).sum(0).mean()


case("teachers/each_feature", "teachers::each_feature([one, two], [teacher, teacher_two], weights.softmax(0))", each_feature,
     {"one": ([4, 3, 2],), "two": ([4, 5],), "teacher": ([4, 3, 2],), "teacher_two": ([4, 5],), "weights": ([2, 4],)})
case("progressive/labels", "cross_entropy(student, progressive::labels(target, teacher, progressive::alpha(2, 10, 0.8)))",
     lambda s, t, y: label(s, (1 - 0.24) * y + 0.24 * t.softmax(1)), HOT)
