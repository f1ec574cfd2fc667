"""What is done to workers and brokers. Each fault is a function that blocks until the fault is over."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from chaos_cluster import Cluster
from chaos_crew import Crew, Post
from chaos_sender import Sender
from chaos_verdict import read_incidents
from former_version import make_other

from streams.settings import Settings

SESSION_SECONDS = 10.0
"""After so long without a sign of life Kafka gives a worker's work to another, and a broker's to its followers."""

CLIENT_SECONDS = 40.0
"""After so long aiokafka gives a record up, if it is not told otherwise."""


@dataclass
class Scene:
    """All that a fault may touch."""

    settings: Settings
    cluster: Cluster
    crew: Crew
    sender: Sender
    say: Callable[[str], None]
    stopped_badly: list[str] = field(default_factory=list)

    def stop(self, post: Post) -> None:
        """SIGTERM to a worker, and note how it took it.

        While brokers are broken it may fail to say goodbye, but not linger; that they are mended while it waits for
        them does not give it the time back.
        """
        broken = self.cluster.broken
        status = post.stop(lambda: broken or self.cluster.broken)
        self.note_stop(post.name, status, broken or self.cluster.broken)

    def note_stop(self, name: str, status: int | None, broken: bool = False) -> None:
        """Note the status of a worker that was told to stop, if it is not as it should be."""
        if status is None or (status and not broken):
            self.stopped_badly.append(f"{name} ended with {status} on SIGTERM, {time.strftime('%H:%M:%S')}")


Fault = Callable[[Scene, random.Random], None]


def kill(scene: Scene, rng: random.Random) -> None:
    """Kill -9 of a worker, back at once or after others took over."""
    away = rng.choice((0.0, 0.0, 0.5, 2.0, SESSION_SECONDS + 2))
    post = scene.crew.take(rng)
    try:
        if rng.random() < 0.6:
            # At work, not in its start.
            post.ready(20)
            time.sleep(rng.uniform(0.0, 3.0))
        post.kill()
        time.sleep(away)
        post.start()
    finally:
        post.busy.release()


def join_and_leave(scene: Scene, rng: random.Random) -> None:
    """A third worker comes and goes."""
    post = scene.crew.posts[2]
    with post.busy:
        post.start()
    time.sleep(rng.uniform(4.0, 10.0))
    with post.busy:
        scene.stop(post)


def leave_and_join(scene: Scene, rng: random.Random) -> None:
    """A worker stops and comes back, soon or when its session is over."""
    post = scene.crew.take(rng)
    try:
        scene.stop(post)
        time.sleep(rng.choice((0.0, 3.0, SESSION_SECONDS + 2)))
        post.start()
    finally:
        post.busy.release()


def freeze(scene: Scene, rng: random.Random) -> None:
    """A worker stands still until others have its work, and then goes on as if nothing had been."""
    post = scene.crew.take(rng)
    try:
        post.send(signal.SIGSTOP)
        time.sleep(SESSION_SECONDS + rng.uniform(1.5, 4.0))
        post.send(signal.SIGCONT)
        time.sleep(2.0)
    finally:
        post.busy.release()


def lose_broker(scene: Scene, rng: random.Random) -> None:
    """Kill -9 of a broker, and its restart."""
    with scene.cluster.breaking():
        scene.cluster.kill(rng.choice(scene.cluster.nodes))
        time.sleep(rng.uniform(1.0, 4.0))
        scene.cluster.mend()


def lose_leader(scene: Scene, rng: random.Random) -> None:
    """The leader of a topic that everything goes through is killed, and stays away until another leads."""
    with scene.cluster.breaking():
        node = scene.cluster.leader(scene.settings, rng.choice(("ticket-counts", "spikes", "tickets")))
        scene.cluster.kill(node)
        time.sleep(SESSION_SECONDS + 3)
        scene.cluster.mend()


def freeze_leader(scene: Scene, rng: random.Random) -> None:
    """The leader stands still until another leads: it neither answers nor closes a connection."""
    with scene.cluster.breaking():
        node = scene.cluster.leader(scene.settings, rng.choice(("ticket-counts", "spikes", "tickets")))
        scene.cluster.signal(node, signal.SIGSTOP)
        time.sleep(SESSION_SECONDS + rng.uniform(2.0, 5.0))
        scene.cluster.signal(node, signal.SIGCONT)
        scene.cluster.mend()


def lose_two(scene: Scene, rng: random.Random) -> None:
    """Two of three brokers are killed: no quorum, nothing can be written, and both come back."""
    with scene.cluster.breaking():
        for node in rng.sample(scene.cluster.nodes, 2):
            scene.cluster.kill(node)
        time.sleep(rng.uniform(5.0, 9.0))
        scene.cluster.mend()


def lose_two_for_long(scene: Scene, rng: random.Random) -> None:
    """Two of three brokers stay away for longer than any client keeps trying to send."""
    with scene.cluster.breaking():
        for node in rng.sample(scene.cluster.nodes, 2):
            scene.cluster.kill(node)
        time.sleep(CLIENT_SECONDS + rng.uniform(5.0, 10.0))
        scene.cluster.mend()


def upgrade(scene: Scene, rng: random.Random) -> None:  # noqa: ARG001 - the shape of a fault
    """All workers go, and those that come find rows of watch under the number of the version before.

    What a version cannot read is made anew from the log, and a rise that goes on meanwhile is told anew (see
    test_upgrade.py); so that there is one right answer, nothing rises now.
    """
    with scene.cluster.whole:
        assert scene.sender.pause(120), "the load did not come to a calm moment"
        _wait_for_ends(scene)
        with scene.crew.whole:
            for post in scene.crew.posts:
                post.busy.acquire()
            posts = [post for post in scene.crew.posts if post.wanted]
            try:
                for post in posts:
                    scene.stop(post)
                assert make_other(scene.settings), "there was no state to upgrade"
                scene.sender.go_on()
                for post in posts:
                    post.start()
            finally:
                for post in scene.crew.posts:
                    post.busy.release()


def _wait_for_ends(scene: Scene) -> None:
    """Wait until every rise so far is told of and over; if that does not come, the verdict will say so."""
    until, rises = time.monotonic() + 60, len(scene.sender.world.rises)
    while time.monotonic() < until:
        incidents = read_incidents(scene.settings)
        if len(incidents) >= rises and all(one.status == "resolved" for one in incidents):
            return
        time.sleep(1.0)
    scene.say("the upgrade does not wait any longer for the incidents to end")
