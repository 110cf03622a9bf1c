#!/usr/bin/python3
"""plek-agent csv for flows and refusals: rows become cells, and nothing else of a row goes out"""

import collections
import csv
import datetime
import io
import random
import re
import time
import zoneinfo

import plek_pb2 as pb
import tap
from harness import Region, until_true
from moved_time import MovedRegion, MovedTools
from tools import REFUSED, Tools, copy_mapping, real_data, write_aside

IVENA = "ivena/allocation_import_sample.csv"
DAY_MS = 86_400_000
BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")

LIST = """
[feed]
file = list.csv
time-zone = UTC0
suppressed = <5

[report flow]
kind = flow
location = {where}
from = {from:link}
to = {to:link}
care = {care}
count = {n}
day = {day}

[values link]
ambu = AMBULANCE
gp = GP
ed = ED
home = HOME
"""

REFUSED_LIST = """
[feed]
file = refused.csv
time-zone = UTC0

[report refused]
kind = refusal
location = duin-ed
care = {care}
reason = {why:reason}
at = {when}

[values reason]
full = BEDS_FULL
staff = STAFF
"""


def write_mapping(region, name, text):
    path = region.directory / name
    path.write_text(text, encoding="utf-8")
    return path


def days_ago(days):
    return (datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=days)).strftime(
        "%Y-%m-%d")


def matrix(tools, party, *arguments, since="30d"):
    """What plek flows shows of locations: (care, from, to, location) -> count, and the answer."""
    lines = tools.plek("flows", "--from", since, "--by", "location", "--json", *arguments,
                       party=party).lines()
    return ({(line["care"], line["from"], line["to"],
              line.get("to_location") or line["from_location"]): line.get("count")
             for line in lines if line["is"] == "flow"}, lines[-1])


def shift_dates(text, days):
    """Every date of the file so many days later, those of one another as far apart as they were."""
    def later(match):
        day = datetime.datetime.strptime(match[0], "%d.%m.%Y") + datetime.timedelta(days=days)
        return day.strftime("%d.%m.%Y")
    return re.sub(r"\b\d\d\.\d\d\.\d{4}\b", later, text)


def count_allocations(rows):
    """Independently: by care, link and day."""
    cells = collections.Counter()
    for row in rows:
        care = "ED_CHILD" if row["Fachgebiet"] == "Pädiatrie" else "ED"
        link = {"Boden": "AMBULANCE", "Luft": "AIR_AMBULANCE"}[row["Transportmittel"]]
        cells[care, link, row["Datum (Eintreffzeit)"]] += 1
    return cells


def day_of(flow):
    begin = datetime.datetime.fromtimestamp(flow.from_ms / 1000, BERLIN)
    end = datetime.datetime.fromtimestamp(flow.until_ms / 1000, BERLIN)
    assert begin.time() == end.time() == datetime.time()
    assert end.date() - begin.date() == datetime.timedelta(days=1)
    return begin.strftime("%d.%m.%Y")


def flows_of(reader):
    return [record.update for record in reader.records().values()
            if record.update.HasField("flow")]


def cells_held(reader):
    return {(pb.Care.Name(u.flow.care)[5:], pb.ChainLink.Name(getattr(u.flow, "from"))[6:],
             day_of(u.flow)): u.flow.count for u in flows_of(reader)}


def parse(text):
    return list(csv.DictReader(io.StringIO(text), delimiter=";"))


def planted(rows):
    """What only columns say that the mapping does not name."""
    named = {"Krankenhaus-Kurzname", "Transportmittel", "Fachgebiet", "Datum (Eintreffzeit)"}
    return {value for row in rows for column, value in row.items()
            if column not in named and len(value) > 3 and "." not in value
            and value not in {row[name] for name in named}}


def test_an_allocation_list_of_the_field_becomes_cells_and_nothing_else():
    data = real_data(IVENA)
    text = data.read_text(encoding="utf-8")
    first = min(datetime.datetime.strptime(row["Datum (Eintreffzeit)"], "%d.%m.%Y")
                for row in parse(text))
    # Only the last 35 days are taken: the list is as if its first day were 20 days ago.
    text = shift_dates(text, (datetime.datetime.now() - first).days - 20)
    rows = parse(text)
    with MovedRegion() as region:
        region.enrol_agent("leitstelle", {"kh-test": "oost"})
        region.enrol_reader("zcc", coord=True)
        region.enrol_reader("meldkamer")
        tools = MovedTools(region)
        path = region.directory / data.name
        path.write_text(text, encoding="utf-8")
        mapping = copy_mapping(region, "ivena.map", path)
        expected = count_allocations(rows)

        def is_over(day):
            there = datetime.datetime.strptime(day, "%d.%m.%Y").replace(tzinfo=BERLIN)
            end = (there + datetime.timedelta(days=1)).timestamp() * 1000
            return end <= region.now_ms()

        now = {cell: n for cell, n in expected.items() if is_over(cell[2])}
        assert 0 < len(now) < len(expected)
        said = tools.agent_once("leitstelle", "--once", mapping).out
        assert f"{len(rows)} rows, {len(now)} reports, 0 wrong" in said, said
        assert f"{len(expected) - len(now)} flows not yet" in said, said
        coord = region.reader("zcc-2", coord=True)
        assert cells_held(coord) == now
        coord.close()

        # The rest of them are over by then, and the first ones too old to be said again.
        region.move_to(region.now_ms() + 37 * DAY_MS)
        said = tools.agent_once("leitstelle", "--once", mapping).out
        assert f"{len(now)} flows and refusals of more than 35 days ago" in said, said
        sums = collections.Counter()
        for (care, link, _), count in expected.items():
            sums[care, link, "ED", "kh-test"] += count
        found, _ = matrix(tools, "zcc", since="90d")
        assert found == sums, (found, sums)
        found, _ = matrix(tools, "meldkamer", since="90d")
        assert not any(found.values()), "each is a small count"

        coord = region.reader("zcc-3", coord=True)
        wire = b"".join(record.envelope for record in coord.records().values())
        assert b"kh-test" in wire
        secrets = planted(rows)
        assert len(secrets) > 10
        for secret in secrets:
            assert secret.encode() not in wire and secret not in said, secret


def test_rows_are_counted_as_an_independent_reader_counts_them():
    data = real_data(IVENA)
    chance = random.Random(20261122)
    [first, *_] = parse(data.read_text(encoding="utf-8"))
    rows = []
    for _ in range(2_000):
        day = datetime.datetime.now(BERLIN).date() - datetime.timedelta(chance.randint(2, 30))
        rows.append(first | {"Datum (Eintreffzeit)": day.strftime("%d.%m.%Y"),
                             "Transportmittel": chance.choices(["Boden", "Luft"], [9, 1])[0],
                             "Fachgebiet": chance.choices(["Chirurgie", "Pädiatrie"], [4, 1])[0]})
    out = io.StringIO()
    writer = csv.DictWriter(out, list(first), delimiter=";", quoting=csv.QUOTE_ALL)
    writer.writeheader()
    writer.writerows(rows)
    with Region(settings={"updates-per-second": "100000"}) as region:
        region.enrol_agent("leitstelle", {"kh-test": "oost"})
        region.enrol_reader("zcc", coord=True)
        region.enrol_reader("meldkamer")
        tools = Tools(region)
        path = region.directory / data.name
        path.write_text(out.getvalue(), encoding="utf-8")
        expected = count_allocations(rows)
        said = tools.agent_once("leitstelle", "--once", copy_mapping(region, "ivena.map", path)).out
        assert f"{len(rows)} rows, {len(expected)} reports, 0 wrong" in said, said
        assert f"{len(expected)} accepted, 0 refused" in said, said

        for party, least in (("zcc", 1), ("meldkamer", 5)):
            sums = collections.Counter()
            for (care, link, _), count in expected.items():
                sums[care, link, "ED", "kh-test"] += count if count >= least else 0
            found, answer = matrix(tools, party, since="40d")
            assert {cell: n for cell, n in found.items() if n} == +sums, (party, found, sums)
            assert answer["overlapping"] == 0
        small = [n for n in expected.values() if n < 5]
        assert small and len(small) < len(expected), "both kinds are in it"


def test_aggregated_rows_are_flows_and_bad_ones_do_not_stop_the_others():
    with Region() as region:
        region.enrol_agent("duin", {"duin-ed": "oost"})
        region.enrol_reader("zcc", coord=True)
        region.enrol_reader("meldkamer")
        tools = Tools(region)
        day = days_ago(3)
        mapping = write_mapping(region, "list.map", LIST)
        (region.directory / "list.csv").write_text(
            "where,from,to,care,n,day,complaint\n"
            f"duin-ed,ambu,ed,ED,41,{day},hip\n"
            f"duin-ed,gp,ed,ED,twelve,{day},\n"
            f"duin-ed,tank,ed,ED,12,{day},\n"
            f"duin-ed,gp,ed,ED,3,{day},\n"
            f"duin-ed,ed,home,ED,12,{day},\n"
            f"duin-ed,ed,home,ED,8,{day},\n"
            f"duin-ed,gp,ed,WARD,<5,{day},\n"
            "duin-ed,ambu,ed,ED,9,yesterday,\n"
            f"duin ed,ambu,ed,ED,9,{day},\n", encoding="utf-8")
        done = tools.agent_once("duin", "--once", mapping, expect=REFUSED)
        for fault in ("line 3, column n: 'twelve' is not a number",
                      "line 4, column from: [values link] does not know 'tank'",
                      "line 9, column day: 'yesterday' is not a time",
                      "line 10, [report flow], location:"):
            assert fault in done.err, done.err
        assert "4 reports, 4 wrong" in done.out and "4 accepted, 0 refused" in done.out, done.out
        found, _ = matrix(tools, "zcc")
        assert found == {("ED", "AMBULANCE", "ED", "duin-ed"): 41, ("ED", "GP", "ED", "duin-ed"): 3,
                         ("ED", "ED", "HOME", "duin-ed"): 20, ("WARD", "GP", "ED", "duin-ed"): None}
        found, _ = matrix(tools, "meldkamer")
        assert ("ED", "GP", "ED", "duin-ed") not in found
        assert found["ED", "AMBULANCE", "ED", "duin-ed"] == 41


def refusals(reader):
    return [record.update.refusal for record in reader.records().values()
            if record.update.HasField("refusal")]


def test_refusals_are_one_a_row_however_often_the_file_is_read():
    with Region() as region:
        region.enrol_agent("duin", {"duin-ed": "oost"})
        tools, coord = Tools(region), region.reader("zcc", coord=True)
        mapping = write_mapping(region, "refused.map", REFUSED_LIST)
        head = "care,why,when,name\n"
        row = f"ICU_ADULT,full,{days_ago(1)} 10:15,Jansen\n"
        other = f"ED,staff,{days_ago(2)} 03:00,Pietersen\n"
        path = write_aside(region.directory / "refused.csv", head + row + row)
        agent = tools.agent("duin", mapping)
        coord.wait(lambda: len(refusals(coord)) == 2)
        write_aside(path, head + row + other + row)
        coord.wait(lambda: len(refusals(coord)) == 3)
        agent.stop()
        done = tools.agent_once("duin", "--once", mapping).out  # which has kept nothing
        assert "3 rows, 3 reports, 0 wrong" in done and "3 accepted" in done, done
        tools.put("duin", "counts", "--location", "duin-ed", "--care", "ED", "staffed=1")
        coord.wait(lambda: any(r.update.HasField("counts") for r in coord.records().values()))
        held = refusals(coord)
        assert len(held) == 3 and all(refusal.count == 1 for refusal in held)
        assert sorted(refusal.reason for refusal in held) == sorted(
            [pb.REASON_BEDS_FULL, pb.REASON_BEDS_FULL, pb.REASON_STAFF])


def test_a_day_is_said_when_it_is_over_though_nobody_writes_the_file_again():
    with MovedRegion() as region:
        region.enrol_agent("duin", {"duin-ed": "oost"})
        tools = MovedTools(region)
        mapping = write_mapping(region, "list.map", LIST)
        today = time.strftime("%Y-%m-%d", time.gmtime(region.now_ms() / 1000))
        write_aside(region.directory / "list.csv",
                    f"where,from,to,care,n,day\nduin-ed,ambu,ed,ED,41,{today}\n"
                    f"duin-ed,gp,ed,ED,40,{days_ago(4)}\n")
        tools.agent("duin", mapping)
        coord = region.reader("zcc", coord=True)
        coord.wait(lambda: [u.flow.count for u in flows_of(coord)] == [40])
        region.move_to(region.now_ms() + DAY_MS)
        until_true(lambda: region.metrics()["plek_updates_accepted_total", ""] > 1,
                   what="the day that is over")
        assert sorted(u.flow.count for u in flows_of(region.reader("zcc-2", coord=True))) == [40, 41]


if __name__ == "__main__":
    tap.run(globals())
