#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The ruzu program from outside: options, exit statuses, scripts, the line protocol.

    test_shell.py RUZU
"""
import fcntl
import json
import os
import pty
import select
import subprocess
import sys
import tempfile
import termios
import time

PROGRAM = sys.argv[1]
failures = 0


def run(*arguments, text='', folder=None):
    done = subprocess.run([PROGRAM] + list(arguments), input=text.encode('utf-8', 'surrogateescape'), capture_output=True, cwd=folder, timeout=120,
                          check=False)
    return done.returncode, done.stdout.decode('utf-8', 'replace'), done.stderr.decode('utf-8', 'replace')


def check(what, got, wanted):
    global failures
    if got != wanted:
        failures += 1
        print('FAILED: %s\n   got      %r\n   expected %r' % (what, got, wanted))


def check_contains(what, got, part):
    global failures
    if part not in got:
        failures += 1
        print('FAILED: %s\n   %r\n   is not in %r' % (what, part, got))


def options():
    status, out, _ = run('--version')
    check('--version', (status, out.startswith('ruzu ')), (0, True))
    status, out, _ = run('--help')
    check('--help', (status, 'Exit status' in out), (0, True))
    for wrong in (['--nosuch'], ['--threads'], ['--threads', '0'], ['--buffer-pool', '12XB'], ['--wal-sync', 'maybe'], ['a', 'b'],
                  ['--format', 'nosuch']):
        status, out, err = run(*wrong)
        check('usage %r' % wrong, (status, out, err.startswith('Error: ')), (3, '', True))


def statements(folder):
    path = os.path.join(folder, 'a.ruzu')
    check('-c', run('-c', 'RETURN 1 AS a', '--format', 'csv'), (0, 'a\n1\n', ''))
    check('two -c', run('-c', 'CREATE NODE TABLE T(id INT64 PRIMARY KEY)', '-c', 'CREATE (:T {id: 5})', path),
          (0, 'Table T has been created.\n', ''))
    check('it is stored', run(path, '-c', 'MATCH (t:T) RETURN t.id AS id', '--format', 'jsonl'), (0, '{"id":5}\n', ''))
    status, out, err = run(path, '-c', 'RETURN x', '-c', 'RETURN 1')
    check('a failure ends it', (status, out), (1, ''))
    check('with its text', err, 'Error: Binder exception: Variable x is not in scope.\n')
    check('options', run('--threads', '2', '--buffer-pool', '64MiB', '--memory-limit', '1GiB', '--wal-sync', 'off', '--read-only', path, '-c',
                         'MATCH (t:T) RETURN count(*) AS n', '--format', 'lines'), (0, 'n\n1\n', ''))
    status, out, err = run('--read-only', path, '-c', 'CREATE (:T {id: 6})')
    check('read-only', (status, err), (1, 'Error: Connection exception: Cannot execute write operations in a read-only database!\n'))
    status, out, err = run(os.path.join(folder, 'no/such/folder.ruzu'), '-c', 'RETURN 1')
    check('not opened', (status, out, err.startswith('Error: IO exception: ')), (2, '', True))


def scripts():
    status, out, err = run('--format', 'csv', text='''
        // a comment; with a semicolon
        RETURN ';' AS a; /* and ; here */ RETURN "x;y" AS `b;c`;
        RETURN 3 AS last''')
    check('a script', (status, out, err), (0, 'a\n;\nb;c\nx;y\nlast\n3\n', ''))
    status, out, err = run('--format', 'csv', text='RETURN 1 AS a; RETURN 1 / 0; RETURN 2 AS b;')
    check('a script that fails', (status, out, err), (1, 'a\n1\n', 'Error: Runtime exception: Divide by zero.\n'))
    for text, place in (('RETRUN 1', '(line: 1, offset: 0)'), ('\n\nRETRUN 1', '(line: 3, offset: 0)'),
                        ('RETURN 1;\nRETURN 2;\n\nRETRUN 3;\nRETURN 4;', '(line: 4, offset: 0)'),
                        ("RETURN 'é;';\nRETURN\n  2; RETRUN 3;", '(line: 3, offset: 5)'),
                        ("RETURN 'é'; RETRUN 3;", '(line: 1, offset: 12)'), ('RETURN 1; RETURN 2;\n  RETRUN 3;', '(line: 2, offset: 2)')):
        status, out, err = run('--format', 'csv', text=text)
        check('the place of an error in %r' % text, (status, err.split('\n')[0][-len(place):]), (1, place))
    check('an empty script', run(text=' ; // nothing\n'), (0, '', ''))
    status, out, err = run(text="RETURN 'ab' AS x;")
    check('a box', out, '┌────┐\n│ x  │\n├────┤\n│ ab │\n└────┘\n')
    status, out, err = run('--timing', text='RETURN 1;')
    check_contains('timing', out, '(1 row, ')
    status, out, err = run(text='RETURN "\udc80";')
    check('bytes that are not UTF-8', (status, err.startswith('Error: Parser exception: ')), (1, True))


def protocol(folder):
    path = os.path.join(folder, 'protocol.ruzu')
    requests = [
        '{"id":1,"query":"CREATE NODE TABLE T(id INT64 PRIMARY KEY, name STRING)"}',
        '{"id":"two","query":"CREATE (:T {id: $i, name: $n})","params":{"i":1,"n":"caf\\u00e9 \\ud83d\\ude00"}}',
        '{"id":[3],"query":"MATCH (t:T) RETURN t.id, t.name, NULL AS nothing"}',
        '{"query":"RETURN 1; RETURN 2 AS two"}',
        'this is not JSON',
        '[1,2]',
        '{"id":7,"query":"RETURN 1','{"id":8}', '{"id":9,"op":"nosuch"}', '{"id":10,"query":5}',
        '{"id":11,"query":"RETURN x"}',
        '{"id":12,"query":"CREATE (:T {id: 1})"}',
        '{"id":13,"op":"reopen"}',
        '{"id":14,"query":"MATCH (t:T) RETURN count(*)","conn":"other"}',
        '{"id":15,"op":"close_conn","conn":"other"}',
        '{"id":16,"op":"close_conn","conn":"never"}',
        '',
        '{"id":17,"query":"RETURN \'\\udcff\'"}',
        '{"id":18,"query":"RETURN BLOB(\'\\\\\\\\xFF\') AS b, $t AS t","params":{"t":"tab\\t\\"\\\\"}}',
        '{"id":19,"query":"RETURN \\u0000"}',
        '{"id":20,"query":"RETURN $x","params":{"x":9223372036854775808}}',
        '{"id":21,"query":"RETURN $x","params":{"x":-9223372036854775808}}',
        '{"id":22,"query":"RETURN 1; RETURN 1/0; RETURN 3"}',
    ]
    status, out, err = run('--jsonl', path, text='\n'.join(requests) + '\n')
    check('the protocol ends well', (status, err), (0, ''))
    answers = [json.loads(line) for line in out.splitlines()]
    check('an answer each', len(answers), len(requests) - 1)
    if failures:
        print(out)
        return
    check('ids', [answer['id'] for answer in answers], [1, 'two', [3], None, None, None, None, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22])
    check('who failed', [answer['id'] for answer in answers if not answer['ok']], [None, None, None, 8, 9, 10, 11, 12, 17, 19, 22])
    check('a message', answers[0]['rows'], [['Table T has been created.']])
    check('columns', (answers[2]['columns'], answers[2]['types'], answers[2]['rows']),
          (['t.id', 't.name', 'nothing'], ['INT64', 'STRING', 'STRING'], [['1', 'café 😀', None]]))
    check('times', (answers[2]['compile_ms'] >= 0, answers[2]['execute_ms'] >= 0), (True, True))
    check('the last result', (answers[3]['columns'], answers[3]['rows']), (['two'], [['2']]))
    check('kinds', [answers[i]['kind'] for i in (4, 10, 11, 16)], ['misuse', 'binder', 'constraint', 'parser'])
    check('an error', answers[10]['error'], 'Binder exception: Variable x is not in scope.')
    check('after reopen', answers[13]['rows'], [['1']])
    check('escapes', answers[17]['rows'], [['\\xFF', 'tab\t"\\']])
    check('a large number', answers[19]['types'], ['DOUBLE'])
    check('a small number', (answers[20]['types'], answers[20]['rows']), (['INT64'], [['-9223372036854775808']]))
    status, out, err = run('--jsonl', os.path.join(folder, 'no/such.ruzu'), text='{"id":1,"query":"RETURN 1"}\n')
    check('a database that does not open', (status, out, err.startswith('Error: ')), (2, '', True))
    process = subprocess.run([PROGRAM, '--jsonl', path], input=b'{"op":"crash"}\n{"id":1,"query":"RETURN 1"}\n', capture_output=True, timeout=60, check=False)
    check('crash', process.stdout, b'')
    status, out, err = run(path, '-c', 'MATCH (t:T) RETURN count(*) AS n', '--format', 'csv')
    check('after the crash', (status, out), (0, 'n\n1\n'))


def maintenance(folder):
    def at(name):
        return os.path.join(folder, name)
    status, _, _ = run(at('m.ruzu'), '-c', "CREATE NODE TABLE P(id INT64 PRIMARY KEY, name STRING)",
                       '-c', "COPY P FROM (UNWIND range(0, 4999) AS i RETURN i, 'name' + CAST(i AS STRING))")
    check('a database', status, 0)
    check('check', run('check', at('m.ruzu')), (0, at('m.ruzu') + ' is sound.\n', ''))
    check('check --shallow', run('check', '--shallow', at('m.ruzu'))[0], 0)
    check('backup', run('backup', at('m.ruzu'), at('copy.ruzu'))[0], 0)
    status, out, err = run('backup', at('m.ruzu'), at('copy.ruzu'))
    check('never over something', (status, out, 'exists' in err), (2, '', True))
    check('the copy', run('check', at('copy.ruzu'))[0], 0)
    status, out, err = run('salvage', at('m.ruzu'), at('whole.ruzu'))
    check('salvage of a sound file', (status, out.split('\n')[0], err), (0, 'P: 5000 rows recovered, 0 lost', ''))
    with open(at('m.ruzu'), 'r+b') as file:
        where = file.read().index(b'name4321')
        file.seek(where)
        file.write(b'X')
    status, out, err = run('check', at('m.ruzu'))
    check('damage', (status, 'error: table P, column name, page ' in out, err), (1, True, ''))
    check('a backup of it', run('backup', at('m.ruzu'), at('bad_copy.ruzu'))[0], 2)
    status, out, err = run('salvage', at('m.ruzu'), at('saved.ruzu'))
    check('salvage', (status, 'P: 5000 rows recovered, 0 lost, ' in out, err), (1, True, ''))
    check('what is saved', run(at('saved.ruzu'), '-c', 'MATCH (p:P) WHERE p.id < 2 OR p.id = 4321 RETURN p.id AS id, p.name AS n ORDER BY id',
                               '--format', 'csv')[1], 'id,n\n0,name0\n1,name1\n4321,\n')
    with open(at('text'), 'wb') as file:
        file.write(b'no database' * 1000)
    for command in (['check', at('text')], ['check', at('absent.ruzu')], ['salvage', at('text'), at('o.ruzu')], ['backup', at('text'), at('o.ruzu')],
                    ['backup', at('absent.ruzu'), at('o.ruzu')]):
        status, out, err = run(*command)
        check('no database: %r' % command, (status, out, err.startswith('Error: ')), (2, '', True))
    check('nothing is made', os.path.exists(at('o.ruzu')) or os.path.exists(at('absent.ruzu')), False)
    os.mkdir(at('folder'))
    check('a database in a folder', run(at('folder'), '-c', 'CREATE NODE TABLE T(id INT64 PRIMARY KEY)')[0], 0)
    check('is checked', run('check', at('folder'))[::2], (0, ''))
    check('is salvaged', run('salvage', at('folder'), at('whole_folder.ruzu'))[0], 0)
    for wrong in (['check'], ['salvage'], ['backup'], ['check', at('a'), at('b')], ['salvage', at('a')], ['backup', at('a'), at('b'), at('c')], ['check', '--nosuch', at('a')]):
        status, out, err = run(*wrong)
        check('usage %r' % wrong, (status, out, err.startswith('Usage: ruzu ' + wrong[0])), (3, '', True))


def prompt():
    """The prompt on a terminal: typed lines are answered in order; Ctrl-C drops what was typed, or stops what runs."""
    master, slave = pty.openpty()
    shell = subprocess.Popen([PROGRAM], stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
                             preexec_fn=lambda: fcntl.ioctl(slave, termios.TIOCSCTTY, 0))
    os.close(slave)
    seen = b''

    def until(part, what, again=b''):
        """again: typed once a second. A Ctrl-C that comes between two readings of the terminal has nothing to drop or to stop."""
        nonlocal seen
        end = time.monotonic() + 60
        while part not in seen and time.monotonic() < end:
            if select.select([master], [], [], 1)[0]:
                try:
                    seen += os.read(master, 65536)
                except OSError:
                    break
            else:
                os.write(master, again)
        check(what, part in seen, True)
        seen = seen[seen.find(part) + len(part):] if part in seen else b''

    until(b'ruzu> ', 'a prompt')
    for typed, answer in ((b'help\n', b'A first graph'), (b'?\n', b'A first graph'), (b':nosuch\n', b'unknown command :nosuch'),
                          (b':timing\n', b':timing takes on or off'), (b':schema\n', b':schema takes the name'), (b'RETURN 41 +\n', b'... '),
                          (b'\x03', b'ruzu> '), (b'RETURN 40 + 2 AS n;\n', b'42'),
                          (b'UNWIND range(1, 100000000) AS i UNWIND range(1, 1000) AS j RETURN sum(i * j % 7);\n', b';')):
        os.write(master, typed)
        until(answer, 'typed %r' % typed, typed if typed == b'\x03' else b'')
    until(b'Interrupted', 'Ctrl-C stops a statement', b'\x03')
    os.write(master, b' quit;\n')
    try:
        check('quit', shell.wait(60), 0)
    finally:
        shell.kill()
        os.close(master)


def main():
    with tempfile.TemporaryDirectory(prefix='ruzu_shell_') as folder:
        options()
        statements(folder)
        scripts()
        protocol(folder)
        maintenance(folder)
        prompt()
    print('%d failed' % failures)
    return 1 if failures else 0


if __name__ == '__main__':
    sys.exit(main())
