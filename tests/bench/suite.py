"""PyTorch's side of `still bench --suite`: the same work, asked for line by line.

A line of standard input is one JSON object: `{"do": "start", "case": {...}}` builds a case and warms it up,
`{"do": "repeat", "times": N}` does it again and answers with the seconds of each, `{"do": "peak"}` tells the most memory
that the process ever had. Each answer is a line of JSON; what goes wrong is `{"error": "..."}`. Threads are the first
argument. Needs torch and timm; log-mel needs torchaudio, an epoch soundfile.
"""

import csv
import json
import os
import resource
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

torch.version.cuda = None  # torchaudio compares its own with it; no GPU is used
torch.set_num_threads(int(sys.argv[1]))
torch.manual_seed(0)


class SmallCnn(nn.Module):
    """Pairs of 3x3 convolutions with batch norm and ReLU, halved by a mean; mean over frequency, time, linear."""

    def __init__(self, classes, channels):
        super().__init__()
        layers, inputs = [], 1
        for outputs in channels:
            for own in (inputs, outputs):
                layers += [nn.Conv2d(own, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()]
            layers.append(nn.AvgPool2d(2))
            inputs = outputs
        self.body, self.head = nn.Sequential(*layers), nn.Linear(inputs, classes)

    def forward(self, x):
        x = self.body(x.transpose(1, 2)[:, None])
        return self.head(x.mean(2).mean(2))


class Ast(nn.Module):
    """Patches, one or two tokens, timm's blocks, a norm; a layer norm and a linear layer of the tokens' mean."""

    def __init__(self, classes, frames, mels, width, depth, heads, stride, tokens, head_norm=True):
        super().__init__()
        from timm.models.vision_transformer import Block

        rows, columns = (mels - 16) // stride + 1, (frames - 16) // stride + 1
        self.patch = nn.Conv2d(1, width, 16, stride)
        self.tokens = nn.Parameter(torch.zeros(1, tokens, width))
        self.positions = nn.Parameter(torch.randn(1, rows * columns + tokens, width) * 0.02)
        self.blocks = nn.Sequential(*[Block(width, heads, qkv_bias=True) for _ in range(depth)])
        self.norm = nn.LayerNorm(width, eps=1e-6)
        self.head = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, classes))
        self.count = tokens

    def forward(self, x):
        x = self.patch(x.transpose(1, 2)[:, None]).flatten(2).transpose(1, 2)
        x = torch.cat([self.tokens.expand(len(x), -1, -1), x], 1) + self.positions
        return self.head(self.norm(self.blocks(x))[:, : self.count].mean(1))


class Picture(nn.Module):
    """timm's network of [batch, frames, mels]; CMKD's head: the mean over all, and a linear layer."""

    def __init__(self, name, classes):
        super().__init__()
        import timm

        self.net = timm.create_model(name, in_chans=1, num_classes=classes)

    def forward(self, x):
        return self.net(x.transpose(1, 2)[:, None])


def build(model, case):
    name, classes = model["name"], case["classes"]
    if name == "cnn":
        return SmallCnn(classes, model["channels"])
    if name in ("ast", "ast_tiny", "ast_small", "ast_base"):
        tokens = 1 if name == "ast" else 2
        sizes = [model[key] for key in ("width", "depth", "heads", "stride")]
        return Ast(classes, case["frames"], case["mels"], *sizes, tokens)
    return Picture(name, classes)


def labels(batch, classes):
    return F.one_hot(torch.arange(batch) % classes, classes).float()


def cmkd(student, teacher, target):
    soft = F.kl_div(F.log_softmax(student, -1), F.softmax(teacher, -1), reduction="batchmean")
    return 0.5 * F.cross_entropy(student, target) + 0.5 * soft


def of_layer(layer, shapes, both):
    """A function of tensors, in inference or with its backward pass from the sum of the output."""
    inputs = [torch.randn(shape) for shape in shapes]
    if not both:
        if isinstance(layer, nn.Module):
            layer.eval()

        def act():
            with torch.no_grad():
                layer(*inputs)

        return act
    inputs = [one.requires_grad_() for one in inputs]
    weights = list(layer.parameters()) if isinstance(layer, nn.Module) else []

    def act():
        for one in inputs + weights:
            one.grad = None
        layer(*inputs).sum().backward()

    return act


def steps(case):
    model = build(case["model"], case)
    batch, classes = case["batch"], case["classes"]
    x, y = torch.randn(batch, case["frames"], case["mels"]), labels(batch, classes)
    if case["op"] == "forward":
        model.eval()

        def act():
            with torch.no_grad():
                model(x)

        return act
    teacher = build(case["teacher"], case).eval() if case["op"] == "cmkd_step" else None
    optimizer = torch.optim.Adam(model.train().parameters(), lr=1e-3)

    def act():
        logits = model(x)
        if teacher is None:
            loss = F.cross_entropy(logits, y)
        else:
            with torch.no_grad():
                said = teacher(x)
            loss = cmkd(logits, said, y)
        loss.item()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return act


def adam(case):
    model = build(case["model"], case)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for own in model.parameters():
        own.grad = torch.randn_like(own)
    return optimizer.step


def log_mel(case):
    from torchaudio.compliance import kaldi

    clip = 0.1 * torch.randn(1, case["samples"])
    options = dict(
        htk_compat=True, sample_frequency=16000, use_energy=False, window_type="hanning",
        num_mel_bins=case["mels"], dither=0.0, frame_shift=10,
    )
    return lambda: kaldi.fbank(clip - clip.mean(), **options)


def losses(case):
    shape, both = case["input"], case["both"]
    student, teacher = torch.randn(shape), torch.randn(shape)
    target = labels(*shape)
    if not both:

        def act():
            with torch.no_grad():
                cmkd(student, teacher, target)

        return act
    student.requires_grad_()

    def act():
        student.grad = None
        cmkd(student, teacher, target).backward()

    return act


def epoch(case):
    """One epoch of a distillation over the clips of an ESC-50 layout, with features that are there already."""
    import soundfile
    from torchaudio.compliance import kaldi

    rows = list(csv.DictReader(open(os.path.join(case["data"], "meta", "esc50.csv"))))
    clips = []
    for row in rows:
        if int(row["fold"]) == 5:
            continue
        wave, _ = soundfile.read(os.path.join(case["data"], "audio", row["filename"]), dtype="float32")
        wave = torch.from_numpy(wave)
        found = kaldi.fbank(
            (wave - wave.mean())[None], htk_compat=True, sample_frequency=16000, use_energy=False,
            window_type="hanning", num_mel_bins=case["mels"], dither=0.0, frame_shift=10,
        )[: case["frames"]]
        clips.append(F.pad(found, (0, 0, 0, case["frames"] - len(found))))
    x = torch.stack(clips)
    x = (x - x.mean()) / (2 * x.std())
    y = torch.tensor([int(row["target"]) for row in rows if int(row["fold"]) != 5])
    y = F.one_hot(y, case["classes"]).float()
    model, teacher = build(case["model"], case).train(), build(case["teacher"], case).eval()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)

    def masked(clip):
        clip = torch.roll(clip, int(torch.randint(len(clip), (1,))), 0)
        for axis, most in ((1, case["freq_mask"]), (0, case["time_mask"])):
            width = int(torch.rand(1) * most)
            start = int(torch.rand(1) * (clip.shape[axis] - width))
            clip.narrow(axis, start, width).zero_()
        return clip

    def act():
        for chosen in torch.randperm(len(x)).split(case["batch"]):
            shown = torch.stack([masked(x[index]) for index in chosen])
            logits = model(shown)
            with torch.no_grad():
                said = teacher(shown)
            loss = cmkd(logits, said, y[chosen])
            loss.item()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

    return act


def layer_of(case):
    op, shape = case["op"], case.get("input")
    if op == "linear":
        linear = nn.Linear(shape[-1], case["outputs"])
        return nn.Sequential(linear, nn.GELU()) if case["gelu"] else linear
    if op == "attention":
        from timm.layers import Attention

        return Attention(shape[-1], num_heads=case["heads"], qkv_bias=True)
    if op == "layer_norm":
        return nn.LayerNorm(shape[-1], eps=1e-6)
    if op == "softmax":
        return lambda x: F.softmax(x, -1)
    if op == "activation":
        return {"gelu": F.gelu, "silu": F.silu, "relu": F.relu}[case["name"]]
    if op == "batch_norm":
        return nn.BatchNorm2d(shape[1])
    if op == "mean_pool":
        return lambda x: F.avg_pool2d(x, 2)
    if op == "conv":
        kernel = case["kernel"]
        moves = dict(stride=case["stride"], padding=kernel // 2, groups=case["groups"], bias=False)
        return nn.Conv2d(shape[1], case["outputs"], kernel, **moves)
    if op == "squeeze_excite":
        from timm.layers import SqueezeExcite

        return SqueezeExcite(shape[1], rd_channels=case["reduced"], act_layer=nn.SiLU)
    raise ValueError(f"no such work: {op}")


def prepared(case):
    own = {"adam": adam, "log_mel": log_mel, "losses": losses, "epoch": epoch}
    own.update({op: steps for op in ("forward", "train_step", "cmkd_step")})
    if case["op"] in own:
        return own[case["op"]](case)
    return of_layer(layer_of(case), [case["input"]], case["both"])


def timed(act):
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def answer(asked, state):
    if asked["do"] == "start":
        state.pop("act", None)
        state["act"] = prepared(asked["case"])
        return {"seconds": [timed(state["act"]) for _ in range(2)]}
    if asked["do"] == "repeat":
        return {"seconds": [timed(state["act"]) for _ in range(asked["times"])]}
    if asked["do"] == "peak":
        # KiB on Linux, bytes on macOS.
        unit = 1 if sys.platform == "darwin" else 1024
        return {"bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit}
    raise ValueError(f"no such request: {asked['do']}")


def main():
    versions, state = {"torch": torch.__version__}, {}
    for name in ("timm", "torchaudio"):
        try:
            versions[name] = __import__(name).__version__
        except Exception as error:  # only some cases need it, and each tells what it lacks
            versions[name] = f"none ({error})"
    print(json.dumps({"versions": versions, "threads": torch.get_num_threads()}), flush=True)
    for line in sys.stdin:
        try:
            told = answer(json.loads(line), state)
        except Exception as error:  # the other side tells it, and asks for the next case
            told = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(told), flush=True)


main()
