"""Writes script.json: expressions of the tensor language, their values and gradients by PyTorch.

The cases are in the files script_*.py, one for each noun; `cases.py` says what a case is.
"""
import json

import script_binary
import script_composite
import script_convolution
import script_elementwise
import script_loss
import script_make
import script_method
import script_product
import script_reduce
import script_shape
from cases import CASES, Raw
from oracle import HERE, versions


def text(value):
    if isinstance(value, Raw):
        return value
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(key)}:{text(part)}" for key, part in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(text(part) for part in value) + "]"
    return json.dumps(value, ensure_ascii=False)


lines = ",\n".join(f"{json.dumps(name)}:{text(case)}" for name, case in CASES.items())
path = HERE / "script.json"
path.write_text(f'{{"oracle":{json.dumps(versions("torch"))},"cases":{{\n{lines}\n}}}}\n')
print(f"script.json: {len(CASES)} cases, {path.stat().st_size} bytes")
