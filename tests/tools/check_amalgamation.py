#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes the amalgamation, compiles it alone, and runs an application built with it.

    check_amalgamation.py --source TREE --cc CC SOURCE…        (sources relative to TREE/src)
"""
import argparse
import os
import subprocess
import sys
import tempfile


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--source', required=True)
    parser.add_argument('--cc', required=True)
    parser.add_argument('sources', nargs='+')
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix='ruzu_amalgamation_') as folder:
        program = os.path.join(folder, 'consume')
        for command in (
                [sys.executable, '-B', os.path.join(options.source, 'src/cmake/amalgamate.py'), '--source', options.source,
                 '--out', folder, '--version', '0', *options.sources],
                [options.cc, '-std=c11', '-O0', '-Wpedantic', '-Werror', '-I', folder,
                 os.path.join(folder, 'ruzu.c'), os.path.join(options.source, 'tests/install/consume.c'),
                 '-o', program, '-lpthread', '-lm'],
                [program]):
            if subprocess.run(command, check=False, cwd=folder).returncode != 0:
                print('failed: ' + ' '.join(command[:6]) + ' …')
                return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
