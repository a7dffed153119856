"""Logits as other programs give them: `numpy.savez` and safetensors. Makes logits.npz and logits.safetensors.

    python tests/golden/logits.py
"""

import json
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

here = Path(__file__).parent
ids = np.array(["1-100032-A-0.wav", "naïve rain@2.500", "3-7"])
classes = np.array(["dog", "rain", "crying baby", "sea waves"])
logits = (np.arange(12).reshape(3, 4) * 0.75 - 3.0).astype(np.float64)
targets = np.eye(4, dtype=np.int64)[[2, 0, 3]]

np.savez(here / "logits.npz", ids=ids, classes=classes, logits=logits, targets=targets)
save_file(
    {"logits": logits.astype(np.float32), "targets": targets.astype(np.float32)},
    here / "logits.safetensors",
    metadata={"ids": json.dumps(ids.tolist()), "classes": json.dumps(classes.tolist())},
)
# Names that are bytes, or numbers, and rows in another order of memory.
np.savez(here / "logits_bytes.npz", ids=np.array([b"a", b"bcd"]), logits=np.asfortranarray(logits[:2]))
np.savez(here / "logits_numbers.npz", ids=np.array([17, 4]), logits=logits[:2].astype(np.float16))
# What would have to be unpickled.
np.savez(here / "logits_object.npz", ids=np.array(["a", 3], dtype=object), logits=logits[:2])
