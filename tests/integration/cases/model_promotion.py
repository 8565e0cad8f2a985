"""The champion of a model: given by a ModelDeployment that is Ready, and by nothing else."""

from lib.case import SHARED, Case, case
from lib.kstatus import condition, is_true
from lib.objects import model_deployment, variant
from lib.waiting import stays, wait_for

DIGEST = "sha256:" + "ab" * 32


def _version(t: Case, number: int, auc: str = "0.8") -> None:
    t.create({"apiVersion": "slipway.dev/v1alpha1", "kind": "ModelVersion", "metadata": {"name": f"m-{number}"},
              "spec": {"modelName": "m", "version": number, "metrics": [{"name": "auc", "value": auc}],
                       "artifact": {"uri": "s3://models/m", "digest": DIGEST}}})


def _champions(t: Case) -> list[str]:
    return sorted(v["metadata"]["name"] for v in t.kube.list("mv", t.ns)
                  if "champion" in v.get("status", {}).get("aliases", []))


def _wait_champion(t: Case, *names: str) -> None:
    def reached():
        assert _champions(t) == list(names), _champions(t)
        return True
    wait_for(f"{names} is champion", reached)


def _variants(blue: int, green: int) -> list[dict]:
    return [variant("blue", trafficPercent=blue, modelVersionRef={"name": "m-1"}),
            variant("green", trafficPercent=green, modelVersionRef={"name": "m-2"})]


@case(SHARED)
def switch_and_roll_back(t: Case):
    _version(t, 1)
    _version(t, 2)
    t.create(model_deployment("x", *_variants(100, 0)))
    _wait_champion(t, "m-1")
    promoted = t.get("md", "x")
    assert promoted["status"]["champion"]["modelVersion"] == "m-1" and is_true(promoted, "Promoted"), promoted
    assert t.get("mv", "m-1")["status"]["promotion"]["modelDeployment"] == "x"
    t.patch("md", "x", {"spec": {"variants": _variants(0, 100)}})
    _wait_champion(t, "m-2")
    t.patch("md", "x", {"spec": {"variants": _variants(100, 0)}})
    _wait_champion(t, "m-1")
    t.kube.delete("md", t.ns, "x")
    stays("it stays when the deployment goes", lambda: _champions(t) == ["m-1"], 3)
    wait_for("its Events", lambda: {"Promoted", "Superseded"} <= set(t.reasons(t.get("mv", "m-1"))))


@case(SHARED)
def missing_version_is_named(t: Case):
    t.create(model_deployment("x", variant("blue", modelVersionRef={"name": "m-1"})))
    ready = t.wait_condition("md", "x", "Promoted", "False", "ModelVersionNotFound")
    assert "m-1" in condition(ready, "Promoted")["message"], ready["status"]
    assert "champion" not in ready["status"], ready["status"]
    _version(t, 1)
    _wait_champion(t, "m-1")


@case(SHARED)
def gate_against_the_champion(t: Case):
    """The newest version is better than the champion, and is not what a new one must be better than."""
    _version(t, 1, "0.8")
    _version(t, 2, "0.9")
    t.create(model_deployment("x", *_variants(100, 0)))
    _wait_champion(t, "m-1")
    job = t.job("j", output={"modelName": "m", "uri": "s3://models/m"}, evaluation={
        "metrics": [{"name": "auc", "goal": "Maximize"}], "compareTo": {"alias": "champion", "metric": "auc"}})
    t.wait_phase("tj", "j", "Running")
    t.terminate(t.pods(job)[0], 0, '{"metrics": {"auc": 0.85}}')
    done = t.wait_phase("tj", "j", "Complete")
    assert is_true(done, "Evaluated"), done["status"]
    assert done["status"]["evaluation"]["comparedWith"] == "m-1", done["status"]
