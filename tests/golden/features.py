"""Writes the features that torchaudio and librosa make with many settings, clips in every format that is read, and
clips at other rates.

Values are torchaudio's in single precision, as everybody uses it. Frames in which its single and double precision
differ by more than half of the tolerance are passed over: there it is no oracle.
"""
import csv
import math
import warnings

import librosa
import numpy as np
import soundfile
import torch
from scipy import signal

from oracle import ESC10, HERE, save_json, save_tensors

torch.version.cuda = None
import torchaudio.transforms as T
from torchaudio.compliance import kaldi

warnings.filterwarnings("ignore")
# Stillroom's options, and torchaudio's name for each.
NAMES = {
    "mels": "num_mel_bins",
    "frame_ms": "frame_length",
    "hop_ms": "frame_shift",
    "window": "window_type",
    "low_hz": "low_freq",
    "high_hz": "high_freq",
    "preemphasis": "preemphasis_coefficient",
    "remove_dc": "remove_dc_offset",
    "power": "use_power",
    "log": "use_log_fbank",
    "coefficients": "num_ceps",
    "lifter": "cepstral_lifter",
}
FBANK = {"mels": 128, "hop_ms": 10.0, "window": "hanning", "frame_ms": 25.0}
SETTINGS = [
    {},
    *({"window": window} for window in ["hamming", "povey", "blackman", "rectangular"]),
    {"window": "blackman", "blackman_coeff": 0.3},
    *({"mels": mels} for mels in [23, 40, 64, 80]),
    *({"frame_ms": ms} for ms in [20.0, 32.0]),
    {"frame_ms": 50.0, "hop_ms": 20.0},
    *({"hop_ms": ms} for ms in [5.0, 12.5]),
    {"low_hz": 0.0},
    {"low_hz": 300.0, "high_hz": 3400.0},
    {"high_hz": -400.0},
    {"high_hz": -1000.0, "mels": 80},
    *({"preemphasis": factor} for factor in [0.0, 0.9, 1.0]),
    {"remove_dc": False},
    {"remove_dc": False, "preemphasis": 0.0},
    {"snip_edges": False},
    {"snip_edges": False, "hop_ms": 30.0},
    {"use_energy": True},
    {"use_energy": True, "htk_compat": True},
    {"use_energy": True, "raw_energy": False},
    {"use_energy": True, "energy_floor": 0.0},
    {"use_energy": True, "energy_floor": 1e-3},
    {"log": False},
    {"power": False},
    {"log": False, "power": False},
    {"subtract_mean": True},
    {"round_to_power_of_two": False},
    {"round_to_power_of_two": False, "frame_ms": 30.0},
    {"round_to_power_of_two": False, "frame_ms": 22.0},
    {"mels": 80, "window": "povey", "snip_edges": False, "use_energy": True},
    {"mels": 40, "window": "hamming", "subtract_mean": True, "htk_compat": True, "use_energy": True},
    {"window": "rectangular", "log": False, "mels": 40},
    {"window": "povey", "low_hz": 60.0, "high_hz": -200.0},
]
TOLERANCE = 1e-4
table, tensors = [], {}


def named(options):
    return {NAMES.get(key, key): value for key, value in options.items()}


def add(name, wav, kind, options, single, double, every, preset=None):
    """One case: every so many frames, without those where single precision is no oracle."""
    single, double = (np.asarray(values, dtype=np.float64) for values in (single, double))
    scale = TOLERANCE * (np.abs(double) + np.median(np.abs(double)))
    good = (np.abs(single - double) <= scale / 2).all(axis=1)
    rows = [row for row in range(0, len(single), every) if good[row]]
    assert rows, name
    table.append({"name": name, "wav": wav, "kind": kind, "preset": preset, "options": options,
                  "frames": len(single), "rows": rows})
    tensors[name] = single[rows]
    return len(range(0, len(single), every)) - len(rows)


def load(path):
    values, rate = soundfile.read(path, dtype="float32")
    return torch.from_numpy(values), rate


def of(path, make):
    wave, _ = load(path)
    return make(wave), make(wave.double())


speech = HERE / "speech_16k.wav"
clips = list(csv.DictReader(open(ESC10 / "meta" / "esc50.csv")))
skipped = 0
for index, setting in enumerate(SETTINGS):
    options = FBANK | setting
    make = lambda wave: kaldi.fbank(wave[None], sample_frequency=16000, **named(options)).numpy()
    skipped += add(f"fbank {index}", speech.name, "fbank", options, *of(speech, make), 29)
    # Each setting on a real clip of another class.
    clip = clips[(index * 37) % len(clips)]["filename"]
    skipped += add(f"real {index}", clip, "fbank", options, *of(ESC10 / "audio" / clip, make), 101)
for index, setting in enumerate([
    {},
    {"use_energy": True},
    {"htk_compat": True},
    {"htk_compat": True, "use_energy": True, "subtract_mean": True, "coefficients": 20, "mels": 40, "lifter": 0.0},
]):
    make = lambda wave: kaldi.mfcc(wave[None], sample_frequency=16000, **named(setting)).numpy()
    skipped += add(f"mfcc {index}", speech.name, "mfcc", setting, *of(speech, make), 7)

PLAIN = {"scaling": "none"}
TRANSFORMS = [
    ({}, {}),
    ({"power": 1.0}, {"power": 1.0}),
    ({"norm": "slaney", "scale": "slaney"}, {"norm": "slaney", "mel_scale": "slaney"}),
    ({"center": False}, {"center": False}),
    ({"fft_points": 512, "mels": 64}, {"n_fft": 512, "win_length": 400, "hop_length": 200, "n_mels": 64}),
    ({"pad_mode": "constant", "low_hz": 50.0, "high_hz": 7000.0}, {"pad_mode": "constant", "f_min": 50.0, "f_max": 7000.0}),
    ({"pad_mode": "replicate"}, {"pad_mode": "replicate"}),
]
for index, (options, names) in enumerate(TRANSFORMS):
    make = lambda wave: T.MelSpectrogram(16000, **names).to(wave.dtype)(wave).T.numpy()
    add(f"mel {index}", speech.name, "mel_spectrogram", PLAIN | options, *of(speech, make), 17, "torchaudio")
SPECTRA = [
    ({}, {}),
    ({"power": 1.0}, {"power": 1.0}),
    ({"window": "hamming"}, {"window_fn": torch.hamming_window}),
    ({"window": "blackman"}, {"window_fn": torch.blackman_window}),
    # No product of small primes, and odd.
    ({"frame_samples": 511, "hop_samples": 100}, {"n_fft": 511, "hop_length": 100}),
    ({"frame_samples": 322, "hop_samples": 100}, {"n_fft": 322, "hop_length": 100}),
]
for index, (options, names) in enumerate(SPECTRA):
    make = lambda wave: T.Spectrogram(**names).to(wave.dtype)(wave).T.numpy()
    options = PLAIN | {"frame_samples": 400, "hop_samples": 200} | options
    add(f"spectrogram {index}", speech.name, "spectrogram", options, *of(speech, make), 29)
decibels = T.AmplitudeToDB()
make = lambda wave: decibels(T.MelSpectrogram(16000).to(wave.dtype)(wave)).T.numpy()
add("mel db", speech.name, "mel_spectrogram", {}, *of(speech, make), 17, "torchaudio")
make = lambda wave: T.MFCC(16000).to(wave.dtype)(wave).T.numpy()
add("mfcc torchaudio", speech.name, "mfcc", {}, *of(speech, make), 7, "torchaudio")

values, rate = soundfile.read(speech, dtype="float32")
mel = librosa.power_to_db(librosa.feature.melspectrogram(y=values, sr=rate)).T
add("mel librosa", speech.name, "mel_spectrogram", {}, mel, mel, 5, "librosa")
mfcc = librosa.feature.mfcc(y=values, sr=rate).T
add("mfcc librosa", speech.name, "mfcc", {}, mfcc, mfcc, 3, "librosa")
mfcc = librosa.feature.mfcc(y=values, sr=rate, n_mfcc=13, lifter=22).T
add("mfcc lifter", speech.name, "mfcc", {"coefficients": 13, "lifter": 22.0}, mfcc, mfcc, 3, "librosa")
amplitude = librosa.amplitude_to_db(np.abs(librosa.stft(values, n_fft=1024, hop_length=256))).T
options = {"frame_samples": 1024, "hop_samples": 256, "pad_mode": "constant", "scaling": "db", "power": 1.0}
add("amplitude db", speech.name, "spectrogram", options, amplitude, amplitude, 17)


def efficientat(wave):
    """What EfficientAT's networks hear, in the words of its description: the clip counts as one of 32 kHz."""
    wave = torch.nn.functional.conv1d(wave[None, None], torch.tensor([[[-0.97, 1.0]]], dtype=wave.dtype))[0]
    window = torch.hann_window(800, periodic=False, dtype=wave.dtype)
    spectrum = torch.stft(wave, 1024, hop_length=320, win_length=800, center=True, window=window, return_complex=True)
    banks, _ = kaldi.get_mel_banks(128, 1024, 32000.0, 0.0, 15000.0, 100.0, -500.0, 1.0)
    banks = torch.nn.functional.pad(banks, (0, 1)).to(wave.dtype)
    return (banks @ (spectrum.abs() ** 2) + 1e-5).log()[0].T.numpy()


add("efficientat", speech.name, "mel_spectrogram", {}, *of(speech, efficientat), 11, "efficientat")

# Clips in every format, short: two channels, what libsndfile makes of them again.
time = np.arange(6000) / 16000
left = 0.5 * np.sin(2 * np.pi * (300 + 900 * time) * time)
stereo = np.stack([left, 0.3 * np.roll(left, 40)], axis=1)
formats = []
for name, subtype, rate in [
    ("u8.wav", "PCM_U8", 16000), ("i16.wav", "PCM_16", 16000), ("i24.wav", "PCM_24", 16000), ("i32.wav", "PCM_32", 16000),
    ("f32.wav", "FLOAT", 16000), ("f64.wav", "DOUBLE", 16000), ("extensible.wav", "PCM_24", 16000), ("long.wav", "PCM_16", 16000),
    ("i16.flac", "PCM_16", 16000), ("i24.flac", "PCM_24", 44100), ("vorbis.ogg", "VORBIS", 16000), ("layer3.mp3", "MPEG_LAYER_III", 44100),
]:
    path = HERE / "formats" / name
    path.parent.mkdir(exist_ok=True)
    form = {"extensible.wav": "WAVEX", "long.wav": "RF64"}.get(name, name.rsplit(".")[-1].upper())
    # WAV files are long for what they hold.
    soundfile.write(path, stereo[: 400 if name.endswith("wav") else None], rate, format=form, subtype=subtype)
    values, rate = soundfile.read(path, dtype="float32")
    formats.append({"name": name, "rate_hz": rate, "samples": len(values)})
    tensors[name] = values.astype(np.float64).mean(axis=1)[::7]
    tensors[name + " 1"] = values[::7, 1]

# A clip at other rates, by a filter a hundred times as long as anybody needs, below the band where it falls off.
wave, rate = soundfile.read(HERE / "speech_44k.wav")
rates = []
for target in [16000, 32000, 48000, 22050]:
    up, down = target // math.gcd(target, rate), rate // math.gcd(target, rate)
    taps = signal.firwin(2 * 400 * max(up, down) + 1, 0.99 / max(up, down), window=("kaiser", 14.0))
    other = signal.resample_poly(wave, up, down, window=taps)
    low = signal.firwin(801, 0.88 * min(rate, target) / 2, fs=target, window=("kaiser", 12.0))
    rates.append(target)
    tensors[f"rate {target}"] = signal.fftconvolve(other, low, "same")[2000:4000]
    tensors[f"low {target}"] = low

save_json("features.json", {"cases": table, "formats": formats, "rates": rates}, "torchaudio", "torch", "librosa", "soundfile", "scipy")
save_tensors("features.safetensors", tensors, "torchaudio", "torch", "librosa", "soundfile", "scipy")
print(f"{len(SETTINGS)} settings of the filter bank; {skipped} frames passed over")
