"""Writes five steps of torch.optim.Adam with given gradients, and PyTorch's schedules, in float64."""
import torch

from oracle import save_json

torch.set_default_dtype(torch.float64)
torch.manual_seed(6)


def exact(tensor):
    """Rounded to f32, so that both sides begin with the same numbers."""
    return tensor.float().double()


def adam(start, gradients, rates, **options):
    parameter = torch.nn.Parameter(start.clone())
    optimizer = torch.optim.Adam([parameter], **options)
    values = []
    for gradient, rate in zip(gradients, rates):
        optimizer.param_groups[0]["lr"] = rate
        optimizer.zero_grad()
        (parameter * gradient).sum().backward()
        optimizer.step()
        values.append(parameter.detach().tolist())
    return {"start": start.tolist(), "gradients": gradients.tolist(), "rates": rates, "values": values}


def schedule(make, epochs):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1)
    scheduler, rates = make(optimizer), []
    for _ in range(epochs):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return rates


start = exact(torch.randn(6))
# Gradients of very different sizes, one of them 0.
gradients = exact(torch.randn(5, 6) * torch.tensor([1.0, 1e-3, 100.0, 1e-6, 0.0, 0.1]))
rates = [1e-2, 1e-2, 5e-3, 2e-2, 1e-3]
schedules = torch.optim.lr_scheduler
content = {
    "decayed": adam(start, gradients, rates, lr=1e-2, betas=(0.95, 0.999), weight_decay=5e-3),
    "standard": adam(start, gradients, rates),
    # From 0.1 down to 0.01 over 12 epochs.
    "cosine": schedule(lambda o: schedules.CosineAnnealingLR(o, 12, eta_min=0.01), 13),
    # Halved after every third epoch.
    "step": schedule(lambda o: schedules.StepLR(o, 3, 0.5), 13),
    # From 0.1 to 0.025 over 8 epochs, then level.
    "linear": schedule(lambda o: schedules.LinearLR(o, 1.0, 0.25, 8), 13),
    # From 0 to 0.1 over 5 epochs, then level.
    "warmup": torch.lerp(torch.tensor(0.0), torch.tensor(0.1), (torch.arange(13) / 5).clamp(max=1)).tolist(),
}
save_json("optim.json", content, "torch")
