"""What a website's robots.txt lets us look at. Plain functions.

Source: RFC 9309. The standard library's parser knows no `*` and `$` inside a path and takes the
first rule that fits, not the longest.
"""

import re
from dataclasses import dataclass
from urllib.parse import quote

_SAFE = "/%:=&?~#+!$,;'@()*[]-._"
_ESCAPE = re.compile(r"%[0-9a-fA-F]{2}")


@dataclass(frozen=True)
class Robots:
    """The rules that hold for us: patterns of paths, each allowed or not."""

    rules: tuple[tuple[str, bool], ...] = ()

    def allows(self, path: str) -> bool:
        """Return whether `path`, with its query, may be asked for: the longest rule decides.

        Of two that are as long, the one that allows wins. Where no rule fits, all is allowed.
        """
        path = _normal(path)
        fitting = [(len(p), allowed) for p, allowed in self.rules if _fits(p, path)]
        return max(fitting, default=(0, True))[1]


def parse_robots(text: str, token: str) -> Robots:
    """Return the rules of `text` for the program named `token`, else those for everybody.

    Never raises: a line that makes no sense is passed over.
    """
    groups: dict[str, list[tuple[str, bool]]] = {}
    names: list[str] = []
    is_naming = False
    for line in text.removeprefix("\ufeff").splitlines():
        key, colon, value = line.split("#", 1)[0].partition(":")
        key, value = key.strip().lower(), value.strip()
        if not colon:
            continue
        if key == "user-agent":
            if not is_naming:
                names = []
            is_naming = True
            # Some write a version behind the name; only the name counts.
            names.append(value.split("/", 1)[0].strip().lower())
            groups.setdefault(names[-1], [])
        elif key in {"allow", "disallow"}:
            is_naming = False
            for name in names:
                if value:
                    groups[name].append((_normal(value), key == "allow"))
    return Robots(tuple(groups.get(token.lower(), groups.get("*", []))))


def _normal(path: str) -> str:
    """Return `path` with everything but plain letters escaped, in one way of writing."""
    quoted = quote(path.encode("utf-8", "surrogatepass"), safe=_SAFE)
    return _ESCAPE.sub(lambda found: found[0].upper(), quoted)


def _fits(pattern: str, path: str) -> bool:
    """Return whether `path` begins as `pattern` says: `*` is anything, a last `$` the end.

    Each part is looked for once, from the left, so no pattern takes long.
    """
    is_whole = pattern.endswith("$")
    first, *others = pattern.removesuffix("$").split("*")
    if not path.startswith(first):
        return False
    if not others:
        return not is_whole or path == first
    at = len(first)
    *middle, last = others
    for part in middle:
        found = path.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    if is_whole:
        return path.endswith(last) and len(path) - len(last) >= at
    return path.find(last, at) >= 0
