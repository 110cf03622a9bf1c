#!/usr/bin/python3
"""What is old goes while the broker runs: numbers are thinned, and what is too old is cut off."""

import time

import plek_pb2 as pb
import tap
from harness import Region, until_true
from moved_time import MovedRegion, MovedTools
from plekpy.reader import Reader
from plekpy.session import Refused
from tools import DAMAGED, REFUSED, Tools

COUNTS = "pic/oost/counts/"
MINUTE_MS = 60_000
DOOR = 21
DAY_MS = 24 * 60 * MINUTE_MS
KIB = 1024


def ward(agent, number, unit="w1"):
    return agent.counts("duin-1", unit, pb.CARE_WARD, staffed=number)


def say(agent, numbers, unit="w1"):
    """Each of them; returns the revision of the last."""
    *before, last = numbers
    for number in before:
        agent.send(ward(agent, number, unit))
    return agent.state(ward(agent, last, unit))


def staffed(reader):
    return sorted(record.update.counts.staffed for record in reader.records().values()
                  if record.update.WhichOneof("body") == "counts")


def moment(session):
    """A time at which nothing more will be received."""
    now = session.time_ms() + 1
    until_true(lambda: session.time_ms() > now + 1)
    return now


def kept_from_ms(region):
    return region.metrics()["plek_kept_from_time_seconds", ""] * 1000


def deleted(region):
    return region.metrics()["plek_deleted_entries_total", ""]


class Older:
    """A region that was cut while it ran: a stop and a number of before still hold."""

    def __init__(self, region):
        self.region = region
        self.agent = region.agent("duin", {"duin-1": "oost"})
        self.reader = region.reader("meldkamer")
        self.away = region.reader("weg")  # who hears nothing of what follows, and comes back
        region.submit(region.card.whole)
        self.door = self.agent.door("duin-1", pb.DOOR_STOP, reason=pb.REASON_STAFF)
        self.agent.state(self.door)
        self.agent.state(ward(self.agent, 77, "w2"))
        say(self.agent, range(1, 101))
        self.then = moment(self.agent.session)
        self.first = say(self.agent, range(101, 201))
        self.away.wait(lambda: staffed(self.away) == [77, 200])
        self.away_head = self.away.session.head
        for sub in self.away.subs.values():
            sub.close(0)
        self.away.subs = {}

    def pass_time(self, ms):
        """The agent and the reader learn of it as from any clock."""
        self.region.move_to(self.region.now_ms() + ms)
        for peer in (self.agent, self.reader, self.away):
            peer.session.clock()

    def wait_cut(self):
        until_true(lambda: kept_from_ms(self.region) > self.then, 20, "a cut")
        until_true(lambda: deleted(self.region) > 150, 20, "a sweep")


def older(region):
    scene = Older(region)
    scene.pass_time(30 * MINUTE_MS)
    scene.last = say(scene.agent, range(201, 301))
    scene.wait_cut()
    return scene


SETTINGS = {"keep-past": "10 min", "checkpoint": "100 ms"}


def test_readers_see_no_difference_when_the_past_is_cut():
    with MovedRegion(settings=SETTINGS) as region:
        scene = older(region)
        scene.reader.wait(lambda: staffed(scene.reader) == [77, 300])
        fresh = region.reader("nieuw")
        assert staffed(fresh) == [77, 300]
        # What was said before the cut, and still holds, is believed by its own signature.
        assert fresh.find(scene.door).update.door.state == pb.DOOR_STOP
        assert not [event for event in scene.reader.events if event[0] in ("gap", "gap by beat")]
        assert not region.status().warnings


def test_reader_from_before_the_cut_is_served_and_not_called_rolled_back():
    with MovedRegion(settings=SETTINGS) as region:
        scene = older(region)
        epoch = scene.away.epoch
        assert scene.away.session.head == scene.away_head
        scene.away.greet()
        assert staffed(scene.away) == [77, 300]

        # Nor one who asks from the beginning, or from a position that is gone.
        manifest, bodies = scene.away.session.since(COUNTS, epoch, 0)
        assert manifest.whole and sum(len(body.entries) for body in bodies) == 2
        say(scene.agent, [301])
        assert region.status().epoch == epoch and not region.status().warnings
        assert "rolled" not in region.daemon.said()


def test_the_past_begins_at_the_cut_and_says_so():
    with MovedRegion(settings=SETTINGS) as region:
        scene = older(region)
        session = scene.reader.session
        for ask in (lambda: session.since(COUNTS, at_ms=scene.then),
                    lambda: session.history(0, scene.then, "duin-1"),
                    lambda: session.history(0, scene.then, reports=[DOOR])):
            try:
                ask()
            except Refused as refused:
                assert refused.code == pb.REFUSED_NOT_FOUND, refused
                assert "not kept before 20" in refused.refusal.text, refused
            else:
                raise AssertionError("what is gone was answered")

        # A time that reaches back before it is told from the cut on, and not as if it were all.
        manifest, bodies = session.history(0, moment(session), "duin-1")
        entries = [entry for body in bodies for entry in body.entries]
        assert manifest.thinned and len([entry for entry in entries
                                         if entry.revision > scene.first]) == 100
        manifest, _ = session.since(COUNTS, at_ms=moment(session))
        assert manifest.whole and not manifest.thinned

        tools = MovedTools(region)
        text = tools.plek("at", "2h", party="meldkamer", expect=REFUSED).err
        assert "not kept before 20" in text, text


def test_a_start_after_a_cut_has_the_same_picture_and_verify_says_where_it_begins():
    with MovedRegion(settings=SETTINGS) as region:
        scene = older(region)
        region.daemon.kill()
        region.daemon.start()
        fresh = region.reader("nieuw")
        assert staffed(fresh) == [77, 300]
        region.daemon.stop()

        said = Tools(region).plek("verify", region.directory / "data", "--json").one()
        assert said["whole"] and said["kept_from_revision"] > scene.first - 1, said
        assert said["kept_from_ms"] > scene.then and said["entries"] < scene.last - 100, said


def test_a_start_before_the_cut_follows_what_is_cut_off_and_nobody_is_accused():
    with MovedRegion(settings=SETTINGS) as region:
        agent = region.agent("duin", {"duin-1": "oost"})
        say(agent, range(50))
        region.daemon.kill()
        region.daemon.start()
        agent.reconnect()
        say(agent, range(50, 60))
        region.move_to(region.now_ms() + 30 * MINUTE_MS)
        agent.session.clock()
        say(agent, range(60, 70))
        until_true(lambda: deleted(region) > 50, 20, "a cut")
        region.daemon.stop()
        said = MovedTools(region).plek("verify", region.directory / "data", "--json").one()
        assert said["whole"] and said["kept_from_revision"] > 50, said


def test_a_cut_whose_signature_was_bent_is_told():
    with MovedRegion(settings=SETTINGS) as region:
        older(region)
        region.daemon.stop()
        data = region.directory / "data" / "data.mdb"
        whole = bytearray(data.read_bytes())
        cut = b"PLEK\x01\x08"  # the header of its envelope, wherever pages have it
        at = whole.find(cut)
        assert at > 0
        while at > 0:
            whole[at + 40] ^= 1  # its signature
            at = whole.find(cut, at + 1)
        data.write_bytes(whole)
        said = Tools(region).plek("verify", region.directory / "data", expect=DAMAGED).out
        assert "where the kept past begins is damaged" in said, said


def test_numbers_are_thinned_while_the_broker_runs():
    with MovedRegion(settings={"keep-full": "1 d", "keep-resolution": "60 s",
                               "checkpoint": "100 ms"}) as region:
        scene = Older(region)
        scene.pass_time(2 * DAY_MS)
        say(scene.agent, range(201, 301))
        until_true(lambda: region.metrics()["plek_thinned_entries_total", ""] > 100, 20, "thinning")
        scene.reader.wait(lambda: staffed(scene.reader) == [77, 300])
        assert staffed(region.reader("nieuw")) == [77, 300]
        scene.away.greet()
        assert staffed(scene.away) == [77, 300] and not region.status().warnings

        # Whoever asks for those numbers is told that there were more; of doors all is kept.
        ask = scene.reader.session.history
        now = moment(scene.reader.session)
        assert ask(0, scene.then, "duin-1")[0].thinned and ask(0, now, "duin-1")[0].thinned
        assert not ask(0, now, "duin-1", reports=[DOOR])[0].thinned
        assert not ask(now - MINUTE_MS, now, "duin-1")[0].thinned
        region.daemon.stop()
        said = Tools(region).plek("verify", region.directory / "data", "--json").one()
        assert said["whole"] and said["thinned"] > 100 and not said["kept_from_revision"], said


def test_nobody_was_late_by_what_is_not_kept():
    with MovedRegion(settings={"keep-full": "1 d", "keep-resolution": "1 h",
                               "checkpoint": "100 ms"}) as region:
        agent, tools = region.agent("duin", {"duin-1": "oost"}), MovedTools(region)
        region.enrol_reader("meldkamer")
        hour = 60 * MINUTE_MS
        region.move_to((region.now_ms() // hour + 1) * hour + 1000)
        agent.session.clock()
        begin = region.now_ms()
        for number in range(16):
            agent.state(agent.make("duin-1", unit="w1", valid_for_s=900,
                                   counts=pb.Counts(care=pb.CARE_WARD, staffed=number)))
            region.move_to(region.now_ms() + 10 * MINUTE_MS)
            agent.session.clock()

        def at(minutes, *arguments):
            then = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(begin // 1000 + minutes * 60))
            return tools.plek("at", then, *arguments, party="meldkamer")

        # On time, always: 104 minutes after the beginning it was 4 minutes old.
        [number] = at(104, "--json").lines()[1:]
        assert number["freshness"] == "FRESH" and number["age_ms"] < 6 * MINUTE_MS
        region.move_to(region.now_ms() + 3 * DAY_MS)
        agent.session.clock()
        agent.state(ward(agent, 99))
        until_true(lambda: region.metrics()["plek_thinned_entries_total", ""] > 10, 20, "thinning")

        head, number = at(105, "--json").lines()
        assert head["thinned"] and number["freshness"] == "THINNED", number
        assert number["age_ms"] > 40 * MINUTE_MS and not number.get("overdue_ms")
        text = at(105).out
        assert "or newer: numbers in between are not kept" in text and "silent" not in text, text
        head, nothing = at(15, "--json").lines()
        assert head["thinned"] and nothing["freshness"] == "THINNED", nothing
        assert "nothing of it is kept" in at(15).out
        assert "er wordt niets van bewaard" in at(15, "--lang", "nl").out


# ---------------------------------------------------------------------- by size


def test_database_stays_within_keep_bytes_while_updates_come():
    limit = 512 * KIB  # less than half of what these updates take
    with Region(settings={"keep-bytes": "512 KiB", "checkpoint": "100 ms"}) as region:
        agent = region.agent("duin", {"duin-1": "oost"})
        reader = region.reader("meldkamer")
        for start in range(0, 4000, 400):
            say(agent, range(start, start + 400))
            used = until_true(lambda: (used := region.metrics()["plek_ledger_used_bytes", ""])
                              <= limit and used, 20, "the database's size")
        # Deleted entries are counted when their sweep ends, which is after their bytes are free.
        until_true(lambda: deleted(region) > 1500, 20, "a sweep")
        assert used <= limit and not region.metrics()["plek_keep_bytes_exceeded", ""]
        reader.wait(lambda: staffed(reader) == [3999])
        assert staffed(region.reader("nieuw")) == [3999]
        assert not region.status().warnings
        region.daemon.stop()
        assert Tools(region).plek("verify", region.directory / "data", "--json").one()["whole"]


def test_limit_that_cannot_hold_is_said_and_stops_nobody():
    with Region(settings={"keep-bytes": "16 KiB", "checkpoint": "100 ms"}) as region:
        agent = region.agent("duin", {"duin-1": "oost"})
        say(agent, range(300))
        until_true(lambda: any("keep-bytes" in text for text in region.status().warnings), 20,
                   "a warning")
        assert region.metrics()["plek_keep_bytes_exceeded", ""] == 1
        assert say(agent, range(300, 310)), "updates are taken all the same"
        until_true(lambda: region.metrics()["plek_keep_bytes_exceeded", ""] == 1)
        assert region.daemon.said().count("the database uses more") == 1


def test_reader_of_a_cut_region_reads_all_of_it_from_nothing():
    with MovedRegion(settings=SETTINGS) as region:
        scene = older(region)
        stranger = region.keep(Reader(region.card, scene.reader.secret))
        stranger.connect()
        assert staffed(stranger) == [77, 300]


if __name__ == "__main__":
    tap.run(globals())
