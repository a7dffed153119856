"""The models of zoo.py, as timm and others define them."""
from functools import partial

import timm
import torch
import torchvision
from efficientnet_pytorch import EfficientNet
from torch import nn
from torchvision.models import mobilenetv3
from torchvision.ops.misc import SqueezeExcitation


class FlatPool(nn.Module):
    """efficientnet_pytorch's body, pooled as CMKD has it, or by PSLA's attention."""

    def __init__(self, size, classes, heads=None):
        super().__init__()
        name = f"efficientnet-b{size}"
        self.effnet = EfficientNet.from_name(name, in_channels=1, drop_connect_rate=0.0)
        channels = self.effnet._fc.in_features
        self.effnet._fc = nn.Identity()
        if heads is None:
            self.classifier = nn.Linear(channels, classes)
        else:
            self.attention = PslaAttention(channels, classes, heads)
        self.heads = heads

    def forward(self, picture):
        features = self.effnet.extract_features(picture)
        if self.heads is None:
            return self.classifier(features.mean(2).mean(2))
        return torch.logit(self.attention(features.mean(2, keepdim=True).transpose(2, 3)).clamp(1e-7, 1 - 1e-7))


class PslaAttention(nn.Module):
    """PSLA's attention pooling of [batch, channel, time, 1] (Gong et al. 2021), one head or several."""

    def __init__(self, inputs, outputs, heads):
        super().__init__()
        convs = lambda: nn.Conv2d(inputs, outputs, 1)
        self.heads = heads
        if heads == 1:
            self.att, self.cla = convs(), convs()
        else:
            self.att = nn.ModuleList(convs() for _ in range(heads))
            self.cla = nn.ModuleList(convs() for _ in range(heads))
            self.head_weight = nn.Parameter(torch.full((heads,), 1.0 / heads))

    def one(self, att, cla, frames):
        att = torch.sigmoid(att(frames))[:, :, :, 0].clamp(1e-7, 1 - 1e-7)
        return (att / att.sum(2, keepdim=True) * torch.sigmoid(cla(frames))[:, :, :, 0]).sum(2)

    def forward(self, frames):
        if self.heads == 1:
            return self.one(self.att, self.cla, frames)
        each = [self.one(att, cla, frames) for att, cla in zip(self.att, self.cla)]
        return sum(own * share for own, share in zip(each, self.head_weight))


STAGE_REPEATS = [1, 2, 2, 3, 3, 4, 1]
DEPTHS = {0: 1.0, 1: 1.1, 2: 1.2}


def psla_names(size):
    """efficientnet_pytorch's names as timm's."""
    import math
    repeats = [math.ceil(count * DEPTHS[size]) for count in STAGE_REPEATS]
    places = [(stage, index) for stage, count in enumerate(repeats) for index in range(count)]

    def rename(name):
        if not name.startswith("effnet."):
            return name
        own = name.removeprefix("effnet.")
        for theirs, ours in (("_conv_stem", "conv_stem"), ("_bn0", "bn1"), ("_conv_head", "conv_head"), ("_bn1", "bn2")):
            if own.startswith(theirs + "."):
                return ours + own.removeprefix(theirs)
        _, number, layer, rest = own.split(".")
        stage, index = places[int(number)]
        inverted = {"_expand_conv": "conv_pw", "_bn0": "bn1", "_depthwise_conv": "conv_dw", "_bn1": "bn2",
                    "_se_reduce": "se.conv_reduce", "_se_expand": "se.conv_expand", "_project_conv": "conv_pwl",
                    "_bn2": "bn3"}
        separable = inverted | {"_bn1": "bn1", "_project_conv": "conv_pw", "_bn2": "bn2"}
        names = separable if stage == 0 else inverted
        return f"blocks.{stage}.{index}.{names[layer]}.{rest}"

    return rename


class Ast(nn.Module):
    """AST on timm's distilled form (Gong et al. 2021): the mean of two tokens, `mlp_head`."""

    def __init__(self, classes, width, heads, mels, frames, depth=12, fstride=10, tstride=10, eps=1e-6, head_eps=1e-5):
        super().__init__()
        tokens = ((mels - 16) // fstride + 1) * ((frames - 16) // tstride + 1)
        self.v = timm.models.deit.VisionTransformerDistilled(
            img_size=(mels, frames), patch_size=16, in_chans=1, embed_dim=width, depth=depth, num_heads=heads,
            norm_layer=lambda size, **rest: nn.LayerNorm(size, eps=eps, **rest))
        self.v.patch_embed = Patches(width, (fstride, tstride))
        self.v.pos_embed = nn.Parameter(torch.zeros(1, tokens + 2, width))
        self.v.head, self.v.head_dist = nn.Identity(), nn.Identity()
        self.mlp_head = nn.Sequential(nn.LayerNorm(width, eps=head_eps), nn.Linear(width, classes))

    def forward(self, picture):
        stream = self.v.patch_embed(picture)
        special = torch.cat([self.v.cls_token, self.v.dist_token], 1).expand(len(picture), -1, -1)
        stream = self.v.norm(self.v.blocks(torch.cat([special, stream], 1) + self.v.pos_embed))
        return self.mlp_head((stream[:, 0] + stream[:, 1]) / 2)


class Patches(nn.Module):
    def __init__(self, width, stride):
        super().__init__()
        self.proj = nn.Conv2d(1, width, 16, stride)

    def forward(self, picture):
        return self.proj(picture).flatten(2).transpose(1, 2)


class Panns(nn.Module):
    """The CNNs of PANNs (Kong et al. 2020, qiuqiangkong/audioset_tagging_cnn, pytorch/models.py) from features on:
    without their dropout, and without the sigmoid at the end."""

    def __init__(self, widths, kernel, convs, classes, mels, pooled):
        super().__init__()
        self.bn0 = nn.BatchNorm2d(mels)
        self.blocks, self.pooled, inputs = len(widths), pooled, 1
        for index, width in enumerate(widths):
            setattr(self, f"conv_block{index + 1}", PannsBlock(inputs, width, kernel, convs))
            inputs = width
        self.fc1, self.fc_audioset = nn.Linear(inputs, inputs), nn.Linear(inputs, classes)

    def forward(self, picture):
        # Their pictures are [batch, 1, frame, mel].
        x = self.bn0(picture.transpose(2, 3).transpose(1, 3)).transpose(1, 3)
        for index in range(self.blocks):
            x = getattr(self, f"conv_block{index + 1}")(x)
            x = nn.functional.avg_pool2d(x, 2 if index < self.pooled else 1)
        x = x.mean(3)
        return self.fc_audioset(torch.relu(self.fc1(x.max(2)[0] + x.mean(2))))


class PannsBlock(nn.Module):
    def __init__(self, inputs, outputs, kernel, convs):
        super().__init__()
        conv = partial(nn.Conv2d, kernel_size=kernel, padding=kernel // 2, bias=False)
        self.conv1, self.bn1 = conv(inputs, outputs), nn.BatchNorm2d(outputs)
        if convs == 2:
            self.conv2, self.bn2 = conv(outputs, outputs), nn.BatchNorm2d(outputs)

    def forward(self, x):
        x = torch.relu(self.bn1(self.conv1(x)))
        return torch.relu(self.bn2(self.conv2(x))) if hasattr(self, "conv2") else x


def mobilenet(width, classes):
    """EfficientAT's mn (Schmid et al. 2023, fschmid56/EfficientAT, models/mn): torchvision's MobileNetV3-Large, whose
    gates are sigmoids rather than hard ones, whose norms have another eps and momentum, without dropout."""
    settings, last = mobilenetv3._mobilenet_v3_conf("mobilenet_v3_large", width_mult=width)
    model = mobilenetv3.MobileNetV3(
        settings, last, num_classes=classes, dropout=0.0, norm_layer=partial(nn.BatchNorm2d, eps=1e-3, momentum=0.01),
        block=partial(mobilenetv3.InvertedResidual, se_layer=SqueezeExcitation))
    model.features[0][0] = nn.Conv2d(1, settings[0].input_channels, 3, 2, 1, bias=False)
    return model


def mobilenet_names(name):
    """torchvision's names as EfficientAT's."""
    for theirs, ours in (("classifier.0.", "classifier.2."), ("classifier.3.", "classifier.5."),
                         (".fc1.", ".conc_se_layers.0.fc1."), (".fc2.", ".conc_se_layers.0.fc2.")):
        name = name.replace(theirs, ours)
    return name


def one_channel(model, *path):
    """torchvision's model with a first convolution of one channel."""
    owner = model
    for part in path[:-1]:
        owner = getattr(owner, part)
    old = getattr(owner, path[-1])
    setattr(owner, path[-1], nn.Conv2d(1, old.out_channels, old.kernel_size, old.stride, old.padding, bias=False))
    return model


def add(case, classes):
    sizes = dict(num_classes=classes, in_chans=1)
    for size in range(8):
        case(f"efficientnet_b{size}", lambda size=size: timm.create_model(f"efficientnet_b{size}", **sizes))
    for size in (0, 2):
        # An odd size tells SAME from what comes close to it.
        case(f"tf_efficientnet_b{size}", lambda size=size: timm.create_model(f"tf_efficientnet_b{size}", **sizes),
             mels=65, frames=101)
        case(f"psla_efficientnet_b{size}", lambda size=size: FlatPool(size, classes), mels=65, frames=101,
             rename=psla_names(size))
    for heads in (1, 4):
        case(f"psla_attention_{heads}", lambda heads=heads: FlatPool(0, classes, heads), rename=psla_names(0))
    for name, width in (("tiny", 192), ("small", 384), ("base", 768)):
        case(f"ast_{name}", lambda width=width: Ast(classes, width, width // 64, 48, 64), mels=48, frames=64)
        case(f"vit_{name}", lambda name=name: timm.create_model(
            f"vit_{name}_patch16_224", **sizes, img_size=(48, 64)), mels=48, frames=64)
    case("ast_strides", lambda: Ast(classes, 192, 3, 48, 64, fstride=12, tstride=7, eps=1e-12), mels=48, frames=64)
    # So large that it shows.
    case("ast_head", lambda: Ast(classes, 192, 3, 48, 64, eps=1e-12, head_eps=0.3), mels=48, frames=64)
    for name, frames in (("resnet18", 96), ("resnet50", 64)):
        case(name, lambda name=name: one_channel(getattr(torchvision.models, name)(num_classes=classes), "conv1"),
             frames=frames)
    case("resnet34", lambda: timm.create_model("resnet34", **sizes))
    case("densenet121",
         lambda: one_channel(torchvision.models.densenet121(num_classes=classes), "features", "conv0"))
    case("convnext_tiny", lambda: timm.create_model("convnext_tiny", **sizes))
    narrow, wide = (64, 128, 256, 512), (64, 128, 256, 512, 1024, 2048)
    # Pooling leaves a mel bin over.
    case("cnn6", lambda: Panns(narrow, 5, 1, classes, 65, 4), mels=65, frames=50)
    case("cnn10", lambda: Panns(narrow, 3, 2, classes, 65, 4), mels=65, frames=50)
    case("cnn14", lambda: Panns(wide, 3, 2, classes, 64, 5), mels=64, frames=70)
    for name, width in (("mn04", 0.4), ("mn10", 1.0), ("mn40", 4.0)):
        case(name, lambda width=width: mobilenet(width, classes), rename=mobilenet_names)
