"""Runs exported graphs in ONNX Runtime on clips, beside what `still predict` says of them.

    still export last --stage NAME --with-features -o FOLDER/NAME.onnx
    still predict last --stage NAME --logits FOLDER/NAME.safetensors CLIPS…
    python tests/golden/clips_check.py FOLDER CLIPS…
"""
import json
import sys
from pathlib import Path

import numpy
import onnxruntime
import soundfile
from safetensors import safe_open

folder, clips = Path(sys.argv[1]), [Path(name) for name in sys.argv[2:]]
waves = []
for clip in clips:
    wave, rate = soundfile.read(clip, dtype="float32", always_2d=True)
    waves.append((wave.mean(1), rate))
worst = 0.0
for graph in sorted(folder.glob("*.onnx")):
    session = onnxruntime.InferenceSession(graph)
    metadata = session.get_modelmeta().custom_metadata_map
    with safe_open(graph.with_suffix(".safetensors"), "np") as file:
        ours, ids = file.get_tensor("logits"), json.loads(file.metadata()["ids"])
    assert all(rate == json.loads(metadata["sample_rate_hz"]) for _, rate in waves), "clips of another rate"
    batch = numpy.stack([wave for wave, _ in waves])
    theirs = session.run(None, {"waveform": batch})[0]
    one = numpy.concatenate([session.run(None, {"waveform": wave[None]})[0] for wave in batch])
    assert [Path(name).stem for name in ids] == [clip.stem for clip in clips], (ids, clips)
    scale = numpy.abs(ours).max()
    difference = max(numpy.abs(ours - theirs).max(), numpy.abs(ours - one).max()) / scale
    spread = numpy.abs(ours - ours.mean(0)).max() / scale
    worst = max(worst, difference)
    print(f"{graph.name}: {difference:.1e} of the largest logit; clips differ by {spread:.1e}")
print(f"worst: {worst:.1e} with ONNX Runtime {onnxruntime.__version__}")
sys.exit(int(worst > 1e-4))
