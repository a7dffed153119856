"""Writes small checkpoints in every format and naming that `models/weights` reads, and what PyTorch makes of them.

`weights/*.pt`, `*.pth` and `*.safetensors` are the files; `weights.safetensors` holds what must come out, under
`<file without its ending>.<name in the network>`. Networks are cut down to a few names and widths of 2 or 3: it is
names and shapes that matter here.
"""
import io
import zipfile
from collections import OrderedDict

import efficientnet_pytorch
import timm
import torch
import torchvision
import transformers
from safetensors.torch import save_file as save_safetensors
from torch.nn import functional as F

from oracle import HERE, save_tensors

FOLDER = HERE / "weights"
FOLDER.mkdir(exist_ok=True)
torch.manual_seed(8)
out = {}


def expect(file, tensors):
    out.update({f"{file}.{name}": value.detach().float().numpy() for name, value in tensors.items()})


def save(file, what, **options):
    torch.save(what, FOLDER / file, **options)


# Formats: the same numbers, exact in bfloat16.
base = torch.arange(24.0).reshape(4, 6) / 8 - 1
plain = OrderedDict(weight=base[:3, :2].contiguous(), bias=torch.tensor([0.5, -2.0, 4.0]))
expect("plain", plain)
save("zip_f32.pt", plain)
save("zip_f16.pt", {name: value.half() for name, value in plain.items()})
save("zip_bf16.pt", {name: value.bfloat16() for name, value in plain.items()})
save("zip_f64.pt", {name: value.double() for name, value in plain.items()})
save("legacy.pt", plain, _use_new_zipfile_serialization=False)
save("protocol_4.pt", plain, pickle_protocol=4)
save("protocol_5_legacy.pt", plain, pickle_protocol=5, _use_new_zipfile_serialization=False)
save_safetensors({name: value.contiguous() for name, value in plain.items()}, FOLDER / "plain.safetensors")
save_safetensors({name: value.bfloat16() for name, value in plain.items()}, FOLDER / "bf16.safetensors")

# Views: one storage under several names, strided, transposed, offset, broadcast.
storage = torch.arange(30.0)
views = {"transposed": storage[:12].reshape(3, 4).T, "strided": storage[5:29:4].reshape(2, 3),
         "offset": storage[20:26].reshape(2, 3), "broadcast": storage[7:8].expand(2, 3),
         "parameter": torch.nn.Parameter(storage[:6].reshape(2, 3)), "scalar": torch.tensor(3.0),
         "whole": torch.tensor([1, 2, 3]), "flags": torch.tensor([True, False])}
for file, options in (("views.pt", {}), ("views_legacy.pt", {"_use_new_zipfile_serialization": False})):
    save(file, views, **options)
expect("views", {name: value.contiguous().reshape(value.shape or (1,)) for name, value in views.items()})

# Nested, with what stands beside a network in a checkpoint of a training.
network = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.BatchNorm1d(3))
optimizer = torch.optim.Adam(network.parameters())
network(torch.randn(4, 2)).sum().backward()
optimizer.step()
state = {f"module.{name}": value for name, value in network.state_dict().items()}
save("nested.pth", {"epoch": 3, "state_dict": state, "optimizer": optimizer.state_dict(), "arch": "small"})
expect("nested", {name: value for name, value in network.state_dict().items() if not name.endswith("tracked")})

# AST's own, wrapped for several devices, with the unused heads of ImageNet; 2 × 3 patches of 16.
WIDTH = 6


def ast_state(channels, patches, tokens=2, classes=3):
    """A DeiT of one block under timm's names."""
    model = timm.models.vision_transformer.VisionTransformer(
        img_size=32, patch_size=16, in_chans=3, num_classes=4, embed_dim=WIDTH, depth=1, num_heads=2, mlp_ratio=1)
    state = OrderedDict((name, torch.randn_like(value)) for name, value in model.state_dict().items())
    state["patch_embed.proj.weight"] = torch.randn(WIDTH, channels, 16, 16)
    state["pos_embed"] = torch.randn(1, patches + tokens, WIDTH)
    if tokens == 2:
        state["dist_token"] = torch.randn(1, 1, WIDTH)
        state["head_dist.weight"], state["head_dist.bias"] = torch.randn(4, WIDTH), torch.randn(4)
    return state


def ast_names(state):
    return {f"v.{name}": value for name, value in state.items() if not name.startswith("head")}


state = ast_state(1, 6)
mlp_head = {"mlp_head.0.weight": torch.randn(WIDTH), "mlp_head.0.bias": torch.randn(WIDTH),
            "mlp_head.1.weight": torch.randn(3, WIDTH), "mlp_head.1.bias": torch.randn(3)}
half = {name: value.half() for name, value in ({f"v.{n}": v for n, v in state.items()} | mlp_head).items()}
save("ast.pth", {f"module.{name}": value for name, value in half.items()})
expect("ast", {name: value for name, value in half.items() if not name.startswith("v.head")})

# DeiT's, of a grid of 3 × 3: patches summed, time and frequency cut and interpolated.
deit = {name: value.half() for name, value in ast_state(3, 9).items()}
save("deit.pth", {"model": deit})
summed = dict(deit)
summed["patch_embed.proj.weight"] = deit["patch_embed.proj.weight"].float().sum(1, keepdim=True)
expect("deit", ast_names(summed))


def fitted(table, tokens, grid, to):
    """AST's code for its positions, with the numbers in float64."""
    table = table.double()
    (rows, columns), (to_rows, to_columns) = grid, to
    own = table[:, tokens:].transpose(1, 2).reshape(1, -1, rows, columns)
    if to_columns <= columns:
        own = own[:, :, :, columns // 2 - to_columns // 2: columns // 2 - to_columns // 2 + to_columns]
    else:
        own = F.interpolate(own, size=(rows, to_columns), mode="bilinear")
    if to_rows <= rows:
        own = own[:, :, rows // 2 - to_rows // 2: rows // 2 - to_rows // 2 + to_rows, :]
    else:
        own = F.interpolate(own, size=(to_rows, to_columns), mode="bilinear")
    return torch.cat([table[:, :tokens], own.reshape(1, -1, to_rows * to_columns).transpose(1, 2)], 1)


for name, tokens, grid, targets in (("square", 2, (14, 14), [(12, 50), (12, 9), (16, 14), (15, 20), (3, 5)]),
                                    ("audio", 2, (12, 101), [(12, 50), (12, 120), (10, 85), (12, 101)]),
                                    ("plain", 1, (4, 4), [(2, 7)])):
    table = torch.randn(1, tokens + grid[0] * grid[1], 2)
    out[f"positions.{name}.table"] = table.numpy()
    for to in targets:
        out[f"positions.{name}.{to[0]}x{to[1]}"] = fitted(table, tokens, grid, to).float().numpy()
for to in [(2, 5)]:
    out[f"deit_2x5.v.pos_embed"] = fitted(deit["pos_embed"].float(), 2, (3, 3), to).float().numpy()

# Hugging Face's, in its own library's files.
config = transformers.ASTConfig(hidden_size=WIDTH, num_hidden_layers=1, num_attention_heads=2, intermediate_size=WIDTH,
                                num_mel_bins=32, max_length=48, frequency_stride=16, time_stride=16, num_labels=3)
model = transformers.ASTForAudioClassification(config).half()
with torch.no_grad():
    for parameter in model.parameters():
        parameter.normal_()
model.save_pretrained(FOLDER / "hf")
(FOLDER / "hf" / "model.safetensors").rename(FOLDER / "hf.safetensors")
for left in (FOLDER / "hf").iterdir():
    left.unlink()
(FOLDER / "hf").rmdir()
own = {name: value.float() for name, value in model.state_dict().items()}
# In memory its layers have other names than in its files.
body, layer = "audio_spectrogram_transformer.", "audio_spectrogram_transformer.layers.0."
named = {"v.cls_token": f"{body}embeddings.cls_token", "v.dist_token": f"{body}embeddings.distillation_token",
         "v.pos_embed": f"{body}embeddings.position_embeddings"}
expect("hf", {ours: own[theirs] for ours, theirs in named.items()})
for last in ("weight", "bias"):
    pairs = {f"v.patch_embed.proj.{last}": f"{body}embeddings.patch_embeddings.projection.{last}",
             f"v.blocks.0.attn.proj.{last}": f"{layer}attention.o_proj.{last}",
             f"v.blocks.0.mlp.fc1.{last}": f"{layer}mlp.fc1.{last}", f"v.blocks.0.mlp.fc2.{last}": f"{layer}mlp.fc2.{last}",
             f"v.blocks.0.norm1.{last}": f"{layer}layernorm_before.{last}",
             f"v.blocks.0.norm2.{last}": f"{layer}layernorm_after.{last}", f"v.norm.{last}": f"{body}layernorm.{last}",
             f"mlp_head.0.{last}": f"classifier.layernorm.{last}", f"mlp_head.1.{last}": f"classifier.dense.{last}"}
    expect("hf", {ours: own[theirs] for ours, theirs in pairs.items()})
    joined = torch.cat([own[f"{layer}attention.{part}_proj.{last}"] for part in "qkv"])
    expect("hf", {f"v.blocks.0.attn.qkv.{last}": joined})
save("hf_memory_names.pt", model.state_dict())

# Names only: every network of these packages, as a list of names and shapes.
lists = {
    "timm_efficientnet_b0": timm.create_model("efficientnet_b0"),
    "torchvision_efficientnet_b0": torchvision.models.efficientnet_b0(),
    "efficientnet_pytorch_b0": efficientnet_pytorch.EfficientNet.from_name("efficientnet-b0"),
    "timm_efficientnet_b2": timm.create_model("efficientnet_b2"),
    "torchvision_efficientnet_b2": torchvision.models.efficientnet_b2(),
    "efficientnet_pytorch_b2": efficientnet_pytorch.EfficientNet.from_name("efficientnet-b2"),
    "timm_convnext_tiny": timm.create_model("convnext_tiny"),
    "torchvision_convnext_tiny": torchvision.models.convnext_tiny(),
    "timm_resnet18": timm.create_model("resnet18"), "torchvision_resnet18": torchvision.models.resnet18(),
    "timm_densenet121": timm.create_model("densenet121"),
    "torchvision_densenet121": torchvision.models.densenet121(),
    "torchvision_mobilenet_v3_large": torchvision.models.mobilenet_v3_large(),
}
lines = []
for name, model in lists.items():
    lines.append(f"# {name}")
    lines += [f"{key} {' '.join(map(str, value.shape))}".strip() for key, value in model.state_dict().items()]
with zipfile.ZipFile(FOLDER / "names.zip", "w", zipfile.ZIP_DEFLATED) as archive:
    archive.writestr(zipfile.ZipInfo("names.txt"), "\n".join(lines) + "\n", zipfile.ZIP_DEFLATED)

save_tensors("weights.safetensors", out, "torch", "timm", "transformers", "torchvision", "efficientnet_pytorch")
print("files:", sum(file.stat().st_size for file in FOLDER.iterdir()))
