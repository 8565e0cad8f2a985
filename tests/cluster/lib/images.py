"""Images from recipes: folders with a recipe.toml, built into archives in the cache.

A recipe may have, all optional but `tag`:

  tag = "1"                         the image is slipway.dev/<folder>:<tag>
  from = "sklearn"                  another recipe, whose layers come first
  packages = ["curl"]               Debian packages, with all they depend on
  drop = ["usr/lib/*/tests/*"]      files of packages and wheels to leave out, beside documentation
  bytecode = ["/usr/lib/python3"]   folders whose Python files are compiled in advance
  wheels = "requirements.txt"       packages of PyPI, by version and hash, for Debian's Python
  busybox = ["sh"]                  commands to link to the packages' busybox
  compile = { source, to }          one C file, linked statically
  files = [{ from, to, mode }]      files or folders beside the recipe; {name} stands for a variable
  libraries = true                  the shared libraries that the files are linked with
  links = { "/to" = "target" }      symbolic links
  folders = { "/tmp" = "1777" }     empty folders
  [image]                           entrypoint, cmd, user, workdir and env of the image
"""

import fnmatch
import hashlib
import os
import re
import shutil
import subprocess
import tarfile
import tempfile
import tomllib
from functools import partial
from pathlib import Path

from . import paths
from .archive import Image, Layer, LayerWriter, write_image
from .parts import build_lock, remove_unused, run
from .report import Failure, Step, step

SUITE = "bookworm"
FORMAT = "1"  # raised when the same recipe has to give another image
KNOWN = {
    "tag",
    "from",
    "packages",
    "drop",
    "bytecode",
    "wheels",
    "busybox",
    "compile",
    "files",
    "libraries",
    "links",
    "folders",
    "image",
}
NEEDED_PROGRAMS = {"mmdebstrap": "mmdebstrap", "gcc": "gcc", "pip3": "python3-pip"}
PYTHON = "/usr/bin/python3"  # Debian's: the same as in the images, so that its bytecode fits
WHEELS = "/usr/local/lib/python3.11/dist-packages"  # where Debian's Python looks before its own

# What Debian packages bring and no container reads.
DROP = [
    "dev/*",
    "proc/*",
    "sys/*",
    "run/*",
    "boot/*",
    "var/cache/*",
    "var/lib/apt/*",
    "var/lib/dpkg/*",
    "var/log/*",
    "usr/share/doc/*",
    "usr/share/man/*",
    "usr/share/info/*",
    "usr/share/locale/*",
    "usr/share/lintian/*",
    "usr/share/bug/*",
    "usr/include/*",
    "*.a",
]


def names() -> list[str]:
    """The recipes of tests/cluster/images."""
    return sorted(p.parent.name for p in (paths.HERE / "images").glob("*/recipe.toml"))


def recipe(name: str, variables: dict[str, str] | None = None, tag: str = "") -> "Recipe":
    """A recipe by its name, or by the path of its folder."""
    folder = paths.HERE / "images" / name
    if "/" in name or not (folder / "recipe.toml").exists():
        folder = Path(name)
    if not (folder / "recipe.toml").exists():
        raise Failure(
            f"no recipe {name}: neither one of {', '.join(names())} nor a folder with a recipe.toml"
        )
    return Recipe(folder.resolve(), variables or {}, tag)


class Recipe:
    """One recipe with the values of its variables."""

    def __init__(self, folder: Path, variables: dict[str, str], tag: str):
        self.folder = folder
        self.name = folder.name
        self.variables = variables
        with open(folder / "recipe.toml", "rb") as file:
            self.settings = tomllib.load(file)
        unknown = self.settings.keys() - KNOWN
        if unknown:
            raise Failure(
                f"{folder / 'recipe.toml'}: unknown {', '.join(sorted(unknown))}; "
                f"there are {', '.join(sorted(KNOWN))}"
            )
        self.reference = f"slipway.dev/{self.name}:{tag or self.settings['tag']}"
        self.base = recipe(self.settings["from"]) if "from" in self.settings else None

    def digest(self) -> str:
        """A hash of everything that decides what the image is."""
        digest = hashlib.sha256(f"{FORMAT}\0{SUITE}\0{self.reference}\0".encode())
        if self.base:
            digest.update(self.base.digest().encode())
        inputs = {str(p.relative_to(self.folder)): p for p in _below(self.folder)}
        for source, target, _ in self._files():
            inputs |= {f"{target}\0{p.relative_to(source)}": p for p in _below(source)}
            if self.settings.get("libraries") and source.is_file():
                inputs |= {str(p): p for p in shared_libraries(source)}
        for name, path in sorted(inputs.items()):
            digest.update(f"\0{name}\0{path.stat().st_mode}\0".encode() + path.read_bytes())
        return digest.hexdigest()[:16]

    def cached(self) -> Path:
        return paths.cache() / "parts" / f"image-{self.name}-{self.digest()}"

    def archive(self) -> Path:
        """Where the image archive lies once it is built."""
        return self.cached() / "image.tar"

    def build(self) -> Path:
        """Builds the image into the cache unless it is there, and gives the archive's path."""
        if self.base:
            self.base.build()
        with build_lock(f"image-{self.name}"):
            target = self.cached()
            if not self.archive().exists():
                with step(f"image {self.reference}") as current:
                    unfinished = target.with_name(f"{target.name}.partial")
                    shutil.rmtree(unfinished, ignore_errors=True)
                    unfinished.mkdir(parents=True)
                    layer = self._layer(unfinished / "layer.tar", current)
                    write_image(
                        unfinished / "image.tar", self._image(), [*self._base_layers(), layer]
                    )
                    (unfinished / "layer.sha256").write_text(layer.digest)
                    unfinished.rename(target)
                    current.note = f"{self.archive().stat().st_size / 1e6:.0f} MB"
                remove_unused(f"image-{self.name}", target)
            os.utime(target)
        return self.archive()

    def layers(self) -> list[Layer]:
        digest = (self.cached() / "layer.sha256").read_text()
        return [*self._base_layers(), Layer(self.cached() / "layer.tar", digest)]

    def _base_layers(self) -> list[Layer]:
        return self.base.layers() if self.base else []

    def _image(self) -> Image:
        """The recipe's settings over those of its base; an environment is merged."""
        merged = dict(self.base._image().__dict__) if self.base else {}
        own = dict(self.settings.get("image", {}))
        env = merged.get(
            "env", {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
        )
        return Image(
            **(merged | own | {"reference": self.reference, "env": env | own.get("env", {})})
        )

    def _layer(self, path: Path, current: Step) -> Layer:
        writer = LayerWriter()
        with tempfile.TemporaryDirectory(dir=path.parent) as scratch:
            self._add_packages(writer, Path(scratch), current)
            self._add_wheels(writer, Path(scratch), current)
            self._add_compiled(writer, Path(scratch))
            self._add_files(writer)
            for name, mode in self.settings.get("folders", {}).items():
                writer.put_folder(name, int(mode, 8))
            for name, target in self.settings.get("links", {}).items():
                _link(writer, name, target)
            return writer.write(path)

    def _add_packages(self, writer: LayerWriter, scratch: Path, current: Step) -> None:
        packages = self.settings.get("packages")
        if not packages:
            return
        root = scratch / "root.tar"
        # Maintainer scripts are not run: `extract` only unpacks, which needs no mount and takes
        # seconds.
        _watched(
            [
                "mmdebstrap",
                "--variant=extract",
                f"--include={','.join(packages)}",
                *self._bytecode(),
                SUITE,
                root,
            ],
            current,
        )
        drop = self._dropped()
        tar = tarfile.open(root)  # noqa: SIM115 - read from when the layer is written
        for info in tar:
            if not drop.match(info.name.removeprefix("./")) and not info.isdev():
                writer.put(info, partial(tar.extractfile, info) if info.isreg() else None)
        for command in self.settings.get("busybox", []):
            if f"bin/{command}" not in writer.names():
                _link(writer, f"bin/{command}", "/bin/busybox")

    def _dropped(self) -> re.Pattern:
        patterns = DROP + self.settings.get("drop", [])
        return re.compile("|".join(fnmatch.translate(p) for p in patterns))

    def _bytecode(self) -> list[str]:
        """Bytecode that names no time, so that it stays valid and the same input gives the same."""
        folders = self.settings.get("bytecode")
        return (
            [
                f'--customize-hook=chroot "$1" python3 -m compileall -q -x /tests/ '
                f"--invalidation-mode unchecked-hash {' '.join(folders)}"
            ]
            if folders
            else []
        )

    def _add_wheels(self, writer: LayerWriter, scratch: Path, current: Step) -> None:
        if "wheels" not in self.settings:
            return
        # Nothing that the file does not name: what is missing there is Debian's, from the base.
        pip = [PYTHON, "-m", "pip", "install", "--quiet", "--no-deps", "--no-compile"]
        pip += ["--only-binary=:all:", "--require-hashes", "--disable-pip-version-check"]
        folder = scratch / "wheels"
        lock = self.folder / self.settings["wheels"]
        _watched([*pip, f"--target={folder}", f"--requirement={lock}"], current)
        compileall = [PYTHON, "-m", "compileall", "-q", "-x", "/tests/"]
        compileall += ["--invalidation-mode", "unchecked-hash", "-s", folder, "-p", WHEELS, folder]
        _watched(compileall, current)
        drop = self._dropped()
        for path in _below(folder):
            name = f"{WHEELS}/{path.relative_to(folder)}"
            if not drop.match(name.removeprefix("/")):
                writer.put_file(path, name)

    def _add_compiled(self, writer: LayerWriter, scratch: Path) -> None:
        if "compile" in self.settings:
            binary = scratch / "compiled"
            run(
                [
                    "gcc",
                    "-static",
                    "-Os",
                    "-s",
                    "-Wall",
                    "-Werror",
                    "-o",
                    binary,
                    self.folder / self.settings["compile"]["source"],
                ]
            )
            writer.put_file(binary, self.settings["compile"]["to"], 0o755)

    def _add_files(self, writer: LayerWriter) -> None:
        for source, target, mode in self._files():
            if source.is_dir():
                for path in _below(source):
                    writer.put_file(path, f"{target}/{path.relative_to(source)}")
                continue
            writer.put_file(source, target, mode)
            if self.settings.get("libraries"):
                for library in shared_libraries(source):
                    writer.put_file(library.resolve(), str(library), 0o755)

    def _files(self) -> list[tuple[Path, str, int | None]]:
        """Source, target and mode of each entry of `files`, variables filled in."""
        found = []
        for entry in self.settings.get("files", []):
            try:
                source = self.folder / entry["from"].format_map(self.variables)
            except KeyError as missing:
                raise Failure(f"image {self.name} needs --{missing.args[0]}=PATH") from None
            if not source.exists():
                raise Failure(f"image {self.name}: no file {source}")
            found.append(
                (source.absolute(), entry["to"], int(entry["mode"], 8) if "mode" in entry else None)
            )
        return found


def _below(path: Path) -> list[Path]:
    return sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]


def _link(writer: LayerWriter, name: str, target: str) -> None:
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.mode = tarfile.SYMTYPE, target, 0o777
    writer.put(info, None)


def _watched(command: list, current: Step) -> None:
    """Runs a long command with heartbeats; its output is shown when it fails."""
    with tempfile.TemporaryFile("w+") as log:
        child = subprocess.Popen(
            [str(c) for c in command], stdout=log, stderr=log, stdin=subprocess.DEVNULL
        )
        while True:
            try:
                child.wait(1)
                break
            except subprocess.TimeoutExpired:
                current.beat()
        if child.returncode:
            log.seek(0)
            raise Failure(f"{command[0]} failed:\n" + "".join(log.readlines()[-15:]))


def shared_libraries(binary: Path) -> list[Path]:
    """The libraries, and the loader, that a program is linked with, under the names it uses."""
    done = subprocess.run(["ldd", str(binary)], capture_output=True, text=True)
    if "not a dynamic executable" in done.stdout + done.stderr:
        return []
    if done.returncode or "not found" in done.stdout:
        raise Failure(f"ldd {binary}: {(done.stderr or done.stdout).strip()}")
    return [Path(p) for p in re.findall(r"(?:=>\s*|^\s*)(/\S+) \(0x", done.stdout, re.MULTILINE)]
