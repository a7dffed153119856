"""The Python side of `cargo bench --bench features`: for each line, milliseconds a clip of torchaudio's filter bank."""
import sys
import time

import torch

torch.version.cuda = None
from torchaudio.compliance import kaldi

torch.set_num_threads(1)
torch.manual_seed(1)
clips = [0.1 * torch.randn(1, 5 * 16000) for _ in range(int(sys.argv[1]))]


def features(clip):
    return kaldi.fbank(
        clip, htk_compat=True, sample_frequency=16000, use_energy=False, window_type="hanning", num_mel_bins=128,
        dither=0.0, frame_shift=10,
    )


for _ in sys.stdin:
    start = time.perf_counter()
    for clip in clips:
        features(clip)
    print((time.perf_counter() - start) * 1e3 / len(clips), flush=True)
