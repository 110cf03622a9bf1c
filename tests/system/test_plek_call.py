#!/usr/bin/python3
"""plek call, with agents that read files: who answers, who is silent, and how it ends"""

import json

import plek_pb2 as pb
import tap
from harness import Region
from programs import Program
from terminal import Terminal
from tools import PLEK, REFUSED, USAGE, Tools, write_aside

UNANSWERED = 6  # plek(1), EXIT STATUS
MAPPING = """
[feed]
file            = {file}
valid-for       = 1h
refreshed-every = {every}
[report beds]
kind       = counts
location   = {location}
care       = ED
staffed    = {{open}}
triage_red = {{red}}
"""


class Hospital:
    """A party whose plek-agent reads a file of one row."""

    def __init__(self, region, tools, party, every="1h", red=3):
        self.tools, self.party, self.red = tools, party, red
        self.file = region.directory / f"{party}.csv"
        self.write()
        region.enrol_agent(party, {f"{party}-1": "oost"})
        mapping = region.write_file(f"{party}.map", MAPPING.format(
            file=self.file.name, every=every, location=f"{party}-1"))
        self.agent = tools.agent(party, mapping)

    def write(self, red=None):
        write_aside(self.file, f"open,red\n10,{self.red if red is None else red}\n")


def hospitals(region, tools, *parties, **options):
    reader = region.reader("meldkamer")
    made = [Hospital(region, tools, party, **options) for party in parties]
    reader.wait(lambda: {record.update.location for record in reader.records().values()}
                >= {f"{party}-1" for party in parties})
    return made


def as_coordinator(region):
    if "zcc" not in region.enrolments:
        region.enrol_reader("zcc", coord=True)


def last(done):
    return done.lines()[-1]


def states(progress):
    return {line["location"]: line["state"] for line in progress["lines"]}


def test_all_agents_that_answer_complete_the_call():
    with Region() as region:
        tools = Tools(region)
        as_coordinator(region)
        hospitals(region, tools, "alfa", "bravo")
        final = last(tools.plek("call", "--region", "oost", "--triage", "--text", "bus accident",
                                "--json", party="zcc"))
        assert final["final"] and final["answered"] == final["asked"] == 2, final
        assert set(states(final).values()) == {"ANSWERED"}
        assert final["triage"] == {"red": 6, "places": 2, "behind_shut_doors": {"red": 0}}
        assert not final["unreachable"] and not final["cut_off"]

        tools.put("alfa", "door", "--location", "alfa-1", "--care", "ED", "STOP")
        ask = ("call", "--region", "oost", "--triage")
        triage = last(tools.plek(*ask, "--json", party="zcc"))["triage"]
        assert triage == {"red": 6, "places": 2, "behind_shut_doors": {"red": 3}}, triage
        text = tools.plek(*ask, "--lang", "nl", party="zcc").out
        assert " 6 (3 achter een dichte deur)" in text, text

        text = tools.plek("call", "--region", "oost", "--lang", "nl", party="zcc").out
        assert "2 van 2 hebben gemeld" in text and "Iedereen heeft gemeld." in text, text
        assert "vrije plaatsen" not in text


def test_an_answer_is_what_the_file_says_now_and_as_old_as_it_is():
    with Region() as region:
        tools = Tools(region)
        as_coordinator(region)
        alfa, = hospitals(region, tools, "alfa")
        reader = region.reader("rav")
        mark = len(reader.events)
        assert last(tools.plek("call", "--region", "oost", "--json", party="zcc"))["final"]
        reader.wait(lambda: any(event[0] == "record" for event in reader.events[mark:]))
        record, = reader.records().values()
        assert record.update.counts.triage_red == 3
        assert reader.session.time_ms() - record.update.observed_at_ms < 20000
        assert alfa.agent.expect("zcc calls for reports")


def test_who_is_gone_and_whose_source_is_silent_stay_unanswered():
    with Region() as region:
        tools = Tools(region)
        as_coordinator(region)
        dead = region.agent("charlie", {"charlie-1": "oost"})
        dead.state(dead.make("charlie-1", card=pb.LocationCard(
            name="Ziekenhuis Charlie", kind="V4",
            contacts=[pb.Contact(function="SEH", phone="088 1234")])))
        dead.close()
        region.peers.remove(dead)
        hospitals(region, tools, "alfa")
        bravo, = hospitals(region, tools, "bravo", every="1s")
        bravo.agent.expect("has not been written for twice the time", 30)

        done = tools.plek("call", "--region", "oost", "--within", "4s", "--json", party="zcc",
                          expect=UNANSWERED)
        final = last(done)
        assert states(final) == {"alfa-1": "ANSWERED", "bravo-1": "ASKED",
                                 "charlie-1": "UNREACHABLE"}, final
        assert final["lines"][2]["phone"] == "088 1234"
        text = tools.plek("call", "--region", "oost", "--within", "3s", party="zcc",
                          expect=UNANSWERED).out
        assert "1 of 3 have answered, 1 cannot be reached. The time is over." in text, text
        line = next(line for line in text.splitlines() if "Ziekenhuis Charlie" in line)
        assert "unreachable" in line and "call 088 1234" in line, line


def test_in_a_terminal_the_table_is_drawn_over_itself():
    with Region() as region:
        tools = Tools(region)
        as_coordinator(region)
        silent = region.agent("bravo", {"bravo-1": "oost"})
        silent.state(silent.counts("bravo-1", None, pb.CARE_ED, triage_red=4))
        hospitals(region, tools, "alfa")
        terminal = region.keep(Terminal(
            [str(part) for part in [PLEK, "call", "--region", "oost", "--triage", "--lang", "nl",
                                    *tools.as_party("zcc")]], tools.env))
        terminal.expect(lambda lines: lines[0].startswith("1 van 2 hebben gemeld")
                        and lines[2].startswith("bravo-1 "))
        silent.state(silent.counts("bravo-1", None, pb.CARE_ED, triage_red=5))
        assert terminal.wait_end() == 0
        shown = "\n".join(terminal.screen.lines())
        assert shown.count("2 van 2 hebben gemeld. Iedereen heeft gemeld.") == 1, shown
        assert shown.count("bravo-1") == 1 and "rood 8" in shown and "geel ?" in shown, shown


def test_locations_that_are_named_are_called_on_and_no_others():
    with Region() as region:
        tools = Tools(region)
        as_coordinator(region)
        hospitals(region, tools, "alfa", "bravo")

        reader = region.reader("kijker")

        def received():
            return {record.update.location: record.received_at_ms
                    for record in reader.records().values()}

        before = received()
        final = last(tools.plek("call", "--location", "alfa-1", "--json", party="zcc"))
        assert states(final) == {"alfa-1": "ANSWERED"} and final["final"], final
        reader.wait(lambda: received()["alfa-1"] > before["alfa-1"])
        assert received()["bravo-1"] == before["bravo-1"]
        said = tools.plek("call", "--location", "alfa-1", "--location", "nergens", "--lang", "nl",
                          party="zcc", expect=REFUSED).err
        assert "er is geen locatie 'nergens'" in said, said
        for wrong in ((), ("--region", "oost", "--location", "alfa-1")):
            assert "either --region or --location" in tools.plek("call", *wrong, party="zcc",
                                                                 expect=USAGE).err


def test_without_the_role_it_says_so():
    with Region() as region:
        tools = Tools(region)
        hospitals(region, tools, "alfa")
        done = tools.plek("call", "--region", "oost", party="meldkamer", expect=REFUSED)
        assert "only a coordinator may call" in done.err, done.err
        assert "plek codes" not in done.out
        as_coordinator(region)
        done = tools.plek("call", "--region", "nowhere", party="zcc", expect=REFUSED)
        assert "no party reports" in done.err, done.err


def test_it_goes_on_when_the_broker_was_killed():
    with Region() as region:
        tools = Tools(region)
        as_coordinator(region)
        silent = region.agent("bravo", {"bravo-1": "oost"})
        silent.state(silent.counts("bravo-1", None, pb.CARE_ED, staffed=4))
        hospitals(region, tools, "alfa")
        call = region.keep(Program(PLEK, "call", "--region", "oost", "--within", "2m", "--json",
                                   *map(str, tools.as_party("zcc")), env=tools.env))
        call.expect('"location":"alfa-1"[^}]*"state":"ANSWERED"')
        silent.session.wait_told("asked")
        region.daemon.kill()
        call.expect('"cut_off":true')
        region.daemon.start()
        silent.reconnect()
        silent.session.wait_told("asked")
        again = json.loads(call.expect('"cut_off":false', 40))
        assert states(again)["alfa-1"] == "ANSWERED", again
        silent.state(silent.counts("bravo-1", None, pb.CARE_ED, staffed=4))
        final = json.loads(call.expect('"final":true'))
        assert set(states(final).values()) == {"ANSWERED"}
        assert call.process.wait(20) == 0


if __name__ == "__main__":
    tap.run(globals())
