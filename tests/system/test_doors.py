#!/usr/bin/python3
"""Doors by hand and at a glance: open, stop, close, door, and what get and watch say of them"""

import re

import plek_pb2 as pb
import tap
from harness import Region
from neighbourhood import ED, door, hospital, neighbourhood
from tools import REFUSED, USAGE

# ---------------------------------------------------------------------- by hand, in one command


def test_a_stop_takes_one_command_with_its_exceptions_and_end():
    with Region() as region:
        tools = hospital(region)
        said = tools.plek("stop", "duin", *ED, "--except", "MULTITRAUMA,STROKE", "--until", "2h",
                          "--reason", "ED_CROWDING", "--by", "dienstdoend SEH-arts",
                          "--review", "30min", "--json", party="duin").one()
        assert said["revision"] > 0 and "plan" not in said
        leading = door(tools, *ED)
        assert (leading["state"], leading["standing"]) == ("STOP", "STANDS")
        assert leading["exceptions"] == ["MULTITRAUMA", "STROKE"]
        assert leading["ends_at_ms"] - leading["since_ms"] > 7190_000
        assert leading["changes_at_ms"] == leading["ends_at_ms"]
        assert leading["record"]["party"] == "duin" and leading["n_others"] == 0
        assert leading["record"]["door"]["authorised_by"] == "dienstdoend SEH-arts"
        assert [one["part"] for one in leading["all"]] == ["LEADS"]
        tools.plek("open", "duin", *ED, party="duin")
        assert door(tools, *ED)["state"] == "OPEN"


def test_what_is_excepted_is_asked_for_by_name():
    with Region() as region:
        tools = hospital(region)
        tools.plek("stop", "duin", *ED, "--except", "MULTITRAUMA", party="duin")
        assert door(tools, *ED, "--for", "MULTITRAUMA")["state_for"] == "OPEN"
        assert door(tools, *ED, "--for", "CHILD")["state_for"] == "STOP"
        table = tools.plek("door", "duin", *ED, "--for", "MULTITRAUMA", "--lang", "en",
                           party="meldkamer").out
        assert "for multitrauma: open" in table, table


def test_a_closure_announced_is_one_plan_however_often_it_is_said():
    with Region() as region:
        tools = hospital(region)
        tools.plek("open", "duin", *ED, party="duin")
        close = ("close", "duin", *ED, "--from", "2030-01-04 18:00", "--to", "2030-01-07 08:00",
                 "--reason", "PLANNED_CLOSURE", "--json")
        plan = tools.plek(*close, party="duin").one()["plan"]
        assert tools.plek(*close, "--text", "verbouwing", party="duin").one()["plan"] == plan
        leading = door(tools, *ED)
        assert leading["state"] == "OPEN" and leading["changes_to"] == "CLOSED"
        assert leading["plan"]["state"] == "CLOSED"
        assert leading["plan"]["starts_at_ms"] == leading["changes_at_ms"] == 1893780000_000
        assert leading["plan"]["ends_at_ms"] == 1894003200_000
        assert sorted(one["part"] for one in leading["all"]) == ["AHEAD", "LEADS"]
        assert "closes 2030-01-04 18:00, until 2030-01-07 08:00" in \
            tools.plek("get", "--lang", "en", party="meldkamer").out
        assert "sluit 2030-01-04 18:00" in tools.plek("get", "--lang", "nl", party="meldkamer").out


def test_opening_a_door_calls_off_what_was_announced_for_now_and_nothing_else():
    with Region() as region:
        tools = hospital(region)
        # An end counts from its start.
        for more in (("--from", "-1h", "--until", "2h"), ("--from", "-2h", "--until", "4h"),
                     ("--from", "1h", "--until", "1h")):
            tools.plek("close", "duin", *ED, *more, party="duin")
        tools.plek("close", "duin", "--care", "WARD", "--from", "-1h", "--until", "2h",
                   party="duin")
        assert door(tools, *ED)["state"] == "CLOSED"
        said = tools.plek("open", "duin", *ED, "--json", party="duin").one()
        assert said["plans_withdrawn"] == 2
        leading = door(tools, *ED)
        assert leading["state"] == "OPEN" and leading["plan"]["state"] == "CLOSED"
        assert door(tools, "--care", "WARD")["state"] == "CLOSED"
        text = tools.plek("open", "duin", "--care", "WARD", "--lang", "nl", party="duin").out
        assert "1 plannen ingetrokken" in text, text


def test_a_receipt_says_that_ones_own_stop_of_the_house_still_leads():
    with Region() as region:
        tools = hospital(region)
        first = tools.plek("open", "duin", *ED, "--json", party="duin").one()
        assert (first["leads"]["state"], first["leads"]["party"]) == ("OPEN", "duin")
        assert not first["sees_others"] and not first["stricter_within"]
        tools.plek("stop", "duin", "--reason", "IT_OUTAGE", "--until", "2h", party="duin")
        # The ED's door is what it was, so it is said again and not stated anew.
        again = tools.plek("open", "duin", *ED, "--json", party="duin").one()["leads"]
        assert (again["state"], again["care"], again["reason"]) == ("STOP", "ED", "IT_OUTAGE")
        assert "care" not in again["said_of"] and again["ends_at_ms"] > again["since_ms"]
        text = tools.plek("open", "duin", *ED, "--lang", "en", party="duin").out
        assert re.search(r"^\*\*\* leads now, ED: stop · since .* · until .* · IT outage · said of "
                         r"whole location  \[duin\]$", text, re.M | re.I), text
        assert "what others say of it is not among them" in text, text
        text = tools.plek("open", "duin", *ED, "--lang", "nl", party="duin").out
        assert re.search(r"^\*\*\* nu geldt, SEH: stop · sinds .* · gezegd van hele locatie",
                         text, re.M), text
        assert "wat anderen ervan zeggen" in text, text

        # The other way round: the house opens, and its ED does not.
        tools.plek("stop", "duin", *ED, party="duin")
        said = tools.plek("open", "duin", "--json", party="duin").one()
        assert said["leads"]["state"] == "OPEN"
        assert [(one["care"], one["state"]) for one in said["stricter_within"]] == [("ED", "STOP")]
        text = tools.plek("open", "duin", "--lang", "en", party="duin").out
        assert "\nleads now, whole location: open" in text and "\n*** leads now, ED: stop" in text
        gone = tools.put("duin", "withdraw", "door", "--location", "duin", *ED, "--json").one()
        assert gone["leads"]["state"] == "OPEN" and not gone["stricter_within"], gone


def test_a_receipt_says_what_others_say_to_who_may_read_it():
    with Region() as region:
        tools = hospital(region)
        region.enrol_agent("zcc", {"duin": "oost"}, name="Zorgcoördinatie",
                           roles=[pb.ROLE_AGENT, pb.ROLE_SUBSCRIBER], audience=pb.AUDIENCE_CARE)
        tools.plek("stop", "duin", *ED, "--until", "2h", party="duin")
        said = tools.plek("open", "duin", *ED, "--json", party="zcc").one()
        assert said["sees_others"] and said["leads"]["state"] == "STOP"
        assert said["leads"]["party"] == "duin"
        text = tools.plek("open", "duin", *ED, "--lang", "en", party="zcc").out
        assert re.search(r"^\*\*\* leads now, ED: stop .*\[Duinzicht\]$", text, re.M), text
        assert "others" not in text, text
        # Who may not read is not told, and knows that.
        text = tools.plek("open", "duin", *ED, "--lang", "en", party="duin").out
        assert re.search(r"^leads now, ED: open", text, re.M) and "what others say" in text, text


def test_a_region_that_forbids_a_state_is_told_in_its_words():
    with Region(start=False) as region:
        path = region.directory / "plekd.conf"
        path.write_text(path.read_text(encoding="utf-8")
                        + "\n[policy oost]\nforbid = closed\nlongest-stop = 2 h\n",
                        encoding="utf-8")
        region.daemon.start()
        tools = hospital(region)
        for arguments, field in ((("close", "duin", *ED), "door.state"),
                                 (("stop", "duin", *ED), "door.ends_at_ms"),
                                 (("stop", "duin", *ED, "--until", "3h"), "door.ends_at_ms")):
            done = tools.plek(*arguments, party="duin", expect=REFUSED)
            assert "POLICY" in done.err and field in done.err and "oost" in done.err, done.err
        tools.plek("stop", "duin", *ED, "--until", "110min", party="duin")
        done = tools.plek("stop", "duin", *ED, "--from", "110min", "--until", "2h", party="duin",
                          expect=REFUSED)
        assert "with what is announced" in done.err, done.err


def test_a_door_without_its_location_is_wrong_usage():
    with Region() as region:
        tools = hospital(region)
        for command in ("open", "stop", "close", "door"):
            assert "which location?" in tools.plek(command, *ED, party="duin", expect=USAGE).err
        assert "is too much" in tools.plek("stop", "duin", "vliet", party="duin", expect=USAGE).err
        assert "fri 18:00" in tools.plek("stop", "duin", "--until", "soon", party="duin",
                                         expect=USAGE).err


# ---------------------------------------------------------------------- which one leads


def test_the_house_that_stops_later_leads_over_its_open_ward_and_all_is_shown():
    with Region() as region:
        tools = hospital(region)
        region.enrol_agent("zcc", {"duin": "oost"}, name="Zorgcoördinatie")
        tools.plek("open", "duin", "--care", "WARD", party="duin")
        tools.plek("stop", "duin", "--reason", "IT_OUTAGE", party="zcc")
        leading = door(tools, "--care", "WARD")
        assert (leading["state"], leading["record"]["party"]) == ("STOP", "zcc")
        assert {one["party"]: one["part"] for one in leading["all"]} == \
            {"zcc": "LEADS", "duin": "HOLDS"}
        table = tools.plek("get", "--lang", "en", party="meldkamer").out
        ward = next(line for line in table.splitlines() if line[4:].startswith("ward"))
        assert re.search(r"^  / ward +does not lead: open .*but what leads is: stop .*"
                         r"\(whole location, Zorgco", ward), ward
        assert {r["door"].get("care"): r["leads"] for r in tools.get("meldkamer")} == \
            {"WARD": False, None: True}

        tools.plek("open", "duin", "--care", "WARD", "--text", "ward works", party="duin")
        leading = door(tools, "--care", "WARD")
        assert leading["state"] == "OPEN" and leading["n_others"] == 1
        assert {one["party"]: one["part"] for one in leading["all"]} == \
            {"zcc": "OVERRULED", "duin": "LEADS"}
        text = tools.plek("door", "duin", "--care", "WARD", "--lang", "nl", party="meldkamer").out
        assert "een latere en nauwere gaat voor" in text, text


def test_a_plan_announced_earlier_does_not_open_a_house_that_closed_afterwards():
    with Region() as region:
        tools = hospital(region)
        events = tools.watch_json("meldkamer", *ED)
        tools.plek("put", "door", "OPEN", "--location", "duin", *ED, "--from", "3s", "--until",
                   "8h", "--plan", "3", party="duin")
        tools.plek("close", "duin", "--reason", "FACILITY_DAMAGE", "--text", "brand", party="duin")
        ahead = events.next(lambda e: e["event"] == "door" and e["state"] == "CLOSED"
                            and e.get("care") == "ED")
        assert ahead["plan"]["state"] == "OPEN"
        begun = events.next(lambda e: e["event"] == "door" and e.get("care") == "ED")
        assert "plan" not in begun and begun["state"] == "CLOSED", begun
        leading = door(tools, *ED)
        assert leading["state"] == "CLOSED"
        assert sorted(one["part"] for one in leading["all"]) == ["HOLDS", "LEADS"]


def test_a_door_says_who_since_when_and_whom_to_call():
    with Region() as region:
        tools = neighbourhood(region)
        tools.plek("stop", "duin", *ED, "--except", "MULTITRAUMA", "--until", "2h", "--reason",
                   "STAFF", "--text", "two nurses ill", "--by", "dienstdoend SEH-arts",
                   party="duin")
        text = tools.plek("door", "duin", "--lang", "en", party="meldkamer").out
        for part in (r"^Ziekenhuis Duinzicht$", r"^ED: stop except multitrauma · since \d\d:\d\d · "
                     r"until ", r"says: Ziekenhuis Duinzicht, dienstdoend SEH-arts, by hand, \d s",
                     r"because of: staff.*, two nurses ill", r"call: SEH 088 000 0520",
                     r"next: Ziekenhuis De Vliet, 11\.1 km, open, SEH 088 000 0521"):
            assert re.search(part, text, re.MULTILINE), (part, text)


def test_a_door_nobody_speaks_of_is_unknown_and_says_why():
    with Region() as region:
        tools = hospital(region)
        assert (door(tools, *ED)["state"], door(tools, *ED)["why"]) == ("UNKNOWN", "NEVER")
        tools.plek("stop", "duin", *ED, "--until", "+20ms", "--on-expiry", "TO_UNKNOWN",
                   party="duin")
        leading = door(tools, *ED)
        assert (leading["state"], leading["why"], leading["standing"]) == \
            ("UNKNOWN", "EXPIRED", "LAPSED")
        text = tools.plek("door", "duin", *ED, "--lang", "nl", party="meldkamer").out
        assert "SEH: onbekend (verlopen)" in text, text


def test_who_comes_after_a_withdrawal_is_not_told_that_nothing_was_ever_reported():
    with Region() as region:
        tools = hospital(region)
        tools.plek("stop", "duin", *ED, party="duin")
        tools.put("duin", "withdraw", "door", "--location", "duin", *ED)
        for language, words in (("nl", "onbekend (er is niets bekend)"),
                                ("en", "unknown (nothing is held)")):
            text = tools.plek("door", "duin", *ED, "--lang", language, party="meldkamer").out
            assert words in text, text


def test_a_number_is_of_whoever_answers_there_and_others_are_named():
    with Region() as region:
        tools = hospital(region)
        region.enrol_agent("zcc", {"duin": "oost", "bos": "oost"})
        tools.plek("open", "duin", *ED, party="duin")
        for party, phone in (("duin", "1111"), ("zcc", "2222")):  # the centre's is the newer
            tools.put(party, "card", "--location", "duin", "--name", "Duinzicht", "--kind", "V6",
                      "--phone", f"SEH={phone}")
        text = tools.plek("door", "duin", *ED, "--lang", "en", party="meldkamer").out
        assert "call: SEH 1111\n" in text, text
        assert door(tools, *ED)["contact"] == {"function": "SEH", "phone": "1111",
                                               "party": "duin"}

        tools.put("duin", "withdraw", "card", "--location", "duin")
        text = tools.plek("door", "duin", *ED, "--lang", "nl", party="meldkamer").out
        assert "bel: SEH 2222 (zegt: zcc)\n" in text, text
        region.submit(region.authority.revoke("zcc", [region.key("zcc").public],
                                              distrusted_since_ms=1))
        assert "2222" not in tools.plek("door", "duin", *ED, party="meldkamer").out


if __name__ == "__main__":
    tap.run(globals())
