"""What a browser says of itself, in the words that its owner uses."""

# Order matters: most browsers say that they are others too. What comes out goes in again unchanged.
_BROWSERS = (
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("Opera", "Opera"),
    ("Samsung", "Samsung Internet"),
    ("Chrom", "Chrome"),
    ("CriOS", "Chrome"),
    ("Safari", "Safari"),
)
_DEVICES = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("CrOS", "Chromebook"),
    ("Chromebook", "Chromebook"),
    ("Mac", "Mac"),
    ("Linux", "Linux"),
)


def device_in_words(agent: str) -> str:
    """Return browser and kind of device, such as "Safari, iPhone"; "" if neither is known."""
    found = [
        next((name for token, name in names if token in agent), "")
        for names in (_BROWSERS, _DEVICES)
    ]
    return ", ".join(filter(None, found))
