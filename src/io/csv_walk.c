/* SPDX-License-Identifier: MIT */
/*
 * Where fields and records end (the rules stand in csv.h), and how many lines there are. Only quotes are looked at one by one: text without them goes at the speed
 * of memchr.
 */
#include "io/csv.h"

#include <string.h>

/* Rule (2): data[at] is the first character of a field. */
static inline bool csv_walk_at_field(const csv_dialect *dialect, const char *data, size_t at)
{
    return at == 0 || data[at - 1] == dialect->delimiter || csv_is_newline(data[at - 1]);
}

/* Rule (3): from inside a quoted field to behind its end or to `to`. */
static void csv_walk_quoted(const csv_dialect *dialect, const char *data, size_t to, size_t size, csv_walk *walk)
{
    const char quote = dialect->quote;
    const char escape = dialect->escape;
    while (walk->at < to) {
        const char *p = data + walk->at;
        const char *found = (const char *)memchr(p, quote, to - walk->at);
        if (escape != quote) {
            const char *escaped = (const char *)memchr(p, escape, (found == NULL ? to : (size_t)(found - data)) - walk->at);
            found = escaped == NULL ? found : escaped;
        }
        if (found == NULL) {
            walk->at = to;
            return;
        }
        size_t at = (size_t)(found - data);
        if (*found == escape && (escape != quote || (at + 1 < size && data[at + 1] == quote))) {
            walk->at = at + 2;
            continue;
        }
        walk->at = at + 1;
        walk->quoted = false;
        return;
    }
}

void rz_csv_walk(const csv_dialect *dialect, const char *data, size_t to, size_t size, csv_walk *walk)
{
    while (walk->at < to) {
        if (walk->quoted) {
            csv_walk_quoted(dialect, data, to, size, walk);
            continue;
        }
        const char *found = (const char *)memchr(data + walk->at, dialect->quote, to - walk->at);
        if (found == NULL) {
            walk->at = to;
            return;
        }
        walk->at = (size_t)(found - data) + 1;
        walk->quoted = csv_walk_at_field(dialect, data, walk->at - 1);
    }
}

bool rz_csv_walk_record(const csv_dialect *dialect, const char *data, size_t size, bool is_last, csv_walk *walk)
{
    /* The last byte is not looked at before what follows it is known. */
    size_t to = is_last || size == 0 ? size : size - 1;
    while (walk->at < to) {
        if (walk->quoted) {
            csv_walk_quoted(dialect, data, to, size, walk);
            continue;
        }
        const char *found = csv_find_end(data + walk->at, dialect->quote);
        size_t at = (size_t)(found - data);
        if (at >= to) {
            walk->at = to;
            break;
        }
        if (csv_is_newline(*found)) {
            walk->at = (size_t)(csv_skip_newline(found, data + size) - data);
            return true;
        }
        walk->quoted = csv_walk_at_field(dialect, data, at);
        walk->at = at + 1;
    }
    return is_last && !walk->quoted;
}

uint64_t rz_csv_count_lines(const char *data, size_t size)
{
    uint64_t count = 0;
    size_t at = 0;
#if defined(__SSE2__)
    const __m128i lf = _mm_set1_epi8('\n');
    const __m128i cr = _mm_set1_epi8('\r');
    for (; at + 17 <= size; at += 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)(data + at));
        uint32_t lfs = (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, lf));
        uint32_t crs = (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, cr));
        if (crs != 0) { /* a CR before an LF counts with it */
            uint32_t behind = lfs >> 1 | (data[at + 16] == '\n' ? UINT32_C(1) << 15 : 0);
            lfs = lfs | (crs & ~behind);
            /* An LF and a lone CR never share a bit. */
        }
        count += rz_popcount64(lfs);
    }
#endif
    for (; at < size; at++) {
        count += data[at] == '\n' || (data[at] == '\r' && (at + 1 == size || data[at + 1] != '\n'));
    }
    return count;
}

csv_problem rz_csv_quoted(const csv_dialect *dialect, const char *p, const char *end, csv_field *out)
{
    const char quote = dialect->quote;
    const char escape = dialect->escape;
    out->quoted = true;
    out->escaped = false;
    out->lines = 0;
    out->text = ++p;
    for (;;) {
        p = csv_find_quoted(p, quote, escape);
        if (p >= end) {
            out->stop = end;
            return CSV_UNTERMINATED;
        }
        if (csv_is_newline(*p)) {
            out->lines++;
            p = csv_skip_newline(p, end);
            continue;
        }
        if (*p == escape && escape != quote) {
            if (p + 1 >= end) {
                out->stop = end;
                return CSV_ESCAPE_AT_END;
            }
            if (p[1] != quote && p[1] != escape) {
                out->stop = p + 2;
                return CSV_BAD_ESCAPE;
            }
            out->escaped = true;
            p += 2;
            continue;
        }
        if (escape == quote && p + 1 < end && p[1] == quote) {
            out->escaped = true;
            p += 2;
            continue;
        }
        break;
    }
    out->length = (size_t)(p - out->text);
    out->stop = p + 1;
    if (out->stop < end && *out->stop != dialect->delimiter && !csv_is_newline(*out->stop)) {
        return CSV_BAD_QUOTE;
    }
    return CSV_FINE;
}

size_t rz_csv_unescape(const csv_dialect *dialect, const char *text, size_t length, char *out)
{
    size_t written = 0;
    for (size_t i = 0; i < length; i++) {
        if (text[i] == dialect->escape && i + 1 < length) {
            i++;
        }
        out[written++] = text[i];
    }
    return written;
}

const char *rz_csv_problem_text(csv_problem problem)
{
    switch (problem) {
    case CSV_UNTERMINATED: return "unterminated quotes.";
    case CSV_ESCAPE_AT_END: return "escape at end of file.";
    case CSV_BAD_ESCAPE: return "neither QUOTE nor ESCAPE is proceeded by ESCAPE.";
    case CSV_BAD_QUOTE: return "quote should be followed by end of file, end of value, end of row or another quote.";
    case CSV_FINE: break;
    }
    return "";
}
