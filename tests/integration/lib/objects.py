"""The custom resources that the cases create, as small as they can be."""

IMAGE = "registry.example.com/trainer:1"  # never pulled: simulated nodes run nothing
_KWOK = "kwok.slipway.dev/"


def kwok(ready_after: str = "", complete_after: str = "", exit_code: int | None = None,
         terminate_after: str = "") -> dict:
    """Annotations by which a simulated node knows what to do with a pod; durations as "2s"."""
    wanted = {"ready-after": ready_after, "complete-after": complete_after,
              "exit-code": "" if exit_code is None else str(exit_code),
              "terminate-after": terminate_after}
    return {_KWOK + name: value for name, value in wanted.items() if value}


def training_job(name: str, nodes: int = 1, pods: dict | None = None, trainer: dict | None = None,
                 **spec) -> dict:
    """A TrainingJob; `pods` are annotations of its pods (see kwok)."""
    return {"apiVersion": "slipway.dev/v1alpha1", "kind": "TrainingJob",
            "metadata": {"name": name},
            "spec": {"trainer": {"image": IMAGE, "numNodes": nodes,
                                 "podTemplate": {"metadata": {"annotations": pods or {}}},
                                 **(trainer or {})},
                     "failurePolicy": {"backoffSeconds": 0}, **spec}}


def runtime(name: str, kind: str = "Runtime", framework: str = "Torch", **trainer) -> dict:
    return {"apiVersion": "slipway.dev/v1alpha1", "kind": kind, "metadata": {"name": name},
            "spec": {"framework": framework, "trainer": {"image": IMAGE, **trainer}}}


def training_trigger(name: str, schedule: str | None = "@yearly", pods: dict | None = None,
                     job: dict | None = None, **spec) -> dict:
    """A TrainingTrigger; `job` are fields of its jobs' spec, `pods` annotations of their pods."""
    times = {"schedule": schedule} if schedule else {}
    return {"apiVersion": "slipway.dev/v1alpha1", "kind": "TrainingTrigger",
            "metadata": {"name": name},
            "spec": {**times, **spec, "jobTemplate": {
                "metadata": {"labels": {"team": "risk"}},
                "spec": training_job(name, pods=pods)["spec"] | (job or {})}}}


def variant(name: str = "main", pods: dict | None = None, **fields) -> dict:
    """A variant of a ModelDeployment."""
    source = {} if "runtime" in fields else {"image": "registry.example.com/server:1"}
    return {"name": name, "podTemplate": {"metadata": {"annotations": pods or {}}}, **source,
            **fields}


def model_deployment(name: str, *variants: dict, **spec) -> dict:
    return {"apiVersion": "slipway.dev/v1alpha1", "kind": "ModelDeployment",
            "metadata": {"name": name},
            "spec": {"variants": list(variants) or [variant()], **spec}}


def drift_monitor(name: str, **spec) -> dict:
    """A DriftMonitor over two keys of the ConfigMap `data`."""
    return {"apiVersion": "slipway.dev/v1alpha1", "kind": "DriftMonitor",
            "metadata": {"name": name},
            "spec": {"reference": {"configMap": {"name": "data", "key": "reference.csv"}},
                     "production": {"configMap": {"name": "data", "key": "production.csv"}},
                     **spec}}


def service(name: str) -> dict:
    """Somebody else's Service."""
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name},
            "spec": {"selector": {"app": "somebody-else"}, "ports": [{"port": 80}]}}
