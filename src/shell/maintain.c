/* SPDX-License-Identifier: MIT */
/*
 * Sub-commands for a file that nobody has open: ruzu check, ruzu salvage, ruzu backup.
 *
 * Exit statuses: 0 sound, or done without loss; 1 problems were found, or something was lost; 2 the file could not be
 * looked at, or the copy not be written; 3 wrong usage.
 */
#include "shell/shell.h"

#include <inttypes.h>
#include <string.h>

static int command_usage(const char *command)
{
    fprintf(stderr, strcmp(command, "check") == 0 ? "Usage: ruzu check [--shallow] FILE\n" : "Usage: ruzu %s FILE OUT\n", command);
    return SHELL_USAGE;
}

/* ---- check ---- */

static int command_print_problem(void *user, const ruzu_problem *problem)
{
    (void)user;
    printf("%s: %s", problem->is_error ? "error" : "warning", problem->object);
    if (problem->page != UINT64_MAX) {
        printf(", page %" PRIu64, problem->page);
    }
    if (problem->offset != UINT64_MAX) {
        printf(", offset %" PRIu64, problem->offset);
    }
    printf(": %s\n", problem->text);
    return 0;
}

static int command_check(int argc, char **argv)
{
    bool deep = true;
    const char *path = NULL;
    for (int i = 0; i < argc; i++) {
        if (strcmp(argv[i], "--shallow") == 0) {
            deep = false;
        } else if (argv[i][0] == '-' || path != NULL) {
            return command_usage("check");
        } else {
            path = argv[i];
        }
    }
    if (path == NULL) {
        return command_usage("check");
    }
    uint64_t problems = 0;
    ruzu_status status = ruzu_check_file(path, deep, command_print_problem, NULL, &problems);
    if (status != RUZU_OK) {
        fprintf(stderr, "Error: %s\n", ruzu_open_errmsg());
        return SHELL_NOT_OPENED;
    }
    if (problems == 0) {
        printf("%s is sound.\n", path);
        return SHELL_OK;
    }
    printf("%s: %" PRIu64 " problem%s.\n", path, problems, problems == 1 ? "" : "s");
    return SHELL_FAILED;
}

/* ---- salvage ---- */

static void command_print_table(void *user, const ruzu_salvaged *table)
{
    (void)user;
    if (!table->is_table) {
        printf("%s: %s\n", table->table, table->reason);
        return;
    }
    printf("%s: %" PRIu64 " rows recovered, %" PRIu64 " lost", table->table, table->rows, table->rows_lost);
    if (table->values_lost != 0) {
        printf(", %" PRIu64 " values became NULL", table->values_lost);
    }
    printf("%s%s\n", table->reason[0] == '\0' ? "" : ": ", table->reason);
}

static int command_salvage(int argc, char **argv)
{
    ruzu_salvage_report report = {.struct_size = sizeof report};
    if (argc != 2 || argv[0][0] == '-' || argv[1][0] == '-') {
        return command_usage("salvage");
    }
    if (ruzu_salvage(argv[0], argv[1], command_print_table, NULL, &report) != RUZU_OK) {
        fprintf(stderr, "Error: %s\n", ruzu_open_errmsg());
        return SHELL_NOT_OPENED;
    }
    printf("%" PRIu64 " tables, %" PRIu64 " of them damaged: %" PRIu64 " rows recovered, %" PRIu64 " rows and %" PRIu64 " values lost.\n", report.tables,
           report.tables_damaged, report.rows, report.rows_lost, report.values_lost);
    return report.problems == 0 && report.tables_damaged == 0 && report.rows_lost == 0 && report.values_lost == 0 ? SHELL_OK : SHELL_FAILED;
}

/* ---- backup ---- */

static int command_backup(int argc, char **argv)
{
    ruzu_config config;
    ruzu_conn *conn = NULL;
    if (argc != 2 || argv[0][0] == '-' || argv[1][0] == '-') {
        return command_usage("backup");
    }
    ruzu_config_init(&config);
    config.flags = RUZU_OPEN_NO_CREATE;
    ruzu_status status = ruzu_open(argv[0], &config, &conn);
    if (status == RUZU_ERROR_IO) { /* it may not be ours to write */
        config.flags = RUZU_OPEN_READ_ONLY;
        status = ruzu_open(argv[0], &config, &conn);
    }
    if (status != RUZU_OK) {
        fprintf(stderr, "Error: %s\n", ruzu_open_errmsg());
        return SHELL_NOT_OPENED;
    }
    status = ruzu_backup(conn, argv[1]);
    if (status == RUZU_OK) {
        printf("%s was copied to %s; every page was verified.\n", argv[0], argv[1]);
    } else {
        fprintf(stderr, "Error: %s\n", ruzu_errmsg(conn));
    }
    int exit_status = status == RUZU_OK ? SHELL_OK : SHELL_NOT_OPENED;
    if (ruzu_close(conn) != RUZU_OK) {
        fprintf(stderr, "Error: %s\n", ruzu_open_errmsg());
        exit_status = exit_status == SHELL_OK ? SHELL_FAILED : exit_status;
    }
    return exit_status;
}

bool shell_maintain(int argc, char **argv, int *out_exit_status)
{
    static const struct {
        const char *name;
        int (*run)(int argc, char **argv);
    } commands[] = {{"check", command_check}, {"salvage", command_salvage}, {"backup", command_backup}};
    for (size_t i = 0; i < sizeof commands / sizeof commands[0] && argc >= 2; i++) {
        if (strcmp(argv[1], commands[i].name) == 0) {
            *out_exit_status = commands[i].run(argc - 2, argv + 2);
            return true;
        }
    }
    return false;
}
