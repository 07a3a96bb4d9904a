/* SPDX-License-Identifier: MIT */
/*
 * Finds out what a CSV file looks like from its first records: the characters that delimit, quote and escape, whether there is a header, and the columns' types.
 *
 * Characters: every combination of the candidates (options that were given have one candidate) reads the sample; the one that explains it best wins. Better is, in this
 * order: quotes fit more often than not; as many columns as expected; more than one column; the same number of columns in more of the records; more columns; quoted fields are
 * seen; fewer bad records; escapes are seen; the order of the candidates.
 */
#include "io/csv.h"
#include "io/csv_guess.h"

#include <string.h>

#ifdef RZ_TINY
#define SNIFF_FIRST_READ 1024u
#else
#define SNIFF_FIRST_READ (128u * 1024u)
#endif
#define SNIFF_GOOD_READ (2u * 1024u * 1024u) /* enough when it has any record at all */
#define SNIFF_MAX_READ (16u * 1024u * 1024u)

typedef struct sniff_text {
    const char *data;
    size_t length;
} sniff_text;

typedef struct sniff_row {
    sniff_text *fields;   /* NULL when only counted */
    uint32_t count;
    bool open;            /* the last field is empty and not quoted: perhaps only a delimiter behind the last value */
} sniff_row;

/* The file's first bytes, and what reading them with some dialect gave. */
typedef struct sniff_sample {
    rz_mem *mem;
    rz_arena *arena;      /* scratch */
    csv_file file;
    char *data;
    size_t size;
    size_t capacity;      /* without the padding */
    size_t start;         /* behind byte order mark and skipped lines */
    bool whole;           /* there is no more */
    uint64_t max_rows;
    RZ_ARRAY(sniff_row) rows;
    uint32_t bad;         /* records with misplaced quotes */
    uint32_t quoted;      /* fields */
    uint32_t escaped;
    uint32_t mode;        /* the number of columns that most rows have, of those the largest */
    uint32_t mode_rows;
    size_t end;           /* behind the last record looked at */
} sniff_sample;

/* ---- the sample ---- */

static ruzu_status sniff_read(sniff_sample *sample, size_t want, rz_error *err)
{
    char *data = (char *)rz_mem_realloc(sample->mem, sample->data, sample->data == NULL ? 0 : sample->capacity + CSV_PADDING, want + CSV_PADDING);
    RZ_TRY_ALLOC(data, err, "reading a file's first lines");
    sample->data = data;
    sample->capacity = want;
    size_t got = 0;
    RZ_TRY(rz_csv_file_read(&sample->file, data + sample->size, want - sample->size, &got, err));
    sample->size += got;
    sample->whole = sample->size < want;
    memset(data + sample->size, '\n', CSV_PADDING);
    return RUZU_OK;
}

/* False when the skipped lines reach beyond the sample. */
static bool sniff_skip(sniff_sample *sample, uint64_t lines)
{
    size_t at = sample->size >= 3 && memcmp(sample->data, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
    const char *end = sample->data + sample->size;
    for (; lines != 0; lines--) {
        const char *found = csv_find_end(sample->data + at, '\n');
        if (found + 1 >= end) {
            sample->start = sample->size;
            return sample->whole;
        }
        at = (size_t)(csv_skip_newline(found, end) - sample->data);
    }
    sample->start = at;
    return true;
}

static bool sniff_push(sniff_sample *sample, const csv_dialect *dialect, bool keep, const csv_field *fields, uint32_t count)
{
    sniff_row row = {.fields = NULL, .count = count, .open = count > 1 && fields[count - 1].length == 0 && !fields[count - 1].quoted};
    if (keep) {
        row.fields = RZ_NEW_ARRAY(sample->arena, sniff_text, count);
        for (uint32_t i = 0; row.fields != NULL && i < count; i++) {
            row.fields[i].data = fields[i].text;
            row.fields[i].length = fields[i].length;
            if (fields[i].escaped) {
                char *copy = (char *)rz_arena_alloc(sample->arena, fields[i].length);
                if (copy == NULL) {
                    return false;
                }
                row.fields[i].length = rz_csv_unescape(dialect, fields[i].text, fields[i].length, copy);
                row.fields[i].data = copy;
            }
        }
        if (row.fields == NULL) {
            return false;
        }
    }
    return RZ_ARRAY_PUSH(&sample->rows, sample->arena, row);
}

static void sniff_find_mode(sniff_sample *sample)
{
    /* Different numbers of columns are few; those beyond the table are not counted. */
    struct {
        uint32_t count;
        uint32_t rows;
    } seen[64];
    uint32_t seen_count = 0;
    sample->mode = sample->mode_rows = 0;
    for (uint32_t i = 0; i < sample->rows.count; i++) {
        uint32_t j = 0;
        while (j < seen_count && seen[j].count != sample->rows.items[i].count) {
            j++;
        }
        if (j == seen_count) {
            if (j == sizeof seen / sizeof seen[0]) {
                continue;
            }
            seen[j].count = sample->rows.items[i].count;
            seen[j].rows = 0;
            seen_count++;
        }
        seen[j].rows++;
    }
    for (uint32_t j = 0; j < seen_count; j++) {
        if (seen[j].rows > sample->mode_rows || (seen[j].rows == sample->mode_rows && seen[j].count > sample->mode)) {
            sample->mode = seen[j].count;
            sample->mode_rows = seen[j].rows;
        }
    }
}

/* Reads the sample with a dialect; the texts of the fields are kept on request. */
static ruzu_status sniff_parse(sniff_sample *sample, const csv_dialect *dialect, bool keep, bool *out_enough, rz_error *err)
{
    const char *end = sample->data + sample->size;
    const char *p = sample->data + sample->start;
    RZ_ARRAY(csv_field) fields = {NULL, 0, 0};
    sample->rows.count = 0;
    sample->bad = sample->quoted = sample->escaped = 0;
    *out_enough = true;
    while (p < end && sample->rows.count + sample->bad < sample->max_rows) {
        if (csv_is_newline(*p)) {
            p = csv_skip_newline(p, end);
            continue;
        }
        const char *start = p;
        csv_problem problem = CSV_FINE;
        fields.count = 0;
        for (;;) {
            csv_field field;
            problem = csv_read_field(dialect, p, end, &field);
            p = field.stop;
            if (problem != CSV_FINE) {
                break;
            }
            if (!RZ_ARRAY_PUSH(&fields, sample->arena, field)) {
                return rz_error_no_memory(err, "reading a file's first lines");
            }
            if (p >= end || *p != dialect->delimiter) {
                break;
            }
            p++;
        }
        if (p >= end && !sample->whole) { /* cut off: not a record of the sample */
            *out_enough = false;
            p = start;
            break;
        }
        if (problem != CSV_FINE) {
            csv_walk walk = {0, false};
            (void)rz_csv_walk_record(dialect, start, (size_t)(end - start), true, &walk);
            p = walk.at < (size_t)(end - start) ? start + walk.at : end;
            sample->bad++;
            continue;
        }
        for (uint32_t i = 0; i < fields.count; i++) {
            sample->quoted += fields.items[i].quoted ? 1 : 0;
            sample->escaped += fields.items[i].escaped ? 1 : 0;
        }
        if (!sniff_push(sample, dialect, keep, fields.items, fields.count)) {
            return rz_error_no_memory(err, "reading a file's first lines");
        }
    }
    sample->end = (size_t)(p - sample->data);
    sniff_find_mode(sample);
    return RUZU_OK;
}

/* Opens the file and reads as much as the sample needs. */
static ruzu_status sniff_open(sniff_sample *sample, rz_vfs *vfs, const char *path, const rz_csv_options *options, const csv_dialect *dialect, rz_error *err)
{
    RZ_TRY(rz_csv_file_open(vfs, path, &sample->file, err));
    sample->max_rows = options->sample_size == 0 ? 1 : options->sample_size;
    for (size_t want = SNIFF_FIRST_READ;; want *= 4) {
        RZ_TRY(sniff_read(sample, want, err));
        bool enough = sniff_skip(sample, options->skip);
        if (enough && !sample->whole) {
            RZ_TRY(sniff_parse(sample, dialect, false, &enough, err));
            enough = enough || (sample->rows.count != 0 && want >= SNIFF_GOOD_READ);
        }
        if (enough || sample->whole || want >= SNIFF_MAX_READ) {
            return RUZU_OK;
        }
    }
}

/* ---- the dialect ---- */

typedef struct sniff_score {
    bool fits;
    bool expected;
    bool several;
    double consistent;
    uint32_t columns;
    bool quoted;
    uint32_t bad;
    bool escaped;
} sniff_score;

static bool sniff_better(const sniff_score *a, const sniff_score *b)
{
    if (a->fits != b->fits) {
        return a->fits;
    }
    if (a->expected != b->expected) {
        return a->expected;
    }
    if (a->several != b->several) {
        return a->several;
    }
    if (a->consistent > b->consistent || a->consistent < b->consistent) {
        return a->consistent > b->consistent;
    }
    if (a->columns != b->columns) {
        return a->columns > b->columns;
    }
    if (a->quoted != b->quoted) {
        return a->quoted;
    }
    if (a->bad != b->bad) {
        return a->bad < b->bad;
    }
    return a->escaped && !b->escaped;
}

static ruzu_status sniff_try(sniff_sample *sample, const csv_dialect *dialect, const rz_csv_schema *expected, sniff_score *out, rz_error *err)
{
    bool enough = false;
    RZ_TRY(sniff_parse(sample, dialect, false, &enough, err));
    uint32_t rows = sample->rows.count;
    out->fits = rows != 0 && sample->bad <= sample->quoted;
    /* One column is what every delimiter that does not occur gives: quotes around it must speak for it. */
    out->expected = expected != NULL && sample->mode == expected->column_count && (sample->mode > 1 || sample->quoted != 0);
    out->several = sample->mode > 1;
    out->consistent = rows == 0 ? 0 : (double)sample->mode_rows / rows;
    out->columns = sample->mode;
    out->quoted = sample->quoted != 0;
    out->bad = sample->bad;
    out->escaped = sample->escaped != 0;
    return RUZU_OK;
}

static ruzu_status sniff_dialect(sniff_sample *sample, rz_csv_options *options, const rz_csv_schema *expected, rz_error *err)
{
    static const char delimiters[] = {',', ';', '\t', '|'};
    static const char quotes[] = {'"', '\''};
    static const char escapes[] = {'"', '\\', '\''};
    const char *delimiter_list = options->delimiter_given ? &options->delimiter : delimiters;
    const char *quote_list = options->quote_given ? &options->quote : quotes;
    const char *escape_list = options->escape_given ? &options->escape : escapes;
    uint32_t delimiter_count = options->delimiter_given ? 1 : sizeof delimiters;
    uint32_t quote_count = options->quote_given ? 1 : sizeof quotes;
    uint32_t escape_count = options->escape_given ? 1 : sizeof escapes;
    csv_dialect best = {options->delimiter, options->quote, options->escape};
    sniff_score best_score;
    memset(&best_score, 0, sizeof best_score);
    for (uint32_t q = 0; q < quote_count; q++) {
        for (uint32_t d = 0; d < delimiter_count; d++) {
            for (uint32_t e = 0; e < escape_count; e++) {
                csv_dialect dialect = {delimiter_list[d], quote_list[q], escape_list[e]};
                bool is_taken = options->list_unbraced && dialect.delimiter == ';' && !options->delimiter_given; /* it separates elements */
                if (dialect.delimiter == dialect.quote || dialect.delimiter == dialect.escape || is_taken) {
                    continue;
                }
                sniff_score score;
                RZ_TRY(sniff_try(sample, &dialect, expected, &score, err));
                if (score.fits && sniff_better(&score, &best_score)) {
                    best = dialect;
                    best_score = score;
                }
            }
        }
    }
    options->delimiter = best.delimiter;
    options->quote = best.quote;
    /* Without quoted fields nothing is known about them: quotes further down are read as the options or defaults say. */
    options->quote = best_score.quoted || options->quote_given ? best.quote : '"';
    options->escape = best_score.escaped || options->escape_given ? best.escape : options->quote;
    return RUZU_OK;
}

/* ---- header and types ---- */

static bool sniff_is_null(const rz_csv_options *options, const sniff_text *text)
{
    for (uint32_t i = 0; i < options->null_string_count; i++) {
        if (strlen(options->null_strings[i]) == text->length && memcmp(options->null_strings[i], text->data, text->length) == 0) {
            return true;
        }
    }
    return false;
}

/* Does the first row look unlike values of the types, or is it the names? */
static bool sniff_is_header(const sniff_sample *sample, const rz_csv_options *options, csv_guess *guess, const char *const *names, const rz_type *const *types, uint32_t count)
{
    const sniff_row *row = &sample->rows.items[0];
    uint32_t limit = row->count < count ? row->count : count;
    bool named = names != NULL && limit != 0;
    for (uint32_t i = 0; i < limit; i++) {
        const sniff_text *text = &row->fields[i];
        if (!sniff_is_null(options, text) && !rz_csv_guess_fits(guess, types[i], text->data, text->length)) {
            /* A value of another kind is a bad value; only plain words are a name. */
            const rz_type *type = rz_csv_guess_type(guess, text->data, text->length);
            if (type != NULL && type->id == RUZU_TYPE_STRING) {
                return true;
            }
        }
        named = named && strlen(names[i]) == text->length && memcmp(names[i], text->data, text->length) == 0;
    }
    return named;
}

/* Splits a header's `name:TYPE`; *out_type stays as it is when there is no such type. */
static ruzu_status sniff_header_name(const sniff_text *text, uint32_t idx, rz_arena *arena, const char **out_name, const rz_type **out_type, bool *out_typed, rz_error *err)
{
    const char *colon = (const char *)memchr(text->data, ':', text->length);
    size_t length = text->length;
    *out_typed = false;
    if (colon != NULL && colon != text->data) {
        const rz_type *type = NULL;
        size_t name_length = (size_t)(colon - text->data);
        if (rz_type_parse(colon + 1, length - name_length - 1, NULL, NULL, arena, &type, NULL) == RUZU_OK) {
            *out_type = type;
            *out_typed = true;
            length = name_length;
        }
    }
    *out_name = length == 0 ? rz_arena_printf(arena, "column%u", idx) : rz_arena_strndup(arena, text->data, length);
    RZ_TRY_ALLOC(*out_name, err, "reading a file's first lines");
    return RUZU_OK;
}

/* The type of a column over the rows from `first` on; NULL in *out when it is only NULLs. */
static ruzu_status sniff_column(const sniff_sample *sample, const rz_csv_options *options, csv_guess *guess, uint32_t column, uint32_t first, const rz_type **out, rz_error *err)
{
    const rz_type *type = RZ_ANY;
    for (uint32_t i = first; i < sample->rows.count && type != NULL; i++) {
        const sniff_row *row = &sample->rows.items[i];
        if (column < row->count && !sniff_is_null(options, &row->fields[column])) {
            const rz_type *next = rz_csv_guess_type(guess, row->fields[column].data, row->fields[column].length);
            type = next == NULL ? NULL : rz_csv_guess_combine(guess, type, next);
        }
    }
    if (type == NULL) {
        return rz_error_no_memory(err, "reading a file's first lines");
    }
    *out = type;
    return RUZU_OK;
}

/* Types with parts of which nothing is known (empty lists), or which some value does not fit after all, become STRING there. */
static const rz_type *sniff_settle(rz_arena *arena, const rz_type *type)
{
    switch ((ruzu_type_id)type->id) {
    case RUZU_TYPE_ANY: return RZ_STRING;
    case RUZU_TYPE_LIST: {
        const rz_type *child = sniff_settle(arena, type->child);
        return child == NULL ? NULL : rz_type_list(arena, child);
    }
    case RUZU_TYPE_MAP: {
        const rz_type *key = sniff_settle(arena, type->child->fields[0].type);
        const rz_type *value = key == NULL ? NULL : sniff_settle(arena, type->child->fields[1].type);
        return value == NULL ? NULL : rz_type_map(arena, key, value);
    }
    case RUZU_TYPE_STRUCT: {
        rz_type_field *fields = RZ_NEW_ARRAY(arena, rz_type_field, type->field_count);
        for (uint32_t i = 0; fields != NULL && i < type->field_count; i++) {
            fields[i].name = rz_arena_strdup(arena, type->fields[i].name);
            fields[i].type = sniff_settle(arena, type->fields[i].type);
            if (fields[i].name == NULL || fields[i].type == NULL) {
                return NULL;
            }
        }
        return fields == NULL ? NULL : rz_type_struct(arena, fields, type->field_count);
    }
    default: return type; /* simple types are static */
    }
}

static ruzu_status sniff_types(const sniff_sample *sample, const rz_csv_options *options, csv_guess *guess, uint32_t first, uint32_t count, rz_arena *arena,
                               const rz_type **types, rz_error *err)
{
    for (uint32_t column = 0; column < count; column++) {
        const rz_type *type = NULL;
        RZ_TRY(sniff_column(sample, options, guess, column, first, &type, err));
        type = sniff_settle(arena, type);
        RZ_TRY_ALLOC(type, err, "reading a file's first lines");
        for (uint32_t i = first; i < sample->rows.count && type->id != RUZU_TYPE_STRING; i++) {
            const sniff_row *row = &sample->rows.items[i];
            if (column < row->count && !sniff_is_null(options, &row->fields[column]) &&
                !rz_csv_guess_fits(guess, type, row->fields[column].data, row->fields[column].length)) {
                type = RZ_STRING;
            }
        }
        types[column] = type;
    }
    return RUZU_OK;
}

/* Is every field of the first row a `name:TYPE`? */
static ruzu_status sniff_is_typed_header(const sniff_sample *sample, bool *out, rz_error *err)
{
    const sniff_row *row = &sample->rows.items[0];
    *out = true;
    for (uint32_t i = 0; i < row->count && *out; i++) {
        const char *name = NULL;
        const rz_type *type = NULL;
        RZ_TRY(sniff_header_name(&row->fields[i], i, sample->arena, &name, &type, out, err));
    }
    return RUZU_OK;
}

/* LOAD FROM: names and types from the file alone. */
static ruzu_status sniff_schema(const sniff_sample *sample, rz_csv_options *options, csv_guess *guess, uint32_t count, rz_arena *arena, rz_csv_schema *out, rz_error *err)
{
    const char **names = RZ_NEW_ARRAY(arena, const char *, count);
    const rz_type **types = RZ_NEW_ARRAY(arena, const rz_type *, count);
    if (names == NULL || types == NULL) {
        return rz_error_no_memory(err, "reading a file's first lines");
    }
    for (uint32_t i = 0; i < count; i++) {
        types[i] = RZ_STRING;
    }
    if (options->auto_detect && !options->header_given && sample->rows.count != 0) {
        RZ_TRY(sniff_is_typed_header(sample, &options->header, err));
        if (!options->header && sample->rows.count > 1) {
            RZ_TRY(sniff_types(sample, options, guess, 1, count, arena, types, err));
            options->header = sniff_is_header(sample, options, guess, NULL, types, count);
        }
    }
    if (options->auto_detect) {
        RZ_TRY(sniff_types(sample, options, guess, options->header ? 1 : 0, count, arena, types, err));
    }
    for (uint32_t i = 0; i < count; i++) {
        bool typed = false;
        if (options->header && sample->rows.count != 0 && i < sample->rows.items[0].count) {
            RZ_TRY(sniff_header_name(&sample->rows.items[0].fields[i], i, arena, &names[i], &types[i], &typed, err));
            continue;
        }
        names[i] = rz_arena_printf(arena, "column%u", i);
        RZ_TRY_ALLOC(names[i], err, "reading a file's first lines");
    }
    out->names = names;
    out->types = types;
    out->column_count = count;
    return RUZU_OK;
}

/* ---- checks ---- */

static ruzu_status sniff_check_text(const sniff_sample *sample, const char *path, rz_error *err)
{
    size_t valid = rz_utf8_valid_prefix(sample->data + sample->start, sample->end - sample->start);
    if (valid == sample->end - sample->start) {
        return RUZU_OK;
    }
    size_t at = sample->start + valid;
    size_t line_start = at;
    while (line_start > sample->start && !csv_is_newline(sample->data[line_start - 1])) {
        line_start--;
    }
    bool goes_on = at + 1 < sample->size && !csv_is_newline(sample->data[at + 1]);
    return rz_error_set(err, RUZU_ERROR_COPY, "Error in file %s on line %llu: Invalid UTF8-encoded string. Line/record containing the error: '%.*s\xEF\xBF\xBD%s'", path,
                        (unsigned long long)rz_csv_count_lines(sample->data, line_start) + 1, at - line_start > 2000 ? 2000 : (int)(at - line_start),
                        sample->data + line_start, goes_on ? "..." : "");
}

/* How many columns the file has: what most rows have when bad rows are to be left out, else the largest number. An empty last field counts only where it is needed. */
static uint32_t sniff_column_count(const sniff_sample *sample, const rz_csv_options *options, const rz_csv_schema *expected)
{
    if (options->ignore_errors) {
        return sample->mode;
    }
    uint32_t count = 0;
    for (uint32_t i = 0; i < sample->rows.count; i++) {
        uint32_t columns = sample->rows.items[i].count;
        if (expected != NULL && sample->rows.items[i].open && columns == expected->column_count + 1) {
            columns--;
        }
        count = columns > count ? columns : count;
    }
    return count;
}

static ruzu_status sniff_run(sniff_sample *sample, rz_vfs *vfs, const char *path, rz_csv_options *options, const rz_csv_schema *expected, rz_arena *arena, rz_csv_schema *out,
                             rz_error *err)
{
    csv_dialect dialect = {options->delimiter, options->quote, options->escape};
    RZ_TRY(sniff_open(sample, vfs, path, options, &dialect, err));
    if (options->auto_detect) {
        RZ_TRY(sniff_dialect(sample, options, expected, err));
    } else if (!options->escape_given && options->quote_given) {
        options->escape = options->quote;
    }
    dialect = (csv_dialect){options->delimiter, options->quote, options->escape};
    if (dialect.delimiter == dialect.quote) {
        return rz_error_set(err, RUZU_ERROR_BINDER, "The csv parsing options DELIM and QUOTE must be different characters.");
    }
    bool enough = false;
    RZ_TRY(sniff_parse(sample, &dialect, true, &enough, err));
    if (options->auto_detect) {
        RZ_TRY(sniff_check_text(sample, path, err));
    }
    rz_text_options text = {.list_unbraced = options->list_unbraced, .delimiter = options->delimiter == ';' ? ',' : ';'};
    csv_guess *guess = NULL;
    RZ_TRY(rz_csv_guess_create(sample->arena, &text, &guess, err));
    uint32_t count = sniff_column_count(sample, options, expected);
    if (expected == NULL) {
        return sniff_schema(sample, options, guess, count, arena, out, err);
    }
    out->column_count = count;
    if (count > expected->column_count) {
        return rz_error_set(err, RUZU_ERROR_BINDER, "Number of columns mismatch. Expected %u but got %u.", expected->column_count, count);
    }
    if (options->auto_detect && !options->header_given && sample->rows.count != 0) {
        options->header = sniff_is_header(sample, options, guess, expected->names, expected->types, expected->column_count);
    }
    return RUZU_OK;
}

ruzu_status rz_csv_sniff(rz_vfs *vfs, rz_mem *mem, const char *path, rz_csv_options *options, const rz_csv_schema *expected, rz_arena *arena, rz_csv_schema *out,
                         rz_error *err)
{
    memset(out, 0, sizeof *out);
    RZ_TRY(rz_csv_check_format(&path, 1, options->file_format, err));
    rz_arena scratch;
    rz_arena_init(&scratch, mem);
    sniff_sample sample;
    memset(&sample, 0, sizeof sample);
    sample.mem = mem;
    sample.arena = &scratch;
    if (expected != NULL) {
        *out = *expected;
    }
    ruzu_status status = sniff_run(&sample, vfs, path, options, expected, arena, out, err);
    rz_csv_file_close(&sample.file);
    rz_mem_free(mem, sample.data, sample.data == NULL ? 0 : sample.capacity + CSV_PADDING);
    rz_arena_free(&scratch);
    return status;
}
