#!/usr/bin/python3
"""plek get: the picture once, for people and for scripts; facts that differ never look alike"""

import re

import tap
from harness import Region
from tools import REFUSED, UNREACHABLE, Tools

ED = ("--location", "duin-ed")
ICU = ("--care", "ICU_ADULT")


def hospital(region):
    """A party that reports, one that reads, and plek."""
    region.enrol_agent("duin", {"duin-ed": "oost", "duin-west": "west"}, name="Duinzicht")
    region.enrol_reader("meldkamer")
    return Tools(region)


def say_everything(tools):
    """One record for each fact that must not look like another."""
    tools.put("duin", "card", *ED, "--name", "Ziekenhuis Duinzicht", "--kind", "V6", "--phone",
              "SEH=088 000 0101")
    tools.put("duin", "card", "--location", "duin-west", "--name", "Polikliniek", "--kind", "Z4")
    for unit, more in (("fresh", ["staffed=12", "occupied=10"]),
                       ("zero", ["staffed=12", "occupied=12"]),
                       ("none", ["physical=12"]),
                       ("hidden", ["staffed=12", "occupied=SUPPRESSED"]),
                       ("unsure", ["staffed=12", "occupied=UNKNOWN"]),
                       ("crowded", ["staffed=12", "occupied=13"]),
                       ("stale", ["staffed=12", "occupied=10", "--observed", "-1h", "--valid-for",
                                  "30min"]),
                       ("silent", ["staffed=12", "occupied=10", "--observed", "-1h", "--valid-for",
                                   "1min"])):
        tools.put("duin", "counts", *ED, *ICU, "--unit", unit, *more)
    for unit, more in (("open", ["OPEN"]), ("stop", ["STOP", "--until", "+2h"]),
                       ("expired", ["STOP", "--until", "+20ms"]),
                       ("lapsed", ["STOP", "--until", "+20ms", "--on-expiry", "TO_UNKNOWN"]),
                       ("reopened", ["STOP", "--until", "+20ms", "--on-expiry", "REOPEN"]),
                       ("closed", ["CLOSED"]), ("restricted", ["RESTRICTED"]),
                       ("plan", ["CLOSED", "--plan", "1", "--from", "+1h", "--until", "+2h"])):
        tools.put("duin", "door", *ED, "--care", "ED", "--unit", unit, *more)


def test_a_script_tells_the_facts_apart():
    with Region() as region:
        tools = hospital(region)
        say_everything(tools)
        all_of_it = tools.get("meldkamer")
        counts = {r["unit"]: r for r in all_of_it if "counts" in r}
        doors = {r["unit"]: r for r in all_of_it if "door" in r}

        assert counts["zero"]["counts"]["free"] == 0
        assert counts["fresh"]["counts"]["free"] == 2
        assert "free" not in counts["none"]["counts"] and "staffed" not in counts["none"]["counts"]
        assert counts["hidden"]["counts"]["occupied"] == "SUPPRESSED"
        assert counts["unsure"]["counts"]["occupied"] == "UNKNOWN"
        assert "free" not in counts["hidden"]["counts"]
        assert counts["crowded"]["overcrowded"] and not counts["zero"]["overcrowded"]
        assert [counts[u]["freshness"] for u in ("fresh", "stale", "silent")] == \
            ["FRESH", "STALE", "SILENT"]
        assert counts["stale"]["age_ms"] >= 3600_000
        assert {u: (r["door"]["state"], r["door"]["standing"]) for u, r in doors.items()} == {
            "open": ("OPEN", "STANDS"), "stop": ("STOP", "STANDS"),
            "expired": ("STOP", "EXPIRED"), "lapsed": ("STOP", "LAPSED"),
            "reopened": ("STOP", "REOPENED"), "closed": ("CLOSED", "STANDS"),
            "restricted": ("RESTRICTED", "STANDS"), "plan": ("CLOSED", "ANNOUNCED")}
        # Never reported is not there at all; the card says that the place exists.
        of_west = [r for r in all_of_it if r["location"] == "duin-west"]
        assert len(of_west) == 1 and of_west[0]["card"]["name"] == "Polikliniek"
        assert all(r["party_name"] == "Duinzicht" and r["source"] == "MANUAL" for r in all_of_it)


def lines_of(table):
    """The lines of a table by the name of their unit."""
    found = {}
    for line in table.splitlines():
        for unit in ("fresh", "zero", "none", "hidden", "unsure", "crowded", "stale", "silent",
                     "open", "stop", "expired", "lapsed", "reopened", "closed", "restricted",
                     "plan"):
            if f" {unit} " in line[:32]:
                found[unit] = line
    return found


def test_a_person_tells_the_facts_apart_without_colours():
    with Region() as region:
        tools = hospital(region)
        say_everything(tools)
        table = tools.plek("get", party="meldkamer").out
        lines = lines_of(table)
        assert re.match(r"Plek  live  \d{4}-\d\d-\d\d \d\d:\d\d  \([1-9]\d*\)\n", table), table
        assert "Ziekenhuis Duinzicht (V6)  SEH 088 000 0101" in table
        signs = {unit: line[2] for unit, line in lines.items()}
        assert signs == {
            "fresh": " ", "zero": "0", "none": " ", "hidden": " ", "unsure": " ", "crowded": "0",
            "stale": "~", "silent": "?", "open": " ", "stop": " ", "expired": "!", "lapsed": "?",
            "reopened": " ", "closed": " ", "restricted": " ", "plan": " "}, table
        for unit, part in (("fresh", "2 free of 12"), ("zero", "0 free of 12"),
                           ("none", "occupied -, staffed -"), ("hidden", "occupied suppressed"),
                           ("unsure", "occupied unknown"), ("crowded", "overcrowded"),
                           ("stale", "stale"), ("silent", "silent"), ("open", "open"),
                           ("stop", "until"), ("expired", "(expired)"),
                           ("lapsed", "(unknown since its end)"),
                           ("reopened", "(reopened, unconfirmed)"), ("plan", "(announced)")):
            assert part in lines[unit], (unit, lines[unit])
        # A place that has never reported says so, in its own line.
        after = table.split("Polikliniek (Z4)")[1].splitlines()[1]
        assert after.startswith("  - no report"), after
        # No two facts in the same words: what follows the unit's name differs in each line.
        values = [line.split(f" {unit} ", 1)[1][:70] for unit, line in lines.items()]
        assert len(set(values)) == len(values), table


def test_the_table_speaks_dutch():
    with Region() as region:
        tools = hospital(region)
        say_everything(tools)
        table = tools.plek("get", "--lang", "nl", party="meldkamer").out
        for part in ("Plek  actueel", "vrij van 12", "verouderd", "zwijgt", "(verlopen)",
                     "(onbekend na afloop)", "(aangekondigd)", "afgeschermd", "overvol", "stop",
                     "gesloten", "geen melding", "SEH", "handmatig"):
            assert part in table, (part, table)
        for part in ("  stale\n", "  silent\n", "(expired)", "free of", "nothing"):
            assert part not in table, (part, table)


def test_one_location_care_or_region_is_asked_for():
    with Region() as region:
        tools = hospital(region)
        say_everything(tools)
        assert {r["region"] for r in tools.get_all("meldkamer", "--region", "west")} == {"west"}
        assert {r["location"] for r in tools.get("meldkamer", "--location", "duin-west")} == \
            {"duin-west"}
        of_icu = tools.get("meldkamer", "--care", "ICU_ADULT")
        assert sum("counts" in r for r in of_icu) == 8 and not any("door" in r for r in of_icu)
        table = tools.plek("get", "--care", "ED", party="meldkamer").out
        assert "Polikliniek" not in table and "2 free" not in table


def test_what_is_a_test_is_shown_to_who_asks_for_it():
    with Region() as region:
        tools = hospital(region)
        tools.put("duin", "door", *ED, "STOP", "--status", "TEST")
        assert not tools.get("meldkamer")
        assert [r["status"] for r in tools.get("meldkamer", "--test")] == ["TEST"]
        assert "[test]" in tools.plek("get", "--test", party="meldkamer").out
        assert "no report" in tools.plek("get", party="meldkamer").out


def test_a_party_that_is_no_longer_enrolled_is_marked_and_stays():
    with Region() as region:
        tools = hospital(region)
        tools.put("duin", "door", *ED, "OPEN")
        region.submit(region.authority.revoke("duin", [region.key("duin").public]))
        assert tools.get("meldkamer")[0]["enrolled"] == "NO_LONGER_ENROLLED"
        assert "no longer enrolled" in tools.plek("get", party="meldkamer").out
        tools.control("parties")


def test_what_only_coordinators_may_read_is_not_shown_to_others():
    with Region() as region:
        tools = hospital(region)
        region.enrol_reader("zcc", coord=True)
        tools.put("duin", "door", *ED, "STOP", "--audience", "COORD")
        assert not tools.get("meldkamer")
        assert [r["audience"] for r in tools.get("zcc")] == ["COORD"]


def test_a_location_that_never_reported_is_shown_as_that():
    with Region() as region:
        tools = hospital(region)
        tools.put("duin", "door", *ED, "OPEN")
        never = [record for record in tools.get_all("meldkamer") if record["freshness"] == "NEVER"]
        assert [record["location"] for record in never] == ["duin-west"]
        assert never[0]["party"] == "duin"
        table = tools.plek("get", "--lang", "en", party="meldkamer").out
        assert re.search(r"^duin-west\n  - no report", table, re.MULTILINE), table


def test_who_is_not_fed_is_told_so_by_every_command():
    with Region() as region:
        tools = hospital(region)
        tools.put("duin", "door", *ED, "OPEN")
        deaf = region.authority.card(region.broker_key.public,
                                     region.endpoints | {"care": f"tcp://{region.address}:1"})
        card = ("--card", region.directory / "deaf.card")
        card[1].write_bytes(deaf)
        asked = (("get",), ("door", "duin-ed"), ("totals",), ("overdue",), ("map",),
                 ("find", "--care", "ED", "--near", "52,5"))
        for command in asked:
            done = tools.plek(*command, "--json", *card, party="meldkamer")
            first = done.lines()[0]
            assert (first["event"], first["link"]) == ("link", "NOT_FED"), (command, first)
            assert "*** not fed" in done.err, (command, done.err)
        assert "*** krijgt niets" in tools.plek("door", "duin-ed", "--lang", "nl", *card,
                                                party="meldkamer").err
        # Who is fed is told nothing of it.
        done = tools.plek("door", "duin-ed", "--json", party="meldkamer")
        assert "event" not in done.one() and not done.err


def test_a_place_that_is_mistyped_is_no_place_without_a_bed():
    with Region() as region:
        tools = hospital(region)
        tools.put("duin", "door", *ED, "OPEN")
        nowhere = ("--region", "nergens")
        past = ("--from", "1d")
        for command in (("at", "0s", *nowhere), ("export", "--format", "csv", *nowhere),
                        ("flows", *past, *nowhere), ("stops", *past, *nowhere),
                        ("flows", *past, "--region", "rav:oost"),
                        ("stops", *past, "--region", "rav:oost"),
                        ("get", *nowhere), ("totals", *nowhere), ("map", *nowhere),
                        ("map", "--region", "rav:oost"), ("overdue", *nowhere),
                        ("find", "--care", "ED", "--near", "52,5", *nowhere)):
            for more in ((), ("--json",)):
                done = tools.plek(*command, *more, party="meldkamer", expect=REFUSED)
                assert not done.out and "there is no region '" in done.err, (command, done.err)
        # These tell of the link first.
        for command in (("alert", *nowhere, "--for", "20s"), ("watch", "--json", *nowhere),
                        ("alert", "--region", "rav:oost", "--for", "20s")):
            done = tools.plek(*command, party="meldkamer", expect=REFUSED)
            assert "there is no region '" in done.err, (command, done.err)
        there = ("--location", "nergens")
        for command in (("door", "nergens"), ("get", *there), ("at", "0s", *there),
                        ("watch", "--json", *there), ("alert", *there, "--for", "20s"),
                        ("export", "--format", "csv", *there), ("flows", *past, *there)):
            done = tools.plek(*command, party="meldkamer", expect=REFUSED)
            assert "there is no location 'nergens'" in done.err, (command, done.err)
        # Those that are there, though nothing was said of them, are.
        tools.plek("door", "duin-west", party="meldkamer")
        for command in ("get", "totals", "map", "overdue"):
            tools.plek(command, "--region", "oost", party="meldkamer")


def test_without_a_picture_there_is_no_output_and_the_reason_is_said():
    with Region() as region:
        tools = hospital(region)
        done = tools.plek("get", "--timeout", "1s", party="duin", expect=REFUSED)
        assert not done.out and "SUBSCRIBER" in done.err
        region.daemon.stop()
        done = tools.plek("get", "--timeout", "1s", party="meldkamer", expect=UNREACHABLE)
        assert not done.out and "the picture is not whole" in done.err


TRICKS = "\u202e\u2066\u2028\u200f\u061c\u200b\ufeff"


def test_words_of_others_turn_no_line_round_whatever_shows_them():
    with Region() as region:
        tools = hospital(region)
        tricky = f"Duin{TRICKS}zicht"
        tools.put("duin", "card", *ED, "--name", tricky, "--kind", "V6", "--position", "52.1,4.3",
                  "--phone", f"SEH{TRICKS}=088 000 0101")
        tools.put("duin", "door", *ED, "--care", "ED", "STOP", "--text", tricky, "--by", tricky)
        tools.put("duin", "door", *ED, "OPEN", "--label", tricky, "--text", tricky)
        tools.put("duin", "counts", *ED, *ICU, "--unit", "ic", "--label", tricky, "staffed=12",
                  "occupied=1")
        for command in (["get"], ["door", "duin-ed"], ["door", "duin-ed", "--care", "ED"], ["map"],
                        ["find", *ICU, "--near", "52.1,4.3", "--why"],
                        ["history", "duin-ed", "--from", "-1h", "--to", "0s"],
                        ["overdue"], ["totals"], ["stops", "--from", "-1h", "--to", "0s"],
                        ["impact", "--close", "duin-ed"]):
            shown = tools.plek(*command, party="meldkamer").out
            assert not set(TRICKS) & set(shown), f"{command}: {shown!r}"
            assert command[0] not in ("get", "door", "map", "history") or "Duin?" in shown, shown


if __name__ == "__main__":
    tap.run(globals())
