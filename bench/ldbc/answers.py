#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""answers.py DATA_DIRECTORY [--full] > answers.json

Chooses parameters for the queries of this folder and computes their answers from the CSV files by loops over
dictionaries: written from the specification of the queries, without a database, so that run.py has something
independent to compare with.  Dates stay the numbers they are in the files (yyyymmddhhmmssmmm).  Long answers are kept as
a number of rows and a digest; --full shows them."""
import csv
import datetime
import hashlib
import json
import os
import sys
from collections import Counter, defaultdict


class Data:
    def __init__(self, directory):
        def rows(*names):
            for name in names:
                with open(os.path.join(directory, name + ".csv"), encoding="utf-8", newline="") as file:
                    for i, row in enumerate(csv.reader(file, delimiter="|", quotechar='"')):
                        if i == 0 and any(":" in field for field in row):
                            continue
                        yield row

        def nodes(name, numbers):
            columns = {"Person": ["id", "firstName", "lastName", "gender", "birthday", "creationDate", "ip", "browser"],
                       "Comment": ["id", "creationDate", "ip", "browser", "content", "length"],
                       "Post": ["id", "image", "creationDate", "ip", "browser", "language", "content", "length"],
                       "Forum": ["id", "title", "creationDate"], "Organisation": ["id", "label", "name", "url"],
                       "Place": ["id", "name", "url", "label"], "Tag": ["id", "name", "url"],
                       "TagClass": ["id", "name", "url"]}[name]
            out = {}
            for row in rows(name):
                node = dict(zip(columns, row))
                for number in numbers:
                    node[number] = int(node[number])
                out[node["id"]] = node
            return out

        def lists(*names):
            out = defaultdict(list)
            back = defaultdict(list)
            for row in rows(*names):
                a, b, *more = (int(x) for x in row)
                out[a].append((b, *more))
                back[b].append((a, *more))
            return out, back

        def one(*names):
            return {int(row[0]): int(row[1]) for row in rows(*names)}

        self.person = nodes("Person", ["id", "birthday", "creationDate"])
        self.message = nodes("Comment", ["id", "creationDate"])
        self.comments = set(self.message)
        posts = nodes("Post", ["id", "creationDate"])
        self.posts = set(posts)
        self.message.update(posts)
        self.forum = nodes("Forum", ["id"])
        self.organisation = nodes("Organisation", ["id"])
        self.place = nodes("Place", ["id"])
        self.tag = nodes("Tag", ["id"])
        self.tag_class = nodes("TagClass", ["id"])
        self.creator = one("Comment_hasCreator_Person", "Comment_hasCreator_Person_1", "Post_hasCreator_Person")
        self.country = one("Comment_isLocatedIn_Place", "Comment_isLocatedIn_Place_1", "Post_isLocatedIn_Place")
        self.reply_of = one("Comment_replyOf_Comment", "Comment_replyOf_Post")
        self.forum_of = {int(row[1]): int(row[0]) for row in rows("Forum_containerOf_Post")}
        self.moderator = one("Forum_hasModerator_Person")
        self.city = one("Person_isLocatedIn_Place")
        self.part_of = one("Place_isPartOf_Place")
        self.organisation_place = one("Organisation_isLocatedIn_Place")
        self.tag_type = one("Tag_hasType_TagClass")
        self.subclass = one("TagClass_isSubclassOf_TagClass")
        self.tags = lists("Post_hasTag_Tag")[0]
        self.interest = lists("Person_hasInterest_Tag")[0]
        self.studies = lists("Person_studyAt_Organisation")[0]
        self.works = lists("Person_workAt_Organisation")[0]
        self.forums = lists("Forum_hasMember_Person")[1]
        self.likes = lists("Person_likes_Comment", "Person_likes_Comment_1", "Person_likes_Post",
                           "Person_likes_Post_1")[1]
        self.knows = defaultdict(list)
        for a, b, date in (map(int, row) for row in rows("Person_knows_Person", "Person_knows_Person_1")):
            self.knows[a].append((b, date))
            self.knows[b].append((a, date))
        self.messages = defaultdict(list)
        for message, person in self.creator.items():
            self.messages[person].append(message)
        self.replies = defaultdict(list)
        for comment, message in self.reply_of.items():
            self.replies[message].append(comment)

    def content(self, message):
        m = self.message[message]
        return m["content"] or m.get("image") or None

    def root(self, message):
        while message in self.reply_of:
            message = self.reply_of[message]
        return message

    def friends(self, person):
        return {b for b, _ in self.knows[person]}

    def distances(self, person, limit):
        found = {person: 0}
        level = [person]
        for distance in range(1, limit + 1):
            level = sorted({b for a in level for b in self.friends(a)} - found.keys())
            found.update((b, distance) for b in level)
        return found

    def around(self, person):
        """friends and their friends"""
        return self.distances(person, 2).keys() - {person}

    def names(self, person):
        p = self.person[person]
        return [person, p["firstName"], p["lastName"]]

    def newest(self, people, keep):
        rows = [(m, p) for p in people for m in self.messages[p] if keep(self.message[m]["creationDate"])]
        rows.sort(key=lambda row: (-self.message[row[0]]["creationDate"], row[0]))
        return [self.names(p) + [m, self.content(m), self.message[m]["creationDate"]] for m, p in rows[:20]]


def milliseconds(date):
    text = "%017d" % date
    time = datetime.datetime.strptime(text[:14], "%Y%m%d%H%M%S")
    return int((time - datetime.datetime(1970, 1, 1)).total_seconds()) * 1000 + int(text[14:])


def is1(d, personId):
    p = d.person[personId]
    return [[p["firstName"], p["lastName"], p["birthday"], p["ip"], p["browser"], d.city[personId], p["gender"],
             p["creationDate"]]]


def is2(d, personId):
    mine = sorted(d.messages[personId], key=lambda m: (-d.message[m]["creationDate"], -m))[:10]
    return [[m, d.content(m), d.message[m]["creationDate"], d.root(m)] + d.names(d.creator[d.root(m)]) for m in mine]


def is3(d, personId):
    rows = [d.names(b) + [date] for b, date in d.knows[personId]]
    return sorted(rows, key=lambda row: (-row[3], row[0]))


def is4(d, messageId):
    return [[d.message[messageId]["creationDate"], d.content(messageId)]]


def is5(d, messageId):
    return [d.names(d.creator[messageId])]


def is6(d, messageId):
    forum = d.forum_of[d.root(messageId)]
    return [[forum, d.forum[forum]["title"]] + d.names(d.moderator[forum])]


def is7(d, messageId):
    friends = d.friends(d.creator[messageId])
    rows = [[c, d.content(c), d.message[c]["creationDate"]] + d.names(d.creator[c]) + [d.creator[c] in friends]
            for c in d.replies[messageId]]
    return sorted(rows, key=lambda row: (-row[2], row[3]))


def ic1(d, personId, firstName):
    def places(links):
        rows = [(year, d.organisation[o]["name"], d.place[d.organisation_place[o]]["name"]) for o, year in links]
        return [[name, str(year), at] for year, name, at in sorted(rows)]

    rows = []
    for p, distance in d.distances(personId, 3).items():
        person = d.person[p]
        if p != personId and person["firstName"] == firstName:
            rows.append([p, person["lastName"], distance, person["birthday"], person["creationDate"], person["gender"],
                         person["browser"], person["ip"], d.place[d.city[p]]["name"], places(d.studies[p]),
                         places(d.works[p])])
    return sorted(rows, key=lambda row: (row[2], row[1].encode(), row[0]))[:20]


def ic2(d, personId, maxDate):
    return d.newest(d.friends(personId), lambda date: date <= maxDate)


def ic3(d, personId, countryX, countryY, startDate, endDate):
    rows = []
    for p in d.around(personId):
        if d.place[d.part_of[d.city[p]]]["name"] in (countryX, countryY):
            continue
        counts = Counter(d.place[d.country[m]]["name"] for m in d.messages[p]
                         if startDate <= d.message[m]["creationDate"] < endDate)
        x, y = counts[countryX], counts[countryY]
        if x > 0 and y > 0:
            rows.append(d.names(p) + [x, y, x + y])
    return sorted(rows, key=lambda row: (-row[3], row[0]))[:20]


def ic4(d, personId, startDate, endDate):
    counts = Counter()
    old = set()
    for p in d.friends(personId):
        for m in d.messages[p]:
            date = d.message[m]["creationDate"]
            for tag, in d.tags.get(m, ()) if m in d.posts else ():
                if startDate <= date < endDate:
                    counts[tag] += 1
                elif date < startDate:
                    old.add(tag)
    rows = [[d.tag[tag]["name"], n] for tag, n in counts.items() if tag not in old]
    return sorted(rows, key=lambda row: (-row[1], row[0].encode()))[:10]


def ic5(d, personId, minDate):
    counts = Counter()
    for p in d.around(personId):
        joined = [f for f, date in d.forums[p] if date > minDate]
        mine = Counter(d.forum_of[m] for m in d.messages[p] if m in d.posts)
        for f in joined:
            counts[f] += mine[f]
    rows = [[d.forum[f]["title"], f, n] for f, n in counts.items()]
    return sorted(rows, key=lambda row: (-row[2], row[1]))[:20]


def ic6(d, personId, tagName):
    counts = Counter()
    for p in d.around(personId):
        for m in d.messages[p]:
            names = [d.tag[t]["name"] for t, in d.tags.get(m, ())] if m in d.posts else []
            if tagName in names:
                counts.update(name for name in names if name != tagName)
    return [list(row) for row in sorted(counts.items(), key=lambda row: (-row[1], row[0].encode()))[:10]]


def ic7(d, personId):
    last = {}
    for m in d.messages[personId]:
        for p, date in d.likes[m]:
            last[p] = min(last.get(p, (0, 0)), (-date, m))
    friends = d.friends(personId)
    rows = []
    for p, (date, m) in sorted(last.items(), key=lambda item: (item[1][0], item[0]))[:20]:
        latency = milliseconds(-date) - milliseconds(d.message[m]["creationDate"])
        rows.append(d.names(p) + [-date, m, d.content(m), latency // 60000, p not in friends])
    return rows


def ic8(d, personId):
    replies = [c for m in d.messages[personId] for c in d.replies[m]]
    replies.sort(key=lambda c: (-d.message[c]["creationDate"], c))
    return [d.names(d.creator[c]) + [d.message[c]["creationDate"], c, d.content(c)] for c in replies[:20]]


def ic9(d, personId, maxDate):
    return d.newest(d.around(personId), lambda date: date < maxDate)


def ic10(d, personId, month):
    interest = {tag for tag, in d.interest[personId]}
    rows = []
    for p, distance in d.distances(personId, 2).items():
        person = d.person[p]
        at, day = person["birthday"] // 100 % 100, person["birthday"] % 100
        if distance == 2 and ((at == month and day >= 21) or (at == month % 12 + 1 and day < 22)):
            score = sum(1 if any(t in interest for t, in d.tags.get(m, ())) else -1
                        for m in d.messages[p] if m in d.posts)
            rows.append(d.names(p) + [score, person["gender"], d.place[d.city[p]]["name"]])
    return sorted(rows, key=lambda row: (-row[3], row[0]))[:10]


def ic11(d, personId, countryName, year):
    rows = [d.names(p) + [d.organisation[o]["name"], start] for p in d.around(personId) for o, start in d.works[p]
            if start < year and d.place[d.organisation_place[o]]["name"] == countryName]
    rows.sort(key=lambda row: row[3].encode(), reverse=True)
    return sorted(rows, key=lambda row: (row[4], row[0]))[:10]


def ic12(d, personId, tagClassName):
    def fits(tag):
        at = d.tag_type[tag]
        while at is not None and d.tag_class[at]["name"] != tagClassName:
            at = d.subclass.get(at)
        return at is not None

    rows = []
    for p in d.friends(personId):
        names, count = set(), 0
        for c in d.messages[p]:
            post = d.reply_of.get(c)
            tags = [t for t, in d.tags.get(post, ()) if fits(t)] if post in d.posts else []
            names.update(d.tag[t]["name"] for t in tags)
            count += len(tags) > 0
        if count > 0:
            rows.append(d.names(p) + [sorted(names, key=str.encode), count])
    return sorted(rows, key=lambda row: (-row[4], row[0]))[:20]


def ic13(d, person1Id, person2Id):
    return [[d.distances(person1Id, 30).get(person2Id, -1)]]


def ic14(d, person1Id, person2Id):
    distance = d.distances(person1Id, 30)
    if distance.get(person2Id, 0) == 0:
        return []
    paths = [[person2Id]]
    for level in range(distance[person2Id] - 1, -1, -1):
        paths = [[a] + path for path in paths for a in d.friends(path[0]) if distance.get(a) == level]

    def replied(a, b):
        return sum(1.0 if d.reply_of[m] in d.posts else 0.5 for m in d.messages[a]
                   if m in d.reply_of and d.creator[d.reply_of[m]] == b)

    rows = [[path, float(sum(replied(a, b) + replied(b, a) for a, b in zip(path, path[1:])))] for path in paths]
    return sorted(rows, key=lambda row: (-row[1], row[0]))


def choose(d):
    """Three sets of parameters a query: a person with many friends, a usual one, one with few."""
    people = sorted((p for p in d.person if d.knows[p]), key=lambda p: (len(d.knows[p]), p))
    few, usual, many = people[len(people) // 10], people[len(people) // 2], people[-1]
    three = [many, usual, few]
    threads = sorted(d.message, key=lambda m: (len(d.replies[m]), m))
    deep = max(d.comments, key=lambda m: (len(d.replies[m]), m))
    image = max(m for m in d.posts if d.message[m].get("image"))
    messages = [threads[-1], deep, image]
    persons = [{"personId": p} for p in three]
    first_names = [name for name, _ in Counter(p["firstName"] for p in d.person.values()).most_common(3)]
    days = [20120801000000000, 20111201000000000, 20110301000000000]
    class_names = ["Person", "MusicalArtist", "Work"]
    tags = [d.tag[t]["name"] for t, _ in Counter(t for m in d.posts for t, in d.tags.get(m, ())).most_common(3)]
    pairs = [(few, many), (usual, people[len(people) // 3]), (people[0], people[1])]
    lonely = sorted(p for p in d.person if not d.knows[p])
    pairs13 = pairs + [(many, many)] + ([(many, lonely[0])] if lonely else [])
    chosen = {"is%d" % n: persons for n in (1, 2, 3)}
    chosen.update({"is%d" % n: [{"messageId": m} for m in messages] for n in (4, 5, 6, 7)})
    chosen["ic1"] = [dict(q, firstName=name) for q, name in zip(persons, first_names)]
    chosen["ic2"] = [dict(q, maxDate=day) for q, day in zip(persons, days)]
    chosen["ic3"] = [dict(q, countryX=x, countryY=y, startDate=20100101000000000, endDate=20130101000000000)
                     for q, (x, y) in zip(persons, [("India", "China"), ("Germany", "France"), ("India", "Pakistan")])]
    chosen["ic4"] = [dict(q, startDate=day, endDate=day + 100000000000) for q, day in zip(persons, days)]
    chosen["ic5"] = [dict(q, minDate=day) for q, day in zip(persons, days)]
    chosen["ic6"] = [dict(q, tagName=tag) for q, tag in zip(persons, tags)]
    chosen["ic7"] = chosen["ic8"] = persons
    chosen["ic9"] = chosen["ic2"]
    chosen["ic10"] = [dict(q, month=month) for q, month in zip(persons, [12, 5, 8])]
    chosen["ic11"] = [dict(q, countryName=name, year=2012) for q, name in zip(persons, ["India", "China", "Germany"])]
    chosen["ic12"] = [dict(q, tagClassName=name) for q, name in zip(persons, class_names)]
    chosen["ic13"] = [{"person1Id": a, "person2Id": b} for a, b in pairs13]
    chosen["ic14"] = [{"person1Id": a, "person2Id": b} for a, b in pairs]
    return chosen


def text(value):
    """a value as ruzu prints it"""
    if isinstance(value, list):
        return "[" + ",".join("" if v is None else text(v) for v in value) + "]"
    return value if isinstance(value, str) else str(value)


def cells(row):
    return [None if value is None else text(value) for value in row]


def digest(rows):
    """of rows as texts"""
    return hashlib.sha256(json.dumps(rows, ensure_ascii=False).encode()).hexdigest()


def main():
    full = sys.argv[2:] == ["--full"]
    if len(sys.argv) != 2 + full:
        sys.exit(__doc__)
    data = Data(sys.argv[1])
    lines = []
    for name, sets in choose(data).items():
        for parameters in sets:
            rows = globals()[name](data, **parameters)
            answer = {"query": name, "parameters": parameters, "rows": [cells(row) for row in rows]}
            if not full and len(json.dumps(answer)) > 3000:
                answer = {"query": name, "parameters": parameters, "count": len(rows), "digest": digest(answer["rows"])}
            lines.append(json.dumps(answer, ensure_ascii=False))
    print("[\n" + ",\n".join(lines) + "\n]")


if __name__ == "__main__":
    main()
