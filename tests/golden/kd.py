"""Writes kd.json: losses of distillation, their values and gradients by PyTorch."""
import json

import torch

torch.set_default_dtype(torch.float64)

import kd_features
import kd_logits
import kd_relations
import kd_tokens
from kd_cases import CASES
from oracle import HERE, versions


def text(value):
    if isinstance(value, float):
        return f"{value:.9g}"
    if isinstance(value, list):
        return "[" + ",".join(text(part) for part in value) + "]"
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(key)}:{text(part)}" for key, part in value.items()) + "}"
    return json.dumps(value, ensure_ascii=False)


lines = ",\n".join(f"{json.dumps(name)}:{text(case)}" for name, case in CASES.items())
path = HERE / "kd.json"
path.write_text(f'{{"oracle":{json.dumps(versions("torch"))},"cases":{{\n{lines}\n}}}}\n')
print(f"kd.json: {len(CASES)} cases, {path.stat().st_size} bytes")
