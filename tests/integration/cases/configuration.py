"""What a wrong configuration is answered with: all errors at once, exit code 2, before any work."""

import json
import subprocess
from pathlib import Path

from lib import paths
from lib.case import SHARED, Case, case

WRONG = 2  # exit code


def _run(*args: object, env: dict | None = None) -> tuple[int, str]:
    """Runs the operator, which has to refuse by itself; its exit code and what it said."""
    done = subprocess.run([paths.BINARY, "run", *map(str, args)], env=env or {}, text=True,
                          capture_output=True, timeout=20, stdin=subprocess.DEVNULL)
    return done.returncode, done.stderr + done.stdout


def _folder(t: Case) -> Path:
    folder = t.cluster.logs / t.ns
    folder.mkdir(exist_ok=True)
    return folder


def _file(t: Case, name: str, text: str) -> Path:
    file = _folder(t) / name
    file.write_text(text)
    return file


def _assert_names(code: int, text: str, *parts: str) -> None:
    assert code == WRONG, f"exit code {code}: {text}"
    for part in parts:
        assert part in text, f"{part!r} is not in: {text}"


@case(SHARED)
def unknown_keys(t: Case):
    file = _file(t, "config.yaml", "logLevel: info\nlogLevle: debug\nleaderElection:\n  enable: true\n")
    code, text = _run(f"--config={file}")
    _assert_names(code, text, "logLevle", "leaderElection.enable ", str(file))


@case(SHARED)
def all_bad_values_at_once(t: Case):
    file = _file(t, "config.yaml", "logLevel: loud\nworkers: many\n")
    code, text = _run(f"--config={file}", "--leader-elect=maybe", env={"SLIPWAY_WORKERS": "0"})
    _assert_names(code, text, "logLevel", '"loud"', "debug, info, warn or error",
                  "leaderElection.enabled", '"maybe"', "workers", '"0"', "3 to 256", "environment")
    assert "many" not in text, "the environment has the last word over the file"


@case(SHARED)
def files_that_cannot_be_read(t: Case):
    code, text = _run("--config=/nonexistent/config.yaml")
    _assert_names(code, text, "/nonexistent/config.yaml")
    broken = _file(t, "broken.yaml", "logLevel: [info\n")
    code, text = _run(f"--config={broken}")
    _assert_names(code, text, str(broken), "line")


@case(SHARED)
def wrong_kinds_of_values(t: Case):
    """A list for a text, a runtime without an image, a file that is no map."""
    for name, content in (("list.yaml", "logLevel: [info]\n"), ("null.yaml", "workers:\n"),
                          ("runtime.yaml", "runtimes:\n- name: sklearn\n"),
                          ("scalar.yaml", "hello\n"), ("sequence.yaml", "- logLevel\n")):
        file = _file(t, name, content)
        code, text = _run(f"--config={file}")
        _assert_names(code, text, str(file))


@case(SHARED)
def kubeconfigs(t: Case):
    code, text = _run("--kubeconfig=/nonexistent/kubeconfig")
    _assert_names(code, text, "/nonexistent/kubeconfig")
    good = json.loads(t.slipway.kubeconfig.read_text())
    file = _file(t, "kubeconfig", json.dumps(good))
    code, text = _run(f"--kubeconfig={file}", "--context=nonesuch")
    _assert_names(code, text, "nonesuch", "it")
    file = _file(t, "dangling", json.dumps(good | {"users": []}))
    code, text = _run(f"--kubeconfig={file}")
    _assert_names(code, text, "user", "it")
    file = _file(t, "garbage", "{not: [yaml")
    code, text = _run(f"--kubeconfig={file}")
    _assert_names(code, text, str(file))
    server = good["clusters"][0]["cluster"] | {"server": "ftp://127.0.0.1"}
    file = _file(t, "server", json.dumps(good | {"clusters": [{"name": "it", "cluster": server}]}))
    code, text = _run(f"--kubeconfig={file}")
    _assert_names(code, text, "ftp://127.0.0.1")


@case(SHARED)
def nothing_to_connect_to(t: Case):
    """Neither a kubeconfig nor the inside of a cluster."""
    code, text = _run(env={"HOME": str(_folder(t))})
    _assert_names(code, text, "kubeconfig")


@case(SHARED)
def address_in_use(t: Case):
    taken = t.slipway.replicas[0].admin
    code, text = _run(f"--kubeconfig={t.slipway.kubeconfig}", f"--admin-address={taken}")
    _assert_names(code, text, taken, "--admin-address")
