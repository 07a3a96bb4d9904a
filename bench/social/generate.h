/* SPDX-License-Identifier: MIT */
/* The two made-up social networks of the benchmarks, as CSV files with headers. Same scale and seed, same bytes. */
#ifndef RZ_BENCH_GENERATE_H
#define RZ_BENCH_GENERATE_H

#include <stdint.h>

/* Into `directory`: persons, cities, states, countries, interests, follows, lives_in, has_interest, city_in, state_in (comma). Scale 1: 100,000 persons, 2.42 M
 * follows with skewed degrees; linear in `scale`. */
void generate_study(const char *directory, double scale, uint64_t seed);

/* Into `directory`: one file a table of the LSQB schema (Mhedhbi et al.: LSQB: A Large-Scale Subgraph Query Benchmark, GRADES-NDA 2021), '|' between values.
 * Scale 1: 11,000 persons, 240,000 knows, 1.1 M posts, 2.3 M comments, 20 M rows; linear in `scale`. */
void generate_lsqb(const char *directory, double scale, uint64_t seed);

#endif
