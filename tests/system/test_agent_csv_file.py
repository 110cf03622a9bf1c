#!/usr/bin/python3
"""plek-agent csv beside a file that is written, broken, moved away and left alone"""

import os

import plek_pb2 as pb
import tap
from harness import Region
from plekpy import wire
from tools import AGENT, DONE, FILE, REFUSED, Tools, run, write_aside

WARDS = {"ic": 11, "b1": 20, "b2": 25}
MAPPING = """
[feed]
file            = beds.csv
valid-for       = {valid}
refreshed-every = {every}
absent-rows     = {absent}
[report beds]
kind     = counts
location = duin-{{place}}
unit     = {{ward}}
care     = WARD
staffed  = {{open}}
occupied = {{used}}
"""


def table(wards, **changes):
    return "place,ward,open,used\n" + "".join(
        f"ed,{ward},30,{used}\n" for ward, used in (wards | changes).items())


class Feed:
    """A file, an agent that follows it, and an independent reader."""

    def __init__(self, region, valid="10min", every="1h", absent="silence", wards=None):
        self.tools = Tools(region)
        self.file = region.directory / "beds.csv"
        self.mapping = region.write_file("beds.map", MAPPING.format(valid=valid, every=every,
                                                                    absent=absent))
        self.write(wards or WARDS)
        region.enrol_agent("duin", {"duin-ed": "oost"})
        self.reader = region.reader("meldkamer")
        self.start()
        self.wait_used(wards or WARDS)

    def start(self):
        self.agent = self.tools.agent("duin", self.mapping)

    def write(self, wards, **changes):
        write_aside(self.file, table(wards, **changes))

    def used(self):
        """What the reader holds: ward -> occupied."""
        return {record.update.unit: record.update.counts.occupied
                for record in self.reader.records().values()}

    def wait_used(self, wards, **changes):
        self.reader.wait(lambda: self.used() == wards | changes, wire.deadline(20),
                         f"{wards | changes} instead of {self.used()}")

    def freshness(self):
        now = self.reader.session.time_ms()
        return {record.update.unit: record.freshness(now)
                for record in self.reader.records().values()}

    def events(self, kind, since):
        return [event for event in self.reader.events[since:] if event[0] == kind]

    def mark(self):
        return len(self.reader.events)

    def wait_affirm(self, since, n_renewed=None, apart=(), seconds=30):
        """An affirm from there on that renews so many and excepts these wards."""
        def found():
            return any(n_renewed in (None, renewed)
                       and [key.unit for key in update.affirm.apart_from] == list(apart)
                       for _, update, renewed in self.events("affirm", since))
        self.reader.wait(found, wire.deadline(seconds),
                         f"an affirm of {n_renewed} apart from {apart}")

    def wait_stale(self, *wards, seconds=30):
        """Beats come all the while, so that time is looked at."""
        self.reader.wait(lambda: all(self.freshness()[ward] == "STALE" for ward in wards),
                         wire.deadline(seconds), f"stale: {wards}")


def test_a_changed_cell_sends_that_record_and_affirms_the_rest():
    with Region() as region:
        feed = Feed(region, valid="8s")
        mark = feed.mark()
        feed.write(WARDS, b1=21)
        feed.wait_used(WARDS, b1=21)
        assert {event[1][4] for event in feed.events("record", mark)} == {"b1"}
        feed.wait_affirm(feed.mark(), 3)
        # Written again as it was: nothing is said again, and it stays fresh past what it held for.
        mark = feed.mark()
        feed.write(WARDS, b1=21)
        for _ in range(3):
            feed.wait_affirm(feed.mark(), 3)
        assert not feed.events("record", mark)
        assert set(feed.freshness().values()) == {"FRESH"}
        assert feed.agent.stop() == DONE


def test_a_bad_row_is_named_and_stops_no_other():
    with Region() as region:
        feed = Feed(region, valid="8s")
        text = table(WARDS, ic=12).replace("ed,b1,30,20", "ed,b1,30,2O")
        write_aside(feed.file, text + "ed,b3,30,30,30\ned,b4,30,4\ned,b5,5\n")
        feed.agent.expect("line 3, column used: '2O' is not a number")
        feed.agent.expect("line 5 has 5 fields, the header 4")
        feed.agent.expect("line 7 has 3 fields, the header 4")
        feed.wait_used(WARDS, ic=12, b4=4)
        # What it was before is neither renewed nor withdrawn: it grows old.
        feed.wait_affirm(feed.mark(), 3, ["b1"])
        feed.wait_stale("b1")
        feed.write(WARDS, ic=12, b4=4)
        feed.agent.expect("every row is right again")
        feed.reader.wait(lambda: set(feed.freshness().values()) == {"FRESH"})


def test_what_the_broker_refuses_is_told_with_its_reason_and_stops_no_other():
    with Region() as region:
        feed = Feed(region)
        write_aside(feed.file, table(WARDS, ic=12).replace("ed,b1", "elders,b1"))
        said = feed.agent.expect("counts of duin-elders b1 refused")
        assert "LOCATION" in said, said
        feed.wait_used(WARDS, ic=12)


def test_a_row_that_is_gone_is_silence():
    with Region() as region:
        feed = Feed(region, valid="8s")
        left = {ward: used for ward, used in WARDS.items() if ward != "b1"}
        mark = feed.mark()
        feed.write(left, ic=12)
        feed.wait_used(WARDS, ic=12)
        feed.wait_stale("b1")
        assert not feed.events("withdrawn", mark)
        assert {ward: feed.freshness()[ward] for ward in left} == dict.fromkeys(left, "FRESH")
        # It is back, with the number that it had.
        feed.write(WARDS, ic=12)
        feed.reader.wait(lambda: feed.freshness()["b1"] == "FRESH")


def test_a_row_that_is_gone_is_withdrawn_where_the_mapping_says_so():
    with Region() as region:
        feed = Feed(region, absent="withdraw")
        left = {"ic": 11, "b2": 25}
        # Not while a row is wrong: it may be the one that is missed.
        write_aside(feed.file, table(left, ic=12) + "ed,b1,,x\n")
        feed.agent.expect("line 4, column used")
        feed.wait_used(WARDS, ic=12)
        assert not feed.events("withdrawn", 0)
        feed.write(left)
        feed.wait_used(left)
        assert [event[2] for event in feed.events("withdrawn", 0)] == [pb.WITHDRAWN_BY_PARTY]
        # And where it went while no agent ran. What others said for the party is not the file's.
        assert feed.agent.stop() == DONE
        feed.tools.put("duin", "door", "--location", "duin-ed", "OPEN")
        feed.write({"ic": 11})
        feed.start()
        feed.reader.wait(lambda: {key[4] for key in feed.reader.records()} == {"ic", None},
                         wire.deadline(20), "ic and the door of the location")


def test_a_file_that_is_not_there_is_a_source_that_does_not_answer():
    with Region() as region:
        feed = Feed(region, valid="8s")
        feed.wait_affirm(0)
        aside = feed.file.with_suffix(".away")
        feed.file.rename(aside)
        feed.agent.expect("beds.csv cannot be read: No such file")
        # What was on its way when it was noticed.
        mark = feed.mark()
        feed.wait_stale(*WARDS)
        assert len(feed.events("affirm", mark)) <= 1
        assert feed.used() == WARDS
        aside.rename(feed.file)
        feed.agent.expect("the file is written again")
        feed.reader.wait(lambda: set(feed.freshness().values()) == {"FRESH"})
        assert len([line for line in feed.agent.lines if "cannot be read" in line]) == 1


def test_a_file_that_is_half_written_is_left_alone():
    with Region() as region:
        feed = Feed(region, valid="8s")
        whole = table(WARDS, b1=29, b2=9)
        half = whole[:whole.index("29") + 1]  # the writer has come to "2"
        feed.wait_affirm(0)
        with feed.file.open("w", encoding="utf-8") as file:
            file.write(half)
            file.flush()
            mark = feed.mark()
            feed.wait_stale(*WARDS)
            assert len(feed.events("affirm", mark)) <= 1  # the one that was on its way
            assert feed.used() == WARDS
            file.write(whole[len(half):])
        feed.wait_used(WARDS, b1=29, b2=9)
        feed.reader.wait(lambda: set(feed.freshness().values()) == {"FRESH"})
        # Nobody was told of 2.
        said = [event[2].update.counts.occupied for event in feed.events("record", 0)
                if event[2].update.unit == "b1"]
        assert said == [20, 29], said


def test_a_file_that_its_writer_left_half_written_does_not_count():
    with Region() as region:
        feed = Feed(region)
        whole = table(WARDS, ic=12, b1=29)
        feed.file.write_text(whole[:whole.index("29") - 1], encoding="utf-8")  # "ed,b1,30"
        feed.agent.expect("line 3 is cut short")
        feed.wait_used(WARDS, ic=12)
        feed.file.write_text(whole.replace("ed,b2", '"ed,b2'), encoding="utf-8")
        feed.agent.expect("line 4 is cut short")
        feed.wait_used(WARDS, ic=12, b1=29)
        feed.file.write_text("", encoding="utf-8")
        feed.agent.expect("does not begin with a line of column names")
        # Whole, but for the newline that many programs leave out.
        feed.file.write_text(whole.rstrip("\n"), encoding="utf-8")
        feed.agent.expect("the file is written again")
        assert feed.used() == WARDS | {"ic": 12, "b1": 29}


def test_a_file_that_is_no_longer_written_goes_stale():
    with Region() as region:
        feed = Feed(region, valid="5s", every="3s")
        feed.agent.expect("has not been written for twice the time")
        feed.wait_stale(*WARDS)
        mark = feed.mark()
        os.utime(feed.file)
        feed.agent.expect("the file is written again")
        # Nothing has changed: one affirm says so.
        feed.wait_affirm(mark, len(WARDS))
        assert set(feed.freshness().values()) == {"FRESH"}
        assert not feed.events("record", mark)


def test_a_broker_that_is_away_only_delays():
    with Region() as region:
        feed = Feed(region)
        feed.agent.expect("connected as duin; nothing waits, 3 accepted, 0 refused")
        region.daemon.kill()
        feed.agent.expect("not connected: .* at tcp://.*; 0 waiting")
        for used in (12, 13, 14):
            feed.write(WARDS, ic=used)
        region.daemon.start()
        feed.reader.greet(wire.deadline(20))
        feed.wait_used(WARDS, ic=14)
        feed.agent.expect("connected again as duin; nothing waits")
        assert len(feed.agent.lines) == 3, str(feed.agent)


def test_a_column_that_is_not_there_is_said_once_for_all_rows():
    region = Region(start=False)
    try:
        mapping = region.write_file("beds.map", MAPPING.format(valid="1h", every="1h",
                                                               absent="silence"))
        file = region.write_file("beds.csv", table(WARDS).replace("used", "in_use", 1))
        done = run(AGENT, "csv", "--check", mapping, expect=REFUSED)
        assert done.err.splitlines() == [
            "plek-agent: [report beds]: there is no column 'used' in this file"], done.err
        assert "3 rows, 0 reports, 1 wrong" in done.out
        file.write_text(file.read_text(encoding="utf-8").splitlines()[0] + "\n", encoding="utf-8")
        assert "no column 'used'" in run(AGENT, "csv", "--check", mapping, expect=REFUSED).err
        file.unlink()
        assert "cannot be read" in run(AGENT, "csv", "--check", mapping, expect=FILE).err
        file.mkdir()
        said = run(AGENT, "csv", "--check", mapping, expect=FILE).err
        assert "beds.csv is a directory" in said, said
        said = run(AGENT, "csv", "--check", region.directory, expect=FILE).err
        assert f"{region.directory} cannot be read: Is a directory" in said, said
    finally:
        region.__exit__(None, None, None)


if __name__ == "__main__":
    tap.run(globals())
