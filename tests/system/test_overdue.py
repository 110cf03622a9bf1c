#!/usr/bin/python3
"""Who is later than agreed: told to every reader alike, listed, alerted and counted"""

import json
import re
import signal

import plek_pb2 as pb
import tap
from harness import Region, until_true
from tools import Tools

AGREED = "counts V6 10 min, counts R5 6 h, counts GP_POST 15 min"
ICU = ("--care", "ICU_ADULT", "staffed=12", "occupied=10", "--valid-for", "1d")


def region_of(**settings):
    return Region(settings={"agreed": AGREED} | settings)


def hospital(region):
    region.enrol_agent("duin", {"duin-ed": "oost", "duin-west": "west"}, name="Duinzicht")
    region.enrol_agent("zeemeeuw", {"zeemeeuw": "oost"})
    region.enrol_reader("meldkamer")
    return Tools(region)


def say_kind(tools, party, location, kind):
    tools.put(party, "card", "--location", location, "--name", f"Huis {location}", "--kind", kind,
              "--phone", "Opname=088 000 0701")


def agreed_of(reply):
    return [(i.report, i.kind, i.care, i.interval_s) for i in reply.agreed.intervals]


def test_a_reader_is_told_what_is_agreed_after_hello_and_when_it_changes():
    with region_of() as region:
        session = region.session(region.enrol_reader("meldkamer"))
        session.hello()
        assert agreed_of(session.wait_told("agreed")) == [
            (20, "V6", 0, 600), (20, "R5", 0, 21600), (20, "", pb.CARE_GP_POST, 900)]
        region.write_config(agreed="pressure 1 min")
        region.daemon.process.send_signal(signal.SIGHUP)
        assert agreed_of(session.wait_told("agreed")) == [(22, "", 0, 60)]
        region.write_config(agreed="none")
        region.daemon.process.send_signal(signal.SIGHUP)
        assert not agreed_of(session.wait_told("agreed"))


def test_who_only_reports_is_told_nothing_of_it():
    with region_of() as region:
        session = region.session(region.enrol_agent("duin", {"duin-ed": "oost"}))
        session.hello(kind=pb.PEER_FEED)
        session.clock()
        assert not [reply for reply in session.told if reply.WhichOneof("reply") == "agreed"]


def test_the_list_says_who_by_how_much_and_whom_to_call():
    with region_of() as region:
        tools = hospital(region)
        say_kind(tools, "duin", "duin-ed", "V6")
        say_kind(tools, "zeemeeuw", "zeemeeuw", "R5")
        # Fresh by their own word, for a day; one is later than a hospital has agreed.
        tools.put("duin", "counts", "--location", "duin-ed", *ICU, "--unit", "ic", "--label",
                  "IC oost", "--observed", "-30min")
        tools.put("duin", "counts", "--location", "duin-ed", *ICU, "--unit", "mc", "--observed",
                  "-5min")
        tools.put("zeemeeuw", "counts", "--location", "zeemeeuw", *ICU, "--observed", "-30min")
        found = {(line["location"], line.get("unit")): line
                 for line in tools.plek("overdue", "--json", party="meldkamer").lines()}
        assert set(found) == {("duin-ed", "ic"), ("duin-west", None)}, found
        late, never = found["duin-ed", "ic"], found["duin-west", None]
        assert late["agreed_s"] == 600 and not late["never"]
        assert 20 * 60_000 <= late["overdue_ms"] < 21 * 60_000
        assert (late["party"], late["party_name"], late["care"]) == ("duin", "Duinzicht",
                                                                     "ICU_ADULT")
        assert late["contacts"] == [{"function": "Opname", "phone": "088 000 0701"}]
        assert never["never"] and "overdue_ms" not in never
        record = next(r for r in tools.get("meldkamer") if r.get("unit") == "ic")
        assert record["freshness"] == "FRESH" and record["overdue_ms"] >= 20 * 60_000

        table = tools.plek("overdue", party="meldkamer").out
        assert "1 overdue · 1 without a report" in table, table
        assert "Huis duin-ed (V6)  Opname 088 000 0701" in table, table
        assert re.search(r"  > ICU IC oost +overdue 20 min · agreed every 10 min +Duinzicht",
                         table), table
        assert re.search(r"^duin-west\n  - no report +Duinzicht", table, re.M), table
        assert "> overdue 20 min" in tools.plek("get", party="meldkamer").out
        table = tools.plek("overdue", "--lang", "nl", party="meldkamer").out
        assert "te laat 20 min · afgesproken elke 10 min" in table, table
        only = tools.plek("overdue", "--json", "--region", "west", party="meldkamer").lines()
        assert [line["location"] for line in only] == ["duin-west"]
        assert not tools.plek("overdue", "--json", "--care", "WARD", party="meldkamer").out


def test_an_agent_that_is_there_and_one_that_is_not_are_told_apart():
    with region_of() as region:
        tools = hospital(region)
        say_kind(tools, "duin", "duin-ed", "V6")
        tools.put("duin", "counts", "--location", "duin-ed", *ICU, "--observed", "-1h")
        # Who reports by hand has no agent that could be missed.
        table = tools.plek("overdue", party="meldkamer").out
        assert re.search(r"overdue 50 min .*Duinzicht  by hand$", table, re.M), table
        assert re.search(r"no report +Duinzicht  no agent seen$", table, re.M), table
        assert re.search(r"Duinzicht  handmatig$",
                         tools.plek("overdue", "--lang", "nl", party="meldkamer").out, re.M)
        agent = region.agent("duin")
        assert "agent connected" in tools.plek("overdue", party="meldkamer").out
        agent.close()
        until_true(lambda: "agent away" in tools.plek("overdue", party="meldkamer").out)


def test_where_who_is_late_has_no_card_the_one_that_leads_says_whom_to_call():
    with region_of() as region:
        region.enrol_agent("zcc", {"duin-ed": "oost", "duin-west": "west"})
        tools = hospital(region)
        say_kind(tools, "zcc", "duin-ed", "V6")
        say_kind(tools, "zcc", "duin-west", "V6")
        tools.put("duin", "counts", "--location", "duin-ed", "--care", "GP_POST", "available=1",
                  "--observed", "-30min", "--valid-for", "1d")
        lines = tools.plek("overdue", "--json", party="meldkamer").lines()
        late = next(line for line in lines if not line["never"])
        assert late["party"] == "duin" and late["source"] == "MANUAL" and "contacts" not in late
        assert late["contact"] == {"function": "Opname", "phone": "088 000 0701", "party": "zcc"}
        assert late["name"] == "Huis duin-ed"
        table = tools.plek("overdue", party="meldkamer").out
        assert "Huis duin-ed  Opname 088 000 0701 (says: zcc)" in table, table


def test_an_alert_comes_when_it_begins_and_when_it_ends():
    with region_of(agreed="counts V6 2 s") as region:
        tools = hospital(region)
        say_kind(tools, "duin", "duin-ed", "V6")
        events = tools.watch_json("meldkamer")
        tools.put("duin", "counts", "--location", "duin-ed", *ICU)
        late = events.next(lambda e: e["event"] == "overdue")
        assert late["overdue"] and late["overdue_ms"] > 0 and late["freshness"] == "FRESH"
        tools.put("duin", "counts", "--location", "duin-ed", *ICU)
        again = events.next(lambda e: e["event"] == "overdue")
        assert not again["overdue"] and again["overdue_ms"] == 0, json.dumps(again)


def test_a_card_alone_is_no_report():
    with region_of() as region:
        tools = hospital(region)
        say_kind(tools, "duin", "duin-ed", "V6")
        tools.put("zeemeeuw", "pressure", "--location", "zeemeeuw", "--method", "nedocs", "--score",
                  "20")
        never = [line["location"] for line in tools.plek("overdue", "--json",
                                                         party="meldkamer").lines()]
        assert never == ["duin-ed", "duin-west"], never
        assert "Huis duin-ed (V6)" in tools.plek("overdue", party="meldkamer").out
        never = [record["location"] for record in tools.get_all("meldkamer")
                 if record["freshness"] == "NEVER"]
        assert never == ["duin-ed", "duin-west"], never
        until_true(lambda: region.metrics().get(("plek_never_reported_locations",
                                                 'region="oost"')) == 1, seconds=30,
                   what="the next look")


def test_nobody_waits_for_who_is_suspended_or_no_longer_enrolled():
    with region_of() as region:
        tools = hospital(region)
        say_kind(tools, "duin", "duin-ed", "V6")
        tools.put("duin", "counts", "--location", "duin-ed", *ICU, "--observed", "-30min")
        late = ("plek_overdue_records", 'region="oost"')
        until_true(lambda: region.metrics().get(late) == 1, seconds=30, what="the next look")
        tools.control("suspend", "duin")
        until_true(lambda: not region.metrics().get(late), seconds=30, what="the next look")
        assert "duin-ed" not in tools.plek("overdue", party="meldkamer").out
        tools.control("unsuspend", "duin")
        assert "Huis duin-ed" in tools.plek("overdue", party="meldkamer").out
        region.submit(region.authority.revoke("duin", [region.key("duin").public]))
        assert "Huis duin-ed" not in tools.plek("overdue", party="meldkamer").out


def test_the_broker_counts_them_by_region():
    with region_of() as region:
        tools = hospital(region)
        say_kind(tools, "duin", "duin-ed", "V6")
        tools.put("duin", "counts", "--location", "duin-ed", *ICU, "--observed", "-30min")
        tools.put("duin", "counts", "--location", "duin-ed", *ICU, "--unit", "in-time")
        wanted = {("plek_overdue_records", 'region="oost"'): 1,
                  ("plek_never_reported_locations", 'region="oost"'): 1,
                  ("plek_overdue_records", 'region="west"'): 0,
                  ("plek_never_reported_locations", 'region="west"'): 1}
        until_true(lambda: wanted.items() <= region.metrics().items(), seconds=30,
                   what="the next look")


if __name__ == "__main__":
    tap.run(globals())
