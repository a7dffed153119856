"""Formulas of the literature, written in the tensor language; beside them PyTorch's own functions where it
has them, and otherwise another way of writing the same."""
import math

import torch
import torch.nn.functional as F

from cases import case, f32, flags, i64, normal, positive

logits, hard = (4, 5), i64([3, 0, 4, 1])


def both(name, script, operation, *inputs, **rest):
    """A composite; the script may take several lines."""
    case(f"composite/{name}", script.strip(), operation, *inputs, **rest)


# Distillation of logits.
both("Hinton's KL", """
let tau = 4;
kl_div((a / tau).log_softmax(1), (b / tau).softmax(1), #{ reduction: "batch_mean" }) * tau ** 2
""", lambda a, b: F.kl_div(F.log_softmax(a / 4, 1), F.softmax(b / 4, 1), reduction="batchmean") * 16, normal(*logits, scale=3.0), normal(*logits, scale=3.0))


def dkd(a, b, target, alpha, beta, tau):
    """Decoupled distillation (Zhao et al. 2022), as its authors' program has it."""
    mask = F.one_hot(target, 5).bool()
    student, teacher = F.softmax(a / tau, 1), F.softmax(b / tau, 1)
    pair = [torch.stack([p[mask], 1 - p[mask]], 1) for p in (student, teacher)]
    first = (pair[1] * (pair[1].log() - pair[0].log())).sum() / len(a)
    rest = [F.log_softmax((x / tau)[~mask].reshape(len(a), -1), 1) for x in (a, b)]
    second = F.kl_div(rest[0], rest[1], log_target=True, reduction="batchmean")
    return (alpha * first + beta * second) * tau**2


both("DKD", """
let tau = 2;
let mask = c.one_hot(5);
let s = (a / tau).softmax(1);
let t = (b / tau).softmax(1);
let s_target = (s * mask).sum(1, true);
let t_target = (t * mask).sum(1, true);
let s_pair = cat([s_target, 1 - s_target], 1);
let t_pair = cat([t_target, 1 - t_target], 1);
let target_part = kl_div(s_pair.log(), t_pair, #{ reduction: "batch_mean" }) * tau ** 2;
let hidden = mask.to("bool");
let s_rest = (a / tau).masked_fill(hidden, -1e4).log_softmax(1);
let t_rest = (b / tau).masked_fill(hidden, -1e4).softmax(1);
let rest = kl_div(s_rest, t_rest, #{ reduction: "batch_mean" }) * tau ** 2;
1.0 * target_part + 8.0 * rest
""", lambda a, b, c: dkd(a, b, c, 1.0, 8.0, 2.0), normal(*logits), normal(*logits), hard)


def pearson(x, y):
    return torch.stack([torch.corrcoef(torch.stack(pair))[0, 1] for pair in zip(x, y)])


both("DIST", """
fn correlation(x, y) {
    cosine_similarity(x - x.mean(1, true), y - y.mean(1, true))
}
let s = (a / 1.5).softmax(1);
let t = (b / 1.5).softmax(1);
let inter = 1 - correlation(s, t).mean();
let intra = 1 - correlation(s.transpose(0, 1), t.transpose(0, 1)).mean();
inter + 2 * intra
""", lambda a, b: (1 - pearson(F.softmax(a / 1.5, 1), F.softmax(b / 1.5, 1)).mean())
     + 2 * (1 - pearson(F.softmax(a / 1.5, 1).T, F.softmax(b / 1.5, 1).T).mean()), normal(*logits), normal(*logits))
both("logits standardised first", """
let s = (a - a.mean(1, true)) / (a.std(1, true) + 1e-7);
let t = (b - b.mean(1, true)) / (b.std(1, true) + 1e-7);
kl_div((s / 2).log_softmax(1), (t / 2).softmax(1), #{ reduction: "batch_mean" }) * 4
""", lambda a, b: F.kl_div(F.log_softmax((a - a.mean(1, keepdim=True)) / (a.std(1, keepdim=True) + 1e-7) / 2, 1),
                           F.softmax((b - b.mean(1, keepdim=True)) / (b.std(1, keepdim=True) + 1e-7) / 2, 1), reduction="batchmean") * 4,
     normal(*logits), normal(*logits))
both("Jensen-Shannon divergence", """
let p = a.softmax(1);
let q = b.softmax(1);
let m = 0.5 * (p + q);
(0.5 * (p * (p / m).log()).sum(1) + 0.5 * (q * (q / m).log()).sum(1)).mean()
""", lambda a, b: 0.5 * (F.kl_div(((a.softmax(1) + b.softmax(1)) / 2).log(), a.softmax(1), reduction="batchmean")
                         + F.kl_div(((a.softmax(1) + b.softmax(1)) / 2).log(), b.softmax(1), reduction="batchmean")), normal(*logits), normal(*logits))
both("entropy of predictions", "-(a.softmax(1) * a.log_softmax(1)).sum(1)", lambda a: torch.distributions.Categorical(logits=a).entropy(), normal(*logits))
both("a confident teacher's samples only", """
let p = b.softmax(1);
let sure = p.max(1) > 0.5;
let each = cross_entropy(a, p, #{ reduction: "none" });
each[sure].sum() / sure.to("f32").sum().clamp_min(1)
""", lambda a, b: F.cross_entropy(a, b.softmax(1), reduction="none")[b.softmax(1).max(1).values > 0.5].mean(), normal(*logits), normal(*logits, scale=3.0))

# Distillation of relations and features.
both("RKD, distances", """
fn scaled(x) {
    let d = cdist(x, x);
    d / d[d > 0].mean()
}
smooth_l1(scaled(a), scaled(b.detach()))
""", lambda a, b: F.smooth_l1_loss(*(d / d[d > 0].mean() for d in (torch.cdist(a, a), torch.cdist(b.detach(), b.detach())))), normal(4, 3), normal(4, 6))
both("RKD, angles", """
fn angles(x) {
    let edges = (x.unsqueeze(0) - x.unsqueeze(1)).normalize(2);
    edges @ edges.transpose(1, 2)
}
smooth_l1(angles(a), angles(b.detach()))
""", lambda a, b: F.smooth_l1_loss(*(torch.einsum("ijd,ikd->ijk", *(F.normalize(x[None] - x[:, None], p=2, dim=2),) * 2) for x in (a, b.detach()))),
     normal(4, 3), normal(4, 6))
both("attention transfer", """
fn attention(x) { (x ** 2).mean(1).flatten(1).normalize(1) }
((attention(a) - attention(b)) ** 2).mean()
""", lambda a, b: (F.normalize(a.pow(2).mean(1).view(2, -1)) - F.normalize(b.pow(2).mean(1).view(2, -1))).pow(2).mean(), normal(2, 3, 2, 2), normal(2, 2, 2, 2))
both("similarity preserving", """
fn similarity(x) {
    let flat = x.flatten(1);
    (flat @ flat.transpose(0, 1)).normalize(1)
}
((similarity(a) - similarity(b)) ** 2).sum() / a.shape[0] ** 2
""", lambda a, b: F.mse_loss(F.normalize(a.flatten(1) @ a.flatten(1).T), F.normalize(b.flatten(1) @ b.flatten(1).T)), normal(3, 2, 2), normal(3, 4, 2))
both("Gram matrix", """
let flat = a.flatten(2);
flat @ flat.transpose(1, 2) / (a.shape[1] * a.shape[2] * a.shape[3])
""", lambda a: torch.einsum("nchw,ndhw->ncd", a, a) / 18, normal(2, 3, 2, 3))
both("FSP matrix", "(a.flatten(2) @ b.flatten(2).transpose(1, 2)) / (a.shape[2] * a.shape[3])",
     lambda a, b: torch.einsum("nchw,ndhw->ncd", a, b) / 6, normal(1, 3, 2, 3), normal(1, 2, 2, 3))
both("FitNets through a convolution", "mse(conv2d(a, c), b)", lambda a, b, c: F.mse_loss(F.conv2d(a, c), b), normal(1, 2, 3, 2), normal(1, 3, 3, 2), normal(3, 2, 1, 1))
both("a feature map brought to size", "mse(interpolate(a, [4, 4], \"bilinear\"), b.detach())",
     lambda a, b: F.mse_loss(F.interpolate(a, (4, 4), mode="bilinear"), b.detach()), normal(1, 2, 3, 2), normal(1, 2, 4, 4))
both("NST, a polynomial kernel", """
fn unit(x) { x.flatten(2).normalize(2) }
fn kernel(x, y) { ((x @ y.transpose(1, 2)) ** 2).mean() }
let s = unit(a);
let t = unit(b);
kernel(s, s) + kernel(t, t) - 2 * kernel(s, t)
""", lambda a, b: sum(sign * torch.einsum("nid,njd->nij", F.normalize(x.flatten(2), dim=2), F.normalize(y.flatten(2), dim=2)).pow(2).mean()
                      for sign, x, y in ((1, a, a), (1, b, b), (-2, a, b))), normal(1, 3, 2, 2), normal(1, 4, 2, 2))
both("MMD with a Gaussian kernel", """
fn kernel(x, y) { (-(cdist(x, y) ** 2) / 2).exp().mean() }
kernel(a, a) + kernel(b, b) - 2 * kernel(a, b)
""", lambda a, b: sum(sign * torch.exp(-((x[:, None] - y[None]) ** 2).sum(-1) / 2).mean() for sign, x, y in ((1, a, a), (1, b, b), (-2, a, b))),
     normal(3, 2), normal(4, 2))


def centred(x):
    return x - x.mean(0)


both("linear CKA", """
fn centred(x) { x - x.mean(0, true) }
let x = centred(a);
let y = centred(b);
let cross = (y.transpose(0, 1) @ x).norm() ** 2;
cross / ((x.transpose(0, 1) @ x).norm() * (y.transpose(0, 1) @ y).norm())
""", lambda a, b: (lambda k, l: (k * l).sum() / (k.norm() * l.norm()))(centred(a) @ centred(a).T, centred(b) @ centred(b).T), normal(5, 3), normal(5, 4))
both("VID", "(0.5 * ((b - a) ** 2 / c.exp() + c)).mean()", lambda a, b, c: F.gaussian_nll_loss(a, b, c.exp(), eps=0), normal(3, 2), normal(3, 2), normal(3, 2))

# Contrast.
both("InfoNCE", "let s = a.normalize(1) @ b.normalize(1).transpose(0, 1) / 0.1;\ncross_entropy(s, tensor::arange(a.shape[0]))",
     lambda a, b: F.cross_entropy(F.cosine_similarity(a[:, None], b[None], dim=-1) / 0.1, torch.arange(4)), normal(4, 3), normal(4, 3))
both("CLIP, both ways", """
let s = a.normalize(1) @ b.normalize(1).transpose(0, 1) * c.exp();
let right = tensor::arange(3);
(cross_entropy(s, right) + cross_entropy(s.transpose(0, 1), right)) / 2
""", lambda a, b, c: (lambda s: (F.cross_entropy(s, torch.arange(3)) + F.cross_entropy(s.T, torch.arange(3))) / 2)(F.normalize(a) @ F.normalize(b).T * c.exp()),
     normal(3, 4), normal(3, 4), normal(1))


def supcon(a, labels, tau):
    z = F.normalize(a)
    total = 0
    for i in range(len(a)):
        others = [j for j in range(len(a)) if j != i]
        same = [j for j in others if labels[j] == labels[i]]
        scores = z @ z[i] / tau
        total = total - sum(scores[j] - torch.logsumexp(scores[others], 0) for j in same) / len(same)
    return total / len(a)


both("supervised contrast", """
let z = a.normalize(1);
let s = z @ z.transpose(0, 1) / 0.5;
let own = tensor::eye(a.shape[0]).to("bool");
let same = (b.unsqueeze(0) == b.unsqueeze(1)) & !own;
let log_p = s - s.masked_fill(own, -1.0 / 0.0).logsumexp(1, true);
-((log_p * same).sum(1) / same.sum(1)).mean()
""", lambda a, b: supcon(a, b, 0.5), normal(6, 3), i64([0, 1, 0, 1, 1, 0]))
both("triplet", "let near = ((a - b + 1e-6) ** 2).sum(1).sqrt();\nlet far = ((a - c + 1e-6) ** 2).sum(1).sqrt();\n(near - far + 1).relu().mean()",
     F.triplet_margin_loss, normal(3, 4), normal(3, 4), normal(3, 4))
both("Barlow twins", """
fn standard(x) { (x - x.mean(0)) / x.std(0, #{ correction: 0 }) }
let c = standard(a).transpose(0, 1) @ standard(b) / a.shape[0];
let diagonal = einsum("ii->i", c);
((diagonal - 1) ** 2).sum() + 0.005 * ((c ** 2).sum() - (diagonal ** 2).sum())
""", lambda a, b: (lambda c: (c.diagonal() - 1).pow(2).sum() + 0.005 * (c - torch.diag(c.diagonal())).pow(2).sum())
     (F.batch_norm(a, None, None, training=True, eps=1e-20).T @ F.batch_norm(b, None, None, training=True, eps=1e-20) / 5), normal(5, 3), normal(5, 3))
both("VICReg, variance and covariance", """
let x = a - a.mean(0);
let c = x.transpose(0, 1) @ x / (a.shape[0] - 1);
let off = c * (1 - tensor::eye(a.shape[1]));
(1 - (a.var(0) + 1e-4).sqrt()).relu().mean() + (off ** 2).sum() / a.shape[1]
""", lambda a: F.relu(1 - torch.sqrt(a.var(0) + 1e-4)).mean() + (torch.cov(a.T) - torch.diag(torch.diag(torch.cov(a.T)))).pow(2).sum() / 3, normal(5, 3))

# Losses of labels.
both("label smoothing", "let p = a.log_softmax(1);\nlet right = p.gather(1, b.unsqueeze(1)).squeeze(1);\n-(0.9 * right + 0.1 * p.mean(1)).mean()",
     lambda a, b: F.cross_entropy(a, b, label_smoothing=0.1), normal(*logits), hard)
both("focal loss", "let each = bce(a, b, #{ reduction: \"none\" });\nlet p = a.sigmoid();\nlet right = p * b + (1 - p) * (1 - b);\n((0.25 * b + 0.75 * (1 - b)) * (1 - right) ** 2 * each).mean()",
     lambda a, b: torch.where(b > 0.5, -0.25 * (1 - a.sigmoid()) ** 2 * F.logsigmoid(a), -0.75 * a.sigmoid() ** 2 * F.logsigmoid(-a)).mean(),
     normal(3, 4), flags([[1, 0, 0, 1], [0, 0, 1, 0], [1, 1, 0, 0]]))
both("PolyLoss", "let p = (a.softmax(1) * b.one_hot(5)).sum(1);\n(cross_entropy(a, b, #{ reduction: \"none\" }) + 2 * (1 - p)).mean()",
     lambda a, b: F.cross_entropy(a, b) + 2 * (1 - a.softmax(1).gather(1, b[:, None])).mean(), normal(*logits), hard)
both("weighted classes", "let w = b.index_select(0, c);\n(cross_entropy(a, c, #{ reduction: \"none\" }) * w).sum() / w.sum()",
     lambda a, b, c: F.cross_entropy(a, c, reduction="none").mul(b[c]).sum() / b[c].sum(), normal(*logits), positive(5), hard)
both("dice", "let p = a.sigmoid();\n1 - ((2 * (p * b).sum([1, 2]) + 1) / (p.sum([1, 2]) + b.sum([1, 2]) + 1)).mean()",
     lambda a, b: 1 - ((2 * (a.sigmoid() * b).flatten(1).sum(1) + 1) / (a.sigmoid().flatten(1).sum(1) + b.flatten(1).sum(1) + 1)).mean(),
     normal(2, 3, 3), f32([[[1, 0, 1], [0, 0, 1], [1, 1, 0]], [[0, 0, 0], [1, 0, 1], [0, 1, 1]]]))
both("Huber", "let d = (a - b).abs();\nwhere(d < 0.5, 0.5 * d ** 2, 0.5 * (d - 0.25)).mean()", lambda a, b: F.huber_loss(a, b, delta=0.5), normal(3, 4), normal(3, 4))
both("log-cosh", "let d = a - b;\n(d + softplus(-2 * d) - tensor(2).log()).mean()", lambda a, b: torch.log(torch.cosh(a - b)).mean(), normal(6), normal(6))
both("Poisson", "(a.exp() - b * a).mean()", F.poisson_nll_loss, normal(5), f32([0, 1, 3, 2, 0]))
both("hinge of pairs", "(-c * (a - b) + 0.1).relu().mean()", lambda a, b, c: F.margin_ranking_loss(a, b, c, margin=0.1), normal(5), normal(5), f32([1, -1, 1, -1, 1]))
both("multi-class margin", "let right = a.gather(1, b.unsqueeze(1));\nlet m = (1 - right + a).relu();\n(m.masked_fill(b.one_hot(5).to(\"bool\"), 0).sum(1) / 5).mean()",
     F.multi_margin_loss, normal(*logits), hard)
both("ArcFace", """
let cosine = a.normalize(1) @ b.normalize(1).transpose(0, 1);
let sine = (1 - cosine ** 2).sqrt();
let turned = cosine * tensor(0.5).cos() - sine * tensor(0.5).sin();
let hit = c.one_hot(5);
cross_entropy(8 * (hit * turned + (1 - hit) * cosine), c)
""", lambda a, b, c: (lambda cosine, hit: F.cross_entropy(8 * torch.where(hit, torch.cos(torch.acos(cosine) + 0.5), cosine), c))
     (F.linear(F.normalize(a), F.normalize(b)), F.one_hot(c, 5).bool()), normal(4, 3), normal(5, 3), hard)
both("mixup of targets", "let target = 0.7 * b.one_hot(5) + 0.3 * b.flip(0).one_hot(5);\ncross_entropy(0.7 * a + 0.3 * a.flip(0), target)",
     lambda a, b: 0.7 * F.cross_entropy(0.7 * a + 0.3 * a.flip(0), b) + 0.3 * F.cross_entropy(0.7 * a + 0.3 * a.flip(0), b.flip(0)), normal(*logits), hard)
both("accuracy", "(a.argmax(1) == b).mean()", lambda a, b: (a.argmax(1) == b).to(a.dtype).mean(), normal(*logits), hard)
both("accuracy among the best two", "(a.topk(2).indices == b.unsqueeze(1)).any(1).mean()", lambda a, b: (a.topk(2).indices == b[:, None]).any(1).to(a.dtype).mean(), normal(*logits), hard)

# Layers from primitives.
both("layer norm", "let m = a.mean(-1, true);\nlet v = a.var(-1, #{ keep: true, correction: 0 });\n(a - m) / (v + 1e-5).sqrt() * b + c",
     lambda a, b, c: F.layer_norm(a, (4,), b, c), normal(2, 3, 4), normal(4), normal(4))
both("batch norm", "let dims = [0, 2, 3];\nlet m = a.mean(dims, true);\nlet v = ((a - m) ** 2).mean(dims, true);\n(a - m) * (v + 1e-5).rsqrt() * b.reshape([1, -1, 1, 1]) + c.reshape([1, -1, 1, 1])",
     lambda a, b, c: F.batch_norm(a, None, None, b, c, training=True), normal(2, 2, 2, 2), normal(2), normal(2))
both("group norm", "let g = a.reshape([2, 2, -1]);\nlet n = (g - g.mean(2, true)) / (g.var(2, #{ keep: true, correction: 0 }) + 1e-5).sqrt();\nn.reshape(a.shape) * b.reshape([4, 1]) + c.reshape([4, 1])",
     lambda a, b, c: F.group_norm(a, 2, b, c), normal(2, 4, 3), normal(4), normal(4))
both("RMS norm", "a * ((a ** 2).mean(-1, true) + 1e-6).rsqrt() * b", lambda a, b: F.rms_norm(a, (4,), b, 1e-6), normal(3, 4), normal(4))
both("GELU by erf", "0.5 * a * (1 + (a / tensor(2).sqrt()).erf())", F.gelu, normal(8, scale=2.0))
both("gated linear unit", "let halves = a.chunk(2, -1);\nhalves[0] * halves[1].sigmoid()", F.glu, normal(3, 6))
both("mish", "a * a.softplus().tanh()", F.mish, normal(7, scale=3.0))
both("attention", "(einsum(\"bhqd,bhkd->bhqk\", a, b) / tensor(a.shape[-1]).sqrt()).softmax(-1) @ c",
     F.scaled_dot_product_attention, normal(1, 2, 2, 4), normal(1, 2, 3, 4), normal(1, 2, 3, 4))
both("causal attention", "let s = a @ b.transpose(-1, -2) / 2.0;\nlet hidden = tensor::ones([3, 3]).tril() == 0;\ns.masked_fill(hidden, -1.0 / 0.0).softmax(-1) @ c",
     lambda a, b, c: F.scaled_dot_product_attention(a, b, c, is_causal=True), normal(1, 3, 4), normal(1, 3, 4), normal(1, 3, 4))


def heads(a, b, c):
    """PyTorch's own multi-head attention of two heads."""
    return F.multi_head_attention_forward(a.transpose(0, 1), a.transpose(0, 1), a.transpose(0, 1), 4, 2, b, torch.zeros(12), None, None,
                                          False, 0.0, c, torch.zeros(4), training=False)[0].transpose(0, 1)


both("multi-head attention", """
let heads = 2;
let parts = linear(a, b).split(4, -1);
let q = parts[0].reshape([1, 3, heads, 2]);
let k = parts[1].reshape([1, 3, heads, 2]);
let v = parts[2].reshape([1, 3, heads, 2]);
let weights = (einsum("bqhd,bkhd->bhqk", q, k) / tensor(2).sqrt()).softmax(-1);
linear(einsum("bhqk,bkhd->bqhd", weights, v).flatten(2), c)
""", heads, normal(1, 3, 4), normal(12, 4, scale=0.6), normal(4, 4))
both("LSTM cell", """
let g = linear(a, c) + linear(b, d);
let i = g.narrow(1, 0, 2).sigmoid();
let f = g.narrow(1, 2, 2).sigmoid();
let n = g.narrow(1, 4, 2).tanh();
let o = g.narrow(1, 6, 2).sigmoid();
o * (f * e + i * n).tanh()
""", lambda a, b, c, d, e: torch.lstm_cell(a, (b, e), c, d)[0], normal(2, 3), normal(2, 2), normal(8, 3), normal(8, 2), normal(2, 2))
both("GRU over time", """
let h = b;
for step in a.split(1, 1) {
    let x = linear(step.squeeze(1), c).chunk(3, 1);
    let y = linear(h, d).chunk(3, 1);
    let r = (x[0] + y[0]).sigmoid();
    let z = (x[1] + y[1]).sigmoid();
    let n = (x[2] + r * y[2]).tanh();
    h = (1 - z) * n + z * h;
}
h
""", lambda a, b, c, d: torch.gru_cell(a[:, 1], torch.gru_cell(a[:, 0], b, c, d), c, d), normal(2, 2, 3), normal(2, 2), normal(6, 3), normal(6, 2))
both("squeeze and excite", "let s = a.mean([2, 3]);\nlet gate = linear(linear(s, b).relu(), c).sigmoid();\na * gate.unsqueeze(-1).unsqueeze(-1)",
     lambda a, b, c: a * torch.sigmoid(F.relu(F.adaptive_avg_pool2d(a, 1).flatten(1) @ b.T) @ c.T)[..., None, None], normal(1, 4, 2, 3), normal(2, 4), normal(4, 2))
both("convolution by unfold", "let patches = a.unfold(2, 3, 1).unfold(3, 2, 1);\neinsum(\"nchwij,ocij->nohw\", patches, b)", F.conv2d, normal(1, 2, 4, 4), normal(3, 2, 3, 2))
both("depthwise separable", "conv2d(conv2d(a, b, #{ groups: 2, padding: 1 }), c).relu()", lambda a, b, c: F.relu(F.conv2d(F.conv2d(a, b, groups=2, padding=1), c)), normal(1, 2, 4, 4), normal(2, 1, 3, 3), normal(3, 2, 1, 1))
both("global response norm", "let g = a.norm([2, 3], true);\nlet n = g / (g.mean(1, true) + 1e-6);\na * n + a",
     lambda a: a + a * (lambda g: g / (g.mean(1, keepdim=True) + 1e-6))(a.pow(2).sum((2, 3), keepdim=True).sqrt()), normal(2, 3, 2, 2))
both("embedding", "b[a].mean(1)", lambda a, b: F.embedding_bag(a, b, mode="mean"), i64([[0, 2], [3, 3]]), normal(4, 3))
both("positions by sine", """
let at = tensor::arange(4).unsqueeze(1) * (tensor::arange(0, 6, 2) * (-9.210340371976184 / 6)).exp();
a + stack([at.sin(), at.cos()], -1).flatten(1)
""", lambda a: a + torch.stack([fn(torch.arange(4.0)[:, None] / 10000 ** (torch.arange(0, 6, 2) / 6)) for fn in (torch.sin, torch.cos)], -1).flatten(1), normal(4, 6))
both("rotary positions", "let halves = a.chunk(2, -1);\nlet turned = cat([-halves[1], halves[0]], -1);\na * b.cos() + turned * b.sin()",
     lambda a, b: torch.cat([a[..., :2] * b[..., :2].cos() - a[..., 2:] * b[..., :2].sin(), a[..., 2:] * b[..., 2:].cos() + a[..., :2] * b[..., 2:].sin()], -1), normal(2, 3, 4), normal(3, 4))

# Signals.
both("log-mel energies", """
let s = stft(a, #{ n_fft: 8, hop: 4, window: b });
let power = s.real ** 2 + s.imag ** 2;
(einsum("mf,nft->nmt", c, power) + 1e-3).log()
""", lambda a, b, c: torch.log(c @ torch.stft(a, 8, 4, window=b, return_complex=True).abs().pow(2) + 1e-3), normal(2, 16), f32([0.1, 0.4, 0.8, 1, 1, 0.8, 0.4, 0.1]), positive(3, 5))
both("pre-emphasis", "let delayed = a.roll(1, 1);\nlet first = cat([a.narrow(1, 0, 1), delayed.narrow(1, 1, 5)], 1);\na - 0.97 * first",
     lambda a: a - 0.97 * torch.cat([a[:, :1], a[:, :-1]], 1), normal(2, 6))
both("delta features", "let p = a.pad([2, 2], \"replicate\");\n(p.narrow(2, 3, 6) - p.narrow(2, 1, 6) + 2 * (p.narrow(2, 4, 6) - p.narrow(2, 0, 6))) / 10",
     lambda a: F.conv1d(F.pad(a, (2, 2), "replicate"), torch.tensor([[[-2.0, -1.0, 0.0, 1.0, 2.0]]]) / 10), normal(2, 1, 6))
both("spectral convergence", """
fn magnitude(x) {
    let s = rfft(x);
    (s.real ** 2 + s.imag ** 2 + 1e-4).sqrt()
}
let s = magnitude(a);
let t = magnitude(b.detach());
(t - s).norm() / t.norm() + l1(s.log(), t.log())
""", lambda a, b: (lambda s, t: (t - s).norm() / t.norm() + F.l1_loss(s.log(), t.log()))(*((torch.fft.rfft(x).abs() ** 2 + 1e-4).sqrt() for x in (a, b.detach()))), normal(2, 7), normal(2, 7))
both("SI-SDR", """
let s = a - a.mean(1, true);
let t = b - b.mean(1, true);
let part = (s * t).sum(1, true) / (t * t).sum(1, true) * t;
-(10 / tensor(10).log()) * ((part ** 2).sum(1) / ((s - part) ** 2).sum(1)).log()
""", lambda a, b: (lambda c: -10 * torch.log10(c**2 / (1 - c**2)))(pearson(a, b)), normal(2, 8), normal(2, 8))

# Iterations.
def sinkhorn(a):
    """In logarithms, where the script multiplies."""
    f, g = torch.zeros(3), torch.full((3,), -math.log(3))
    for _ in range(20):
        f = -math.log(3) - torch.logsumexp(-a / 0.5 + g, 1)
        g = -math.log(3) - torch.logsumexp(-a / 0.5 + f[:, None], 0)
    return ((f[:, None] - a / 0.5 + g).exp() * a).sum()


def powered(a):
    v = torch.ones(3, 1)
    for _ in range(8):
        v = a.T @ (a @ v)
        v = v / v.norm()
    return (a @ v).norm()


both("Sinkhorn", """
let k = (-a / 0.5).exp();
let u = tensor::ones([3]) / 3;
let v = u;
for i in 0..20 {
    u = 1.0 / 3 / (k @ v);
    v = 1.0 / 3 / (k.transpose(0, 1) @ u);
}
(u.unsqueeze(1) * k * v.unsqueeze(0) * a).sum()
""", sinkhorn, positive(3, 3))
both("soft argmax", "(tensor::linspace(0, 1, 5) * (a * 10).softmax(1)).sum(1)", lambda a: (a * 10).softmax(1) @ torch.linspace(0, 1, 5), normal(*logits))
both("a Gumbel choice, straight through", """
let soft = ((a + b) / 0.7).softmax(1);
let chosen = soft.argmax(1).one_hot(5);
chosen - soft.detach() + soft
""", lambda a, b: F.one_hot(((a + b) / 0.7).softmax(1).argmax(1), 5) + (s := ((a + b) / 0.7).softmax(1)) - s.detach(), normal(*logits), normal(*logits))
both("power iteration", "let v = tensor::ones([3, 1]);\nfor i in 0..8 { v = (a.transpose(0, 1) @ (a @ v)).normalize(0); }\n(a @ v).norm()",
     powered, normal(4, 3))
both("exponential moving average", "let m = a[0];\nlet all = [m];\nfor i in 1..4 { m = 0.9 * m + 0.1 * a[i]; all.push(m); }\nstack(all, 0)",
     lambda a: torch.stack([sum((0.9**t if s == 0 else 0.1 * 0.9 ** (t - s)) * a[s] for s in range(t + 1)) for t in range(4)]), normal(4, 3))
