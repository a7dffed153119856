"""What the scripts beside this one share: where goldens go, and who made them.

Run a script with a Python that has torch, torchaudio, timm, soundfile, scikit-learn and safetensors;
it writes its files again:

    python tests/golden/models.py
"""
import json
from importlib.metadata import version
from pathlib import Path

import numpy
from safetensors.numpy import save_file

HERE = Path(__file__).resolve().parent
ESC10 = HERE.parent.parent / ".." / "shared" / "data" / "esc10"


def versions(*packages):
    """The oracle's packages with their versions, for a file's `oracle` line."""
    return ", ".join(f"{name} {version(name)}" for name in packages)


def save_tensors(name, tensors, *packages):
    """Writes named arrays as f32."""
    arrays = {key: numpy.ascontiguousarray(value, dtype=numpy.float32) for key, value in tensors.items()}
    save_file(arrays, HERE / name, metadata={"oracle": versions(*packages)})
    print(f"{name}: {(HERE / name).stat().st_size} bytes")


def save_json(name, content, *packages):
    """Writes a map of plain numbers, with all their digits."""
    lines = [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in content.items()]
    head = f'"oracle": {json.dumps(versions(*packages))}'
    (HERE / name).write_text("{\n" + ",\n".join([head, *lines]) + "\n}\n")
    print(f"{name}: {(HERE / name).stat().st_size} bytes")
