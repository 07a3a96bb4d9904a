/* SPDX-License-Identifier: MIT */
/* The study graph's questions by hand: stars, walks, scans, look-ups, searches. What the machine allows. */
#include "arrays.h"

#include "csv_out.h"

#include <stdlib.h>
#include <string.h>

struct study_arrays {
    person_columns persons;
    key_map cities, interests;
    relation follows, lives_in, has_interest;
    /* Working memory of the searches: a node's stamp says in which search it was seen last. */
    uint32_t *seen, *seen_back, *frontier, *next, *frontier_back, *next_back, *level;
    uint64_t *paths, *found;
    uint32_t stamp;
};

study_arrays *study_arrays_read(const char *directory, uint64_t *rows, double *milliseconds)
{
    study_arrays *graph = must_allocate_zeroed(1, sizeof *graph);
    double started = now_ms();
    graph->persons = read_persons(directory);
    graph->cities = read_nodes(directory, "cities");
    graph->interests = read_nodes(directory, "interests");
    graph->follows = read_relation(directory, "follows", &graph->persons.by_id, &graph->persons.by_id);
    graph->lives_in = read_relation(directory, "lives_in", &graph->persons.by_id, &graph->cities);
    graph->has_interest = read_relation(directory, "has_interest", &graph->persons.by_id, &graph->interests);
    *rows = graph->persons.count + graph->cities.count + graph->interests.count + graph->follows.count + graph->lives_in.count + graph->has_interest.count;
    *milliseconds = now_ms() - started;
    size_t count = graph->persons.count;
    uint32_t **numbers[] = {&graph->seen, &graph->seen_back, &graph->frontier, &graph->next, &graph->frontier_back, &graph->next_back, &graph->level};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        *numbers[i] = must_allocate_zeroed(count, sizeof **numbers[i]);
    }
    graph->paths = must_allocate_zeroed(count, sizeof *graph->paths);
    graph->found = must_allocate_zeroed(count, sizeof *graph->found);
    return graph;
}

void study_arrays_free(study_arrays *graph)
{
    void *working[] = {graph->seen, graph->seen_back, graph->frontier, graph->next, graph->frontier_back, graph->next_back, graph->level, graph->paths, graph->found};
    persons_free(&graph->persons);
    key_map_free(&graph->cities);
    key_map_free(&graph->interests);
    relation_free(&graph->follows);
    relation_free(&graph->lives_in);
    relation_free(&graph->has_interest);
    for (size_t i = 0; i < sizeof working / sizeof working[0]; i++) {
        free(working[i]);
    }
    free(graph);
}

uint32_t study_persons(const study_arrays *graph)
{
    return graph->persons.count;
}

/* ---- stars and walks ---- */

/* The sum of the three highest in-degrees. */
uint64_t study_top_followed(const void *context, int threads)
{
    const study_arrays *graph = context;
    uint32_t best = 0, second = 0, third = 0;
    (void)threads;
    for (uint32_t i = 0; i < graph->persons.count; i++) {
        uint32_t d = degree(&graph->follows.in, i);
        if (d > best) {
            third = second;
            second = best;
            best = d;
        } else if (d > second) {
            third = second;
            second = d;
        } else if (d > third) {
            third = d;
        }
    }
    return (uint64_t)best + second + third;
}

/* People of 30 to 40 years by city. */
uint64_t study_age_by_city(const void *context, int threads)
{
    const study_arrays *graph = context;
    uint64_t *counts = must_allocate_zeroed(graph->cities.count, sizeof *counts), total = 0;
    (void)threads;
    for (uint32_t i = 0; i < graph->persons.count; i++) {
        if (graph->persons.ages[i] >= 30 && graph->persons.ages[i] <= 40) {
            counts[*neighbours(&graph->lives_in.out, i)]++;
        }
    }
    for (uint32_t i = 0; i < graph->cities.count; i++) {
        total += counts[i];
    }
    free(counts);
    return total;
}

/* Women with interest 4 (tennis) by city: the largest group. */
uint64_t study_interest_by_city(const void *context, int threads)
{
    const study_arrays *graph = context;
    uint64_t *counts = must_allocate_zeroed(graph->cities.count, sizeof *counts), largest = 0;
    uint32_t interest = key_map_find(&graph->interests, 4);
    const uint32_t *people = neighbours(&graph->has_interest.in, interest);
    (void)threads;
    for (uint32_t j = 0; j < degree(&graph->has_interest.in, interest); j++) {
        if (!graph->persons.male[people[j]]) {
            uint64_t count = ++counts[*neighbours(&graph->lives_in.out, people[j])];
            largest = count > largest ? count : largest;
        }
    }
    free(counts);
    return largest;
}

/* Two-step walks relationship by relationship: what an engine that does not multiply degrees at the middle has to touch. */
static void walks_from(void *context, uint64_t begin, uint64_t end, int thread)
{
    range_sum *sum = context;
    const study_arrays *graph = sum->graph;
    uint64_t total = 0;
    for (uint64_t i = begin; i < end; i++) {
        const uint32_t *list = neighbours(&graph->follows.out, i);
        for (uint32_t j = 0; j < degree(&graph->follows.out, i); j++) {
            total += degree(&graph->follows.out, list[j]);
        }
    }
    sum->sums[thread][0] += total;
}

uint64_t study_walks(const void *graph, int threads)
{
    return sum_ranges(graph, threads, ((const study_arrays *)graph)->persons.count, walks_from);
}

/* Walks a->b->c with b younger than 50 and c older than 25. */
static void walks_between_ages(void *context, uint64_t begin, uint64_t end, int thread)
{
    range_sum *sum = context;
    const study_arrays *graph = sum->graph;
    uint64_t total = 0;
    for (uint64_t i = begin; i < end; i++) {
        uint32_t starts = degree(&graph->follows.in, i), ends = 0;
        if (graph->persons.ages[i] >= 50 || starts == 0) {
            continue;
        }
        const uint32_t *list = neighbours(&graph->follows.out, i);
        for (uint32_t j = 0; j < degree(&graph->follows.out, i); j++) {
            ends += graph->persons.ages[list[j]] > 25;
        }
        total += (uint64_t)starts * ends;
    }
    sum->sums[thread][0] += total;
}

uint64_t study_walks_between_ages(const void *graph, int threads)
{
    return sum_ranges(graph, threads, ((const study_arrays *)graph)->persons.count, walks_between_ages);
}

/* ---- scans ---- */

static void filter_range(void *context, uint64_t begin, uint64_t end, int thread)
{
    range_sum *sum = context;
    const study_arrays *graph = sum->graph;
    const uint8_t *ages = graph->persons.ages, *married = graph->persons.married;
    uint64_t total = 0;
    for (uint64_t i = begin; i < end; i++) {
        total += (uint64_t)(ages[i] > 40) & married[i];
    }
    sum->sums[thread][0] += total;
}

uint64_t scan_filter_count(const void *graph, int threads)
{
    return sum_ranges(graph, threads, ((const study_arrays *)graph)->persons.count, filter_range);
}

static void sum_range(void *context, uint64_t begin, uint64_t end, int thread)
{
    range_sum *sum = context;
    const uint8_t *ages = ((const study_arrays *)sum->graph)->persons.ages;
    uint64_t total = 0;
    for (uint64_t i = begin; i < end; i++) {
        total += ages[i];
    }
    sum->sums[thread][0] += total;
}

uint64_t scan_sum(const void *graph, int threads)
{
    return sum_ranges(graph, threads, ((const study_arrays *)graph)->persons.count, sum_range);
}

uint64_t scan_group_by_age(const void *context, int threads)
{
    const study_arrays *graph = context;
    uint64_t sums[256] = {0}, groups = 0;
    uint32_t counts[256] = {0};
    (void)threads;
    for (uint32_t i = 0; i < graph->persons.count; i++) {
        sums[graph->persons.ages[i]] += graph->persons.ids[i];
        counts[graph->persons.ages[i]]++;
    }
    for (int i = 0; i < 256; i++) {
        groups += counts[i] != 0 && sums[i] != 0;
    }
    return groups;
}

static int compare_names(const person_columns *persons, uint32_t a, uint32_t b)
{
    uint32_t a_length = persons->name_starts[a + 1] - persons->name_starts[a], b_length = persons->name_starts[b + 1] - persons->name_starts[b];
    int order = memcmp(persons->names + persons->name_starts[a], persons->names + persons->name_starts[b], a_length < b_length ? a_length : b_length);
    if (order == 0) {
        order = a_length != b_length ? (a_length < b_length ? -1 : 1) : (a < b ? -1 : 1);
    }
    return order;
}

/* The ten first names: the sum of their ids. */
uint64_t scan_first_names(const void *context, int threads)
{
    const person_columns *persons = &((const study_arrays *)context)->persons;
    uint32_t best[10], count = 0;
    uint64_t sum = 0;
    (void)threads;
    for (uint32_t i = 0; i < persons->count; i++) {
        if (count == 10 && compare_names(persons, i, best[9]) > 0) {
            continue;
        }
        uint32_t place = count < 10 ? count++ : 9;
        while (place > 0 && compare_names(persons, i, best[place - 1]) < 0) {
            best[place] = best[place - 1];
            place--;
        }
        best[place] = i;
    }
    for (uint32_t i = 0; i < count; i++) {
        sum += persons->ids[best[i]];
    }
    return sum;
}

static void contains_range(void *context, uint64_t begin, uint64_t end, int thread)
{
    range_sum *sum = context;
    const person_columns *persons = &((const study_arrays *)sum->graph)->persons;
    const char *text = persons->names + persons->name_starts[begin], *last = persons->names + persons->name_starts[end];
    uint64_t person = begin, total = 0;
    while ((text = memmem(text, (size_t)(last - text), "anel", 4)) != NULL) {
        uint32_t place = (uint32_t)(text - persons->names);
        while (persons->name_starts[person + 1] <= place) {
            person++;
        }
        /* A match across two names is none. */
        bool within = place + 4 <= persons->name_starts[person + 1];
        total += within;
        text = within ? persons->names + persons->name_starts[person + 1] : text + 1;
    }
    sum->sums[thread][0] += total;
}

uint64_t scan_contains(const void *graph, int threads)
{
    return sum_ranges(graph, threads, ((const study_arrays *)graph)->persons.count, contains_range);
}

uint64_t scan_distinct_names(const void *context, int threads)
{
    const person_columns *persons = &((const study_arrays *)context)->persons;
    uint64_t capacity = 1, distinct = 0;
    (void)threads;
    while (capacity < persons->count * (uint64_t)2) {
        capacity <<= 1;
    }
    uint32_t *table = must_allocate(capacity * sizeof *table);
    memset(table, 0xff, capacity * sizeof *table);
    for (uint32_t i = 0; i < persons->count; i++) {
        const char *name = persons->names + persons->name_starts[i];
        uint32_t length = persons->name_starts[i + 1] - persons->name_starts[i];
        uint64_t hash = length;
        for (uint32_t j = 0; j < length; j += 8) {
            uint64_t word = 0;
            memcpy(&word, name + j, length - j < 8 ? length - j : 8);
            hash = (hash ^ word) * 0x9E3779B97F4A7C15u;
            hash ^= hash >> 32;
        }
        for (uint64_t slot = hash & (capacity - 1);; slot = (slot + 1) & (capacity - 1)) {
            uint32_t other = table[slot];
            if (other == NO_NODE) {
                table[slot] = i;
                distinct++;
                break;
            }
            if (persons->name_starts[other + 1] - persons->name_starts[other] == length &&
                memcmp(persons->names + persons->name_starts[other], name, length) == 0) {
                break;
            }
        }
    }
    free(table);
    return distinct;
}

/* ---- look-ups ---- */

uint64_t point_lookup(const study_arrays *graph, uint64_t id, uint64_t *sink)
{
    const person_columns *persons = &graph->persons;
    uint32_t person = key_map_find(&persons->by_id, id);
    char name[128];
    memcpy(name, persons->names + persons->name_starts[person], persons->name_starts[person + 1] - persons->name_starts[person]);
    *sink += (uint64_t)persons->ages[person] + persons->male[person] + (uint64_t)(unsigned char)name[0];
    return 1;
}

uint64_t point_neighbours(const study_arrays *graph, uint64_t id, uint64_t *sink)
{
    uint32_t person = key_map_find(&graph->persons.by_id, id), count = degree(&graph->follows.out, person);
    const uint32_t *list = neighbours(&graph->follows.out, person);
    for (uint32_t j = 0; j < count; j++) {
        graph->found[j] = graph->persons.ids[list[j]];
    }
    *sink += graph->found[0];
    return count;
}

/* Searches change the working memory behind the const graph: one search at a time. */
static study_arrays *study_begin_search(const study_arrays *graph)
{
    union {
        const study_arrays *shared;
        study_arrays *own;
    } access = {.shared = graph};
    access.own->stamp++;
    return access.own;
}

uint64_t point_two_hops(const study_arrays *graph, uint64_t id, uint64_t *sink)
{
    study_arrays *search = study_begin_search(graph);
    uint32_t person = key_map_find(&graph->persons.by_id, id);
    const uint32_t *list = neighbours(&graph->follows.out, person);
    uint64_t distinct = 0;
    for (uint32_t j = 0; j < degree(&graph->follows.out, person); j++) {
        const uint32_t *second = neighbours(&graph->follows.out, list[j]);
        for (uint32_t k = 0; k < degree(&graph->follows.out, list[j]); k++) {
            distinct += search->seen[second[k]] != search->stamp;
            search->seen[second[k]] = search->stamp;
        }
    }
    *sink += distinct;
    return distinct;
}

/* ---- searches ---- */

void recursive_pairs(const study_arrays *graph, uint32_t seed, uint32_t from[RECURSIVE_PAIRS], uint32_t to[RECURSIVE_PAIRS])
{
    for (int i = 0; i < 2 * RECURSIVE_PAIRS; i++) {
        seed = (seed * 1103515245u + 12345u) & 0x7fffffff;
        uint32_t person = (uint32_t)((double)seed / 2147483648.0 * graph->persons.count);
        *(i % 2 == 0 ? &from[i / 2] : &to[i / 2]) = person;
    }
}

/* One level forward: the nodes not seen before go to `next`. */
static uint32_t search_level(study_arrays *search, const adjacency *lists, uint32_t *seen, const uint32_t *frontier, uint32_t count, uint32_t *next)
{
    uint32_t found = 0;
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t *list = neighbours(lists, frontier[i]);
        for (uint32_t j = 0; j < degree(lists, frontier[i]); j++) {
            if (seen[list[j]] != search->stamp) {
                seen[list[j]] = search->stamp;
                next[found++] = list[j];
            }
        }
    }
    return found;
}

static void swap_lists(uint32_t **a, uint32_t **b)
{
    uint32_t *kept = *a;
    *a = *b;
    *b = kept;
}

/* Persons within 1 to `hops` steps (the start itself only by a cycle). */
uint64_t recursive_reach(const study_arrays *graph, uint32_t from, int hops)
{
    study_arrays *search = study_begin_search(graph);
    uint32_t count = 1;
    uint64_t reached = 0;
    search->frontier[0] = from;
    for (int hop = 0; hop < hops; hop++) {
        count = search_level(search, &graph->follows.out, search->seen, search->frontier, count, search->next);
        reached += count;
        swap_lists(&search->frontier, &search->next);
    }
    return reached;
}

/* Whether a list of the frontier has a node that the other side has seen. */
static bool search_meets(const study_arrays *search, const adjacency *lists, const uint32_t *other_seen, const uint32_t *frontier, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t *list = neighbours(lists, frontier[i]);
        for (uint32_t j = 0; j < degree(lists, frontier[i]); j++) {
            if (other_seen[list[j]] == search->stamp) {
                return true;
            }
        }
    }
    return false;
}

/* The length of a shortest path, from both ends at once, always from the smaller frontier; UINT64_MAX when there is none. */
uint64_t recursive_distance(const study_arrays *graph, uint32_t from, uint32_t to)
{
    study_arrays *search = study_begin_search(graph);
    uint32_t count = 1, count_back = 1;
    search->frontier[0] = from;
    search->frontier_back[0] = to;
    search->seen[from] = search->stamp;
    search->seen_back[to] = search->stamp;
    for (uint64_t length = 1; count != 0 && count_back != 0; length++) {
        if (count <= count_back) {
            if (search_meets(search, &graph->follows.out, search->seen_back, search->frontier, count)) {
                return length;
            }
            count = search_level(search, &graph->follows.out, search->seen, search->frontier, count, search->next);
            swap_lists(&search->frontier, &search->next);
        } else {
            if (search_meets(search, &graph->follows.in, search->seen, search->frontier_back, count_back)) {
                return length;
            }
            count_back = search_level(search, &graph->follows.in, search->seen_back, search->frontier_back, count_back, search->next_back);
            swap_lists(&search->frontier_back, &search->next_back);
        }
    }
    return UINT64_MAX;
}

/* The number of shortest paths, by levels from one side. */
uint64_t recursive_shortest_count(const study_arrays *graph, uint32_t from, uint32_t to)
{
    study_arrays *search = study_begin_search(graph);
    const adjacency *lists = &graph->follows.out;
    uint32_t count = 1, level = 0;
    bool found = false;
    search->frontier[0] = from;
    search->seen[from] = search->stamp;
    search->level[from] = 0;
    search->paths[from] = 1;
    while (count != 0 && !found) {
        uint32_t next = 0;
        level++;
        for (uint32_t i = 0; i < count; i++) {
            uint64_t paths = search->paths[search->frontier[i]];
            const uint32_t *list = neighbours(lists, search->frontier[i]);
            for (uint32_t j = 0; j < degree(lists, search->frontier[i]); j++) {
                uint32_t node = list[j];
                if (search->seen[node] != search->stamp) {
                    search->seen[node] = search->stamp;
                    search->level[node] = level;
                    search->paths[node] = paths;
                    search->next[next++] = node;
                    found |= node == to;
                } else if (search->level[node] == level) {
                    search->paths[node] += paths;
                }
            }
        }
        swap_lists(&search->frontier, &search->next);
        count = next;
    }
    return found ? search->paths[to] : 0;
}

/* Everybody who can be reached, and in how many steps at most. */
uint64_t recursive_all(const study_arrays *graph, uint32_t from, uint64_t *levels)
{
    study_arrays *search = study_begin_search(graph);
    uint32_t count = 1;
    uint64_t reached = 0;
    search->frontier[0] = from;
    search->seen[from] = search->stamp;
    *levels = 0;
    for (;;) {
        count = search_level(search, &graph->follows.out, search->seen, search->frontier, count, search->next);
        if (count == 0) {
            return reached;
        }
        reached += count;
        ++*levels;
        swap_lists(&search->frontier, &search->next);
    }
}

/* ---- joins by value, cycles ---- */

/* Persons by name: open addressing, the first of each name in a slot, the others behind it in `next`. */
typedef struct name_table {
    uint32_t *slots, *next;
    uint64_t mask;
} name_table;

static uint64_t name_hash(const person_columns *persons, uint32_t person)
{
    const char *name = persons->names + persons->name_starts[person];
    uint32_t length = persons->name_starts[person + 1] - persons->name_starts[person];
    uint64_t hash = length;
    for (uint32_t j = 0; j < length; j += 8) {
        uint64_t word = 0;
        memcpy(&word, name + j, length - j < 8 ? length - j : 8);
        hash = (hash ^ word) * 0x9E3779B97F4A7C15u;
        hash ^= hash >> 32;
    }
    return hash;
}

static bool names_equal(const person_columns *persons, uint32_t a, uint32_t b)
{
    uint32_t length = persons->name_starts[a + 1] - persons->name_starts[a];
    return length == persons->name_starts[b + 1] - persons->name_starts[b] &&
           memcmp(persons->names + persons->name_starts[a], persons->names + persons->name_starts[b], length) == 0;
}

/* The slot of the person's name: the first with that name in it, or NO_NODE. */
static uint32_t *name_slot(const name_table *table, const person_columns *persons, uint32_t person)
{
    uint64_t slot = name_hash(persons, person) & table->mask;
    while (table->slots[slot] != NO_NODE && !names_equal(persons, table->slots[slot], person)) {
        slot = (slot + 1) & table->mask;
    }
    return &table->slots[slot];
}

static name_table name_table_make(const person_columns *persons, uint32_t most)
{
    name_table table = {.mask = 1};
    while (table.mask < most * (uint64_t)2) {
        table.mask <<= 1;
    }
    table.slots = must_allocate(table.mask * sizeof *table.slots);
    table.next = must_allocate(persons->count * sizeof *table.next);
    memset(table.slots, 0xff, table.mask * sizeof *table.slots);
    table.mask--;
    return table;
}

static void name_table_add(const name_table *table, const person_columns *persons, uint32_t person)
{
    uint32_t *slot = name_slot(table, persons, person);
    table->next[person] = *slot;
    *slot = person;
}

static void name_table_free(name_table *table)
{
    free(table->slots);
    free(table->next);
}

/* The ages of those whom namesakes of the first thousand ids follow. */
uint64_t join_namesakes(const void *context, int threads)
{
    const study_arrays *graph = context;
    const person_columns *persons = &graph->persons;
    uint64_t sum = 0;
    (void)threads;
    name_table table = name_table_make(persons, 2048);
    for (uint32_t i = 0; i < persons->count; i++) {
        if (persons->ids[i] < 1000) {
            name_table_add(&table, persons, i);
        }
    }
    for (uint32_t i = 0; i < persons->count; i++) {
        for (uint32_t other = *name_slot(&table, persons, i); other != NO_NODE; other = table.next[other]) {
            const uint32_t *followed = neighbours(&graph->follows.out, i);
            for (uint32_t k = 0; k < degree(&graph->follows.out, i); k++) {
                sum += persons->ages[followed[k]];
            }
        }
    }
    name_table_free(&table);
    return sum;
}

/* Persons who have no namesake under 40. */
uint64_t join_without_namesake(const void *context, int threads)
{
    const person_columns *persons = &((const study_arrays *)context)->persons;
    uint64_t count = 0;
    (void)threads;
    name_table table = name_table_make(persons, persons->count);
    for (uint32_t i = 0; i < persons->count; i++) {
        if (persons->ages[i] < 40) {
            name_table_add(&table, persons, i);
        }
    }
    for (uint32_t i = 0; i < persons->count; i++) {
        count += *name_slot(&table, persons, i) == NO_NODE;
    }
    name_table_free(&table);
    return count;
}

/* Cycles of three: who follows the first is marked, whom the second follows is counted against the marks. */
uint64_t join_triangles(const void *context, int threads)
{
    const study_arrays *graph = context;
    const adjacency *out = &graph->follows.out;
    uint32_t *marks = must_allocate_zeroed(graph->persons.count, sizeof *marks);
    uint64_t count = 0;
    (void)threads;
    for (uint32_t a = 0; a < graph->persons.count; a++) {
        const uint32_t *follower = neighbours(&graph->follows.in, a);
        for (uint32_t i = 0; i < degree(&graph->follows.in, a); i++) {
            marks[follower[i]]++;
        }
        for (uint32_t i = 0; i < degree(out, a); i++) {
            uint32_t b = neighbours(out, a)[i];
            const uint32_t *list = neighbours(out, b);
            for (uint32_t k = 0; k < degree(out, b); k++) {
                count += marks[list[k]];
            }
        }
        for (uint32_t i = 0; i < degree(&graph->follows.in, a); i++) {
            marks[follower[i]] = 0;
        }
    }
    free(marks);
    return count;
}

/* Cycles of four from the first thousand ids, the same way. (Meeting in the middle would take a fraction of it.) */
uint64_t join_squares(const void *context, int threads)
{
    const study_arrays *graph = context;
    const adjacency *out = &graph->follows.out;
    uint32_t *marks = must_allocate_zeroed(graph->persons.count, sizeof *marks);
    uint64_t count = 0;
    (void)threads;
    for (uint32_t a = 0; a < graph->persons.count; a++) {
        const uint32_t *follower = neighbours(&graph->follows.in, a);
        for (uint32_t i = 0; i < degree(&graph->follows.in, a) && graph->persons.ids[a] < 1000; i++) {
            marks[follower[i]]++;
        }
        for (uint32_t i = 0; i < degree(out, a) && graph->persons.ids[a] < 1000; i++) {
            uint32_t b = neighbours(out, a)[i];
            for (uint32_t j = 0; j < degree(out, b); j++) {
                uint32_t c = neighbours(out, b)[j];
                const uint32_t *list = neighbours(out, c);
                for (uint32_t k = 0; k < degree(out, c); k++) {
                    count += marks[list[k]];
                }
            }
        }
        for (uint32_t i = 0; i < degree(&graph->follows.in, a); i++) {
            marks[follower[i]] = 0;
        }
    }
    free(marks);
    return count;
}
