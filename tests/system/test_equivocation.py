#!/usr/bin/python3
"""A broker that signs two histories: caught by whoever holds a head of the other one."""

import os
import shutil
import signal

import plek_pb2 as pb
import programs
import tap
from harness import BUILD, Region
from plekpy import envelope

SHIM = BUILD / "tests" / "system" / "libepochshim.so"


class Forked(Region):
    """One key and two directories, which part ways within one epoch."""

    def __init__(self):
        super().__init__(env={"PLEK_TEST_EPOCH": "4242", "LD_PRELOAD": str(SHIM),
                              "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "")
                              + ":verify_asan_link_order=0"}, start=False)

    def fork(self):
        """From here on the other copy can take the place of this one."""
        self.daemon.stop()
        shutil.copytree(self.directory / "data", self.directory / "other")
        self.daemon.start()

    def swap(self):
        self.daemon.kill()
        (self.directory / "data").rename(self.directory / "first")
        (self.directory / "other").rename(self.directory / "data")
        self.daemon.start()

    def head(self):
        session = self.session("meldkamer")
        session.hello()
        return session.head, session.open_broker(session.head, envelope.HEAD, pb.Head)


def prepared(region):
    region.daemon.env.pop("PLEK_TEST_EPOCH")  # an epoch of its own before the copies are made
    region.daemon.start()
    region.enrol_agent("duin", {"duin-ed": "oost"})
    region.enrol_reader("meldkamer")
    region.daemon.env["PLEK_TEST_EPOCH"] = "4242"
    region.fork()


def test_two_heads_of_one_revision_are_two_histories():
    with Forked() as region:
        prepared(region)
        first, mine = region.head()
        region.swap()
        second, other = region.head()
        assert (mine.epoch, mine.revision) == (other.epoch, other.revision)
        assert first != second and mine.head != other.head


def test_a_subscriber_that_held_the_other_head_says_so():
    with Forked() as region:
        prepared(region)
        reader = programs.subscriber(region, "meldkamer", with_head=True)
        reader.expect("^link live in-sync")
        agent = region.agent("duin")
        agent.state(agent.door("duin-ed", pb.DOOR_OPEN))
        reader.expect("^new .*door.* OPEN")
        assert not reader.has_said("^alarm")

        # The other broker comes to the same revision before it hears of this one.
        reader.process.send_signal(signal.SIGSTOP)
        agent.close()
        region.swap()
        other = region.agent("duin")
        other.state(other.door("duin-ed", pb.DOOR_STOP))
        reader.process.send_signal(signal.SIGCONT)
        said = reader.expect("^alarm equivocation", seconds=30)
        assert "two heads" in said, said
        # It goes on, with the history that there is now.
        reader.expect("^(new|changed) .*door.* STOP", seconds=40)


def test_a_subscriber_that_comes_back_later_says_so_too():
    with Forked() as region:
        prepared(region)
        reader = programs.subscriber(region, "meldkamer", with_head=True)
        reader.expect("^link live in-sync")
        assert reader.end() == 0
        assert (region.directory / "meldkamer.head").exists()
        region.swap()
        again = programs.subscriber(region, "meldkamer", with_head=True)
        again.expect("^alarm equivocation")


def test_a_publisher_that_held_the_other_head_says_so():
    with Forked() as region:
        prepared(region)
        agent = programs.publisher(region, "duin", "duin-ed")
        agent.expect("^link connected")
        region.swap()
        agent.expect("^alarm .*two heads", seconds=30)


if __name__ == "__main__":
    tap.run(globals())
