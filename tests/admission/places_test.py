#!/usr/bin/env python3
"""What no kind may have, and what the admission policies have to know of those that they have: read from
the CRDs and the chart's templates. Needs no cluster: python3 tests/admission/places_test.py"""

import re
import sys
import unittest
from pathlib import Path

sys.dont_write_bytecode = True

from guard import places  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
POLICY = (ROOT / "charts" / "slipway" / "templates" / "admission-author.yaml").read_text()
KNOWN = Path(__file__).with_name("places.txt")

# Fields of a pod that a custom resource must not hand on: whose rights it has, and where it runs.
NEVER = {"namespace", "serviceAccountName", "serviceAccount", "automountServiceAccountToken", "nodeName", "hostNetwork",
         "hostPID", "hostIPC", "hostPath", "hostPort", "privileged", "capabilities", "seccompProfile", "seLinuxOptions",
         "appArmorProfile", "windowsOptions", "sysctls", "allowPrivilegeEscalation", "procMount", "envFrom", "projected",
         "ephemeralContainers", "shareProcessNamespace", "schedulerName", "runtimeClassName", "hostAliases", "dnsConfig"}


def properties(schema: dict, path: str = "spec"):
    for name, child in schema.get("properties", {}).items():
        yield f"{path}.{name}", child
        yield from properties(child, f"{path}.{name}")
    for inner in (schema.get("items"), schema.get("additionalProperties")):
        if isinstance(inner, dict):
            yield from properties(inner, f"{path}[]")


class Places(unittest.TestCase):
    def test_every_field_that_names_an_object_is_known(self):
        """A new one has to be added to the policy, and then to places.txt."""
        found = sorted(str(place) for crd in places.namespaced() for place in places.walk(crd)[0])
        self.assertEqual(found, KNOWN.read_text().splitlines(),
                         f"{KNOWN.name} lists what {places.CRDS}/*.yaml lets a user name; add what is new to "
                         "charts/slipway/templates/admission-author.yaml and then to the list")

    def test_every_field_that_might_name_one_is_understood(self):
        doubtful = [field for crd in places.namespaced() for field in places.walk(crd)[1]]
        self.assertEqual(doubtful, [], "these look as if they named a Secret, ConfigMap, claim or ServiceAccount: "
                                       "tell guard/places.py (ENDS) what they name")

    def test_the_policy_reads_each_of_them(self):
        """Each part of each path stands in the policy, or is of what the policy has names for."""
        said = set(re.findall(r"\w+", POLICY))
        for crd in places.namespaced():
            for place in places.walk(crd)[0]:
                parts = set(re.findall(r"\w+", place.path))
                self.assertLessEqual(parts, said, f"{place} is not read by the policy")

    def test_every_kind_that_names_something_is_matched(self):
        resources = re.search(r"resources: \[(trainingjobs.*?)\]", POLICY).group(1).split(", ")
        for crd in places.namespaced():
            plural = crd["spec"]["names"]["plural"]
            if places.walk(crd)[0]:
                self.assertIn(plural, resources)

    def test_nothing_that_a_policy_cannot_see(self):
        """No namespace of others, no fields that nobody has described, nothing that loosens a pod."""
        for crd in places.namespaced():
            kind = crd["spec"]["names"]["kind"]
            for path, schema in properties(places.spec_schema(crd)):
                self.assertNotIn(path.rsplit(".", 1)[-1], NEVER, f"{kind} {path}")
                self.assertNotIn("x-kubernetes-preserve-unknown-fields", schema, f"{kind} {path}")
                self.assertNotIn("x-kubernetes-embedded-resource", schema, f"{kind} {path}")

    def test_the_walk_sees_what_it_should(self):
        for path, named in (("spec.a[].secretKeyRef.name", "secrets"), ("spec.configMapKeyRef.name", "configmaps"),
                            ("spec.x.secret.secretName", "secrets"), ("spec.claimName", "persistentvolumeclaims"),
                            ("spec.serviceAccountName", "serviceaccounts"), ("spec.caBundle.configMapName", "configmaps"),
                            ("spec.imagePullSecrets[].name", "secrets"), ("spec.secretKeyRef.key", ""), ("spec.name", "")):
            self.assertEqual(places.named_by(path), named, path)
        for path, text, doubtful in (("spec.tokenSecret", "", True), ("spec.secret.defaultMode", "", True),
                                     ("spec.secretKeyRef.key", "", False), ("spec.source", "Name of a Secret.", True),
                                     ("spec.name", "Name of the volume.", False)):
            self.assertEqual(places.is_doubtful(path, {"type": "string", "description": text}), doubtful, path)


if __name__ == "__main__":
    unittest.main()
