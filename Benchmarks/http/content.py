"""The texts that a store is filled with."""

import json
import os
import pathlib
import random

from processes import ROOT, note


def content_folder(chosen, temporary):
    """The folder with the published texts: the one that was chosen, else that of QURAN_CONTENT_DIR, else where `quran
    seed` looks, else one of made-up texts in `temporary`."""
    for candidate in (chosen, os.environ.get("QURAN_CONTENT_DIR"), ROOT / "content", ROOT.parent / "shared" / "content"):
        if candidate and (pathlib.Path(candidate) / "quran-uthmani.txt").exists():
            return pathlib.Path(candidate).resolve()
    note("no content found: texts are made up")
    folder = temporary / "content"
    make_up(folder)
    return folder


def make_up(folder):
    """Writes a text of each edition of the catalogue: none is scripture, and lengths are about those of real ones."""
    surahs = json.loads((ROOT / "seed-data" / "surahs.json").read_text())["surahs"]
    editions = json.loads((ROOT / "seed-data" / "editions.json").read_text())["editions"]
    for edition in editions:
        chance = random.Random(edition["id"])
        script = edition["kind"] == "quran"
        basmala = " ".join(_words(chance, 4, script))
        lines = []
        for surah in surahs:
            for ayah in range(1, surah["ayah_count"] + 1):
                text = " ".join(_words(chance, chance.randint(2, 24 if script else 40), script))
                if script and ayah == 1 and surah["has_basmala"]:
                    text = f"{basmala} {text}"
                elif script and ayah == 1 and surah["number"] == 1:
                    text = basmala
                lines.append(f"{surah['number']}|{ayah}|{text}")
        for name in edition["files"]:
            if name.endswith(".txt"):
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_text("\n".join([*lines, "", "# A notice of our own.", ""]))
                break


def _words(chance, count, arabic):
    letters, marks = ("ابتثجحدذرسصطعغفقكلمنهوي", "َُِّْ") if arabic else ("aeioubcdfghlmnprst", "")
    for _ in range(count):
        yield "".join(
            chance.choice(letters) + (chance.choice(marks) if marks else "") for _ in range(chance.randint(2, 6)))
