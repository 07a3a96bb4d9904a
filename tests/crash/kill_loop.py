#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Kills a real process that writes to a real database, again and again, and looks at what is left.

    kill_loop.py --program build/release/bin/ruzu [--preload libkill_at.so] [--rounds 20] [--seed N] [--keep] [-v]

A child (`ruzu --jsonl`) runs random statements; this parent holds a model of the data. Whatever the child acknowledged must be there after SIGKILL and
reopening; of the one statement (or COMMIT) that was under way, all or nothing; of a transaction that was not yet to be committed, nothing.

Three ways to die, by turns: at a random time; at the n-th call that changes a file, before, in the midst of or after it (--preload); and in either way while the next child is opening the database, so that recovery is killed too.

Prints a line for each failure with the seed that repeats it. Exit status: 0 all well, 1 something was lost or came up, 2 the loop could not run.
"""
import argparse
import collections
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

class Dead(Exception):
    """The child is gone."""


class Wrong(Exception):
    """The engine broke a promise."""


class Model:
    """What the database holds."""

    def __init__(self):
        self.nodes = {}   # id: (value, text)
        self.rels = {}    # w: (src, dst)
        self.tables = {}  # name: set of ids
        self.columns = {} # name of a table: {added column: its default, the value of all rows}
        self.created = False

    def copy(self):
        other = Model()
        other.nodes = dict(self.nodes)
        other.rels = dict(self.rels)
        other.tables = {name: set(ids) for name, ids in self.tables.items()}
        other.columns = {name: dict(columns) for name, columns in self.columns.items()}
        other.created = self.created
        return other

    def state(self):
        return (self.created, self.nodes, self.rels, self.tables, self.columns)


class Child:
    """The process under test."""

    def __init__(self, loop, database, environment=None):
        command = [loop.options.program, '--jsonl', '--threads', str(loop.threads), '--buffer-pool', '32MiB', '--wal-sync', loop.wal_sync, database]
        self.errors = tempfile.TemporaryFile(dir=loop.folder)
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors, env=environment)
        self.number = 0
        self.watch = None

    def kill(self):
        self.process.kill()

    def kill_after(self, seconds):
        self.watch = threading.Timer(seconds, self.kill)
        self.watch.daemon = True
        self.watch.start()

    def ask(self, **request):
        self.number += 1
        request['id'] = self.number
        try:
            self.process.stdin.write((json.dumps(request) + '\n').encode())
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except (BrokenPipeError, OSError):
            raise Dead() from None
        if not line.endswith(b'\n'):
            raise Dead()
        answer = json.loads(line)
        if answer['id'] != self.number:
            raise Wrong('answer %r to request %d' % (answer, self.number))
        return answer

    def query(self, text, parameters=None):
        return self.ask(query=text, params=parameters) if parameters else self.ask(query=text)

    def rows(self, text, parameters=None):
        answer = self.query(text, parameters)
        if not answer['ok']:
            raise Wrong('%s\n    %s' % (text, answer['error']))
        return answer['rows']

    def end(self):
        """Waits for the end of a killed child; any other end than by the signal is wrong."""
        if self.watch is not None:
            self.watch.cancel()
        for pipe in (self.process.stdin, self.process.stdout):
            try:
                pipe.close()
            except OSError:
                pass
        try:
            status = self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.kill()
            self.process.wait()
            raise Wrong('the program did not end') from None
        self.errors.seek(0)
        text = self.errors.read().decode('utf-8', 'replace')
        self.errors.close()
        return status, text

    def close(self):
        status, text = self.end()
        if status != 0:
            raise Wrong('closing: status %d: %s' % (status, text))


class Loop:
    def __init__(self, options, folder):
        self.options = options
        self.folder = folder
        self.random = random.Random(options.seed)
        self.counts = collections.Counter()
        self.database = os.path.join(folder, 'k.ruzu')
        self.can = None
        self.history = collections.deque(maxlen=25)
        self.next_id = 0
        self.next_weight = 0
        self.next_table = 0
        self.threads = 1
        self.wal_sync = 'full'

    # ---- what this build can do ----

    def probe(self):
        """Statements that an unfinished engine does not know are left out, and named."""
        path = os.path.join(self.folder, 'probe.ruzu')
        child = Child(self, path)
        child.rows('CREATE NODE TABLE P(id INT64 PRIMARY KEY, v INT64)')
        child.rows('CREATE REL TABLE K(FROM P TO P, w INT64)')
        child.rows('CREATE (:P {id: 1, v: 1})-[:K {w: 1}]->(:P {id: 2, v: 2})')
        trials = {'set': 'MATCH (p:P) SET p.v = 3', 'set rel': 'MATCH ()-[k:K]->() SET k.w = 2', 'delete rel': 'MATCH ()-[k:K]->() DELETE k',
                  'delete': 'MATCH (p:P) DETACH DELETE p', 'merge': 'MERGE (p:P {id: 7}) ON CREATE SET p.v = 4 ON MATCH SET p.v = 5',
                  'check': 'CALL check_database() RETURN *', 'alter': 'ALTER TABLE P ADD extra INT64 DEFAULT 5'}
        self.can = {name for name, text in trials.items() if child.query(text)['ok']}
        child.close()
        missing = sorted(set(trials) - self.can)
        if missing:
            print('without: ' + ', '.join(missing))
            if self.options.require_all:
                raise Wrong('statements are missing')

    # ---- statements: (text, parameters, what it does to the model) ----

    def some_text(self):
        size = self.random.choice([0, 3, 12, 13, 40, 200, 3000]) if self.random.random() < 0.97 else 70000
        return ''.join(self.random.choice('abcdefgh äß€') for _ in range(min(size, 40))) * max(1, size // 40) if size else ''

    def some_ids(self, model, most):
        ids = sorted(model.nodes)
        return self.random.sample(ids, min(len(ids), self.random.randint(1, most)))

    def insert(self, model):
        count = self.random.choice([1, 1, 1, 2, 10, 100, 700])
        ids = list(range(self.next_id, self.next_id + count))
        self.next_id += count
        text = self.some_text() if count <= 10 else 'one of many'

        def apply(to):
            for i in ids:
                to.nodes[i] = (i * 3, text)
        return 'UNWIND $ids AS i CREATE (:P {id: i, value: i * 3, text: $text})', {'ids': ids, 'text': text}, apply

    def copy(self, model):
        count = self.random.choice([1, 50, 3000])
        ids = list(range(self.next_id, self.next_id + count))
        self.next_id += count
        path = os.path.join(self.folder, 'copy.csv')
        with open(path, 'w', encoding='utf-8') as file:
            for i in ids:
                file.write('%d,%d,copied %d\n' % (i, -i, i))

        def apply(to):
            for i in ids:
                to.nodes[i] = (-i, 'copied %d' % i)
        return "COPY P FROM '%s' (header=false)" % path, {}, apply

    def update(self, model):
        ids = self.some_ids(model, 60)
        step = self.random.randint(1, 1000)

        def apply(to):
            for i in ids:
                value, text = to.nodes[i]
                to.nodes[i] = (value + step, text)
        return 'MATCH (p:P) WHERE p.id IN $ids SET p.value = p.value + $step', {'ids': ids, 'step': step}, apply

    def update_text(self, model):
        ids = self.some_ids(model, 4)
        text = self.some_text()

        def apply(to):
            for i in ids:
                to.nodes[i] = (to.nodes[i][0], text)
        return 'MATCH (p:P) WHERE p.id IN $ids SET p.text = $text', {'ids': ids, 'text': text}, apply

    def merge(self, model):
        known = self.random.random() < 0.5 and len(model.nodes) != 0
        key = self.random.choice(sorted(model.nodes)) if known else self.next_id
        self.next_id += 0 if known else 1

        def apply(to):
            to.nodes[key] = (-1, to.nodes[key][1]) if key in to.nodes else (-2, 'merged')
        return ("MERGE (p:P {id: $id}) ON MATCH SET p.value = -1 ON CREATE SET p.value = -2, p.text = 'merged'", {'id': key}, apply)

    def connect(self, model):
        src = self.random.choice(sorted(model.nodes))
        targets = self.some_ids(model, self.random.choice([1, 5, 80]))
        base = self.next_weight
        self.next_weight += 1 << 32

        def apply(to):
            for dst in targets:
                to.rels[base + dst] = (src, dst)
        return ('MATCH (a:P {id: $src}), (b:P) WHERE b.id IN $targets CREATE (a)-[:K {w: $base + b.id}]->(b)',
                {'src': src, 'targets': targets, 'base': base}, apply)

    def delete(self, model):
        ids = self.some_ids(model, 20)

        def apply(to):
            gone = set(ids)
            for i in ids:
                del to.nodes[i]
            to.rels = {w: ends for w, ends in to.rels.items() if ends[0] not in gone and ends[1] not in gone}
        return 'MATCH (p:P) WHERE p.id IN $ids DETACH DELETE p', {'ids': ids}, apply

    def delete_rels(self, model):
        weights = self.random.sample(sorted(model.rels), min(len(model.rels), self.random.randint(1, 30)))

        def apply(to):
            for w in weights:
                del to.rels[w]
        return 'MATCH (:P)-[k:K]->(:P) WHERE k.w IN $ws DELETE k', {'ws': weights}, apply

    def create_table(self, model):
        name = 'T%d' % self.next_table
        self.next_table += 1

        def apply(to):
            to.tables[name] = set()
            to.columns[name] = {}
        return 'CREATE NODE TABLE %s(id INT64 PRIMARY KEY)' % name, {}, apply

    def fill_table(self, model):
        name = self.random.choice(sorted(model.tables))
        ids = list(range(self.next_id, self.next_id + 20))
        self.next_id += 20

        def apply(to):
            to.tables[name] |= set(ids)
        return 'UNWIND $ids AS i CREATE (:%s {id: i})' % name, {'ids': ids}, apply

    def drop_table(self, model):
        name = self.random.choice(sorted(model.tables))

        def apply(to):
            del to.tables[name]
            del to.columns[name]
        return 'DROP TABLE %s' % name, {}, apply

    def alter_table(self, model):
        name = self.random.choice(sorted(model.tables))
        if model.columns[name] and self.random.random() < 0.4:
            column = self.random.choice(sorted(model.columns[name]))

            def apply(to):
                del to.columns[name][column]
            return 'ALTER TABLE %s DROP %s' % (name, column), {}, apply
        column = 'c%d' % self.next_table
        default = self.random.randint(-1000, 1000)
        self.next_table += 1

        def apply(to):
            to.columns[name][column] = default
        return 'ALTER TABLE %s ADD %s INT64 DEFAULT %d' % (name, column, default), {}, apply

    def statement(self, model):
        kinds = [(8, self.insert), (1, self.copy)]
        if model.nodes:
            kinds.append((6, self.connect))
            kinds += [(5, self.update), (3, self.update_text)] if 'set' in self.can else []
            kinds += [(2, self.delete)] if 'delete' in self.can else []
            kinds += [(2, self.merge)] if 'merge' in self.can else []
        if model.rels and 'delete rel' in self.can:
            kinds.append((2, self.delete_rels))
        if len(model.tables) < 8:
            kinds.append((1, self.create_table))
        if model.tables:
            kinds += [(2, self.fill_table), (1, self.drop_table)]
            kinds += [(2, self.alter_table)] if 'alter' in self.can else []
        return self.random.choices([kind for _, kind in kinds], [weight for weight, _ in kinds])[0](model)

    # ---- one child's work ----

    def acknowledged(self, child, text, parameters=None):
        self.history.append('%s %s' % (text, str(parameters or '')[:120]))
        answer = child.query(text, parameters)
        if not answer['ok']:
            raise Wrong('%s %r\n    %s' % (text[:200], str(parameters)[:200], answer['error']))
        self.counts['statements'] += 1

    def committed(self, child):
        if self.options.checkpoint_each:
            self.acknowledged(child, 'CHECKPOINT')
        self.model, self.maybe = self.maybe, None

    def one_statement(self, child):
        text, parameters, apply = self.statement(self.model)
        after = self.model.copy()
        apply(after)
        self.maybe = after
        self.acknowledged(child, text, parameters)
        self.committed(child)

    def one_transaction(self, child):
        after = self.model.copy()
        self.acknowledged(child, 'BEGIN TRANSACTION')
        for _ in range(self.random.randint(1, 6)):
            text, parameters, apply = self.statement(after)
            self.acknowledged(child, text, parameters)
            apply(after)
        if self.random.random() < 0.2:
            self.acknowledged(child, 'ROLLBACK')
            return
        self.maybe = after
        self.acknowledged(child, 'COMMIT')
        self.committed(child)

    def one_failure(self, child):
        """A statement that fails in the midst of its rows leaves nothing."""
        ids = list(range(self.next_id, self.next_id + 30))
        self.next_id += 30
        ids.append(self.random.choice(sorted(self.model.nodes)))
        answer = child.query("UNWIND $ids AS i CREATE (:P {id: i, value: 0, text: 'failed'})", {'ids': ids})
        if answer['ok'] or answer['kind'] != 'constraint':
            raise Wrong('a duplicate key was accepted: %r' % answer)

    def work(self, child, statements):
        """Runs until the child is gone or has done so many statements."""
        if not self.model.created:
            self.maybe = self.model.copy()
            for text in ('BEGIN TRANSACTION', 'CREATE NODE TABLE P(id INT64 PRIMARY KEY, value INT64, text STRING)', 'CREATE REL TABLE K(FROM P TO P, w INT64)'):
                self.acknowledged(child, text)
            self.maybe.created = True
            self.acknowledged(child, 'COMMIT')
            self.committed(child)
        if self.random.random() < 0.6:
            self.acknowledged(child, 'CALL checkpoint_threshold = %d' % self.random.choice([0, 10000, 100000]))
        for _ in range(statements):
            dice = self.random.random()
            if dice < 0.70:
                self.one_statement(child)
            elif dice < 0.90:
                self.one_transaction(child)
            elif dice < 0.94 and self.model.nodes:
                self.one_failure(child)
            elif dice < 0.99:
                self.acknowledged(child, 'CHECKPOINT')
            else:
                answer = child.ask(op='reopen')
                if not answer['ok']:
                    raise Wrong('reopen: %r' % answer)

    # ---- looking ----

    def read_state(self, child):
        tables = {row[1] for row in child.rows('CALL show_tables() RETURN *') if row[2] == 'NODE'}
        rels = {row[1] for row in child.rows('CALL show_tables() RETURN *') if row[2] == 'REL'}
        found = Model()
        if 'P' not in tables:
            if tables or rels:
                raise Wrong('tables %r without P' % sorted(tables | rels))
            return found
        found.created = rels == {'K'}
        if not found.created:
            raise Wrong('P is there, K is not: half a transaction')
        rows = child.rows('MATCH (p:P) RETURN p.id, p.value, p.text')
        found.nodes = {int(row[0]): (int(row[1]), row[2]) for row in rows}
        if len(rows) != len(found.nodes):
            raise Wrong('a key came up twice')
        rows = child.rows('MATCH (a:P)-[k:K]->(b:P) RETURN a.id, b.id, k.w')
        found.rels = {int(row[2]): (int(row[0]), int(row[1])) for row in rows}
        if len(rows) != len(found.rels):
            raise Wrong('a relationship came up twice')
        backward = child.rows('MATCH (b:P)<-[k:K]-(a:P) WITH b, a, k ORDER BY b.id RETURN a.id, b.id, k.w')
        if sorted(map(tuple, backward)) != sorted(map(tuple, rows)):
            raise Wrong('forward and backward relationships differ')
        for name in tables - {'P'}:
            self.read_table(child, name, found)
        return found

    def read_table(self, child, name, found):
        info = [row[1:4] for row in child.rows("CALL table_info('%s') RETURN *" % name)]
        found.columns[name] = {row[0]: int(row[2]) for row in info if row[0] != 'id'}
        names = ['id'] + sorted(found.columns[name])
        rows = child.rows('MATCH (t:%s) RETURN %s' % (name, ', '.join('t.' + column for column in names)))
        found.tables[name] = {int(row[0]) for row in rows}
        for row in rows:
            for column, value in zip(names[1:], row[1:]):
                if value != str(found.columns[name][column]):
                    raise Wrong('table %s: row %s has %s in column %s, whose default is %d' % (name, row[0], value, column, found.columns[name][column]))

    def check_state(self, child):
        """The child holds one of the states that it may hold; the model goes on with that one."""
        found = self.read_state(child)
        if found.state() == self.model.state():
            self.counts['in flight, gone'] += self.maybe is not None
        elif self.maybe is not None and found.state() == self.maybe.state():
            self.counts['in flight, there'] += 1
            self.model = self.maybe
        else:
            raise Wrong(self.difference(found))
        self.maybe = None
        keys = [] if not self.model.created else self.random.sample(sorted(self.model.nodes), min(20, len(self.model.nodes)))
        for key in keys:
            if child.rows('MATCH (p:P {id: $id}) RETURN p.value', {'id': key}) != [[str(self.model.nodes[key][0])]]:
                raise Wrong('key %d is not found by the index' % key)
        for key in (self.next_id + 5, -1) if self.model.created else ():
            if child.rows('MATCH (p:P {id: $id}) RETURN p.value', {'id': key}):
                raise Wrong('key %d is found by the index, and was never there' % key)
        if 'check' in self.can:
            # A crash between the two copies of the header leaves a warning, which says so: no data are concerned.
            deep = self.random.random() < 0.5
            problems = [row for row in child.rows('CALL check_database(%s) RETURN *' % ('deep := true' if deep else '')) if row[0] != 'warning']
            if problems:
                raise Wrong('check_database: %r' % problems[:5])
        self.counts['states compared'] += 1

    def difference(self, found):
        def compare(what, got, wanted):
            missing = sorted(set(wanted) - set(got))
            extra = sorted(set(got) - set(wanted))
            other = sorted(key for key in set(got) & set(wanted) if got[key] != wanted[key])
            changes = ', '.join('%r: %.60r instead of %.60r' % (key, got[key], wanted[key]) for key in other[:5])
            return '%s: %d missing %r, %d too many %r, %d different (%s)' % (what, len(missing), missing[:5], len(extra), extra[:5], len(other), changes)
        lines = ['the state is not one that was acknowledged']
        for name, model in (('acknowledged', self.model), ('with what was in flight', self.maybe)):
            if model is not None:
                lines.append('  against %s: %s; %s; tables %r, expected %r; columns %r, expected %r' % (
                    name, compare('nodes', found.nodes, model.nodes), compare('relationships', found.rels, model.rels),
                    sorted(found.tables), sorted(model.tables), found.columns, model.columns))
        return '\n'.join(lines)

    # ---- rounds ----

    def start(self, deadly):
        """A child; deadly: prepared to die at a call."""
        if not deadly:
            self.history.append('(a child)')
            return Child(self, self.database)
        at = int(self.random.paretovariate(0.7)) if self.random.random() < 0.5 else self.random.randint(1, 400)
        how = self.random.choice(['before', 'half', 'after'])
        self.history.append('(a child, to be killed %s call %d)' % (how, at))
        environment = dict(os.environ, LD_PRELOAD=self.options.preload, RUZU_KILL_AT=str(at), RUZU_KILL_HOW=how)
        # The address sanitizer wants to be loaded first; behind this library it works as well.
        environment['ASAN_OPTIONS'] = ':'.join(filter(None, [os.environ.get('ASAN_OPTIONS'), 'verify_asan_link_order=0']))
        return Child(self, self.database, environment)

    def one_death(self, opening):
        """Starts a child and lets it die while it opens the database (or compares), or works."""
        by_call = self.random.random() < 0.5 and self.options.preload
        self.threads = 1 if by_call else self.random.choice([1, 2])
        self.wal_sync = self.random.choice(['full', 'full', 'full', 'normal', 'off'])
        child = self.start(by_call)
        if by_call:
            child.kill_after(5 * self.options.life) # should it not come to that call
        else:
            child.kill_after(self.random.uniform(0, 0.02) if opening else self.random.expovariate(1 / self.options.life))
        try:
            self.check_state(child)
            self.work(child, 3 if opening else 10000)
            child.kill()
        except Dead:
            pass
        except Wrong:
            child.kill()
            child.end()
            raise
        status, text = child.end()
        if status != -signal.SIGKILL or text:
            raise Wrong('the program ended with status %d: %s' % (status, text))
        self.counts['kills while opening' if opening else 'kills'] += 1

    def new_database(self):
        for name in os.listdir(self.folder):
            if name.startswith('k.ruzu'):
                os.remove(os.path.join(self.folder, name))
        self.model = Model()
        self.maybe = None

    def round(self):
        self.one_death(opening=False)
        while self.random.random() < 0.4:
            self.one_death(opening=True)
        self.threads = 1
        self.wal_sync = 'full'
        child = Child(self, self.database)
        try:
            self.check_state(child)
            if self.random.random() < 0.3:
                self.work(child, self.random.randint(1, 10))
                self.check_state(child)
                child.close()
                left = sorted(name for name in os.listdir(self.folder) if name.startswith('k.ruzu'))
                if left != ['k.ruzu']:
                    raise Wrong('after a clean close there are %r' % left)
                return
            child.kill()
        except Dead:
            status, text = child.end()
            raise Wrong('the program ended by itself, status %d: %s' % (status, text)) from None
        except Wrong:
            child.kill()
            raise
        child.end()

    def quiet_round(self):
        """Nobody is killed: what a child has written is what it and the next ones read, before and after checkpoints."""
        self.threads = self.random.choice([1, 2])
        self.history.append('(a child, %d threads)' % self.threads)
        child = Child(self, self.database)
        try:
            self.check_state(child)
            for _ in range(self.random.randint(1, 6)):
                self.work(child, self.random.randint(1, 12))
                self.check_state(child)
                if self.random.random() < 0.4:
                    self.acknowledged(child, 'CHECKPOINT')
                    self.check_state(child)
        except (Dead, Wrong) as problem:
            child.kill()
            status, text = child.end()
            raise Wrong(str(problem) or 'the program ended by itself, status %d: %s' % (status, text)) from None
        child.close()

    def run(self):
        self.probe()
        started = time.monotonic()
        for number in range(self.options.rounds):
            if time.monotonic() - started > self.options.seconds:
                print('stopped after %d rounds: %d seconds have passed' % (number, self.options.seconds))
                break
            # Each round is repeatable by itself, given the database that the rounds before it left.
            if number % self.options.generation == 0:
                self.new_database()
            try:
                self.quiet_round() if self.options.no_kills else self.round()
            except Wrong as wrong:
                print('FAILED in round %d (--seed %d): %s' % (number, self.options.seed, wrong))
                print('  the last statements sent:\n    ' + '\n    '.join(self.history))
                return 1
            self.counts['rounds'] += 1
            if self.options.verbose:
                print('round %d: %d nodes, %d relationships' % (number, len(self.model.nodes), len(self.model.rels)))
                sys.stdout.flush()
        print(', '.join('%d %s' % (count, name) for name, count in sorted(self.counts.items())))
        return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--program', required=True, help='the ruzu program')
    parser.add_argument('--preload', help='library of kill_at.c')
    parser.add_argument('--rounds', type=int, default=20)
    parser.add_argument('--generation', type=int, default=10, help='rounds until the next database begins')
    parser.add_argument('--life', type=float, default=0.3, help='mean seconds until a random kill')
    parser.add_argument('--seconds', type=float, default=1e9, help='begin no round after so many')
    parser.add_argument('--seed', type=int, default=None)
    parser.add_argument('--no-kills', action='store_true', help='random statements and comparisons only')
    parser.add_argument('--checkpoint-each', action='store_true', help='count nothing as acknowledged before a CHECKPOINT: checkpoints by themselves')
    parser.add_argument('--require-all', action='store_true', help='fail when the engine does not know a kind of statement')
    parser.add_argument('--keep', action='store_true', help='keep the folder of a failed run')
    parser.add_argument('-v', '--verbose', action='store_true')
    options = parser.parse_args()
    options.program = os.path.abspath(options.program)
    options.preload = os.path.abspath(options.preload) if options.preload else None
    if options.seed is None:
        options.seed = random.SystemRandom().randrange(1 << 32)
    if not os.path.exists(options.program):
        print('%s is not built' % options.program)
        return 2
    print('seed %d' % options.seed)
    folder = tempfile.mkdtemp(prefix='ruzu_kill_')
    status = 2
    try:
        status = Loop(options, folder).run()
    finally:
        if status != 0 and options.keep:
            print('kept: ' + folder)
        else:
            shutil.rmtree(folder, ignore_errors=True)
    return status


if __name__ == '__main__':
    sys.exit(main())
