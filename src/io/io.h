/* SPDX-License-Identifier: MIT */
/*
 * io: reading and writing files of other formats: CSV now.
 *
 * Purpose   finds files (globs, search path, access policy), sniffs dialect, header and types, and turns CSV text into vectors, in parallel by blocks.
 * Must not  know tables, plans or transactions.
 * Enter by  rz_files_find, rz_csv_sniff, rz_csv_open, rz_csv_next.
 * Threads   a scan is shared by workers; each has its own rz_csv_reader.
 * More      docs/cypher.md ("COPY FROM"), dialect §17.
 */
#ifndef RZ_IO_IO_H
#define RZ_IO_IO_H

#include "os/os.h"
#include "types/types.h"

/* Which files statements may touch, and where relative names are looked for. */
typedef struct rz_file_policy {
    rz_vfs *vfs;
    const char *allowed;      /* directories, ':' between them; NULL: all; "": none */
    const char *search_path;  /* comma-separated directories (option file_search_path); NULL or "": none */
} rz_file_policy;

/* Expands patterns (globs *, ?, [a-z]; sorted by name) to paths. Errors: Binder "No file found that matches the pattern: P."; RUZU_ERROR_IO for a path outside the policy. */
RZ_NODISCARD ruzu_status rz_files_find(const rz_file_policy *policy, const char *const *patterns, uint32_t pattern_count, rz_arena *arena, const char *const **out_paths,
                                       uint32_t *out_count, rz_error *err);

/* Whether a file may be written at path (a plain name, no pattern): RUZU_ERROR_IO outside the policy. */
RZ_NODISCARD ruzu_status rz_files_check_target(const rz_file_policy *policy, const char *path, rz_arena *arena, rz_error *err);

/* ---- warnings: rows skipped by IGNORE_ERRORS ---- */

typedef struct rz_warning {
    uint64_t query_id;
    const char *message;
    const char *file;
    uint64_t line;
    const char *record;
} rz_warning;

typedef struct rz_warnings rz_warnings; /* of a connection; bounded (option warning_limit); locked inside */
RZ_NODISCARD ruzu_status rz_warnings_create(rz_mem *mem, uint64_t limit, rz_warnings **out, rz_error *err);
void rz_warnings_free(rz_warnings *warnings);
void rz_warnings_clear(rz_warnings *warnings);
void rz_warnings_add(rz_warnings *warnings, uint64_t query_id, const char *message, const char *file, uint64_t line, const char *record, size_t record_length);
uint64_t rz_warnings_count(rz_warnings *warnings); /* kept */
uint64_t rz_warnings_total(rz_warnings *warnings); /* added so far, those beyond the limit too; clear does not lower it */
void rz_warnings_set_limit(rz_warnings *warnings, uint64_t limit);
bool rz_warnings_get(rz_warnings *warnings, uint64_t idx, rz_warning *out); /* borrowed until clear */

/* ---- CSV ---- */

typedef struct rz_csv_options {
    bool header, header_given;
    char delimiter;
    bool delimiter_given;
    char quote;
    bool quote_given;
    char escape;
    bool escape_given;
    uint64_t skip;            /* lines before the header */
    bool parallel;
    bool list_unbraced;
    bool ignore_errors;
    bool auto_detect;
    uint64_t sample_size;     /* lines */
    const char *const *null_strings;
    uint32_t null_string_count;
    const char *from, *to;    /* rel pair, or NULL */
    const char *file_format;  /* or NULL: by extension */
} rz_csv_options;

void rz_csv_options_init(rz_csv_options *options);
/* Sets one option from its name and value (a literal; NULL: bare name = true). Errors of dialect §17.2. */
RZ_NODISCARD ruzu_status rz_csv_options_set(rz_csv_options *options, const char *name, const rz_value *value, rz_arena *arena, rz_error *err);

/* Detects dialect and header of the first file and, when types is NULL, names and types of the columns (LOAD FROM). With types given (COPY), the header is detected against names and types. */
typedef struct rz_csv_schema {
    const char *const *names;
    const rz_type *const *types;
    uint32_t column_count;
} rz_csv_schema;
RZ_NODISCARD ruzu_status rz_csv_sniff(rz_vfs *vfs, rz_mem *mem, const char *path, rz_csv_options *options, const rz_csv_schema *expected, rz_arena *arena, rz_csv_schema *out, rz_error *err);

typedef struct rz_csv_scan rz_csv_scan;     /* files + options + schema, shared by workers; hands out blocks */
typedef struct rz_csv_reader rz_csv_reader; /* one worker's state */

/* Types are those of the columns, in file order; a column of type ANY is not wanted: its vector is left alone. Rows with another number of fields are errors (§17.4). */
RZ_NODISCARD ruzu_status rz_csv_open(rz_vfs *vfs, rz_mem *mem, const char *const *paths, uint32_t path_count, const rz_csv_options *options, const rz_type *const *types,
                                     uint32_t column_count, rz_warnings *warnings, uint64_t query_id, rz_csv_scan **out, rz_error *err);
void rz_csv_close(rz_csv_scan *scan);
uint64_t rz_csv_total_bytes(const rz_csv_scan *scan);
uint64_t rz_csv_done_bytes(const rz_csv_scan *scan); /* for progress; may be called by any thread */
/* max_readers: more than that cannot find work. */
uint32_t rz_csv_max_readers(const rz_csv_scan *scan);
RZ_NODISCARD ruzu_status rz_csv_reader_create(rz_csv_scan *scan, rz_csv_reader **out, rz_error *err);
void rz_csv_reader_free(rz_csv_reader *reader);
/*
 * Fills the chunk's flat columns with the next rows (at most RZ_VECTOR_CAPACITY, for which the vectors have room); chunk->count is 0 at the end. Bad rows: an error, or (ignore_errors) a warning and the row is left out. In the order
 * of the file within a block; blocks of a file go to workers in order. row_lines, when not NULL, gets the line number of each row, for errors found later (keys).
 */
RZ_NODISCARD ruzu_status rz_csv_next(rz_csv_reader *reader, rz_chunk *chunk, uint64_t *row_lines, rz_error *err);
/* Where the last chunk's row stands, for error texts: file, line and record text (arena). */
RZ_NODISCARD ruzu_status rz_csv_locate(rz_csv_reader *reader, uint32_t row, rz_arena *arena, const char **out_file, uint64_t *out_line, const char **out_record, rz_error *err);

/*
 * The same block by block, for who wants to keep rows in order although several workers parse: blocks are numbered 0, 1, … over all files in order, and each of them goes to one
 * reader. All chunks filled from a block stay valid until the reader's next rz_csv_next_block (those of the strings that point into it; the others live in the chunks' heaps).
 */
RZ_NODISCARD ruzu_status rz_csv_next_block(rz_csv_reader *reader, bool *out_any, uint64_t *out_number, rz_error *err); /* out_any false: no more */
RZ_NODISCARD ruzu_status rz_csv_block_rows(rz_csv_reader *reader, rz_chunk *chunk, uint64_t *row_lines, rz_error *err); /* chunk->count 0: the block ends */
/* Where a row of the block stands, counted over all its chunks. */
RZ_NODISCARD ruzu_status rz_csv_locate_in_block(rz_csv_reader *reader, uint32_t block_row, rz_arena *arena, const char **out_file, uint64_t *out_line, const char **out_record,
                                                rz_error *err);

#endif
