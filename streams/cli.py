"""The command line `ticketspike`: loads nothing but click until a command runs.

Exit status 0 done, 1 failed, 2 wrong use or settings. A failure is one sentence on stderr, whatever part of the
program it comes from; a traceback shows only with `--debug`.
"""

from __future__ import annotations

import errno
import importlib
import select
import sys

import click

COMMANDS = {
    "demo": "The whole story on embedded Kafka, in a minute; then exits.",
    "kafka": "Start, stop and inspect an embedded Apache Kafka.",
    "topics": "Create the topics, or name every difference.",
    "worker": "Run the stages count, watch and notify until SIGTERM.",
    "send": "Publish tickets from a .jsonl, .csv or .parquet file.",
    "campaigns": "Import and list campaigns.",
    "sources": "Try out how a helpdesk's events become tickets; list what is not mapped.",
    "learn": "Learn baselines from history before going live.",
    "explain": "Why there is, or is not, an alert for a contact reason.",
    "missed": "Report a spike that nobody was told of.",
    "digest": "What is open, what yesterday was about, and whether all is well.",
    "backtest": "What would have alerted on past tickets.",
    "counts": "What was counted, as JSON lines.",
    "backup": "Save baselines, answers, incidents and campaigns in a file.",
    "restore": "Put back what `backup` saved.",
    "acls": "The least rights that each part needs on Kafka, as commands.",
    "doctor": "Is everything there that a worker needs? One line each, with the remedy.",
    "dead-letters": "What was refused and why; send it again.",
}
"""Each command's file in `streams.commands` and its line in `--help`."""


class _LazyGroup(click.Group):
    """A group that knows its commands' names and lines, and imports a command when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"streams.commands.{cmd_name.replace('-', '_')}")
        command: click.Command = module.command
        return command

    def format_commands(
        self,
        ctx: click.Context,  # noqa: ARG002 - click's signature
        formatter: click.HelpFormatter,
    ) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(
    cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110}
)
@click.version_option(package_name="ticketspike")
@click.option("--debug", is_flag=True, help="Show tracebacks.")
@click.pass_context
def cli(ctx: click.Context, debug: bool) -> None:
    """Flag spikes in customer-service tickets per contact reason, and post them with campaign context to Slack."""
    ctx.obj = {"debug": debug}


def main() -> None:
    """Run the command line and exit with its status."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command and return its exit status; failures become one sentence on stderr."""
    debug = "--debug" in arguments
    try:
        # Every command takes --debug, wherever it stands: people add it behind the call that failed.
        status = cli.main(
            args=[part for part in arguments if part != "--debug"],
            standalone_mode=False,
            prog_name="ticketspike",
        )
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.ClickException as error:
        error.show()
        return 2
    except (KeyboardInterrupt, click.Abort):
        click.echo("Stopped.", err=True)
        return 130
    except SystemExit as left:
        if debug and left.code:
            raise
        return _left(left)
    # Also a task that was cancelled: it would end the process without our sentence.
    except BaseException as error:
        if debug:
            raise
        return _report(error)
    # What a command hands to ctx.exit comes back as the value; a command itself returns nothing.
    return status if isinstance(status, int) else 0


def _left(left: SystemExit) -> int:
    """The status of a command that something inside of it ended, and a sentence where there is none yet.

    That is also what click makes of a broken pipe. Where it is our own output that nobody reads any more (`| head`),
    all is well; any other pipe or socket is somebody's failure.
    """
    cause = left.__context__
    if isinstance(cause, OSError) and cause.errno == errno.EPIPE:
        return 0 if _unread() else _report(cause)
    if left.code is None or left.code == 0:
        return 0
    why = f"status {left.code}" if isinstance(left.code, int) else str(left.code)
    click.echo(
        f"Error: something inside ended the command ({why}) and gave no reason. This is a bug; run it again with "
        "--debug and report what it prints.",
        err=True,
    )
    return left.code if isinstance(left.code, int) else 1


def _unread() -> bool:
    """Whether stdout is a pipe or a socket whose reader has gone."""
    stdout = select.poll()
    stdout.register(1, 0)
    return bool(stdout.poll(0))


def _report(error: BaseException) -> int:
    from streams.errors import Failure
    from streams.settings import SettingsError

    if isinstance(error, SettingsError):
        click.echo(f"Error: {error}", err=True)
        return 2
    if isinstance(error, Failure):
        click.echo(f"Error: {error}", err=True)
        return 1
    kind = type(error).__name__
    click.echo(
        f"Error: {kind}: {error}. This is a bug; run it again with --debug and report what it prints.",
        err=True,
    )
    return 1
