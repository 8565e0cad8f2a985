"""Container image archives (the format of `docker save`), written without a daemon.

The same input gives the same bytes: entries are sorted, all times are zero, owners are numbers.
"""

import copy
import hashlib
import io
import json
import os
import platform
import tarfile
from dataclasses import dataclass, field
from pathlib import Path

EPOCH = "1970-01-01T00:00:00Z"
ARCHITECTURE = {"x86_64": "amd64", "aarch64": "arm64"}  # of this machine, as images name it


@dataclass
class Image:
    """What a runtime is told about an image."""

    reference: str  # slipway.dev/tools:1
    entrypoint: list[str] = field(default_factory=list)
    cmd: list[str] = field(default_factory=list)
    env: dict[str, str] = field(default_factory=dict)
    user: str = ""
    workdir: str = ""

    def config(self, layers: list["Layer"]) -> bytes:
        """The image's configuration (OCI image specification, config.md)."""
        settings = {
            "User": self.user,
            "WorkingDir": self.workdir,
            "Entrypoint": self.entrypoint,
            "Cmd": self.cmd,
            "Env": [f"{k}={v}" for k, v in sorted(self.env.items())],
        }
        return json.dumps(
            {
                "architecture": ARCHITECTURE.get(platform.machine(), platform.machine()),
                "os": "linux",
                "created": EPOCH,
                "config": {key: value for key, value in settings.items() if value},
                "rootfs": {
                    "type": "layers",
                    "diff_ids": [f"sha256:{layer.digest}" for layer in layers],
                },
                "history": [{"created": EPOCH} for _ in layers],
            },
            sort_keys=True,
        ).encode()


@dataclass(frozen=True)
class Layer:
    """One layer: a tar file, uncompressed, and its SHA-256."""

    path: Path
    digest: str


class LayerWriter:
    """Collects files, later ones over earlier ones, and writes them as one layer."""

    def __init__(self):
        self._entries: dict[str, tuple[tarfile.TarInfo, object]] = {}

    def put(self, info: tarfile.TarInfo, source) -> None:
        """Adds one entry; `source` is None, a path, or a function that gives an open file."""
        info = copy.copy(info)  # the caller may need the name under which it found the entry
        info.name = info.name.removeprefix("./").strip("/")
        info.mtime = 0
        info.uname = info.gname = ""
        info.pax_headers = {}
        if info.name not in ("", "."):
            self._entries[info.name] = (info, source)

    def put_file(self, path: Path, name: str, mode: int | None = None) -> None:
        """Adds a file, link or folder of this machine, owned by root."""
        with tarfile.open(fileobj=io.BytesIO(), mode="w") as scratch:
            info = scratch.gettarinfo(path, arcname=name)
        info.uid = info.gid = 0
        info.mode = info.mode if mode is None else mode
        for parent in [*Path(info.name.strip("/")).parents][::-1]:
            self.put_folder(str(parent))
        self.put(info, path if info.isreg() else None)

    def put_folder(self, name: str, mode: int = 0o755) -> None:
        """Adds a folder, unless it is there already."""
        if name.strip("/") in self._entries or name in ("", "."):
            return
        info = tarfile.TarInfo(name.strip("/"))
        info.type, info.mode = tarfile.DIRTYPE, mode
        self.put(info, None)

    def put_tree(self, root: Path) -> None:
        """Adds everything below a folder of this machine."""
        for folder, folders, files in os.walk(root):
            for name in [*folders, *files]:
                path = Path(folder, name)
                self.put_file(path, str(path.relative_to(root)))

    def names(self) -> set[str]:
        return set(self._entries)

    def write(self, path: Path) -> Layer:
        with tarfile.open(path, "w", format=tarfile.GNU_FORMAT) as out:
            for name in sorted(self._entries, key=self._order):
                info, source = self._entries[name]
                if source is None:
                    out.addfile(info)
                    continue
                with source() if callable(source) else open(source, "rb") as file:
                    out.addfile(info, file)
        with open(path, "rb") as file:
            return Layer(path, hashlib.file_digest(file, "sha256").hexdigest())

    def _order(self, name: str) -> tuple:
        """Folders before what is in them, and hard links after everything they may point to."""
        return (self._entries[name][0].islnk(), name.split("/"))


def write_image(path: Path, image: Image, layers: list[Layer]) -> None:
    """Writes an archive that `ctr images import` and `docker load` take."""
    config = image.config(layers)
    config_name = f"{hashlib.sha256(config).hexdigest()}.json"
    names = [f"{layer.digest}/layer.tar" for layer in layers]
    manifest = json.dumps([{"Config": config_name, "RepoTags": [image.reference], "Layers": names}])
    with tarfile.open(path, "w", format=tarfile.GNU_FORMAT) as out:
        for name, layer in zip(names, layers, strict=True):
            info = tarfile.TarInfo(name)
            info.size = layer.path.stat().st_size
            with open(layer.path, "rb") as file:
                out.addfile(info, file)
        for name, content in ((config_name, config), ("manifest.json", manifest.encode())):
            info = tarfile.TarInfo(name)
            info.size = len(content)
            out.addfile(info, io.BytesIO(content))
