"""Losses on tokens and attention."""
import math

import torch

from kd_cases import case
from kd_logits import bernoulli, binary, kl, label

HEADS = {"class_head": ([4, 5], 3.0), "token_head": ([4, 5], 3.0), "teacher": ([4, 5], 4.0)}
HOT = {**HEADS, "target": ("hot", [4, 5])}
MANY = {**HEADS, "target": ("many", [4, 5])}


def one_hot(classes, width):
    return torch.nn.functional.one_hot(classes, width).double()


case("deit/hard", "deit::hard(class_head, token_head, teacher, target)",
     lambda c, d, t, y: (label(c, y) + label(d, one_hot(t.argmax(1), 5))) / 2, HOT)
case("deit/soft", "deit::soft(class_head, token_head, teacher, target, 0.9, 3)",
     lambda c, d, t, y: 0.9 * label(c, y) + 0.1 * 9 * kl(d / 3, t / 3), HOT)
case("deit/soft_multi", "deit::soft_multi(class_head, token_head, teacher, target, 0.3, 2)",
     lambda c, d, t, y: 0.3 * binary(c, y).mean() + 0.7 * bernoulli(d, t / 2).mean(), MANY)
case("deit/hard_multi", "deit::hard_multi(class_head, token_head, teacher, target, 0.4)",
     lambda c, d, t, y: (binary(c, y).mean() + binary(d, (t.sigmoid() > 0.4).double()).mean()) / 2, MANY)
case("deit/together", "deit::together(class_head, token_head)", lambda c, d: (c + d) / 2,
     {"class_head": ([4, 5],), "token_head": ([4, 5],)})


def heads_of(qkv, heads, which):
    """Of one clip's [token, 3 * width] the matrix [token, width of a head] of each head."""
    width = qkv.shape[1] // 3
    part = qkv[:, which * width:(which + 1) * width]
    return part.split(width // heads, 1)


def scores(qkv, heads, first, second):
    pairs = zip(heads_of(qkv, heads, first), heads_of(qkv, heads, second))
    return [a @ b.T / math.sqrt(a.shape[1]) for a, b in pairs]


def relation(student, teacher, heads, first, second):
    total, count = 0, 0
    for s, t in zip(student, teacher):
        for a, b in zip(scores(s, heads, first, second), scores(t, heads, first, second)):
            p, q = b.softmax(1), a.softmax(1)
            total = total + (p * (p / q).log()).sum()
            count += len(a)
    return total / count


QKV = {"student": ([2, 5, 12], 2.0), "teacher": ([2, 5, 24], 2.0)}
case("minilm/attention", "minilm::attention(student, teacher, 2)", lambda s, t: relation(s, t, 2, 0, 1), QKV)
case("minilm/values", "minilm::values(student, teacher, 2)", lambda s, t: relation(s, t, 2, 2, 2), QKV)
case("minilm/loss", "minilm::loss(student, teacher, 2)",
     lambda s, t: relation(s, t, 2, 0, 1) + relation(s, t, 2, 2, 2), QKV)
for place, name in enumerate(("query", "key", "value")):
    case(f"minilm/relation {name}", f'minilm::relation(student, teacher, 4, "{name}")',
         lambda s, t: relation(s, t, 4, place, place), QKV)
case("minilm/scores", "minilm::scores(student, 2, 0, 1)",
     lambda s: torch.stack([torch.stack(scores(one, 2, 0, 1)) for one in s]), {"student": ([2, 5, 12],)})


def squares(student, teacher, heads):
    gaps = [a - b for s, t in zip(student, teacher)
            for a, b in zip(scores(s, heads, 0, 1), scores(t, heads, 0, 1))]
    return (torch.stack(gaps) ** 2).mean()


case("tinybert/attention", "tinybert::attention(student, teacher, 2)", lambda s, t: squares(s, t, 2), QKV)
case("tinybert/hidden", "tinybert::hidden(student, teacher)", lambda s, t: ((s - t) ** 2).mean(),
     {"student": ([2, 5, 6],), "teacher": ([2, 5, 6],)})
