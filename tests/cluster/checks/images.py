"""Images: built the same each time, on top of each other, and running on a real node."""

import hashlib
import json
import os
import shutil
import tarfile
import tempfile
from pathlib import Path

from .harness import check, cluster, command, equal
from .pods import create, ends, pod

IMAGE = Path(__file__).resolve().parent.parent / "image"


def build(recipe: str | Path, *options: str, **settings) -> Path:
    done = command(IMAGE, "build", recipe, *options, **settings)
    check(done.returncode == 0, f"image build {recipe}: {done.stderr}")
    return Path(done.stdout.splitlines()[-1])


def config(archive: Path) -> dict:
    with tarfile.open(archive) as tar:
        manifest = json.load(tar.extractfile("manifest.json"))[0]
        return json.load(tar.extractfile(manifest["Config"])) | manifest


def write_recipe(folder: Path, text: str, **files: str) -> Path:
    folder.mkdir()
    (folder / "recipe.toml").write_text(text)
    for name, content in files.items():
        (folder / name).write_text(content)
    return folder


def same_input_gives_same_bytes():
    """images: a build repeated in another cache and folder gives the same bytes"""
    digests = set()
    for _ in range(2):
        with tempfile.TemporaryDirectory() as folder:
            recipe = write_recipe(
                Path(folder, "same"),
                'tag = "1"\nfiles = [{from="a", to="/x/a"}]\nfolders={"/tmp"="1777"}',
                a="content",
            )
            os.utime(recipe / "a", (len(digests), len(digests)))
            archive = build(recipe, env=os.environ | {"SLIPWAY_CACHE": folder})
            digests.add(hashlib.sha256(archive.read_bytes()).hexdigest())
    equal(len(digests), 1, "different archives")


def changed_input_gives_another_image():
    """images: a changed file or tag gives another image, an unchanged one is not built again"""
    with tempfile.TemporaryDirectory() as folder:
        recipe = write_recipe(
            Path(folder, "changing"), 'tag = "1"\nfiles = [{from="a", to="/a"}]', a="1"
        )
        env = os.environ | {"SLIPWAY_CACHE": folder}
        first = build(recipe, env=env)
        made = first.stat().st_mtime_ns
        equal(build(recipe, env=env).stat().st_mtime_ns, made, "time of the unchanged image")
        check(build(recipe, "--tag=2", env=env) != first, "another tag, the same image")
        (recipe / "a").write_text("2")
        check(build(recipe, env=env) != first, "another content, the same image")


def missing_variable_is_named():
    """images: a recipe's variable without a value is refused by its name"""
    done = command(IMAGE, "build", "operator")
    equal(done.returncode, 1, "exit status")
    check("image operator needs --binary=PATH" in done.stderr, done.stderr)


def operator_image_holds_what_it_needs():
    """images: the operator's image has its binary, its libraries, no CA bundle, and runs so"""
    with tempfile.TemporaryDirectory() as folder:
        binary = Path(folder, "program")
        shutil.copy(shutil.which("curl"), binary)  # linked with many libraries, as the operator is
        archive = build(
            "operator", f"--binary={binary}", f"--out={folder}/operator.tar", "--tag=test"
        )
        found = config(archive)
        equal(found["config"]["User"], "65532:65532", "user")
        equal(found["config"]["Entrypoint"], ["/slipway"], "entrypoint")
        equal(found["RepoTags"], ["slipway.dev/operator:test"], "name")
        with (
            tarfile.open(archive) as tar,
            tarfile.open(fileobj=tar.extractfile(found["Layers"][0])) as layer,
        ):
            names = layer.getnames()
        check("slipway" in names and any("libc.so.6" in n for n in names), f"files: {names}")
        equal([n for n in names if "ssl/certs" in n or "ca-certificates" in n], [], "CA bundle")
        cluster("up", "r", "--nodes=real")
        cluster("load-image", "r", str(archive))
    one = pod("operator-image")
    one["spec"]["containers"][0] |= {"image": "slipway.dev/operator:test", "args": ["--version"]}
    del one["spec"]["containers"][0]["command"]
    create(one)
    check(ends("operator-image").startswith("curl "), "not the program's output")


def overlay_runs_on_its_base():
    """images: a recipe on top of sklearn runs its script with the base's packages"""
    script = "import sklearn, sys; print(sklearn.__name__, sys.argv[1])"
    with tempfile.TemporaryDirectory() as folder:
        text = (
            'tag = "1"\nfrom = "sklearn"\nfiles = [{from = "run.py", to = "/app/run.py"}]\n'
            '[image]\nentrypoint = ["python3", "/app/run.py"]\ncmd = ["default"]\n'
        )
        recipe = write_recipe(Path(folder, "overlay"), text, **{"run.py": script})
        archive = build(recipe)
        cluster("up", "r", "--nodes=real")
        cluster("load-image", "r", str(archive))
        shutil.rmtree(archive.parent)
    one = pod("overlay")
    one["spec"]["containers"][0]["image"] = "slipway.dev/overlay:1"
    del one["spec"]["containers"][0]["command"]
    create(one)
    equal(ends("overlay").strip(), "sklearn default", "log")


CASES = [
    same_input_gives_same_bytes,
    changed_input_gives_another_image,
    missing_variable_is_named,
    operator_image_holds_what_it_needs,
    overlay_runs_on_its_base,
]
