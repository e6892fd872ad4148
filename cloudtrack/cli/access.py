"""``cloudtrack access``: the permissions of a store."""

from __future__ import annotations

from typing import Annotated

import typer

from cloudtrack import config
from cloudtrack.access.access import Access
from cloudtrack.access.iam import ROLES, iam_policy
from cloudtrack.access.permission import Permission, Resource
from cloudtrack.cli import output
from cloudtrack.cli.state import state, store_client
from cloudtrack.errors import InvalidInput
from cloudtrack.storage.s3_options import parse_s3_url

app = typer.Typer(help="Show and change who may do what.", no_args_is_help=True)
admin = typer.Typer(help="Name principals that may do everything.", no_args_is_help=True)
app.add_typer(admin, name="admin")

Grantee = Annotated[str, typer.Argument(metavar="PRINCIPAL", help="A name, group:NAME, or '*' for every login.")]
On = Annotated[Resource, typer.Argument(help="The kind of resource.")]
ResourceId = Annotated[str, typer.Argument(metavar="ID", help="An experiment's id or a model's name, or '*' for all.")]
PermissionName = Annotated[str, typer.Argument(metavar="PERMISSION", help=", ".join(Permission.__members__))]


@app.command("show")
def show(as_json: output.JsonOption = False) -> None:
    """Show the default, the admins and all grants."""
    _show(Access(store_client().store), as_json)


@app.command("grant")
def grant(
    principal: Grantee,
    resource: On,
    resource_id: ResourceId,
    permission: PermissionName,
    approver: Annotated[bool, typer.Option("--approver", help="May approve for this registered model.")] = False,
    as_json: output.JsonOption = False,
) -> None:
    """Give a permission, in place of the one given before on the same resource."""
    access = Access(store_client(create=True).store)
    access.grant(principal, resource, resource_id, Permission.parse(permission), approver=approver)
    _show(access, as_json)


@app.command("revoke")
def revoke(principal: Grantee, resource: On, resource_id: ResourceId, as_json: output.JsonOption = False) -> None:
    """Take a grant back."""
    access = Access(store_client().store)
    access.revoke(principal, resource, resource_id)
    _show(access, as_json)


@app.command("default")
def default(permission: PermissionName, as_json: output.JsonOption = False) -> None:
    """Set what every login may do with every experiment and model."""
    access = Access(store_client(create=True).store)
    access.set_default(Permission.parse(permission))
    _show(access, as_json)


@admin.command("add")
def add(name: str, as_json: output.JsonOption = False) -> None:
    """Let a principal do everything."""
    access = Access(store_client(create=True).store)
    access.add_admin(name)
    _show(access, as_json)


@admin.command("remove")
def remove(name: str, as_json: output.JsonOption = False) -> None:
    """Take that back; tokens made with --admin stay what they are."""
    access = Access(store_client().store)
    access.remove_admin(name)
    _show(access, as_json)


@app.command("iam")
def iam(
    role: Annotated[str, typer.Argument(metavar="ROLE", help=", ".join(ROLES))],
    kms_key: Annotated[str, typer.Option("--kms-key", metavar="ARN", help="The key that encrypts the bucket.")] = "",
) -> None:
    """Print the IAM policy of people or jobs who use the bucket directly: for reading, training, releasing or all."""
    place = state.store or config.store_uri()
    if not place.startswith("s3://"):
        raise InvalidInput(f"{place} is not in a bucket: name the store with --store s3://bucket/prefix")
    options = parse_s3_url(place, {})
    output.show_json(iam_policy(role, options.bucket, options.prefix, kms_key_arn=kms_key))


def _show(access: Access, as_json: bool) -> None:
    policy = access.policy()
    if as_json:
        output.show_json(policy.model_dump(mode="json", include={"default_permission", "admins", "grants"}))
        return
    output.show_fields({"default": policy.default_permission.name, "admins": ", ".join(policy.admins) or "none"})
    rows = [
        (
            grant.principal,
            grant.resource.value,
            grant.resource_id,
            grant.permission.name,
            "yes" if grant.approver else "",
        )
        for grant in sorted(policy.grants, key=lambda grant: (grant.resource, grant.resource_id, grant.principal))
    ]
    output.show_table("Grants", ("principal", "on", "id", "permission", "approver"), rows, empty="no grants")
