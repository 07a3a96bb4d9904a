#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Builds and runs the C program of README.md with the compile line that stands under it, and the scripts of docs/examples.

    check_readme.py --source TREE --build BUILD --cc CC --program RUZU
"""
import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile


def run(command, folder, text=None):
    done = subprocess.run(command, cwd=folder, shell=isinstance(command, str), input=text, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=100, check=False)
    if done.returncode != 0:
        raise SystemExit('%s\nended with %d:\n%s' % (command, done.returncode, done.stdout))
    return done.stdout


def check_program(options, folder):
    with open(os.path.join(options.source, 'README.md'), encoding='utf-8') as file:
        readme = file.read()
    program = re.search(r'```c\n(.*?)```', readme, re.S).group(1)
    line = re.search(r'```\n(cc hello\.c .*?)\n```', readme, re.S).group(1)
    with open(os.path.join(folder, 'hello.c'), 'w', encoding='utf-8') as file:
        file.write(program)
    line = line.replace('cc ', options.cc + ' ', 1).replace('-Iinclude', '-I' + os.path.join(options.source, 'include'))
    line = line.replace('build/release/', options.build + '/')
    got = run(line, folder)
    if got != 'Bob is 27\nAnn is 34\n':
        raise SystemExit('the program of README.md printed:\n' + got)


def check_examples(options, folder):
    examples = os.path.join(folder, 'examples')
    shutil.copytree(os.path.join(options.source, 'docs/examples'), examples)
    for script, database, wanted in (('load.cypher', 'example.ruzu', '12 tuples have been copied to the Follows table.'),
                                     ('questions.cypher', 'example.ruzu', '2024-05-01'), ('quickstart.cypher', ':memory:', '30.5')):
        with open(os.path.join(examples, script), encoding='utf-8') as file:
            got = run([options.program, database], examples, file.read())
        if wanted not in got:
            raise SystemExit('%s printed:\n%s' % (script, got))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    for name in ('--source', '--build', '--cc', '--program'):
        parser.add_argument(name, required=True)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix='ruzu_readme_') as folder:
        check_program(options, folder)
        check_examples(options, folder)


if __name__ == '__main__':
    sys.exit(main())
