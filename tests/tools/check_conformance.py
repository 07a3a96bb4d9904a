#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs the core list of the conformance kit and compares the number of passed cases with the floor.

    check_conformance.py --kit DIRECTORY --program build/release/bin/ruzu --floor tests/conformance-floor.txt [--jobs N]
                         [--arguments='--threads 1 --buffer-pool 16MiB']

The floor file holds one number (and comments): it is raised with the change that passes more cases and never lowered.
Exit status: 0 at or above the floor, 1 below it, 2 when the kit could not be run.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile


def read_floor(path):
    with open(path, encoding='utf-8') as file:
        words = [line.split('#')[0].strip() for line in file]
    numbers = [word for word in words if word]
    if len(numbers) != 1 or not numbers[0].isdigit():
        raise ValueError('%s: expected one number' % path)
    return int(numbers[0])


def run_kit(options, report):
    command = [sys.executable, '-B', os.path.join(options.kit, 'run.py'),
               '--driver', '%s %s --jsonl {db}' % (os.path.abspath(options.program), options.arguments),
               '--case-list', os.path.join(options.kit, 'core-cases.txt'),
               '--jobs', str(options.jobs), '--report', report, '--report-only',
               os.path.join(options.kit, 'cases')]
    status = subprocess.run(command, check=False).returncode
    if status != 0 or not os.path.exists(report):
        sys.stderr.write('the conformance kit ended with %d\n' % status)
        return None
    with open(report, encoding='utf-8') as file:
        return json.load(file)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--kit', required=True, help='directory of run.py, core-cases.txt and cases')
    parser.add_argument('--program', required=True, help='the ruzu program')
    parser.add_argument('--floor', required=True, help='file with the number of cases that must pass')
    parser.add_argument('--jobs', type=int, default=2)
    parser.add_argument('--arguments', default='', help='more arguments of the program')
    options = parser.parse_args()
    floor = read_floor(options.floor)
    passed = 0
    if os.path.exists(options.program):
        with tempfile.TemporaryDirectory() as folder:
            result = run_kit(options, os.path.join(folder, 'report.json'))
        if result is None:
            return 2
        passed = result['passed']
        broken = [name for name, case in sorted(result['cases'].items()) if not case['ok']]
        if passed < floor:
            print('failed cases:\n  ' + '\n  '.join(broken))
    else:
        print('%s is not built: no case passes' % options.program)
    print('conformance: %d core cases passed, the floor is %d' % (passed, floor))
    if passed > floor:
        print('raise the number in %s' % options.floor)
    return 0 if passed >= floor else 1


if __name__ == '__main__':
    sys.exit(main())
