"""Runs the functions test_* of a file, one after the other, and reports each (TAP).

A test that cannot run here raises Skip and says why. A file's exit status is 0 only if something
ran and nothing failed; it is 77 (meson: skipped) if everything was skipped.
"""

import sys
import traceback


class Skip(Exception):
    """What this test needs is not on this machine; the sentence says what."""


def run(namespace):
    tests = [(name, test) for name, test in namespace.items()
             if name.startswith("test_") and callable(test)]
    failed = skipped = 0

    print(f"1..{len(tests)}", flush=True)
    for number, (name, test) in enumerate(tests, 1):
        try:
            test()
            print(f"ok {number} - {name}", flush=True)
        except Skip as reason:
            skipped += 1
            print(f"ok {number} - {name} # SKIP {reason}", flush=True)
        except Exception:  # pylint: disable=broad-except  # whatever went wrong, the next one runs
            failed += 1
            print(f"not ok {number} - {name}", flush=True)
            traceback.print_exc()

    if failed or not tests:
        sys.exit(1)
    sys.exit(77 if skipped == len(tests) else 0)
