#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Small writes to a copy of the demo's database: changes a second, bytes written per byte of data, growth of the file.

    cmake --build --preset demo
    bench/writes.py --program build/release/bin/ruzu --database build/release/demo/people.ruzu [--mode batch|single|rounds] [--count N] [--people N]

batch   N times: a transaction that sets a property of 1,000 random people by key, and one that makes 1,000 relationships between random people
single  N times: the same with one of each, a transaction each
rounds  N times: 200 people changed, the relationships of 40 people deleted and as many made, then CHECKPOINT: the graph keeps its size

User data counts 8 bytes a number and 16 a relationship's ends; written bytes are those of all write calls of the process, automatic checkpoints
included, closing not. Prints one JSON object. Linux only (/proc).
"""
import argparse
import json
import os
import random
import shutil
import subprocess
import tempfile
import time

SET = 'UNWIND $ids AS i MATCH (p:Person) WHERE p.id = i SET p.score = p.score + 1'
LINK = 'UNWIND $pairs AS x MATCH (a:Person), (b:Person) WHERE a.id = x[1] AND b.id = x[2] CREATE (a)-[:Follows]->(b)'
CUT = 'UNWIND $ids AS i MATCH (p:Person)-[f:Follows]->() WHERE p.id = i DELETE f RETURN count(*)'


class Session:
    def __init__(self, program, path):
        self.process = subprocess.Popen([program, '--jsonl', path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def run(self, query, **params):
        self.process.stdin.write(json.dumps({'query': query, 'params': params}) + '\n')
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        if not answer['ok']:
            raise SystemExit('%s: %s' % (query, answer))
        return answer.get('rows')

    def written(self):
        with open('/proc/%d/io' % self.process.pid) as counters:
            return int(dict(line.split(': ') for line in counters)['wchar'])

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def pairs(people, count):
    return [[random.randrange(people), random.randrange(people)] for _ in range(count)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--program', required=True)
    parser.add_argument('--database', required=True)
    parser.add_argument('--mode', choices=('batch', 'single', 'rounds'), default='batch')
    parser.add_argument('--count', type=int, default=3000)
    parser.add_argument('--people', type=int, default=100000, help='how many the database has; their ids are 0 … N - 1')
    arguments = parser.parse_args()
    random.seed(1)
    people = arguments.people
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'writes.ruzu')
        shutil.copyfile(arguments.database, path)
        session = Session(arguments.program, path)
        session.run('ALTER TABLE Person ADD score INT64 DEFAULT 0')
        session.run('CHECKPOINT')
        fresh, before, begin, changes = os.path.getsize(path), session.written(), time.monotonic(), 0
        size = 1000 if arguments.mode == 'batch' else 1
        for _ in range(arguments.count):
            if arguments.mode == 'rounds':
                session.run(SET, ids=random.sample(range(people), 200))
                cut = int(session.run(CUT, ids=random.sample(range(people), 40))[0][0])
                session.run(LINK, pairs=pairs(people, cut))
                session.run('CHECKPOINT')
                changes += 200 + 2 * cut
            else:
                session.run(SET, ids=random.sample(range(people), size))
                session.run(LINK, pairs=pairs(people, size))
                changes += 2 * size
        seconds = time.monotonic() - begin
        row = {'mode': arguments.mode, 'count': arguments.count, 'changes_per_s': round(changes / seconds), 'seconds': round(seconds, 2)}
        if arguments.mode == 'rounds':
            row['file_growth'] = round(os.path.getsize(path) / fresh, 2)
        else:
            row['written_per_byte'] = round((session.written() - before) / (24 * size * arguments.count), 2)
            row['file_growth'] = round(os.path.getsize(path) / fresh, 2)
        session.close()
        print(json.dumps(row))


if __name__ == '__main__':
    main()
