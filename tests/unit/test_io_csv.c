/* SPDX-License-Identifier: MIT */
/*
 * The CSV reader against a plain one-character-at-a-time reader, over random quoted text cut into blocks anywhere; errors, options, sniffing.
 */
#include "io/csv.h"

#include "check.h"

#include <stdlib.h>

static rz_mem test_mem;

/* A file of the given bytes; removed by io_drop. */
static const char *io_file(const char *name, const char *data, size_t size)
{
    static char path[256];
    rz_vfs *vfs = rz_vfs_posix();
    snprintf(path, sizeof path, "/tmp/ruzu-test-io-%u-%s", rz_process_id(), name);
    rz_file *file = NULL;
    CHECK_EQ_I64(vfs->open(vfs, path, RZ_OPEN_WRITE | RZ_OPEN_CREATE, &file), RUZU_OK);
    CHECK_EQ_I64(vfs->truncate(file, 0), RUZU_OK);
    if (size != 0) {
        CHECK_EQ_I64(vfs->write(file, data, size, 0), RUZU_OK);
    }
    CHECK_EQ_I64(vfs->close(file), RUZU_OK);
    return path;
}

static void io_drop(const char *path)
{
    rz_vfs *vfs = rz_vfs_posix();
    CHECK_EQ_I64(vfs->remove(vfs, path), RUZU_OK);
}

static uint64_t io_seed = 88172645463325252u;
static uint32_t io_random(uint32_t below)
{
    io_seed ^= io_seed << 13;
    io_seed ^= io_seed >> 7;
    io_seed ^= io_seed << 17;
    return (uint32_t)(io_seed >> 33) % below;
}

/* ---- everything a scan gives, as one text: fields with a bar behind, rows with a line end ---- */

typedef struct io_result {
    rz_str text;
    rz_error error;
    uint64_t rows;
} io_result;

static void io_scan(const char *path, const rz_csv_options *options, const rz_type *const *types, uint32_t columns, rz_warnings *warnings, io_result *out)
{
    const char *paths[] = {path};
    rz_arena arena;
    rz_arena heap;
    rz_arena_init(&arena, &test_mem);
    rz_arena_init(&heap, &test_mem);
    rz_str_init(&out->text, &test_mem);
    rz_error_init(&out->error);
    out->rows = 0;
    rz_csv_scan *scan = NULL;
    rz_csv_reader *reader = NULL;
    rz_chunk *chunk = NULL;
    ruzu_status status = rz_csv_open(rz_vfs_posix(), &test_mem, paths, 1, options, types, columns, warnings, 7, &scan, &out->error);
    if (status == RUZU_OK) {
        status = rz_csv_reader_create(scan, &reader, &out->error);
    }
    if (status == RUZU_OK) {
        status = rz_chunk_create(&arena, &heap, types, columns, &chunk, &out->error);
    }
    uint64_t lines[RZ_VECTOR_CAPACITY];
    uint64_t last_line = 0;
    while (status == RUZU_OK) {
        rz_arena_reset(&heap);
        status = rz_csv_next(reader, chunk, lines, &out->error);
        if (status != RUZU_OK || chunk->count == 0) {
            break;
        }
        for (uint32_t row = 0; row < chunk->count; row++) {
            for (uint32_t i = 0; i < columns; i++) {
                if (rz_vec_is_null(chunk->columns[i], row)) {
                    rz_str_append_text(&out->text, "NULL");
                } else {
                    rz_text_append(chunk->columns[i], row, &out->text);
                }
                rz_str_append_char(&out->text, '|');
            }
            rz_str_append_char(&out->text, '\n');
            CHECK(lines[row] > last_line);
            last_line = lines[row];
        }
        out->rows += chunk->count;
    }
    if (status == RUZU_OK) {
        CHECK_EQ_U64(rz_csv_done_bytes(scan), rz_csv_total_bytes(scan));
    }
    rz_csv_reader_free(reader);
    rz_csv_close(scan);
    rz_arena_free(&arena);
    rz_arena_free(&heap);
    CHECK(!out->text.failed);
}

/* ---- the plain reader: well-formed text only ---- */

static void io_plain(const char *data, size_t size, const csv_dialect *dialect, uint32_t columns, rz_str *out)
{
    size_t at = 0;
    while (at < size) {
        if (columns > 1 && (data[at] == '\n' || data[at] == '\r')) {
            at += data[at] == '\r' && at + 1 < size && data[at + 1] == '\n' ? 2 : 1;
            continue;
        }
        for (uint32_t i = 0; i < columns; i++) {
            rz_str field;
            rz_str_init(&field, &test_mem);
            if (at < size && data[at] == dialect->quote) {
                at++;
                while (at < size) {
                    if (data[at] == dialect->escape && at + 1 < size && (data[at + 1] == dialect->quote || data[at + 1] == dialect->escape)) {
                        rz_str_append_char(&field, data[at + 1]);
                        at += 2;
                    } else if (data[at] == dialect->quote) {
                        at++;
                        break;
                    } else {
                        rz_str_append_char(&field, data[at++]);
                    }
                }
            } else {
                while (at < size && data[at] != dialect->delimiter && data[at] != '\n' && data[at] != '\r') {
                    rz_str_append_char(&field, data[at++]);
                }
            }
            rz_str_append_text(out, field.length == 0 ? "NULL" : rz_str_text(&field));
            rz_str_append_char(out, '|');
            rz_str_free(&field);
            if (at < size && data[at] == dialect->delimiter) {
                at++;
            }
        }
        rz_str_append_char(out, '\n');
        if (at < size) {
            at += data[at] == '\r' && at + 1 < size && data[at + 1] == '\n' ? 2 : 1;
        }
    }
}

static void io_random_field(rz_str *out, const csv_dialect *dialect)
{
    static const char plain[] = "abc 019_xyz\\'";
    static const char inside[] = "ab,;\n\r\"\\'z|";
    bool quoted = io_random(3) == 0;
    uint32_t length = io_random(io_random(20) == 0 ? 300 : 12);
    if (quoted) {
        rz_str_append_char(out, dialect->quote);
    }
    for (uint32_t i = 0; i < length; i++) {
        char c = quoted ? inside[io_random(sizeof inside - 1)] : plain[io_random(sizeof plain - 1)];
        if (quoted && (c == dialect->quote || c == dialect->escape)) {
            rz_str_append_char(out, dialect->escape);
        } else if (!quoted && (c == dialect->delimiter || (i == 0 && c == dialect->quote))) {
            c = 'q';
        } else if (!quoted && i != 0 && io_random(30) == 0) {
            c = dialect->quote; /* not at the start: a character like any other */
        }
        rz_str_append_char(out, c);
    }
    if (quoted) {
        rz_str_append_char(out, dialect->quote);
    }
}

static void csv_random_text_reads_as_by_the_plain_reader(void)
{
    static const csv_dialect dialects[] = {{',', '"', '"'}, {';', '"', '\\'}, {'|', '\'', '\''}, {',', '\'', '\\'}};
    static const char *const ends[] = {"\n", "\r\n", "\r"};
    const rz_type *types[4] = {RZ_STRING, RZ_STRING, RZ_STRING, RZ_STRING};
    for (uint32_t round = 0; round < 60; round++) {
        const csv_dialect *dialect = &dialects[round % 4];
        uint32_t columns = 2 + io_random(3);
        uint32_t rows = round < 50 ? io_random(200) : 40000;
        rz_str text;
        rz_str want;
        rz_str_init(&text, &test_mem);
        rz_str_init(&want, &test_mem);
        for (uint32_t row = 0; row < rows; row++) {
            for (uint32_t i = 0; i < columns; i++) {
                io_random_field(&text, dialect);
                if (i + 1 < columns) {
                    rz_str_append_char(&text, dialect->delimiter);
                }
            }
            if (row + 1 < rows || io_random(2) == 0) {
                rz_str_append_text(&text, ends[io_random(3)]);
                if (io_random(50) == 0) {
                    rz_str_append_text(&text, ends[io_random(3)]);
                }
            }
        }
        const char *path = io_file("random.csv", rz_str_text(&text), text.length);
        rz_csv_options options;
        rz_csv_options_init(&options);
        options.delimiter = dialect->delimiter;
        options.quote = dialect->quote;
        options.escape = dialect->escape;
        io_result got;
        io_scan(path, &options, types, columns, NULL, &got);
        io_plain(rz_str_text(&text), text.length, dialect, columns, &want);
        CHECK_STR(got.error.message, "");
        CHECK_EQ_U64(got.text.length, want.length);
        CHECK(strcmp(rz_str_text(&got.text), rz_str_text(&want)) == 0);
        rz_str_free(&got.text);
        rz_str_free(&want);
        rz_str_free(&text);
        io_drop(path);
    }
}

/* ---- values and forms ---- */

static void io_expect(const char *text, const rz_csv_options *options, const rz_type *const *types, uint32_t columns, const char *want, const char *want_error)
{
    const char *path = io_file("case.csv", text, strlen(text));
    io_result got;
    io_scan(path, options, types, columns, NULL, &got);
    if (want_error == NULL) {
        CHECK_STR(got.error.message, "");
        CHECK_STR(rz_str_text(&got.text), want);
    } else {
        char message[512];
        snprintf(message, sizeof message, "Copy exception: Error in file %s on line %s", path, want_error);
        CHECK_STR(got.error.message, message);
    }
    rz_str_free(&got.text);
    io_drop(path);
}

static void csv_forms_and_values(void)
{
    const rz_type *two[2] = {RZ_STRING, RZ_STRING};
    const rz_type *one[1] = {RZ_STRING};
    const rz_type *mixed[3] = {RZ_INT64, RZ_DOUBLE, rz_type_of(RUZU_TYPE_INT32)};
    rz_csv_options options;
    rz_csv_options_init(&options);
    io_expect("abc,def\r\r\n\nghi,jkl\r\n", &options, two, 2, "abc|def|\nghi|jkl|\n", NULL);
    io_expect("abc\r\n\ndef\r\r\r\nghi\r", &options, one, 1, "abc|\nNULL|\ndef|\nNULL|\nNULL|\nghi|\n", NULL);
    io_expect("\xEF\xBB\xBF\n\nabc,def\n", &options, two, 2, "abc|def|\n", NULL);
    io_expect("\xEF\xBB\xBF", &options, two, 2, "", NULL);
    io_expect("", &options, two, 2, "", NULL);
    io_expect("\"abc\",", &options, one, 1, "abc|\n", NULL);
    io_expect("\"abc\",\"def\"", &options, two, 2, "abc|def|\n", NULL);
    io_expect("a,b\n\\,\\,\n", &options, two, 2, "a|b|\n\\|\\|\n", NULL);
    io_expect("1,2.5,-3\n-9223372036854775808,1e300,2147483647\n,,\n 7 , .5, +8\n", &options, mixed, 3, "1|2.5|-3|\n-9223372036854775808|1e300|2147483647|\nNULL|NULL|NULL|\n7|0.5|8|\n",
              NULL);
    options.skip = 2;
    io_expect("x\r\ny,\"\n1,2,3\n", &options, mixed, 3, "1|2.0|3|\n", NULL);
    io_expect("x\n", &options, mixed, 3, "", NULL);
    options.skip = 0;
    options.header = true;
    io_expect("\n\na,b,c\n1,2,3\n", &options, mixed, 3, "1|2.0|3|\n", NULL);
    io_expect("\"a\n1\",b,c\n1,2,3\n", &options, mixed, 3, "1|2.0|3|\n", NULL);
    io_expect("a,b\n1,2,3\n", &options, mixed, 3, NULL, "1: expected 3 values per row, but got 2. Line/record containing the error: 'a,b'");
}

static void csv_errors_name_line_and_record(void)
{
    const rz_type *two[2] = {RZ_INT64, RZ_STRING};
    const rz_type *text[1] = {RZ_STRING};
    rz_csv_options options;
    rz_csv_options_init(&options);
    io_expect("1,a\n2\n", &options, two, 2, NULL, "2: expected 2 values per row, but got 1. Line/record containing the error: '2'");
    io_expect("1,a\n2,b,c,d\n", &options, two, 2, NULL, "2: expected 2 values per row, but got more. Line/record containing the error: '2,b,c...'");
    io_expect("1,\"a\nb\"\nx,y\n", &options, two, 2, NULL,
              "3: Conversion exception: Cast failed. Could not convert \"x\" to INT64. Line/record containing the error: 'x...'");
    io_expect("h\n\"abc", &options, text, 1, NULL, "2: unterminated quotes. Line/record containing the error: '\"abc'");
    io_expect("h\n\"ab\"c\n", &options, text, 1, NULL,
              "2: quote should be followed by end of file, end of value, end of row or another quote. Line/record containing the error: '\"ab\"...'");
    io_expect("a\xFF\n", &options, text, 1, NULL, "1: Invalid UTF8-encoded string. Line/record containing the error: 'a\xEF\xBF\xBD'");
    options.escape = '\\';
    io_expect("h\n\"abc\\", &options, text, 1, NULL, "2: escape at end of file. Line/record containing the error: '\"abc\\'");
    io_expect("h\n\"abc\\6\"\n", &options, text, 1, NULL, "2: neither QUOTE nor ESCAPE is proceeded by ESCAPE. Line/record containing the error: '\"abc\\6...'");
}

static void csv_ignored_errors_become_warnings(void)
{
    static const char text[] = "ID,length,name\n0,312abc,movieA\n1,312,movieB\n4,1,\"ab~c\"\n3,102,movieD\n6,67,\"ab\"c\n5,93,movieE\n8,39\n9,98,vb12\n7,1,a\n2,53,\"movieC\nq\n11,5,end\n";
    static const char *const want[] = {
        "2 Conversion exception: Cast failed. Could not convert \"312abc\" to INT32. [0,312abc...]",
        "4 neither QUOTE nor ESCAPE is proceeded by ESCAPE. [4,1,\"ab~c...]",
        "6 quote should be followed by end of file, end of value, end of row or another quote. [6,67,\"ab\"...]",
        "8 expected 3 values per row, but got 2. [8,39]",
        "11 unterminated quotes. [2,53,\"movieC\nq\n11,5,end]",
        "12 Conversion exception: Cast failed. Could not convert \"q\" to INT16. [q]",
    };
    const rz_type *types[3] = {rz_type_of(RUZU_TYPE_INT16), rz_type_of(RUZU_TYPE_INT32), RZ_STRING};
    rz_warnings *warnings = NULL;
    rz_error err;
    rz_error_init(&err);
    CHECK_EQ_I64(rz_warnings_create(&test_mem, 5, &warnings, &err), RUZU_OK);
    rz_csv_options options;
    rz_csv_options_init(&options);
    options.escape = '~';
    options.header = true;
    options.ignore_errors = true;
    const char *path = io_file("bad.csv", text, sizeof text - 1);
    io_result got;
    io_scan(path, &options, types, 3, warnings, &got);
    CHECK_STR(got.error.message, "");
    CHECK_STR(rz_str_text(&got.text), "1|312|movieB|\n3|102|movieD|\n5|93|movieE|\n9|98|vb12|\n7|1|a|\n11|5|end|\n");
    CHECK_EQ_U64(rz_warnings_count(warnings), 5);
    CHECK_EQ_U64(rz_warnings_total(warnings), 6);
    rz_warnings_set_limit(warnings, 100);
    rz_warnings_clear(warnings);
    CHECK_EQ_U64(rz_warnings_total(warnings), 6);
    rz_str_free(&got.text);
    io_scan(path, &options, types, 3, warnings, &got);
    for (uint32_t i = 0; i < sizeof want / sizeof want[0]; i++) {
        rz_warning warning;
        char line[512];
        memset(&warning, 0, sizeof warning);
        CHECK(rz_warnings_get(warnings, i, &warning));
        snprintf(line, sizeof line, "%llu %s [%s]", (unsigned long long)warning.line, warning.message, warning.record);
        CHECK_STR(line, want[i]);
        CHECK_STR(warning.file, path);
        CHECK_EQ_U64(warning.query_id, 7);
    }
    rz_str_free(&got.text);
    rz_warnings_free(warnings);
    io_drop(path);
}

/* ---- options ---- */

static void io_option(const char *name, const rz_value *value, rz_csv_options *options, const char *want_error)
{
    rz_arena arena;
    rz_arena_init(&arena, &test_mem);
    rz_error err;
    rz_error_init(&err);
    ruzu_status status = rz_csv_options_set(options, name, value, &arena, &err);
    CHECK_EQ_I64(status, want_error == NULL ? RUZU_OK : RUZU_ERROR_BINDER);
    CHECK_STR(err.message, want_error == NULL ? "" : want_error);
    rz_arena_free(&arena);
}

static void csv_options_say_what_is_wrong(void)
{
    rz_value yes = {.type = RZ_BOOL, .u.boolean = true};
    rz_value one = {.type = RZ_INT64, .u.i64 = 1};
    rz_value two = {.type = RZ_INT64, .u.i64 = 2};
    rz_value minus = {.type = RZ_INT64, .u.i64 = -2};
    rz_value text = {.type = RZ_STRING, .u.text = {.data = "ab", .length = 2}};
    rz_value tab = {.type = RZ_STRING, .u.text = {.data = "\\t", .length = 2}};
    rz_value empty = {.type = RZ_STRING, .u.text = {.data = "", .length = 0}};
    static const char single[] = "Binder exception: Copy csv option value must be a single character with an optional escape character.";
    rz_csv_options options;
    rz_csv_options_init(&options);
    io_option("Header", NULL, &options, NULL);
    CHECK(options.header && options.header_given);
    io_option("parallel", &one, &options, NULL);
    io_option("IGNORE_ERRORS", &yes, &options, NULL);
    io_option("delim", &tab, &options, NULL);
    CHECK(options.delimiter == '\t' && options.delimiter_given);
    io_option("skip", &two, &options, NULL);
    CHECK_EQ_U64(options.skip, 2);
    io_option("header", &text, &options, "Binder exception: The type of csv parsing option HEADER must be a boolean.");
    io_option("parallel", &two, &options, "Binder exception: The type of csv parsing option PARALLEL must be a boolean.");
    io_option("escape", &yes, &options, "Binder exception: The type of csv parsing option ESCAPE must be a string.");
    io_option("skip", &text, &options, "Binder exception: The type of csv parsing option SKIP must be a INT64.");
    io_option("sample_size", &minus, &options, "Binder exception: The value of csv parsing option SAMPLE_SIZE must not be negative.");
    io_option("null_strings", &text, &options, "Binder exception: The type of csv parsing option NULL_STRINGS must be a STRING[].");
    io_option("quote", &text, &options, single);
    io_option("quote", &empty, &options, single);
    io_option("foo", &text, &options, "Binder exception: Unrecognized csv parsing option: FOO.");
}

/* ---- sniffing ---- */

/* Dialect, header, names and types as one text. */
static void io_sniff(const char *text, const rz_csv_schema *expected, const char *want)
{
    const char *path = io_file("sniff.csv", text, strlen(text));
    rz_arena arena;
    rz_arena_init(&arena, &test_mem);
    rz_error err;
    rz_error_init(&err);
    rz_csv_options options;
    rz_csv_options_init(&options);
    rz_csv_schema schema;
    rz_str got;
    rz_str_init(&got, &test_mem);
    ruzu_status status = rz_csv_sniff(rz_vfs_posix(), &test_mem, path, &options, expected, &arena, &schema, &err);
    if (status != RUZU_OK) {
        rz_str_append_text(&got, err.message);
    } else {
        rz_str_append_format(&got, "%c%c%c%s", options.delimiter, options.quote, options.escape, options.header ? " header" : "");
        for (uint32_t i = 0; expected == NULL && i < schema.column_count; i++) {
            rz_str_append_format(&got, ", %s ", schema.names[i]);
            rz_type_format(schema.types[i], &got);
        }
    }
    CHECK_STR(rz_str_text(&got), want);
    rz_str_free(&got);
    rz_arena_free(&arena);
    io_drop(path);
}

static void csv_sniffs_dialect_header_and_types(void)
{
    io_sniff("a,b\n1,x\n2,y\n", NULL, ",\"\" header, a INT64, b STRING");
    io_sniff("1,x\n2,y\n", NULL, ",\"\", column0 INT64, column1 STRING");
    io_sniff("id;v\n1;0.5\n2;3\n", NULL, ";\"\" header, id INT64, v DOUBLE");
    io_sniff("1\ttrue\t1990-01-01\n2\tfalse\t1990-01-01 10:00:00\n", NULL, "\t\"\", column0 INT64, column1 BOOL, column2 TIMESTAMP");
    io_sniff("1|3 years|a\n99999999999999999999|2 days|\n", NULL, "|\"\", column0 INT128, column1 INTERVAL, column2 STRING");
    io_sniff("'a,b',1\n'c''d',2\n", NULL, ",'', column0 STRING, column1 INT64");
    io_sniff("\"a\\\\b\",1\n\"c\",2\n", NULL, ",\"\\, column0 STRING, column1 INT64");
    io_sniff("\"a\"\"b\",1\n\"c\\'\",2\n", NULL, ",\"\", column0 STRING, column1 INT64");
    io_sniff("\"[1,NULL,2]\",\"{a: 1, b: x}\",\"{1=2.5}\"\n\"[]\",\"{a: 2, b: y}\",\"{}\"\n", NULL,
             ",\"\", column0 INT64[], column1 STRUCT(a INT64, b STRING), column2 MAP(INT64, DOUBLE)");
    io_sniff("name,age:UINT64,height:INT64\nAlice,12,144\nBob,30,510\n", NULL, ",\"\" header, name STRING, age UINT64, height INT64");
    io_sniff("007,5\n008,+6\n", NULL, ",\"\", column0 STRING, column1 STRING");
    io_sniff("", NULL, ",\"\"");
    const char *only_name[] = {"list"};
    const rz_type *only_type[] = {RZ_STRING};
    rz_csv_schema only = {.names = only_name, .types = only_type, .column_count = 1};
    io_sniff("'[1, 2]'\n", &only, ",''");
    const char *names[] = {"id", "name"};
    const rz_type *types[] = {RZ_INT64, RZ_STRING};
    const rz_type *texts[] = {RZ_STRING, RZ_STRING};
    rz_csv_schema expected = {.names = names, .types = types, .column_count = 2};
    rz_csv_schema all_text = {.names = names, .types = texts, .column_count = 2};
    io_sniff("x,y\n1,a\n", &expected, ",\"\" header");
    io_sniff("1,y\n1,a\n", &expected, ",\"\"");
    io_sniff("id,name\nx,a\n", &all_text, ",\"\" header");
    io_sniff("ID,Name\nx,a\n", &all_text, ",\"\"");
    io_sniff("2.5,y\n", &expected, ",\"\"");
    io_sniff("x,y\nx,a\n", &all_text, ",\"\"");
    io_sniff("1,a,\n2,b,\n", &expected, ",\"\"");
    io_sniff("1,a,3\n2,b,4\n", &expected, "Binder exception: Number of columns mismatch. Expected 2 but got 3.");
}

int main(void)
{
    rz_mem_init(&test_mem, NULL, UINT64_MAX);
    RUN(csv_random_text_reads_as_by_the_plain_reader);
    RUN(csv_forms_and_values);
    RUN(csv_errors_name_line_and_record);
    RUN(csv_ignored_errors_become_warnings);
    RUN(csv_options_say_what_is_wrong);
    RUN(csv_sniffs_dialect_header_and_types);
    CHECK_EQ_U64(atomic_load(&test_mem.used), 0);
    return CHECK_DONE();
}
