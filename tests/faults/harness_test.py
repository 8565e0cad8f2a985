#!/usr/bin/env python3
"""Unit tests of the harness's pure parts. Needs no cluster: python3 tests/faults/harness_test.py"""

import json
import random
import sys
import tempfile
import unittest
from pathlib import Path
from types import SimpleNamespace

sys.dont_write_bytecode = True
sys.path.insert(1, str(Path(__file__).resolve().parent.parent / "integration"))

from harness import campaign, canon, corruption, oracle, plan, plans, surroundings, workload  # noqa: E402
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

    def test_writes_have_a_bound_for_each_fault(self):
        calm = [[{"subresource": "status"}] * 2 + [{}] * 3]
        states = [{"subresource": "status"}] * 8
        self.assertFalse(oracle.bounded_writes(calm, [{}] * 7, 1, 5))
        self.assertTrue(oracle.bounded_writes(calm, [{}] * 8, 1, 5))
        self.assertTrue(oracle.bounded_writes(calm, states, 1, 4))
        self.assertFalse(oracle.bounded_writes(calm, states, 1, 5), "so often something changed")
        moved_on = [{"status": 409}]
        self.assertFalse(oracle.bounded_writes(calm, moved_on * 33, 1, 0))
        self.assertTrue(oracle.bounded_writes(calm, moved_on * 34, 1, 0))

    def test_what_is_told_to_wait_waits(self):
        def told(*sent: tuple[str, str, int]) -> list:
            first = {"verb": "patch", "resource": "pods", "name": "p", "at": 100, "status": 429,
                     "faults": ["before-forward replace"]}
            return [first, *({"verb": verb, "resource": "pods", "name": name, "at": at} for verb, name, at in sent)]
        self.assertFalse(oracle.waits_as_told(told(("patch", "p", 1100), ("get", "p", 200), ("patch", "q", 300)), 1))
        self.assertTrue(oracle.waits_as_told(told(("patch", "p", 1099)), 1))
        self.assertFalse(oracle.waits_as_told(told(), 1), "the run ended before")

    def test_a_phase_that_comes_back(self):
        def seen(*phases: str, hidden: str = "") -> dict:
            return oracle.phases(history(*(("tj", "MODIFIED", OWNER | {"status": {"phase": phase}})
                                           for phase in phases)), [0], hidden)
        calm = seen("Starting", "Running")
        self.assertFalse(oracle.no_phase_twice(calm, seen("Starting", "Running", "Running")))
        back = ("Starting", "Running", "Starting", "Running")
        self.assertTrue(oracle.no_phase_twice(calm, seen(*back)))
        self.assertFalse(oracle.no_phase_twice(calm, seen(*back, hidden="Starting")))
        self.assertTrue(oracle.no_phase_twice(
            calm, seen("Running", "Restarting", "Running", hidden="Starting")), "only that one")

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

    def test_a_former_leader_that_goes_on(self):
        stopped = {"verb": "update", "resource": "x", "at": 500, "faults": ["before-forward signal STOP"], "status": 200}
        trace = {"requests": [stopped], "now": 11_000}
        self.assertIsNone(oracle.woken_at(trace, 11_000), "the run ended before")
        self.assertIsNone(oracle.woken_at(trace | {"requests": []}, 11_000), "nobody was stopped")
        trace["now"] = 12_000
        woken = oracle.woken_at(trace, 11_000)
        self.assertEqual(woken, 11_500)

        def late(**request) -> list:
            return oracle.late_writes({"requests": [stopped, request]}, woken, lambda r: r["verb"] != "get")
        self.assertFalse(late(verb="get", resource="x", at=11_600, status=200))
        self.assertFalse(late(verb="delete", resource="x", at=11_600, status=409))
        self.assertEqual(len(late(verb="delete", resource="x", at=11_600, status=200)), 1)
        self.assertEqual(len(late(verb="delete", resource="x", at=500, status=200,
                                  faults=["before-forward late"])), 1)

    def test_deaths(self):
        self.assertFalse(oracle.deaths([-9, 0], 1, 1, 1))
        self.assertEqual(len(oracle.deaths([-9, -9], 1, 0, 1)), 1, "killed once too often")
        self.assertEqual(len(oracle.deaths([0], 0, 0, 1)), 1, "ended by itself")
        self.assertEqual(len(oracle.deaths([1, -6, 3], 9, 9, 1)), 3)
        self.assertFalse(oracle.deaths([3], 0, 0, 2), "it has lost the Lease")

    def test_bystanders(self):
        before = {("secret", "a"): {"metadata": {"uid": "u", "resourceVersion": "1"}}}
        self.assertFalse(oracle.bystanders(before, before))
        changed = {("secret", "a"): {"metadata": {"uid": "u", "resourceVersion": "2"}}}
        self.assertEqual(len(oracle.bystanders(before, changed)), 1)
        self.assertEqual(len(oracle.bystanders(before, {("secret", "a"): None})), 1)

    def test_events_are_few(self):
        event = {"verb": "create", "resource": "events"}
        self.assertFalse(oracle.few_events([[event]], [event] * 14, 1))
        self.assertTrue(oracle.few_events([[event]], [event] * 15, 1))

    def test_one_of_each_kind_in_each_place(self):
        def child(kind: str, uid: str, **labels) -> tuple:
            return (kind, "ADDED", {"metadata": {"uid": uid, "name": uid, "labels": {
                "slipway.dev/owner-uid": "o", "app.kubernetes.io/managed-by": "slipway",
                **{"slipway.dev/" + k.replace("_", "-"): v for k, v in labels.items()}}}})
        self.assertFalse(oracle.no_duplicate(history(child("service", "a", role="x"), child("pod", "b", role="x"))))
        self.assertTrue(oracle.no_duplicate(history(child("service", "a", role="x"), child("service", "b", role="x"))))
        self.assertTrue(oracle.no_duplicate(history(child("pod", "a", run="3"), child("pod", "b", run="3"))))
        self.assertFalse(oracle.no_duplicate(history(child("pod", "a", run="3"), child("pod", "b", run="4"))))

    def test_memory(self):
        self.assertFalse(oracle.little_memory(30))
        self.assertTrue(oracle.little_memory(oracle.MOST_MIB + 1))


def versioned(*changes: tuple[str, str, dict]) -> list[Version]:
    """A history in the order of etcd's revisions."""
    return [Version(kind, change, json.loads(json.dumps(obj | {"metadata": obj["metadata"] | {"resourceVersion": str(n)}})),
                    float(n)) for n, (kind, change, obj) in enumerate(changes, 1)]


def isolating(to: str = "10.0.0.0/8", mark: str = "a", **metadata) -> dict:
    return {"spec": {"egress": [to]}, "metadata": {
        "name": "slipway-isolation", "uid": "uid-netpol", "namespace": "trial-1", "labels": {
            "app.kubernetes.io/managed-by": "slipway", "slipway.dev/owner-uid": "uid-ns", "slipway.dev/role": "namespace"},
        "annotations": {"slipway.dev/owner": "/trial-1", "slipway.dev/isolation": mark}} | metadata}


def closing(to: str = "10.0.0.0/8", profile: str = "Restricted") -> dict:
    return {"metadata": {"name": "trial-1", "uid": "uid-iso"}, "spec": {"profile": profile, "network": {"egressTo": [to]}}}


def isolated(mark: str = "a", name: str = "p") -> dict:
    return pod(name, f"uid-{name}", annotations={"slipway.dev/owner": "trial-1/x", "slipway.dev/isolation": mark})


class Isolation(unittest.TestCase):
    CLOSED = (("iso", "ADDED", closing()), ("netpol", "ADDED", isolating()))
    TIGHTENED = ("iso", "MODIFIED", closing("10.1.0.0/16"))
    RESTS = [canon.View("trial-1", "uid-ns").take(versioned(
        ("iso", "ADDED", closing(to)), ("netpol", "ADDED", isolating(to)))).snapshot() for to in ("10.0.0.0/8", "10.1.0.0/16")]

    def complaints(self, *changes: tuple[str, str, dict]) -> int:
        return len(oracle.isolated_first(versioned(*changes), self.RESTS))

    def test_a_pod_comes_after_what_isolates_it(self):
        born = ("pod", "ADDED", isolated())
        self.assertEqual(self.complaints(*self.CLOSED, born), 0)
        self.assertEqual(self.complaints(("iso", "ADDED", closing()), born, ("netpol", "ADDED", isolating())), 1)
        self.assertEqual(self.complaints(born, *self.CLOSED), 0, "it was there before")
        self.assertEqual(self.complaints(("iso", "ADDED", closing(profile="Open")), born), 0)
        self.assertEqual(self.complaints(*self.CLOSED, ("netpol", "DELETED", isolating()), born), 1)
        self.assertEqual(self.complaints(*self.CLOSED, ("netpol", "MODIFIED", isolating(deletionTimestamp="t")), born), 1)

    def test_it_bears_the_mark_of_rules_since_the_namespace_was_closed(self):
        self.assertEqual(self.complaints(*self.CLOSED, ("pod", "ADDED", pod("p", "u"))), 1)
        tightened = (self.TIGHTENED, ("netpol", "MODIFIED", isolating("10.1.0.0/16", "b")))
        self.assertEqual(self.complaints(*self.CLOSED, *tightened, ("pod", "ADDED", isolated("b"))), 0)
        self.assertEqual(self.complaints(*self.CLOSED, *tightened, ("pod", "ADDED", isolated("a"))), 0, "it was on its way")
        again = (("iso", "DELETED", closing()), ("netpol", "DELETED", isolating()), ("iso", "ADDED", closing()),
                 ("netpol", "ADDED", isolating(mark="c")))
        self.assertEqual(self.complaints(*self.CLOSED, *again, ("pod", "ADDED", isolated("a"))), 1)

    def test_what_isolates_it_says_what_the_policy_does(self):
        self.assertEqual(self.complaints(*self.CLOSED, self.TIGHTENED, ("pod", "ADDED", isolated())), 1)
        opened = ("netpol", "MODIFIED", isolating("0.0.0.0/0"))
        self.assertEqual(self.complaints(*self.CLOSED, opened, ("pod", "ADDED", isolated())), 1)

    def test_kinds_come_in_any_order(self):
        first, second, third = versioned(*self.CLOSED, ("pod", "ADDED", isolated()))
        self.assertFalse(oracle.isolated_first([third, second, first], self.RESTS))

    def test_other_peoples_pods_are_theirs(self):
        self.assertEqual(self.complaints(("iso", "ADDED", closing()), ("pod", "ADDED", pod("p", "u", labels={}))), 0)

    def test_at_rest_all_pods_have_started_under_the_rules_that_hold(self):
        def at_rest(network: dict | None, *pods: dict, policy: dict = closing()) -> list:
            return oracle.isolated_at_rest({("iso", "trial-1"): policy, **{("pod", str(n)): one for n, one in enumerate(pods)},
                                            **({("netpol", "slipway-isolation"): network} if network else {})})
        ended = isolated("b") | {"status": {"phase": "Failed"}}
        self.assertFalse(at_rest(isolating(), isolated(), ended))
        self.assertEqual(len(at_rest(isolating(), isolated("b"), isolated())), 1)
        self.assertEqual(len(at_rest(None)), 1)
        self.assertFalse(at_rest(None, isolated(), policy=closing(profile="Open")))

    def test_runs_differ_in_marks_and_names_only(self):
        def seen(ns: str, mark: str, home: str) -> dict:
            objects = json.loads(json.dumps([closing(), isolating(mark=mark)]).replace("trial-1", ns).replace("uid-ns", home))
            return canon.View(ns, home).take(history(*zip(("iso", "netpol"), ("ADDED",) * 2, objects))).snapshot()
        one, other = seen("trial-1", "a", "u1"), seen("trial-22", "b", "u2")
        self.assertEqual(canon.differences(one, other), [])
        self.assertEqual(list(one), ["iso trial", "netpol trial role namespace"])

    def test_what_isolates_a_namespace_belongs_to_it(self):
        there = {("netpol", "slipway-isolation"): isolating()}
        self.assertFalse(oracle.no_orphan(there, "uid-ns"))
        self.assertTrue(oracle.no_orphan(there, "uid-other"))


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


class Workloads(unittest.TestCase):
    def test_exempt_plans_say_why(self):
        one = workload.Workload("w", "tj", (), ({"plans": "silence event r.*", "because": "it is so"},))
        self.assertEqual([one.why_exempt(name) for name in ("silence event runtimes", "a silence event runtimes", "lost")],
                         ["it is so", "", ""])

    def test_another_controller_does_its_part_in_children(self):
        sent = []
        kube = SimpleNamespace(patch=lambda *args: sent.append(args))
        actor = workload.Actor(kube, "trial-1", lambda: {("pod", "x-a1"): pod("x-a1", "u1"), ("tj", "x"): OWNER})
        actor.do({"change": {"pod x role node .*": {"status": {"phase": "Failed"}}}})
        self.assertEqual(sent, [("pod", "trial-1", "x-a1", {"status": {"phase": "Failed"}})])
        with self.assertRaises(AssertionError):
            actor.do({"change": {"pod y .*": {}}})

    def test_a_policy_is_called_like_the_namespace_and_is_in_none(self):
        made = []
        kube = SimpleNamespace(create=made.append, patch=lambda *args: made.append(args), delete=lambda *args: made.append(args))
        policy = {"kind": "IsolationPolicy", "metadata": {"name": "$NAMESPACE"}}
        steps = workload.Workload("w", "tj", ({"create": policy}, {"patch": {"iso/$NAMESPACE": {}}}, {"delete": "iso/$NAMESPACE"}))
        for step in steps.steps_in("trial-1"):
            workload.Actor(kube, "trial-1", dict).do(step)
        self.assertEqual(made, [policy | {"metadata": {"name": "trial-1"}}, ("iso", "", "trial-1", {}), ("iso", "", "trial-1")])

    def test_what_is_a_made_up_name_is_known(self):
        job = {"metadata": {"name": "x-29452320-94l76snl", "labels": {"app.kubernetes.io/managed-by": "slipway"},
                            "annotations": {"slipway.dev/owner": "trial-1/x"}}}
        child = pod("x-29452320-94l76snl-node-0-aaaaaaaa", "u1")
        child["metadata"]["annotations"]["slipway.dev/owner"] = "trial-1/x-29452320-94l76snl"
        self.assertEqual(canon.title("tj", job), "tj x-29452320")
        self.assertEqual(canon.owner(child), "x-29452320")


class Plans(unittest.TestCase):
    WRITES = {("create", "pods", ""): 2, ("update", "trainingjobs", "status"): 1}
    EVENTS = [{"resource": "pods", "type": "ADDED", "name": "a"}] * 3

    def test_names_are_unique(self):
        names = [p.name for p in surroundings.generate("w", self.WRITES, self.EVENTS, 3)]
        self.assertEqual(len(names), len(set(names)))

    def test_only_what_every_run_did_is_interfered_with(self):
        def run(pods: int) -> dict:
            requests = [{"verb": "create", "resource": "pods"}] * pods + [{"verb": "list", "resource": "pods"}]
            return {"requests": requests, "events": self.EVENTS}
        found = list(plans.generate("w", [run(3), run(1), run(2)], lambda r: r["verb"] == "create"))
        self.assertEqual([p.name for p in found if p.name.startswith("lost fin create")], ["lost fin create pods 1"])

    def test_a_write_that_was_refused_is_not_one_that_every_run_makes(self):
        trace = {"requests": [{"verb": "create", "resource": "pods", "status": status} for status in (409, 201)],
                 "events": self.EVENTS}
        names = [p.name for p in plans.generate("w", [trace] * 2, lambda r: r["verb"] == "create")]
        self.assertIn("lost fin create pods 1", names)
        self.assertNotIn("lost fin create pods 2", names)

    def test_nothing_is_planned_for_the_last_moment_of_a_run(self):
        events = [{"resource": "pods", "type": "ADDED", "name": "a", "at": at} for at in (100, 900)]
        trace = {"requests": [], "events": events, "now": 1000}
        names = [p.name for p in plans.generate("w", [trace] * 2, lambda r: False)]
        self.assertIn("event lost 1 (pods)", names)
        self.assertNotIn("event lost 2 (pods)", names)

    def test_small_samples_of_several_workloads_have_all_kinds_of_fault(self):
        found = list(surroundings.generate("w", self.WRITES, self.EVENTS, 3))
        kinds = {one.fault for one in found}
        chosen = {one.fault for n in range(4) for one in campaign.choose(
            found, 4, random.Random(n), first=4 * n)}
        self.assertEqual(chosen, kinds if len(kinds) <= 16 else chosen)
        self.assertLessEqual(len(kinds), 16)

    def test_a_restart_after_the_last_write_is_of_no_use(self):
        events = [{"resource": "pods", "type": "ADDED", "name": "a", "at": at} for at in (100, 200, 300)]
        trace = {"requests": [{"verb": "create", "resource": "pods", "at": 200}, {"verb": "list", "resource": "pods", "at": 400}],
                 "events": events}
        found = [p.name for p in plans.generate("w", [trace] * 2, lambda r: r["verb"] == "create")]
        self.assertIn("stale list 1 after 2", found)
        self.assertNotIn("stale list 2 after 3", found)
        self.assertIn("lagging server after a kill at event 2 (pods)", found)
        self.assertNotIn("lagging server after a kill at event 3 (pods)", found)

    def test_a_plan_is_what_its_file_says(self):
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "plan.json"
            for one in surroundings.generate("w", self.WRITES, self.EVENTS, 3):
                file.write_text(one.dump())
                self.assertEqual(plan.load(file), one)


if __name__ == "__main__":
    unittest.main(verbosity=0)
