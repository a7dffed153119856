"""Losses on relations of clips."""
import math

import torch

from kd_cases import case
from kd_logits import huber, kl

PAIR = {"student": ([5, 3],), "teacher": ([5, 4],)}
MAPS = {"student": ([4, 3, 2],), "teacher": ([4, 2, 5],)}


def distance(s, t):
    def relative(x):
        pairs = {(i, j): (x[i] - x[j]).norm() for i in range(len(x)) for j in range(len(x)) if i != j}
        mean = sum(pairs.values()) / len(pairs)
        return {pair: value / mean for pair, value in pairs.items()}

    own, told = relative(s.flatten(1)), relative(t.flatten(1))
    return sum(huber(own[pair] - told[pair]) for pair in own) / len(s) ** 2


def angle(s, t):
    def cosine(x, i, j, k):
        a, b = x[j] - x[i], x[k] - x[i]
        return (a @ b) / (a.norm() * b.norm())

    s, t, total = s.flatten(1), t.flatten(1), 0
    places = range(len(s))
    for i in places:
        for j in places:
            for k in places:
                # A clip and itself have no direction; one pair twice has the angle 0 on both sides.
                if i not in (j, k) and j != k:
                    total = total + huber(cosine(s, i, j, k) - cosine(t, i, j, k))
    return total / len(s) ** 3


for name, inputs in (("", PAIR), (" maps", MAPS)):
    case(f"rkd/distance{name}", "rkd::distance(student, teacher)", distance, inputs)
    case(f"rkd/angle{name}", "rkd::angle(student, teacher)", angle, inputs)
case("rkd/loss", "rkd::loss(student, teacher, 25, 50)", lambda s, t: 25 * distance(s, t) + 50 * angle(s, t), PAIR)


def similar(s, t):
    def matrix(x):
        rows = x.flatten(1) @ x.flatten(1).T
        return rows / rows.norm(dim=1, keepdim=True)

    return ((matrix(s) - matrix(t)) ** 2).sum() / len(s) ** 2


case("sp/loss", "sp::loss(student, teacher)", similar, PAIR)
case("sp/loss maps", "sp::loss(student, teacher)", similar, MAPS)


def neighbours(s, t):
    def shares(x):
        x = x.flatten(1) / x.flatten(1).norm(dim=1, keepdim=True)
        alike = (x @ x.T + 1) / 2
        return alike / alike.sum(1, keepdim=True)

    p, q = shares(t), shares(s)
    return (p * ((p + 1e-7) / (q + 1e-7)).log()).sum() / len(s) ** 2


case("pkt/loss", "pkt::loss(student, teacher)", neighbours, PAIR)
case("pkt/loss maps", "pkt::loss(student, teacher)", neighbours, MAPS)


def products(x):
    return x.flatten(1) @ x.flatten(1).T


def series(x, gamma, most):
    x = x.flatten(1) / x.flatten(1).norm(dim=1, keepdim=True)
    return sum(math.exp(-2 * gamma) * (2 * gamma) ** p / math.factorial(p) * (x @ x.T) ** p for p in range(most + 1))


case("cc/bilinear", "cc::bilinear(student, teacher)", lambda s, t: ((products(s) - products(t)) ** 2).mean(), PAIR)
for gamma, most in ((0.4, 2), (0.9, 5)):
    case(f"cc/gaussian {most}", f"cc::gaussian(student, teacher, {gamma}, {most})",
         lambda s, t: ((series(s, gamma, most) - series(t, gamma, most)) ** 2).mean(), PAIR)


# CRD
def contrast(near, tau, scale, clips):
    others = near.shape[1] - 1
    p = (near / tau).exp() / scale
    found = -(p[:, 0] / (p[:, 0] + others / clips + 1e-7)).log()
    apart = -((others / clips) / (p[:, 1:] + others / clips + 1e-7)).log().sum(1)
    return (found + apart).mean()


case("crd/contrast", "crd::contrast(near, 0.2, 9.0, 20)", lambda n: contrast(n, 0.2, 9.0, 20), {"near": ([4, 7],)})
case("crd/contrast hard", "crd::contrast(near, 0.07, 50000.0, 400)", lambda n: contrast(n, 0.07, 50000.0, 400),
     {"near": ([3, 30], 0.9)})


INDEX = [7, 0, 3, 3, 1, 2, 5, 9, 7, 7, 4, 0]


def against(s, t, one, two, own, told, index):
    """All of CRD with its first batch: both directions, and both memories after it."""
    index, places = index.reshape(3, 4), [7, 1, 7]
    unit = lambda x: x / x.norm(dim=1, keepdim=True)
    mine, his = unit(s @ own.T + 0.1), unit(t @ told.T - 0.2)
    total = 0
    for anchor, memory in ((mine, two), (his, one)):
        near = torch.stack([torch.stack([memory[i] @ a for i in row]) for a, row in zip(anchor, index)])
        scale = (near.detach() / 0.3).exp().mean().item() * 10
        total = total + contrast(near, 0.3, scale, 10)
    where = torch.tensor(places)
    after = [moved(memory, rows.detach(), where) for memory, rows in ((one, mine), (two, his))]
    return torch.cat([total.reshape(1)] + [rows.flatten() for rows in after])


AGAINST = """let part = crd::part(3, 5, 2, 10);
part.load(part.state() + #{ "student.weight": own, "student.bias": tensor([0.1, 0.1]), "teacher.weight": told,
    "teacher.bias": tensor([-0.2, -0.2]), of_student: one, of_teacher: two });
let loss = crd::against(part, student, teacher, index.reshape([3, 4]), 0.3, 0.5);
cat([loss.reshape([1]), part.weight("of_student").flatten(), part.weight("of_teacher").flatten()], 0)"""


def moved(memory, now, places):
    out = memory.clone()
    for place in set(places.tolist()):
        rows = now[places == place]
        row = 0.5 * memory[place] + 0.5 * rows.mean(0)
        out[place] = row / row.norm()
    return out


case("crd/moved", "crd::moved(memory, now, places, 0.5)", moved,
     {"memory": ([5, 3],), "now": ([4, 3],), "places": ("index", [3, 0, 3, 4])})

case("crd/against", AGAINST, against,
     {"student": ([3, 3],), "teacher": ([3, 5],), "one": ([10, 2],), "two": ([10, 2],), "own": ([2, 3],), "told": ([2, 5],),
      "index": ("index", INDEX)}, fixed=("one", "two", "own", "told"))

# SSKD
def similarities(transformed, plain):
    unit = [x / x.norm(dim=1, keepdim=True) for x in (transformed, plain)]
    return unit[0] @ unit[1].T


def kept(scores, right, share):
    """Rows by how many columns stand before the right one."""
    ranks = [(row > row[column]).sum().item() for row, column in zip(scores, right)]
    wrong = sum(rank > 0 for rank in ranks)
    order = sorted(range(len(ranks)), key=lambda row: ranks[row])
    return sorted(order[:len(ranks) - wrong + int(wrong * share)])


def chosen(s, t, right, share, tau):
    rows = kept(t, right, share)
    return tau**2 * kl(s[rows] / tau, t[rows] / tau)


RANKED = {"student": ([8, 6],), "teacher": ([8, 6],), "right": ("index", [0, 0, 0, 1, 1, 1, 5, 2])}
case("sskd/similarities", "sskd::similarities(transformed, plain)", similarities,
     {"transformed": ([6, 3],), "plain": ([2, 3],)})
for share in (0.0, 0.5, 0.75, 1.0):
    case(f"sskd/similarity {share}", f"sskd::similarity(student, teacher, right, {share}, 0.5)",
         lambda s, t, r: chosen(s, t, r, share, 0.5), RANKED)
case("sskd/transformed", "sskd::transformed(student, teacher, right, 1, 4)",
     lambda s, t, r: chosen(s, t, r, 1, 4), RANKED)
case("sskd/kept", "student.index_select(0, sskd::kept(teacher, right, 0.5))",
     lambda s, t, r: s[kept(t, r, 0.5)], RANKED)
