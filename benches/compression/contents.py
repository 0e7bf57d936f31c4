"""The content that all peers send, the same in each run."""

from __future__ import annotations

import json
import random
from pathlib import Path

from compare.places import DATA

FOLDER = DATA / "compression"
# JSON of so many records, by what it comes to.
RECORDS = {"2k.json": 8, "25k.json": 100, "1m.json": 4100}
SMALL, PICTURE = "small.json", "image.png"

WORDS = [
    "account",
    "address",
    "amount",
    "answer",
    "article",
    "balance",
    "branch",
    "budget",
    "button",
    "camera",
    "candle",
    "carbon",
    "castle",
    "center",
    "charge",
    "choice",
    "circle",
    "client",
    "coffee",
    "column",
    "copper",
    "corner",
    "cotton",
    "course",
    "credit",
    "custom",
    "damage",
    "decade",
    "degree",
    "design",
    "detail",
    "device",
    "dinner",
    "doctor",
    "driver",
    "editor",
    "effect",
    "effort",
    "energy",
    "engine",
    "estate",
    "expert",
    "export",
    "factor",
    "family",
    "farmer",
    "father",
    "figure",
    "finger",
    "flight",
    "flower",
    "forest",
]
CITIES = ["Springfield", "Zürich", "São Paulo", "Tokyo", "Nairobi", "Oslo", "Lagos", "Lima"]


def make() -> None:
    """Writes the files."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    chance = random.Random(1)
    for name, count in RECORDS.items():
        records = [record(chance, number) for number in range(count)]
        text = json.dumps(records, ensure_ascii=False, separators=(",", ":"))
        (FOLDER / name).write_text(text, encoding="utf-8")
    (FOLDER / SMALL).write_text('{"status":"ok","number":12345}')
    (FOLDER / PICTURE).write_bytes(b"\x89PNG\r\n\x1a\n" + chance.randbytes(4088))


def read(name: str) -> bytes:
    return Path(FOLDER, name).read_bytes()


def record(chance: random.Random, number: int) -> dict[str, object]:
    """What a table of a program may hold: some of it repeats, some does not."""
    first, last = chance.choice(WORDS), chance.choice(WORDS)
    return {
        "id": number,
        "key": f"{chance.getrandbits(64):016x}",
        "name": f"{first} {last}".title(),
        "email": f"{first}.{last}@example.com",
        "active": chance.random() < 0.5,
        "score": round(chance.gauss(50, 20), 3),
        "created": 1_700_000_000 + chance.randrange(30_000_000),
        "city": chance.choice(CITIES),
        "tags": chance.sample(["red", "green", "blue", "new", "old"], 2),
        "about": " ".join(chance.choices(WORDS, k=8)),
    }
