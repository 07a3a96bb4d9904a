/* SPDX-License-Identifier: MIT */
/*
 * Writes the benchmarks' made-up social networks as CSV files.
 *
 *     gen_social OUT SCALE SEED [study|lsqb|both]          OUT/study and OUT/lsqb; generate.h says what is in them
 */
#include "generate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int main(int argc, char **argv)
{
    char path[4096];
    if (argc < 4) {
        fprintf(stderr, "usage: gen_social OUT SCALE SEED [study|lsqb|both]\n");
        return 2;
    }
    double scale = strtod(argv[2], NULL);
    uint64_t seed = strtoull(argv[3], NULL, 10);
    const char *which = argc > 4 ? argv[4] : "both";
    mkdir(argv[1], 0777);
    if (strcmp(which, "lsqb") != 0) {
        snprintf(path, sizeof path, "%s/study", argv[1]);
        mkdir(path, 0777);
        generate_study(path, scale, seed);
    }
    if (strcmp(which, "study") != 0) {
        snprintf(path, sizeof path, "%s/lsqb", argv[1]);
        mkdir(path, 0777);
        generate_lsqb(path, scale, seed);
    }
    return 0;
}
