"""Writes twenty steps of every optimiser with given gradients, and schedules at every step, in float64.

SGD, Adam, AdamW and Muon are torch's own; Muon's iteration runs in float64 here, where torch rounds to
bfloat16. Lion and Adan are transcribed below, since torch has neither.
"""
import contextlib
import math
import warnings

import numpy
import torch

from oracle import save_json, save_tensors

torch.set_default_dtype(torch.float64)
torch.manual_seed(6)
warnings.filterwarnings("ignore", message=".*lr_scheduler.step.*")

STEPS = 20
KEPT = [1, 2, 3, 10, 20]
# A small net, and how large the gradients of each parameter are.
SHAPES = {
    "conv.weight": ([4, 2, 3, 2], 1.0),
    "conv.bias": ([4], 1e-3),
    "body.weight": ([5, 3], 10.0),
    "body.bias": ([5], [1.0, 1e-6, 0.0, 100.0, 0.1]),
    "head.weight": ([2, 5], 0.1),
    "late.weight": ([3, 2], 1.0),
}


def exact(tensor):
    """Rounded to f32, so that both sides begin with the same numbers."""
    return tensor.float().double()


START = {name: exact(torch.randn(shape)) for name, (shape, _) in SHAPES.items()}
GRADIENTS = {
    name: exact(torch.randn(STEPS, *shape) * torch.as_tensor(size)) for name, (shape, size) in SHAPES.items()
}


def given(name, step):
    """Whether a parameter has a gradient: one of them joins late, and misses a step."""
    return name != "late.weight" or (step >= 4 and step != 7)


class Lion(torch.optim.Optimizer):
    """The update of lion_pytorch.py, https://github.com/google/automl/tree/master/lion."""

    def __init__(self, params, lr=1e-4, betas=(0.9, 0.99), weight_decay=0.0):
        super().__init__(params, {"lr": lr, "betas": betas, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            lr, (now, later) = group["lr"], group["betas"]
            for p in (p for p in group["params"] if p.grad is not None):
                m = self.state[p].get("m", torch.zeros_like(p))
                p.mul_(1 - lr * group["weight_decay"])
                p.sub_(lr * torch.sign(now * m + (1 - now) * p.grad))
                self.state[p]["m"] = later * m + (1 - later) * p.grad


class Adan(torch.optim.Optimizer):
    """The update of adan.py, https://github.com/sail-sg/Adan, with each parameter's own count of steps."""

    def __init__(self, params, lr=1e-3, betas=(0.98, 0.92, 0.99), eps=1e-8, weight_decay=0.0, no_prox=False):
        options = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "no_prox": no_prox}
        super().__init__(params, options)

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            lr, (b1, b2, b3), decay = group["lr"], group["betas"], group["weight_decay"]
            for p in (p for p in group["params"] if p.grad is not None):
                zero, g = torch.zeros_like(p), p.grad
                t, m, v, n, before = self.state[p].get("all", (0, zero, zero, zero, g))
                t += 1
                m = b1 * m + (1 - b1) * g
                v = b2 * v + (1 - b2) * (g - before)
                n = b3 * n + (1 - b3) * (g + b2 * (g - before)) ** 2
                root = n.sqrt() / math.sqrt(1 - b3**t) + group["eps"]
                change = (lr / (1 - b1**t) * m + lr * b2 / (1 - b2**t) * v) / root
                p.copy_(p * (1 - lr * decay) - change if group["no_prox"] else (p - change) / (1 + lr * decay))
                self.state[p]["all"] = (t, m, v, n, g.clone())


@contextlib.contextmanager
def no_bfloat16():
    """torch.optim.Muon in float64: its only mention of bfloat16 means another type here."""
    own, torch.bfloat16 = torch.bfloat16, torch.float64
    yield
    torch.bfloat16 = own


def follow(make, accumulate=1, clip_value=None, clip_norm=None, rate=lambda step: 1.0):
    """The parameters after some of the steps. `make` gives optimisers for parameters by name; `rate` is a
    factor on every learning rate."""
    # Muon knows matrices only: a filter is a row.
    flat = {name: start.reshape(len(start), -1) if start.ndim > 2 else start for name, start in START.items()}
    parameters = {name: torch.nn.Parameter(start.clone()) for name, start in flat.items()}
    optimizers = make(parameters)
    schedulers = [torch.optim.lr_scheduler.LambdaLR(optimizer, rate) for optimizer in optimizers]
    kept = {}
    for step in range(STEPS):
        for name, p in parameters.items():
            if given(name, step):
                gradient = GRADIENTS[name][step].reshape(p.shape) / accumulate
                p.grad = gradient.clone() if p.grad is None else p.grad + gradient
        if (step + 1) % accumulate == 0:
            if clip_value is not None:
                torch.nn.utils.clip_grad_value_(parameters.values(), clip_value)
            if clip_norm is not None:
                torch.nn.utils.clip_grad_norm_(parameters.values(), clip_norm)
            with no_bfloat16():
                for optimizer in optimizers:
                    optimizer.step()
            for p in parameters.values():
                p.grad = None
        for scheduler in schedulers:
            scheduler.step()
        if step + 1 in KEPT:
            for name, p in parameters.items():
                kept[f"{step + 1}/{name}"] = p.detach().clone().reshape(START[name].shape)
    return kept


def plain(kind, **options):
    return lambda parameters: [kind(parameters.values(), **options)]


def grouped(parameters):
    """The head with its own rate, biases with twice the rate and no decay, the rest as it is."""
    head = [p for name, p in parameters.items() if name.startswith("head.")]
    biases = [p for name, p in parameters.items() if name.endswith(".bias")]
    rest = [p for name, p in parameters.items() if not name.startswith("head.") and not name.endswith(".bias")]
    return [
        torch.optim.AdamW(
            [
                {"params": head, "lr": 1e-3},
                {"params": biases, "lr": 0.02, "weight_decay": 0.0},
                {"params": rest},
            ],
            lr=0.01,
            weight_decay=0.05,
        )
    ]


def undecayed(parameters):
    matrices = [p for p in parameters.values() if p.ndim > 1]
    vectors = [p for p in parameters.values() if p.ndim == 1]
    groups = [{"params": matrices}, {"params": vectors, "weight_decay": 0.0}]
    return [torch.optim.AdamW(groups, lr=0.01, weight_decay=0.05)]


def muon(auxiliary, **options):
    """Muon for matrices but the head, AdamW for the rest."""

    def make(parameters):
        hidden = [p for name, p in parameters.items() if p.ndim == 2 and not name.startswith("head.")]
        rest = [p for name, p in parameters.items() if p.ndim != 2 or name.startswith("head.")]
        return [torch.optim.Muon(hidden, **options), torch.optim.AdamW(rest, **auxiliary)]

    return make


def saw(step):
    return (1 + step % 3) / 2


sgd, adam, adamw = torch.optim.SGD, torch.optim.Adam, torch.optim.AdamW
CASES = {
    "sgd": follow(plain(sgd, lr=0.05)),
    "sgd momentum": follow(plain(sgd, lr=0.02, momentum=0.9, dampening=0.1, weight_decay=0.01)),
    "sgd nesterov": follow(plain(sgd, lr=0.02, momentum=0.9, nesterov=True, weight_decay=0.01), rate=saw),
    "adam": follow(plain(adam)),
    "adam decayed": follow(plain(adam, lr=0.01, betas=(0.95, 0.999), weight_decay=5e-3), rate=saw),
    "adamw": follow(plain(adamw)),
    "adamw decayed": follow(plain(adamw, lr=0.01, betas=(0.8, 0.99), eps=1e-6, weight_decay=0.5), rate=saw),
    "adam amsgrad": follow(plain(adam, lr=0.01, weight_decay=5e-3, amsgrad=True), rate=saw),
    "adamw amsgrad": follow(plain(adamw, lr=0.01, weight_decay=0.1, amsgrad=True)),
    "lion": follow(plain(Lion)),
    "lion decayed": follow(plain(Lion, lr=0.01, betas=(0.95, 0.98), weight_decay=1.0), rate=saw),
    "adan": follow(plain(Adan)),
    "adan decayed": follow(plain(Adan, lr=0.01, weight_decay=0.2), rate=saw),
    "adan no_prox": follow(plain(Adan, lr=0.01, betas=(0.9, 0.8, 0.95), eps=1e-6, weight_decay=0.2, no_prox=True)),
    "muon": follow(muon({"lr": 3e-4, "weight_decay": 0.01}, lr=0.02), rate=saw),
    "muon rms": follow(
        muon(
            {"lr": 0.005, "betas": (0.8, 0.95), "weight_decay": 0.1},
            lr=0.01, weight_decay=0.5, momentum=0.9, nesterov=False, ns_steps=3, adjust_lr_fn="match_rms_adamw",
        )
    ),
    "clip_norm": follow(plain(sgd, lr=0.5, momentum=0.9, weight_decay=0.01), clip_norm=1.5),
    "clip_value": follow(plain(sgd, lr=0.5), clip_value=0.25),
    "clip both": follow(plain(adam, lr=0.01), clip_value=0.5, clip_norm=1.0),
    "accumulate": follow(plain(adamw, lr=0.01), accumulate=5, clip_norm=2.0, rate=saw),
    "groups": follow(grouped, rate=saw),
    "undecayed": follow(undecayed),
}

tensors = {f"start/{name}": start for name, start in START.items()}
tensors |= {f"gradients/{name}": gradients for name, gradients in GRADIENTS.items()}
tensors |= {f"{case}/{key}": value for case, kept in CASES.items() for key, value in kept.items()}
save_tensors("optim.safetensors", tensors, "torch")


def schedule(make, steps):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1)
    scheduler, rates = make(optimizer), []
    for step in range(steps):
        rates.append(optimizer.param_groups[0]["lr"])
        if step + 1 < steps:
            optimizer.step()
            scheduler.step()
    return rates


lr = torch.optim.lr_scheduler
POINTS = [[0, 0.1], [4, 0.5], [10, 0.2], [11, 0.4]]
save_json(
    "optim.json",
    {
        # From 0.1 down to 0.01 over 12 steps.
        "cosine": schedule(lambda o: lr.CosineAnnealingLR(o, 12, eta_min=0.01), 13),
        # Halved after every third step.
        "step": schedule(lambda o: lr.StepLR(o, 3, 0.5), 13),
        "multi_step": schedule(lambda o: lr.MultiStepLR(o, [3, 7, 8], 0.3), 13),
        "exponential": schedule(lambda o: lr.ExponentialLR(o, 0.8), 13),
        # From 0.1 to 0.025 over 8 steps, then level.
        "linear": schedule(lambda o: lr.LinearLR(o, 1.0, 0.25, 8), 13),
        # From 0.1 to 0 over 10 steps, then level.
        "polynomial": schedule(lambda o: lr.PolynomialLR(o, 10, 2.5), 13),
        # From 0 to 0.1 over 5 steps, then level.
        "warmup": torch.lerp(torch.tensor(0.0), torch.tensor(0.1), (torch.arange(13) / 5).clamp(max=1)).tolist(),
        "one_cycle": schedule(lambda o: lr.OneCycleLR(o, 0.4, 20, cycle_momentum=False), 20),
        "one_cycle linear": schedule(
            lambda o: lr.OneCycleLR(
                o, 0.4, 23, pct_start=0.25, anneal_strategy="linear", div_factor=10, final_div_factor=50,
                cycle_momentum=False,
            ),
            23,
        ),
        "one_cycle three phases": schedule(
            lambda o: lr.OneCycleLR(o, 0.4, 30, pct_start=0.35, three_phase=True, cycle_momentum=False), 30
        ),
        "one_cycle three straight phases": schedule(
            lambda o: lr.OneCycleLR(
                o, 0.4, 30, pct_start=0.4, three_phase=True, anneal_strategy="linear", cycle_momentum=False
            ),
            30,
        ),
        "restarts": schedule(lambda o: lr.CosineAnnealingWarmRestarts(o, 5, eta_min=0.01), 23),
        "doubled restarts": schedule(lambda o: lr.CosineAnnealingWarmRestarts(o, 3, 2, eta_min=0.01), 50),
        # Restarts at 1, 4, 13, 40 and 121.
        "tripled restarts": schedule(lambda o: lr.CosineAnnealingWarmRestarts(o, 1, 3, eta_min=0.01), 125),
        # Up from 0.01 in 5 steps, then down a cosine over 10, then decaying.
        "join": schedule(
            lambda o: lr.SequentialLR(
                o,
                [
                    lr.LinearLR(o, 0.1, 1.0, 5),
                    lr.CosineAnnealingLR(o, 10, eta_min=0.01),
                    lr.ExponentialLR(o, 0.5),
                ],
                [5, 15],
            ),
            20,
        ),
        "piecewise": numpy.interp(numpy.arange(-1, 13), *zip(*POINTS)).tolist(),
    },
    "torch",
)
