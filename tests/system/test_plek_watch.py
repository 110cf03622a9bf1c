#!/usr/bin/python3
"""plek watch: the picture as it changes, in a terminal and for scripts"""

import json
import re
import signal

import plek_pb2 as pb
import tap
from harness import Region
from tools import DONE, Tools

ED = ("--location", "duin-ed")
ICU = ("--care", "ICU_ADULT")


def hospital(region):
    region.enrol_agent("duin", {"duin-ed": "oost"})
    region.enrol_reader("meldkamer")
    return Tools(region)


def line_at(terminal, pattern):
    """Where on the screen a line is."""
    return next((n for n, line in enumerate(terminal.screen.lines()) if re.search(pattern, line)),
                None)


# ---------------------------------------------------------------------- for scripts


def test_each_change_is_one_object_on_a_line():
    with Region() as region:
        tools = hospital(region)
        events = tools.watch_json("meldkamer")
        events.next(lambda e: e["event"] == "link" and e["link"] == "LIVE" and e["in_sync"])
        tools.put("duin", "counts", *ED, *ICU, "staffed=12", "occupied=10")
        new = events.record(change="NEW", freshness="FRESH")
        assert new["counts"]["free"] == 2 and new["id"] == "ACTUAL/duin/duin-ed/counts/-/ICU_ADULT"
        tools.put("duin", "counts", *ED, *ICU, "staffed=12", "occupied=12")
        changed = events.record(change="CONTENT")
        assert changed["counts"]["free"] == 0 and changed["revision"] > new["revision"]
        tools.put("duin", "withdraw", "counts", *ED, *ICU)
        gone = events.record(change="WITHDRAWN")
        assert gone["freshness"] == "WITHDRAWN" and gone["withdrawn"] == "BY_PARTY"
        assert "counts" not in gone and gone["report"] == "counts"
        for line in events.lines:
            json.loads(line)


def test_what_only_time_changes_is_told_too():
    with Region() as region:
        tools = hospital(region)
        events = tools.watch_json("meldkamer")
        events.next(lambda e: e["event"] == "link" and e["in_sync"])
        tools.put("duin", "counts", *ED, *ICU, "staffed=12", "--valid-for", "1s")
        events.record(change="NEW", freshness="FRESH")
        events.record(change="TIME", freshness="STALE")
        events.record(change="TIME", freshness="SILENT")
        tools.put("duin", "door", *ED, "STOP", "--until", "+1s")
        assert events.record(change="NEW")["door"]["standing"] == "STANDS"
        assert events.record(change="TIME")["door"]["standing"] == "EXPIRED"


def test_presence_and_the_link_are_events_of_their_own():
    with Region() as region:
        tools = hospital(region)
        events = tools.watch_json("meldkamer")
        agent = region.agent("duin")
        assert events.next(lambda e: e["event"] == "presence")["connected"]
        agent.close()
        assert not events.next(lambda e: e["event"] == "presence")["connected"]
        region.daemon.kill()
        lost = events.next(lambda e: e["event"] == "link" and e["link"] == "NOT_FED", seconds=6)
        assert lost["why"]
        region.daemon.start()
        events.next(lambda e: e["event"] == "link" and e["link"] == "LIVE" and e["in_sync"])


def test_the_same_said_again_is_told_to_who_asks():
    with Region() as region:
        tools = hospital(region)
        asked = tools.watch_json("meldkamer", "--renewed")
        plain = tools.watch_json("meldkamer")
        for events in (asked, plain):
            events.next(lambda e: e["event"] == "link" and e["in_sync"])
        for staffed in (12, 12, 13):
            tools.put("duin", "counts", *ED, *ICU, f"staffed={staffed}")
        asked.record(change="NEW")
        asked.record(change="RENEWED")
        asked.record(change="CONTENT")
        plain.record(change="NEW")
        plain.record(change="CONTENT")
        assert not plain.has_said("RENEWED")


def test_it_ends_by_itself_and_on_a_signal():
    with Region() as region:
        tools = hospital(region)
        assert tools.plek("watch", "--json", "--for", "1s", party="meldkamer").lines()
        events = tools.watch_json("meldkamer")
        events.next(lambda e: e["event"] == "link")
        events.process.send_signal(signal.SIGTERM)
        assert events.end() == DONE


# ---------------------------------------------------------------------- in a terminal


def test_the_table_changes_in_place():
    with Region() as region:
        tools = hospital(region)
        tools.put("duin", "card", *ED, "--name", "Ziekenhuis Duinzicht", "--kind", "V6", "--phone",
                  "SEH=088 000 0101")
        tools.put("duin", "counts", *ED, *ICU, "--unit", "ic", "staffed=12", "occupied=10")
        terminal = tools.watch("meldkamer")
        terminal.expect("^Plek  live")
        terminal.expect("^Ziekenhuis Duinzicht .V6.  SEH 088 000 0101")
        terminal.expect("ICU ic .*2 free of 12")
        where = line_at(terminal, "ICU ic")
        tools.put("duin", "counts", *ED, *ICU, "--unit", "ic", "staffed=12", "occupied=12")
        terminal.expect("ICU ic .*0 free of 12")
        assert line_at(terminal, "ICU ic") == where
        assert line_at(terminal, "2 free of 12") is None
        # One table, drawn over itself: nothing scrolled away.
        assert all(sum("Plek" in line for line in lines) <= 1 for lines in terminal.seen)

        tools.put("duin", "door", *ED, "--care", "ED", "STOP", "--except", "MULTITRAUMA", "--until",
                  "+2h")
        terminal.expect("    ED .*stop except multitrauma .*until")
        assert line_at(terminal, "stop except") == where  # doors stand first
        assert line_at(terminal, "ICU ic") == where + 1
        tools.put("duin", "withdraw", "door", *ED, "--care", "ED")
        terminal.expect("^  x ED .*withdrawn")
        terminal.press("q")
        assert terminal.wait_end() == DONE


def test_what_is_old_has_its_sign_in_place():
    with Region() as region:
        tools = hospital(region)
        terminal = tools.watch("meldkamer")
        terminal.expect("no report")
        tools.put("duin", "counts", *ED, *ICU, "staffed=12", "occupied=12", "--valid-for", "2s")
        terminal.expect("^  0 ICU .*0 free of 12")
        where = line_at(terminal, "ICU")
        terminal.expect("^  ~ ICU .*0 free of 12 .*stale")
        terminal.expect(r"^  \? ICU .*0 free of 12 .*silent")
        assert line_at(terminal, "ICU") == where
        tools.put("duin", "door", *ED, "STOP", "--until", "+1s")
        terminal.expect("^  ! whole location .*stop .expired.")


def test_a_picture_that_is_not_fed_says_so_on_top():
    with Region() as region:
        tools = hospital(region)
        tools.put("duin", "door", *ED, "OPEN")
        terminal = tools.watch("meldkamer")
        terminal.expect("^Plek  live")
        terminal.expect("whole location .*open")
        region.daemon.kill()
        terminal.expect(r"^Plek  \*\*\* not fed, \d", seconds=6)
        assert line_at(terminal, "whole location .*open") is not None
        region.daemon.start()
        terminal.expect("^Plek  live", seconds=30)


def test_an_agent_that_is_away_is_seen_before_its_rows_are_stale():
    with Region() as region:
        tools = hospital(region)
        agent = region.agent("duin")
        terminal = tools.watch("meldkamer")
        agent.state(agent.counts("duin-ed", "ic", pb.CARE_ICU_ADULT, staffed=12, occupied=1))
        line = terminal.expect("^    ICU ic")
        assert "agent away" not in line
        agent.close()
        terminal.expect(r"^    ICU ic .*agent away \d")


def test_what_does_not_fit_is_scrolled_and_cut():
    with Region() as region:
        tools = hospital(region)
        agent = region.agent("duin")
        for n in range(30):
            agent.send(agent.counts("duin-ed", f"w{n:02}", pb.CARE_WARD, staffed=20, occupied=n))
        last = agent.counts("duin-ed", "w30", pb.CARE_WARD, staffed=20, occupied=1)
        last.label = "A name that is long " * 6
        agent.state(last)
        terminal = tools.watch("meldkamer", rows=12, columns=60)
        terminal.expect("^Plek  live")
        terminal.expect("ward w00")
        assert line_at(terminal, "ward w20") is None
        terminal.press(" ")
        terminal.expect("ward w10")
        terminal.press(" " * 5)
        terminal.expect(r"ward A name .*…")
        assert line_at(terminal, "ward w00") is None
        terminal.expect(r"^\d+ above, 0 below: PgUp, PgDn")
        assert line_at(terminal, "^Plek  live") == 0, str(terminal.screen)  # the head stays
        assert all(len(line) <= 60 for line in terminal.screen.lines())
        terminal.press("k")
        terminal.press("q")
        assert terminal.wait_end() == DONE


def test_a_narrow_terminal_loses_nothing_but_the_end_of_a_name():
    with Region() as region:
        tools = hospital(region)
        tools.put("duin", "door", "--location", "duin-ed", "--care", "ED", "STOP", "--except",
                  "MULTITRAUMA,LIFE_THREATENING", "--reason", "ED_CROWDING", "--until", "+2h",
                  "--unit", "a-unit-with-a-long-name", "--status", "EXERCISE")
        tools.put("duin", "counts", "--location", "duin-ed", "--care", "WARD", "--unit", "b2",
                  "staffed=12", "occupied=10", "--observed", "-10min", "--valid-for", "5min")
        wide = tools.get("meldkamer")
        assert len(wide) == 2
        terminal = tools.watch("meldkamer", rows=24, columns=80)
        terminal.expect(r"^  ~ ward b2 +2 free of 12 .* 10 min +by hand +stale")
        terminal.expect(r"^    ED.*… +stop except .* \d s +by hand")
        screen = " ".join(" ".join(terminal.screen.lines()).split())
        for word in ("multitrauma", "ED crowding", "until", "[exercise]"):
            assert word in screen, str(terminal.screen)
        terminal.press("q")
        assert terminal.wait_end() == DONE


def test_a_caption_is_shown_below_and_follows_its_file():
    with Region() as region:
        tools = hospital(region)
        caption = region.write_file("caption", "the first scene\n")
        terminal = tools.watch("meldkamer", "--caption", caption)
        terminal.expect("^the first scene")
        with caption.open("a", encoding="utf-8") as more:
            more.write("the second scene\n")
        terminal.expect("^the second scene")
        assert line_at(terminal, "the first scene") is None


def test_a_key_says_that_we_have_seen_what_leads():
    with Region() as region:
        tools = hospital(region)
        agent, rav = region.agent("duin"), region.reader("rav")
        terminal = tools.watch("meldkamer", "--function", "regievoerder")
        terminal.expect("^Plek  live")
        terminal.press("a")
        terminal.expect("^of others there is nothing that leads and that we have not seen")
        stops = {care: agent.door("duin-ed", pb.DOOR_STOP, care=care)
                 for care in (pb.CARE_ED, pb.CARE_WARD)}
        for stop in stops.values():
            agent.state(stop)
            rav.wait_update(stop)
        terminal.expect("^    ED .* stop")
        terminal.expect("^    ward .* stop")
        terminal.press("a")
        terminal.expect("^a: seen, n: next, .* duin-ed, ward: stop")  # the newest
        terminal.press("n")
        terminal.expect("^a: seen, n: next, .* duin-ed, ED: stop")
        assert not rav.acks_of(stops[pb.CARE_ED])
        terminal.press("a")
        terminal.expect("^seen: duin-ed, ED: stop")
        terminal.expect(r"ED .*seen by meldkamer \(regievoerder\)")
        rav.wait(lambda: rav.acks_of(stops[pb.CARE_ED]))
        ack = rav.acks_of(stops[pb.CARE_ED])["meldkamer"]
        assert ack.update.ack.function == "regievoerder"

        # What it asks about is what it says, though that says something else by then.
        terminal.press("a")
        terminal.expect("^a: seen, n: next, .* duin-ed, ward: stop")
        agent.state(agent.door("duin-ed", pb.DOOR_CLOSED, care=pb.CARE_WARD))
        terminal.expect("^    ward .* closed")
        terminal.press("a")
        terminal.expect("^not acknowledged: something else is said there by now")
        terminal.press("x")
        terminal.expect(lambda lines: not any("acknowledged" in line for line in lines))
        assert not rav.acks_of(stops[pb.CARE_WARD])
        terminal.press("aa")
        terminal.expect("^seen: duin-ed, ward: closed")
        terminal.press("a")
        terminal.expect("^of others there is nothing")
        terminal.press("q")
        assert terminal.wait_end() == DONE


def test_who_may_not_say_so_is_told_why():
    with Region() as region:
        tools = hospital(region)
        agent = region.agent("duin")
        terminal = tools.watch("meldkamer", "--lang", "nl", "--function", "f" * 65)
        agent.state(agent.door("duin-ed", pb.DOOR_STOP, care=pb.CARE_ED))
        terminal.expect("^    SEH .* stop")
        terminal.press("aa")
        terminal.expect(r"^niet als gezien gemeld: geweigerd \(FIELD\): ack.function: ")
        terminal.expect("^    SEH .* stop")
        region.daemon.kill()
        terminal.expect(r"^Plek  \*\*\* ", seconds=6)
        terminal.press("a")
        terminal.expect("^a: gezien, n: volgende")
        terminal.press("a")
        terminal.expect("^niet als gezien gemeld: ", seconds=10)
        terminal.press("q")
        assert terminal.wait_end() == DONE


def test_the_terminal_is_given_back_on_a_signal():
    with Region() as region:
        tools = hospital(region)
        terminal = tools.watch("meldkamer", "--lang", "nl")
        terminal.expect("^Plek  actueel")
        terminal.process.send_signal(signal.SIGTERM)
        assert terminal.wait_end() == DONE
        assert b"\x1b[?25h" in terminal.bytes[-200:]  # the cursor is there again


if __name__ == "__main__":
    tap.run(globals())
