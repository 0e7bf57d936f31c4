"""The files that the gallery sends: made at its start, gone at its end."""

from __future__ import annotations

import math
import os
import shutil
import tempfile
import wave
from pathlib import Path

SAMPLES_PER_SECOND = 8000
MELODY = [146.8, 174.6, 196.0, 220.0, 261.6, 220.0, 196.0, 174.6, 164.8, 146.8]
"""D, F, G, A, C, A, G, F, E, D: in hertz."""

MODIFIED = 1_700_000_000
"""Each start of the gallery makes the same bytes, so they have the same time, and the same tag."""

_folder = tempfile.TemporaryDirectory(prefix="antiphon-")
FOLDER = Path(_folder.name)
TEXT = "antiphon.txt"
SOUND = "antiphon.wav"
SITE = ["site/antiphon.txt", "site/antiphon.txt.gz"]
"""The same text in a folder, and a copy of it that is compressed."""

COMPRESSED = Path(__file__).parents[1] / "page" / "antiphon.txt.gz"


def note(pitch: float) -> bytes:
    """Return one second of a tone that fades, with its octave in it."""
    samples = bytearray()
    for sample in range(SAMPLES_PER_SECOND):
        time = sample / SAMPLES_PER_SECOND
        tone = math.sin(math.tau * pitch * time) + 0.3 * math.sin(math.tau * 2 * pitch * time)
        samples.append(int(128 + 80 * tone * min(time * 50, 1) * (1 - time)))
    return bytes(samples)


(FOLDER / TEXT).write_text(
    "An antiphon is the sung answer in call and response.\n"
    "Größe und Maß der Antwort bestimmt die Frage.\n",
    encoding="utf-8",
)
with wave.open(str(FOLDER / SOUND), "wb") as sound:
    sound.setnchannels(1)
    sound.setsampwidth(1)
    sound.setframerate(SAMPLES_PER_SECOND)
    # An antiphon: what is called low is answered an octave above.
    for pitch in [*MELODY, *(2 * pitch for pitch in MELODY)]:
        sound.writeframes(note(pitch))
(FOLDER / "site").mkdir()
shutil.copy(FOLDER / TEXT, FOLDER / SITE[0])
shutil.copy(COMPRESSED, FOLDER / SITE[1])
for name in (TEXT, SOUND, *SITE):
    os.utime(FOLDER / name, (MODIFIED, MODIFIED))
