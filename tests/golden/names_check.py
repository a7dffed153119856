"""Loads weights that Stillroom wrote under other libraries' names into these libraries, and compares logits: a check by
hand, not one of CI.

    mkdir /tmp/names
    STILL_NAMES=/tmp/names cargo test --release -- --ignored weights_under_the_names_of_others
    python tests/golden/names_check.py /tmp/names

Every key must fit: a missing or unexpected one is an error. Needs torch, timm, transformers and safetensors.
"""

import pathlib
import sys
import tempfile

import timm
import torch
from safetensors.torch import load_file, save_file
from torch import nn

TOLERANCE = 1e-4
SIZES = {"ast_tiny": (192, 3), "ast_small": (384, 6)}
CLASSES = 7


class Ast(nn.Module):
    """Gong et al.'s definition: DeiT's distilled form with the patches of a spectrogram, the mean of two tokens."""

    def __init__(self, width, heads, rows, columns):
        super().__init__()
        name = {192: "deit_tiny_distilled_patch16_224", 384: "deit_small_distilled_patch16_224"}[width]
        v = timm.create_model(name, img_size=224, num_classes=0)
        v.patch_embed.proj = nn.Conv2d(1, width, 16, 10)
        v.pos_embed = nn.Parameter(torch.zeros(1, rows * columns + 2, width))
        v.head, v.head_dist = nn.Identity(), nn.Identity()
        self.v = v
        self.mlp_head = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, CLASSES))

    def forward(self, x):
        v = self.v
        x = v.patch_embed.proj(x.transpose(1, 2)[:, None]).flatten(2).transpose(1, 2)
        tokens = torch.cat([v.cls_token, v.dist_token], 1).expand(len(x), -1, -1)
        x = v.norm(v.blocks(torch.cat([tokens, x], 1) + v.pos_embed))
        return self.mlp_head((x[:, 0] + x[:, 1]) / 2)


class Picture(nn.Module):
    """timm's network of [batch, frames, mels]."""

    def __init__(self, name, **options):
        super().__init__()
        self.net = timm.create_model(name, in_chans=1, num_classes=CLASSES, **options)

    def forward(self, x):
        return self.net(x.transpose(1, 2)[:, None])


def hugging_face(state, width, heads):
    from transformers import ASTConfig, ASTForAudioClassification

    config = ASTConfig(
        hidden_size=width, num_hidden_layers=12, num_attention_heads=heads, intermediate_size=4 * width,
        layer_norm_eps=1e-6, frequency_stride=10, time_stride=10, max_length=128, num_mel_bins=128, num_labels=CLASSES,
    )
    # Its own modules are called otherwise by now; its loader knows the names that files have.
    with tempfile.TemporaryDirectory() as folder:
        config.save_pretrained(folder)
        save_file(state, pathlib.Path(folder) / "model.safetensors", metadata={"format": "pt"})
        net, told = ASTForAudioClassification.from_pretrained(folder, output_loading_info=True)
    assert not any(told[key] for key in ("missing_keys", "unexpected_keys", "mismatched_keys")), told
    # AST's mlp_head has PyTorch's eps.
    net.classifier.layernorm.eps = 1e-5
    return lambda x: net(x).logits


def made(name, naming):
    if naming.startswith("ast") or naming == "timm":
        net = Ast(*SIZES[name], 12, 12)
        return net, net
    if name == "vit_tiny":
        net = Picture("vit_tiny_patch16_224", img_size=(128, 128))
        return net.net, net
    net = Picture({"resnet18": "resnet18", "densenet121": "densenet121", "convnext_tiny": "convnext_tiny"}.get(name, name))
    return net.net, net


def check(path):
    name, naming = path.stem.split(".")
    state = load_file(path)
    clips, logits = state.pop("still.clips"), state.pop("still.logits")
    if naming == "ast-module":
        assert all(key.startswith("module.") for key in state), "each name begins with module."
        state = {key.removeprefix("module."): value for key, value in state.items()}
    if naming == "hf":
        return difference(hugging_face(state, *SIZES[name]), clips, logits)
    module, forward = made(name, naming)
    if naming == "timm":
        # timm's own module takes the body; a head of a norm and a linear layer it has not.
        head = {key.removeprefix("mlp_head."): own for key, own in state.items() if key.startswith("mlp_head.")}
        state = {key: own for key, own in state.items() if not key.startswith("mlp_head.")}
        module.mlp_head.load_state_dict(head)
        module = module.v
    told = module.load_state_dict(state, strict=False)
    # PyTorch's counters of batches count for nothing while there is a momentum.
    missing = [key for key in told.missing_keys if not key.endswith("num_batches_tracked")]
    assert not missing and not told.unexpected_keys, (missing, told.unexpected_keys)
    module.eval()
    return difference(forward, clips, logits)


def difference(forward, clips, logits):
    with torch.no_grad():
        found = forward(clips)
    return ((found - logits).abs().max() / logits.abs().max()).item()


def main(folder):
    failures = 0
    files = sorted(pathlib.Path(folder).glob("*.safetensors"))
    for path in files:
        try:
            difference = check(path)
        except Exception as error:  # what does not load is what is asked
            print(f"{path.stem}: {type(error).__name__}: {str(error)[:400]}")
            failures += 1
            continue
        print(f"{path.stem}: {difference:.1e} of the largest logit")
        failures += difference > TOLERANCE
    print(f"{len(files)} files, {failures} wrong")
    return failures > 0 or not files


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
