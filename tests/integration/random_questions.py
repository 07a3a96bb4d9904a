#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Random questions over random graphs that are written to: every answer is that of a fresh database.

    random_questions.py --program build/release/bin/ruzu [--seconds 25] [--seed N] [--round K] [--keep FOLDER] [-v]

A child (`ruzu --jsonl`) gets random writes, transactions that are rolled back, checkpoints, VACUUM, reopening, crashes and changes of the schema; a model in Python
(random_graph.py) follows. After every few writes the model's data are loaded into a fresh database in a second child, and random questions (random_asks.py) are put to both: to
the first one on one thread, on two with every rule of the planner wherever it can be used, and with the planner's rules off; to a connection that
keeps an older snapshot open, whose answers are those of the fresh database of that time; and within transactions that have not committed.

A wrong answer is printed with what repeats it: the seed, the round, and the folder with all statements (`ruzu --jsonl x.ruzu < requests.jsonl`).
Exit status: 0 all well, 1 a wrong answer, 2 the test could not run.
"""
import argparse
import collections
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time

from random_asks import Asker
from random_graph import Graph

ALL_RULES = (1 << 32) - 1
EAGER = 1 << 32
SHOWN_ROWS = 6


class Wrong(Exception):
    """An answer that is not right, or an end that nobody asked for."""


class Child:
    """A process with a database, and a file with all that it was asked."""

    def __init__(self, program, folder, name):
        self.path = os.path.join(folder, name + '.ruzu')
        self.log = open(os.path.join(folder, name + '.requests.jsonl'), 'a', encoding='utf-8')
        self.errors = open(os.path.join(folder, name + '.errors'), 'ab')
        self.process = subprocess.Popen([program, '--jsonl', '--threads', '1', '--buffer-pool', '32MiB', '--wal-sync', 'off', self.path], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=self.errors)
        self.number = 0

    def ask(self, **request):
        self.number += 1
        text = json.dumps({'id': self.number, **{name: value for name, value in request.items() if value is not None}}) + '\n'
        self.log.write(text)
        self.log.flush()
        try:
            self.process.stdin.write(text.encode())
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except BrokenPipeError:
            line = b''
        if not line.endswith(b'\n'):
            if request.get('op') == 'crash':
                return None
            raise Wrong('the program ended with status %s (see %s) at %s' % (self.process.wait(60), self.errors.name, text))
        return json.loads(line)

    def must(self, query, conn='main', params=None):
        answer = self.ask(query=query, conn=conn, params=params)
        if not answer['ok']:
            raise Wrong('%s\n    %s' % (query, answer['error']))
        return answer

    def end(self):
        for pipe in (self.process.stdin, self.process.stdout):
            try:
                pipe.close()
            except OSError:
                pass
        status = self.process.wait(100)
        self.log.close()
        self.errors.close()
        return status


NUMBER = re.compile(r'-?\d+\.\d+(?:e[+-]?\d+)?')


def shown(answer, ordered):
    """An answer in a form that can be compared: averages are rounded, rows without an order sorted."""
    if not answer['ok']:
        return 'error', answer['kind']
    rows = [tuple('\0' if cell is None else NUMBER.sub(lambda number: '%.9g' % float(number.group()), cell) if '.' in cell else cell for cell in row) for row in answer['rows']]
    return 'rows', rows if ordered else sorted(rows)


def difference(got, wanted):
    if got[0] != 'rows' or wanted[0] != 'rows':
        return '    got      %.300r\n    expected %.300r' % (got, wanted)
    extra, missing = collections.Counter(got[1]), collections.Counter(wanted[1])
    extra, missing = extra - missing, missing - extra
    return '    %d rows, expected %d; too many %r, missing %r' % (len(got[1]), len(wanted[1]), list(extra.elements())[:SHOWN_ROWS], list(missing.elements())[:SHOWN_ROWS])


class Round:
    """One graph."""

    def __init__(self, options, seed, folder, counts):
        self.options, self.folder, self.counts = options, folder, counts
        self.rng = random.Random(seed)
        self.size = self.rng.choice([12, 60, 60, 300, 300, options.most])
        self.graph = Graph(self.rng, folder, self.size)
        self.model = self.graph.start()
        self.old = None        # what a connection with an open snapshot sees: (model, child with these data)
        self.committed = None  # the model before the transaction that is open
        self.fresh = 0
        self.told = None       # what the last statement said of its own changes: (the question, its parameters, whether the order counts, the answer)
        self.child = None

    # ---- the database under test ----

    def log(self, text):
        if self.options.verbose:
            print(text, flush=True)

    def start(self):
        self.child = Child(self.options.program, self.folder, 'tested')
        self.settings = {}
        self.child.must('CALL auto_checkpoint = false')

    def do(self, query, params=None):
        self.log('  ' + query[:200])
        self.counts['statements'] += 1
        rules = (self.settings.get('main') or (1, ALL_RULES))[1]
        if self.rng.random() < 0.2 or rules not in (ALL_RULES, ALL_RULES | EAGER): # without the planner's rules, keys may not be looked up
            self.set('main', self.rng.choice([1, 2]), self.rng.choice([ALL_RULES, ALL_RULES | EAGER]))
        return self.child.must(query, params=params)

    def fill(self):
        self.start()
        for text in self.graph.schema(self.model):
            self.do(text)
        writes = [self.graph.copy(self.model, self.size, 'A'), self.graph.copy(self.model, max(3, self.size // 4), 'B')]
        for text, params, apply in writes:
            self.do(text, params)
            apply(self.model)
        for rel in self.model.rels.values():
            for pair in rel.pairs:
                made = self.graph.copy_edges(self.model, int(self.size * self.rng.choice([0.5, 1, 3])), rel.name, pair)
                if made is not None:
                    self.do(made[0], made[1])
                    made[2](self.model)
        if self.rng.random() < 0.8:
            self.do('CHECKPOINT')

    def write(self):
        text, params, apply = self.graph.write(self.model)
        self.told = None
        if ' WHERE n.id IN $ids SET ' in text and self.rng.random() < 0.3:
            after = self.model.copy()
            apply(after)
            match, _, change = text.partition(' SET ')
            tail, more, ordered = Asker(self.rng, self.graph, after).continuation(match[len('MATCH (n:'):][0])
            params = {**params, **more}
            answer = self.do('%s SET %s WITH n %s' % (match, change, tail), params)
            self.told = ('%s WITH n %s' % (match, tail), params, ordered, answer)
        else:
            self.do(text, params)
        apply(self.model)

    def failing_write(self):
        """Its first rows are right; nothing of it may stay."""
        keys = list(self.model.nodes['A'].rows)
        if keys and self.committed is None:
            ids = self.graph.new_keys('A', 12) + [self.rng.choice(keys)]
            answer = self.child.ask(query='UNWIND $ids AS i CREATE (:A {id: i})', conn='main', params={'ids': ids})
            if answer['ok']:
                raise Wrong('a duplicate key was accepted: %r' % ids)

    def let_old_go(self):
        if self.old is not None:
            self.child.must('COMMIT', conn='old')
            self.old[1].end()
            self.old = None

    def crash(self):
        self.child.ask(op='crash')
        self.child.end()
        if self.old is not None:
            self.old[1].end()
            self.old = None
        if self.committed is not None:
            self.model, self.committed = self.committed, None
        self.start()

    def step(self):
        self.told = None
        dice = self.rng.random()
        if dice < 0.12:
            if self.committed is None:
                self.do('CHECKPOINT')
            else: # beside changes that are not committed
                self.log('  CHECKPOINT by another connection')
                self.child.must('CHECKPOINT', conn='eager')
        elif dice < 0.14:
            self.child.must('VACUUM', conn='main' if self.committed is None else 'eager')
        elif dice < 0.18 and self.committed is None and self.old is None:
            self.log('  (reopen)')
            if not self.child.ask(op='reopen')['ok']:
                raise Wrong('it cannot be reopened')
            self.settings = {}
            self.child.must('CALL auto_checkpoint = false')
        elif dice < 0.20:
            self.log('  (crash)')
            self.crash()
        elif dice < 0.32 and self.committed is None:
            self.do('BEGIN TRANSACTION')
            self.committed = self.model.copy()
        elif dice < 0.40 and self.committed is not None:
            if self.rng.random() < 0.5:
                self.do('COMMIT')
            else:
                self.do('ROLLBACK')
                self.model = self.committed
            self.committed = None
        elif dice < 0.43:
            self.failing_write()
        else:
            for _ in range(self.rng.choice([1, 1, 2, 5])):
                self.write()

    # ---- questions ----

    def load_fresh(self, model):
        self.fresh += 1
        child = Child(self.options.program, self.folder, 'fresh%d' % self.fresh)
        for text in self.graph.schema(model) + self.graph.load(model):
            child.must(text)
        return child

    def set(self, conn, threads, rules):
        """rules: a number of debug_plan_rules, or None: the optimizer is off."""
        if self.settings.get(conn) == (threads, rules):
            return
        self.child.must('CALL threads = %d' % threads, conn)
        self.child.must('CALL timeout = 30000', conn) # a question that never ends is shown
        self.child.must('CALL enable_plan_optimizer = %s' % ('false' if rules is None else 'true'), conn)
        if rules is not None:
            self.child.must('CALL debug_plan_rules = %d' % rules, conn)
        self.settings[conn] = (threads, rules)

    def answer(self, child, conn, text, params, ordered, threads, rules):
        if child is self.child:
            self.set(conn, threads, rules)
        self.counts['answers'] += 1
        begun = time.monotonic()
        answer = shown(child.ask(query=text, conn=conn, params=params), ordered)
        if time.monotonic() - begun > self.options.slow:
            print('%.1f s: connection %s, %d threads, rules %s, %d nodes: %s' % (time.monotonic() - begun, conn, threads, rules, self.size, text), flush=True)
        return answer

    def configurations(self, own, cheap):
        """(connection, threads, rules). Connections keep theirs, and with it the plans they keep, where there are no changes that only one may see."""
        random_rules = EAGER | self.rng.getrandbits(32)
        ways = [('main', 1, ALL_RULES), ('eager', 2, ALL_RULES | EAGER), ('plain', 1, None)]
        ways += [('random', self.rng.choice([1, 2]), random_rules)] if self.rng.random() < 0.3 else []
        return [('main' if own else conn, threads, rules) for conn, threads, rules in ways if cheap or rules == ALL_RULES or (rules == ALL_RULES | EAGER and not own)]

    def compare(self, model, child, conns, text, params, ordered):
        wanted = self.answer(child, 'main', text, params, ordered, 1, ALL_RULES)
        self.counts['questions'] += 1
        self.counts['with rows'] += wanted[0] == 'rows' and len(wanted[1]) != 0
        if wanted[0] == 'error':
            self.counts['refused: ' + wanted[1]] += 1
        if wanted[0] == 'error' and (self.options.verbose or wanted[1] in ('parser', 'binder')):
            raise Wrong('the question is no question: %s\n   %r' % (text, child.ask(query=text, conn='main', params=params)))
        if wanted[0] == 'error':
            self.counts['refused: ' + wanted[1]] += 1
        if wanted[0] == 'error' and conns and (conns[0][0] == 'old' or conns[0][0] == 'main' and self.committed is not None):
            return # it would end the transaction
        for conn, threads, rules in conns:
            got = self.answer(self.child, conn, text, params, ordered, threads, rules)
            if got == ('error', 'no_memory') and rules is None and conn != 'main' and conn != 'old':
                self.counts['too large without the planner'] += 1
            elif got != wanted:
                raise Wrong('connection %s, %d threads, rules %s\n    %s\n    %s\n%s' % (conn, threads, 'off' if rules is None else hex(rules), text, json.dumps(params), difference(got, wanted)))

    def ask(self):
        own = self.committed is not None
        child = self.load_fresh(self.model)
        kept = False
        try:
            if self.told is not None:
                text, params, ordered, answer = self.told
                wanted = shown(child.ask(query=text, conn='main', params=params), ordered)
                if shown(answer, ordered) != wanted:
                    raise Wrong('a statement of its own changes\n    %s\n    %s\n%s' % (text, json.dumps(params), difference(shown(answer, ordered), wanted)))
            asker = Asker(self.rng, self.graph, self.model)
            for _ in range(self.options.questions):
                text, params, ordered, cheap = asker.question()
                self.compare(self.model, child, self.configurations(own, cheap), text, params, ordered)
            if self.old is not None:
                self.ask_old()
            if own and self.rng.random() < 0.5:
                self.ask_others()
            if not own and self.rng.random() < 0.25:
                self.let_old_go()
                self.child.must('BEGIN TRANSACTION READ ONLY', conn='old')
                self.child.must('MATCH (a:A) RETURN count(*)', conn='old')
                self.old = (self.model.copy(), child)
                kept = True
            elif self.old is not None and self.rng.random() < 0.2:
                self.let_old_go()
        finally:
            if not kept:
                child.end()
        if self.rng.random() < 0.1 and not own:
            problems = [row for row in self.child.must('CALL check_database(deep := true) RETURN *')['rows'] if row[0] != 'warning']
            if problems:
                raise Wrong('check_database: %r' % problems[:5])

    def ask_old(self):
        """The snapshot that is held open."""
        model, child = self.old
        asker = Asker(self.rng, self.graph, model)
        for _ in range(self.options.questions // 3 + 1):
            text, params, ordered, cheap = asker.question()
            self.compare(model, child, [('old', self.rng.choice([1, 2]), self.rng.choice([ALL_RULES, ALL_RULES | EAGER] + [None] * cheap))], text, params, ordered)

    def ask_others(self):
        """What other connections see beside a transaction that has not committed."""
        child = self.load_fresh(self.committed)
        try:
            asker = Asker(self.rng, self.graph, self.committed)
            for _ in range(self.options.questions // 3 + 1):
                text, params, ordered, cheap = asker.question()
                self.compare(self.committed, child, self.configurations(False, cheap)[1:], text, params, ordered)
        finally:
            child.end()

    def run(self, until):
        try:
            self.fill()
            self.ask()
            for _ in range(self.options.steps):
                if time.monotonic() > until:
                    break
                for _ in range(self.rng.choice([1, 2, 4])):
                    self.step()
                self.ask()
            self.let_old_go()
            if self.child.end() != 0:
                raise Wrong('closing failed')
        finally:
            for child in [self.child] + ([self.old[1]] if self.old else []):
                if child is not None and child.process.poll() is None:
                    child.process.kill()
                    child.process.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n', maxsplit=1)[0])
    parser.add_argument('--program', required=True)
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--round', type=int, help='only this one')
    parser.add_argument('--seconds', type=float, default=25)
    parser.add_argument('--steps', type=int, default=12, help='of a round: writes, then questions')
    parser.add_argument('--questions', type=int, default=25, help='of a step')
    parser.add_argument('--most', type=int, default=3000, help='nodes of the largest graphs')
    parser.add_argument('--slow', type=float, default=float('inf'), help='questions that take longer, in seconds, are shown')
    parser.add_argument('--keep', help='folder for what is left of failed rounds')
    parser.add_argument('--go-on', action='store_true', help='after a wrong answer')
    parser.add_argument('-v', '--verbose', action='store_true')
    options = parser.parse_args()
    until = time.monotonic() + options.seconds if options.round is None else float('inf')
    counts = collections.Counter()
    status, number = 0, options.round or 0
    while time.monotonic() < until and (options.round is None or number == options.round):
        folder = tempfile.mkdtemp(prefix='ruzu-questions-%d-' % number, dir=options.keep)
        keep = False
        try:
            Round(options, options.seed * 1000003 + number, folder, counts).run(until)
        except Wrong as error:
            status, keep = 1, True
            print('seed %d round %d: WRONG: %s\n    repeat with --seed %d --round %d%s; statements: %s' % (
                options.seed, number, error, options.seed, number, ' --most %d' % options.most if options.most != parser.get_default('most') else '', folder), flush=True)
        if not keep:
            shutil.rmtree(folder)
        number += 1
        counts['rounds'] += 1
        if status != 0 and not options.go_on:
            break
    print('seed %d: %s' % (options.seed, ', '.join('%d %s' % (count, what) for what, count in sorted(counts.items()))))
    return status


if __name__ == '__main__':
    sys.exit(main())
