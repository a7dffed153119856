"""Writes formats/six.ogg, coupled.ogg and three.ogg: Vorbis with six or three channels, in the order in which Vorbis keeps
them, each a sine of its own. The encoder couples channels in pairs that share some at 44.1 kHz only, and none of three;
low frequencies are low there."""
import numpy
import soundfile

from oracle import HERE

HERTZ = [300, 600, 900, 1200, 1500]
for name, rate, low, seconds in [("six", 8000, 1800, 0.5), ("coupled", 44100, 60, 0.2)]:
    time = numpy.arange(int(rate * seconds)) / rate
    waves = [0.25 * numpy.sin(2 * numpy.pi * hertz * time) for hertz in [*HERTZ, low]]
    soundfile.write(HERE / "formats" / f"{name}.ogg", numpy.stack(waves, 1), rate, format="OGG", subtype="VORBIS")
    if rate == 44100:
        soundfile.write(HERE / "formats" / "three.ogg", numpy.stack(waves[:3], 1), rate, format="OGG", subtype="VORBIS")
