"""Custom resources made from the CRDs: the least that is valid, and one with a certain field set."""

import copy
import re

from . import places

IMAGE = "registry.corp/ml/train@sha256:" + "0" * 64
JOB = {"trainer": {"image": IMAGE}}
DATA = {"persistentVolumeClaim": {"claimName": "mine", "path": "a.csv"}}
SPECS = {
    "TrainingJob": JOB,
    "TrainingTrigger": {"schedule": "0 3 * * *", "jobTemplate": {"spec": JOB}},
    "ModelDeployment": {"variants": [{"name": "blue", "image": IMAGE}]},
    "DriftMonitor": {"reference": DATA, "production": DATA},
    "Runtime": JOB, "ClusterRuntime": JOB,
}
# What a field that has to be there gets, by its name.
FILLING = {"name": "blue", "key": "key", "path": "a.csv", "image": IMAGE, "bucket": "bucket", "region": "here",
           "account": "account", "container": "container", "endpoint": "https://s3.example.com",
           "url": "https://git.example.com/a.git", "mountPath": "/data"}


def fill(schema: dict, name: str):
    """A value for a field that has to be there."""
    if "enum" in schema:
        return schema["enum"][0]
    if schema.get("type") == "object":
        return {key: fill(child, key) for key, child in schema.get("properties", {}).items()
                if key in schema.get("required", [])}
    if schema.get("type") == "array":
        return [fill(schema["items"], name)]
    return 1 if schema.get("type") == "integer" else FILLING.get(name, "mine")


def graft(spec: dict, schema: dict, path: str, value) -> None:
    """Sets the field at `path`, such as spec.variants[].env[], and what has to stand beside it."""
    node, key = {"spec": spec}, "spec"
    for part in re.findall(r"[^.\[\]]+|\[\]", path)[1:]:
        if node[key] is None:
            node[key] = fill(schema, str(key))
        if part == "[]":
            node, key, schema = node[key], 0, schema["items"]
            if not node:
                node.append(None)
        else:
            node, key, schema = node[key], part, schema["properties"][part]
            node.setdefault(part, None)
    node[key] = value


def minimal(kind: str, namespace: str, name: str = "trial") -> dict:
    return {"apiVersion": "slipway.dev/v1alpha1", "kind": kind, "spec": copy.deepcopy(SPECS[kind]),
            "metadata": {"name": name, "namespace": namespace}}


def with_field(crd: dict, namespace: str, path: str, value) -> dict:
    """The least that is valid of a kind, with one more field set."""
    found = minimal(crd["spec"]["names"]["kind"], namespace)
    # A source of data is one of several, so the other one goes.
    if found["kind"] == "DriftMonitor":
        del found["spec"][path.split(".")[1]]
    graft(found["spec"], places.spec_schema(crd), path, value)
    if path.startswith("spec.onData.caBundle"):  # It is beside a store.
        graft(found["spec"], places.spec_schema(crd), "spec.onData.s3.bucket", "bucket")
    if found["kind"] == "DriftMonitor":
        for source in ("reference", "production"):
            found["spec"].setdefault(source, copy.deepcopy(DATA))
    return found


def naming(crd: dict, namespace: str, place: places.Place, name: str) -> dict:
    """One that names the object `name` at a place, and otherwise nothing that is not free."""
    return with_field(crd, namespace, place.path, name)
