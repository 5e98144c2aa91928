"""The devices process: folds what stations tell about themselves, and gives each the template that is its own."""

import asyncio
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

import structlog

from services.devices.after_boot import AfterBoot
from services.devices.assignment import due
from services.devices.fold import folding
from services.devices.state import Station
from services.domain.events.device import DeviceTemplate, DeviceWanted
from services.domain.events.station import Boot, CommandAnswered, CommandRequested, StationBooted
from services.runtime import process
from services.runtime.bus import Bus, NotDurable
from services.runtime.codec import Codec
from services.runtime.registry import codec_of
from services.runtime.settings import BadSetting, KafkaSettings, load, setting
from services.runtime.streaming.processor import Processor
from services.runtime.streaming.run import run_processor
from services.runtime.streaming.settings import ProcessorSettings
from services.runtime.view import View

INPUTS: Final = (StationBooted.TOPIC, CommandRequested.TOPIC, CommandAnswered.TOPIC, DeviceWanted.TOPIC)
_LOOK_S: Final = 0.5


@dataclass(frozen=True, slots=True)
class DevicesSettings(ProcessorSettings):
    """What the devices process needs to know."""

    devices_metrics_port: int = setting(9110, "port of the devices process's metrics and health endpoints")
    devices_report_after_boot: str = setting(
        "off",
        "when a station that boots is asked for all its variables: off, changed (it is new, or has other"
        " firmware), always; some stations and test tools are thrown off by it",
    )

    def after_boot(self) -> AfterBoot:
        """When stations are asked; BadSetting for any other word."""
        try:
            return AfterBoot(self.devices_report_after_boot)
        except ValueError:
            words = ", ".join(AfterBoot)
            said = f"WATTLOG_DEVICES_REPORT_AFTER_BOOT={self.devices_report_after_boot}: give one of {words}"
            raise BadSetting(said) from None


@dataclass
class _Host:
    """What the processor is run by: its readiness is a part of the process's."""

    process: process.Process
    stopping: asyncio.Event
    log: Any = field(default_factory=lambda: structlog.get_logger("devices"))

    @property
    def ready(self) -> bool:
        return self.process.ready

    @ready.setter
    def ready(self, ready: bool) -> None:
        self.process.ready = ready


def main() -> None:
    """`wattlog devices`."""
    settings = load(DevicesSettings)
    settings.after_boot()
    process.run(partial(run, settings), "devices", settings.devices_metrics_port, settings.common)


async def run(settings: DevicesSettings, host: process.Process) -> None:
    """Fold and assign until the process is to stop."""
    codec = await asyncio.to_thread(codec_of, settings.common)
    folded: Processor[Station] = Processor("devices.v1", INPUTS, folding(settings.after_boot()), Station)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(
            run_processor(
                folded, settings.kafka, codec, settings.common.data_dir, _Host(host, host.stopping),
                path="librdkafka", settings=settings.streaming,
            )
        )  # fmt: skip
        tasks.create_task(assign(settings.kafka, codec, host))


async def assign(kafka: KafkaSettings, codec: Codec, host: process.Process) -> None:
    """Give stations their templates as they boot and as templates change. Several may: they say the same."""
    changed = asyncio.Event()
    loop = asyncio.get_running_loop()

    def on_change(_key: str, _value: object) -> None:
        loop.call_soon_threadsafe(changed.set)

    boots: View[Boot] = View(kafka, codec, Boot.TOPIC, on_change)
    templates: View[DeviceTemplate] = View(kafka, codec, DeviceTemplate.TOPIC, on_change)
    wanted: View[DeviceWanted] = View(kafka, codec, DeviceWanted.TOPIC)
    views: list[View[Any]] = [boots, templates, wanted]
    bus = Bus(kafka, codec)
    try:
        for view in views:
            view.start()
        while not host.stopping.is_set():
            await asyncio.sleep(_LOOK_S)
            if not changed.is_set() or not all(view.caught_up for view in views):
                continue
            changed.clear()
            known = dict(wanted.items())
            told = due((boot for _, boot in boots.items()), (one for _, one in templates.items()), known)
            try:
                await bus.publish(*told)
            except NotDurable as error:
                host.log.warning("Kafka does not confirm, trying again", events=len(told), error=str(error))
                changed.set()
    finally:
        for view in views:
            view.stop()
        await bus.close()
