"""Writes losses in float64: the golden table of the notes on CMKD, random logits, and extreme ones."""
import torch
import torch.nn.functional as F

from oracle import save_json

torch.set_default_dtype(torch.float64)

# The table as it was first derived by hand; what PyTorch makes of it must agree.
BY_HAND = {
    1.0: {"bce": 0.971422, "bce_soft": 0.708227, "entropy": 0.511178, "bernoulli_kl": 0.197050,
          "half_bernoulli": 0.584236, "cross_entropy": 1.741311, "kl": 0.933231, "cmkd": 1.337271,
          "hinton": 0.933231, "half_hinton": 1.337271},
    2.5: {"bce": 0.971422, "bce_soft": 0.800488, "entropy": 0.654121, "bernoulli_kl": 0.146367,
          "half_bernoulli": 0.558895, "cross_entropy": 1.741311, "kl": 0.527896, "cmkd": 1.134604,
          "hinton": 0.153267, "half_hinton": 1.349616},
}
GRADIENT_BY_HAND = {1.0: [-0.065038, 0.049913, 0.126932], 2.5: [-0.007732, -0.013695, 0.126932]}


def kl(student, teacher):
    return F.kl_div(F.log_softmax(student, 1), F.log_softmax(teacher, 1), reduction="batchmean", log_target=True)


def entropies(logits):
    """Of one Bernoulli variable for each logit; softplus keeps p·ln(p) finite."""
    p = logits.sigmoid()
    return p * F.softplus(-logits) + (1 - p) * F.softplus(logits)


def bernoulli_kl(student, teacher):
    cross = F.binary_cross_entropy_with_logits(student, teacher.sigmoid(), reduction="none")
    return (cross - entropies(teacher)).mean()


def losses(student, teacher, target, tau):
    soft = teacher / tau
    label, binary = F.cross_entropy(student, target), F.binary_cross_entropy_with_logits(student, target)
    return {
        "cross_entropy": label,
        "bce": binary,
        "bce_soft": F.binary_cross_entropy_with_logits(student, soft.sigmoid()),
        "entropy": entropies(soft).mean(),
        "bernoulli_kl": bernoulli_kl(student, soft),
        "half_bernoulli": 0.5 * binary + 0.5 * bernoulli_kl(student, soft),
        "kl": kl(student, soft),
        "cmkd": 0.5 * label + 0.5 * kl(student, soft),
        "hinton": kl(student / tau, soft),
        "half_hinton": 0.5 * label + 0.5 * tau**2 * kl(student / tau, soft),
        "cross_entropy_mixed": F.cross_entropy(student, 0.5 * target + 0.5 * soft.softmax(1)),
        "bce_mixed": F.binary_cross_entropy_with_logits(student, 0.5 * target + 0.5 * soft.sigmoid()),
    }


def case(student, teacher, target, tau):
    student, teacher, target = (torch.tensor(rows) for rows in (student, teacher, target))
    student.requires_grad_(True)
    out = {"student": student.tolist(), "teacher": teacher.tolist(), "target": target.tolist(), "tau": tau}
    out["losses"] = {}
    for name, loss in losses(student, teacher, target, tau).items():
        gradient = None
        if loss.requires_grad:
            gradient = torch.autograd.grad(loss, student, retain_graph=True)[0].flatten().tolist()
        out["losses"][name] = {"value": loss.item(), "gradient": gradient}
    return out


cases = {}
for tau, by_hand in BY_HAND.items():
    made = case([[0.5, -1.0, 2.0]], [[1.5, -2.0, 0.0]], [[1.0, 0.0, 0.0]], tau)
    for name, value in by_hand.items():
        assert abs(made["losses"][name]["value"] - value) < 1e-6, (tau, name)
    for value, found in zip(GRADIENT_BY_HAND[tau], made["losses"]["bernoulli_kl"]["gradient"]):
        assert abs(found - value) < 1e-6, (tau, "gradient")
    cases[f"table_{tau}"] = made

torch.manual_seed(4)
# Exact in f32, so that both sides begin with the same numbers.
student, teacher = (2 * torch.randn(4, 5)).float().double(), (3 * torch.randn(4, 5)).float().double()
target = [[1, 0, 0, 0, 0], [0, 0.25, 0.75, 0, 0], [0, 0, 0, 0, 1], [0.5, 0, 0, 0.5, 0]]
target = [[float(share) for share in row] for row in target]
for tau in (1.0, 2.5):
    cases[f"random_{tau}"] = case(student.tolist(), teacher.tolist(), target, tau)

extreme = [[80.0, -80.0, 0.0], [-80.0, 80.0, 80.0], [-80.0, -80.0, -80.0], [80.0, 80.0, -80.0]]
turned = [[-80.0, 80.0, 0.0], [-80.0, 80.0, -80.0], [80.0, -80.0, -80.0], [80.0, 80.0, -80.0]]
labels = [[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]
cases["extreme_1.0"] = case(extreme, turned, labels, 1.0)
cases["extreme_2.5"] = case(extreme, turned, labels, 2.5)

save_json("losses.json", cases, "torch")
