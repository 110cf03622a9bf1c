#!/usr/bin/python3
"""Counts what meson ran: count.py BUILD-DIRECTORY...

A program that reports its tests one by one (TAP) counts as those, any other as one. A program that
ends badly counts as at least one failure, whatever it printed; one that announced more tests than
it reported has failed too. Ends with "N passed, N failed", and fails when any did or none ran.
"""

import json
import re
import sys
from collections import Counter
from pathlib import Path

REPORT = re.compile(r"^(not )?ok\b\s*\d*\s*(.*)$")
PLAN = re.compile(r"^1\.\.(\d+)")
SKIPPED = re.compile(r"#\s*skip\b", re.IGNORECASE)


def count_tap(output):
    """What TAP output says, or None where it is not TAP."""
    counts = Counter()
    planned = None
    for line in output.splitlines():
        if match := PLAN.match(line):
            planned = int(match[1])
        elif match := REPORT.match(line):
            if SKIPPED.search(match[2]):  # cmocka says "not ok" to what it skips
                counts["skipped"] += 1
            else:
                counts["failed" if match[1] else "passed"] += 1
    if planned is None:
        return None
    if planned == 0 or counts.total() != planned:
        counts["failed"] += 1
    return counts


def count_test(test):
    """One line of meson's log."""
    result = test["result"]
    if result == "SKIP":
        return Counter(skipped=1)

    counts = count_tap(test.get("stdout") or "") or Counter()
    bad = result not in ("OK", "EXPECTEDFAIL")
    if bad and not counts["failed"]:
        counts["failed"] += 1
    if not counts:
        counts["passed"] += 1
    return counts


def count_build(directory):
    """All that ran in one build directory, and the names of what failed."""
    counts, failures = Counter(), []
    log = directory / "meson-logs" / "testlog.json"
    lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
    for line in lines:
        test = json.loads(line)
        one = count_test(test)
        counts += one
        if one["failed"]:
            failures.append(test["name"])
    if not counts["passed"] and not counts["failed"]:
        counts["failed"] += 1
        failures.append("nothing ran")
    return counts, failures


def main(directories):
    total = Counter()
    for directory in directories:
        counts, failures = count_build(Path(directory))
        total += counts
        print(f"{directory}: {counts['passed']} passed, {counts['failed']} failed, "
              f"{counts['skipped']} skipped")
        for name in failures:
            print(f"    failed: {name}")

    skipped = f", {total['skipped']} skipped" if total["skipped"] else ""
    print(f"{total['passed']} passed, {total['failed']} failed{skipped}")
    return 1 if total["failed"] or not total["passed"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
