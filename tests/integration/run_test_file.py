#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs the cases of a .test file: statements and what they must give, over `ruzu --jsonl`.

    run_test_file.py --program RUZU FILE…

A file is a list of blocks, each begun by a line of its own:

    === name            a case: a fresh database file, a fresh folder
    --- file NAME       the lines that follow are a file of the folder
    --- query           the lines that follow are the statement; ${DIR} stands for the folder. Then one of
    --- ok              it works, whatever it gives
    --- rows            it gives these rows in this order: cells joined by '|', NULL for null, line feeds as \\n
    --- rows unordered  the same in any order
    --- error TEXT      it fails with a message that begins with TEXT; lines that follow are part of TEXT
    --- columns A|B     the columns of the query before, after its `rows`
    --- types A|B       their types
    --- params JSON     parameters of the query that follows
    --- conn NAME       the connection of the queries that follow ("main" at first)
    --- close NAME      closes a connection
    --- reopen          closes the database and opens it again
    --- options ARGS    at the beginning of a case: more options of the program

Lines that begin with # between blocks are comments. Exit status 1 when a case failed.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile

BLOCKS = {'file', 'query', 'ok', 'rows', 'error', 'columns', 'types', 'params', 'conn', 'close', 'reopen', 'options'}


class Failure(Exception):
    pass


class Driver:
    def __init__(self, program, options, path):
        self.process = subprocess.Popen([program, '--jsonl'] + options + [path], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.number = 0

    def call(self, request):
        self.number += 1
        request['id'] = self.number
        try:
            self.process.stdin.write(json.dumps(request).encode('ascii') + b'\n')
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except BrokenPipeError:
            line = b''
        if not line:
            raise Failure('the program ended: ' + self.process.stderr.read().decode('utf-8', 'replace'))
        answer = json.loads(line)
        if answer['id'] != self.number:
            raise Failure('an answer with id %r instead of %d' % (answer['id'], self.number))
        return answer

    def close(self):
        self.process.stdin.close()
        errors = self.process.stderr.read().decode('utf-8', 'replace')
        status = self.process.wait(60)
        self.process.stdout.close()
        self.process.stderr.close()
        if status != 0 or errors:
            raise Failure('the program ended with %d: %s' % (status, errors))

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if not stream.closed:
                try:
                    stream.close()
                except BrokenPipeError:
                    pass


def parse(path):
    """Cases as (name, blocks); a block is (line number, word, argument, lines)."""
    cases = []
    with open(path, encoding='utf-8') as file:
        for number, line in enumerate(file, 1):
            line = line.rstrip('\n')
            if line.startswith('=== '):
                cases.append((line[4:].strip(), []))
            elif line.startswith('--- ') or line == '---':
                word, _, argument = line[4:].partition(' ')
                if word not in BLOCKS or not cases:
                    raise SystemExit('%s:%d: unknown block: %s' % (path, number, line))
                cases[-1][1].append((number, word, argument.strip(), []))
            elif cases and cases[-1][1]:
                cases[-1][1][-1][3].append(line)
            elif line and not line.startswith('#'):
                raise SystemExit('%s:%d: text outside of a block' % (path, number))
    return cases


def body(lines):
    """Lines of a block without the blank and comment lines at its end."""
    end = len(lines)
    while end and (not lines[end - 1].strip() or lines[end - 1].startswith('#')):
        end -= 1
    return lines[:end]


def cell(value):
    return 'NULL' if value is None else value.replace('\n', '\\n')


def expect(what, got, wanted):
    if got != wanted:
        raise Failure('%s\n      got      %s\n      expected %s' % (what, '\n               '.join(got) or '(nothing)',
                                                                   '\n               '.join(wanted) or '(nothing)'))


class Case:
    def __init__(self, program, folder):
        self.program = program
        self.folder = folder
        self.driver = None
        self.options = []
        self.connection = 'main'
        self.params = {}
        self.answer = None
        self.judged = True

    def start(self):
        if self.driver is None:
            self.driver = Driver(self.program, self.options, os.path.join(self.folder, 'test.ruzu'))
        return self.driver

    def judge_unjudged(self):
        if not self.judged:
            raise Failure('a query without an expectation')

    def query(self, lines):
        self.judge_unjudged()
        text = '\n'.join(lines).replace('${DIR}', self.folder)
        self.answer = self.start().call({'query': text, 'params': self.params, 'conn': self.connection})
        self.params = {}
        self.judged = False

    def judge(self, word, argument, lines):
        answer = self.answer
        self.judged = True
        if word == 'error':
            wanted = '\n'.join([argument] + lines).replace('${DIR}', self.folder)
            if answer['ok']:
                raise Failure('it should fail with: ' + wanted)
            expect('the error differs', [answer['error'][:len(wanted)]], [wanted])
            return
        if not answer['ok']:
            raise Failure('it failed: ' + answer['error'])
        if word == 'rows':
            got = ['|'.join(cell(value) for value in row).replace(self.folder, '${DIR}') for row in answer['rows']]
            if argument == 'unordered':
                got, lines = sorted(got), sorted(lines)
            expect('the rows differ', got, lines)

    def block(self, word, argument, lines):
        if word == 'file':
            with open(os.path.join(self.folder, argument), 'w', encoding='utf-8', newline='') as file:
                file.write(''.join(line + '\n' for line in lines))
        elif word == 'query':
            self.query(lines)
        elif word in ('ok', 'rows', 'error'):
            self.judge(word, argument, lines)
        elif word in ('columns', 'types'):
            expect('the %s differ' % word, self.answer[word], argument.split('|'))
        elif word == 'params':
            self.params = json.loads(argument)
        elif word == 'conn':
            self.connection = argument
        elif word == 'options':
            self.options = argument.split()
        else:
            request = {'op': 'reopen'} if word == 'reopen' else {'op': 'close_conn', 'conn': argument}
            answer = self.start().call(request)
            if not answer['ok']:
                raise Failure(answer['error'])


def run_case(program, path, blocks):
    with tempfile.TemporaryDirectory(prefix='ruzu_test_') as folder:
        case = Case(program, folder)
        number = 0
        try:
            for number, word, argument, lines in blocks:
                case.block(word, argument, lines if word == 'file' else body(lines))
            case.judge_unjudged()
            if case.driver:
                case.driver.close()
        except Failure as failure:
            return '%s:%d: %s' % (path, number, failure)
        finally:
            if case.driver:
                case.driver.kill()
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--program', required=True)
    parser.add_argument('files', nargs='+')
    options = parser.parse_args()
    failed = passed = 0
    for path in options.files:
        for name, blocks in parse(path):
            problem = run_case(options.program, path, blocks)
            failed += problem is not None
            passed += problem is None
            if problem:
                print('FAILED: %s\n   %s' % (name, problem))
    print('%d passed, %d failed' % (passed, failed))
    return 1 if failed or not passed else 0


if __name__ == '__main__':
    sys.exit(main())
