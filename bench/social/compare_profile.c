/* SPDX-License-Identifier: MIT */
/*
 * What PROFILE costs: questions asked plainly and under PROFILE in turn, on one thread. Every text is new, so both ways bind and plan each time, and neither finds kept
 * operators. The overhead is the median of the ratios of neighbours, once of the processor time, which other programs disturb less, and once of the wall time.
 */
#include "compare.h"

#include <string.h>
#include <time.h>

#define PROFILE_GOAL 0.05 /* of the processor time */
#define PROFILE_LEAST_MS 20.0 /* of processor time a sample: short questions are asked several times */
#define PROFILE_MOST_ASKED 1000

typedef struct profile_time {
    double processor, wall;
} profile_time;

static profile_time profile_ask(comparison *run, const char *cypher, bool profiled, int times)
{
    static unsigned long number = 0;
    char text[8192];
    profile_time begin = {.processor = (double)clock() * 1e3 / CLOCKS_PER_SEC, .wall = now_ms()};
    for (int i = 0; i < times; i++) {
        if ((size_t)snprintf(text, sizeof text, "%s%s // %lu", profiled ? "PROFILE " : "", cypher, number++) >= sizeof text) {
            compare_fail(cypher, "the question is too long");
        }
        compare_run(run, text);
    }
    return (profile_time){.processor = (double)clock() * 1e3 / CLOCKS_PER_SEC - begin.processor, .wall = now_ms() - begin.wall};
}

static double profile_question(comparison *run, const question *asked)
{
    double processor[MAX_RUNS], wall[MAX_RUNS], plain[MAX_RUNS];
    int times = 1;
    (void)profile_ask(run, asked->cypher, false, 1); /* warms up */
    while (times < PROFILE_MOST_ASKED && profile_ask(run, asked->cypher, false, times).processor < PROFILE_LEAST_MS) {
        times *= 2;
    }
    for (int i = 0; i < run->options->runs; i++) {
        bool first = i % 2 == 0; /* who comes second finds caches as the first one left them */
        profile_time with = {0}, without = {0};
        with = first ? profile_ask(run, asked->cypher, true, times) : with;
        without = profile_ask(run, asked->cypher, false, times);
        with = first ? with : profile_ask(run, asked->cypher, true, times);
        plain[i] = without.processor / times;
        processor[i] = with.processor / without.processor - 1;
        wall[i] = with.wall / without.wall - 1;
    }
    double overhead = compare_median(processor, run->options->runs);
    printf("%-42s %10.3f ms %+9.1f %% %+9.1f %%\n", asked->name, compare_median(plain, run->options->runs), overhead * 100, compare_median(wall, run->options->runs) * 100);
    fflush(stdout);
    return overhead;
}

void compare_profile(comparison *run, const workload *work, const char *const *names, size_t count)
{
    double overheads[MAX_ROWS];
    int asked = 0;
    compare_run(run, "CALL threads = 1");
    printf("\nPROFILE, %s, scale %g: what it takes more, one thread, medians of %d pairs\n", work->name, run->options->scale, run->options->runs);
    printf("%-42s %13s %11s %11s\n", "", "without", "processor", "wall");
    for (size_t q = 0; q < work->question_count; q++) {
        bool chosen = names == NULL;
        for (size_t n = 0; n < count && names != NULL; n++) {
            chosen |= strcmp(names[n], work->questions[q].name) == 0;
        }
        if ((run->options->only == NULL ? chosen : compare_wanted(run, work->questions[q].name)) && asked < MAX_ROWS) {
            overheads[asked++] = profile_question(run, &work->questions[q]);
        }
    }
    if (asked != 0) {
        double middle = compare_median(overheads, asked);
        printf("%-42s %13s %+9.1f %%  goal below %.0f %%, %s\n", "median", "", middle * 100, PROFILE_GOAL * 100, middle < PROFILE_GOAL ? "reached" : "MISSED");
    }
}
