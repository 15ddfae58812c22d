"""Checks of what kustomize renders; scripts/deploy/check_manifests.py runs them.

A check is a generator over a Manifests that yields texts: what is wrong, beginning with the object.
"""

import pathlib
import sys

# For metric_names. Behind all others, since that folder has a manifests.py too.
sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "checks"))
