#!/usr/bin/python3
"""plek export and plek import: documents of others, what they cannot say, and the same picture back"""

import csv
import io
import json
import xml.etree.ElementTree as ET

import tap
from harness import Region, until_true
from tools import FILE, REFUSED, USAGE, Tools

HAVE = "{urn:oasis:names:tc:emergency:EDXL:HAVE:1.0}"
DUIN = ("--location", "duinzicht")
DERIVED = {"party_name", "region", "freshness", "standing", "received_at", "enrolled", "flags"}


def region_with_a_picture(region):
    """A hospital with beds, a stop and a card; a coordination centre that reads all."""
    region.enrol_agent("duin", {"duinzicht": "oost"}, name="Duinzicht")
    region.enrol_agent("stil", {"stilte": "oost"})
    region.enrol_reader("meldkamer")
    tools = Tools(region)
    tools.put("duin", "card", *DUIN, "--name", "Ziekenhuis Duinzicht", "--kind", "V6", "--position",
              "52.95,4.02", "--phone", "SEH-arts=088 000 0201", "--identifier", "agb=06010101",
              "--hours", "24/7", "--time-zone", "Europe/Amsterdam")
    tools.put("duin", "counts", *DUIN, "--unit", "ic", "--label", "IC <oost>", "--care", "ICU_ADULT",
              "staffed=12", "occupied=10", "expected_in=SUPPRESSED")
    tools.put("duin", "counts", *DUIN, "--care", "HOME_CARE", "available=4")
    tools.plek("stop", "duinzicht", "--care", "ED", "--except", "MULTITRAUMA", "--until", "2h",
               "--reason", "ED_CROWDING", "--text", "vol; even geduld", party="duin")
    return tools


def export(tools, name, *arguments, **options):
    """(the document, what was listed) of an export to a file."""
    path = tools.region.directory / f"picture.{name}"
    losses = tools.region.directory / f"picture.{name}.losses"
    tools.plek("export", "--format", name, "--output", path, "--losses", losses, *arguments,
               party="meldkamer", **options)
    return path, losses.read_text(encoding="utf-8").splitlines()


def read_back(tools, name, path):
    """What import reads: id -> {field: value}."""
    return {record["id"]: record
            for record in tools.plek("import", "--format", name, "--check", path).lines()}


def test_csv_gives_back_the_whole_picture():
    with Region() as region:
        tools = region_with_a_picture(region)
        path, losses = export(tools, "csv")
        assert losses == ["# stil/stilte: never reported"]
        records = read_back(tools, "csv", path)
        held = {record["id"]: record for record in tools.get("meldkamer")}
        assert set(records) == set(held) and len(held) == 4, (sorted(records), sorted(held))
        icu = records["ACTUAL/duin/duinzicht/counts/ic/ICU_ADULT"]
        assert icu["staffed"] == 12 and icu["occupied"] == 10 and "available" not in icu
        assert icu["expected_in"] == "SUPPRESSED" and icu["label"] == "IC <oost>"
        assert icu["source"] == "MANUAL"
        stop = records["ACTUAL/duin/duinzicht/door/-/ED"]
        assert stop["exceptions"] == "MULTITRAUMA" and stop["text"] == "vol; even geduld"
        # A reader of CSV alone sees how old each row is, and what its reader made of it.
        rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))
        assert DERIVED <= set(rows[0]) and {row["freshness"] for row in rows} == {"FRESH"}
        # The same picture is the same document; --complete lets through what loses nothing.
        assert export(tools, "csv", "--complete")[0].read_bytes() == path.read_bytes()


def test_have_lacks_exactly_what_was_listed():
    with Region() as region:
        tools = region_with_a_picture(region)
        whole = read_back(tools, "csv", export(tools, "csv")[0])
        path, losses = export(tools, "have")
        back = read_back(tools, "have", path)

        listed = {tuple(line.split(": ")[0].split(" ")) for line in losses if line[0] != "#"}
        lost = set()
        for name, record in whole.items():
            if name not in back:
                lost.add((name,))
                continue
            fields = (set(record) | set(back[name])) - {"audience"}
            lost |= {(name, field) for field in fields
                     if record.get(field) != back[name].get(field)}
        assert lost == listed, (lost, listed)
        assert ("ACTUAL/duin/duinzicht/counts/-/HOME_CARE",) in lost
        assert ("ACTUAL/duin/duinzicht/counts/ic/ICU_ADULT", "occupied") in lost

        hospital = ET.parse(path).getroot().find(f"{HAVE}Hospital")
        assert hospital.find(f".//{HAVE}EMSTrafficStatus").text == "Closed"
        assert "except MULTITRAUMA" in hospital.find(f".//{HAVE}EMSTrafficReason").text
        assert hospital.find(f".//{HAVE}AvailableCount").text == "2"
        assert hospital.find(f".//{HAVE}BedType").text == "AdultICU"

        tools.plek("export", "--format", "have", "--complete", "--output",
                   region.directory / "none.xml", party="meldkamer", expect=REFUSED)
        assert not (region.directory / "none.xml").exists()


def test_fhir_has_the_codes_of_saner_and_of_safr():
    with Region() as region:
        tools = region_with_a_picture(region)
        path, losses = export(tools, "fhir")
        bundle = json.loads(path.read_text(encoding="utf-8"))
        text = json.dumps(bundle)
        assert bundle["resourceType"] == "Bundle"
        assert '"numICUBeds"' in text and '"112575-6"' in text
        assert any(line.startswith("ACTUAL/duin/duinzicht/door/-/ED: ") for line in losses)
        back = read_back(tools, "fhir", path)
        assert back["ACTUAL/duin/duinzicht/counts/ic/ICU_ADULT"]["staffed"] == 12
        assert back["ACTUAL/duin/duinzicht/card"]["name"] == "Ziekenhuis Duinzicht"


def test_what_is_for_few_or_is_no_real_thing_is_only_there_when_asked_for():
    with Region() as region:
        tools = region_with_a_picture(region)
        region.enrol_reader("centrale", coord=True)
        tools.put("duin", "counts", *DUIN, "--care", "BURN", "--audience", "COORD", "available=54321")
        tools.put("duin", "counts", *DUIN, "--care", "NICU", "--status", "EXERCISE", "available=65432")
        tools.put("duin", "counts", *DUIN, "--care", "PICU", "--status", "TEST", "available=76543")
        for name in ("have", "fhir", "csv"):
            def document(*arguments):
                return tools.plek("export", "--format", name, *arguments, party="centrale").out

            plain = document()
            assert not any(number in plain for number in ("54321", "65432", "76543")), plain
            assert "54321" in document("--audience", "COORD")
            exercise, test = document("--status", "EXERCISE"), document("--status", "TEST")
            assert "65432" in exercise and "xercise" in exercise.replace("EXERCISE", "Exercise")
            assert "76543" in test and "est" in test.replace("TEST", "Test")
            assert "Ziekenhuis Duinzicht" not in exercise + test


def test_an_import_publishes_what_the_key_may_speak_for_and_marks_what_others_said():
    with Region() as region:
        tools = region_with_a_picture(region)
        path, _ = export(tools, "csv")
        region.enrol_agent("kopie", {"duinzicht": "oost"})
        assert tools.plek("import", "--format", "csv", "--json", path, party="kopie").one() == {
            "accepted": 4, "refused": 0, "not_ours": 0}
        copies = [r for r in tools.get("meldkamer") if r["party"] == "kopie"]
        assert len(copies) == 4 and {r["source"] for r in copies} == {"RELAYED"}
        icu = [r for r in copies if r.get("unit") == "ic"][0]
        assert icu["counts"]["staffed"] == 12 and icu["counts"]["expected_in"] == "SUPPRESSED"

        # Its own, read back by who said it, is not relayed.
        tools.plek("import", "--format", "csv", path, party="duin")
        own = [r for r in tools.get("meldkamer") if r["party"] == "duin" and r.get("unit") == "ic"]
        assert own[0]["source"] == "MANUAL"

        said = tools.plek("import", "--format", "csv", path, party="stil", expect=REFUSED)
        assert "nothing in it is of a location that this key may speak for" in said.err


def test_what_is_no_such_document_is_refused_with_the_reason():
    with Region() as region:
        tools = region_with_a_picture(region)
        path = region.write_file("wrong.txt", "<a", 0o600)
        assert "line 1: " in tools.plek("import", "--format", "have", "--check", path,
                                        expect=REFUSED).err
        assert "is no document of format fhir" in tools.plek(
            "import", "--format", "fhir", "--check", path, expect=REFUSED).err
        tools.plek("import", "--format", "csv", "--check", region.directory / "none", expect=FILE)
        tools.plek("import", "--check", path, expect=USAGE)
        tools.plek("export", "--format", "pdf", party="meldkamer", expect=USAGE)


def test_what_is_distrusted_is_in_no_document_and_what_is_silent_says_so():
    with Region() as region:
        tools = region_with_a_picture(region)
        region.enrol_agent("bos", {"bos": "oost"})
        tools.put("bos", "counts", "--location", "bos", "--care", "WARD", "available=43219",
                  "--valid-for", "1s")
        region.submit(region.authority.revoke("duin", [region.key("duin").public],
                                              distrusted_since_ms=1))
        until_true(lambda: {r["freshness"] for r in tools.get("meldkamer", "--location", "bos")}
                   == {"SILENT"}, what="silence")
        for name in ("have", "fhir", "csv"):
            path, losses = export(tools, name)
            said = path.read_text(encoding="utf-8")
            assert "Duinzicht" not in said and "43219" in said, said
            assert ("ACTUAL/duin/duinzicht/counts/ic/ICU_ADULT: is distrusted; it is left out"
                    in losses), losses
            silent = [line for line in losses if "freshness: is SILENT" in line]
            assert len(silent) == (name != "csv"), losses
        row = list(csv.DictReader(io.StringIO(said)))[0]
        assert (row["freshness"], row["enrolled"], row["flags"]) == ("SILENT", "ENROLLED", "")


def test_what_happened_is_listed_and_in_no_document():
    with Region() as region:
        tools = region_with_a_picture(region)
        tools.plek("flow", "duinzicht", "--from", "AMBULANCE", "--to", "ED", "--care", "ED",
                   "--count", "4711", "--begin", "3d", party="duin")
        for name in ("csv", "have", "fhir"):
            path, losses = export(tools, name)
            assert any("flow" in line and "it happened" in line for line in losses), losses
            assert "4711" not in path.read_text(encoding="utf-8")


if __name__ == "__main__":
    tap.run(globals())
