#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The tests that docs/testing.md promises by name exist.

    check_names.py TREE

Every row of a table whose header begins with "| named test |" is `name` | `file` …: the name must stand in that file below tests/, as a test function that is run or as the name of
a ctest. And every mutant of tests/tools/run_mutants.py has its place in the sources and its row in the table "| mutant |", with the same test.
"""
import os
import re
import sys


def tables(text, head):
    """The rows of all tables with this first header cell, as lists of cells."""
    inside = False
    for line in text.split('\n'):
        cells = [cell.strip() for cell in line.strip().strip('|').split('|')]
        if line.startswith('| ' + head + ' |'):
            inside = True
        elif not line.startswith('|'):
            inside = False
        elif inside and not line.startswith('|--'):
            yield cells


def read(path):
    with open(path, encoding='utf-8') as file:
        return file.read()


def has_test(content, name, path):
    if path.endswith('.c'):
        return re.search(r'\bRUN\(%s\)|^ *\{"%s", ' % (re.escape(name), re.escape(name)), content, re.M) is not None
    return re.search(r'(?<![\w.])' + re.escape(name) + r'(?![\w.])', content) is not None


def check_named(tree, text, problems):
    count = 0
    for row in tables(text, 'named test'):
        count += 1
        name = row[0].strip('`')
        path = row[1].strip('`')
        full = os.path.join(tree, 'tests', path)
        if not os.path.exists(full):
            problems.append('%s: there is no tests/%s' % (name, path))
        elif not has_test(read(full), name, path):
            problems.append('%s: no such test in tests/%s' % (name, path))
    if count < 50:
        problems.append('only %d named tests in docs/testing.md' % count)


def check_mutants(tree, text, problems):
    sys.path.insert(0, os.path.join(tree, 'tests', 'tools'))
    import run_mutants
    places = {}
    for folder, _, files in os.walk(os.path.join(tree, 'src')):
        for name in files:
            if name.endswith(('.c', '.h')) and name != 'mutant.h':
                for number in re.findall(r'RZ_MUTANT_IS\((\d+)\)', read(os.path.join(folder, name))):
                    places.setdefault(int(number), set()).add(name)
    rows = {int(row[0]): row for row in tables(text, 'mutant')}
    for number, (defect, tests) in run_mutants.MUTANTS.items():
        if number not in places:
            problems.append('mutant %d (%s) is not in the sources' % (number, defect))
        if number not in rows:
            problems.append('mutant %d (%s) is not in docs/testing.md' % (number, defect))
        elif '`%s`' % tests[0] not in rows[number][-1]:
            problems.append('mutant %d: docs/testing.md does not say %s' % (number, tests[0]))
    for number in places:
        if number not in run_mutants.MUTANTS:
            problems.append('mutant %d of %s is not in run_mutants.py' % (number, ', '.join(places[number])))


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    problems = []
    text = read(os.path.join(sys.argv[1], 'docs', 'testing.md'))
    check_named(sys.argv[1], text, problems)
    check_mutants(sys.argv[1], text, problems)
    for problem in problems:
        print(problem)
    sys.exit(1 if problems else 0)


if __name__ == '__main__':
    main()
