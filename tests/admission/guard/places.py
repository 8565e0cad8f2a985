"""Where a custom resource can name an object that is not its own, read from the CRDs."""

import re
from pathlib import Path
from typing import NamedTuple

import yaml

CRDS = Path(__file__).resolve().parents[3] / "crds"

# Ends of paths at which the name of an object stands, and the resource that it is of.
ENDS = {
    r"secret(KeyRef|Ref)\.name": "secrets",
    r"secretName": "secrets",
    r"imagePullSecrets\[\]\.name": "secrets",
    r"configMap(KeyRef|Ref)?\.name": "configmaps",
    r"configMapName": "configmaps",
    r"claimName": "persistentvolumeclaims",
    r"serviceAccountName": "serviceaccounts",
}
# What else stands beside such a name, and names nothing itself.
BESIDE = {"key", "optional", "path", "readOnly", "subPath"}
SUSPECT = re.compile(r"secret|configmap|claim|serviceaccount|credential", re.I)
DESCRIBED = re.compile(r"name of (a|the) (secret|configmap|claim|persistentvolumeclaim|serviceaccount)\b", re.I)


class Place(NamedTuple):
    """A field of a kind, such as spec.trainer.env[].valueFrom.secretKeyRef.name, and what it names."""
    kind: str
    path: str
    resource: str

    def __str__(self) -> str:
        return f"{self.kind} {self.path}: {self.resource}"


def crds() -> list[dict]:
    return [yaml.safe_load(path.read_text()) for path in sorted(CRDS.glob("*.yaml"))]


def spec_schema(crd: dict) -> dict:
    return crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]


def leaves(schema: dict, path: str = "spec"):
    """(path, schema) of everything below that is neither an object nor a list."""
    below = [(f"{path}.{name}", child) for name, child in schema.get("properties", {}).items()]
    if "items" in schema:
        below.append((f"{path}[]", schema["items"]))
    if isinstance(schema.get("additionalProperties"), dict):
        below.append((f"{path}{{}}", schema["additionalProperties"]))
    if not below:
        yield path, schema
    for name, child in below:
        yield from leaves(child, name)


def named_by(path: str) -> str:
    """The resource whose object a field names by its path; empty for none."""
    for end, resource in ENDS.items():
        if re.search(rf"(^|\.){end}$", path):
            return resource
    return ""


def is_doubtful(path: str, schema: dict) -> bool:
    """Whether a field looks as if it named an object, but not in one of the ways that are known."""
    if named_by(path) or schema.get("type") == "boolean":
        return False
    described = DESCRIBED.search(" ".join(schema.get("description", "").split()))
    suspect = SUSPECT.search(path) and path.rsplit(".", 1)[-1] not in BESIDE
    return bool(described or suspect)


def walk(crd: dict) -> tuple[list[Place], list[str]]:
    """The places of a kind, and the fields that somebody has to look at."""
    kind = crd["spec"]["names"]["kind"]
    places, doubtful = [], []
    for path, schema in leaves(spec_schema(crd)):
        if named_by(path):
            places.append(Place(kind, path, named_by(path)))
        elif is_doubtful(path, schema):
            doubtful.append(f"{kind} {path}")
    return places, doubtful


def namespaced() -> list[dict]:
    """Kinds without a namespace are written by who runs the platform, so nobody is a deputy there."""
    return [crd for crd in crds() if crd["spec"]["scope"] == "Namespaced"]
