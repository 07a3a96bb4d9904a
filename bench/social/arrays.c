/* SPDX-License-Identifier: MIT */
/* Reading the generators' CSV into arrays: see arrays.h. */
#include "arrays.h"

#include "csv_out.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

double now_ms(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

/* ---- threads ---- */

typedef struct range_pool {
    range_work *work;
    void *context;
    uint64_t count, piece, next;
} range_pool;

typedef struct range_worker {
    range_pool *pool;
    int thread;
} range_worker;

static void *range_worker_run(void *argument)
{
    range_worker *worker = argument;
    range_pool *pool = worker->pool;
    for (;;) {
        uint64_t begin = __atomic_fetch_add(&pool->next, pool->piece, __ATOMIC_RELAXED);
        if (begin >= pool->count) {
            return NULL;
        }
        uint64_t end = begin + pool->piece;
        pool->work(pool->context, begin, end > pool->count ? pool->count : end, worker->thread);
    }
}

void for_ranges(int threads, uint64_t count, uint64_t piece, range_work *work, void *context)
{
    range_pool pool = {.work = work, .context = context, .count = count, .piece = piece};
    range_worker workers[MAX_KERNEL_THREADS];
    pthread_t started[MAX_KERNEL_THREADS];
    for (int i = 0; i < threads; i++) {
        workers[i] = (range_worker){.pool = &pool, .thread = i};
        if (i > 0 && pthread_create(&started[i], NULL, range_worker_run, &workers[i]) != 0) {
            fprintf(stderr, "cannot start a thread\n");
            exit(1);
        }
    }
    range_worker_run(&workers[0]);
    for (int i = 1; i < threads; i++) {
        pthread_join(started[i], NULL);
    }
}

uint64_t sum_ranges(const void *graph, int threads, uint64_t count, range_work *work)
{
    range_sum sum = {.graph = graph};
    uint64_t total = 0;
    for_ranges(threads, count, count / ((uint64_t)threads * 16) + 1, work, &sum);
    for (int i = 0; i < threads; i++) {
        total += sum.sums[i][0];
    }
    return total;
}

/* ---- files ---- */

typedef struct mapped_file {
    char *bytes;
    size_t size;
} mapped_file;

static mapped_file map_csv(const char *directory, const char *table)
{
    char path[4096];
    struct stat status;
    mapped_file file = {0};
    snprintf(path, sizeof path, "%s/%s.csv", directory, table);
    int descriptor = open(path, O_RDONLY);
    if (descriptor < 0 || fstat(descriptor, &status) != 0) {
        fprintf(stderr, "cannot open %s\n", path);
        exit(1);
    }
    file.size = (size_t)status.st_size;
    file.bytes = mmap(NULL, file.size, PROT_READ, MAP_PRIVATE, descriptor, 0);
    if (file.bytes == MAP_FAILED) {
        fprintf(stderr, "cannot map %s\n", path);
        exit(1);
    }
    close(descriptor);
    return file;
}

/* Every line of the files ends with a newline. */
static const char *after_line(const char *text, const char *end)
{
    return (const char *)memchr(text, '\n', (size_t)(end - text)) + 1;
}

static const char *parse_number(const char *text, uint64_t *value)
{
    uint64_t result = 0;
    unsigned digit;
    while ((digit = (unsigned)(*text - '0')) < 10) {
        result = result * 10 + digit;
        text++;
    }
    *value = result;
    return text;
}

/* ---- keys ---- */

static uint64_t key_hash(uint64_t key)
{
    key *= 0x9E3779B97F4A7C15u;
    return key ^ (key >> 29);
}

key_map key_map_make(const uint64_t *keys, uint64_t count)
{
    uint64_t capacity = 16;
    while (capacity < count * 2) {
        capacity <<= 1;
    }
    key_map map = {.mask = capacity - 1, .count = (uint32_t)count};
    map.keys = must_allocate(capacity * sizeof *map.keys);
    map.numbers = must_allocate(capacity * sizeof *map.numbers);
    memset(map.keys, 0xff, capacity * sizeof *map.keys);
    for (uint64_t i = 0; i < count; i++) {
        uint64_t slot = key_hash(keys[i]) & map.mask;
        while (map.keys[slot] != UINT64_MAX) {
            slot = (slot + 1) & map.mask;
        }
        map.keys[slot] = keys[i];
        map.numbers[slot] = (uint32_t)i;
    }
    return map;
}

uint32_t key_map_find(const key_map *map, uint64_t key)
{
    uint64_t slot = key_hash(key) & map->mask;
    while (map->keys[slot] != key) {
        if (map->keys[slot] == UINT64_MAX) {
            return NO_NODE;
        }
        slot = (slot + 1) & map->mask;
    }
    return map->numbers[slot];
}

void key_map_free(key_map *map)
{
    free(map->keys);
    free(map->numbers);
}

key_map read_nodes(const char *directory, const char *table)
{
    mapped_file file = map_csv(directory, table);
    const char *end = file.bytes + file.size, *text = after_line(file.bytes, end);
    uint64_t *keys = must_allocate((file.size / 2 + 1) * sizeof *keys), count = 0;
    while (text < end) {
        text = parse_number(text, &keys[count++]);
        text = after_line(text, end);
    }
    key_map map = key_map_make(keys, count);
    free(keys);
    munmap(file.bytes, file.size);
    return map;
}

/* ---- relations ---- */

adjacency adjacency_make(const uint32_t *from, const uint32_t *to, uint64_t edges, uint32_t nodes)
{
    /* Counting sort: counts two places ahead, so that filling leaves each start where it belongs. */
    adjacency lists = {.nodes = nodes, .edges = edges};
    lists.starts = must_allocate_zeroed((size_t)nodes + 2, sizeof *lists.starts);
    lists.neighbours = must_allocate(edges * sizeof *lists.neighbours + 64);
    for (uint64_t i = 0; i < edges; i++) {
        lists.starts[from[i] + 2]++;
    }
    for (uint32_t i = 2; i <= nodes + 1; i++) {
        lists.starts[i] += lists.starts[i - 1];
    }
    for (uint64_t i = 0; i < edges; i++) {
        lists.neighbours[lists.starts[from[i] + 1]++] = to[i];
    }
    return lists;
}

static int compare_numbers(const void *left, const void *right)
{
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    return (a > b) - (a < b);
}

void adjacency_sort(adjacency *lists)
{
    for (uint32_t i = 0; i < lists->nodes; i++) {
        qsort(lists->neighbours + lists->starts[i], degree(lists, i), sizeof *lists->neighbours, compare_numbers);
    }
}

void adjacency_free(adjacency *lists)
{
    free(lists->starts);
    free(lists->neighbours);
}

#define PARSE_PIECES 16

typedef struct pair_parser {
    const char *bounds[PARSE_PIECES + 1];
    const key_map *from_keys, *to_keys;
    uint32_t *from[PARSE_PIECES], *to[PARSE_PIECES];
    uint64_t counts[PARSE_PIECES];
} pair_parser;

static void parse_pairs(void *context, uint64_t begin, uint64_t end, int thread)
{
    pair_parser *parser = context;
    (void)thread;
    for (uint64_t piece = begin; piece < end; piece++) {
        const char *text = parser->bounds[piece], *last = parser->bounds[piece + 1];
        uint64_t capacity = (uint64_t)(last - text) / 4 + 1, count = 0, previous = UINT64_MAX;
        uint32_t *from = must_allocate(capacity * sizeof *from), *to = must_allocate(capacity * sizeof *to), number = 0;
        while (text < last) {
            uint64_t a, b;
            text = parse_number(text, &a) + 1;
            text = parse_number(text, &b) + 1;
            if (a != previous) {
                previous = a;
                number = key_map_find(parser->from_keys, a);
            }
            from[count] = number;
            to[count++] = key_map_find(parser->to_keys, b);
        }
        parser->from[piece] = from;
        parser->to[piece] = to;
        parser->counts[piece] = count;
    }
}

typedef struct both_directions {
    relation *rel;
    uint32_t from_nodes, to_nodes;
} both_directions;

static void arrange(void *context, uint64_t begin, uint64_t end, int thread)
{
    both_directions *both = context;
    (void)thread;
    for (uint64_t direction = begin; direction < end; direction++) {
        if (direction == 0) {
            both->rel->out = adjacency_make(both->rel->from, both->rel->to, both->rel->count, both->from_nodes);
        } else {
            both->rel->in = adjacency_make(both->rel->to, both->rel->from, both->rel->count, both->to_nodes);
        }
    }
}

relation read_relation(const char *directory, const char *table, const key_map *from, const key_map *to)
{
    mapped_file file = map_csv(directory, table);
    const char *end = file.bytes + file.size, *text = after_line(file.bytes, end);
    pair_parser parser = {.from_keys = from, .to_keys = to};
    int pieces = file.size > (1u << 20) ? PARSE_PIECES : 1;
    parser.bounds[0] = text;
    for (int i = 1; i < pieces; i++) {
        parser.bounds[i] = after_line(text + (end - text) * i / pieces, end);
    }
    parser.bounds[pieces] = end;
    for_ranges(2, (uint64_t)pieces, 1, parse_pairs, &parser);
    relation rel = {0};
    for (int i = 0; i < pieces; i++) {
        rel.count += parser.counts[i];
    }
    rel.from = must_allocate(rel.count * sizeof *rel.from);
    rel.to = must_allocate(rel.count * sizeof *rel.to);
    uint64_t filled = 0;
    for (int i = 0; i < pieces; i++) {
        memcpy(rel.from + filled, parser.from[i], parser.counts[i] * sizeof *rel.from);
        memcpy(rel.to + filled, parser.to[i], parser.counts[i] * sizeof *rel.to);
        filled += parser.counts[i];
        free(parser.from[i]);
        free(parser.to[i]);
    }
    munmap(file.bytes, file.size);
    both_directions both = {.rel = &rel, .from_nodes = from->count, .to_nodes = to->count};
    for_ranges(2, 2, 1, arrange, &both);
    return rel;
}

void relation_free(relation *rel)
{
    free(rel->from);
    free(rel->to);
    adjacency_free(&rel->out);
    adjacency_free(&rel->in);
}

uint32_t *only_targets(const relation *rel)
{
    uint32_t *targets = must_allocate(rel->out.nodes * sizeof *targets);
    for (uint32_t i = 0; i < rel->out.nodes; i++) {
        targets[i] = degree(&rel->out, i) != 0 ? *neighbours(&rel->out, i) : NO_NODE;
    }
    return targets;
}

/* ---- persons ---- */

person_columns read_persons(const char *directory)
{
    mapped_file file = map_csv(directory, "persons");
    const char *end = file.bytes + file.size, *text = after_line(file.bytes, end);
    uint64_t capacity = file.size / 30 + 16, count = 0, ignored;
    uint32_t used = 0;
    person_columns persons = {0};
    persons.ids = must_allocate(capacity * sizeof *persons.ids);
    persons.name_starts = must_allocate((capacity + 1) * sizeof *persons.name_starts);
    persons.names = must_allocate(file.size);
    persons.male = must_allocate(capacity);
    persons.married = must_allocate(capacity);
    persons.ages = must_allocate(capacity);
    while (text < end) {
        text = parse_number(text, &persons.ids[count]) + 1;
        const char *after = memchr(text, ',', (size_t)(end - text));
        uint32_t length = (uint32_t)(after - text);
        memcpy(persons.names + used, text, length);
        persons.name_starts[count] = used;
        used += length;
        text = after + 1;
        persons.male[count] = *text == 'm';
        text = (const char *)memchr(text, ',', (size_t)(end - text)) + 1;
        text = (const char *)memchr(text, ',', (size_t)(end - text)) + 1; /* the birthday: no kernel wants it */
        text = parse_number(text, &ignored) + 1;
        persons.ages[count] = (uint8_t)ignored;
        persons.married[count] = *text == 't';
        text = after_line(text, end);
        count++;
    }
    persons.name_starts[count] = used;
    persons.count = (uint32_t)count;
    persons.by_id = key_map_make(persons.ids, count);
    munmap(file.bytes, file.size);
    return persons;
}

void persons_free(person_columns *persons)
{
    free(persons->ids);
    free(persons->names);
    free(persons->name_starts);
    free(persons->male);
    free(persons->married);
    free(persons->ages);
    key_map_free(&persons->by_id);
}
