"""Nobody gets by a custom resource what he may not do himself."""

import copy

from lib.kube import path

from . import objects, places
from .suite import APPLY, OPERATOR, Suite

SHORT = {"TrainingJob": "tj", "TrainingTrigger": "tt", "ModelDeployment": "md", "DriftMonitor": "dm", "Runtime": "runtime"}
KINDS = {"apiGroups": ["slipway.dev"], "verbs": ["*"], "resources": [
    "trainingjobs", "trainingtriggers", "modeldeployments", "modeldeployments/scale", "driftmonitors", "runtimes"]}
PODS = {"apiGroups": [""], "resources": ["pods"], "verbs": ["create"]}
NAMED = [{"apiGroups": [""], "resources": ["secrets", "configmaps", "persistentvolumeclaims"], "verbs": ["get"],
          "resourceNames": ["mine", *(f"mine-{n}" for n in range(20))]}]
READ = [{"apiGroups": [""], "resources": ["secrets", "configmaps", "persistentvolumeclaims"], "verbs": ["get"]}]
WORDS = {"secrets": "Secret", "configmaps": "ConfigMap", "persistentvolumeclaims": "PersistentVolumeClaim"}


def prepare(suite: Suite) -> str:
    """A namespace with users: who may make no pods, read nothing, read some, read all, and the role edit."""
    ns = suite.namespace("author")
    suite.grant("outsider", ns, KINDS, *READ)
    suite.grant("maker", ns, KINDS, PODS)
    suite.grant("named", ns, KINDS, PODS, *NAMED)
    suite.grant("reader", ns, KINDS, PODS, *READ)
    suite.bind("editor", ns, "ClusterRole", "edit")
    suite.grant("editor", ns, KINDS)
    suite.until("who may not make pods may not make a TrainingJob", lambda: "may not create pods" in suite.create(
        "outsider", "tj", objects.minimal("TrainingJob", ns)))
    for crd in places.namespaced():
        for place in places.walk(crd)[0]:
            if place.kind == "TrainingJob":
                suite.until(f"{place} is looked at", lambda crd=crd, place=place: suite.create(
                    "maker", "tj", objects.naming(crd, ns, place, "mine")))
    return ns


def check_every_place(suite: Suite, ns: str) -> None:
    """Each field that names an object, at each user."""
    for crd in places.namespaced():
        for place in places.walk(crd)[0]:
            short, what = SHORT[place.kind], f"{place.kind} {place.path}"
            foreign = objects.naming(crd, ns, place, "foreign")
            mine = objects.naming(crd, ns, place, "mine")
            suite.refused(f"{what} names another's", suite.create("named", short, foreign), "spec names the",
                          f"{WORDS[place.resource]} foreign", f"named may not get {place.resource}/foreign in namespace {ns}",
                          f"--resource={place.resource} --resource-name=foreign")
            suite.refused(f"{what} by somebody without rights on any", suite.create("maker", short, mine),
                          "maker may not get ", "/mine")
            suite.allowed(f"{what} names his own", suite.create("named", short, mine))
            for user in ("reader", "editor", ""):
                suite.allowed(f"{what} by {user or 'the administrator'}", suite.create(user, short, foreign))


def check_pods(suite: Suite, ns: str) -> None:
    for kind, short in SHORT.items():
        obj = objects.minimal(kind, ns)
        suite.refused(f"{kind} by who may not make pods", suite.create("outsider", short, obj),
                      f"outsider may not create pods in namespace {ns}", kind, "clusterrole=edit")
        suite.allowed(f"{kind} by who may", suite.create("named", short, obj))


def env(*names: str) -> list[dict]:
    return [{"name": f"V{n}", "valueFrom": {"secretKeyRef": {"name": name, "key": "k"}}} for n, name in enumerate(names)]


def job(ns: str, *secrets: str, **more) -> dict:
    found = objects.minimal("TrainingJob", ns, "old")
    found["spec"]["trainer"]["env"] = env(*secrets)
    found["spec"] |= more
    return found


def with_volumes(ns: str, resource: str, *names: str) -> dict:
    """A job that names objects of one kind as volumes, of which there can be twenty."""
    of = {"secrets": lambda name: {"secret": {"secretName": name}}, "configmaps": lambda name: {"configMap": {"name": name}},
          "persistentvolumeclaims": lambda name: {"persistentVolumeClaim": {"claimName": name}}}[resource]
    found = objects.minimal("TrainingJob", ns, "volumes")
    found["spec"]["trainer"]["podTemplate"] = {"volumes": [{"name": f"v{n}", **of(name)} for n, name in enumerate(names)]}
    return found


def check_many(suite: Suite, ns: str) -> None:
    """As many as are looked at one by one, and more."""
    twelve = [f"mine-{n}" for n in range(12)]
    for resource, word in WORDS.items():
        suite.allowed(f"twelve {resource}, some of them twice", suite.create(
            "named", "tj", with_volumes(ns, resource, *twelve, *twelve[:5])))
        suite.refused(f"thirteen {resource}, each of which they may read", suite.create(
            "named", "tj", with_volumes(ns, resource, *twelve, "mine-12")),
            f"spec names more than 12 different objects of kind {word}", "named may not")
        for place in range(12):
            names = [*twelve[:place], "foreign", *twelve[place + 1:]]
            suite.refused(f"a foreign one at place {place} of {resource}", suite.create(
                "named", "tj", with_volumes(ns, resource, *names)), f"{word} foreign")
        suite.allowed(f"twenty {resource}, by who may read all", suite.create(
            "reader", "tj", with_volumes(ns, resource, *(f"s{n}" for n in range(20)))))
    suite.allowed("a hundred, by who may read all", suite.create("reader", "tj", job(ns, *(f"s{n}" for n in range(100)))))
    large = job(ns, *(f"mine-{n % 12}" for n in range(100)))
    step = {"image": objects.IMAGE, "env": env(*(["mine-1"] * 99), "mine-2")}
    large["spec"]["prepare"] = [{"name": f"step-{n}", **step} for n in range(8)]
    suite.allowed("900 variables are within what the API server spends", suite.create("named", "tj", large))
    large["spec"]["trainer"]["env"] = env(*(["mine"] * 100))
    large["spec"]["prepare"][7] = {**large["spec"]["prepare"][7], "env": env(*(["mine"] * 99), "foreign")}
    suite.refused("the last of 900 is another's", suite.create("named", "tj", large), "Secret foreign")


def check_updates_of_each(suite: Suite, ns: str) -> None:
    """Labels of an object that names something of others, and a change that names more of it."""
    for resource, word in WORDS.items():
        old = with_volumes(ns, resource, "foreign") | {"metadata": {"name": "volumes", "namespace": ns}}
        old["spec"]["suspend"] = True
        suite.allowed(f"{resource}: made by who may", suite.create("reader", "tj", old, fieldManager="reader"))
        suite.allowed(f"{resource}: labels by somebody else", suite.patch("maker", "tj", ns, "volumes", {"metadata": {"labels": {"a": "b"}}}))
        suite.refused(f"{resource}: a change by somebody else", suite.patch(
            "maker", "tj", ns, "volumes", {"spec": {"trainer": {"image": "evil/image"}}}), f"{word} foreign")
        suite.kube.delete("tj", ns, "volumes")


def check_updates(suite: Suite, ns: str) -> None:
    """An old object, made by somebody who may read its Secret, in the hands of somebody who may not."""
    suite.allowed("it is made by who may", suite.create(
        "reader", "tj", job(ns, "foreign", suspend=True), fieldManager="reader"))
    for name, good in (("labels", {"labels": {"a": "b"}}), ("annotations", {"annotations": {"a": "b"}}),
                       ("finalizers", {"finalizers": ["example.com/x"]})):
        suite.allowed(f"his {name}", suite.patch("maker", "tj", ns, "old", {"metadata": good}))
        suite.allowed(f"{name} by who may not make pods", suite.patch("outsider", "tj", ns, "old", {"metadata": good}))
    suite.allowed("the end of a pause", suite.patch("outsider", "tj", ns, "old", {"spec": {"suspend": False}}))
    other = {"spec": {"trainer": {"image": "evil/print-environment"}}}
    suite.refused("another program with that Secret", suite.patch("maker", "tj", ns, "old", other), "Secret foreign")
    suite.refused("the same by who may not make pods", suite.patch("outsider", "tj", ns, "old", other), "may not create pods")
    suite.allowed("the same by who may", suite.patch("reader", "tj", ns, "old", other))
    suite.allowed("a program without it", suite.patch("maker", "tj", ns, "old", {"spec": {
        "trainer": {"image": objects.IMAGE, "env": None}}}))
    suite.allowed("one that names his own", suite.create("named", "tj", {
        **job(ns, "mine", suspend=True), "metadata": {"name": "other", "namespace": ns}}, fieldManager="named"))
    partly = {"apiVersion": "slipway.dev/v1alpha1", "kind": "TrainingJob", "spec": {"trainer": {
        "env": [{"name": "MORE", "valueFrom": {"secretKeyRef": {"name": "foreign", "key": "k"}}}]}}}
    suite.refused("another Secret by server-side apply of a part", suite.patch(
        "named", "tj", ns, "other", partly, content_type=APPLY, fieldManager="mallory", force="true"), "Secret foreign")
    mine = copy.deepcopy(partly)
    mine["spec"]["trainer"]["env"][0]["valueFrom"]["secretKeyRef"]["name"] = "mine"
    suite.allowed("his own by apply of a part", suite.patch(
        "named", "tj", ns, "other", mine, content_type=APPLY, fieldManager="mallory", force="true"))
    suite.refused("his own by apply beside that of somebody else", suite.patch(
        "named", "tj", ns, "old", mine, content_type=APPLY, fieldManager="mallory", force="true"), "Secret foreign")
    suite.refused("the status is the operator's", suite.patch(
        "named", "tj", ns, "old", {"status": {"message": "x"}}, "status"), "cannot patch resource")
    for name in ("old", "other"):
        suite.kube.delete("tj", ns, name)


def check_scale(suite: Suite, ns: str) -> None:
    deployment = objects.minimal("ModelDeployment", ns, "scaled")
    deployment["spec"]["variants"][0]["env"] = env("foreign")
    suite.allowed("a ModelDeployment by who may", suite.create("reader", "md", deployment, fieldManager="reader"))
    suite.allowed("more pods of it by who may scale", suite.patch("outsider", "md", ns, "scaled", {"spec": {"replicas": 3}}, "scale"))
    suite.allowed("the same by its own field", suite.patch("outsider", "md", ns, "scaled", {"spec": {"replicas": 3}}))
    smuggled = {"spec": {"replicas": 3, "variants": [{"name": "blue", "image": "evil/image", "env": env("other")}]}}
    answer = suite.patch("outsider", "md", ns, "scaled", smuggled, "scale")
    suite.check("the scale of it carries nothing else", not answer or "unknown field" in answer, answer)
    suite.refused("the same by its own field", suite.patch("outsider", "md", ns, "scaled", smuggled), "may not create pods")
    suite.kube.delete("md", ns, "scaled")


def check_owners(suite: Suite, ns: str) -> None:
    """Whose job it is said to be changes nothing, unless the operator says it."""
    trigger = {"apiVersion": "slipway.dev/v1alpha1", "kind": "TrainingTrigger", "name": "t", "uid": "u", "controller": True}
    for resource in WORDS:
        owned = with_volumes(ns, resource, "foreign")
        owned["metadata"]["ownerReferences"] = [trigger]
        suite.allowed(f"{resource} in a job of a trigger, by the operator", suite.create(OPERATOR, "tj", owned))
    owned = job(ns, "foreign")
    owned["metadata"]["ownerReferences"] = [trigger]
    suite.refused("a job that says it is a trigger's", suite.create("named", "tj", owned), "Secret foreign")
    suite.allowed("the same by the operator", suite.create(OPERATOR, "tj", owned))
    suite.refused("by the operator, but of no trigger", suite.create(OPERATOR, "tj", job(ns, "foreign")), "Secret foreign")
    other = copy.deepcopy(owned)
    other["metadata"]["ownerReferences"][0]["apiVersion"] = "evil.dev/v1"
    suite.refused("by the operator, but of another kind of trigger", suite.create(OPERATOR, "tj", other), "Secret foreign")
    del other["metadata"]["ownerReferences"][0]["controller"]
    other["metadata"]["ownerReferences"][0]["apiVersion"] = "slipway.dev/v1alpha1"
    suite.refused("by the operator, but not under control of the trigger", suite.create(OPERATOR, "tj", other), "Secret foreign")


def check_elsewhere(suite: Suite, ns: str) -> None:
    """Rights in one namespace are none in another, and deleting takes none."""
    foreign = suite.namespace("elsewhere")
    suite.grant("reader", foreign, KINDS)
    suite.until("rights in one namespace are none in another", lambda: f"may not create pods in namespace {foreign}" in suite.create(
        "reader", "tj", objects.minimal("TrainingJob", foreign)))
    suite.create("", "tj", job(ns, "foreign"), fieldManager="x")
    suite.allowed("who may delete it, may", suite.answer("outsider", "DELETE", path("tj", ns, "old")))
    suite.kube.delete("namespace", "", foreign)


def check(suite: Suite) -> None:
    ns = prepare(suite)
    for part in (check_pods, check_every_place, check_many, check_updates, check_updates_of_each, check_scale, check_owners, check_elsewhere):
        part(suite, ns)
    suite.kube.delete("namespace", "", ns)
