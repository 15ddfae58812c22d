"""Checks of what kustomize renders; scripts/deploy/check_manifests.py runs them.

A check is a generator over a Manifests that yields texts: what is wrong, beginning with the object.
"""
