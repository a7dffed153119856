"""Writes the weights after each of six steps of SAM and ASAM (Foret et al. 2021, Kwon et al. 2021), in float64.

The steps are those of https://github.com/davda54/sam: climb by the gradients of the first backward pass, take
those of a second one there, put the weights back, and let SGD step with the second gradients.
"""
import torch

from oracle import save_json

torch.set_default_dtype(torch.float64)
torch.manual_seed(11)

STEPS = 6
RHO = {"sam": 0.05, "asam": 0.5}
ETA = 0.01


def exact(tensor):
    """Rounded to f32, so that both sides begin with the same numbers."""
    return tensor.float().double()


def net():
    return torch.nn.Sequential(torch.nn.Linear(3, 5), torch.nn.Tanh(), torch.nn.Linear(5, 2))


START = {name: exact(value) for name, value in net().state_dict().items()}
X = exact(torch.randn(STEPS, 8, 3))
Y = exact(torch.randn(STEPS, 8, 2))


def run(kind):
    model = net()
    model.load_state_dict(START)
    base = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=0.01)
    after = []
    for x, y in zip(X, Y):
        torch.nn.functional.mse_loss(model(x), y).backward()
        with torch.no_grad():
            scale = [p.abs() + ETA if kind == "asam" else torch.ones_like(p) for p in model.parameters()]
            norm = torch.stack([(s * p.grad).norm() for s, p in zip(scale, model.parameters())]).norm()
            before = [p.clone() for p in model.parameters()]
            for s, p in zip(scale, model.parameters()):
                p.add_(s**2 * p.grad * RHO[kind] / (norm + 1e-12))
        base.zero_grad()
        torch.nn.functional.mse_loss(model(x), y).backward()
        with torch.no_grad():
            for p, old in zip(model.parameters(), before):
                p.copy_(old)
        base.step()
        base.zero_grad()
        after.append([value.flatten().tolist() for value in model.state_dict().values()])
    return after


save_json(
    "sam.json",
    {
        "start": {name: value.tolist() for name, value in START.items()},
        "x": X.tolist(),
        "y": Y.tolist(),
        "sam": run("sam"),
        "asam": run("asam"),
    },
    "torch",
)
