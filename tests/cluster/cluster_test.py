#!/usr/bin/env python3
"""Tests of the embedded cluster itself, on real clusters of its own.

usage: cluster_test.py [kwok] [images] [real] [host]      (default: all; all but kwok need root)

Every "closed" check has its "open" twin in the same run. Ends with 'N passed, N failed'.
"""

import sys

sys.dont_write_bytecode = True

from checks import harness, host, images, kwok, real

GROUPS = {"kwok": kwok.CASES, "images": images.CASES, "real": real.CASES, "host": host.CASES}


def main() -> int:
    wanted = sys.argv[1:] or list(GROUPS)
    unknown = [name for name in wanted if name not in GROUPS]
    if unknown:
        print(__doc__.strip())
        return 2
    return harness.run([case for name in wanted for case in GROUPS[name]])


sys.exit(main())
