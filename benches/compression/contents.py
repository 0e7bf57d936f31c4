"""The content that all peers send, the same in each run."""

from __future__ import annotations

import json
import random
from pathlib import Path

from compare.places import DATA

FOLDER = DATA / "compression"
# So many records as JSON, or as the rows of a page, by what it comes to.
RECORDS = {"2k.json": 8, "25k.json": 100, "1m.json": 4100, "256k.html": 720}
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
        text = page(records) if name.endswith(".html") else as_json(records)
        (FOLDER / name).write_text(text, encoding="utf-8")
    (FOLDER / SMALL).write_text('{"status":"ok","number":12345}')
    (FOLDER / PICTURE).write_bytes(b"\x89PNG\r\n\x1a\n" + chance.randbytes(4088))


def as_json(records: list[dict[str, object]]) -> str:
    return json.dumps(records, ensure_ascii=False, separators=(",", ":"))


def page(records: list[dict[str, object]]) -> str:
    """A page that a template of a program may make of them."""
    rows = "".join(map(row, records))
    head = '<!doctype html>\n<meta charset="utf-8">\n<title>Accounts</title>\n'
    return f'{head}<table class="accounts">\n{rows}</table>\n'


def row(record: dict[str, object]) -> str:
    cells = "".join(
        f'    <td class="cell cell-{name}">{value}</td>\n'
        for name, value in record.items()
        if name in ("key", "name", "city", "score", "about")
    )
    return (
        f'  <tr id="account-{record["id"]}" data-created="{record["created"]}">\n{cells}  </tr>\n'
    )


def title(name: str) -> str:
    """What a table calls the content."""
    kind = name.rpartition(".")[2].upper()
    return f"{kind} of {len(read(name)):,} bytes"


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
