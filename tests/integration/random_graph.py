# SPDX-License-Identifier: MIT
"""Random graphs and random writes to them, for random_questions.py: a model in Python, and statements with what each does to the model.

Nodes are known by their key, relationships by their property u (those of N, which have no properties, by their ends). Rows of the model are never changed in place,
so that a copy of the model costs little.
"""
import os

# kind of a column: its type. The kind says what values there are, and what is asked of them.
KINDS = {'few': 'STRING', 'many': 'STRING', 'long': 'STRING', 'int': 'INT64', 'small': 'INT16', 'dbl': 'DOUBLE', 'date': 'DATE', 'bool': 'BOOL', 'ilist': 'INT64[]',
         'tlist': 'STRING[]', 'wide': 'INT64', 'run': 'INT32', 'dec': 'DECIMAL(8,2)',
         'u64': 'UINT64', 'huge': 'INT128', 'st': 'STRUCT(a INT64, b STRING)'}
FEW = ['red', 'green', 'blue', '', 'a text of more than twelve bytes', 'a text of more than twelve letters', 'ä€']
NULL_FIELD = '~' # so that empty texts are none
ADDABLE = ['few', 'int', 'dbl', 'date', 'small', 'bool', 'many', 'st', 'tlist', 'u64']


class Rows:
    """A table: columns {name: kind} and rows. Of nodes {key: values}, of relationships {u: (from table, from key, to table, to key, values)}."""

    def __init__(self, name, columns, key=None, pairs=None):
        self.name, self.columns, self.key, self.pairs, self.rows = name, dict(columns), key, pairs, {}
        self.defaults = {} # of columns that were added

    def copy(self):
        other = Rows(self.name, self.columns, self.key, self.pairs)
        other.rows, other.defaults = dict(self.rows), dict(self.defaults)
        return other

    def blank(self):
        """A row of which nothing is said."""
        return {name: self.defaults.get(name) for name in self.columns}


class Model:
    def __init__(self):
        self.nodes, self.rels = {}, {}

    def copy(self):
        other = Model()
        other.nodes = {name: table.copy() for name, table in self.nodes.items()}
        other.rels = {name: table.copy() for name, table in self.rels.items()}
        return other

    def set_node(self, table, key, column, value):
        rows = self.nodes[table].rows
        rows[key] = {**rows[key], column: value}

    def set_rel(self, table, u, column, value):
        rows = self.rels[table].rows
        rows[u] = rows[u][:4] + ({**rows[u][4], column: value},)

    def delete_nodes(self, table, keys):
        keys = set(keys)
        for key in keys:
            del self.nodes[table].rows[key]
        for rel in self.rels.values():
            if any(table in pair for pair in rel.pairs):
                rel.rows = {u: row for u, row in rel.rows.items() if not (row[0] == table and row[1] in keys) and not (row[2] == table and row[3] in keys)}


def literal(kind, value):
    """As text in a statement."""
    if value is None:
        return 'NULL'
    if kind in ('few', 'many', 'long'):
        return "'%s'" % value
    if kind == 'date':
        return "date('%s')" % value
    if kind == 'ilist':
        return '[%s]' % ', '.join(map(str, value))
    if kind == 'tlist':
        return '[%s]' % ', '.join("'%s'" % part for part in value)
    if kind in ('dec', 'u64', 'huge'):
        return "CAST('%s' AS %s)" % (value, KINDS[kind])
    if kind == 'st':
        return "{a: %s, b: '%s'}" % value
    return str(value)


def field(kind, value):
    """In a CSV file."""
    if value is None:
        return NULL_FIELD
    if kind in ('few', 'many', 'long'):
        return '"%s"' % value
    if kind in ('ilist', 'tlist'):
        return '"[%s]"' % ','.join(map(str, value))
    if kind == 'st':
        return '"{a: %s, b: %s}"' % value
    return str(value)


def write_csv(path, rows):
    with open(path, 'w', encoding='utf-8', newline='') as file:
        for row in rows:
            file.write(','.join(row) + '\n')


class Graph:
    """Makes random models and random writes."""

    def __init__(self, rng, folder, size):
        self.rng, self.folder, self.size = rng, folder, size
        self.next_key = self.next_u = self.next_column = self.next_file = 0
        self.null_share = rng.choice([0, 0.1, 0.1, 0.5])

    # ---- values ----

    def value(self, kind, position=None):
        rng = self.rng
        if rng.random() < self.null_share:
            return None
        if kind == 'few':
            return rng.choice(FEW[:rng.choice([3, 5, 7])])
        if kind == 'many':
            return 'm%d' % rng.randrange(10 ** rng.choice([1, 2, 6])) + rng.choice(['', '', ' of many different texts'])
        if kind == 'long':
            return rng.choice('abc') * rng.choice([1, 13, 100, 3000 if rng.random() < 0.1 else 5])
        if kind == 'int':
            return rng.randint(-5, rng.choice([5, 60, 3000]))
        if kind == 'small':
            return rng.choice([0, 0, 0, 7, rng.randint(-300, 300)])
        if kind == 'wide':
            return rng.choice([-1, 1]) * rng.randrange(1 << rng.choice([3, 40, 57]))
        if kind == 'run':
            return (position // 40 if position is not None else rng.randrange(50)) + rng.choice([0, 0, 0, 0, 1])
        if kind == 'u64':
            return rng.choice([0, 1 << 63]) + rng.randrange(1 << rng.choice([2, 40]))
        if kind == 'huge':
            return rng.randint(-9, 9) * 10 ** rng.choice([0, 25])
        if kind == 'st':
            return rng.randint(0, 5), rng.choice(FEW[:3]) + rng.choice(['', ' and a longer text'])
        if kind == 'dbl':
            return rng.randint(-40, 400) / 4
        if kind == 'dec':
            return '%d.%02d' % (rng.randint(0, 99), rng.choice([0, 25, 50]))
        if kind == 'date':
            return '20%02d-%02d-%02d' % (rng.randint(18, 22), rng.randint(1, 12), rng.randint(1, 28))
        if kind == 'bool':
            return rng.choice(['true', 'false'])
        if kind == 'ilist':
            return tuple(rng.randint(-3, 9) for _ in range(rng.choice([0, 1, 2, 5, 20])))
        return tuple(rng.choice(['x', 'yy', 'a longer part of a list', 'm%d' % rng.randrange(100)]) for _ in range(rng.choice([0, 1, 3])))

    def values(self, table, position=None):
        return {name: self.value(kind, position) for name, kind in table.columns.items()}

    def new_keys(self, table, count):
        first = self.next_key
        self.next_key += count
        return [self.key(table, i) for i in range(first, first + count)]

    @staticmethod
    def key(table, i):
        return i if table == 'A' else 'key %d of a node' % i if i % 3 == 0 else 'k%d' % i

    def key_text(self, table, key):
        return str(key) if table == 'A' else "'%s'" % key

    # ---- the first state ----

    def start(self):
        """A model and the statements that make it: [(statement, )]. Tables are filled by the writes."""
        model = Model()
        model.nodes['A'] = Rows('A', {'few': 'few', 'many': 'many', 'txt': 'long', 'i': 'int', 's': 'small', 'd': 'dbl', 'day': 'date', 'b': 'bool', 'l': 'ilist', 'tl': 'tlist',
                                      'w': 'wide', 'run': 'run', 'dc': 'dec', 'u': 'u64', 'h': 'huge', 'st': 'st'}, key='id')
        model.nodes['B'] = Rows('B', {'few': 'few', 'i': 'int', 'd': 'dbl', 'many': 'many'}, key='id')
        model.rels['R'] = Rows('R', {'w': 'int', 't': 'few', 'd': 'dbl'}, pairs=[('A', 'A')])
        model.rels['S'] = Rows('S', {'w': 'int', 't': 'few', 'm': 'many'}, pairs=[('A', 'B')])
        model.rels['M'] = Rows('M', {'w': 'small', 'day': 'date'}, pairs=[('A', 'A'), ('B', 'A')])
        model.rels['N'] = Rows('N', {}, pairs=[('A', 'A')])
        return model

    @staticmethod
    def schema(model):
        texts = []
        for table in model.nodes.values():
            columns = ['id %s PRIMARY KEY' % ('INT64' if table.name == 'A' else 'STRING')] + ['%s %s' % (name, KINDS[kind]) for name, kind in table.columns.items()]
            texts.append('CREATE NODE TABLE %s(%s)' % (table.name, ', '.join(columns)))
        for rel in model.rels.values():
            columns = ['FROM %s TO %s' % pair for pair in rel.pairs] + (['u INT64'] if rel.name != 'N' else []) + ['%s %s' % (name, KINDS[kind]) for name, kind in rel.columns.items()]
            texts.append('CREATE REL TABLE %s(%s)' % (rel.name, ', '.join(columns)))
        return texts

    def file(self):
        self.next_file += 1
        return os.path.join(self.folder, 'f%d.csv' % self.next_file)

    def copy_nodes(self, table, rows):
        """The COPY of these rows [(key, values)]."""
        path = self.file()
        write_csv(path, ([field('few' if table.name == 'B' else 'int', key)] + [field(kind, values[name]) for name, kind in table.columns.items()] for key, values in rows))
        return "COPY %s FROM '%s' (header=false, null_strings=['%s'])" % (table.name, path, NULL_FIELD)

    def copy_rels(self, rel, pair, rows):
        path = self.file()
        ends = ['few' if name == 'B' else 'int' for name in pair]
        write_csv(path, ([field(ends[0], row[1]), field(ends[1], row[3])] + ([] if rel.name == 'N' else [str(u)]) + [field(kind, row[4][name]) for name, kind in rel.columns.items()]
                         for u, row in rows))
        return "COPY %s FROM '%s' (header=false, null_strings=['%s']%s)" % (rel.name, path, NULL_FIELD, ", from='%s', to='%s'" % pair if len(rel.pairs) > 1 else '')

    def load(self, model):
        """Statements that fill an empty database with the model's data."""
        texts = [self.copy_nodes(table, table.rows.items()) for table in model.nodes.values() if table.rows]
        for rel in model.rels.values():
            for pair in rel.pairs:
                rows = [(u, row) for u, row in rel.rows.items() if (row[0], row[2]) == pair]
                if rows:
                    texts.append(self.copy_rels(rel, pair, rows))
        return texts

    # ---- writes: each gives (statement, parameters, what it does to a model) or None where there is nothing to do it to ----

    def some(self, items, most):
        items = list(items)
        if not items:
            return []
        if self.rng.random() < 0.3: # neighbours
            first = self.rng.randrange(len(items))
            return items[first:first + self.rng.randint(1, most)]
        return self.rng.sample(items, min(len(items), self.rng.randint(1, most)))

    def most(self):
        return self.rng.choice([1, 3, 20, max(1, self.size // 10), self.size])

    def a_table(self, model):
        return model.nodes[self.rng.choice('AAAB')]

    def a_rel(self, model):
        return model.rels[self.rng.choice('RRRSSMN')]

    def write(self, model):
        kinds = [(3, self.insert), (2, self.copy), (6, self.connect), (2, self.copy_edges), (8, self.update), (3, self.update_all), (5, self.update_rel), (3, self.delete), (5, self.disconnect),
                 (3, self.merge), (2, self.merge_rel), (1, self.add_column), (1, self.drop_column), (2, self.reinsert), (1, self.many_columns), (1, self.rename_column), (0.5, self.new_table)]
        while True:
            made = self.rng.choices([kind for _, kind in kinds], [weight for weight, _ in kinds])[0](model)
            if made is not None:
                return made

    def pattern_values(self, table, values):
        return ', '.join('%s: %s' % (name, literal(table.columns[name], value)) for name, value in values.items() if value is not None or name in table.defaults)

    def insert(self, model, keys=None):
        table = self.a_table(model)
        rows = [(key, self.values(table)) for key in (keys or self.new_keys(table.name, self.rng.choice([1, 2, 9])))]
        text = 'CREATE ' + ', '.join('(:%s {%s})' % (table.name, ', '.join(filter(None, ['id: ' + self.key_text(table.name, key), self.pattern_values(table, values)]))) for key, values in rows)
        return text, None, lambda to: to.nodes[table.name].rows.update(rows)

    def copy(self, model, count=None, name=None):
        table = model.nodes[name] if name else self.a_table(model)
        count = count or self.rng.choice([1, 10, max(1, self.size // 3)])
        rows = [(key, self.values(table, i)) for i, key in enumerate(self.new_keys(table.name, count))]
        return self.copy_nodes(table, rows), None, lambda to: to.nodes[table.name].rows.update(rows)

    def ends(self, model, pair, count):
        sources, targets = list(model.nodes[pair[0]].rows), list(model.nodes[pair[1]].rows)
        if not sources or not targets:
            return []
        skew = self.rng.choice([1, 1, 3])
        near = pair[0] == pair[1] and self.rng.random() < 0.3
        found = []
        for _ in range(count):
            at = int(len(sources) * self.rng.random() ** skew)
            to = min(len(targets) - 1, max(0, at + self.rng.randint(-4, 4))) if near else int(len(targets) * self.rng.random() ** skew)
            found += [(pair[0], sources[at], pair[1], targets[to])] * self.rng.choice([1] * 12 + [2])
        return found

    def new_rels(self, rel, ends):
        first = self.next_u
        self.next_u += len(ends)
        return [(first + i, end + (self.values(rel),)) for i, end in enumerate(ends)]

    def connect(self, model):
        rel = self.a_rel(model)
        pair = self.rng.choice(rel.pairs)
        if self.rng.random() < 0.5: # one with many
            source = self.some(model.nodes[pair[0]].rows, 1)
            targets = self.some(model.nodes[pair[1]].rows, self.most())
            rels = self.new_rels(rel, [(pair[0], source[0], pair[1], target) for target in targets]) if source else []
            values = self.values(rel)
            rels = [(u, row[:4] + (values,)) for u, row in rels]
            order = {row[3]: u for u, row in rels}
            if not rels:
                return None
            u_text = '' if rel.name == 'N' else 'u: x[2], '
            text = 'MATCH (a:%s {id: %s}) UNWIND $pairs AS x MATCH (b:%s {id: %s}) CREATE (a)-[:%s {%s}]->(b)' % (
                pair[0], self.key_text(pair[0], source[0]), pair[1], 'x[1]', rel.name, (u_text + self.pattern_values(rel, values)).rstrip(', '))
            if pair[1] == 'B': # lists have one type
                text = text.replace('$pairs AS x', 'range(1, size($keys)) AS x').replace('x[1]', '$keys[x]').replace('x[2]', '$us[x]')
                parameters = {'keys': list(order), 'us': list(order.values())} if rel.name != 'N' else {'keys': list(order)}
            else:
                parameters = {'pairs': [[target, u] for target, u in order.items()]}
            text = text.replace(' {}', '')
        else:
            rels = self.new_rels(rel, self.ends(model, pair, self.rng.choice([1, 1, 2, 5])))
            if not rels:
                return None
            matches, creates = [], []
            for i, (u, row) in enumerate(rels):
                matches.append('(a%d:%s {id: %s}), (b%d:%s {id: %s})' % (i, row[0], self.key_text(row[0], row[1]), i, row[2], self.key_text(row[2], row[3])))
                values = ', '.join(filter(None, ['u: %d' % u if rel.name != 'N' else '', self.pattern_values(rel, row[4])]))
                creates.append('(a%d)-[:%s%s]->(b%d)' % (i, rel.name, ' {%s}' % values if values else '', i))
            text, parameters = 'MATCH %s CREATE %s' % (', '.join(matches), ', '.join(creates)), None
        return text, parameters, lambda to: to.rels[rel.name].rows.update(rels)

    def copy_edges(self, model, count=None, name=None, pair=None):
        rel = model.rels[name] if name else self.a_rel(model)
        pair = pair or self.rng.choice(rel.pairs)
        rels = self.new_rels(rel, self.ends(model, pair, count or self.rng.choice([1, 20, self.size])))
        if not rels:
            return None
        return self.copy_rels(rel, pair, rels), None, lambda to: to.rels[rel.name].rows.update(rels)

    def update(self, model):
        """Some nodes get one value, or each its own, in one column or two."""
        table = self.a_table(model)
        keys = self.some(table.rows, self.most())
        columns = self.rng.sample(list(table.columns), min(len(table.columns), self.rng.choice([1, 1, 2])))
        if not keys or not columns:
            return None
        values = {column: self.value(table.columns[column]) for column in columns}

        def apply(to):
            for key in keys:
                for column, value in values.items():
                    to.set_node(table.name, key, column, value)
        text = 'MATCH (n:%s) WHERE n.id IN $ids SET %s' % (table.name, ', '.join('n.%s = %s' % (column, literal(table.columns[column], value)) for column, value in values.items()))
        return text, {'ids': keys}, apply

    def update_all(self, model):
        """By a condition and by an expression of other columns."""
        table = self.a_table(model)
        ints = [name for name, kind in table.columns.items() if kind == 'int']
        texts = [name for name, kind in table.columns.items() if kind in ('few', 'many')]
        if not ints or not table.rows:
            return None
        column, low = self.rng.choice(ints), self.rng.randint(-5, 20)
        chosen = [key for key, row in table.rows.items() if row[column] is not None and row[column] >= low and (low > 3 or row[column] > 0 and row[column] % 3 == 1)]
        where = 'n.%s >= %d%s' % (column, low, '' if low > 3 else ' AND n.%s > 0 AND n.%s %% 3 = 1' % (column, column))
        if texts and self.rng.random() < 0.5:
            target = self.rng.choice(texts)

            def apply(to):
                for key in chosen:
                    to.set_node(table.name, key, target, 'n%d' % table.rows[key][column])
            return "MATCH (n:%s) WHERE %s SET n.%s = 'n' + CAST(n.%s AS STRING)" % (table.name, where, target, column), None, apply

        def apply_step(to):
            for key in chosen:
                to.set_node(table.name, key, column, table.rows[key][column] - 7)
        return 'MATCH (n:%s) WHERE %s SET n.%s = n.%s - 7' % (table.name, where, column, column), None, apply_step

    def many_columns(self, model):
        """One node, many statements' worth: every column of a few rows."""
        table = model.nodes['A']
        keys = self.some(table.rows, 3)
        if not keys:
            return None
        values = self.values(table)

        def apply(to):
            for key in keys:
                to.nodes['A'].rows[key] = dict(values)
        sets = ', '.join('n.%s = %s' % (column, literal(table.columns[column], value)) for column, value in values.items())
        return ('MATCH (n:A) WHERE n.id IN $ids SET ' + sets, {'ids': keys}, apply) if sets else None

    def update_rel(self, model):
        rel = model.rels[self.rng.choice('RRSSM')]
        chosen = self.some(rel.rows, self.most())
        if not chosen or not rel.columns:
            return None
        column = self.rng.choice(list(rel.columns))
        value = self.value(rel.columns[column])

        def apply(to):
            for u in chosen:
                to.set_rel(rel.name, u, column, value)
        return 'MATCH ()-[r:%s]->() WHERE r.u IN $us SET r.%s = %s' % (rel.name, column, literal(rel.columns[column], value)), {'us': chosen}, apply

    def delete(self, model):
        table = self.a_table(model)
        keys = self.some(table.rows, self.rng.choice([1, 3, max(1, self.size // 20)]))
        return ('MATCH (n:%s) WHERE n.id IN $ids DETACH DELETE n' % table.name, {'ids': keys}, lambda to: to.delete_nodes(table.name, keys)) if keys else None

    def disconnect(self, model):
        rel = self.a_rel(model)
        chosen = self.some(rel.rows, self.most())
        if not chosen:
            return None
        if rel.name == 'N' or self.rng.random() < 0.2: # all from one node, or all to it
            row = rel.rows[chosen[0]]
            side = self.rng.choice([0, 2])
            end, key = row[side], row[side + 1]
            chosen = [u for u, row in rel.rows.items() if (row[side], row[side + 1]) == (end, key)]
            text, parameters = 'MATCH (n:%s {id: $id})%s[r:%s]%s() DELETE r' % (end, '-' if side == 0 else '<-', rel.name, '->' if side == 0 else '-'), {'id': key}
        else:
            text, parameters = 'MATCH ()-[r:%s]->() WHERE r.u IN $us DELETE r' % rel.name, {'us': chosen}

        def apply(to):
            for u in chosen:
                del to.rels[rel.name].rows[u]
        return text, parameters, apply

    def merge(self, model):
        table = model.nodes['A']
        ints = [name for name, kind in table.columns.items() if kind == 'int']
        known = self.some(table.rows, 4) if self.rng.random() < 0.7 else []
        keys = known + self.new_keys('A', self.rng.choice([0, 1, 3]))
        if not keys or not ints:
            return None
        column = self.rng.choice(ints)

        def apply(to):
            for key in keys:
                if key in to.nodes['A'].rows:
                    to.set_node('A', key, column, -1)
                else:
                    to.nodes['A'].rows[key] = {**to.nodes['A'].blank(), column: -2}
        return 'UNWIND $ids AS i MERGE (n:A {id: i}) ON MATCH SET n.%s = -1 ON CREATE SET n.%s = -2' % (column, column), {'ids': keys}, apply

    def merge_rel(self, model):
        source, target = self.some(model.nodes['A'].rows, 1), self.some(model.nodes['A'].rows, 1)
        if not source or any(row[1] == source[0] and row[3] == target[0] for row in model.rels['N'].rows.values()):
            return None
        u = self.next_u
        self.next_u += 1

        def apply(to):
            to.rels['N'].rows[u] = ('A', source[0], 'A', target[0], {})
        return 'MATCH (a:A {id: $a}), (b:A {id: $b}) MERGE (a)-[:N]->(b)', {'a': source[0], 'b': target[0]}, apply

    def reinsert(self, model):
        """Keys that were there once."""
        table = model.nodes['A']
        gone = [i for i in self.rng.sample(range(self.next_key), min(self.next_key, 30)) if i not in table.rows][:4]
        if not gone:
            return None
        rows = [(key, table.blank()) for key in gone]
        return 'UNWIND $ids AS i CREATE (:A {id: i})', {'ids': gone}, lambda to: to.nodes['A'].rows.update(rows)

    def add_column(self, model):
        table = self.rng.choice([model.nodes['A'], model.nodes['A'], model.nodes['B'], model.rels['R'], model.rels['S']])
        if len(table.columns) > 20:
            return None
        kind = self.rng.choice(ADDABLE)
        name, value = 'c%d' % self.next_column, self.value(kind)
        self.next_column += 1

        def apply(to):
            to_table = (to.nodes if table.key else to.rels)[table.name]
            to_table.columns[name] = kind
            if value is not None:
                to_table.defaults[name] = value
            if table.key:
                to_table.rows = {key: {**row, name: value} for key, row in to_table.rows.items()}
            else:
                to_table.rows = {u: row[:4] + ({**row[4], name: value},) for u, row in to_table.rows.items()}
        # Rows that are created later get the default as well; NULL is none.
        return 'ALTER TABLE %s ADD %s %s%s' % (table.name, name, KINDS[kind], '' if value is None else ' DEFAULT %s' % literal(kind, value)), None, apply

    def drop_column(self, model):
        table = self.rng.choice([model.nodes['A'], model.nodes['A'], model.nodes['B'], model.rels['R'], model.rels['S']])
        if len(table.columns) < 3:
            return None
        name = self.rng.choice(list(table.columns))

        def apply(to):
            to_table = (to.nodes if table.key else to.rels)[table.name]
            del to_table.columns[name]
            to_table.defaults.pop(name, None)
            drop = lambda row: {column: value for column, value in row.items() if column != name}
            to_table.rows = {key: drop(row) if table.key else row[:4] + (drop(row[4]),) for key, row in to_table.rows.items()}
        return 'ALTER TABLE %s DROP %s' % (table.name, name), None, apply

    def rename_column(self, model):
        table = self.rng.choice([model.nodes['A'], model.nodes['B'], model.rels['R']])
        if not table.columns:
            return None
        old, new = self.rng.choice(list(table.columns)), 'c%d' % self.next_column
        self.next_column += 1

        def apply(to):
            to_table = (to.nodes if table.key else to.rels)[table.name]
            change = lambda row: {new if name == old else name: value for name, value in row.items()}
            to_table.columns, to_table.defaults = change(to_table.columns), change(to_table.defaults)
            to_table.rows = {key: change(row) if table.key else row[:4] + (change(row[4]),) for key, row in to_table.rows.items()}
        return 'ALTER TABLE %s RENAME %s TO %s' % (table.name, old, new), None, apply

    def new_table(self, model):
        """A relationship table goes and comes back empty."""
        rel = self.rng.choice([model.rels['N'], model.rels['M']])
        statement = next(text for text in self.schema(model) if text.startswith('CREATE REL TABLE %s(' % rel.name))

        def apply(to):
            to.rels[rel.name].rows = {}
        return 'DROP TABLE %s; %s' % (rel.name, statement), None, apply
