/* SPDX-License-Identifier: MIT */
/*
 * The ruzu program: options and what they start.
 */
#include "shell/shell.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void main_help(FILE *out)
{
    fputs("ruzu [options] [DATABASE] [< script]\n"
          "ruzu check [--shallow] FILE     look for damage; exit status 1: there is some, 2: the file cannot be looked at\n"
          "ruzu salvage FILE OUT           read what can be read of a damaged file into a new database\n"
          "ruzu backup FILE OUT            copy a database that nobody has open for writing, verifying every page\n"
          "\n"
          "Opens DATABASE (a file, created when absent; without it a database in memory) and runs the statements it reads,\n"
          "or prompts for them on a terminal.\n"
          "\n"
          "  -c STATEMENT            run this and leave; may be given several times\n"
          "  --jsonl                 answer requests, one JSON object a line (docs/c-api.md)\n"
          "  --format NAME           box (default), csv, tsv, json, jsonl, markdown, html, lines\n"
          "  --timing                show rows and milliseconds after each result\n"
          "  --buffer-pool SIZE      memory for pages: 64MiB, 2GiB, …\n"
          "  --memory-limit SIZE     memory for everything\n"
          "  --threads N             threads a statement may use\n"
          "  --read-only             do not write; several programs may read together\n"
          "  --wal-sync full|normal|off\n"
          "  --help, --version\n"
          "\n"
          "Exit status: 0 done, 1 a statement failed, 2 the database could not be opened, 3 wrong usage.\n",
          out);
}

typedef struct main_options {
    shell *sh;
    const char **statements; /* of -c */
    size_t statement_count;
    bool jsonl;
    bool done;               /* --help, --version */
} main_options;

/* "64MiB", "2G", "1000000": bytes; false when it is something else. */
static bool main_parse_size(const char *text, uint64_t *out)
{
    static const struct {
        const char *unit;
        uint32_t shift;
    } units[] = {{"", 0},    {"B", 0},    {"K", 10}, {"KB", 10}, {"KiB", 10}, {"M", 20},  {"MB", 20},
                 {"MiB", 20}, {"G", 30}, {"GB", 30}, {"GiB", 30}, {"T", 40}, {"TB", 40}, {"TiB", 40}};
    uint64_t number = 0;
    const char *at = text;
    for (; *at >= '0' && *at <= '9'; at++) {
        if (number > (UINT64_MAX - 9) / 10) {
            return false;
        }
        number = number * 10 + (uint64_t)(*at - '0');
    }
    for (size_t i = 0; at != text && i < sizeof units / sizeof units[0]; i++) {
        if (strcmp(units[i].unit, at) == 0 && number <= UINT64_MAX >> units[i].shift) {
            *out = number << units[i].shift;
            return true;
        }
    }
    return false;
}

static bool main_parse_sync(const char *text, uint32_t *out)
{
    static const char *const names[] = {"full", "normal", "off"}; /* by RUZU_SYNC_* */
    for (uint32_t i = 0; i < 3; i++) {
        if (strcmp(names[i], text) == 0) {
            *out = i;
            return true;
        }
    }
    return false;
}

/* An option that takes a value; false when the value is no good. */
static bool main_set_value(main_options *options, const char *name, const char *value)
{
    ruzu_config *config = &options->sh->config;
    if (strcmp(name, "-c") == 0) {
        options->statements[options->statement_count++] = value;
        return true;
    }
    if (strcmp(name, "--format") == 0) {
        return shell_find_format(value, &options->sh->format);
    }
    if (strcmp(name, "--buffer-pool") == 0) {
        return main_parse_size(value, &config->buffer_pool_size);
    }
    if (strcmp(name, "--memory-limit") == 0) {
        return main_parse_size(value, &config->memory_limit);
    }
    if (strcmp(name, "--wal-sync") == 0) {
        return main_parse_sync(value, &config->wal_sync);
    }
    uint64_t threads = 0; /* --threads */
    if (!main_parse_size(value, &threads) || threads == 0 || threads > 256) {
        return false;
    }
    config->max_threads = (uint32_t)threads;
    return true;
}

/* What an option takes, in words; NULL: it takes no value. */
static const char *main_value_of(const char *name)
{
    static const struct {
        const char *name;
        const char *value;
    } options[] = {{"-c", "a statement"},
                   {"--format", "box, csv, tsv, json, jsonl, markdown, html or lines"},
                   {"--buffer-pool", "a size: 64MiB, 2GiB, …"},
                   {"--memory-limit", "a size: 64MiB, 2GiB, …"},
                   {"--threads", "a number from 1 to 256"},
                   {"--wal-sync", "full, normal or off"}};
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        if (strcmp(options[i].name, name) == 0) {
            return options[i].value;
        }
    }
    return NULL;
}

/* An option without a value; false when there is no such option. */
static bool main_set_flag(main_options *options, const char *name)
{
    if (strcmp(name, "--jsonl") == 0) {
        options->jsonl = true;
    } else if (strcmp(name, "--timing") == 0) {
        options->sh->timing = true;
    } else if (strcmp(name, "--read-only") == 0) {
        options->sh->config.flags |= RUZU_OPEN_READ_ONLY;
    } else if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
        main_help(stdout);
        options->done = true;
    } else if (strcmp(name, "--version") == 0) {
        printf("ruzu %s (file format %u)\n", ruzu_version(), ruzu_storage_version());
        options->done = true;
    } else {
        return false;
    }
    return true;
}

static bool main_parse(int argc, char **argv, main_options *options)
{
    bool path_given = false;
    for (int i = 1; i < argc && !options->done; i++) {
        const char *argument = argv[i];
        if (argument[0] != '-' || argument[1] == '\0') {
            if (path_given) {
                fprintf(stderr, "Error: more than one database: %s\n", argument);
                return false;
            }
            path_given = true;
            options->sh->path = argument;
        } else if (main_value_of(argument) != NULL) {
            if (i + 1 == argc || !main_set_value(options, argument, argv[i + 1])) {
                fprintf(stderr, "Error: %s takes %s, not %s\n", argument, main_value_of(argument), i + 1 == argc ? "nothing" : argv[i + 1]);
                return false;
            }
            i++;
        } else if (!main_set_flag(options, argument)) {
            fprintf(stderr, "Error: unknown option %s\n", argument);
            return false;
        }
    }
    return true;
}

static int main_run(shell *sh, const main_options *options)
{
    if (options->jsonl) {
        return shell_jsonl(sh);
    }
    if (!shell_open(sh)) {
        return SHELL_NOT_OPENED;
    }
    int exit_status = SHELL_OK;
    if (options->statement_count != 0) {
        for (size_t i = 0; i < options->statement_count && exit_status == SHELL_OK; i++) {
            exit_status = shell_run(sh, options->statements[i]) ? SHELL_OK : SHELL_FAILED;
        }
    } else if (isatty(0)) {
        sh->timing = true;
        exit_status = shell_interactive(sh);
    } else {
        exit_status = shell_run_script(sh, stdin) ? SHELL_OK : SHELL_FAILED;
    }
    if (!shell_close(sh) && exit_status == SHELL_OK) {
        exit_status = SHELL_FAILED;
    }
    return exit_status;
}

int main(int argc, char **argv)
{
    int maintained = SHELL_OK;
    if (shell_maintain(argc, argv, &maintained)) {
        return maintained;
    }
    shell sh = {.format = RUZU_FORMAT_BOX};
    ruzu_config_init(&sh.config);
    main_options options = {.sh = &sh, .statements = (const char **)shell_alloc((size_t)argc * sizeof(const char *))};
    int exit_status = SHELL_USAGE;
    if (!main_parse(argc, argv, &options)) {
        fputs("ruzu --help says what there is.\n", stderr);
    } else {
        exit_status = options.done ? SHELL_OK : main_run(&sh, &options);
    }
    free(options.statements);
    return exit_status;
}
