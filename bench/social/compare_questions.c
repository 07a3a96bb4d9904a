/* SPDX-License-Identifier: MIT */
/* Questions of one statement, asked on one and two threads and answered by hand: see compare.h. */
#include "compare.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool fields_alike(const char *got, size_t got_length, const char *want, size_t want_length)
{
    if (got_length == want_length && memcmp(got, want, got_length) == 0) {
        return true;
    }
    /* Stored averages have seven digits after the point. */
    char *got_end, *want_end;
    double a = strtod(got, &got_end), b = strtod(want, &want_end);
    return got_end == got + got_length && want_end == want + want_length && fabs(a - b) <= 1e-3 * (fabs(b) < 1000 ? 1e-3 : 1);
}

/* Values of both texts, separated by '|' and '\n', are the same, numbers nearly so. */
static bool answers_alike(const char *got, const char *want)
{
    while (*got != '\0' && *want != '\0') {
        size_t got_length = strcspn(got, "|\n"), want_length = strcspn(want, "|\n");
        if (!fields_alike(got, got_length, want, want_length)) {
            return false;
        }
        got += got_length;
        want += want_length;
        if (*got != *want) {
            return false;
        }
        if (*got != '\0') {
            got++;
            want++;
        }
    }
    return *got == *want;
}

/* Asks once and returns the milliseconds; *rows gets the rows as text, to be freed by ruzu_free. */
static double ask_question(comparison *run, const char *cypher, char **rows)
{
    ruzu_result *result = NULL;
    if (ruzu_query(run->conn, cypher, &result) != RUZU_OK) {
        compare_fail(cypher, ruzu_errmsg(run->conn));
    }
    double milliseconds = ruzu_result_compile_ms(result) + ruzu_result_execute_ms(result);
    *rows = ruzu_result_to_string(result, RUZU_FORMAT_LINES);
    if (*rows == NULL) {
        compare_fail(cypher, ruzu_errmsg(run->conn));
    }
    ruzu_result_free(result);
    return milliseconds;
}

/* The median of the timed runs on `threads` threads, after one that warms up and whose answer is checked. */
static double time_question(comparison *run, const question *asked, int threads, const char *want, const char **verdict)
{
    char statement[64];
    double times[MAX_RUNS];
    char *rows;
    snprintf(statement, sizeof statement, "CALL threads = %d", threads);
    compare_run(run, statement);
    for (int i = -1; i < run->options->runs; i++) {
        double milliseconds = ask_question(run, asked->cypher, &rows);
        const char *after_header = strchr(rows, '\n');
        if (want != NULL && (after_header == NULL || !answers_alike(after_header + 1, want))) {
            *verdict = "WRONG";
            fprintf(stderr, "%s: expected\n%sgot\n%s\n", asked->name, want, rows);
        } else if (want == NULL) {
            *verdict = "unchecked";
        }
        ruzu_free(rows);
        if (i >= 0) {
            times[i] = milliseconds;
        }
    }
    return compare_median(times, run->options->runs);
}

void compare_questions(comparison *run, const char *section, const workload *work, const void *arrays)
{
    size_t first = run->row_count;
    for (size_t i = 0; i < work->question_count; i++) {
        const question *asked = &work->questions[i];
        compare_row row = {.section = section, .name = asked->name, .verdict = "right", .times_kernel = asked->times_kernel, .goal_ms = asked->goal_ms,
                           .reference_ms = asked->reference_ms};
        char number[32];
        const char *want = asked->expected;
        double times[MAX_RUNS];
        if (!compare_wanted(run, asked->name)) {
            continue;
        }
        if (asked->by_hand != NULL) {
            uint64_t answer = 0;
            for (int k = 0; k < run->options->runs; k++) {
                double started = now_ms();
                answer = asked->by_hand(arrays, 1);
                times[k] = now_ms() - started;
            }
            row.kernel = compare_median(times, run->options->runs);
            if (want == NULL) {
                snprintf(number, sizeof number, "%llu\n", (unsigned long long)answer);
                want = number;
            }
        }
        if (asked->expected != NULL && (asked->expected_scale != run->options->scale || run->options->seed != 42)) {
            want = NULL;
        }
        row.two_threads = time_question(run, asked, 2, want, &row.verdict);
        row.one_thread = time_question(run, asked, 1, want, &row.verdict);
        compare_add(run, &row);
    }
    compare_print(run, section, first);
}
