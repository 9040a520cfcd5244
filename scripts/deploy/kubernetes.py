"""Checks what Kustomize has built: against Kubernetes' own schemas, and KEDA's objects against what is written here."""

import pathlib
import re
import sys

import kubernetes_validate
import yaml

# The oldest version that knows every field, and the newest one that the validator has.
VERSIONS = ("1.31", "1.37")
# Keys of the trigger `aws-sqs-queue`.
TRIGGER = {"awsRegion", "queueURL", "queueLength", "activationQueueLength", "scaleOnInFlight", "scaleOnDelayed"}
SCALED_OBJECT = {
    "advanced",
    "cooldownPeriod",
    "maxReplicaCount",
    "minReplicaCount",
    "pollingInterval",
    "scaleTargetRef",
    "triggers",
}


def named(objects, kind):
    """The objects of a kind, by name."""
    return {one["metadata"]["name"]: one for one in objects if one["kind"] == kind}


def queues(objects):
    """The names of the queues that the pipelines in the ConfigMap read, when no variable names others."""
    [config] = (one for name, one in named(objects, "ConfigMap").items() if name.startswith("pipelines-"))
    files = (text for name, text in config["data"].items() if name.endswith(".yaml"))
    return sorted(re.search(r":-(.+)}$", yaml.safe_load(text)["source"]["queue"])[1] for text in files)


def check_scaling(objects, scaled):
    """KEDA is given names that exist, keys that it reads, and figures that are meant."""
    spec = scaled["spec"]
    assert scaled["apiVersion"] == "keda.sh/v1alpha1", scaled["apiVersion"]
    assert spec.keys() <= SCALED_OBJECT, spec.keys() - SCALED_OBJECT
    deployment = named(objects, "Deployment")[spec["scaleTargetRef"]["name"]]
    assert "replicas" not in deployment["spec"], "a number of pods would be set back by each apply"
    assert 0 < spec["minReplicaCount"] < spec["maxReplicaCount"]
    for trigger in spec["triggers"]:
        assert trigger["type"] == "aws-sqs-queue", trigger["type"]
        metadata = trigger["metadata"]
        assert metadata.keys() <= TRIGGER, metadata.keys() - TRIGGER
        assert all(isinstance(value, str) for value in metadata.values()), "KEDA accepts strings only"
        assert int(metadata["queueLength"]) >= 10_000, "some milliseconds of work start no pod"
        assert trigger["authenticationRef"]["name"] in named(objects, "TriggerAuthentication")
    scaled_by = sorted(trigger["metadata"]["queueURL"].rsplit("/", 1)[1] for trigger in spec["triggers"])
    assert scaled_by == queues(objects), f"{scaled_by} are not the queues of the pipelines, {queues(objects)}"


def main():
    """Checks one file."""
    path = pathlib.Path(sys.argv[1])
    objects = list(yaml.safe_load_all(path.read_text()))
    for one in objects:
        if one["apiVersion"].startswith("keda.sh/"):
            continue
        for version in VERSIONS:
            kubernetes_validate.validate(one, version, strict=True)
    for scaled in named(objects, "ScaledObject").values():
        check_scaling(objects, scaled)
    print(f"{path.stem}: {len(objects)} objects fit Kubernetes {' and '.join(VERSIONS)}")


main()
