"""Writes the value and the gradients of each tensor operation, as PyTorch has them in float64.

Of each case: `case.in0`, `case.in1`, …, `case.value`, `case.gradient0`, `case.gradient1`, … The
gradients are those of sum(value * weight), where the weights run through -1.25, -0.75, … 1.75.
"""
import numpy as np
import torch
import torch.nn.functional as F

from oracle import save_tensors

random = np.random.default_rng(8)
out = {}


def normal(*shape, scale=1.0, mean=0.0):
    return mean + scale * random.standard_normal(shape)


def case(name, operation, *inputs):
    inputs = [torch.tensor(np.asarray(value, dtype=np.float32), dtype=torch.float64) for value in inputs]
    for index, value in enumerate(inputs):
        out[f"{name}.in{index}"] = value.numpy().copy()
        value.requires_grad_(True)
    value = operation(*inputs)
    value = value[None] if value.ndim == 0 else value
    weight = (torch.arange(value.numel()) % 7 * 0.5 - 1.25).reshape(value.shape)
    (value * weight).sum().backward()
    out[f"{name}.value"] = value.detach().numpy()
    for index, tensor in enumerate(inputs):
        if tensor.grad is not None:
            out[f"{name}.gradient{index}"] = tensor.grad.numpy()


# Elementwise, broadcast in either direction; the divisor stays away from 0.
left, right = normal(2, 3, 1), normal(3, 4)
away = np.sign(right) * (np.abs(right) + 0.5)
case("add", lambda a, b: a + b, left, right)
case("sub", lambda a, b: a - b, left, right)
case("mul", lambda a, b: a * b, left, right)
case("div", lambda a, b: a / b, left, away)
case("add_same", lambda a, b: a + b, normal(3, 4), right)
case("mul_vector", lambda a, b: a * b, normal(2, 3, 4), normal(4))
case("sub_left", lambda a, b: a - b, normal(1), normal(2, 5))
case("add_number", lambda a: a + 1.5, right)
case("sub_number", lambda a: a - 1.5, right)
case("mul_number", lambda a: a * -2.5, right)
case("div_number", lambda a: a / 3.0, right)
case("pow_3", lambda a: a**3.0, [-2.0, -1.0, -0.5, 0.0, 0.25, 1.0, 3.0])
case("pow_half", lambda a: a**0.5, [0.01, 0.25, 1.0, 7.0])
case("pow_minus_1", lambda a: a**-1.0, [-4.0, -0.5, 0.125, 3.0])
# Not at the limit itself: which of both slopes counts there has changed between versions of PyTorch.
beside = [-2.0, -0.51, -0.49, 0.0, 0.49, 0.51, 2.0]
case("clamp_min", lambda a: a.clamp(min=-0.5), beside)
case("clamp_max", lambda a: a.clamp(max=0.5), beside)

# Unary, far beyond where a careless formula overflows or cancels.
wide = [-1000.0, -100.0, -88.8, -30.0, -17.5, -8.0, -3.0, -1.0, -0.1, -1e-4]
wide = wide + [0.0] + [-value for value in reversed(wide)]
positive = [1e-30, 1e-6, 0.1, 0.5, 1.0, 2.0, 50.0, 1e20]
case("neg", lambda a: -a, right)
case("exp", torch.exp, [-100.0, -20.0, -3.0, -0.5, 0.0, 1e-4, 0.5, 3.0, 20.0, 80.0])
case("log", torch.log, positive)
case("log1p", torch.log1p, [-0.9, -0.5, -1e-6, 0.0, 1e-7, 1e-3, 0.5, 3.0, 1e6])
case("sqrt", torch.sqrt, positive)
case("abs", torch.abs, wide)
case("tanh", torch.tanh, wide)
case("erf", torch.erf, wide)
case("sigmoid", torch.sigmoid, wide)
case("log_sigmoid", F.logsigmoid, wide)
case("relu", torch.relu, wide)
case("gelu", F.gelu, wide)
case("softplus", F.softplus, wide)

# Probabilities.
table = normal(3, 5, scale=2.0)
extreme = [[80.0, -80.0, 0.0], [-80.0, 80.0, 80.0], [1000.0, 999.0, -1000.0]]
for name, operation in (("softmax", F.softmax), ("log_softmax", F.log_softmax)):
    case(f"{name}_last", lambda a: operation(a, -1), table)
    case(f"{name}_middle", lambda a: operation(a, 1), normal(2, 4, 3))
    case(f"{name}_extreme", lambda a: operation(a, 1), extreme)

# Reductions.
cube = normal(2, 3, 4)
case("sum", torch.sum, cube)
case("mean", torch.mean, cube)
case("sum_middle", lambda a: a.sum(1), cube)
case("sum_outer_kept", lambda a: a.sum((0, 2), keepdim=True), cube)
case("mean_last_two", lambda a: a.mean((-1, -2)), cube)
case("mean_kept", lambda a: a.mean(1, keepdim=True), cube)
case("max_middle", lambda a: a.max(1).values, cube)
case("max_kept", lambda a: a.max(-1, keepdim=True).values, cube)
case("max_tied", lambda a: a.max(1).values, [[1.0, 3.0, 3.0], [2.0, 2.0, 2.0], [0.0, -1.0, 0.0]])
out["argmax.in0"] = np.array([[1, 3, 3, 0], [2, 2, 2, 2], [-5, -4, -6, -4]], dtype=np.float32)
out["argmax.value"] = out["argmax.in0"].argmax(1)

# Products.
case("matmul", torch.matmul, normal(3, 5), normal(5, 2))
case("matmul_odd", torch.matmul, normal(9, 33), normal(33, 10))
case("matmul_batch", torch.matmul, normal(4, 3, 5), normal(4, 5, 2))
case("matmul_broadcast", torch.matmul, normal(2, 1, 3, 4), normal(5, 4, 2))
case("matmul_shared", torch.matmul, normal(3, 4), normal(2, 4, 5))
case("linear", F.linear, normal(2, 3, 4), normal(5, 4), normal(5))
case("linear_plain", F.linear, normal(6, 4), normal(3, 4))
case("linear_vector", F.linear, normal(4), normal(3, 4), normal(3))

# Convolutions, also where the last columns are left over.
image = normal(2, 4, 6, 7)
case("conv", F.conv2d, image, normal(3, 4, 3, 3))
case("conv_bias", F.conv2d, image, normal(3, 4, 1, 1), normal(3))
case("conv_padded", lambda a, k, b: F.conv2d(a, k, b, padding=(1, 2)), image, normal(3, 4, 3, 3), normal(3))
case("conv_stride", lambda a, k, b: F.conv2d(a, k, b, stride=(2, 3)), image, normal(3, 4, 3, 2), normal(3))
case("conv_dilated", lambda a, k: F.conv2d(a, k, dilation=(2, 3), padding=(2, 0)), image, normal(3, 4, 3, 2))
case("conv_groups", lambda a, k, b: F.conv2d(a, k, b, groups=2, padding=1), image, normal(6, 2, 3, 3), normal(6))
case("conv_depthwise", lambda a, k: F.conv2d(a, k, groups=4, stride=2, padding=1), image, normal(4, 1, 3, 3))
case("conv_patches", lambda a, k, b: F.conv2d(a, k, b, stride=4), normal(2, 1, 9, 13), normal(5, 1, 4, 4), normal(5))
case("conv_all", lambda a, k, b: F.conv2d(a, k, b, stride=(2, 1), padding=(2, 1), dilation=(1, 2), groups=2),
     image, normal(4, 2, 2, 3), normal(4))
case("avg_pool_2", lambda a: F.avg_pool2d(a, 2), normal(2, 2, 5, 7))
case("avg_pool_3", lambda a: F.avg_pool2d(a, 3), normal(1, 2, 7, 6))

# Normalisation, also far from 0, where a variance of squares would cancel.
def batch_norm(a, scale, shift):
    return F.batch_norm(a, None, None, scale, shift, training=True, eps=1e-5)


scale, shift = normal(4, mean=1.0, scale=0.2), normal(4)
far = normal(2, 4, 3, 5, scale=0.5, mean=30.0)
case("layer_norm", lambda a, w, b: F.layer_norm(a, (4,), w, b, 1e-5), cube, scale, shift)
case("layer_norm_far", lambda a, w, b: F.layer_norm(a, (4,), w, b, 1e-6), normal(3, 4, mean=30.0, scale=0.5), scale, shift)
case("layer_norm_faint", lambda a, w, b: F.layer_norm(a, (4,), w, b, 1e-6), normal(3, 4, scale=1e-3), scale, shift)
case("batch_norm_train", batch_norm, normal(3, 4, 2, 5), scale, shift)
case("batch_norm_train_far", batch_norm, far, scale, shift)
out["batch_norm_far.mean"] = far.astype(np.float32).mean((0, 2, 3), dtype=np.float64)
out["batch_norm_far.variance"] = far.astype(np.float32).var((0, 2, 3), dtype=np.float64)
case("batch_norm_train_table", batch_norm, normal(6, 4), scale, shift)
case("batch_norm_eval", lambda a, w, b, m, v: F.batch_norm(a, m.detach(), v.detach(), w, b, eps=1e-3),
     normal(3, 4, 2, 5), scale, shift, normal(4), np.abs(normal(4)) + 0.1)

# Moves.
case("reshape", lambda a: a.reshape(4, -1), cube)
case("permute", lambda a: a.permute(2, 0, 1), cube)
case("transpose", lambda a: a.transpose(0, -1), cube)
case("narrow", lambda a: a.narrow(-1, 1, 2), cube)
case("expand", lambda a: a.expand(2, 3, 4), normal(3, 1))
case("cat", lambda a, b, c: torch.cat([a, b, c], 1), normal(2, 1, 3), normal(2, 2, 3), normal(2, 3, 3))

save_tensors("tensor.safetensors", out, "torch")
