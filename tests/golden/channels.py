"""Writes formats/six.ogg and vorbis3.ogg to vorbis8.ogg: Vorbis with several channels, in the order in which Vorbis keeps
them, each a sine of its own; prints what libsndfile makes of them. At 44.1 kHz the encoder couples channels in pairs, some
of which share channels; low frequencies are low there."""
import numpy
import soundfile

from oracle import HERE

HERTZ = [300, 600, 900, 1200, 1500, 1800, 2100, 2400]


def amplitude(samples, rate, hertz):
    turns = numpy.exp(2j * numpy.pi * hertz / rate * numpy.arange(len(samples)))
    return 2 * abs((samples * turns).mean())


files = [("six", 6, 8000, 0.5, 1800)]
files += [(f"vorbis{count}", count, 44100, 0.2, 60 if count >= 6 else None) for count in [3, 4, 5, 6, 7, 8]]
for name, count, rate, seconds, low in files:
    time = numpy.arange(int(rate * seconds)) / rate
    own = HERTZ[:count]
    if low:
        own[-1] = low
    waves = [0.25 * numpy.sin(2 * numpy.pi * hertz * time) for hertz in own]
    path = HERE / "formats" / f"{name}.ogg"
    soundfile.write(path, numpy.stack(waves, 1), rate, format="OGG", subtype="VORBIS")
    found, _ = soundfile.read(path)
    print(name, [round(float(amplitude(found[:, at], rate, hertz)), 4) for at, hertz in enumerate(own)])
