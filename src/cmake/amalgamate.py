#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes ruzu.c and ruzu.h: the whole library as one source file beside its public header.

    amalgamate.py --source TREE --out DIRECTORY --version X.Y.Z SOURCE…        (sources relative to TREE/src)

Each #include of our own is replaced by the file: guarded headers where they are first needed, templates (no guard) each time.
An include inside a conditional is always replaced and not taken as done, since the condition may be false.
"""
import argparse
import os
import re
import shutil

INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"')
OPEN = re.compile(r'^\s*#\s*if(?:def|ndef)?\b')
CLOSE = re.compile(r'^\s*#\s*endif\b')

HEAD = """/*
 * ruzu %s: all sources in one file, for building ruzu into an application. Generated; the tree it comes from is the thing to
 * read and to change.
 *
 *     cc -std=c11 -O3 -fno-math-errno -fno-trapping-math -fno-strict-aliasing -ffp-contract=off -c ruzu.c
 *
 * and link with -lpthread -lm. Needs nothing but ruzu.h beside it.
 *
%s */
"""


class Amalgamation:
    def __init__(self, tree):
        self.tree = tree
        self.done = set()
        self.lines = []

    def read(self, path):
        with open(os.path.join(self.tree, 'src', path), encoding='utf-8') as file:
            return file.read().split('\n')

    def add(self, path, stack=()):
        if path in stack:
            raise SystemExit('%s includes itself by way of %s' % (path, ', '.join(stack)))
        lines = self.read(path)
        guard = next((line for line in lines if OPEN.match(line)), '')
        guarded = re.match(r'#ifndef RZ_\w+_H$', guard) is not None
        depth = -1 if guarded else 0
        self.lines.append('/* ---- src/%s ---- */' % path)
        for line in lines:
            if OPEN.match(line):
                depth += 1
            elif CLOSE.match(line):
                depth -= 1
            include = INCLUDE.match(line)
            if not include or include.group(1) == 'ruzu.h':
                if line != '/* SPDX-License-Identifier: MIT */':
                    self.lines.append(line)
                continue
            target = include.group(1)
            if target in self.done:
                continue
            if depth == 0 and self.is_guarded(target):
                self.done.add(target)
            self.add(target, stack + (path,))

    def is_guarded(self, path):
        return any(re.match(r'#ifndef RZ_\w+_H$', line) for line in self.read(path))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--source', required=True)
    parser.add_argument('--out', required=True)
    parser.add_argument('--version', required=True)
    parser.add_argument('sources', nargs='+')
    options = parser.parse_args()
    whole = Amalgamation(options.source)
    for path in options.sources:
        whole.add(path)
    with open(os.path.join(options.source, 'LICENSE'), encoding='utf-8') as file:
        licence = ''.join((' * ' + line).rstrip() + '\n' for line in file.read().rstrip().split('\n'))
    os.makedirs(options.out, exist_ok=True)
    with open(os.path.join(options.out, 'ruzu.c'), 'w', encoding='utf-8') as file:
        file.write(HEAD % (options.version, licence))
        file.write('\n'.join(whole.lines) + '\n')
    shutil.copyfile(os.path.join(options.source, 'include', 'ruzu.h'), os.path.join(options.out, 'ruzu.h'))


if __name__ == '__main__':
    main()
