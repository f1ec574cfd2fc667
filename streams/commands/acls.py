"""`ticketspike acls`: the least that each part needs on a Kafka with ACLs, as commands."""

from __future__ import annotations

import click


@click.command("acls", short_help="The least rights on Kafka, as commands.")
@click.option(
    "--role", "roles", multiple=True, metavar="ROLE", help="This role only; may be given several times."
)
@click.option(
    "--user",
    "users",
    multiple=True,
    metavar="ROLE=NAME",
    help="The Kafka user of a role; by default ticketspike-ROLE. One user may have several roles.",
)
@click.option(
    "--command-config",
    default="admin.properties",
    show_default=True,
    metavar="FILE",
    help="With what kafka-acls.sh itself signs in.",
)
@click.option("--remove", is_flag=True, help="Take the rights back instead.")
@click.option("--json", "as_json", is_flag=True, help="The rules as JSON lines.")
def command(
    roles: tuple[str, ...], users: tuple[str, ...], command_config: str, remove: bool, as_json: bool
) -> None:
    """Print `kafka-acls.sh` commands that allow each role what it does, and nothing else.

    Changes nothing: look through them, then `ticketspike acls | sh -e`. docs/security.md says who needs which role.
    """
    import msgspec

    from streams import access
    from streams.settings import load

    principals = {role: f"ticketspike-{role}" for role in access.ROLES}
    for said in users:
        role, equals, name = said.partition("=")
        if role not in principals or not equals or not name:
            raise click.BadParameter(
                f"{said!r} is not ROLE=NAME; roles: {', '.join(principals)}", param_hint="--user"
            )
        principals[role] = name
    unknown = [role for role in roles if role not in principals]
    if unknown:
        raise click.BadParameter(
            f"{unknown[0]!r} is no role; roles: {', '.join(principals)}", param_hint="--role"
        )
    settings = load()
    listed = access.rules(settings, roles or tuple(access.ROLES))
    if as_json:
        for rule in listed:
            click.echo(
                msgspec.json.encode({**_fields(rule), "principal": f"User:{principals[rule.role]}"}).decode()
            )
        return
    servers = settings.kafka_bootstrap_servers
    said_role = ""
    for rule, line in zip(
        listed,
        access.commands(listed, principals, servers=servers, config=command_config, remove=remove),
        strict=True,
    ):
        if rule.role != said_role:
            said_role = rule.role
            click.echo(f"# {rule.role}: {access.ROLES[rule.role]}")
        click.echo(line)


def _fields(rule: object) -> dict[str, object]:
    from dataclasses import asdict

    return asdict(rule)  # type: ignore[call-overload,no-any-return]
