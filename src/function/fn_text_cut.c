/* SPDX-License-Identifier: MIT */
/*
 * Text functions that cut strings by position or separator (dialect §13.3). Positions are 1-based, count characters
 * (grapheme.h), and from the end when negative. Results share the bytes of their argument.
 */
#include "function/fn.h"
#include "function/grapheme.h"

/* Characters first … last (1-based, both in 1 … count) of a string. */
static void text_put_range(const rz_string *text, int64_t first, int64_t last, rz_vec *out, uint32_t row)
{
    const char *data = rz_string_data(text);
    if (last < first) {
        rz_fn_put_string(out, row, "", 0);
        return;
    }
    size_t start = rz_grapheme_offset(data, text->length, (uint64_t)first - 1);
    size_t length = rz_grapheme_offset(data + start, text->length - start, (uint64_t)(last - first) + 1);
    rz_fn_put_string(out, row, data + start, length);
}

static int64_t text_count(const rz_string *text)
{
    return (int64_t)rz_grapheme_count(rz_string_data(text), text->length);
}

/* ---- single characters ---- */

/* list_extract on text: empty at 0 and beyond the end, the first character before the start. */
static ruzu_status text_extract(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                                const rz_sel *sel, rz_vec *out, rz_error *err)
{
    (void)bound;
    (void)context;
    (void)err;
    rz_fn_reader texts = rz_fn_read(args[0]);
    rz_fn_reader positions = rz_fn_read(args[1]);
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        uint32_t row = rz_sel_at(sel, idx);
        const rz_string *text = &RZ_FN_GET(rz_string, texts, row);
        int64_t position = RZ_FN_GET(int64_t, positions, row);
        int64_t count = text_count(text);
        if (position < 0) {
            position = position < -count ? 1 : count + 1 + position;
        }
        bool inside = position >= 1 && position <= count;
        text_put_range(text, inside ? position : 1, inside ? position : 0, out, row);
    }
    return RUZU_OK;
}

/* array_extract on text: the nearest character beyond either end, nothing at 0. */
static ruzu_status text_extract_near(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                                     const rz_sel *sel, rz_vec *out, rz_error *err)
{
    (void)bound;
    (void)context;
    (void)err;
    rz_fn_reader texts = rz_fn_read(args[0]);
    rz_fn_reader positions = rz_fn_read(args[1]);
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        uint32_t row = rz_sel_at(sel, idx);
        const rz_string *text = &RZ_FN_GET(rz_string, texts, row);
        int64_t position = RZ_FN_GET(int64_t, positions, row);
        int64_t count = text_count(text);
        bool none = position == 0 || count == 0;
        if (position < 0) {
            position = position < -count ? 1 : count + 1 + position;
        }
        position = position > count ? count : position;
        text_put_range(text, none ? 1 : position, none ? 0 : position, out, row);
    }
    return RUZU_OK;
}

/* ---- ranges ---- */

static ruzu_status text_substring(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                                  const rz_sel *sel, rz_vec *out, rz_error *err)
{
    (void)context;
    (void)err;
    rz_fn_reader texts = rz_fn_read(args[0]);
    rz_fn_reader starts = rz_fn_read(args[1]);
    rz_fn_reader lengths = rz_fn_read(args[bound->arg_count - 1]);
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        uint32_t row = rz_sel_at(sel, idx);
        const rz_string *text = &RZ_FN_GET(rz_string, texts, row);
        int64_t start = RZ_FN_GET(int64_t, starts, row);
        int64_t length = bound->arg_count == 2 ? INT64_MAX : RZ_FN_GET(int64_t, lengths, row);
        if (start < 1 || start > text->length || length <= 0) {
            rz_fn_put_string(out, row, "", 0);
            continue;
        }
        /* No string has more characters than bytes. */
        length = length > text->length ? text->length : length;
        text_put_range(text, start, start + length - 1, out, row);
    }
    return RUZU_OK;
}

static ruzu_status text_left(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                             const rz_sel *sel, rz_vec *out, rz_error *err)
{
    (void)bound;
    (void)context;
    (void)err;
    rz_fn_reader texts = rz_fn_read(args[0]);
    rz_fn_reader counts = rz_fn_read(args[1]);
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        uint32_t row = rz_sel_at(sel, idx);
        const rz_string *text = &RZ_FN_GET(rz_string, texts, row);
        int64_t wanted = RZ_FN_GET(int64_t, counts, row);
        if (wanted < 0) {
            int64_t count = text_count(text);
            wanted = wanted < -count ? 0 : count + wanted;
        }
        rz_fn_put_string(out, row, rz_string_data(text),
                         rz_grapheme_offset(rz_string_data(text), text->length, (uint64_t)wanted));
    }
    return RUZU_OK;
}

static ruzu_status text_right(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                              const rz_sel *sel, rz_vec *out, rz_error *err)
{
    (void)bound;
    (void)context;
    (void)err;
    rz_fn_reader texts = rz_fn_read(args[0]);
    rz_fn_reader counts = rz_fn_read(args[1]);
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        uint32_t row = rz_sel_at(sel, idx);
        const rz_string *text = &RZ_FN_GET(rz_string, texts, row);
        int64_t wanted = RZ_FN_GET(int64_t, counts, row);
        int64_t count = text_count(text);
        int64_t dropped = wanted < 0 ? (wanted < -count ? count : -wanted) : (wanted > count ? 0 : count - wanted);
        size_t start = rz_grapheme_offset(rz_string_data(text), text->length, (uint64_t)dropped);
        rz_fn_put_string(out, row, rz_string_data(text) + start, text->length - start);
    }
    return RUZU_OK;
}

void rz_fn_slice_bounds(int64_t count, int64_t begin, int64_t end, int64_t *out_first, int64_t *out_last)
{
    begin = begin < 0 ? (begin < -count ? 1 : count + 1 + begin) : begin == 0 ? 1 : begin;
    end = end < 0 ? (end < -count ? 0 : count + 1 + end) : end > count ? count : end;
    *out_first = begin > end ? 1 : begin;
    *out_last = begin > end ? 0 : end;
}

static ruzu_status text_slice(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                              const rz_sel *sel, rz_vec *out, rz_error *err)
{
    (void)bound;
    (void)context;
    (void)err;
    rz_fn_reader texts = rz_fn_read(args[0]);
    rz_fn_reader begins = rz_fn_read(args[1]);
    rz_fn_reader ends = rz_fn_read(args[2]);
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        uint32_t row = rz_sel_at(sel, idx);
        const rz_string *text = &RZ_FN_GET(rz_string, texts, row);
        int64_t first, last;
        rz_fn_slice_bounds(text_count(text), RZ_FN_GET(int64_t, begins, row), RZ_FN_GET(int64_t, ends, row), &first,
                           &last);
        text_put_range(text, first, last, out, row);
    }
    return RUZU_OK;
}

/* ---- splitting ---- */

/* The parts of a text between separators; an empty separator makes every character a part. */
typedef struct text_parts {
    const char *data;
    size_t size;
    const char *separator;
    size_t separator_size;
    size_t next;
    bool skip_empty; /* Kuzu's splitting: only the last part may be empty */
    bool done;
} text_parts;

static text_parts text_split_begin(const rz_string *text, const rz_string *separator, bool skip_empty)
{
    text_parts parts = {rz_string_data(text), text->length, rz_string_data(separator), separator->length, 0,
                        skip_empty,           false};
    return parts;
}

static bool text_split_next(text_parts *parts, const char **out_part, size_t *out_size)
{
    while (!parts->done) {
        const char *from = parts->data + parts->next;
        size_t left = parts->size - parts->next;
        *out_part = from;
        if (parts->separator_size == 0 && left != 0) {
            *out_size = rz_grapheme_next(parts->data, parts->size, parts->next) - parts->next;
            parts->next += *out_size;
            parts->done = parts->next == parts->size;
            return true;
        }
        const char *found = parts->separator_size == 0
                                ? NULL
                                : (const char *)memmem(from, left, parts->separator, parts->separator_size);
        parts->done = found == NULL;
        *out_size = found == NULL ? left : (size_t)(found - from);
        parts->next += *out_size + parts->separator_size;
        if (parts->done || *out_size != 0 || !parts->skip_empty) {
            return true;
        }
    }
    return false;
}

static ruzu_status text_split_rows(bool skip_empty, const rz_vec *const *args, const rz_sel *sel, rz_vec *out,
                                   rz_error *err)
{
    rz_fn_reader texts = rz_fn_read(args[0]);
    rz_fn_reader separators = rz_fn_read(args[1]);
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        uint32_t row = rz_sel_at(sel, idx);
        const rz_string *text = &RZ_FN_GET(rz_string, texts, row);
        const rz_string *separator = &RZ_FN_GET(rz_string, separators, row);
        const char *part;
        size_t size;
        uint32_t count = 0;
        text_parts parts = text_split_begin(text, separator, skip_empty);
        while (text_split_next(&parts, &part, &size)) {
            count++;
        }
        uint32_t offset;
        RZ_TRY(rz_vec_list_reserve(out, count, &offset, err));
        rz_list_entry *entry = &((rz_list_entry *)out->data)[row];
        entry->offset = offset;
        entry->length = count;
        parts = text_split_begin(text, separator, skip_empty);
        while (text_split_next(&parts, &part, &size)) {
            rz_fn_put_string(out->children[0], offset++, part, size);
        }
    }
    return RUZU_OK;
}

static ruzu_status text_string_split(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                                     const rz_sel *sel, rz_vec *out, rz_error *err)
{
    (void)bound;
    (void)context;
    return text_split_rows(true, args, sel, out, err);
}

/* openCypher's split: empty parts stay. */
static ruzu_status text_split(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                              const rz_sel *sel, rz_vec *out, rz_error *err)
{
    (void)bound;
    (void)context;
    return text_split_rows(false, args, sel, out, err);
}

static ruzu_status text_split_part(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                                   const rz_sel *sel, rz_vec *out, rz_error *err)
{
    (void)bound;
    (void)context;
    (void)err;
    rz_fn_reader texts = rz_fn_read(args[0]);
    rz_fn_reader separators = rz_fn_read(args[1]);
    rz_fn_reader numbers = rz_fn_read(args[2]);
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        uint32_t row = rz_sel_at(sel, idx);
        int64_t wanted = RZ_FN_GET(int64_t, numbers, row);
        text_parts parts =
            text_split_begin(&RZ_FN_GET(rz_string, texts, row), &RZ_FN_GET(rz_string, separators, row), true);
        const char *part = "";
        size_t size = 0;
        int64_t number = 0;
        while (number < wanted && text_split_next(&parts, &part, &size)) {
            number++;
        }
        bool found = wanted > 0 && number == wanted;
        rz_fn_put_string(out, row, found ? part : "", found ? size : 0);
    }
    return RUZU_OK;
}

ruzu_status rz_fn_bind_string_list(const rz_fn_def *def, const rz_fn_arg *args, uint32_t arg_count, rz_arena *arena,
                                   rz_fn_bound *out, rz_error *err)
{
    (void)def;
    (void)args;
    (void)arg_count;
    out->result = rz_type_list(arena, RZ_STRING);
    RZ_TRY_ALLOC(out->result, err, "binding a function");
    return RUZU_OK;
}

static const rz_fn_def text_cut_defs[] = {
    RZ_FN("ARRAY_EXTRACT", 0, text_extract_near, STRING, RZ_P2(STRING, INT64)),
    RZ_FN("LEFT", 0, text_left, STRING, RZ_P2(STRING, INT64)),
    RZ_FN("LIST_EXTRACT", 0, text_extract, STRING, RZ_P2(STRING, INT64)),
    RZ_FN("LIST_SLICE", 0, text_slice, STRING, RZ_P3(STRING, INT64, INT64)),
    RZ_FN("RIGHT", 0, text_right, STRING, RZ_P2(STRING, INT64)),
    RZ_FN_BIND("SPLIT", 0, text_split, rz_fn_bind_string_list, LIST, RZ_P2(STRING, STRING)),
    RZ_FN("SPLIT_PART", 0, text_split_part, STRING, RZ_P3(STRING, STRING, INT64)),
    RZ_FN_BIND("STRING_SPLIT", 0, text_string_split, rz_fn_bind_string_list, LIST, RZ_P2(STRING, STRING)),
    RZ_FN("SUBSTRING", 0, text_substring, STRING, RZ_P3(STRING, INT64, INT64)),
    RZ_FN("SUBSTRING", 0, text_substring, STRING, RZ_P2(STRING, INT64)),
};

RZ_FN_GROUP(rz_fn_text_cut_group, text_cut_defs);
