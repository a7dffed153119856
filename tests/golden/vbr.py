"""An MP3 whose bit rate changes: noise, then nothing. Its first frames say nothing of its length."""

import numpy as np
import soundfile
from oracle import HERE

values = np.concatenate([np.random.default_rng(0).normal(size=4000) * 0.3, np.zeros(28000)]).clip(-1, 1)
soundfile.write(HERE / "formats" / "vbr.mp3", values, 16000, format="MP3", bitrate_mode="VARIABLE", compression_level=0.5)
