/* SPDX-License-Identifier: MIT */
/*
 * Graphs as plain arrays, for the hand-written kernels: keys mapped to dense numbers, adjacency as offsets and neighbours, columns as arrays. Everything is read
 * from the generators' own CSV (integers without sign, no quotes), nothing is ever changed afterwards. Errors end the program.
 */
#ifndef RZ_BENCH_ARRAYS_H
#define RZ_BENCH_ARRAYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NO_NODE UINT32_MAX
#define MAX_KERNEL_THREADS 8

/* Milliseconds of a steady clock. */
double now_ms(void);

/* Calls work(context, begin, end, thread) for pieces of [0, count) on `threads` threads; thread counts from 0. */
typedef void range_work(void *context, uint64_t begin, uint64_t end, int thread);
void for_ranges(int threads, uint64_t count, uint64_t piece, range_work *work, void *context);

/* A kernel that adds up a number over [0, count): one partial sum a thread, apart by a cache line. */
typedef struct range_sum {
    const void *graph;
    uint64_t sums[MAX_KERNEL_THREADS][8];
} range_sum;
uint64_t sum_ranges(const void *graph, int threads, uint64_t count, range_work *work);

/* Keys of a node table to dense numbers in order of the file: open addressing, linear probing, at most half full. */
typedef struct key_map {
    uint64_t *keys;
    uint32_t *numbers;
    uint64_t mask;
    uint32_t count;
} key_map;
key_map key_map_make(const uint64_t *keys, uint64_t count);
uint32_t key_map_find(const key_map *map, uint64_t key);
/* The first column of directory/table.csv. */
key_map read_nodes(const char *directory, const char *table);
void key_map_free(key_map *map);

/* neighbours[starts[i] .. starts[i + 1]): adjacency of node i, in order of the file. */
typedef struct adjacency {
    uint32_t *starts;
    uint32_t *neighbours;
    uint32_t nodes;
    uint64_t edges;
} adjacency;
adjacency adjacency_make(const uint32_t *from, const uint32_t *to, uint64_t edges, uint32_t nodes);
void adjacency_sort(adjacency *lists);
void adjacency_free(adjacency *lists);
static inline uint32_t degree(const adjacency *lists, uint64_t node)
{
    return lists->starts[node + 1] - lists->starts[node];
}
static inline const uint32_t *neighbours(const adjacency *lists, uint64_t node)
{
    return lists->neighbours + lists->starts[node];
}

typedef struct relation {
    uint32_t *from, *to;
    uint64_t count;
    adjacency out, in;
} relation;
/* directory/table.csv, two keys a row, parsed and arranged in both directions on two threads. */
relation read_relation(const char *directory, const char *table, const key_map *from, const key_map *to);
void relation_free(relation *rel);
/* For relations with at most one target: the target of each source, or NO_NODE. */
uint32_t *only_targets(const relation *rel);

/* The study graph's persons by column; names without gaps in `names`, name i from name_starts[i] to name_starts[i + 1]. */
typedef struct person_columns {
    uint32_t count;
    uint64_t *ids;
    char *names;
    uint32_t *name_starts;
    uint8_t *male, *married, *ages;
    key_map by_id;
} person_columns;
person_columns read_persons(const char *directory);
void persons_free(person_columns *persons);

/* ---- the kernels ---- */

typedef struct lsqb_arrays lsqb_arrays;
typedef struct study_arrays study_arrays;

/* Reads a folder of CSV files; *rows gets the number of rows of all files, *milliseconds the time of parsing and arranging. */
lsqb_arrays *lsqb_arrays_read(const char *directory, uint64_t *rows, double *milliseconds);
study_arrays *study_arrays_read(const char *directory, uint64_t *rows, double *milliseconds);
void lsqb_arrays_free(lsqb_arrays *graph);
void study_arrays_free(study_arrays *graph);
uint32_t study_persons(const study_arrays *graph);

/* Each answers one question with `threads` threads and returns the number (or, where rows are asked for, a number derived from them: see the definition). */
typedef uint64_t kernel(const void *graph, int threads);
kernel lsqb_q1, lsqb_q2, lsqb_q3, lsqb_q4, lsqb_q5, lsqb_q6, lsqb_q7, lsqb_q8, lsqb_q9;
kernel study_top_followed, study_age_by_city, study_interest_by_city, study_walks, study_walks_between_ages;
kernel join_namesakes, join_without_namesake, join_triangles, join_squares;
kernel scan_filter_count, scan_sum, scan_group_by_age, scan_first_names, scan_contains, scan_distinct_names;
/* The twenty pairs of persons that the recursive questions are about: dense numbers, made from `seed`. */
#define RECURSIVE_PAIRS 20
void recursive_pairs(const study_arrays *graph, uint32_t seed, uint32_t from[RECURSIVE_PAIRS], uint32_t to[RECURSIVE_PAIRS]);
uint64_t recursive_reach(const study_arrays *graph, uint32_t from, int hops);
uint64_t recursive_distance(const study_arrays *graph, uint32_t from, uint32_t to);
uint64_t recursive_shortest_count(const study_arrays *graph, uint32_t from, uint32_t to);
uint64_t recursive_all(const study_arrays *graph, uint32_t from, uint64_t *levels);
/* Look-ups by id: the number of rows and, added to *sink, something of each, so that none is optimised away. */
uint64_t point_lookup(const study_arrays *graph, uint64_t id, uint64_t *sink);
uint64_t point_neighbours(const study_arrays *graph, uint64_t id, uint64_t *sink);
uint64_t point_two_hops(const study_arrays *graph, uint64_t id, uint64_t *sink);

#endif
