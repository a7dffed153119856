"""Writes formats/six.ogg: Vorbis with six channels, in the order in which Vorbis keeps them, each a sine of its own."""
import numpy
import soundfile

from oracle import HERE

RATE, HERTZ = 8000, [300, 600, 900, 1200, 1500, 1800]
time = numpy.arange(RATE // 2) / RATE
waves = [0.25 * numpy.sin(2 * numpy.pi * hertz * time) for hertz in HERTZ]
soundfile.write(HERE / "formats" / "six.ogg", numpy.stack(waves, 1), RATE, format="OGG", subtype="VORBIS")
