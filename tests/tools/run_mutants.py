#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests the tests: builds the library with one deliberate defect after the other and runs the default tests until one fails.

    run_mutants.py --source TREE --build DIRECTORY [--only 1,4-7] [--log FILE] [--whole] [--baseline] [-v]

The defects are the RZ_MUTANT_IS(n) of src/. For each one, DIRECTORY is configured with -DRZ_MUTANT=n, and the tests of MUTANTS[n] are
built and run, one by one, until one fails: then the mutant is killed. When none does, --whole goes on with all other tests; without it
the mutant has survived. --baseline runs the same tests without a defect: there they must pass. Each result is a line of JSON in the log;
what stands there as killed is not run again (--again does). Exit code 0: every mutant was killed.

A test that hangs counts as failed: a mutant may well loop or wait for ever.
"""
import argparse
import json
import os
import re
import subprocess
import sys
import time

# number: (what is wrong, [the test that kills it, …]). docs/testing.md says the same with the reasons.
MUTANTS = {
    1: ('data is not synced before the header', ['crash.named_checkpoint']),
    2: ('header before the pages', ['crash.named_checkpoint']),
    3: ('the log is not synced', ['unit.wal.crash']),
    4: ('always the same header slot', ['unit.page.disk']),
    5: ('records are not chained', ['unit.wal.damage']),
    6: ('page checksums without the page number', ['unit.page.disk']),
    7: ('records of another salt are accepted', ['unit.wal.log']),
    8: ('freed pages beyond the durable end count as new', ['crash.enumerate']),
    9: ('pages are reused before the second slot is synced', ['crash.named_checkpoint']),
    10: ('short writes are taken for whole ones', ['unit.os.faults']),
    11: ('a failed sync is tried again', ['unit.api.simulated']),
    12: ('records of a failed append stay in the log', ['unit.wal.fault']),
    13: ('a commit is visible before it is synced', ['unit.api.simulated']),
    14: ('folded transactions are replayed again', ['unit.wal.log']),
    15: ('a rollback leaves adjacency entries', ['unit.table.rel']),
    16: ('relationships are not inserted backward', ['unit.table.rel']),
    17: ('zone maps ignore updates', ['unit.table.update']),
    18: ('a snapshot sees one commit too many', ['unit.table.node']),
    19: ('closing another descriptor drops the lock', ['unit.os.file']),
    20: ('the directory is not synced', ['unit.wal.crash']),
    21: ('the bounded reader reads one byte too far', ['unit.common.bits']),
    22: ('no limit of nesting', ['unit.parser.hostile']),
    23: ('a sort that spilled loses a run', ['unit.executor.order']),
    24: ('a refused allocation leaves a lock held', ['unit.index.index']),
    25: ('a sort is not interrupted while it merges', ['unit.executor.order']),
}


def numbers(text):
    chosen = []
    for part in text.split(','):
        first, _, last = part.partition('-')
        chosen += range(int(first), int(last or first) + 1)
    return chosen


def target_of(test):
    """The build target whose program the ctest runs; None: all of them."""
    head, _, rest = test.partition('.')
    stem = re.sub(r'\W', '_', rest)
    if head == 'unit':
        return 'test_' + stem
    if head in ('contract', 'integration', 'crash'):
        return head + '_' + stem
    return None


class Runner:
    def __init__(self, arguments):
        self.arguments = arguments
        self.targets = None

    def run(self, command, timeout):
        if self.arguments.verbose:
            print('+ ' + ' '.join(command), flush=True)
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors='replace',
                                   start_new_session=True)
        try:
            out, _ = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            out, _ = process.communicate()
            return -1, out + '\n(no end after %d s)\n' % timeout
        return process.returncode, out

    def must(self, command, timeout=3600):
        code, out = self.run(command, timeout)
        if code != 0:
            raise SystemExit('%s failed:\n%s' % (' '.join(command), out[-4000:]))
        return out

    def configure(self, mutant):
        command = ['cmake', '-S', self.arguments.source, '-B', self.arguments.build, '-DCMAKE_BUILD_TYPE=Debug', '-DCMAKE_C_FLAGS_DEBUG=-O1',
                   '-DRZ_BUILD_BENCH=OFF', '-DRZ_MUTANT=' + (str(mutant) if mutant else '')]
        if self.arguments.launcher:
            command.append('-DCMAKE_C_COMPILER_LAUNCHER=' + self.arguments.launcher)
        self.must(command)

    def build(self, target):
        command = ['cmake', '--build', self.arguments.build, '-j', str(self.arguments.jobs)]
        self.must(command + (['--target', target] if target else []))

    def known(self, target):
        if self.targets is None:
            self.targets = set(re.findall(r'^\.\.\. ([\w.]+)', self.must(['cmake', '--build', self.arguments.build, '--target', 'help']), re.M))
        return target in self.targets

    def passes(self, test):
        """(passed, what the test said)"""
        target = target_of(test)
        self.build(target if target is not None and self.known(target) else None)
        code, out = self.run(['ctest', '--test-dir', self.arguments.build, '-R', '^' + re.escape(test) + '$', '--output-on-failure',
                              '--timeout', str(self.arguments.timeout), '--no-tests=error'], self.arguments.timeout + 60)
        if 'No tests were found' in out:
            raise SystemExit('There is no test %s.' % test)
        return code == 0, out

    def others(self, done):
        listing = json.loads(self.must(['ctest', '--test-dir', self.arguments.build, '--show-only=json-v1']))
        names = [test['name'] for test in listing['tests']]
        return [name for name in names if name not in done and not name.startswith(('mutants', 'architecture'))]

    def whole(self, done):
        self.build(None)
        for test in self.others(done):
            passed, out = self.passes(test)
            if not passed:
                return test, out
        return None, ''

    def one(self, mutant):
        self.configure(mutant)
        tests = MUTANTS[mutant][1]
        for test in tests:
            passed, out = self.passes(test)
            if not passed:
                return test, out
        return self.whole(tests) if self.arguments.whole else (None, '')


def said(out):
    """The lines of a failed test that say what went wrong."""
    lines = [line.strip() for line in out.split('\n')]
    telling = [line for line in lines if re.search(r'\.[ch]:\d+:|FAILED|failed in|no end after|\*\*\*|Error|error', line)]
    return (telling or lines[-6:])[:6]


def baseline(runner):
    runner.configure(0)
    failed = []
    for test in sorted({test for _, tests in MUTANTS.values() for test in tests}):
        passed, out = runner.passes(test)
        print('%-8s without a defect: %s' % ('passes' if passed else 'FAILS', test), flush=True)
        if not passed:
            failed.append(test)
            print(out[-2000:])
    return 1 if failed else 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--source', required=True)
    parser.add_argument('--build', required=True)
    parser.add_argument('--only', type=numbers, default=sorted(MUTANTS))
    parser.add_argument('--log', help='JSON lines; by default mutants.jsonl in the build directory')
    parser.add_argument('--whole', action='store_true', help='a mutant that its tests let live meets all others')
    parser.add_argument('--again', action='store_true')
    parser.add_argument('--baseline', action='store_true')
    parser.add_argument('--launcher', default='', help='ccache, for instance')
    parser.add_argument('--jobs', type=int, default=2)
    parser.add_argument('--timeout', type=int, default=300)
    parser.add_argument('-v', '--verbose', action='store_true')
    arguments = parser.parse_args()
    runner = Runner(arguments)
    if arguments.baseline:
        return baseline(runner)
    log = arguments.log or os.path.join(arguments.build, 'mutants.jsonl')
    done = {}
    if os.path.exists(log) and not arguments.again:
        with open(log, encoding='utf-8') as file:
            for line in file:
                entry = json.loads(line)
                done[entry['mutant']] = entry
    survived = []
    for mutant in arguments.only:
        entry = done.get(mutant)
        if entry is None or entry['killed_by'] is None:
            start = time.time()
            test, out = runner.one(mutant)
            entry = {'mutant': mutant, 'defect': MUTANTS[mutant][0], 'killed_by': test, 'seconds': round(time.time() - start, 1),
                     'said': said(out) if test else []}
            with open(log, 'a', encoding='utf-8') as file:
                file.write(json.dumps(entry) + '\n')
        print('%2d %-52s %s' % (mutant, MUTANTS[mutant][0], 'killed by ' + entry['killed_by'] if entry['killed_by'] else 'SURVIVED'), flush=True)
        if entry['killed_by'] is None:
            survived.append(mutant)
    print('%d killed, %d survived %s' % (len(arguments.only) - len(survived), len(survived), survived or ''))
    return 1 if survived else 0


if __name__ == '__main__':
    sys.exit(main())
