# SPDX-License-Identifier: MIT
"""Random questions for random_questions.py. Their answers depend on the data alone, not on the order of rows or on where they are stored: of ordered answers only
what they are ordered by is shown, doubles are quarters, lists are sorted.
"""
from random_graph import KINDS, literal

NUMBERS = ('int', 'small', 'dbl', 'run', 'dec')
TEXTS = ('few', 'many', 'long')
MOST_ROWS = 10000 # about so many may a plan without the optimizer go through
ORDERED = NUMBERS + TEXTS + ('date', 'wide', 'u64', 'huge')


class Scope(dict):
    """Variables: ('node', table) or ('rel', table) or ('value', kind)."""


class Asker:
    def __init__(self, rng, graph, model):
        self.rng, self.graph, self.model = rng, graph, model
        self.parameters = {}
        self.names = 0

    # ---- pieces ----

    def one(self, share):
        return self.rng.random() < share

    def name(self, prefix):
        self.names += 1
        return '%s%d' % (prefix, self.names)

    def properties(self, scope, kinds=None):
        """[(expression, kind)] of what there is."""
        found = []
        for variable, (what, which) in scope.items():
            if what == 'value':
                found.append((variable, which))
            else:
                table = (self.model.nodes if what == 'node' else self.model.rels)[which]
                found += [('%s.%s' % (variable, name), kind) for name, kind in table.columns.items()]
        return [item for item in found if kinds is None or item[1] in kinds]

    def a_property(self, scope, kinds=None):
        found = self.properties(scope, kinds)
        return self.rng.choice(found) if found else None

    def stored(self, expression, scope):
        """A value that the column has, or could have."""
        variable, _, column = expression.partition('.')
        what, which = scope.get(variable, ('value', None))
        if not column or self.one(0.3):
            return None
        rows = (self.model.nodes if what == 'node' else self.model.rels)[which].rows
        if not rows:
            return None
        row = rows[self.rng.choice(list(rows))] if len(rows) < 100 else next(iter([rows[key] for key in self.rng.sample(list(rows), 1)]))
        return (row if what == 'node' else row[4])[column]

    def constant(self, expression, kind, scope):
        value = self.stored(expression, scope)
        while value is None:
            value = self.graph.value(kind)
            if self.graph.null_share >= 0.5 and value is None and self.one(0.1):
                value = {'int': 3, 'few': 'red'}.get(kind)
        text = literal(kind, value)
        if kind in ('int', 'few', 'many', 'wide', 'small', 'dbl', 'run') and self.one(0.3):
            name = 'p%d' % len(self.parameters)
            self.parameters[name] = value
            return '$' + name
        return text

    def condition(self, scope, deep=True):
        rng = self.rng
        nodes = [name for name, (what, _) in scope.items() if what == 'node']
        if deep and nodes and self.one(0.15):
            return self.pattern_condition(scope, rng.choice(nodes))
        if nodes and self.one(0.12):
            return self.key_condition(scope, rng.choice(nodes))
        item = self.a_property(scope)
        if item is None:
            return None
        e, kind = item
        dice = rng.random()
        if dice < 0.1:
            return '%s IS %sNULL' % (e, rng.choice(['', 'NOT ']))
        if dice < 0.2 and deep:
            return '(%s OR %s)' % (self.condition(scope, False), self.condition(scope, False))
        if dice < 0.25 and deep:
            return 'NOT (%s)' % self.condition(scope, False)
        if kind == 'bool':
            return rng.choice(['%s', 'NOT %s', '%s = true', '%s <> false', 'coalesce(%s, true)']) % e
        if kind == 'ilist':
            return rng.choice(['size(%s) > 2', 'list_contains(%s, 3)', 'list_sum(%s) > 5', '%s = [1, 2]']) % e
        if kind == 'st':
            return rng.choice(['%s.a > 2', "%s.b = 'red'", "%s.b CONTAINS 'long'", '%s.a %% 2 = 0']) % e
        if kind == 'tlist':
            return rng.choice(['size(%s) = 1', "list_contains(%s, 'yy')", "list_contains(%s, 'x')"]) % e
        if kind in TEXTS and dice < 0.6:
            return rng.choice(["%s STARTS WITH 'm'", "%s CONTAINS 'e'", "NOT %s CONTAINS 're'", "%s ENDS WITH 's'", 'size(%s) > 5', "%s IN ['red', 'm7', 'green', 'n3']",
                               "%s >= 'g'", "lower(%s) = 'blue'", "%s = ''", "%s <> 'red'", "%s =~ '.*e.*'"]) % e
        if kind in NUMBERS and dice < 0.35:
            return rng.choice(['%s %% 3 = 1', 'abs(%s) < 5', 'coalesce(%s, 4) = 4', '%s + 1 > 3']) % e if kind not in ('dbl', 'dec') else '%s * 2 > 30' % e
        if dice < 0.4:
            other = self.a_property(scope, (kind,))
            return '%s %s %s' % (e, rng.choice(['=', '<', '<>']), other[0])
        if dice < 0.5:
            return '%s IN [%s]' % (e, ', '.join(self.constant(e, kind, scope) for _ in range(rng.randint(1, 4))))
        return '%s %s %s' % (e, rng.choice(['=', '=', '<>', '<', '<=', '>', '>=']), self.constant(e, kind, scope))

    def key_condition(self, scope, node):
        table = scope[node][1]
        keys = list(self.model.nodes[table].rows)
        if not keys:
            return '%s.id IS NOT NULL' % node
        dice = self.rng.random()
        some = [self.rng.choice(keys) for _ in range(self.rng.randint(1, 5))]
        if dice < 0.4:
            name = 'p%d' % len(self.parameters)
            self.parameters[name] = some[0]
            return '%s.id = $%s' % (node, name)
        if dice < 0.7:
            name = 'p%d' % len(self.parameters)
            self.parameters[name] = some
            return '%s.id IN $%s' % (node, name)
        return '%s.id %s %s' % (node, self.rng.choice(['<', '>=']), self.graph.key_text(table, some[0]))

    def hops_from(self, table):
        """[(relationship, arrow, end)]."""
        found = []
        for rel in self.model.rels.values():
            for source, target in rel.pairs:
                found += [(rel.name, '>', target)] * (source == table) + [(rel.name, '<', source)] * (target == table) + [(rel.name, '-', table)] * (source == target == table)
        return found

    @staticmethod
    def arrow(rel, direction):
        return '%s-[%s]-%s' % ('<' if direction == '<' else '', rel, '>' if direction == '>' else '')

    def pattern_condition(self, scope, node):
        name, direction, end = self.rng.choice(self.hops_from(scope[node][1]))
        not_ = self.rng.choice(['', 'NOT '])
        others = [other for other, what in scope.items() if what == ('node', end)]
        if others and self.one(0.4):
            return '%s(%s)%s(%s)' % (not_, node, self.arrow(':' + name, direction), self.rng.choice(others))
        inner = Scope({'x9': ('node', end), 'r9': ('rel', name)})
        where = self.condition(inner, False) if self.one(0.6) else None
        body = 'MATCH (%s)%s(x9:%s)%s' % (node, self.arrow('r9:' + name, direction), end, ' WHERE ' + where if where else '')
        if self.one(0.3):
            return 'COUNT { %s } %s %d' % (body, self.rng.choice(['>', '=', '<']), self.rng.randint(0, 3))
        return '%sEXISTS { %s }' % (not_, body)

    def chain(self, scope, hops, start=None):
        """A path of so many relationships. Returns its text."""
        table = scope[start][1] if start else self.rng.choice('AAAB')
        at = start or self.name('n')
        scope[at] = ('node', table)
        text = '(%s)' % at if start else '(%s:%s)' % (at, table)
        for _ in range(hops):
            name, direction, end = self.rng.choice(self.hops_from(table))
            self.cost *= 4
            rel = self.name('r') if self.one(0.5) else ''
            if rel:
                scope[rel] = ('rel', name)
            label = name
            if name in 'RN' and self.one(0.1):
                label = 'R|N'
                scope.pop(rel, None)
            known = [other for other, what in scope.items() if what == ('node', end)]
            text += self.arrow('%s:%s' % (rel, label), direction)
            if known and self.one(0.15):
                at = self.rng.choice(known)
                text += '(%s)' % at
            else:
                at = self.name('n')
                scope[at] = ('node', end)
                text += '(%s:%s)' % (at, end)
            table = end
        return text

    # ---- what is shown ----

    def aggregate(self, scope):
        rng = self.rng
        dice = rng.random()
        if dice < 0.2:
            return 'count(*)'
        if dice < 0.35:
            nodes = [name for name, (what, _) in scope.items() if what != 'value']
            if nodes:
                return 'count(%s%s)' % (rng.choice(['', 'DISTINCT ']), rng.choice(nodes))
        if dice < 0.65:
            item = self.a_property(scope, NUMBERS)
            if item:
                e = item[0]
                e = rng.choice(['%s', '%s', '%s', '%s * 2', '%s + 1', 'coalesce(%s, 0)', 'CASE WHEN %s > 3 THEN 1 ELSE 0 END']) % e
                return '%s(%s)' % (rng.choice(['sum', 'sum', 'avg', 'min', 'max']), e)
        item = self.a_property(scope, ORDERED)
        if item is None:
            return 'count(*)'
        return rng.choice(['min(%s)', 'max(%s)', 'count(%s)', 'count(DISTINCT %s)', 'list_sort(collect(DISTINCT %s))']) % item[0]

    def shown(self, scope, most=4):
        found = self.properties(scope) + [(name + '.id', 'key') for name, (what, _) in scope.items() if what == 'node']
        return self.rng.sample(found, min(len(found), self.rng.randint(1, most)))

    def result(self, text, scope, many):
        """The end of a question. many: of its rows a part only may be shown."""
        rng = self.rng
        dice = rng.random()
        if dice < 0.2 and not many:
            return '%s RETURN %s%s' % (text, 'DISTINCT ' if self.one(0.3) else '', ', '.join(e for e, _ in self.shown(scope)))
        if dice < 0.4:
            return self.top(text, scope)
        keys = [item[0] for item in (self.a_property(scope) for _ in range(rng.choice([0, 0, 1, 1, 1, 2]))) if item]
        if keys and self.one(0.1):
            nodes = [name for name, (what, _) in scope.items() if what == 'node']
            keys = [rng.choice(nodes) + '.id'] if nodes and not many else keys
        items = keys + [self.aggregate(scope) for _ in range(rng.choice([1, 1, 2, 3]))]
        return '%s RETURN %s' % (text, ', '.join(dict.fromkeys(items)))

    def top(self, text, scope):
        keys = [item[0] for item in (self.a_property(scope, ORDERED + ('bool',)) for _ in range(self.rng.choice([1, 1, 2]))) if item]
        if not keys:
            return text + ' RETURN count(*)'
        names = ['o%d' % i for i in range(len(keys))]
        order = ', '.join(name + self.rng.choice(['', ' DESC']) for name in names)
        tail = ' ORDER BY %s%s LIMIT %d' % (order, ' SKIP %d' % self.rng.randint(1, 30) if self.one(0.2) else '', self.rng.choice([1, 3, 10, 100]))
        items = ', '.join('%s AS %s' % pair for pair in zip(keys, names))
        if self.one(0.2):
            return '%s RETURN %s, %s AS g ORDER BY %s' % (text, items, self.aggregate(scope), ', '.join(names)) # all rows: a set is compared
        return '%s RETURN %s%s%s' % (text, 'DISTINCT ' if self.one(0.2) else '', items, tail)

    # ---- whole questions ----

    def question(self):
        """(text, parameters or None, whether the order counts, whether it costs little whatever way it is answered)."""
        self.parameters, self.names, self.cost = {}, 0, len(self.model.nodes['A'].rows)
        kinds = [(7, self.scan), (8, self.paths), (2, self.counts), (2, self.look_up), (2, self.recursive), (2, self.cycle), (2, self.with_clause), (1, self.optional), (1, self.join), (1, self.wide), (1, self.union)]
        text = self.rng.choices([kind for _, kind in kinds], [weight for weight, _ in kinds])[0]()
        parameters = {name: list(value) if isinstance(value, tuple) else value for name, value in self.parameters.items() if '$' + name in text}
        return text, parameters or None, ' LIMIT ' in text, self.cost < MOST_ROWS

    def continuation(self, table):
        """What follows WITH n, which is of that table: (text, parameters, whether the order counts)."""
        self.parameters, self.names, self.cost = {}, 0, 0
        scope = Scope({'n': ('node', table)})
        text = '' if self.one(0.3) else 'MATCH ' + self.chain(scope, 1, 'n') + self.where(scope, 1, 0.4)
        text = self.result(text, scope, False)
        return text, {name: value for name, value in self.parameters.items() if '$' + name in text}, ' LIMIT ' in text

    def where(self, scope, most=3, share=0.7):
        conditions = [self.condition(scope) for _ in range(self.rng.randint(1, most))] if self.one(share) else []
        conditions = [condition for condition in conditions if condition]
        return ' WHERE ' + ' AND '.join(conditions) if conditions else ''

    def scan(self):
        scope = Scope()
        text = 'MATCH ' + self.chain(scope, 0)
        return self.result(text + self.where(scope), scope, False)

    def paths(self):
        scope = Scope()
        hops = self.rng.choice([1, 1, 1, 2, 2, 3])
        text = 'MATCH ' + self.chain(scope, hops)
        if self.one(0.15):
            text += ', ' + self.chain(scope, 1, self.rng.choice([name for name, (what, _) in scope.items() if what == 'node']))
            hops += 1
        return self.result(text + self.where(scope, 2), scope, hops > 1)

    def counts(self):
        """What may be had from metadata and degrees."""
        rng = self.rng
        name, direction, end = rng.choice(self.hops_from('A'))
        arrow = self.arrow(':' + name, direction)
        return rng.choice(['MATCH (a:A) RETURN count(*)', 'MATCH (b:B) RETURN count(b.id)', 'MATCH (n) RETURN count(*)', 'MATCH ()%s() RETURN count(*)' % self.arrow('r:' + name, '>'),
                           'MATCH (a:A)%s(x:%s) RETURN count(*)' % (arrow, end), 'MATCH (a:A)%s(x:%s) RETURN a.id, count(*)' % (arrow, end),
                           'MATCH (a:A)%s(x:%s) WITH a, count(x) AS c RETURN c, count(*)' % (arrow, end), 'MATCH (a:A)%s(x:%s) RETURN count(DISTINCT a), count(DISTINCT x)' % (arrow, end),
                           'MATCH (a:A) WHERE NOT (a)%s() RETURN count(*)' % arrow, 'MATCH (a:A)%s(x:%s) RETURN a.id, x.id' % (arrow, end),
                           'MATCH (a:A)%s(x:%s)%s(a) RETURN count(*)' % (arrow, end, self.arrow(':' + name, {'>': '<', '<': '>', '-': '-'}[direction])),
                           'MATCH ()-[r]->() RETURN label(r), count(*)', 'MATCH (n) RETURN label(n), count(*)',
                           'MATCH (a:A) RETURN a.id, COUNT { MATCH (a)%s() } AS c' % arrow, 'MATCH (a:A)%s(x:%s) WHERE a.id < 20 RETURN x.id, count(*)' % (arrow, end)])

    def look_up(self):
        scope = Scope()
        text = 'MATCH ' + self.chain(scope, self.rng.choice([0, 0, 1, 2]))
        nodes = [name for name, (what, _) in scope.items() if what == 'node']
        name = 'p%d' % len(self.parameters)
        keys = list(self.model.nodes[scope[nodes[0]][1]].rows) or ([0] if scope[nodes[0]][1] == 'A' else ['k'])
        self.parameters[name] = self.rng.choice(keys) if self.one(0.9) else self.graph.key(scope[nodes[0]][1], self.graph.next_key + 3)
        return '%s WHERE %s.id = $%s RETURN %s' % (text, nodes[0], name, ', '.join(e for e, _ in self.shown(scope)))

    def recursive(self):
        rng = self.rng
        keys = list(self.model.nodes['A'].rows)
        if not keys:
            return 'MATCH (a:A) RETURN a.id'
        name = rng.choice(['R', 'N', 'R|N'])
        length = rng.choice(['*1..2', '*0..2', '*2..3', '* SHORTEST 1..6', '* ALL SHORTEST 1..4', '* TRAIL 1..2'])
        rel = self.arrow('e:%s%s' % (name, length), rng.choice('><-'))
        scope = Scope({'a': ('node', 'A'), 'b': ('node', 'A')})
        self.cost *= 4 ** 2
        self.parameters['k'] = [rng.choice(keys) for _ in range(rng.choice([1, 3]))]
        where = 'a.id IN $k' + (' AND ' + (self.condition(Scope({'b': ('node', 'A')})) or 'true') if self.one(0.4) else '')
        return 'MATCH (a:A)%s(b:A) WHERE %s RETURN %s' % (rel, where, rng.choice(['b.id, length(e) AS n', 'length(e), count(*)', 'count(DISTINCT b)', 'a.id, count(*), max(length(e))', self.aggregate(scope)]))

    def cycle(self):
        rng = self.rng
        first, second, third = (rng.choice('RRNM') for _ in range(3))
        arrows = [self.arrow(':' + name, rng.choice('><-')) for name in (first, second, third)]
        text = 'MATCH (a:A)%s(b:A)%s(c:A)' % tuple(arrows[:2])
        scope = Scope({name: ('node', 'A') for name in 'abc'})
        self.cost *= 4 ** 3
        text += rng.choice([', (a)%s(c)' % arrows[2], ' WHERE NOT (a)%s(c)' % arrows[2], ' WHERE a.id <> c.id AND NOT (a)%s(c)' % arrows[2], ', (c)%s(a)' % arrows[2], ' WHERE (a)%s(c)' % arrows[2]])
        condition = self.condition(scope, False) if self.one(0.4) else None
        if condition:
            text += (' AND ' if ' WHERE ' in text else ' WHERE ') + condition
        return text + ' RETURN ' + rng.choice(['count(*)', 'count(*)', 'count(DISTINCT a)', self.aggregate(scope), '%s, count(*)' % (self.a_property(scope) or ['a.id'])[0]])

    def with_clause(self):
        scope = Scope()
        text = 'MATCH ' + self.chain(scope, self.rng.choice([0, 1, 1, 2])) + self.where(scope, 1, 0.4)
        nodes = [name for name, (what, _) in scope.items() if what == 'node']
        node = self.rng.choice(nodes)
        item = self.a_property(scope)
        if self.one(0.5) or item is None:
            text += ' WITH %s, count(*) AS c%s' % (node, ' WHERE c > 1' if self.one(0.3) else '')
            scope = Scope({node: scope[node], 'c': ('value', 'int')})
            if self.one(0.6):
                text += ' MATCH ' + self.chain(scope, 1, node)
            return self.result(text, scope, True)
        text += ' WITH %s%s AS v, %s AS c' % (self.rng.choice(['', 'DISTINCT ']), item[0], self.aggregate(scope))
        return text + ' RETURN v, c'

    def optional(self):
        scope = Scope()
        text = 'MATCH ' + self.chain(scope, self.rng.choice([0, 0, 1])) + self.where(scope, 1, 0.5)
        node = self.rng.choice([name for name, (what, _) in scope.items() if what == 'node'])
        more = Scope({node: scope[node]})
        part = self.chain(more, 1, node)
        where = self.where(Scope({name: what for name, what in more.items() if name != node}), 1, 0.5)
        scope.update(more)
        return self.result('%s OPTIONAL MATCH %s%s' % (text, part, where), scope, True)

    def join(self):
        """By equal values."""
        left, right = Scope(), Scope()
        self.cost *= len(self.model.nodes['A'].rows)
        texts = [self.chain(left, 0), self.chain(right, self.rng.choice([0, 0, 1]))]
        kind = self.rng.choice(['many', 'date', 'int', 'wide', 'long'])
        e, f = self.a_property(left, (kind,)), self.a_property(right, (kind,))
        if e is None or f is None:
            return 'MATCH (a:A) RETURN count(*)'
        conditions = ['%s = %s' % (e[0], f[0])] + [c for c in (self.condition(left, False), self.condition(right, False)) if c and self.one(0.6)]
        rows = list(self.model.nodes['A'].rows)
        if len(rows) > 400: # many rows have the same value
            self.parameters['some'] = self.rng.sample(rows, 40)
            conditions += ['%s.id IN $some' % name for name, what in left.items() if what == ('node', 'A')]
        text = 'MATCH %s, %s WHERE %s' % (texts[0], texts[1], ' AND '.join(conditions))
        return self.result(text, Scope({**left, **right}), True)

    def union(self):
        """Parts that occur twice."""
        scope = Scope()
        text = 'MATCH ' + self.chain(scope, self.rng.choice([0, 1, 1])) + self.where(scope, 1, 0.5)
        items = list(dict.fromkeys([item[0] for item in (self.a_property(scope) for _ in range(2)) if item] + [self.aggregate(scope)]))
        other = self.condition(scope, False) if self.one(0.5) else None
        parts = ['%s RETURN %s' % (text, ', '.join(items))] * 2
        if other:
            parts[1] = '%s WITH * WHERE %s RETURN %s' % (text, other, ', '.join(items))
        return self.rng.choice([' UNION ALL ', ' UNION ']).join(parts)

    def wide(self):
        """Of several labels; all of a node or a relationship."""
        shared = [name for name in self.model.nodes['A'].columns if self.model.nodes['B'].columns.get(name) == self.model.nodes['A'].columns[name]]
        column = self.rng.choice(shared) if shared else 'id'
        texts = ['MATCH (n) RETURN n.%s, count(*)' % column, 'MATCH (n:A:B) RETURN count(n.%s)' % column, 'MATCH (a:A)-[r]->(x) RETURN label(r), label(x), count(*)',
                 'MATCH (n)-[r]-(m:A) RETURN label(r), label(n), count(*)']
        if column != 'id':
            texts += ['MATCH (n) RETURN min(n.%s), max(n.%s)' % (column, column), 'MATCH (n) RETURN n.%s AS o0 ORDER BY o0 LIMIT 20' % column]
        return self.rng.choice(texts)


assert set(ORDERED) <= set(KINDS)
