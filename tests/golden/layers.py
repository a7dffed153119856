"""Writes what PyTorch's and timm's layers make of small inputs, in float64.

Of each layer: its `state.*`, its inputs `in0`, …; in training mode the outputs `value0`, …, and the
gradients of sum(value * weight) over all outputs, where the weights run through -1.25, -0.75, … 1.75:
`gradient0`, … of the inputs and `grad.*` of the parameters; the buffers `running.*` after three batches
(the input x, then 1.5 x + 1 and 2 x + 2); the outputs `eval0`, … in evaluation mode.
"""
import torch
import torch.nn.functional as F
from timm.layers import Attention as TimmAttention
from timm.models._efficientnet_blocks import SqueezeExcite
from timm.models.vision_transformer import Block
from torch import nn

from oracle import save_tensors

torch.set_default_dtype(torch.float64)
torch.manual_seed(41)
out = {}


def normal(*shape):
    return torch.randn(*shape).float().double()


def unsettle(module):
    """Numbers that an untrained layer holds at 0 or 1 would hide mistakes; all are exact in f32."""
    for name, value in module.state_dict().items():
        if name.endswith("num_batches_tracked"):
            continue
        if value.ndim == 1 and (value == value[0]).all():
            value += 0.3 * torch.rand_like(value) if name.endswith("var") else 0.2 * torch.randn_like(value)
        value.copy_(value.float())


def kept(named):
    return [(name, value) for name, value in named if not name.endswith("num_batches_tracked")]


def record(name, module, *inputs, call=None):
    unsettle(module)
    call = call or module
    several = lambda value: value if isinstance(value, (tuple, list)) else (value,)
    out.update({f"{name}.state.{key}": value.clone() for key, value in kept(module.state_dict().items())})
    leaves = []
    for index, value in enumerate(inputs):
        out[f"{name}.in{index}"] = value.double()
        leaves.append(value.clone().requires_grad_(value.is_floating_point()))
    module.train()
    values = several(call(*leaves))
    loss = 0
    for index, value in enumerate(values):
        out[f"{name}.value{index}"] = value
        loss = loss + (value * (torch.arange(value.numel()) % 7 * 0.5 - 1.25).reshape(value.shape)).sum()
    loss.backward()
    out.update({f"{name}.gradient{index}": leaf.grad for index, leaf in enumerate(leaves) if leaf.grad is not None})
    out.update({f"{name}.grad.{key}": value.grad for key, value in module.named_parameters()})
    buffers = kept(module.named_buffers())
    if buffers:
        for step in (1, 2):
            call(inputs[0] * (1 + 0.5 * step) + step)
        out.update({f"{name}.running.{key}": value.clone() for key, value in buffers})
    module.eval()
    out.update({f"{name}.eval{index}": value for index, value in enumerate(several(call(*inputs)))})


line, image = normal(3, 4, 9), normal(2, 4, 5, 6)
record("linear", nn.Linear(5, 3), normal(2, 4, 5))
record("linear_plain", nn.Linear(5, 3, bias=False), normal(4, 5))
record("embedding", nn.Embedding(7, 3), torch.tensor([[0, 6, 2], [2, 2, 5]]))
record("conv1d", nn.Conv1d(4, 6, 3, stride=2, padding=1, dilation=2, groups=2), line)
record("conv1d_same", nn.Conv1d(4, 2, 4, padding="same", bias=False), line)
record("conv2d", nn.Conv2d(4, 6, (3, 2), stride=(2, 1), padding=(1, 0), dilation=(1, 2)), image)
record("conv2d_depthwise", nn.Conv2d(4, 4, 3, padding="same", groups=4), image)
record("conv_transpose1d", nn.ConvTranspose1d(4, 2, 3, stride=2, padding=1, output_padding=1), line)
record("conv_transpose2d", nn.ConvTranspose2d(4, 6, (3, 2), stride=2, groups=2, bias=False), image)

record("batch_norm1d", nn.BatchNorm1d(4), normal(6, 4))
record("batch_norm1d_line", nn.BatchNorm1d(4, momentum=0.25), line)
record("batch_norm2d", nn.BatchNorm2d(4, eps=1e-3, momentum=0.3), image)
record("batch_norm2d_plain", nn.BatchNorm2d(4, affine=False), image)
record("batch_norm2d_untracked", nn.BatchNorm2d(4, track_running_stats=False), image)
record("layer_norm", nn.LayerNorm(6), image)
record("layer_norm_two", nn.LayerNorm((5, 6), eps=1e-3), image)
record("layer_norm_scale", nn.LayerNorm(6, bias=False), image)
record("layer_norm_plain", nn.LayerNorm(6, elementwise_affine=False), image)
record("group_norm", nn.GroupNorm(2, 4, eps=1e-4), image)
record("group_norm_plain", nn.GroupNorm(4, 4, affine=False), line)
record("rms_norm", nn.RMSNorm(6, eps=1e-5), image)
record("rms_norm_two", nn.RMSNorm((5, 6), eps=1e-5), image)

record("max_pool1d", nn.MaxPool1d(3, stride=2, padding=1), line)
record("max_pool2d", nn.MaxPool2d((2, 3), padding=(1, 0)), image)
record("avg_pool1d", nn.AvgPool1d(2), line)
record("avg_pool2d", nn.AvgPool2d(3, stride=2, padding=1, count_include_pad=False), image)
record("adaptive_avg_pool2d", nn.AdaptiveAvgPool2d((2, 4)), image)
record("adaptive_max_pool1d", nn.AdaptiveMaxPool1d(4), line)
record("global_avg_pool", nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()), image)
record("global_max_pool", nn.Sequential(nn.AdaptiveMaxPool2d(1), nn.Flatten()), image)
record("flatten", nn.Flatten(), image)
record("squeeze_excite", SqueezeExcite(6, rd_ratio=0.25, act_layer=nn.SiLU), normal(2, 6, 3, 4))

for name, module in {
    "relu": nn.ReLU(), "leaky_relu": nn.LeakyReLU(), "elu": nn.ELU(), "gelu": nn.GELU(), "gelu_tanh": nn.GELU("tanh"),
    "silu": nn.SiLU(), "softplus": nn.Softplus(), "hardswish": nn.Hardswish(), "hardsigmoid": nn.Hardsigmoid(),
    "relu6": nn.ReLU6(), "sigmoid": nn.Sigmoid(), "log_sigmoid": nn.LogSigmoid(), "tanh": nn.Tanh(),
    "softmax": nn.Softmax(-1), "log_softmax": nn.LogSoftmax(-1),
}.items():
    record(f"activation_{name}", module, 4 * normal(3, 5))

# Attention: timm's layer, and its formula written out for its weights and for other keys and values.
tokens = normal(2, 5, 12)


def attend(module, query, key, value, mask=None):
    batch, queries, width = query.shape
    weight, bias = module.qkv.weight.chunk(3), module.qkv.bias.chunk(3)
    split = lambda x, index: F.linear(x, weight[index], bias[index]).unflatten(-1, (module.num_heads, -1)).transpose(1, 2)
    q, k, v = split(query, 0), split(key, 1), split(value, 2)
    mixed = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
    # The weights are what attention makes of the rows of a unit matrix.
    unit = torch.eye(k.shape[2]).expand(batch, module.num_heads, -1, -1)
    weights = F.scaled_dot_product_attention(q, k, unit, attn_mask=mask)
    return module.proj(mixed.transpose(1, 2).reshape(batch, queries, width)), weights


def attention(**options):
    return TimmAttention(12, num_heads=3, norm_layer=lambda width, **_: nn.LayerNorm(width, eps=1e-6), **options)


record("attention", attention(qkv_bias=True), tokens)
record("attention_normed", attention(qk_norm=True, proj_bias=False), tokens)
module = attention(qkv_bias=True)
record("attention_weights", module, tokens, call=lambda x: attend(module, x, x, x))
causal = torch.ones(5, 5).tril().bool()
module = attention(qkv_bias=True)
record("attention_bools", module, tokens, causal, call=lambda x, mask: attend(module, x, x, x, mask))
# The second query of the first clip may look nowhere.
nowhere = causal.expand(2, 1, 5, 5).clone()
nowhere[0, 0, 1] = False
module = attention(qkv_bias=True)
record("attention_nowhere", module, tokens, nowhere, call=lambda x, mask: attend(module, x, x, x, mask))
module = attention(qkv_bias=True)
record("attention_floats", module, tokens, normal(3, 5, 5), call=lambda x, mask: attend(module, x, x, x, mask))
module = attention(qkv_bias=True)
record("attention_cross", module, tokens, normal(2, 7, 12), normal(2, 7, 12), torch.rand(2, 1, 1, 7) > 0.4,
       call=lambda q, k, v, mask: attend(module, q, k, v, mask))

record("block", Block(12, 3, mlp_ratio=2.5, qkv_bias=True, init_values=0.1), tokens)
record("block_normed", Block(12, 4, qk_norm=True, act_layer=nn.SiLU), tokens)

# Recurrent layers, batch first.
steps = normal(3, 6, 4)


def recurrent(name, module, *inputs):
    def call(x, *state):
        output, last = module(x, (state if len(state) > 1 else state[0]) if state else None)
        return (output, *last) if isinstance(last, tuple) else (output, last)

    record(name, module, *inputs, call=call)


recurrent("gru", nn.GRU(4, 5, batch_first=True), steps)
recurrent("gru_deep", nn.GRU(4, 5, num_layers=2, bidirectional=True, batch_first=True), steps, normal(4, 3, 5))
recurrent("gru_plain", nn.GRU(4, 5, num_layers=2, bias=False, batch_first=True), steps)
recurrent("lstm", nn.LSTM(4, 5, batch_first=True), steps)
recurrent("lstm_deep", nn.LSTM(4, 5, num_layers=2, bidirectional=True, batch_first=True), steps, normal(4, 3, 5), normal(4, 3, 5))

save_tensors("layers.safetensors", {name: value.detach().numpy() for name, value in out.items()}, "torch", "timm")
