"""`wattlog replay`: send dead letters back to the streams that they came from."""

from typing import Annotated

import typer
from confluent_kafka import KafkaException

from services.runtime import topics
from services.runtime.bus import NotDurable
from services.runtime.codec import Codec
from services.runtime.settings import KafkaSettings, load
from services.runtime.streaming.replay import Replayed
from services.runtime.streaming.replay import replay as send_again

replay = typer.Typer(add_completion=False, help="Send dead letters back to the streams that they came from.")


@replay.command()
def run(
    consumer: Annotated[str, typer.Argument(help="whose dead letters: sessions, or sessions.dlq.v1")],
    error_class: Annotated[str | None, typer.Option("--class", help="only letters of this error class")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="send nothing, only count")] = False,
) -> None:
    """Send each dead letter once more, raw, under its own key; those that were sent before are left out."""
    try:
        kafka = load(KafkaSettings)
        done = send_again(kafka, Codec(), stream_of(consumer), error_class=error_class, dry_run=dry_run)
    except (UnknownConsumer, NotDurable) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
    except KafkaException as error:
        typer.echo(f"Kafka: {error.args[0].str()}. Is it running, and were the topics created?", err=True)
        raise typer.Exit(1) from error
    typer.echo(told(done, dry_run=dry_run))


class UnknownConsumer(Exception):
    """No stream of dead letters belongs to this name."""


def stream_of(consumer: str) -> str:
    """The dead letter stream of a slice ("sessions") or of its own name; UnknownConsumer lists what there is."""
    known = {name.partition(".")[0]: name for name in topics.streams() if ".dlq." in name}
    if consumer in known.values():
        return consumer
    slice_name = consumer.partition(".")[0]
    if slice_name not in known:
        raise UnknownConsumer(f"{consumer!r} has no dead letters; these have: {', '.join(sorted(known))}")
    return known[slice_name]


def told(done: Replayed, *, dry_run: bool) -> str:
    """What a replay did, in lines."""
    verb = "would be sent" if dry_run else "sent"
    lines = [f"{done.sent} dead letters {verb}"]
    lines += [f"  {count:>8}  {name}" for name, count in sorted(done.by_class.items())]
    if done.already_sent:
        lines.append(f"{done.already_sent} were sent by an earlier replay")
    if done.of_another_class:
        lines.append(f"{done.of_another_class} of another error class stay")
    return "\n".join(lines)
