"""A version comes to Production when a second person has approved it: python promote.py MODEL VERSION."""

from __future__ import annotations

import os
import sys

import cloudtrack as ct

POLICY = """
rules:
  - models: "*"
    stages: Production
    require: {approvals: 1, two_person: true}
"""


def main(name: str, version: int) -> None:
    store = os.environ.get("CLOUDTRACK_URI", "./cloudtrack-data")
    ann, bob = ct.Client(store, user="ann"), ct.Client(store, user="bob")
    ann.policy.set(POLICY)
    request = ann.approvals.request(name, version, "Production", comment="0.3 better on the held-out set")
    try:
        ann.approvals.approve(name, request.id)
    except ct.CloudtrackError as refused:
        print(refused)
    bob.approvals.approve(name, request.id, comment="looked at the slices")
    print(name, version, ann.model_versions.get(name, version).current_stage)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
