"""A copy of the sources, in which one bug after the other is planted."""

import filecmp
import os
import shutil
import subprocess
from pathlib import Path

REPO = Path(__file__).resolve().parents[3]
WORK = REPO / "build" / "mutants"


class Tree:
    """All files that git does not ignore, as they are now; what an ended run has left planted is taken
    out. The folder is kept, so that the next run compiles only what was changed since."""

    def __init__(self):
        self._folder = WORK / "tree"
        listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                                cwd=REPO, check=True, capture_output=True)
        names = [name for name in listed.stdout.decode().split("\0") if name and os.path.lexists(REPO / name)]
        self._remove_all_but(set(names))
        for name in names:
            self._copy(name)

    def _remove_all_but(self, names: set[str]) -> None:
        for folder, folders, files in os.walk(self._folder):
            if Path(folder) == self._folder and "build" in folders:
                folders.remove("build")
            for file in files:
                path = Path(folder) / file
                if str(path.relative_to(self._folder)) not in names:
                    path.unlink()

    def _copy(self, name: str) -> None:
        """Only what differs, so that nothing else is compiled anew."""
        source, target = REPO / name, self._folder / name
        if target.exists() and not source.is_symlink() and filecmp.cmp(source, target, shallow=False):
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        shutil.copy(source, target, follow_symlinks=False)

    def patch(self, file: Path, *options: str) -> str:
        """Empty, or why the patch does not apply."""
        # Else git would take the folder for a part of the repository, and paths for paths from its root.
        environment = os.environ | {"GIT_CEILING_DIRECTORIES": str(WORK)}
        done = subprocess.run(["git", "apply", *options, file], cwd=self._folder, env=environment,
                              text=True, capture_output=True)
        return done.stderr.strip()

    def build(self, name: str) -> Path | None:
        """The operator as the tree has it now, under that name; None: it does not compile."""
        # Runs of other mutants are under way, and their operators have deadlines.
        done = subprocess.run(["nice", "-n", "10", ".ci/build", "release", "slipway"], cwd=self._folder,
                              text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if done.returncode != 0:
            (WORK / f"{name}.log").write_text(done.stdout)
            return None
        binary = WORK / name
        shutil.copy(self._folder / "build" / "release" / "slipway", binary)
        return binary
