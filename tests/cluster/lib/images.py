"""The recipes of images."""

from . import paths

NEEDED_PROGRAMS = {"mmdebstrap": "mmdebstrap", "gcc": "gcc"}


def names() -> list[str]:
    return sorted(p.parent.name for p in (paths.HERE / "images").glob("*/recipe.toml"))
