"""Writes two short clips, and the filter banks that torchaudio makes of them and of real clips."""
import csv

import numpy as np
import soundfile
import torch

from oracle import ESC10, HERE, save_json, save_tensors

# The CPU is enough: no check of matching CUDA builds.
torch.version.cuda = None
from torchaudio.compliance import kaldi

# Stillroom's options, and torchaudio's name for each.
NAMES = {
    "mels": "num_mel_bins",
    "frame_ms": "frame_length",
    "hop_ms": "frame_shift",
    "window": "window_type",
    "low_hz": "low_freq",
    "high_hz": "high_freq",
    "preemphasis": "preemphasis_coefficient",
}
DEFAULTS = {"mels": 128, "hop_ms": 10.0, "window": "hanning"}
# Clips without bands that quiet beside loud ones, for the reason that `speech` gives.
CLASSES = ["chainsaw", "clock_tick", "crying_baby", "dog", "rain", "sea_waves"]


def speech(rate, seconds):
    """Syllables of a gliding voice, hiss, a room that hums, and a stretch of digital silence.

    The room keeps every band above the rounding of the loudest one. Below it torchaudio's own f32 is
    up to 9e-3 away from its float64 (on the 400 real clips: in 1353 of 25497600 values more than
    1e-3, none with a logarithm above -10), so there it is no oracle for 1e-3.
    """
    random = np.random.default_rng(rate)
    time = np.arange(int(rate * seconds)) / rate
    phase = 2 * np.pi * np.cumsum(110 + 50 * time / seconds) / rate
    voice = np.zeros_like(time)
    for harmonic in range(1, 30):
        hz = 135 * harmonic
        formants = sum(np.exp(-(((hz - peak) / 180) ** 2)) for peak in (700, 1220, 2600))
        voice += (0.05 + formants) / harmonic**0.5 * np.sin(harmonic * phase)
    syllables = np.clip(np.sin(2 * np.pi * 4 * time), 0, None)
    hiss = np.diff(random.standard_normal(len(time) + 1)) * (np.abs(time / seconds - 0.45) < 0.08)
    room = 0.01 * random.standard_normal(len(time))
    hum = 0.3 * np.convolve(room, np.exp(-time[: rate // 20] * 200), "same")
    mixed = 0.12 * voice * syllables + 0.1 * hiss + room + hum
    mixed[(time > 0.58 * seconds) & (time < 0.74 * seconds)] = 0
    return np.clip(mixed, -0.99, 0.99)


def fbank(path, options):
    values, rate = soundfile.read(path, dtype="float32")
    options = {NAMES[key]: value for key, value in (DEFAULTS | options).items()}
    wave = torch.from_numpy(values)[None]
    return kaldi.fbank(
        wave, htk_compat=True, sample_frequency=rate, use_energy=False, dither=0.0, **options
    ).numpy()


soundfile.write(HERE / "speech_16k.wav", speech(16000, 0.8), 16000, "PCM_16")
soundfile.write(HERE / "speech_44k.wav", speech(44100, 0.3), 44100, "PCM_16")

slow, fast = "speech_16k.wav", "speech_44k.wav"
cases = [
    ("standard", slow, 4, {}),
    ("mels_64", slow, 7, {"mels": 64}),
    ("povey", slow, 7, {"window": "povey"}),
    ("hamming", slow, 7, {"window": "hamming"}),
    ("blackman", slow, 7, {"window": "blackman"}),
    ("rectangular", slow, 7, {"window": "rectangular", "mels": 40}),
    ("band", slow, 7, {"low_hz": 125.0, "high_hz": 7500.0, "mels": 80}),
    ("long_frames", slow, 5, {"frame_ms": 32.0, "hop_ms": 16.0}),
    ("plain", slow, 7, {"preemphasis": 0.0, "mels": 40}),
    ("rate_44k", fast, 3, {}),
    ("rate_44k_band", fast, 3, {"low_hz": 50.0, "high_hz": 14000.0, "frame_ms": 40.0, "hop_ms": 20.0}),
]
table, tensors = [], {}


def add(name, path, wav, every, options):
    values = fbank(path, options)
    table.append({"name": name, "wav": wav, "frames": len(values), "every": every, "options": options})
    tensors[name] = values[::every]


for name, wav, every, options in cases:
    add(name, HERE / wav, wav, every, options)
real = len(table)
rows = list(csv.DictReader(open(ESC10 / "meta" / "esc50.csv")))
for category in CLASSES:
    clip = next(row["filename"] for row in rows if row["category"] == category)
    add(category, ESC10 / "audio" / clip, clip, 25, {})

save_json("fbank.json", {"synthetic": table[:real], "real": table[real:]}, "torchaudio", "torch")
save_tensors("fbank.safetensors", tensors, "torchaudio", "torch")
