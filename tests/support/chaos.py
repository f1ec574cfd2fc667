"""A run: three brokers, two workers and a stand-in for Slack under load, and three hands that break things.

One hand kills workers, one lets them come, go, freeze and be upgraded, one breaks brokers; each draws what it
does and how long it waits from the seed, and they do not know of each other.
"""

from __future__ import annotations

import random
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import chaos_faults
from chaos_cluster import Cluster
from chaos_crew import Crew
from chaos_faults import Fault, Scene
from chaos_processes import Server
from chaos_sender import Sender
from chaos_tickets import HORIZON_HOURS, World
from chaos_verdict import Verdict, judge

from streams import admin
from streams.connection import open_admin
from streams.settings import Settings, load

WORKERS: tuple[Fault, ...] = (
    chaos_faults.join_and_leave,
    chaos_faults.freeze,
    chaos_faults.leave_and_join,
    chaos_faults.upgrade,
)
BROKERS: tuple[Fault, ...] = (
    chaos_faults.lose_broker,
    chaos_faults.lose_leader,
    chaos_faults.lose_two,
    chaos_faults.freeze_leader,
    chaos_faults.lose_two_for_long,
)
REST_SECONDS = 75.0
"""How long nothing may get better before what is wrong is taken for wrong."""


@dataclass
class Report:
    """What was done and what was found."""

    seed: int
    done: Counter[str]
    verdict: Verdict
    crashes: list[str]
    stopped_badly: list[str]
    again: int
    taken_back: int
    seconds: float = 0.0
    wrong: bool = field(init=False)

    def __post_init__(self) -> None:
        self.wrong = bool(self.verdict.wrong or self.stopped_badly)

    def lines(self) -> list[str]:
        """For people."""
        done = ", ".join(f"{number} x {name}" for name, number in self.done.items())
        aside = f"{self.again} records sent anew, {self.taken_back} messages taken back"
        return [
            f"seed {self.seed}, {self.seconds:.0f} s: {done}",
            f"{aside}, {len(self.crashes)} workers ended by themselves",
            *self.crashes,
            *self.stopped_badly,
            *self.verdict.lines(),
        ]


class Chaos:
    """One run.

    Args:
        folder: for brokers' data, logs and workers' directories.
        port: of the first broker.
        seed: everything follows from it, but for what the machine does.
        kills: workers killed.
        others: how often each other fault happens.
        brokers: the faults of brokers.
        pace: minutes of the log in a second.
        say: told of progress.
    """

    def __init__(
        self,
        folder: Path,
        port: int,
        *,
        seed: int,
        kills: int,
        others: int = 1,
        brokers: tuple[Fault, ...] = BROKERS,
        pace: float = 30.0,
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.folder = folder
        self.port = port
        self.seed = seed
        self.kills = kills
        self.others = others
        self.brokers = brokers
        self.pace = pace
        self.say = say
        self.done: Counter[str] = Counter()

    def run(self) -> Report:
        """Break everything, let it come to rest, and judge."""
        begun = time.monotonic()
        cluster = Cluster(self.folder / "kafka", self.port)
        server = Server(self.folder / "slack.log")
        self.say(f"brokers are up after {time.monotonic() - begun:.0f} s")
        try:
            settings = self._settings(cluster)
            crew = Crew(self._environment(settings, server.url), self.folder)
            try:
                sender = Sender(settings, World(self.seed), self.pace)
                sender.history()
                self.say(f"history is sent after {time.monotonic() - begun:.0f} s")
                crew.start()
                self.say(f"ready after {time.monotonic() - begun:.0f} s")
                scene = Scene(settings, cluster, crew, sender, self.say)
                sender.start()
                self._break(scene)
                self.say(f"everything was broken after {time.monotonic() - begun:.0f} s")
                sender.finish(300)
                self.say(f"all tickets are sent after {time.monotonic() - begun:.0f} s")
                verdict = self._at_rest(settings, sender.world, server)
            finally:
                statuses = crew.close()
            for status in statuses:
                scene.note_stop("a worker at the end", status)
            return Report(
                self.seed,
                self.done,
                verdict,
                crew.crashes,
                scene.stopped_badly,
                sender.again,
                len(server.get("/messages?deleted=1")),
                time.monotonic() - begun,
            )
        finally:
            server.stop()
            cluster.down()

    def _settings(self, cluster: Cluster) -> Settings:
        from kafka.admin import ConfigResource, ConfigResourceType

        settings = load(
            kafka_bootstrap_servers=",".join(cluster.addresses),
            ticketspike_topic_prefix=f"c{uuid.uuid4().hex[:8]}.",
            ticketspike_data_dir=self.folder / "admin",
        )
        admin.create(settings)
        # The log's time is what the world says, so that days and the horizon pass within minutes.
        own_time = {"message.timestamp.type": "CreateTime", "retention.ms": "-1"}
        with open_admin(settings) as client:
            client.alter_configs(
                [ConfigResource(ConfigResourceType.TOPIC, settings.topic("tickets"), own_time)]
            )
        return settings

    def _environment(self, settings: Settings, slack: str) -> Mapping[str, str]:
        return {
            "KAFKA_BOOTSTRAP_SERVERS": settings.kafka_bootstrap_servers,
            "TICKETSPIKE_TOPIC_PREFIX": settings.ticketspike_topic_prefix,
            "TICKETSPIKE_HMAC_KEY": "chaos",
            "TICKETSPIKE_CLOCK": "event",
            "TICKETSPIKE_HORIZON_HOURS": str(HORIZON_HOURS),
            # What was planted cannot be missed; what was not must not be told of.
            "TICKETSPIKE_FALSE_ALARMS_PER_WEEK": "0.01",
            "TICKETSPIKE_REMIND_MINUTES": "0",
            "TICKETSPIKE_WEB_PORT": "0",
            "SLACK_BOT_TOKEN": "xoxb-test",
            "SLACK_CHANNEL": "C0TEST",
            "SLACK_API_URL": slack,
            "PYTHONUNBUFFERED": "1",
        }

    def _break(self, scene: Scene) -> None:
        hands = [
            self._hand("kills", [chaos_faults.kill] * self.kills, scene, (0.5, 6.0)),
            self._hand("workers", self._shuffled("workers", WORKERS), scene, (1.0, 5.0)),
            self._hand("brokers", self._shuffled("brokers", self.brokers), scene, (2.0, 6.0)),
        ]
        errors: list[BaseException] = []

        def guarded(run: Callable[[], None]) -> None:
            try:
                run()
            except BaseException as error:
                errors.append(error)

        threads = [threading.Thread(target=guarded, args=(hand,), daemon=True) for hand in hands]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if errors:
            raise errors[0]

    def _shuffled(self, hand: str, faults: tuple[Fault, ...]) -> list[Fault]:
        chosen = list(faults) * self.others
        random.Random(f"{self.seed} {hand} order").shuffle(chosen)
        return chosen

    def _hand(
        self, name: str, faults: list[Fault], scene: Scene, pauses: tuple[float, float]
    ) -> Callable[[], None]:
        rng = random.Random(f"{self.seed} {name}")

        def run() -> None:
            for fault in faults:
                time.sleep(rng.uniform(*pauses))
                began = time.monotonic()
                fault(scene, rng)
                self.done[fault.__name__] += 1
                self.say(f"{fault.__name__} took {time.monotonic() - began:.1f} s")

        return run

    def _at_rest(self, settings: Settings, world: World, server: Server) -> Verdict:
        """Judge until nothing is wrong, or nothing gets better any more."""
        left, progress = -1, time.monotonic()
        while True:
            verdict = judge(settings, world, server.get("/messages"))
            wrong = verdict.wrong.total()
            self.say(f"at rest: {dict(verdict.wrong) or 'nothing wrong'}")
            if not wrong:
                # What is right must stay right.
                time.sleep(3.0)
                return judge(settings, world, server.get("/messages"))
            if wrong != left:
                left, progress = wrong, time.monotonic()
            if time.monotonic() - progress > REST_SECONDS:
                return verdict
            time.sleep(1.0)
