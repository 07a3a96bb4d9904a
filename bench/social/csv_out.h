/* SPDX-License-Identifier: MIT */
/*
 * What the generators share: reproducible random numbers and a buffered writer of delimited files. The same seed gives the same bytes on every machine whose
 * libm rounds log, cos, exp and pow alike. Errors end the program: generators are command-line tools.
 */
#ifndef RZ_BENCH_CSV_OUT_H
#define RZ_BENCH_CSV_OUT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* xoroshiro128+ (Blackman, Vigna: Scrambled Linear Pseudorandom Number Generators, 2018), seeded by splitmix64. */
typedef struct random_source {
    uint64_t state[2];
} random_source;

void random_seed(random_source *random, uint64_t seed);
uint64_t random_next(random_source *random);
/* Uniform in [0, n). */
uint64_t random_below(random_source *random, uint64_t n);
/* Uniform in (0, 1). */
double random_unit(random_source *random);
double random_exponential(random_source *random, double mean);
double random_normal(random_source *random);
/* In [0, n) with a density that falls like 1 / sqrt(rank): a few hubs, a long tail. */
uint64_t random_skewed(random_source *random, uint64_t n);

typedef struct csv_out {
    FILE *file;
    char *buffer;
    size_t used;
    char delimiter;
} csv_out;

/* Creates directory/name.csv and writes its header line. */
csv_out csv_open(const char *directory, const char *name, char delimiter, const char *header);
void csv_int(csv_out *out, uint64_t value);
/* At most 200 bytes, written as they are: no value of the generators needs quotes. */
void csv_text(csv_out *out, const char *text);
void csv_next(csv_out *out);
void csv_end_row(csv_out *out);
void csv_pair(csv_out *out, uint64_t from, uint64_t to);
void csv_close(csv_out *out);

/* malloc, realloc, calloc that end the program when there is no memory. */
void *must_allocate(size_t bytes);
void *must_allocate_zeroed(size_t count, size_t bytes);
void *must_resize(void *memory, size_t bytes);

#endif
