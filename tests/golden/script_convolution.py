"""Convolutions, pooling, interpolation, norms with weights, and Fourier transforms."""
import torch
import torch.nn.functional as F

from cases import case, distinct, f32, fails, i64, inf, normal, real


def conv(kind, name, script, options, image, kernel, bias=None):
    """A case of conv1d, conv2d or conv_transpose2d; `bias` is its length."""
    function = getattr(F, kind)
    given = [normal(*image), normal(*kernel, scale=0.5)] + ([normal(bias)] if bias else [])
    case(f"convolution/{kind}, {name}", script, lambda a, b, *c: function(a, b, *c, **options), *given)


conv("conv1d", "plain", "conv1d(a, b)", {}, (2, 3, 6), (2, 3, 3))
conv("conv1d", "bias", "a.conv1d(b, #{ bias: c })", {}, (2, 3, 7), (2, 3, 1), 2)
conv("conv1d", "all", "conv1d(a, b, #{ bias: c, stride: 2, padding: 3, dilation: 2, groups: 2 })",
     dict(stride=2, padding=3, dilation=2, groups=2), (2, 2, 9), (4, 1, 3), 4)
conv("conv1d", "same", "conv1d(a, b, #{ padding: \"same\" })", dict(padding="same"), (1, 2, 6), (2, 2, 4))
conv("conv1d", "same, dilated", "conv1d(a, b, #{ padding: \"same\", dilation: 3 })", dict(padding="same", dilation=3), (1, 2, 7), (2, 2, 3))
conv("conv1d", "depthwise", "conv1d(a, b, #{ groups: 3, padding: 1 })", dict(groups=3, padding=1), (2, 3, 5), (3, 1, 3))

conv("conv2d", "plain", "conv2d(a, b)", {}, (2, 2, 3, 4), (2, 2, 2, 3))
conv("conv2d", "bias, 1 by 1", "conv2d(a, b, #{ bias: c })", {}, (1, 4, 2, 3), (2, 4, 1, 1), 2)
conv("conv2d", "padding", "conv2d(a, b, #{ padding: [1, 2] })", dict(padding=(1, 2)), (1, 1, 4, 5), (2, 1, 3, 3))
conv("conv2d", "stride", "conv2d(a, b, #{ stride: [2, 3], bias: c })", dict(stride=(2, 3)), (1, 1, 6, 7), (2, 1, 3, 2), 2)
conv("conv2d", "dilation", "conv2d(a, b, #{ dilation: [2, 1], padding: 1 })", dict(dilation=(2, 1), padding=1), (1, 1, 6, 5), (2, 1, 2, 3))
conv("conv2d", "groups", "a.conv2d(b, #{ groups: 2 })", dict(groups=2), (1, 4, 3, 3), (4, 2, 2, 2))
conv("conv2d", "depthwise", "conv2d(a, b, #{ groups: 2, stride: 2, padding: 1, bias: c })", dict(groups=2, stride=2, padding=1), (1, 2, 5, 5), (2, 1, 3, 3), 2)
conv("conv2d", "depth multiplied", "conv2d(a, b, #{ groups: 2 })", dict(groups=2), (1, 2, 4, 4), (4, 1, 2, 2))
conv("conv2d", "same", "conv2d(a, b, #{ padding: \"same\" })", dict(padding="same"), (1, 2, 5, 4), (2, 2, 3, 2))
conv("conv2d", "same, dilated", "conv2d(a, b, #{ padding: \"same\", dilation: 2 })", dict(padding="same", dilation=2), (1, 1, 5, 6), (1, 1, 3, 2))
conv("conv2d", "columns left over", "conv2d(a, b, #{ stride: 4 })", dict(stride=4), (1, 1, 9, 6), (1, 1, 4, 3))
conv("conv2d", "all", "conv2d(a, b, #{ bias: c, stride: [2, 1], padding: [2, 1], dilation: [1, 2], groups: 2 })",
     dict(stride=(2, 1), padding=(2, 1), dilation=(1, 2), groups=2), (1, 2, 5, 6), (2, 1, 2, 3), 2)
case("convolution/conv2d of what was permuted", "conv2d(a.permute([0, 3, 1, 2]), b)", lambda a, b: F.conv2d(a.permute(0, 3, 1, 2), b), normal(1, 3, 4, 2), normal(2, 2, 2, 3))
case("convolution/conv2d, shared input and kernel", "conv2d(a, a)", lambda a: F.conv2d(a, a), normal(1, 2, 2, 2))

conv("conv_transpose2d", "plain", "conv_transpose2d(a, b)", {}, (2, 2, 2, 3), (2, 2, 3, 2))
conv("conv_transpose2d", "stride", "conv_transpose2d(a, b, #{ stride: 2, bias: c })", dict(stride=2), (1, 2, 3, 3), (2, 2, 2, 2), 2)
conv("conv_transpose2d", "padding of the output", "conv_transpose2d(a, b, #{ stride: [2, 3], padding: 1, output_padding: [1, 2] })",
     dict(stride=(2, 3), padding=1, output_padding=(1, 2)), (1, 2, 3, 4), (2, 1, 3, 3))
conv("conv_transpose2d", "groups", "conv_transpose2d(a, b, #{ groups: 2, dilation: 2, padding: [0, 1], bias: c })",
     dict(groups=2, dilation=2, padding=(0, 1)), (1, 4, 3, 3), (4, 1, 2, 2), 2)

for script, operation, shapes in [
    ("conv2d(a, b)", F.conv2d, [(1, 2, 4, 4), (3, 3, 3, 3)]),
    ("conv2d(a, b)", F.conv2d, [(1, 2, 2, 4), (3, 2, 3, 3)]),
    ("conv2d(a, b, #{ groups: 2 })", lambda a, b: F.conv2d(a, b, groups=2), [(1, 3, 4, 4), (2, 1, 3, 3)]),
    ("conv2d(a, b, #{ stride: 2, padding: \"same\" })", lambda a, b: F.conv2d(a, b, stride=2, padding="same"), [(1, 1, 4, 4), (1, 1, 3, 3)]),
    ("conv2d(a, b, #{ stride: 0 })", lambda a, b: F.conv2d(a, b, stride=0), [(1, 1, 4, 4), (1, 1, 3, 3)]),
    ("conv2d(a, b, #{ strides: 2 })", None, [(1, 1, 4, 4), (1, 1, 3, 3)]),
    ("conv2d(a, b, #{ bias: a })", lambda a, b: F.conv2d(a, b, a), [(1, 1, 4, 4), (1, 1, 3, 3)]),
    ("conv1d(a, b)", F.conv1d, [(1, 1, 4, 4), (1, 1, 3)]),
    ("conv_transpose2d(a, b)", F.conv_transpose2d, [(1, 2, 3, 3), (3, 2, 2, 2)]),
    ("conv_transpose2d(a, b, #{ output_padding: 1 })", lambda a, b: F.conv_transpose2d(a, b, output_padding=1), [(1, 2, 3, 3), (2, 2, 2, 2)]),
    ("max_pool2d(a, 2, #{ padding: 2 })", lambda a, b: F.max_pool2d(a, 2, padding=2), [(1, 1, 4, 4), (1,)]),
    ("max_pool2d(a, 5)", lambda a, b: F.max_pool2d(a, 5), [(1, 1, 4, 4), (1,)]),
    ("avg_pool2d(a, 0)", lambda a, b: F.avg_pool2d(a, 0), [(1, 1, 4, 4), (1,)]),
    ("interpolate(a, [0, 2], \"nearest\")", lambda a, b: F.interpolate(a, (0, 2)), [(1, 1, 4, 4), (1,)]),
]:
    words = " ".join(str(list(shape)) for shape in shapes)
    fails(f"convolution/{script} {words}", script, operation, *(normal(*shape) for shape in shapes))

line, image = (1, 2, 9), (1, 1, 5, 7)
POOLS = {
    "max_pool1d(a, 2)": (line, lambda a: F.max_pool1d(a, 2)),
    "max_pool1d(a, 3, #{ stride: 2, padding: 1 })": (line, lambda a: F.max_pool1d(a, 3, 2, 1)),
    "max_pool1d(a, 2, #{ dilation: 3, stride: 1 })": (line, lambda a: F.max_pool1d(a, 2, 1, dilation=3)),
    "max_pool2d(a, 2)": (image, lambda a: F.max_pool2d(a, 2)),
    "a.max_pool2d([3, 2], #{ stride: [1, 2], padding: [1, 0] })": (image, lambda a: F.max_pool2d(a, (3, 2), (1, 2), (1, 0))),
    "max_pool2d(a, 3, #{ stride: 2, padding: 1 })": (image, lambda a: F.max_pool2d(a, 3, 2, 1)),
    "max_pool2d(a, 2, #{ dilation: 2, stride: 1 })": (image, lambda a: F.max_pool2d(a, 2, 1, dilation=2)),
    "avg_pool1d(a, 2)": (line, lambda a: F.avg_pool1d(a, 2)),
    "avg_pool1d(a, 3, #{ stride: 2, padding: 1 })": (line, lambda a: F.avg_pool1d(a, 3, 2, 1)),
    "avg_pool1d(a, 3, #{ stride: 2, padding: 1, count_include_pad: false })": (line, lambda a: F.avg_pool1d(a, 3, 2, 1, count_include_pad=False)),
    "avg_pool2d(a, 2)": (image, lambda a: F.avg_pool2d(a, 2)),
    "a.avg_pool2d(3)": (image, lambda a: F.avg_pool2d(a, 3)),
    "avg_pool2d(a, [2, 3], #{ stride: [1, 2], padding: [1, 1] })": (image, lambda a: F.avg_pool2d(a, (2, 3), (1, 2), (1, 1))),
    "avg_pool2d(a, 3, #{ stride: 2, padding: 1, count_include_pad: false })": (image, lambda a: F.avg_pool2d(a, 3, 2, 1, count_include_pad=False)),
    "max_pool1d(a, 2, #{ ceil_mode: true })": (line, lambda a: F.max_pool1d(a, 2, ceil_mode=True)),
    "max_pool1d(a, 2, #{ stride: 3, padding: 1, ceil_mode: true })": (line, lambda a: F.max_pool1d(a, 2, 3, 1, ceil_mode=True)),
    "max_pool2d(a, 3, #{ stride: 2, padding: 1, ceil_mode: true })": (image, lambda a: F.max_pool2d(a, 3, 2, 1, ceil_mode=True)),
    "max_pool2d(a, [2, 3], #{ dilation: [1, 2], ceil_mode: true })": (image, lambda a: F.max_pool2d(a, (2, 3), dilation=(1, 2), ceil_mode=True)),
    "avg_pool1d(a, 4, #{ stride: 3, padding: 2, ceil_mode: true })": (line, lambda a: F.avg_pool1d(a, 4, 3, 2, ceil_mode=True)),
    "avg_pool1d(a, 5, #{ padding: 2, ceil_mode: true })": (line, lambda a: F.avg_pool1d(a, 5, padding=2, ceil_mode=True)),
    "avg_pool2d(a, 3, #{ stride: 2, ceil_mode: true })": (image, lambda a: F.avg_pool2d(a, 3, 2, ceil_mode=True)),
    "avg_pool2d(a, [2, 4], #{ stride: [4, 3], padding: [1, 2], count_include_pad: false, ceil_mode: true })":
        (image, lambda a: F.avg_pool2d(a, (2, 4), (4, 3), (1, 2), ceil_mode=True, count_include_pad=False)),
    "adaptive_avg_pool1d(a, 4)": (line, lambda a: F.adaptive_avg_pool1d(a, 4)),
    "adaptive_avg_pool1d(a, 1)": (line, lambda a: F.adaptive_avg_pool1d(a, 1)),
    "adaptive_avg_pool1d(a, 12)": (line, lambda a: F.adaptive_avg_pool1d(a, 12)),
    "adaptive_avg_pool2d(a, 1)": (image, lambda a: F.adaptive_avg_pool2d(a, 1)),
    "adaptive_avg_pool2d(a, [2, 3])": (image, lambda a: F.adaptive_avg_pool2d(a, (2, 3))),
    "a.adaptive_avg_pool2d(4)": (image, lambda a: F.adaptive_avg_pool2d(a, 4)),
}
for script, (shape, operation) in POOLS.items():
    case(f"convolution/{script}", script, operation, (distinct if "max" in script else normal)(*shape))
case("convolution/max_pool2d, the first of ties wins", "max_pool2d(a, 2)", lambda a: F.max_pool2d(a, 2), f32([[[[1, 3, 2, 2], [3, 0, 2, 2]]]]))
case("convolution/max_pool1d below 0, padded", "max_pool1d(a, 2, #{ padding: 1 })", lambda a: F.max_pool1d(a, 2, padding=1), f32([[[-1, -3, -2, -4]]]))
case("convolution/max_pool1d of overlaps", "max_pool1d(a, 3, #{ stride: 1 })", lambda a: F.max_pool1d(a, 3, 1), f32([[[1, 5, 2, 0, 4]]]))

SIZES = {"nearest": [(4, 3), (7, 8), (2, 2)], "bilinear": [(4, 3), (6, 8), (5, 7)], "bicubic": [(4, 6), (6, 8)]}
for mode, sizes in SIZES.items():
    for size in sizes:
        script = f'interpolate(a, {list(size)}, "{mode}")'
        case(f"convolution/{script}", script, lambda a: F.interpolate(a, size, mode=mode), normal(1, 1, 5, 7))
for mode in ("bilinear", "bicubic"):
    for size in ((7, 4), (1, 1)):
        script = f'a.interpolate({list(size)}, "{mode}", #{{ align_corners: true }})'
        case(f"convolution/{script}", script, lambda a: F.interpolate(a, size, mode=mode, align_corners=True), normal(1, 1, 4, 5))
case("convolution/interpolate from one pixel", 'interpolate(a, [2, 3], "bilinear")', lambda a: F.interpolate(a, (2, 3), mode="bilinear"), normal(1, 2, 1, 1))

case("convolution/layer_norm", "layer_norm(a, b, c, 1e-5)", lambda a, b, c: F.layer_norm(a, (4,), b, c, 1e-5), normal(2, 3, 4), normal(4, mean=1.0, scale=0.2), normal(4))
case("convolution/layer_norm, eps", "a.layer_norm(b, c, 0.1)", lambda a, b, c: F.layer_norm(a, (4,), b, c, 0.1), normal(3, 4), normal(4), normal(4))
case("convolution/layer_norm, faint", "layer_norm(a, b, c, 1e-6)", lambda a, b, c: F.layer_norm(a, (4,), b, c, 1e-6), f32([[1e-3, 2e-3, -1e-3, 5e-4]]), normal(4), normal(4))
case("convolution/layer_norm of equals", "layer_norm(a, b, c, 1e-5)", lambda a, b, c: F.layer_norm(a, (3,), b, c, 1e-5), f32([[2, 2, 2]]), normal(3), normal(3))
case("convolution/group_norm", "group_norm(a, 2, b, c, 1e-5)", lambda a, b, c: F.group_norm(a, 2, b, c, 1e-5), normal(1, 4, 3, 2), normal(4), normal(4))
case("convolution/group_norm, one group", "a.group_norm(1, b, c, 1e-5)", lambda a, b, c: F.group_norm(a, 1, b, c, 1e-5), normal(2, 3, 4), normal(3), normal(3))
case("convolution/group_norm, a group each", "group_norm(a, 3, b, c, 1e-5)", lambda a, b, c: F.group_norm(a, 3, b, c, 1e-5), normal(2, 3, 5), normal(3), normal(3))
fails("convolution/group_norm, groups do not divide", "group_norm(a, 2, b, c, 1e-5)", lambda a, b, c: F.group_norm(a, 2, b, c), normal(1, 3, 2), normal(3), normal(3))
fails("convolution/layer_norm, scale too short", "layer_norm(a, b, b, 1e-5)", lambda a, b: F.layer_norm(a, (4,), b, b), normal(2, 4), normal(3))

for part in ("real", "imag"):
    for length in (8, 7, 1):
        case(f"convolution/rfft of {length}, {part}", f"rfft(a).{part}", lambda a: getattr(torch.fft.rfft(a), part), normal(2, length))
    case(f"convolution/rfft of a cube, {part}", f"a.rfft().{part}", lambda a: getattr(torch.fft.rfft(a), part), normal(2, 1, 5))
    case(f"convolution/rfft of i64, {part}", f"rfft(a).{part}", lambda a: getattr(torch.fft.rfft(real(a)), part), i64([1, 2, 3, 4]))
    for name, options, arguments, shapes in [
        ("centred", "n_fft: 8, hop: 4, window: b", dict(n_fft=8, hop_length=4), [(1, 20), (8,)]),
        ("not centred", "n_fft: 8, hop: 3, window: b, center: false", dict(n_fft=8, hop_length=3, center=False), [(1, 21), (8,)]),
        ("of one signal", "n_fft: 6, hop: 2, window: b", dict(n_fft=6, hop_length=2), [(11,), (6,)]),
        ("with odd frames", "n_fft: 5, hop: 5, window: b, center: false", dict(n_fft=5, hop_length=5, center=False), [(1, 17), (5,)]),
    ]:
        case(f"convolution/stft {name}, {part}", f"stft(a, #{{ {options} }}).{part}",
             lambda a, b: getattr(torch.stft(a, window=b, return_complex=True, **arguments), part), *(normal(*shape) for shape in shapes))
case("convolution/power of a spectrum", "let s = rfft(a); s.real ** 2 + s.imag ** 2", lambda a: torch.fft.rfft(a).abs() ** 2, normal(3, 6))
fails("convolution/stft, signal too short", "stft(a, #{ n_fft: 8, hop: 4, window: b, center: false })",
      lambda a, b: torch.stft(a, 8, 4, window=b, center=False, return_complex=True).real, normal(5), normal(8))
fails("convolution/stft, window too long", "stft(a, #{ n_fft: 8, hop: 4, window: b })",
      lambda a, b: torch.stft(a, 8, 4, window=b, return_complex=True).real, normal(20), normal(9))
fails("convolution/stft, hop 0", "stft(a, #{ n_fft: 8, hop: 0, window: b })",
      lambda a, b: torch.stft(a, 8, 0, window=b, return_complex=True).real, normal(20), normal(8))
