/* SPDX-License-Identifier: MIT */
/*
 * Parses blocks of records into vectors.
 *
 * Strings without escapes point into the block, which stays until the reader takes the next one. Errors name the line and show the record up to the place of the error; with
 * IGNORE_ERRORS they become warnings and the row is left out.
 */
#include "io/csv_scan.h"

#include <string.h>

typedef enum csv_kind { CSV_KIND_OTHER, CSV_KIND_UNWANTED, CSV_KIND_INT64, CSV_KIND_INT32, CSV_KIND_DOUBLE, CSV_KIND_STRING } csv_kind;

/* Where a row of the block stands. */
typedef struct csv_place {
    uint32_t off;
    uint32_t line; /* after the block's first */
} csv_place;

struct rz_csv_reader {
    rz_csv_scan *scan;
    rz_arena arena;
    csv_block block;
    const char *at;      /* next record */
    const char *end;
    uint32_t line;       /* of `at`, after the block's first */
    bool has_block;
    bool has_bad_text;   /* the block is not UTF-8 throughout: each record is checked */
    uint8_t *kinds;      /* csv_kind per column */
    rz_text_options text;
    csv_place *places;   /* one per row of the block so far */
    uint32_t place_count;
    uint32_t place_capacity;
    uint32_t chunk_first; /* the last chunk's first row in places */
};

#define CSV_SHOWN_MAX 3000u /* bytes of a record in an error message */
#define CSV_WARNED_MAX 65536u

ruzu_status rz_csv_reader_create(rz_csv_scan *scan, rz_csv_reader **out, rz_error *err)
{
    *out = NULL;
    rz_csv_reader *reader = (rz_csv_reader *)rz_mem_calloc(scan->mem, 1, sizeof *reader);
    RZ_TRY_ALLOC(reader, err, "reading files");
    reader->scan = scan;
    rz_arena_init(&reader->arena, scan->mem);
    reader->text.list_unbraced = scan->options.list_unbraced;
    reader->text.delimiter = scan->dialect.delimiter == ';' ? ',' : ';';
    reader->kinds = RZ_NEW_ARRAY(&reader->arena, uint8_t, scan->column_count);
    if (reader->kinds == NULL) {
        rz_csv_reader_free(reader);
        return rz_error_no_memory(err, "reading files");
    }
    for (uint32_t i = 0; i < scan->column_count; i++) {
        uint8_t id = scan->types[i]->id;
        csv_kind kind = id == RUZU_TYPE_ANY                            ? CSV_KIND_UNWANTED
                        : id == RUZU_TYPE_INT64 || id == RUZU_TYPE_SERIAL ? CSV_KIND_INT64
                        : id == RUZU_TYPE_INT32                        ? CSV_KIND_INT32
                        : id == RUZU_TYPE_DOUBLE                       ? CSV_KIND_DOUBLE
                        : id == RUZU_TYPE_STRING                       ? CSV_KIND_STRING
                                                                       : CSV_KIND_OTHER;
        reader->kinds[i] = (uint8_t)kind;
    }
    *out = reader;
    return RUZU_OK;
}

void rz_csv_reader_free(rz_csv_reader *reader)
{
    if (reader != NULL) {
        rz_mem *mem = reader->scan->mem;
        rz_mem_free(mem, reader->block.data, reader->block.data == NULL ? 0 : reader->block.capacity + CSV_PADDING);
        rz_mem_free(mem, reader->places, reader->place_capacity * sizeof *reader->places);
        rz_arena_free(&reader->arena);
        rz_mem_free(mem, reader, sizeof *reader);
    }
}

/* ---- errors ---- */

/* Appends text with what is not UTF-8 replaced. */
static void csv_append_text(rz_str *out, const char *text, size_t length)
{
    while (length != 0) {
        size_t valid = rz_utf8_valid_prefix(text, length);
        rz_str_append(out, text, valid);
        text += valid;
        length -= valid;
        if (length != 0) {
            rz_str_append_text(out, "\xEF\xBF\xBD");
            text++;
            length--;
        }
    }
}

/* The record from `start` to `stop`, with dots when it goes on. */
static void csv_show_record(const rz_csv_reader *reader, const char *start, const char *stop, size_t max, rz_str *out)
{
    const char *shown_end = stop;
    while (shown_end > start && csv_is_newline(shown_end[-1])) {
        shown_end--;
    }
    size_t length = (size_t)(shown_end - start);
    bool goes_on = shown_end == stop && stop < reader->end && !csv_is_newline(*stop);
    if (length > max) {
        length = max;
        goes_on = true;
    }
    csv_append_text(out, start, length);
    if (goes_on) {
        rz_str_append_text(out, "...");
    }
}

/* Moves behind the record that begins at start, as the splitter sees it. */
static void csv_skip_record(rz_csv_reader *reader, const char *start)
{
    csv_walk walk = {0, false};
    size_t size = (size_t)(reader->end - start);
    size_t next = size;
    if (rz_csv_walk_record(&reader->scan->dialect, start, size, true, &walk)) {
        next = walk.at < size ? walk.at : size;
    } else { /* an open quote: only its first line is given up */
        const char *found = csv_find_end(start, '\n');
        next = found < reader->end ? (size_t)(csv_skip_newline(found, reader->end) - start) : size;
    }
    reader->line += (uint32_t)rz_csv_count_lines(start, next);
    reader->at = start + next;
}

/* A bad record: an error, or a warning and on to the next one. */
static ruzu_status csv_bad_record(rz_csv_reader *reader, const char *start, const char *stop, const char *message, rz_error *err)
{
    const rz_csv_scan *scan = reader->scan;
    uint64_t line = reader->block.line + reader->line;
    bool ignored = scan->options.ignore_errors && scan->warnings != NULL;
    ruzu_status status = RUZU_OK;
    rz_str shown;
    rz_str_init(&shown, scan->mem);
    csv_show_record(reader, start, stop, ignored ? CSV_WARNED_MAX : CSV_SHOWN_MAX, &shown);
    if (ignored) {
        rz_warnings_add(scan->warnings, scan->query_id, message, reader->block.path, line, rz_str_text(&shown), shown.length);
        csv_skip_record(reader, start);
    } else {
        status = rz_error_set(err, RUZU_ERROR_COPY, "Error in file %s on line %llu: %s Line/record containing the error: '%s'", reader->block.path,
                              (unsigned long long)line, message, rz_str_text(&shown));
    }
    rz_str_free(&shown);
    return status;
}

/* ---- values ---- */

/* [-] 1 … 18 digits; other forms are left to rz_text_parse. */
static inline bool csv_parse_integer(const char *text, size_t length, int64_t *out)
{
    size_t at = length != 0 && *text == '-' ? 1 : 0;
    if (at == length || length > 18) {
        return false;
    }
    uint64_t value = 0;
    for (size_t i = at; i < length; i++) {
        uint32_t digit = (uint32_t)(unsigned char)text[i] - '0';
        if (digit > 9) {
            return false;
        }
        value = value * 10 + digit;
    }
    *out = at == 1 ? -(int64_t)value : (int64_t)value;
    return true;
}

/* [-] digits [. digits] with at most 15 digits: number and power of ten are exact doubles, so their quotient is rounded once, which is what is wanted. */
static inline bool csv_parse_double(const char *text, size_t length, double *out)
{
    static const double powers[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    size_t at = length != 0 && *text == '-' ? 1 : 0;
    bool negative = at == 1;
    uint64_t value = 0;
    uint32_t digits = 0;
    uint32_t fraction = 0;
    bool has_point = false;
    if (length - at > 16) {
        return false;
    }
    for (; at < length; at++) {
        uint32_t digit = (uint32_t)(unsigned char)text[at] - '0';
        if (digit > 9) {
            if (text[at] != '.' || has_point || digits == 0) {
                return false;
            }
            has_point = true;
            continue;
        }
        value = value * 10 + digit;
        digits++;
        fraction += has_point ? 1 : 0;
    }
    if (digits == 0 || digits > 15 || (has_point && fraction == 0)) {
        return false;
    }
    double result = (double)value / powers[fraction];
    *out = negative ? -result : result;
    return true;
}

static bool csv_is_null(const rz_csv_scan *scan, const char *text, size_t length)
{
    if (RZ_LIKELY(scan->null_is_empty)) {
        return length == 0;
    }
    for (uint32_t i = 0; i < scan->options.null_string_count; i++) {
        const char *null_text = scan->options.null_strings[i];
        if (strlen(null_text) == length && memcmp(null_text, text, length) == 0) {
            return true;
        }
    }
    return false;
}

static ruzu_status csv_store_other(const rz_csv_reader *reader, const char *text, size_t length, rz_vec *vec, uint32_t row, rz_error *err)
{
    uint8_t id = vec->type->id;
    if (id == RUZU_TYPE_LIST || id == RUZU_TYPE_ARRAY || id == RUZU_TYPE_STRUCT || id == RUZU_TYPE_MAP) {
        const char *begin = text;
        const char *end = text + length;
        while (begin < end && *begin == ' ') {
            begin++;
        }
        while (begin < end && end[-1] == ' ') {
            end--;
        }
        if (rz_name_equal_n(begin, (size_t)(end - begin), "null", 4)) { /* as inside of nested values */
            rz_vec_set_null(vec, row);
            return RUZU_OK;
        }
    }
    return rz_text_parse(text, length, &reader->text, vec, row, err);
}

static inline ruzu_status csv_store(rz_csv_reader *reader, uint32_t column, const char *text, size_t length, rz_vec *vec, uint32_t row, rz_error *err)
{
    if (csv_is_null(reader->scan, text, length)) {
        rz_vec_set_null(vec, row);
        return RUZU_OK;
    }
    int64_t integer = 0;
    switch ((csv_kind)reader->kinds[column]) {
    case CSV_KIND_INT64:
        if (RZ_UNLIKELY(!csv_parse_integer(text, length, &((int64_t *)vec->data)[row]))) {
            return csv_store_other(reader, text, length, vec, row, err);
        }
        break;
    case CSV_KIND_INT32:
        if (RZ_UNLIKELY(!csv_parse_integer(text, length, &integer) || integer < INT32_MIN || integer > INT32_MAX)) {
            return csv_store_other(reader, text, length, vec, row, err);
        }
        ((int32_t *)vec->data)[row] = (int32_t)integer;
        break;
    case CSV_KIND_DOUBLE:
        if (RZ_UNLIKELY(!csv_parse_double(text, length, &((double *)vec->data)[row]))) {
            return csv_store_other(reader, text, length, vec, row, err);
        }
        break;
    case CSV_KIND_STRING: ((rz_string *)vec->data)[row] = rz_string_make(text, (uint32_t)length); break;
    case CSV_KIND_UNWANTED: break;
    case CSV_KIND_OTHER: return csv_store_other(reader, text, length, vec, row, err);
    }
    if (vec->validity != NULL) {
        rz_bit_set(vec->validity, row); /* a bad row may have left a NULL there */
    }
    return RUZU_OK;
}

/* ---- records ---- */

/* What is wrong with a record and where. */
typedef struct csv_fault {
    bool found;
    csv_problem problem; /* CSV_FINE: the number of fields */
    uint32_t count;      /* fields; more than there are columns: at least so many */
    const char *stop;
} csv_fault;

static ruzu_status csv_set_fault(csv_fault *fault, csv_problem problem, uint32_t count, const char *stop)
{
    fault->found = true;
    fault->problem = problem;
    fault->count = count;
    fault->stop = stop;
    return RUZU_OK;
}

static ruzu_status csv_report_fault(rz_csv_reader *reader, const char *start, const csv_fault *fault, rz_error *err)
{
    if (fault->problem != CSV_FINE) {
        return csv_bad_record(reader, start, fault->stop, rz_csv_problem_text(fault->problem), err);
    }
    uint32_t wanted = reader->scan->column_count;
    rz_str text;
    rz_str_init(&text, reader->scan->mem);
    if (fault->count > wanted) {
        rz_str_append_format(&text, "expected %u values per row, but got more.", wanted);
    } else {
        rz_str_append_format(&text, "expected %u values per row, but got %u.", wanted, fault->count);
    }
    ruzu_status status = csv_bad_record(reader, start, fault->stop, rz_str_text(&text), err);
    rz_str_free(&text);
    return status;
}

/* Parses the record at reader->at into `row` of the chunk (NULL: only counts its fields). On success reader->at is behind it. A fault is no failure. */
static ruzu_status csv_parse_record(rz_csv_reader *reader, rz_chunk *chunk, uint32_t row, csv_fault *fault, rz_error *err)
{
    const rz_csv_scan *scan = reader->scan;
    const csv_dialect dialect = scan->dialect;
    const uint32_t column_count = scan->column_count;
    const char *const end = reader->end;
    const char *p = reader->at;
    uint32_t lines = 0;
    uint32_t count = 0;
    fault->found = false;
    fault->stop = p;
    for (;;) {
        csv_field field;
        csv_problem problem = csv_read_field(&dialect, p, end, &field);
        if (RZ_UNLIKELY(problem != CSV_FINE)) {
            return csv_set_fault(fault, problem, 0, field.stop);
        }
        bool is_last = field.stop == end || *field.stop != dialect.delimiter;
        if (RZ_UNLIKELY(count == column_count)) {
            if (!is_last || field.length != 0 || field.quoted) { /* a delimiter behind the last value does no harm */
                return csv_set_fault(fault, CSV_FINE, count + 1, field.stop);
            }
        } else if (chunk != NULL && reader->kinds[count] != CSV_KIND_UNWANTED) {
            const char *text = field.text;
            size_t length = field.length;
            rz_vec *vec = chunk->columns[count];
            if (RZ_UNLIKELY(field.escaped)) {
                char *copy = (char *)rz_arena_alloc(vec->heap, length);
                RZ_TRY_ALLOC(copy, err, "reading files");
                length = rz_csv_unescape(&dialect, text, length, copy);
                text = copy;
            }
            ruzu_status status = csv_store(reader, count, text, length, vec, row, err);
            if (RZ_UNLIKELY(status != RUZU_OK)) {
                fault->stop = field.stop;
                return status;
            }
            count++;
        } else {
            count++;
        }
        lines += field.lines;
        p = field.stop;
        if (is_last) {
            break;
        }
        p++;
    }
    if (RZ_UNLIKELY(count != column_count)) {
        return csv_set_fault(fault, CSV_FINE, count, p);
    }
    if (p < end) {
        p = csv_skip_newline(p, end);
        lines++;
    }
    reader->line += lines;
    reader->at = p;
    return RUZU_OK;
}

/* Conversion errors belong to the row, others (memory) to the statement. */
static bool csv_is_value_error(ruzu_status status)
{
    return status == RUZU_ERROR_CONVERSION || status == RUZU_ERROR_OVERFLOW || status == RUZU_ERROR_PARSER || status == RUZU_ERROR_RUNTIME ||
           status == RUZU_ERROR_BINDER;
}

/* In blocks with bad bytes: is the record at reader->at good? If not, reports it. */
static ruzu_status csv_check_text(rz_csv_reader *reader, bool *out_good, rz_error *err)
{
    csv_walk walk = {0, false};
    const char *start = reader->at;
    size_t size = (size_t)(reader->end - start);
    (void)rz_csv_walk_record(&reader->scan->dialect, start, size, true, &walk);
    size_t length = walk.at < size ? walk.at : size;
    size_t valid = rz_utf8_valid_prefix(start, length);
    *out_good = valid == length;
    return *out_good ? RUZU_OK : csv_bad_record(reader, start, start + valid + 1, "Invalid UTF8-encoded string.", err);
}

static ruzu_status csv_push_place(rz_csv_reader *reader, const char *start, uint32_t line, rz_error *err)
{
    if (RZ_UNLIKELY(reader->place_count == reader->place_capacity)) {
        uint32_t capacity = reader->place_capacity == 0 ? RZ_VECTOR_CAPACITY : reader->place_capacity * 2;
        csv_place *places = (csv_place *)rz_mem_realloc(reader->scan->mem, reader->places, reader->place_capacity * sizeof *places, capacity * sizeof *places);
        RZ_TRY_ALLOC(places, err, "reading files");
        reader->places = places;
        reader->place_capacity = capacity;
    }
    reader->places[reader->place_count].off = (uint32_t)(start - reader->block.data);
    reader->places[reader->place_count++].line = line;
    return RUZU_OK;
}

/* ---- blocks ---- */

/* Empty lines are no records where there is more than one column. */
static void csv_skip_empty_lines(rz_csv_reader *reader)
{
    while (reader->at < reader->end && csv_is_newline(*reader->at) && reader->scan->column_count != 1) {
        reader->at = csv_skip_newline(reader->at, reader->end);
        reader->line++;
    }
}

/* The header is a record with the right number of fields, nothing more. */
static ruzu_status csv_skip_header(rz_csv_reader *reader, rz_error *err)
{
    csv_skip_empty_lines(reader);
    if (reader->at >= reader->end) {
        return RUZU_OK;
    }
    const char *start = reader->at;
    csv_fault fault;
    RZ_TRY(csv_parse_record(reader, NULL, 0, &fault, err));
    if (!fault.found) {
        return RUZU_OK;
    }
    if (reader->scan->options.ignore_errors) {
        csv_skip_record(reader, start);
        return RUZU_OK;
    }
    return csv_report_fault(reader, start, &fault, err);
}

ruzu_status rz_csv_next_block(rz_csv_reader *reader, bool *out_any, uint64_t *out_number, rz_error *err)
{
    if (reader->has_block) {
        atomic_fetch_add_explicit(&reader->scan->done_bytes, reader->block.size, memory_order_relaxed);
        reader->has_block = false;
    }
    RZ_TRY(rz_csv_take_block(reader->scan, &reader->block, out_any, err));
    *out_number = reader->block.number;
    if (!*out_any) {
        return RUZU_OK;
    }
    reader->has_block = true;
    reader->at = reader->block.data;
    reader->end = reader->block.data + reader->block.size;
    reader->line = 0;
    reader->place_count = 0;
    reader->chunk_first = 0;
    reader->has_bad_text = !rz_utf8_valid(reader->block.data, reader->block.size);
    return reader->block.is_first && reader->scan->options.header ? csv_skip_header(reader, err) : RUZU_OK;
}

ruzu_status rz_csv_block_rows(rz_csv_reader *reader, rz_chunk *chunk, uint64_t *row_lines, rz_error *err)
{
    const uint32_t limit = RZ_VECTOR_CAPACITY;
    rz_chunk_reset(chunk);
    reader->chunk_first = reader->place_count;
    uint32_t row = 0;
    while (reader->has_block && row < limit) {
        csv_skip_empty_lines(reader);
        if (reader->at >= reader->end) {
            break;
        }
        if (RZ_UNLIKELY(reader->has_bad_text)) {
            bool good = true;
            RZ_TRY(csv_check_text(reader, &good, err));
            if (!good) {
                continue;
            }
        }
        const char *start = reader->at;
        uint32_t line = reader->line;
        csv_fault fault;
        ruzu_status status = csv_parse_record(reader, chunk, row, &fault, err);
        if (RZ_UNLIKELY(status != RUZU_OK)) {
            if (!csv_is_value_error(status) || err == NULL) {
                return status;
            }
            rz_error reason = *err;
            rz_error_init(err);
            RZ_TRY(csv_bad_record(reader, start, fault.stop, reason.message, err));
            continue;
        }
        if (RZ_UNLIKELY(fault.found)) {
            RZ_TRY(csv_report_fault(reader, start, &fault, err));
            continue;
        }
        RZ_TRY(csv_push_place(reader, start, line, err));
        if (row_lines != NULL) {
            row_lines[row] = reader->block.line + line;
        }
        row++;
    }
    chunk->count = row;
    return RUZU_OK;
}

ruzu_status rz_csv_next(rz_csv_reader *reader, rz_chunk *chunk, uint64_t *row_lines, rz_error *err)
{
    for (;;) {
        RZ_TRY(rz_csv_block_rows(reader, chunk, row_lines, err));
        if (chunk->count != 0) {
            return RUZU_OK;
        }
        bool any = false;
        uint64_t number = 0;
        RZ_TRY(rz_csv_next_block(reader, &any, &number, err));
        if (!any) {
            return RUZU_OK;
        }
    }
}

ruzu_status rz_csv_locate_in_block(rz_csv_reader *reader, uint32_t block_row, rz_arena *arena, const char **out_file, uint64_t *out_line, const char **out_record,
                                   rz_error *err)
{
    RZ_ASSERT(block_row < reader->place_count);
    const csv_place *place = &reader->places[block_row];
    const char *start = reader->block.data + place->off;
    size_t size = (size_t)(reader->end - start);
    csv_walk walk = {0, false};
    (void)rz_csv_walk_record(&reader->scan->dialect, start, size, true, &walk);
    rz_str shown;
    rz_str_init(&shown, reader->scan->mem);
    csv_show_record(reader, start, start + (walk.at < size ? walk.at : size), CSV_WARNED_MAX, &shown);
    *out_file = reader->block.path;
    *out_line = reader->block.line + place->line;
    *out_record = rz_arena_strndup(arena, rz_str_text(&shown), shown.length);
    bool failed = shown.failed || *out_record == NULL;
    rz_str_free(&shown);
    return failed ? rz_error_no_memory(err, "locating a row") : RUZU_OK;
}

ruzu_status rz_csv_locate(rz_csv_reader *reader, uint32_t row, rz_arena *arena, const char **out_file, uint64_t *out_line, const char **out_record, rz_error *err)
{
    return rz_csv_locate_in_block(reader, reader->chunk_first + row, arena, out_file, out_line, out_record, err);
}
