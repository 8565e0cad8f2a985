#!/usr/bin/env python3
"""Unit tests of the harness's pure parts. Needs no cluster: python3 tests/faults/harness_test.py"""

import json
import sys
import tempfile
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(1, str(Path(__file__).resolve().parent.parent / "integration"))

from harness import canon, corruption, oracle, plan, plans, surroundings  # noqa: E402
from harness.recorder import Version  # noqa: E402

OWNER = {"metadata": {"name": "x", "uid": "uid-x", "namespace": "trial-1"}, "kind": "TrainingJob",
         "status": {"phase": "Running", "conditions": []}}


def pod(name: str, uid: str, node: str = "0", **metadata) -> dict:
    return {"kind": "Pod", "spec": {"nodeName": "kwok-3", "hostname": name}, "status": {"phase": "Running"},
            "metadata": {"name": name, "uid": uid, "namespace": "trial-1",
                         "annotations": {"slipway.dev/owner": "trial-1/x"},
                         "labels": {"app.kubernetes.io/managed-by": "slipway", "slipway.dev/owner-uid": "uid-x",
                                    "slipway.dev/role": "node", "slipway.dev/node-index": node}} | metadata}


def history(*changes: tuple[str, str, dict]) -> list[Version]:
    return [Version(kind, change, obj, float(n)) for n, (kind, change, obj) in enumerate(changes)]


class Views(unittest.TestCase):
    def test_two_runs_that_differ_in_names_only_are_alike(self):
        def seen(ns: str, name: str, uid: str) -> dict:
            owner, child = json.loads(json.dumps([OWNER, pod(name, uid)]).replace("trial-1", ns))
            return canon.View(ns).take(history(("tj", "ADDED", owner), ("pod", "ADDED", child))).snapshot()
        self.assertEqual(canon.differences(seen("trial-1", "x-a1", "u1"), seen("trial-22", "x-b2", "u2")), [])

    def test_what_is_not_masked_differs(self):
        one = canon.View("n").take(history(("pod", "ADDED", pod("x-a1", "u1")))).snapshot()
        child = pod("x-a1", "u1")
        child["spec"]["image"] = "other"
        other = canon.View("n").take(history(("pod", "ADDED", child))).snapshot()
        self.assertEqual(canon.differences(one, other),
                         ['pod x role node node-index 0.spec.image: not in the reference: "other"'])

    def test_step_by_step_is_as_at_once(self):
        whole = history(("tj", "ADDED", OWNER), ("pod", "ADDED", pod("x-a1", "u1")),
                        ("pod", "MODIFIED", pod("x-a1", "u1", spec={})), ("pod", "ADDED", pod("x-b2", "u2", "1")),
                        ("pod", "DELETED", pod("x-a1", "u1")))
        slow = canon.View("n")
        for n in range(len(whole) + 1):
            slow.take(whole[:n]).snapshot()
        self.assertEqual(slow.snapshot(), canon.View("n").take(whole).snapshot())
        self.assertEqual(list(slow.snapshot()), ["tj x", "pod x role node node-index 1"])


class Judgements(unittest.TestCase):
    def test_two_living_pods_in_one_place(self):
        first, second = pod("x-a1", "u1"), pod("x-a2", "u2")
        self.assertTrue(oracle.no_duplicate(history(("pod", "ADDED", first), ("pod", "ADDED", second))))
        self.assertFalse(oracle.no_duplicate(history(
            ("pod", "ADDED", first), ("pod", "DELETED", first), ("pod", "ADDED", second))))
        self.assertFalse(oracle.no_duplicate(history(
            ("pod", "ADDED", first), ("pod", "ADDED", pod("x-b1", "u2", "1")))))

    def test_orphans(self):
        self.assertFalse(oracle.no_orphan({("tj", "x"): OWNER, ("pod", "p"): pod("p", "u1")}))
        self.assertTrue(oracle.no_orphan({("pod", "p"): pod("p", "u1")}))

    def test_made_more_often_than_without_faults(self):
        once = oracle.summary(history(("pod", "ADDED", pod("p", "u1"))))
        twice = oracle.summary(history(("pod", "ADDED", pod("p", "u1")), ("pod", "DELETED", pod("p", "u1")),
                                       ("pod", "ADDED", pod("p", "u2"))))
        self.assertEqual(len(oracle.same_summary(once, twice)), 2)
        self.assertFalse(oracle.same_summary(twice, once))

    def test_a_pod_that_its_node_took_for_the_one_before_does_not_count(self):
        struck = pod("p", "u1", deletionTimestamp="now", deletionGracePeriodSeconds=0)
        asked = pod("p", "u2", deletionTimestamp="now", deletionGracePeriodSeconds=30)
        ended = pod("p", "u2", deletionTimestamp="now", deletionGracePeriodSeconds=0)
        counts = oracle.summary(history(
            ("pod", "ADDED", pod("p", "u1")), ("pod", "MODIFIED", struck), ("pod", "DELETED", struck),
            ("pod", "ADDED", pod("p", "u2")), ("pod", "MODIFIED", asked), ("pod", "DELETED", ended)))
        self.assertEqual([sum(counts[what].values()) for what in ("created", "deleted")], [1, 1])

    def test_writes_have_a_bound_for_each_fault(self):
        calm = [[{"subresource": "status"}] * 2 + [{}] * 3]
        states = [{"subresource": "status"}] * 8
        self.assertFalse(oracle.bounded_writes(calm, [{}] * 7, 1, 5))
        self.assertTrue(oracle.bounded_writes(calm, [{}] * 8, 1, 5))
        self.assertTrue(oracle.bounded_writes(calm, states, 1, 4))
        self.assertFalse(oracle.bounded_writes(calm, states, 1, 5), "so often something changed")
        moved_on = [{"status": 409}]
        self.assertFalse(oracle.bounded_writes(calm, moved_on * 18, 1, 0))
        self.assertTrue(oracle.bounded_writes(calm, moved_on * 19, 1, 0))

    def test_a_rotation_is_followed_soon(self):
        def trace(*requests: tuple[int, int]) -> dict:
            return {"rotated": [1000], "now": 9000,
                    "requests": [{"verb": "get", "at": at, "took": 5, "status": status} for at, status in requests]}
        self.assertFalse(oracle.soon_after_rotation(trace((900, 200), (1200, 401), (2500, 200))))
        self.assertTrue(oracle.soon_after_rotation(trace((900, 200), (3500, 200))))
        self.assertTrue(oracle.soon_after_rotation(trace((900, 200), (1200, 401))))
        self.assertFalse(oracle.soon_after_rotation(trace() | {"now": 2000}), "the run ended before")

    def test_what_is_barred_says_why_and_what_comes_next(self):
        def told(message: str, note: str) -> list:
            owner = OWNER | {"status": {"conditions": [{"type": "Ready", "message": message}]}}
            return history(("tj", "MODIFIED", owner), ("event", "ADDED", {"metadata": {}, "note": note}))
        good = "exceeded quota; tried again"
        self.assertFalse(oracle.explained(told(good, good), "exceeded quota"))
        self.assertEqual(len(oracle.explained(told(good, "other"), "exceeded quota")), 1)
        self.assertEqual(len(oracle.explained(told("other", good), "exceeded quota")), 1)
        self.assertEqual(len(oracle.explained(told("exceeded quota", good), "exceeded quota")), 1)

    def test_memory(self):
        self.assertFalse(oracle.little_memory(30))
        self.assertTrue(oracle.little_memory(oracle.MOST_MIB + 1))


SERVICE = {"metadata": {"labels": {"a": "b"}, "managedFields": [
    {"manager": "slipway", "operation": "Apply", "fieldsV1": {"f:spec": {
        "f:ports": {'k:{"port":80,"protocol":"TCP"}': {".": {}, "f:port": {}, "f:name": {}, "f:targetPort": {}}},
        "f:selector": {}, "f:publish": {}}}},
    {"manager": "somebody", "operation": "Update", "fieldsV1": {"f:spec": {"f:type": {}}}}]},
    "spec": {"ports": [{"port": 443, "protocol": "TCP"}, {"port": 80, "protocol": "TCP", "name": "http", "targetPort": 8080}],
             "selector": {"a": "b"}, "type": "ClusterIP", "publish": True}}


class Corruptions(unittest.TestCase):
    def test_each_field_of_ours_and_no_other(self):
        patches = {one.name: one.patch for one in corruption.corruptions(SERVICE)}
        self.assertEqual(patches["/spec/ports/1/targetPort increased"],
                         ({"op": "replace", "path": "/spec/ports/1/targetPort", "value": 8081},))
        self.assertNotIn("/spec/ports/1/port increased", patches, "that is another port")
        self.assertEqual(patches["/spec/publish toggled"][0]["value"], False)
        self.assertEqual(patches["/spec/selector emptied"][0]["value"], {})
        self.assertFalse([name for name in patches if "type" in name or "/ports/0" in name])
        self.assertEqual(patches["deleted"], ())
        self.assertIn("labels removed", patches)
        self.assertIn("owner references removed", patches)

    def test_the_number_of_pods_is_an_autoscalers_affair(self):
        child = {"metadata": {"managedFields": [{"manager": "slipway", "operation": "Apply", "fieldsV1": {
            "f:spec": {"f:replicas": {}, "f:paused": {}}}}]}, "spec": {"replicas": 2, "paused": False}}
        alone = {one.name for one in corruption.corruptions(child)}
        scaled = {one.name for one in corruption.corruptions(child, scaled=True)}
        self.assertEqual(alone - scaled, {"/spec/replicas increased", "/spec/replicas zero"})


class Plans(unittest.TestCase):
    WRITES = {("create", "pods", ""): 2, ("update", "trainingjobs", "status"): 1}
    EVENTS = [{"resource": "pods", "type": "ADDED", "name": "a"}] * 3

    def test_names_are_unique(self):
        names = [p.name for p in surroundings.generate("w", self.WRITES, self.EVENTS, 5)]
        self.assertEqual(len(names), len(set(names)))

    def test_only_what_every_run_did_is_interfered_with(self):
        def run(pods: int) -> dict:
            requests = [{"verb": "create", "resource": "pods"}] * pods + [{"verb": "list", "resource": "pods"}]
            return {"requests": requests, "events": self.EVENTS}
        found = list(plans.generate("w", [run(3), run(1), run(2)], lambda r: r["verb"] == "create"))
        self.assertEqual([p.name for p in found if p.name.startswith("lost fin create")], ["lost fin create pods 1"])

    def test_a_plan_is_what_its_file_says(self):
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "plan.json"
            for one in surroundings.generate("w", self.WRITES, self.EVENTS, 5):
                file.write_text(one.dump())
                self.assertEqual(plan.load(file), one)


if __name__ == "__main__":
    unittest.main(verbosity=0)
