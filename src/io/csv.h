/* SPDX-License-Identifier: MIT */
/*
 * The CSV reader's inside: dialects, finding characters, records (private to io).
 *
 * What a record is (everything here agrees on it, whatever block it stands in):
 *   (1) A record begins at the file's start (behind the byte order mark and the skipped lines) or behind the end of another one.
 *   (2) A quote opens a quoted field only as the first character of a field. Elsewhere outside of quotes it is a character like any other.
 *   (3) In a quoted field, ESCAPE and the character behind it stand together; a QUOTE that is not part of such a pair closes the field. Where ESCAPE is QUOTE,
 *       two of them are the pair.
 *   (4) LF, CR LF and CR outside of quoted fields end the record; the end of the file does too.
 * Records with errors end by the same rules, so blocks can be cut without parsing them (rz_csv_walk).
 *
 * Buffers have CSV_PADDING readable bytes behind their end, the first of which is LF: searches need no bound.
 */
#ifndef RZ_IO_CSV_H
#define RZ_IO_CSV_H

#include "io/io.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#define CSV_PADDING 64u

#ifdef RZ_TINY
#define CSV_BLOCK_SIZE 64u
#define CSV_READ_AHEAD 16u
#define CSV_RECORD_LIMIT (1024u * 1024u)
#else
#define CSV_BLOCK_SIZE (1024u * 1024u)
#define CSV_READ_AHEAD (64u * 1024u)
#define CSV_RECORD_LIMIT (64u * 1024u * 1024u)
#endif
#define CSV_BLOCK_SHARE 64u /* of the memory limit: the most that a block takes */
#define CSV_READER_BYTES (UINT64_C(16) << 20) /* of the memory limit for each reader beyond the first */

typedef struct csv_dialect {
    char delimiter;
    char quote;
    char escape;
} csv_dialect;

/* ---- finding characters ---- */

static inline bool csv_is_newline(char c)
{
    return c == '\n' || c == '\r';
}

#define CSV_ONES UINT64_C(0x0101010101010101)
#define CSV_HIGHS UINT64_C(0x8080808080808080)

/* High bit set in the bytes of x that are zero; bytes above the first such one may be wrong. */
static inline uint64_t csv_zero_bytes(uint64_t x)
{
    return (x - CSV_ONES) & ~x & CSV_HIGHS;
}

/* The first of a, LF and CR at or behind p. There is an LF behind the buffer's end. */
static inline const char *csv_find_end(const char *p, char a)
{
#if defined(__SSE2__)
    const __m128i first = _mm_set1_epi8(a);
    const __m128i lf = _mm_set1_epi8('\n');
    const __m128i cr = _mm_set1_epi8('\r');
    for (;; p += 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)p);
        __m128i found = _mm_or_si128(_mm_cmpeq_epi8(bytes, first), _mm_or_si128(_mm_cmpeq_epi8(bytes, lf), _mm_cmpeq_epi8(bytes, cr)));
        uint32_t mask = (uint32_t)_mm_movemask_epi8(found);
        if (mask != 0) {
            return p + rz_ctz64(mask);
        }
    }
#else
    for (;; p += 8) {
        uint64_t bytes = rz_load_u64(p); /* little-endian: the lowest marked byte is the first */
        uint64_t found = csv_zero_bytes(bytes ^ CSV_ONES * (uint8_t)a) | csv_zero_bytes(bytes ^ CSV_ONES * '\n') | csv_zero_bytes(bytes ^ CSV_ONES * '\r');
        if (found != 0) {
            return p + rz_ctz64(found) / 8;
        }
    }
#endif
}

/* The first of a, b, LF and CR at or behind p. */
static inline const char *csv_find_quoted(const char *p, char a, char b)
{
#if defined(__SSE2__)
    const __m128i first = _mm_set1_epi8(a);
    const __m128i second = _mm_set1_epi8(b);
    const __m128i lf = _mm_set1_epi8('\n');
    const __m128i cr = _mm_set1_epi8('\r');
    for (;; p += 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)p);
        __m128i found = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(bytes, first), _mm_cmpeq_epi8(bytes, second)),
                                     _mm_or_si128(_mm_cmpeq_epi8(bytes, lf), _mm_cmpeq_epi8(bytes, cr)));
        uint32_t mask = (uint32_t)_mm_movemask_epi8(found);
        if (mask != 0) {
            return p + rz_ctz64(mask);
        }
    }
#else
    for (;; p += 8) {
        uint64_t bytes = rz_load_u64(p);
        uint64_t found = csv_zero_bytes(bytes ^ CSV_ONES * (uint8_t)a) | csv_zero_bytes(bytes ^ CSV_ONES * (uint8_t)b) |
                         csv_zero_bytes(bytes ^ CSV_ONES * '\n') | csv_zero_bytes(bytes ^ CSV_ONES * '\r');
        if (found != 0) {
            return p + rz_ctz64(found) / 8;
        }
    }
#endif
}

/* Behind the line end at p (which stands on LF or CR), at most `end`. */
static inline const char *csv_skip_newline(const char *p, const char *end)
{
    return *p == '\r' && p + 1 < end && p[1] == '\n' ? p + 2 : p + 1;
}

/* ---- records and lines: csv_walk.c ---- */

/* Where a walk stands: behind `at` bytes, inside a quoted field or not. at may be one beyond what was walked. */
typedef struct csv_walk {
    size_t at;
    bool quoted;
} csv_walk;

/* Walks data[walk->at … to); looks at data[to] too when to < size. data begins with a record. */
void rz_csv_walk(const csv_dialect *dialect, const char *data, size_t to, size_t size, csv_walk *walk);
/* From an unfinished walk to the end of the record that walk->at stands in (behind its line end). False: it does not end in data[0 … size) for certain; walk stands at
 * the end then. is_last: no bytes follow, so that a CR at the very end is a line end; an unfinished last record ends at size when it is not in quotes. */
bool rz_csv_walk_record(const csv_dialect *dialect, const char *data, size_t size, bool is_last, csv_walk *walk);
/* Line ends in data: LF, CR LF, CR. */
uint64_t rz_csv_count_lines(const char *data, size_t size);

/* One field of a record as it stands in the text. */
typedef enum csv_problem {
    CSV_FINE,
    CSV_UNTERMINATED,      /* "unterminated quotes." */
    CSV_ESCAPE_AT_END,     /* "escape at end of file." */
    CSV_BAD_ESCAPE,        /* "neither QUOTE nor ESCAPE is proceeded by ESCAPE." */
    CSV_BAD_QUOTE          /* "quote should be followed by …" */
} csv_problem;

typedef struct csv_field {
    const char *text;  /* without quotes, escapes not yet undone */
    size_t length;
    const char *stop;  /* behind the field and its quotes: a delimiter, a line end, or the end. With a problem: behind what is wrong */
    uint32_t lines;    /* line ends inside */
    bool quoted;
    bool escaped;      /* contains escapes: see rz_csv_unescape */
} csv_field;

/* Reads the quoted field at p (which stands on its quote). */
csv_problem rz_csv_quoted(const csv_dialect *dialect, const char *p, const char *end, csv_field *out);
/* Writes a field's text without its escapes to out (room for length); returns the bytes written. */
size_t rz_csv_unescape(const csv_dialect *dialect, const char *text, size_t length, char *out);
const char *rz_csv_problem_text(csv_problem problem);

static inline csv_problem csv_read_field(const csv_dialect *dialect, const char *p, const char *end, csv_field *out)
{
    if (*p == dialect->quote && p < end) {
        return rz_csv_quoted(dialect, p, end, out);
    }
    out->text = p;
    out->stop = csv_find_end(p, dialect->delimiter);
    if (RZ_UNLIKELY(out->stop > end)) {
        out->stop = end; /* what lies behind the end is not ours */
    }
    out->length = (size_t)(out->stop - p);
    out->lines = 0;
    out->quoted = out->escaped = false;
    return CSV_FINE;
}

/* ---- files: csv_file.c ---- */

typedef struct csv_file {
    rz_file *handle;
    const char *path; /* borrowed */
    uint64_t size;
    uint64_t off;     /* next byte to read */
} csv_file;

/* Refuses what is not CSV: by file_format or else the name's ending, and by content (compressed files). */
RZ_NODISCARD ruzu_status rz_csv_check_format(const char *const *paths, uint32_t path_count, const char *file_format, rz_error *err);
RZ_NODISCARD ruzu_status rz_csv_file_open(rz_vfs *vfs, const char *path, csv_file *out, rz_error *err);
/* Reads up to size bytes; fewer at the end only. */
RZ_NODISCARD ruzu_status rz_csv_file_read(csv_file *file, char *out, size_t size, size_t *out_got, rz_error *err);
void rz_csv_file_close(csv_file *file); /* a closed one is fine */

#endif
