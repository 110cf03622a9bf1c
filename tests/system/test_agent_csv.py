#!/usr/bin/python3
"""plek-agent csv on real files: what a reader holds, against an independent reading of the file"""

import csv
import datetime
import decimal
import json
import math
import re
import subprocess
import time

import plek_pb2 as pb
import tap
from harness import Region, until_true
from tools import AGENT, DONE, PLEK, REFUSED, Tools, copy_mapping, real_data, run

HHS = "hhs/facility_dataset.csv"
DIVI = "divi/Intensivregister_Bundeslaender_Kapazitaeten.csv"
COUNT_FIELDS = {name: pb.Counts.DESCRIPTOR.fields_by_name[name].number for name in (
    "physical", "staffed", "occupied", "reserved", "blocked", "available", "surge_7d")}
SUPPRESSED, NOT_ASKED = "suppressed", "not asked"
CLOCK_MS = 2000  # the agent's clock, and what it learns of the broker's


def rows_of(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def day_ms(text, offset_h=0):
    """Midnight of a day written with - or /."""
    day = datetime.datetime.strptime(text.replace("/", "-"), "%Y-%m-%d")
    return int((day - datetime.datetime(1970, 1, 1)).total_seconds() - offset_h * 3600) * 1000


def number(text):
    """What a field of the HHS file says."""
    if not text:
        return NOT_ASKED
    value = decimal.Decimal(text)
    return SUPPRESSED if value == -999999 else math.floor(value)


def said_of(counts, field):
    """What a report says of a field."""
    if counts.HasField(field):
        return getattr(counts, field)
    why = {item.field: item.why for item in counts.missing}
    return {pb.MISSING_SUPPRESSED: SUPPRESSED, pb.MISSING_NOT_ASKED: NOT_ASKED,
            None: None}[why.get(COUNT_FIELDS[field])]


def by_unit(reader):
    """(location, unit, or None of a card) -> update."""
    return {(record.update.location,
             record.update.unit if record.update.HasField("unit") else None): record.update
            for record in reader.records().values()}


def assert_counts(update, care, expected):
    assert update.counts.care == care
    for field in COUNT_FIELDS:
        said = said_of(update.counts, field)
        assert said == expected.get(field), (update.location, update.unit, field, said, expected)


# ------------------------------------------------------------------ HHS

def hhs(region, data):
    """The party that speaks for all hospitals of the file, a reader, and what the file says."""
    rows = rows_of(data)
    region.enrol_agent("hhs", {f"hhs-{row['hospital_pk']}": "oost" for row in rows})
    newest, _ = newest_of(rows)
    return Tools(region), rows, newest


def newest_of(rows):
    """Of two weeks of one hospital, the later one is now; how many came behind a later one."""
    newest, n_older = {}, 0
    for row in rows:
        held = newest.get(row["hospital_pk"])
        if held and day_ms(row["collection_week"]) < day_ms(held["collection_week"]):
            n_older += 1
        else:
            newest[row["hospital_pk"]] = row
    return newest, n_older


def assert_is_picture(reader, newest):
    """Each record says what the file says, and there are no others."""
    held = by_unit(reader)
    assert len(held) == 3 * len(newest), (len(held), len(newest))
    for key, row in newest.items():
        location = f"hhs-{key}"
        card, icu, inpatient = (held[location, unit] for unit in (None, "icu", "inpatient"))
        assert card.card.name == row["hospital_name"]
        assert card.card.kind == ("V6" if row["hospital_subtype"] == "Short Term" else "V4")
        assert icu.label == f"{row['city']}, adult ICU"
        assert_counts(icu, pb.CARE_ICU_ADULT, {
            "staffed": number(row["total_staffed_adult_icu_beds_7_day_avg"]),
            "occupied": number(row["staffed_adult_icu_bed_occupancy_7_day_avg"])})
        assert_counts(inpatient, pb.CARE_WARD, {
            "physical": number(row["total_beds_7_day_avg"]),
            "staffed": number(row["inpatient_beds_7_day_avg"]),
            "occupied": number(row["inpatient_beds_used_7_day_avg"])})
        for update in (icu, inpatient):
            # Nobody takes an average of a week, rounded, for today's count.
            assert update.definition == "hhs-7-day-average-floor"
            assert abs(update.observed_at_ms - day_ms(row["collection_week"])) < CLOCK_MS
            assert update.valid_for_s == 7 * 86400 and update.source == pb.SOURCE_AUTOMATIC


def test_each_record_says_what_the_file_says():
    data = real_data(HHS)
    with Region() as region:
        tools, rows, newest = hhs(region, data)
        # The file is what the sentence of this test's name needs: all of these occur in it.
        texts = [field for row in rows for field in row.values()]
        assert "-999999.0" in texts and "" in texts and "55.1" in texts
        assert any("," in row["hospital_name"] for row in rows) and len(newest) < len(rows)

        n_older = newest_of(rows)[1]
        mapping = copy_mapping(region, "hhs.map", data)
        said = tools.agent_once("hhs", "--once", mapping).out
        assert f"{len(rows)} rows, {3 * (len(rows) - n_older)} reports, 0 wrong" in said, said
        assert f"{3 * len(newest)} accepted, 0 refused" in said
        reader = region.reader("meldkamer")
        assert_is_picture(reader, newest)


def test_a_file_written_again_sends_only_the_rows_that_changed():
    data = real_data(HHS)
    with Region() as region:
        tools, rows, newest = hhs(region, data)
        mapping = copy_mapping(region, "hhs.map", data)
        file = region.directory / data.name
        file.unlink()
        file.write_bytes(data.read_bytes())
        feed = tools.agent("hhs", mapping)
        reader = region.reader("meldkamer")
        reader.wait(lambda: len(reader.records()) == 3 * len(newest))
        assert_is_picture(reader, newest)

        changed = next(row for row in rows if row is newest[row["hospital_pk"]]
                       and number(row["inpatient_beds_used_7_day_avg"]) not in (0, SUPPRESSED))
        changed["inpatient_beds_used_7_day_avg"] = "-999999"
        seen = len(reader.events)
        aside = file.with_suffix(".new")
        with aside.open("w", newline="", encoding="utf-8") as out:
            writer = csv.DictWriter(out, rows[0].keys(), quoting=csv.QUOTE_ALL)
            writer.writeheader()
            writer.writerows(rows)
        aside.rename(file)
        key = (f"hhs-{changed['hospital_pk']}", "inpatient")
        reader.wait(lambda: said_of(by_unit(reader)[key].counts, "occupied") == SUPPRESSED)
        assert_is_picture(reader, newest)
        touched = {event[1][2:5:2] for event in reader.events[seen:] if event[0] == "record"}
        # Of a hospital with two weeks in the file, the later one is said each time.
        twice = {f"hhs-{row['hospital_pk']}" for row in rows
                 if row is not newest[row["hospital_pk"]]}
        assert {name for name in touched if name[0] not in twice} == {key}, touched
        assert feed.stop() == DONE


# ------------------------------------------------------------------ DIVI

def divi_number(text):
    return NOT_ASKED if text == "NA" else int(text)


def divi_counts(row):
    used, free = (divi_number(row[f"intensivbetten_{name}"]) for name in ("belegt", "frei"))
    return {"staffed": NOT_ASKED if NOT_ASKED in (used, free) else used + free, "occupied": used,
            "surge_7d": divi_number(row["intensivbetten_7_tage_notfallreserve"])}


def divi_day_ms(text):
    """Midnight in Germany."""
    utc = datetime.datetime.fromtimestamp(day_ms(text) / 1000, datetime.timezone.utc)

    def last_sunday(month):
        last = datetime.date(utc.year, month, 31)
        return last - datetime.timedelta((last.weekday() + 1) % 7)
    # The clock goes forward after midnight of the first of these, and back after that of the second.
    return day_ms(text, 2 if last_sunday(3) < utc.date() <= last_sunday(10) else 1)


class Watch:
    """plek watch into a file: a reader of ours that does not slow down for this test."""

    def __init__(self, region, tools, party):
        region.keep(self)
        self.path = region.directory / f"{party}.events"
        with self.path.open("wb") as out:
            self.process = subprocess.Popen(  # pylint: disable=consider-using-with
                [PLEK, "watch", "--json", "--renewed", *map(str, tools.as_party(party))],
                env=tools.env, stdin=subprocess.DEVNULL, stdout=out)
        until_true(lambda: b'"in_sync":true' in self.path.read_bytes(), what="the watch in sync")

    def records(self, seconds, last):
        """What was said of records by the time that @last stands in it, oldest first."""
        until_true(lambda: last in self.path.read_bytes(), seconds, f"{last} watched")
        events = (json.loads(line) for line in self.path.read_bytes().splitlines())
        return [event for event in events if event["event"] == "record"
                and event["freshness"] != "NEVER" and event["change"] != "TIME"]

    def close(self):
        self.process.kill()
        self.process.wait()


def assert_was_watched(events, series):
    """Each day of each state, in order."""
    days = {location: [] for location in series}
    for event in events:
        days[event["location"]].append((event["counts"].get("occupied"), event["observed_at_ms"]))
    for location, history in series.items():
        for (occupied, observed), row in zip(days[location], history, strict=True):
            assert occupied == divi_counts(row)["occupied"], (location, row["datum"], occupied)
            assert abs(observed - divi_day_ms(row["datum"])) < CLOCK_MS, (observed, row)


def test_a_series_is_replayed_in_its_order_to_its_last_day():
    data = real_data(DIVI)
    # As fast as they go: without the limit that keeps a party from crowding out others.
    with Region(settings={"updates-per-second": "1000000"}) as region:
        rows = rows_of(data)
        assert len(rows) == 37552, "another edition of the file; nothing below rests on its length"
        series = {}
        for row in rows:
            series.setdefault(f"land-{row['bundesland_id']}", []).append(row)
        region.enrol_agent("divi", dict.fromkeys(series, "oost"))
        region.enrol_reader("meldkamer")
        tools = Tools(region)
        watch = Watch(region, tools, "meldkamer")

        started = time.monotonic()
        said = tools.agent_once("divi", "--replay", copy_mapping(region, "divi.map", data),
                                seconds=150).out
        took = time.monotonic() - started
        print(f"# {len(rows)} rows of {len(series)} records in {took:.1f} s: "
              f"{len(rows) / took:.0f} rows/s, each after the receipt of the one before it")
        assert said.splitlines() == [f"{len(rows)} rows, {len(rows)} reports, 0 wrong",
                                     f"{len(rows)} accepted, 0 refused"], said
        assert region.metrics()["plek_updates_accepted_total", ""] == len(rows)

        reader = region.reader("zcc", coord=True)
        held = by_unit(reader)
        assert len(held) == len(series)
        for location, history in series.items():
            update = held[location, "its"]
            assert_counts(update, pb.CARE_ICU_ADULT, divi_counts(history[-1]))
            assert update.label == history[-1]["bundesland_name"]
        last = max(record.revision for record in reader.records().values())
        assert_was_watched(watch.records(30, b'"revision":%d,' % last), series)


def test_check_of_a_real_file_speaks_to_no_broker_and_names_each_bad_row():
    data = real_data(HHS)
    region = Region(start=False)
    try:
        mapping = copy_mapping(region, "hhs.map", data)
        said = run(AGENT, "csv", "--check", mapping).out
        assert f"22 rows, {66 - 3 * newest_of(rows_of(data))[1]} reports, 0 wrong" in said, said
        lines = data.read_text(encoding="utf-8").splitlines()
        header = lines[0].split(",")
        lines[5] = lines[5].replace(",10.8,", ",ten,", 1)
        lines[8] += ",one field too many"
        (region.directory / data.name).unlink()
        (region.directory / data.name).write_text("\n".join(lines), encoding="utf-8")
        done = run(AGENT, "csv", "--check", mapping, expect=REFUSED)
        assert "line 6, column total_beds_7_day_avg: 'ten' is not a number" in done.err, done.err
        assert re.search(r"line 9 has \d+ fields, the header \d+", done.err), done.err
        assert len(done.err.splitlines()) == 2 and "total_beds_7_day_avg" in header
        assert "21 rows, 59 reports, 2 wrong" in done.out, done.out
    finally:
        region.__exit__(None, None, None)


if __name__ == "__main__":
    tap.run(globals())
