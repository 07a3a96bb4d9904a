/* SPDX-License-Identifier: MIT */
/*
 * ruzu and hand-written loops over arrays (arrays.h), side by side in one run: the same graphs, the same questions, answers compared, times and their ratio. A
 * time on a busy machine says little, the ratio to the kernel beside it says how far ruzu is from what the machine can do.
 *
 *     compare DIRECTORY [--scale S] [--seed N] [--runs N] [--sections lsqb,study,joins,recursive,points,scans,profile] [--only NAME,…]
 *             [--pool BYTES | --pool-share SHARE] [--churn none|unfolded|folded|full] [--json FILE]
 *
 * Without --sections all but profile, which prints what PROFILE costs, are run.
 *
 * DIRECTORY/SCALE/ keeps generated CSV files and loaded databases for the next run. --pool-share 0.25: a buffer pool of a quarter of the database file, but at
 * least 16 MiB. --churn works on a copy of the database: a tenth of everything is changed, and left in memory (unfolded), checkpointed
 * (folded), or folded into the tables (full). Goals: "n x kernel" is n times the kernel's time on one thread plus 1 ms; a goal in milliseconds
 * counts for a machine as fast as the one where goals were set and grows with what the section's kernels take more, in the median.
 */
#include "compare.h"

#include "generate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LEAST_POOL ((uint64_t)16 << 20)

void compare_fail(const char *what, const char *why)
{
    fprintf(stderr, "compare: %s: %s\n", what, why);
    exit(1);
}

void compare_run(comparison *run, const char *cypher)
{
    ruzu_result *result = NULL;
    if (ruzu_query(run->conn, cypher, &result) != RUZU_OK) {
        compare_fail(cypher, ruzu_errmsg(run->conn));
    }
    ruzu_result_free(result);
}

static int compare_doubles(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

double compare_median(double *times, int count)
{
    qsort(times, (size_t)count, sizeof *times, compare_doubles);
    return times[(count - 1) / 2];
}

static bool listed(const char *list, const char *name)
{
    size_t length = strlen(name);
    for (const char *at = list; at != NULL; at = strchr(at, ',') != NULL ? strchr(at, ',') + 1 : NULL) {
        if (strncmp(at, name, length) == 0 && (at[length] == ',' || at[length] == '\0')) {
            return true;
        }
    }
    return false;
}

bool compare_wanted(const comparison *run, const char *name)
{
    return run->options->only == NULL || listed(run->options->only, name);
}

/* ---- the table ---- */

void compare_add(comparison *run, const compare_row *row)
{
    if (run->row_count == MAX_ROWS) {
        compare_fail(row->name, "too many questions");
    }
    run->rows[run->row_count++] = *row;
    run->wrong += strcmp(row->verdict, "WRONG") == 0;
}

/* How much slower this machine's kernels are now than where the goals were set; never under 1. */
static double slowness(const comparison *run, size_t first_row)
{
    double factors[MAX_ROWS];
    int count = 0;
    for (size_t i = first_row; i < run->row_count; i++) {
        if (run->rows[i].kernel > 0 && run->rows[i].reference_ms > 0) {
            factors[count++] = run->rows[i].kernel / run->rows[i].reference_ms;
        }
    }
    double median = count > 0 ? compare_median(factors, count) : 1;
    return median < 1 ? 1 : median;
}

static void print_time(double value)
{
    if (value > 0) {
        printf(" %11.*f", value < 10 ? 3 : value < 1000 ? 1 : 0, value);
    } else {
        printf(" %11s", "-");
    }
}

void compare_print(const comparison *run, const char *section, size_t first_row)
{
    double factor = slowness(run, first_row);
    bool rates = first_row < run->row_count && run->rows[first_row].per_second;
    printf("\n%s, scale %g, %s%s\n", section, run->options->scale, rates ? "operations a second" : "milliseconds, medians",
           factor > 1.05 ? " (kernels are slower here than where goals were set; goals grow with them)" : "");
    printf("%-34s %11s %11s %8s %11s %8s %11s  %s\n", "", "2 threads", "1 thread", "1t : 2t", "kernel 1t", "ratio", "goal", "");
    for (size_t i = first_row; i < run->row_count; i++) {
        const compare_row *row = &run->rows[i];
        double best = row->two_threads > 0 ? row->two_threads : row->one_thread;
        double goal = row->times_kernel > 0 ? row->times_kernel * row->kernel + 1 : row->per_second ? row->goal_ms : row->goal_ms * factor;
        bool met = row->per_second ? best >= goal : best <= goal;
        printf("%-34s", row->name);
        print_time(row->two_threads);
        print_time(row->one_thread);
        if (row->two_threads > 0) {
            printf(" %8.2f", row->one_thread / row->two_threads);
        } else {
            printf(" %8s", "-");
        }
        print_time(row->kernel);
        if (row->kernel > 0) {
            printf(" %8.1f", row->per_second ? row->kernel / best : best / row->kernel);
        } else {
            printf(" %8s", "-");
        }
        print_time(goal);
        printf("  %s, %s\n", row->verdict, goal <= 0 ? "no goal" : met ? "reached" : "MISSED");
        if (run->options->json != NULL) {
            fprintf(run->options->json,
                    "{\"section\": \"%s\", \"name\": \"%s\", \"scale\": %g, \"unit\": \"%s\", \"two_threads\": %.6g, \"one_thread\": %.6g, \"kernel\": %.6g, "
                    "\"goal\": %.6g, \"reached\": %s, \"verdict\": \"%s\"}\n",
                    row->section, row->name, run->options->scale, row->per_second ? "1/s" : "ms", row->two_threads, row->one_thread, row->kernel, goal,
                    met ? "true" : "false", row->verdict);
        }
    }
    fflush(stdout);
}

/* ---- data and databases ---- */

typedef struct compare_paths {
    char data[4096], database[4096], working[4096];
} compare_paths;

static void make_directory(const char *path)
{
    if (mkdir(path, 0777) != 0 && errno != EEXIST) {
        compare_fail(path, strerror(errno));
    }
}

static bool exists(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0;
}

static uint64_t file_size(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 ? (uint64_t)status.st_size : 0;
}

/* Files are complete when the last one has its name: the folder is renamed at the end. */
static void make_data(const compare_options *options, const workload *work, compare_paths *paths)
{
    char scale_directory[2048], unfinished[4200];
    snprintf(scale_directory, sizeof scale_directory, "%s/%g", options->directory, options->scale);
    snprintf(paths->data, sizeof paths->data, "%s/%s", scale_directory, work->name);
    snprintf(paths->database, sizeof paths->database, "%s/%s.ruzu", scale_directory, work->name);
    snprintf(paths->working, sizeof paths->working, "%s/%s.churned.ruzu", scale_directory, work->name);
    make_directory(options->directory);
    make_directory(scale_directory);
    if (exists(paths->data)) {
        return;
    }
    snprintf(unfinished, sizeof unfinished, "%s.unfinished", paths->data);
    make_directory(unfinished);
    printf("generating %s, scale %g\n", work->name, options->scale);
    fflush(stdout);
    if (work == &workload_lsqb) {
        generate_lsqb(unfinished, options->scale, options->seed);
    } else {
        generate_study(unfinished, options->scale, options->seed);
    }
    if (rename(unfinished, paths->data) != 0) {
        compare_fail(paths->data, strerror(errno));
    }
}

static uint64_t csv_size(const workload *work, const compare_paths *paths)
{
    char path[8192];
    uint64_t size = 0;
    for (size_t i = 0; i < work->table_count; i++) {
        snprintf(path, sizeof path, "%s/%s.csv", paths->data, work->tables[i].file);
        size += file_size(path);
    }
    return size;
}

static void open_database(comparison *run, const char *path)
{
    ruzu_config config;
    ruzu_config_init(&config);
    uint64_t pool = run->options->pool;
    if (run->options->pool_share > 0) {
        pool = (uint64_t)((double)file_size(path) * run->options->pool_share);
        pool = pool < LEAST_POOL ? LEAST_POOL : pool;
        printf("buffer pool of %.1f MiB for a file of %.1f MiB\n", (double)pool / 1048576.0, (double)file_size(path) / 1048576.0);
    }
    if (pool != 0) {
        config.buffer_pool_size = pool;
    }
    if (ruzu_open(path, &config, &run->conn) != RUZU_OK) {
        compare_fail(path, ruzu_open_errmsg());
    }
}

static void close_database(comparison *run)
{
    if (ruzu_close(run->conn) != RUZU_OK) {
        compare_fail("closing", ruzu_open_errmsg());
    }
    run->conn = NULL;
}

static void load_database(comparison *run, const workload *work, const compare_paths *paths, uint64_t kernel_rows, double kernel_ms)
{
    char statement[10000], unfinished[4200];
    snprintf(unfinished, sizeof unfinished, "%s.unfinished", paths->database);
    remove(unfinished);
    open_database(run, unfinished);
    double started = now_ms();
    for (size_t i = 0; i < work->table_count; i++) {
        compare_run(run, work->tables[i].ddl);
    }
    for (size_t i = 0; i < work->table_count; i++) {
        snprintf(statement, sizeof statement, "COPY %s FROM '%s/%s.csv' (HEADER=true, DELIM='%c')", work->tables[i].name, paths->data, work->tables[i].file,
                 work->delimiter);
        compare_run(run, statement);
    }
    compare_run(run, "CHECKPOINT");
    double milliseconds = now_ms() - started;
    close_database(run);
    printf("%s loaded: %.2f s, %.2f M rows/s (kernel on two threads, parsing and arranging only: %.2f s), file %.2f of the CSV\n", work->name, milliseconds / 1e3,
           (double)kernel_rows / milliseconds / 1e3, kernel_ms / 1e3, (double)file_size(unfinished) / (double)csv_size(work, paths));
    if (rename(unfinished, paths->database) != 0) {
        compare_fail(paths->database, strerror(errno));
    }
}

/* The churned copy is made by the database itself: BACKUP. */
static void open_for_questions(comparison *run, const workload *work, const compare_paths *paths)
{
    char statement[5000];
    open_database(run, paths->database);
    if (run->options->churned == CHURN_NONE) {
        return;
    }
    remove(paths->working);
    snprintf(statement, sizeof statement, "%s.wal", paths->working);
    remove(statement);
    snprintf(statement, sizeof statement, "BACKUP DATABASE TO '%s'", paths->working);
    compare_run(run, statement);
    close_database(run);
    open_database(run, paths->working);
    compare_churn(run, work);
}

static void compare_lsqb(comparison *run, const char *sections)
{
    compare_paths paths;
    uint64_t rows;
    double milliseconds;
    make_data(run->options, &workload_lsqb, &paths);
    lsqb_arrays *arrays = lsqb_arrays_read(paths.data, &rows, &milliseconds);
    if (!exists(paths.database)) {
        load_database(run, &workload_lsqb, &paths, rows, milliseconds);
    }
    open_for_questions(run, &workload_lsqb, &paths);
    if (listed(sections, "lsqb")) {
        compare_questions(run, "lsqb", &workload_lsqb, arrays);
    }
    if (listed(sections, "profile")) {
        static const char *const names[] = {"q1", "q5", "q9"};
        compare_profile(run, &workload_lsqb, names, sizeof names / sizeof names[0]);
    }
    close_database(run);
    lsqb_arrays_free(arrays);
}

static void compare_study(comparison *run, const char *sections)
{
    compare_paths paths;
    uint64_t rows;
    double milliseconds;
    make_data(run->options, &workload_study, &paths);
    study_arrays *arrays = study_arrays_read(paths.data, &rows, &milliseconds);
    if (!exists(paths.database)) {
        load_database(run, &workload_study, &paths, rows, milliseconds);
    }
    open_for_questions(run, &workload_study, &paths);
    if (listed(sections, "study")) {
        compare_questions(run, "study", &workload_study, arrays);
    }
    if (listed(sections, "joins")) {
        compare_questions(run, "joins", &workload_joins, arrays);
    }
    if (listed(sections, "scans")) {
        compare_questions(run, "scans", &workload_scans, arrays);
    }
    if (listed(sections, "recursive")) {
        compare_recursive(run, arrays);
    }
    if (listed(sections, "points")) {
        compare_points(run, arrays);
    }
    if (listed(sections, "profile")) {
        static const char *const names[] = {"q1", "q9"};
        compare_profile(run, &workload_study, names, sizeof names / sizeof names[0]);
        compare_profile(run, &workload_scans, NULL, 0);
    }
    close_database(run);
    study_arrays_free(arrays);
}

/* ---- options ---- */

static void usage(void)
{
    fprintf(stderr, "usage: compare DIRECTORY [--scale S] [--seed N] [--runs N] [--sections lsqb,study,joins,recursive,points,scans,profile] [--only NAME,...]\n"
                    "               [--pool BYTES | --pool-share SHARE] [--churn none|unfolded|folded|full] [--json FILE]\n");
    exit(2);
}

int main(int argc, char **argv)
{
    compare_options options = {.scale = 0.1, .seed = 42, .runs = 7};
    const char *sections = "lsqb,study,joins,recursive,points,scans";
    for (int i = 1; i < argc; i++) {
        const char *name = argv[i], *value = i + 1 < argc ? argv[i + 1] : NULL;
        if (name[0] != '-' && options.directory == NULL) {
            options.directory = name;
            continue;
        }
        if (value == NULL) {
            usage();
        }
        i++;
        if (strcmp(name, "--scale") == 0) {
            options.scale = strtod(value, NULL);
        } else if (strcmp(name, "--seed") == 0) {
            options.seed = strtoull(value, NULL, 10);
        } else if (strcmp(name, "--runs") == 0) {
            options.runs = (int)strtol(value, NULL, 10);
        } else if (strcmp(name, "--sections") == 0) {
            sections = value;
        } else if (strcmp(name, "--only") == 0) {
            options.only = value;
        } else if (strcmp(name, "--pool") == 0) {
            options.pool = strtoull(value, NULL, 10);
        } else if (strcmp(name, "--pool-share") == 0) {
            options.pool_share = strtod(value, NULL);
        } else if (strcmp(name, "--churn") == 0 && strcmp(value, "none") == 0) {
            options.churned = CHURN_NONE;
        } else if (strcmp(name, "--churn") == 0 && strcmp(value, "unfolded") == 0) {
            options.churned = CHURN_UNFOLDED;
        } else if (strcmp(name, "--churn") == 0 && strcmp(value, "folded") == 0) {
            options.churned = CHURN_FOLDED;
        } else if (strcmp(name, "--churn") == 0 && strcmp(value, "full") == 0) {
            options.churned = CHURN_FULL;
        } else if (strcmp(name, "--json") == 0) {
            options.json = fopen(value, "w");
            if (options.json == NULL) {
                compare_fail(value, strerror(errno));
            }
        } else {
            usage();
        }
    }
    if (options.directory == NULL || options.scale <= 0 || options.runs < 1 || options.runs > MAX_RUNS) {
        usage();
    }
    comparison run = {.options = &options};
    if (listed(sections, "lsqb") || listed(sections, "profile")) {
        compare_lsqb(&run, sections);
    }
    if (listed(sections, "profile") || listed(sections, "study") || listed(sections, "joins") || listed(sections, "recursive") || listed(sections, "points") || listed(sections, "scans")) {
        compare_study(&run, sections);
    }
    if (options.json != NULL && fclose(options.json) != 0) {
        compare_fail("the JSON file", strerror(errno));
    }
    printf("\n%zu questions, %zu answered wrong\n", run.row_count, run.wrong);
    return run.wrong != 0;
}
