#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The short and complex reads of the LDBC SNB interactive workload on its CSV files: right, and how long?

    bench/ldbc/run.py --program build/release/bin/ruzu --data DIRECTORY [--only ic5,ic9] [--repeat 20] [--threads 2]

DIRECTORY holds the data of the workload at scale 0.1 in its basic CSV form (`|` between fields, dates as numbers), or
is an archive of it that Python's tarfile reads.  Loads them into a new database, runs each query with the parameters in
answers.json and compares with the answers there (answers.py made them from the files, without a database).  Prints a
line a query: the best time and the mean processor time of the process (all threads) over the repetitions, in
milliseconds, of the slowest of its parameters.  Exit status: 0 all answers are right, 1 not, 77 there is no DIRECTORY.

KuzuDB 0.11.3 gives the same answers to all 21 with the same parameters: to 18 queries as they stand, to three rewritten in its
dialect (IC1: OPTIONAL MATCH and collect() for COLLECT { }; IC7: WITH ... ORDER BY needs a LIMIT; IC14: the people of a path
matched again by their id, OPTIONAL MATCH and count() for COUNT { }, no order by a list).

--database PATH keeps the database, or uses the one there.  --limit MS also fails for a query whose best time is longer.
The data are not part of this tree.  This is not an LDBC benchmark run: one stream, reads only, no audited data.
"""
import argparse
import json
import os
import subprocess
import sys
import tarfile
import tempfile

from answers import digest

HERE = os.path.dirname(os.path.abspath(__file__))
LOADS = ["Comment", "Forum", "Organisation", "Person", "Place", "Post", "Tag", "TagClass",
         "Comment_hasCreator=Comment_hasCreator_Person", "Comment_hasCreator=Comment_hasCreator_Person_1",
         "Comment_hasTag=Comment_hasTag_Tag", "Comment_hasTag=Comment_hasTag_Tag_1",
         "Comment_isLocatedIn=Comment_isLocatedIn_Place", "Comment_isLocatedIn=Comment_isLocatedIn_Place_1",
         "replyOf_Comment=Comment_replyOf_Comment", "replyOf_Post=Comment_replyOf_Post",
         "containerOf=Forum_containerOf_Post", "hasMember=Forum_hasMember_Person",
         "hasModerator=Forum_hasModerator_Person", "Forum_hasTag=Forum_hasTag_Tag",
         "Organisation_isLocatedIn=Organisation_isLocatedIn_Place", "hasInterest=Person_hasInterest_Tag",
         "Person_isLocatedIn=Person_isLocatedIn_Place", "knows=Person_knows_Person", "knows=Person_knows_Person_1",
         "likes_Comment=Person_likes_Comment", "likes_Comment=Person_likes_Comment_1",
         "likes_Post=Person_likes_Post", "likes_Post=Person_likes_Post_1",
         "studyAt=Person_studyAt_Organisation", "workAt=Person_workAt_Organisation",
         "isPartOf=Place_isPartOf_Place", "Post_hasCreator=Post_hasCreator_Person", "Post_hasTag=Post_hasTag_Tag",
         "Post_isLocatedIn=Post_isLocatedIn_Place", "hasType=Tag_hasType_TagClass",
         "isSubclassOf=TagClass_isSubclassOf_TagClass"]


class Session:
    def __init__(self, program, path):
        self.process = subprocess.Popen([program, "--jsonl", path], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        encoding="utf-8", errors="surrogateescape")

    def ask(self, query, parameters=None):
        self.process.stdin.write(json.dumps({"query": query, "params": parameters or {}}) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        return json.loads(line) if line else {"ok": False, "error": "the program ended"}

    def must(self, query):
        answer = self.ask(query)
        if not answer["ok"]:
            sys.exit("%s: %s" % (query, answer["error"]))

    def processor_ms(self):
        try:
            with open("/proc/%d/stat" % self.process.pid) as stat:
                fields = stat.read().rpartition(")")[2].split()
            return (int(fields[11]) + int(fields[12])) * 1000.0 / os.sysconf("SC_CLK_TCK")
        except OSError:
            return 0.0

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def load(session, directory):
    with open(os.path.join(HERE, "schema.cypher"), encoding="utf-8") as schema:
        session.must(schema.read())
    for entry in LOADS:
        table, _, name = entry.partition("=")
        session.must('COPY %s FROM "%s"' % (table, os.path.join(directory, (name or table) + ".csv")))


def find_data(path, scratch):
    """The folder with Person.csv, unpacked when `path` is an archive; None when there is none."""
    if os.path.isfile(path):
        with tarfile.open(path) as archive:
            if hasattr(tarfile, "data_filter"):
                archive.extractall(scratch, filter="data")
            else:
                archive.extractall(scratch)
        path = scratch
    for folder, _, names in os.walk(path):
        if "Person.csv" in names:
            return os.path.abspath(folder)
    return None


def check(name, expected, answer):
    if not answer["ok"]:
        return answer["error"]
    rows = answer["rows"]
    if "digest" in expected:
        if len(rows) == expected["count"] and digest(rows) == expected["digest"]:
            return None
        return "%d rows that differ, expected were %d: answers.py --full shows them" % (len(rows), expected["count"])
    if rows == expected["rows"]:
        return None
    for i in range(max(len(rows), len(expected["rows"]))):
        got, want = (x[i] if i < len(x) else "nothing" for x in (rows, expected["rows"]))
        if got != want:
            return "row %d is %s, expected was %s" % (i + 1, got, want)


def run(session, name, cases, options):
    with open(os.path.join(HERE, name + ".cypher"), encoding="utf-8") as file:
        query = file.read()
    wrong = None
    slowest = (0.0, 0.0)
    for case in cases:
        wrong = check(name, case, session.ask(query, case["parameters"])) or wrong
        best = None
        before = session.processor_ms()
        for _ in range(options.repeat):
            answer = session.ask(query, case["parameters"])
            spent = answer.get("compile_ms", 0.0) + answer.get("execute_ms", 0.0)
            best = spent if best is None or spent < best else best
        if options.repeat > 0:
            slowest = max(slowest, (best, (session.processor_ms() - before) / options.repeat))
    late = options.limit is not None and slowest[0] > options.limit
    print("%-5s %8.2f ms  cpu %8.2f ms  %s" % (name, slowest[0], slowest[1],
                                              "WRONG " + wrong if wrong else "late" if late else "ok"), flush=True)
    return wrong is None and not late


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--database")
    parser.add_argument("--only", default="")
    parser.add_argument("--repeat", type=int, default=20)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--limit", type=float)
    options = parser.parse_args()
    with open(os.path.join(HERE, "answers.json"), encoding="utf-8") as file:
        cases = json.load(file)
    names = options.only.split(",") if options.only else list(dict.fromkeys(case["query"] for case in cases))
    with tempfile.TemporaryDirectory() as scratch:
        path = options.database or os.path.join(scratch, "ldbc.ruzu")
        ready = os.path.exists(path)
        directory = None if ready else find_data(options.data, scratch)
        if not ready and directory is None:
            print("no data at %s" % options.data)
            sys.exit(77)
        session = Session(options.program, path)
        if not ready:
            load(session, directory)
        session.must("CALL threads = %d" % options.threads)
        good = [run(session, name, [case for case in cases if case["query"] == name], options) for name in names]
        session.close()
    print("%d of %d right" % (sum(good), len(good)))
    sys.exit(0 if all(good) else 1)


if __name__ == "__main__":
    main()
