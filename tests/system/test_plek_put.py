#!/usr/bin/python3
"""plek put: one report by hand, its receipt, and what is said of a refusal"""

import re
import shutil
import time
from pathlib import Path

import plek_pb2 as pb
import tap
from harness import Region
from plekpy.authority import Authority
from tools import PLEK, REFUSED, UNREACHABLE, USAGE, Tools, run

ED = ("--location", "duin-ed")


def hospital(region):
    """A party that reports, an independent reader of it, and plek."""
    region.enrol_agent("duin", {"duin-ed": "oost"})
    return Tools(region), region.reader("meldkamer")


def only(reader, body):
    """The one record of a kind that @reader holds."""
    records = [record for record in reader.records().values()
               if record.update.WhichOneof("body") == body]
    return records[0] if len(records) == 1 else None


def test_a_stop_arrives_with_all_that_was_said_of_it():
    with Region() as region:
        tools, reader = hospital(region)
        said = tools.put("duin", "door", *ED, "--care", "ED", "STOP", "--except",
                         "MULTITRAUMA,CHILD", "--reason", "ED_CROWDING", "--text", "both CTs down",
                         "--by", "dienstdoend SEH-arts", "--until", "+2h", "--review", "+30min",
                         "--on-expiry", "TO_UNKNOWN", "--urgency", "3", "--group", "AMBULANCE",
                         "--audience", "COORD", "--json").one()
        assert said["revision"] > 3
        # COORD is not for a care party.
        assert not reader.records()
        coordinator = region.reader("zcc", coord=True)
        door = coordinator.wait(lambda: only(coordinator, "door")).update.door
        assert door.state == pb.DOOR_STOP and door.reason == pb.REASON_ED_CROWDING
        assert list(door.exceptions) == [pb.EXCEPTION_MULTITRAUMA, pb.EXCEPTION_CHILD]
        assert (door.text, door.authorised_by) == ("both CTs down", "dienstdoend SEH-arts")
        assert door.urgency == 3 and door.patient_group == pb.GROUP_AMBULANCE
        assert door.on_expiry == pb.ON_EXPIRY_TO_UNKNOWN
        assert abs(door.ends_at_ms - door.review_at_ms - 90 * 60 * 1000) < 1000


def test_a_receipt_says_what_was_understood():
    with Region() as region:
        tools, _ = hospital(region)
        said = tools.plek("close", "duin-ed", "--care", "ED", "--from", "2030-01-04 18:00",
                          "--until", "mon 08:00", party="duin").out
        assert "duin-ed, ED: closed · from 2030-01-04 18:00 · until 2030-01-07 08:00" in said, said
        said = tools.plek("stop", "duin-ed", "--care", "ED", "--except", "MULTITRAUMA", "--until",
                          "2030-01-01 10:00", "--review", "2030-01-01 09:00", "--status",
                          "EXERCISE", "--lang", "nl", party="duin").out
        assert ("duin-ed, SEH: stop behalve multitrauma · tot 2030-01-01 10:00 · "
                "wordt opnieuw bekeken 2030-01-01 09:00  [oefening]") in said, said
        said = tools.plek("close", "duin-ed", "--care", "WARD", "--until", "2030-01-01 10:00",
                          "--json", party="duin").one()
        assert said["ends_at_ms"] == 1893492000000 and "starts_at_ms" not in said
        for wrong, sentence in ((("--until", "2027-02-30"), "is not a time"),
                                (("--until", "2h", "--review", "-3h"), "has passed already")):
            assert sentence in tools.plek("stop", "duin-ed", *wrong, party="duin",
                                          expect=USAGE).err


def test_counts_are_numbers_or_say_why_they_are_absent():
    with Region() as region:
        tools, reader = hospital(region)
        tools.put("duin", "counts", *ED, "--unit", "ic", "--label", "IC volwassenen", "--care",
                  "icu-adult", "staffed=12", "occupied=0", "blocked=SUPPRESSED", "reserved=UNKNOWN",
                  "--valid-for", "30min", "--definition", "lcps", "--observed", "-10min")
        record = reader.wait(lambda: only(reader, "counts"))
        counts = record.update.counts
        assert (counts.care, counts.staffed, counts.occupied) == (pb.CARE_ICU_ADULT, 12, 0)
        assert counts.HasField("occupied") and not counts.HasField("physical")
        assert not counts.HasField("blocked")
        why = {item.field: item.why for item in counts.missing}
        assert sorted(why.values()) == sorted([pb.MISSING_SUPPRESSED, pb.MISSING_UNKNOWN]), why
        update = record.update
        assert (update.unit, update.label, update.definition) == ("ic", "IC volwassenen", "lcps")
        assert update.source == pb.SOURCE_MANUAL and update.valid_for_s == 1800
        assert abs(update.sent_at_ms - update.observed_at_ms - 600_000) < 30_000


def test_pressure_and_a_card_arrive():
    with Region() as region:
        tools, reader = hospital(region)
        tools.put("duin", "pressure", *ED, "--unit", "seh", "--method", "nedocs", "--score", "87.5")
        tools.put("duin", "pressure", *ED, "--unit", "seh", "--method", "nedocs", "--score", "87.5",
                  "--input", "patients=31", "--input", "ed_beds=24.5")
        assert reader.wait(lambda: (found := only(reader, "pressure")) and
                           {i.name: i.value for i in found.update.pressure.inputs}) == \
            {"patients": 31, "ed_beds": 24.5}
        tools.put("duin", "card", *ED, "--name", "Ziekenhuis Duinzicht", "--kind", "V6",
                  "--position", "52.95,4.0225", "--phone", "SEH=088 000 0101", "--phone",
                  "IC=088 000 0102")
        assert reader.wait(lambda: only(reader, "pressure")).update.pressure.score == 87.5
        card = reader.wait(lambda: only(reader, "card")).update.card
        assert (card.name, card.kind) == ("Ziekenhuis Duinzicht", "V6")
        assert (card.latitude_e7, card.longitude_e7) == (529500000, 40225000)
        assert [(c.function, c.phone) for c in card.contacts] == \
            [("SEH", "088 000 0101"), ("IC", "088 000 0102")]


def test_a_plan_is_announced_and_stands_beside_the_door():
    with Region() as region:
        tools, reader = hospital(region)
        tools.put("duin", "door", *ED, "OPEN")
        tools.put("duin", "door", *ED, "CLOSED", "--plan", "1", "--from", "+2d", "--until", "+3d",
                  "--reason", "PLANNED_CLOSURE")
        reader.wait(lambda: len(reader.records()) == 2)
        plans = {record.update.door.plan for record in reader.records().values()}
        assert plans == {0, 1}


def test_check_says_yes_or_no_and_writes_nothing():
    with Region() as region:
        tools, reader = hospital(region)
        before = region.status().revision
        assert "nothing was written" in tools.put("duin", "door", *ED, "STOP", "--check").out
        assert tools.put("duin", "door", *ED, "STOP", "--check", "--json").one()["accepted"]
        said = tools.put("duin", "door", "--location", "elders", "STOP", "--check", expect=REFUSED)
        assert "LOCATION" in said.err and "elders" in said.err
        said = tools.put("duin", "door", "--location", "elders", "STOP", "--check", "--json",
                         expect=REFUSED).one()
        assert not said["accepted"] and said["code"] == "LOCATION" and "elders" in said["text"]
        assert said["field"] == "location"
        said = tools.put("duin", "door", *ED, "STOP", "--from", "+1h", "--check", expect=REFUSED)
        assert "start" in said.err, said.err
        assert region.status().revision == before and not reader.records()


def test_what_is_withdrawn_is_gone_and_says_why():
    with Region() as region:
        tools, reader = hospital(region)
        tools.put("duin", "counts", *ED, "--unit", "ic", "--care", "ICU_ADULT", "staffed=12")
        tools.put("duin", "door", *ED, "--care", "ED", "OPEN")
        reader.wait(lambda: len(reader.records()) == 2)
        tools.put("duin", "withdraw", "counts", *ED, "--unit", "ic", "--care", "ICU_ADULT")
        reader.wait(lambda: len(reader.records()) == 1)
        tools.put("duin", "withdraw", "door", *ED, "--care", "ED")
        reader.wait(lambda: not reader.records())


def test_a_refusal_names_the_field_and_the_reason():
    with Region() as region:
        tools, reader = hospital(region)
        for arguments, parts in (
                (("door", "--location", "elders", "OPEN"), ("LOCATION", "elders")),
                (("counts", "--location", "no good", "--care", "ED", "staffed=1"), ("location",)),
                (("counts", *ED, "staffed=1"), ("care",)),
                (("door", *ED),  ("state",)),
                (("card", *ED, "--name", "Duin"), ("kind",)),
                (("pressure", *ED, "--score", "4"), ("method",)),
                (("door", *ED, "STOP", "--text", "x" * 300), ("text",)),
                (("door", *ED, "STOP", "--from", "+1h"), ("start",))):
            said = tools.put("duin", *arguments, expect=REFUSED).err
            assert all(part in said for part in parts), (arguments, said)
        assert not reader.records()


def test_what_says_nothing_or_cannot_be_is_told_before_anybody_is_asked():
    region = Region(start=False)
    try:
        tools = Tools(region)
        nedocs = ("pressure", *ED, "--method", "nedocs")
        for arguments, part in (
                (("counts", *ED, "--care", "ED"), "says nothing"),
                (("counts", *ED, "--care", "ED", "staffed=10", "staffed=12"), "said twice"),
                (("counts", *ED, "--care", "ED", "staffed=1", "--observed", "+1h"), "ahead"),
                (("counts", *ED, "--care", "NOWHERE", "staffed=1"), "plek codes"),
                (("door", *ED, "STOP", "--until", "-2h"), "passed already"),
                (nedocs, "--score"),
                ((*nedocs, "--input", "patient=3"), "it has patients, ed_beds"),
                ((*nedocs, "--input", "patients=3"), "without ed_beds"),
                ((*nedocs, "--input", "patients=3", "--input", "patients=4"), "twice")):
            said = tools.put("duin", *arguments, expect=USAGE).err
            assert part in said, (arguments, said)
        begun = time.monotonic()
        said = tools.put("duin", "door", *ED, "OPEN", "--timeout", "1s", expect=UNREACHABLE).err
        assert "nothing could be sent" in said, said
        assert time.monotonic() - begun < 4, "it did not keep to its timeout"
    finally:
        region.__exit__(None, None, None)


def test_what_is_not_known_here_is_told_and_said_all_the_same():
    with Region() as region:
        tools, _ = hospital(region)
        said = tools.put("duin", "pressure", *ED, "--method", "nedoc", "--score", "87")
        assert "no method 'nedoc' is known here" in said.err and "accepted" in said.out
        card = ("card", *ED, "--name", "Duin", "--kind", "V66", "--position", "4.02,52.95")
        for more in ((), ("--check",)):
            said = tools.put("duin", *card, *more)
            assert "plek codes kind" in said.err, said.err
            # Who has swapped the two sees it.
            assert "at N 4.0200 E 52.9500" in said.out, said.out


def test_codes_are_listed_for_people_and_scripts():
    said = run(PLEK, "codes").out
    for code in ("ICU_ADULT", "ED_CROWDING", "MULTITRAUMA", "staffed", "SUPPRESSED", "V6"):
        assert code in said, code
    care = run(PLEK, "codes", "care", "--json").lines()
    assert {"list": "care", "code": "ICU_ADULT", "label": "adult ICU"}.keys() == care[0].keys()
    assert len(care) > 30 and all(item["list"] == "care" for item in care)
    assert "huisartsenpost" in run(PLEK, "codes", "kind", "--lang", "nl").out
    assert "no list 'colours'" in run(PLEK, "codes", "colours", expect=USAGE).err


def test_a_wrong_card_or_host_is_said_in_time_with_what_to_do():
    with Region() as region:
        tools, _ = hospital(region)
        region.enrol_reader("zcc")
        stranger = Authority("oost-test")
        elsewhere = {name: endpoint.replace(region.address, "nergens.invalid")
                     for name, endpoint in region.endpoints.items()}
        counts = ("put", "counts", *ED, "--care", "ED", "available=1")
        for card, commands, words in (
                (stranger.card(region.broker_key.public, region.endpoints, 1),
                 [counts, ("stop", "duin-ed", "--care", "ED"), ("door", "duin-ed")],
                 "another network or authority"),
                (region.authority.card(region.key("other").public, region.endpoints, 9),
                 [("stop", "duin-ed", "--care", "ED")], "the broker's is not the one"),
                (region.authority.card(region.broker_key.public, elsewhere, 9),
                 [counts], "nergens.invalid is not found")):
            tools.card.write_bytes(card)
            for command in commands:
                began = time.monotonic()
                done = tools.plek(*command, "--timeout", "5s", expect=UNREACHABLE,
                                  party="zcc" if command[0] == "door" else "duin")
                assert time.monotonic() - began < 6, command
                assert words in done.err and "newest region card" in done.err, done.err


def test_an_exercise_is_marked_as_one():
    with Region() as region:
        tools, reader = hospital(region)
        tools.put("duin", "door", *ED, "STOP", "--status", "EXERCISE")
        assert reader.wait(lambda: only(reader, "door")).update.status == pb.STATUS_EXERCISE
        shown = tools.plek("get", party="meldkamer").out
        assert "[exercise]" in shown


def test_a_hand_is_no_twin_of_the_feed_with_its_key():
    with Region() as region:
        tools = Tools(region)
        feed = region.agent("duin", {"duin-ed": "oost"})
        tools.put("duin", "door", *ED, "STOP")
        feed.state(feed.counts("duin-ed", "ic", pb.CARE_ICU_ADULT, staffed=1))
        assert not any(receipt.twins for receipt in feed.receipts)


def test_dutch_is_an_option():
    with Region() as region:
        tools, _ = hospital(region)
        said = tools.put("duin", "door", *ED, "OPEN", "--lang", "nl").out
        assert said.startswith("aangenomen als revisie "), said


def test_dutch_is_chosen_by_the_locale_and_numbers_stay_numbers():
    if not Path("/usr/share/i18n/locales/nl_NL").exists() or not shutil.which("localedef"):
        raise tap.Skip("there is no Dutch locale to be made on this machine")
    with Region() as region:
        tools, reader = hospital(region)
        run("localedef", "-i", "nl_NL", "-f", "UTF-8", region.directory / "nl_NL.UTF-8")
        tools.env |= {"LOCPATH": str(region.directory), "LC_ALL": "nl_NL.UTF-8"}
        # Where people write 52,95 the arguments of a program are still 52.95.
        said = tools.put("duin", "card", *ED, "--name", "Duin", "--kind", "V6", "--position",
                         "52.95,4.02").out
        assert said.startswith("aangenomen als revisie "), said
        card = reader.wait(lambda: only(reader, "card")).update.card
        assert (card.latitude_e7, card.longitude_e7) == (529500000, 40200000)
        tools.put("duin", "pressure", *ED, "--method", "nedocs", "--score", "87.5")
        shown = [r for r in tools.get("meldkamer") if "pressure" in r]
        assert shown[0]["pressure"]["score"] == 87.5


def test_counts_are_said_back_and_more_occupied_than_staffed_is_remarked():
    with Region() as region:
        tools, _ = hospital(region)
        said = tools.put("duin", "counts", *ED, "--unit", "ic", "--care", "ICU_ADULT", "staffed=8",
                         "occupied=18").out
        assert "duin-ed ic, ICU: staffed 8, occupied 18 · 0 free\n" in said, said
        assert "note: many more are occupied than staffed" in said, said
        said = tools.put("duin", "counts", *ED, "--unit", "ic", "--care", "ICU_ADULT", "staffed=8",
                         "occupied=6", "--lang", "nl").out
        assert "duin-ed ic, IC: geopend 8, bezet 6 · 2 vrij\n" in said and "let op" not in said, said
        said = tools.put("duin", "counts", *ED, "--unit", "ic", "--care", "ICU_ADULT", "staffed=8",
                         "occupied=18", "--json").one()
        assert (said["staffed"], said["occupied"], said["free"], said["odd"]) == (8, 18, 0, True)


def test_a_stop_says_when_it_ends_or_that_it_does_not():
    with Region() as region:
        tools, _ = hospital(region)
        # The last full minute but one comes again in nearly a day.
        clock = time.strftime("%H:%M", time.gmtime(time.time() - 120))
        said = tools.plek("stop", "duin-ed", "--care", "ED", "--until", clock, party="duin").out
        assert re.search(rf"until \S+ {clock}, tomorrow, in 23 h 5\d\n", said) or (
            clock > "23:5" and "in 23 h 5" in said), said
        said = tools.plek("stop", "duin-ed", "--care", "ED", party="duin").out
        assert "duin-ed, ED: stop · no end is said" in said, said
        said = tools.plek("stop", "duin-ed", "--care", "ED", "--until", "2h", party="duin").out
        assert "tomorrow, in" not in said and "no end" not in said, said


def test_who_names_a_place_of_others_is_told_its_own():
    with Region() as region:
        region.enrol_agent("berg", {f"berg-{n}": "oost" for n in range(1, 8)})
        tools, _ = hospital(region)
        said = tools.plek("stop", "Duin", "--care", "ED", party="duin", expect=REFUSED).err
        assert "not enrolled to speak for location Duin" in said, said
        assert "note: this key speaks for duin-ed." in said, said
        said = tools.plek("stop", "Duin", "--care", "ED", party="berg", expect=REFUSED).err
        assert re.search(r"speaks for (berg-\d, ){5}\.\.\. \(7; plek whoami lists them\)", said), said


def test_who_may_not_read_is_told_who_may():
    with Region() as region:
        tools, _ = hospital(region)
        said = tools.plek("history", "duin-ed", party="duin", expect=REFUSED).err
        assert "role SUBSCRIBER or COORDINATOR" in said and "authority" in said, said


def test_what_looks_like_patient_data_is_asked_back():
    with Region() as region:
        tools, reader = hospital(region)
        words = "mw Jansen 12-3-1950, BSN 123456782"
        for command in (("put", "door", *ED, "STOP"), ("stop", "duin-ed"), ("close", "duin-ed")):
            for option in ("--text", "--by", "--label"):
                said = tools.plek(*command, "--care", "ED", option, words, party="duin",
                                  expect=USAGE).err
                assert f"{option} looks like patient data" in said and "--sure" in said, said
        tools.plek("stop", "duin-ed", "--care", "ED", "--text", "both CTs down since 22-11-2099",
                   party="duin")
        tools.plek("stop", "duin-ed", "--care", "ED", "--text", words, "--sure", party="duin")
        assert reader.wait(lambda: only(reader, "door")).update.door.text
        reader.wait(lambda: only(reader, "door").update.door.text == words)


if __name__ == "__main__":
    tap.run(globals())
