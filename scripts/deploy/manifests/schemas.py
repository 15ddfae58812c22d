"""Types and unknown fields, by Kubernetes' own schemas and those in scripts/deploy/schemas."""

import functools
import json
import pathlib
import re

import jsonschema
import kubernetes_validate
import referencing
import yaml

from .model import name_of

# The oldest release that we support, and the newest that the schemas know.
VERSIONS = ("1.29.0", "1.37.0")
KUBERNETES = pathlib.Path(kubernetes_validate.__file__).with_name("kubernetes-json-schema")
OWN = pathlib.Path(__file__).resolve().parent.parent / "schemas"


def folder(version):
    return KUBERNETES / f"v{version}-local-strict"


@functools.cache
def registry(version):
    definitions = json.loads((folder(version) / "_definitions.json").read_text())
    return referencing.Resource.from_contents(definitions) @ referencing.Registry()


@functools.cache
def validator(kind, api_version, version):
    """For one kind; None for one without a schema."""
    group = re.sub(r"^([^./]*)(?:\.[^/]*)?/", r"\1-", api_version)
    kubernetes, own = (
        folder(version) / f"{kind.lower()}-{group}.json",
        OWN / f"{kind.lower()}-{group}.yaml",
    )
    if kubernetes.exists():
        schema = json.loads(kubernetes.read_text())
    elif own.exists():
        schema = yaml.safe_load(own.read_text())
    else:
        return None
    schema.setdefault("$id", "https://kubernetes.io/api/one.json")
    return jsonschema.Draft202012Validator(schema, registry=registry(version))


def types(manifests):
    """Every field is known and has the right type, in every release that is supported."""
    found = {}
    for item in manifests.items:
        for version in VERSIONS:
            checker = validator(item["kind"], item["apiVersion"], version)
            if checker is None:
                text = f"{name_of(item)}: there is no schema for {item['apiVersion']} {item['kind']}"
                found.setdefault(text, []).append(version)
                continue
            for error in checker.iter_errors(item):
                place = ".".join(map(str, error.absolute_path))
                found.setdefault(f"{name_of(item)}: {place}: {error.message[:200]}", []).append(version)
    for text, versions in found.items():
        yield text if len(versions) == len(VERSIONS) else f"{text} (Kubernetes {', '.join(versions)})"
