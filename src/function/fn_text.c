/* SPDX-License-Identifier: MIT */
/*
 * Text functions that test or rewrite whole strings (dialect §13.3): search, case, trimming, padding, repetition, edit
 * distance. What cuts strings by position is in fn_text_cut.c, concatenation in fn_concat.c.
 */
#include "function/fn.h"
#include "function/search.h"
#include "function/grapheme.h"

/* ---- search ---- */

static bool text_starts(const rz_string *text, const rz_string *part)
{
    return part->length <= text->length && memcmp(rz_string_data(text), rz_string_data(part), part->length) == 0;
}

static bool text_ends(const rz_string *text, const rz_string *part)
{
    return part->length <= text->length &&
           memcmp(rz_string_data(text) + (text->length - part->length), rz_string_data(part), part->length) == 0;
}

static bool text_contains_part(const rz_string *text, const rz_string *part)
{
    return rz_search_contains(rz_string_data(text), text->length, rz_string_data(part), part->length);
}

#define RZ_B_NAME        text_starts_with
#define RZ_B_A           rz_string
#define RZ_B_B           rz_string
#define RZ_B_OUT         uint8_t
#define RZ_B_BAD         uint8_t
#define RZ_B_OP(a, b, r) (*(r) = text_starts(&(a), &(b)), 0)
#include "function/fn_binary_tmpl.h"

#define RZ_B_NAME        text_ends_with
#define RZ_B_A           rz_string
#define RZ_B_B           rz_string
#define RZ_B_OUT         uint8_t
#define RZ_B_BAD         uint8_t
#define RZ_B_OP(a, b, r) (*(r) = text_ends(&(a), &(b)), 0)
#include "function/fn_binary_tmpl.h"

#define RZ_B_NAME        text_contains
#define RZ_B_A           rz_string
#define RZ_B_B           rz_string
#define RZ_B_OUT         uint8_t
#define RZ_B_BAD         uint8_t
#define RZ_B_OP(a, b, r) (*(r) = text_contains_part(&(a), &(b)), 0)
#include "function/fn_binary_tmpl.h"

/* 1-based position in characters, 0 when absent. */
static int64_t text_find(const rz_string *text, const rz_string *part)
{
    const char *data = rz_string_data(text);
    const char *found = part->length > text->length
                            ? NULL
                            : (const char *)memmem(data, text->length, rz_string_data(part), part->length);
    return found == NULL ? 0 : (int64_t)rz_grapheme_count(data, (size_t)(found - data)) + 1;
}

#define RZ_B_NAME        text_position
#define RZ_B_A           rz_string
#define RZ_B_B           rz_string
#define RZ_B_OUT         int64_t
#define RZ_B_BAD         uint64_t
#define RZ_B_OP(a, b, r) (*(r) = text_find(&(a), &(b)), UINT64_C(0))
#include "function/fn_binary_tmpl.h"

#define RZ_U_NAME     text_size
#define RZ_U_IN       rz_string
#define RZ_U_OUT      int64_t
#define RZ_U_OP(a, r) (*(r) = (int64_t)rz_grapheme_count(rz_string_data(&(a)), (a).length), 0u)
#include "function/fn_unary_tmpl.h"

#define RZ_U_NAME     text_is_empty
#define RZ_U_IN       rz_string
#define RZ_U_OUT      uint8_t
#define RZ_U_OP(a, r) (*(r) = (a).length == 0, 0u)
#include "function/fn_unary_tmpl.h"

#define RZ_U_NAME     text_octet_length
#define RZ_U_IN       rz_string
#define RZ_U_OUT      int64_t
#define RZ_U_OP(a, r) (*(r) = (a).length, 0u)
#include "function/fn_unary_tmpl.h"

static int64_t text_first_code_point(const rz_string *text)
{
    uint32_t code_point = 0;
    return rz_utf8_decode(rz_string_data(text), text->length, &code_point) == 0 ? 0 : code_point;
}

#define RZ_U_NAME     text_ascii
#define RZ_U_IN       rz_string
#define RZ_U_OUT      int64_t
#define RZ_U_OP(a, r) (*(r) = text_first_code_point(&(a)), 0u)
#include "function/fn_unary_tmpl.h"

static ruzu_status text_chr(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                            const rz_sel *sel, rz_vec *out, rz_error *err)
{
    (void)bound;
    (void)context;
    rz_fn_reader numbers = rz_fn_read(args[0]);
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        uint32_t row = rz_sel_at(sel, idx);
        int64_t number = RZ_FN_GET(int64_t, numbers, row);
        char bytes[4];
        size_t length = number < 0 || number > 0x10ffff ? 0 : rz_utf8_encode((uint32_t)number, bytes);
        if (length == 0) {
            return rz_error_set(err, RUZU_ERROR_RUNTIME, "Value %lld is not a Unicode code point.", (long long)number);
        }
        rz_fn_put_string(out, row, bytes, length);
    }
    return RUZU_OK;
}

/* ---- case ---- */

typedef enum text_case {
    TEXT_LOWER,
    TEXT_UPPER,
    TEXT_INITIAL
} text_case;

static uint32_t text_map(text_case wanted, bool first, uint32_t code_point)
{
    return wanted == TEXT_UPPER || (wanted == TEXT_INITIAL && first) ? rz_unicode_upper(code_point)
                                                                     : rz_unicode_lower(code_point);
}

/* A code point may need more bytes in the other case; the bytes are counted first. */
static ruzu_status text_map_unicode(text_case wanted, const char *data, size_t size, rz_vec *out, uint32_t row,
                                    rz_error *err)
{
    char *target = NULL;
    uint64_t length = 0;
    for (int pass = 0; pass < 2; pass++) {
        uint64_t written = 0;
        for (size_t offset = 0; offset < size;) {
            uint32_t code_point;
            char bytes[4];
            size_t taken = rz_utf8_decode(data + offset, size - offset, &code_point);
            size_t given = taken == 0 ? 0 : rz_utf8_encode(text_map(wanted, offset == 0, code_point), bytes);
            if (given == 0) { /* ill-formed bytes stay */
                taken = given = 1;
                bytes[0] = data[offset];
            }
            if (pass == 1) {
                memcpy(target + written, bytes, given);
            }
            written += given;
            offset += taken;
        }
        length = written;
        if (pass == 0) {
            RZ_TRY(rz_fn_new_string(out, length, &target, err));
        }
    }
    rz_fn_put_string(out, row, target, length);
    return RUZU_OK;
}

static char text_map_ascii(text_case wanted, bool first, char c)
{
    return wanted == TEXT_UPPER || (wanted == TEXT_INITIAL && first) ? rz_ascii_upper(c) : rz_ascii_lower(c);
}

static ruzu_status text_map_rows(text_case wanted, const rz_vec *const *args, const rz_sel *sel, rz_vec *out,
                                 rz_error *err)
{
    rz_fn_reader texts = rz_fn_read(args[0]);
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        uint32_t row = rz_sel_at(sel, idx);
        const rz_string *text = &RZ_FN_GET(rz_string, texts, row);
        const char *data = rz_string_data(text);
        if (!rz_text_is_ascii(data, text->length)) {
            RZ_TRY(text_map_unicode(wanted, data, text->length, out, row, err));
            continue;
        }
        char small[RZ_STRING_INLINE];
        char *target = small;
        if (text->length > RZ_STRING_INLINE) {
            RZ_TRY(rz_fn_new_string(out, text->length, &target, err));
        }
        for (uint32_t i = 0; i < text->length; i++) {
            target[i] = text_map_ascii(wanted, i == 0, data[i]);
        }
        rz_fn_put_string(out, row, target, text->length);
    }
    return RUZU_OK;
}

static ruzu_status text_lower(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                              const rz_sel *sel, rz_vec *out, rz_error *err)
{
    (void)bound;
    (void)context;
    return text_map_rows(TEXT_LOWER, args, sel, out, err);
}

static ruzu_status text_upper(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                              const rz_sel *sel, rz_vec *out, rz_error *err)
{
    (void)bound;
    (void)context;
    return text_map_rows(TEXT_UPPER, args, sel, out, err);
}

static ruzu_status text_initcap(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                                const rz_sel *sel, rz_vec *out, rz_error *err)
{
    (void)bound;
    (void)context;
    return text_map_rows(TEXT_INITIAL, args, sel, out, err);
}

/* ---- trimming ---- */

static bool text_is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* True when the code point at data[0..length) is one of the characters of set. */
static bool text_in_set(const char *data, size_t length, const rz_string *set)
{
    return length != 0 && memmem(rz_string_data(set), set->length, data, length) != NULL;
}

/* Bytes to drop at the front: blanks, or the characters of set. */
static size_t text_blank_prefix(const char *data, size_t size, const rz_string *set)
{
    size_t offset = 0;
    while (offset < size) {
        uint32_t code_point;
        size_t length = set == NULL ? 1 : rz_utf8_decode(data + offset, size - offset, &code_point);
        if (set == NULL ? !text_is_blank(data[offset]) : !text_in_set(data + offset, length, set)) {
            break;
        }
        offset += length;
    }
    return offset;
}

/* Bytes that stay when blanks, or the characters of set, are dropped at the end. */
static size_t text_blank_suffix(const char *data, size_t size, const rz_string *set)
{
    while (size != 0) {
        size_t start = size - 1;
        while (set != NULL && start != 0 && ((unsigned char)data[start] & 0xc0) == 0x80) {
            start--;
        }
        if (set == NULL ? !text_is_blank(data[start]) : !text_in_set(data + start, size - start, set)) {
            break;
        }
        size = start;
    }
    return size;
}

static void text_trim_rows(bool front, bool back, const rz_fn_bound *bound, const rz_vec *const *args,
                           const rz_sel *sel, rz_vec *out)
{
    rz_fn_reader texts = rz_fn_read(args[0]);
    rz_fn_reader sets = rz_fn_read(args[bound->arg_count - 1]);
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        uint32_t row = rz_sel_at(sel, idx);
        rz_string text = RZ_FN_GET(rz_string, texts, row);
        const rz_string *set = bound->arg_count == 1 ? NULL : &RZ_FN_GET(rz_string, sets, row);
        const char *data = rz_string_data(&text);
        size_t end = back ? text_blank_suffix(data, text.length, set) : text.length;
        size_t start = front ? text_blank_prefix(data, end, set) : 0;
        rz_fn_put_string(out, row, data + start, end - start);
    }
}

static ruzu_status text_trim(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                             const rz_sel *sel, rz_vec *out, rz_error *err)
{
    (void)context;
    (void)err;
    text_trim_rows(true, true, bound, args, sel, out);
    return RUZU_OK;
}

static ruzu_status text_ltrim(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                              const rz_sel *sel, rz_vec *out, rz_error *err)
{
    (void)context;
    (void)err;
    text_trim_rows(true, false, bound, args, sel, out);
    return RUZU_OK;
}

static ruzu_status text_rtrim(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                              const rz_sel *sel, rz_vec *out, rz_error *err)
{
    (void)context;
    (void)err;
    text_trim_rows(false, true, bound, args, sel, out);
    return RUZU_OK;
}

/* ---- padding and repetition ---- */

/* `count` code points of the padding, again and again, at data; NULL: only counts. Returns the bytes. */
static uint64_t text_pad_with(const char *pad, size_t pad_size, uint64_t count, char *data)
{
    uint64_t code_points = rz_utf8_count(pad, pad_size);
    uint64_t rounds = count / code_points;
    size_t rest = rz_utf8_offset(pad, pad_size, count % code_points);
    if (data != NULL) {
        for (uint64_t i = 0; i < rounds; i++) {
            memcpy(data + i * pad_size, pad, pad_size);
        }
        memcpy(data + rounds * pad_size, pad, rest);
    }
    return rounds * pad_size + rest;
}

static ruzu_status text_pad_row(bool left, const rz_string *text, int64_t wanted, const rz_string *pad, rz_vec *out,
                                uint32_t row, rz_error *err)
{
    const char *data = rz_string_data(text);
    uint64_t have = rz_utf8_count(data, text->length);
    if (wanted <= 0 || have >= (uint64_t)wanted || pad->length == 0) {
        rz_fn_put_string(out, row, data, wanted <= 0 ? 0 : rz_utf8_offset(data, text->length, (uint64_t)wanted));
        return RUZU_OK;
    }
    uint64_t missing = (uint64_t)wanted - have;
    if (missing > RZ_FN_MAX_STRING) {
        return rz_error_set(err, RUZU_ERROR_LIMIT,
                            "The maximum length of strings is %llu bytes. The string's length would be %lld.",
                            (unsigned long long)RZ_FN_MAX_STRING, (long long)wanted);
    }
    const char *pad_data = rz_string_data(pad);
    uint64_t pad_size = text_pad_with(pad_data, pad->length, missing, NULL);
    char *target;
    RZ_TRY(rz_fn_new_string(out, pad_size + text->length, &target, err));
    (void)text_pad_with(pad_data, pad->length, missing, left ? target : target + text->length);
    memcpy(left ? target + pad_size : target, data, text->length);
    rz_fn_put_string(out, row, target, pad_size + text->length);
    return RUZU_OK;
}

static ruzu_status text_pad_rows(bool left, const rz_vec *const *args, const rz_sel *sel, rz_vec *out, rz_error *err)
{
    rz_fn_reader texts = rz_fn_read(args[0]);
    rz_fn_reader counts = rz_fn_read(args[1]);
    rz_fn_reader pads = rz_fn_read(args[2]);
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        uint32_t row = rz_sel_at(sel, idx);
        RZ_TRY(text_pad_row(left, &RZ_FN_GET(rz_string, texts, row), RZ_FN_GET(int64_t, counts, row),
                            &RZ_FN_GET(rz_string, pads, row), out, row, err));
    }
    return RUZU_OK;
}

static ruzu_status text_lpad(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                             const rz_sel *sel, rz_vec *out, rz_error *err)
{
    (void)bound;
    (void)context;
    return text_pad_rows(true, args, sel, out, err);
}

static ruzu_status text_rpad(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                             const rz_sel *sel, rz_vec *out, rz_error *err)
{
    (void)bound;
    (void)context;
    return text_pad_rows(false, args, sel, out, err);
}

static ruzu_status text_repeat(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                               const rz_sel *sel, rz_vec *out, rz_error *err)
{
    (void)bound;
    rz_fn_reader texts = rz_fn_read(args[0]);
    rz_fn_reader counts = rz_fn_read(args[1]);
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        uint32_t row = rz_sel_at(sel, idx);
        const rz_string *text = &RZ_FN_GET(rz_string, texts, row);
        int64_t count = text->length == 0 || RZ_FN_GET(int64_t, counts, row) < 0 ? 0 : RZ_FN_GET(int64_t, counts, row);
        uint64_t length;
        if (rz_mul_overflow((uint64_t)count, (uint64_t)text->length, &length)) {
            length = UINT64_MAX;
        }
        char *target;
        RZ_TRY(rz_fn_new_string(out, length, &target, err));
        for (int64_t i = 0; i < count; i++) {
            memcpy(target + (uint64_t)i * text->length, rz_string_data(text), text->length);
        }
        rz_fn_put_string(out, row, target, length);
        RZ_TRY(rz_fn_check_interrupt(context, err));
    }
    return RUZU_OK;
}

static ruzu_status text_reverse(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                                const rz_sel *sel, rz_vec *out, rz_error *err)
{
    (void)bound;
    (void)context;
    rz_fn_reader texts = rz_fn_read(args[0]);
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        uint32_t row = rz_sel_at(sel, idx);
        const rz_string *text = &RZ_FN_GET(rz_string, texts, row);
        const char *data = rz_string_data(text);
        char *target;
        RZ_TRY(rz_fn_new_string(out, text->length, &target, err));
        for (size_t offset = 0; offset < text->length;) {
            size_t next = rz_grapheme_next(data, text->length, offset);
            memcpy(target + (text->length - next), data + offset, next - offset);
            offset = next;
        }
        rz_fn_put_string(out, row, target, text->length);
    }
    return RUZU_OK;
}

/* ---- replacement and distance ---- */

static ruzu_status text_replace_row(const rz_string *text, const rz_string *from, const rz_string *to, rz_vec *out,
                                    uint32_t row, rz_error *err)
{
    const char *data = rz_string_data(text);
    const char *end = data + text->length;
    const char *part = rz_string_data(from);
    uint64_t found = 0;
    for (const char *at = data;
         from->length != 0 && (at = (const char *)memmem(at, (size_t)(end - at), part, from->length)) != NULL;
         at += from->length) {
        found++;
    }
    uint64_t length = text->length - found * from->length + found * to->length;
    char *target;
    RZ_TRY(rz_fn_new_string(out, length, &target, err));
    char *next = target;
    for (; found != 0; found--) {
        const char *at = (const char *)memmem(data, (size_t)(end - data), part, from->length);
        memcpy(next, data, (size_t)(at - data));
        next += at - data;
        memcpy(next, rz_string_data(to), to->length);
        next += to->length;
        data = at + from->length;
    }
    memcpy(next, data, (size_t)(end - data));
    rz_fn_put_string(out, row, target, length);
    return RUZU_OK;
}

static ruzu_status text_replace(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                                const rz_sel *sel, rz_vec *out, rz_error *err)
{
    (void)bound;
    (void)context;
    rz_fn_reader texts = rz_fn_read(args[0]);
    rz_fn_reader froms = rz_fn_read(args[1]);
    rz_fn_reader tos = rz_fn_read(args[2]);
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        uint32_t row = rz_sel_at(sel, idx);
        RZ_TRY(text_replace_row(&RZ_FN_GET(rz_string, texts, row), &RZ_FN_GET(rz_string, froms, row),
                                &RZ_FN_GET(rz_string, tos, row), out, row, err));
    }
    return RUZU_OK;
}

/* Edits by bytes, as in Kuzu: one row of the matrix at a time. */
static ruzu_status text_distance(const rz_string *a, const rz_string *b, rz_fn_context *context, uint32_t *row,
                                 int64_t *out, rz_error *err)
{
    const char *a_data = rz_string_data(a);
    const char *b_data = rz_string_data(b);
    for (uint32_t j = 0; j <= b->length; j++) {
        row[j] = j;
    }
    for (uint32_t i = 0; i < a->length; i++) {
        uint32_t diagonal = row[0];
        row[0] = i + 1;
        for (uint32_t j = 0; j < b->length; j++) {
            uint32_t replaced = diagonal + (a_data[i] != b_data[j]);
            uint32_t shorter = row[j] < row[j + 1] ? row[j] : row[j + 1];
            diagonal = row[j + 1];
            row[j + 1] = replaced < shorter + 1 ? replaced : shorter + 1;
        }
        RZ_TRY(rz_fn_check_interrupt(context, err));
    }
    *out = row[b->length];
    return RUZU_OK;
}

static ruzu_status text_levenshtein(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                                    const rz_sel *sel, rz_vec *out, rz_error *err)
{
    (void)bound;
    rz_fn_reader as = rz_fn_read(args[0]);
    rz_fn_reader bs = rz_fn_read(args[1]);
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        uint32_t row = rz_sel_at(sel, idx);
        const rz_string *b = &RZ_FN_GET(rz_string, bs, row);
        uint32_t *matrix_row = RZ_NEW_ARRAY(context->scratch, uint32_t, (size_t)b->length + 1);
        RZ_TRY_ALLOC(matrix_row, err, "comparing strings");
        RZ_TRY(
            text_distance(&RZ_FN_GET(rz_string, as, row), b, context, matrix_row, &((int64_t *)out->data)[row], err));
    }
    return RUZU_OK;
}

static const rz_fn_def text_defs[] = {
    RZ_FN("ASCII", 0, text_ascii, INT64, RZ_P1(STRING)),
    RZ_FN("CHAR_LENGTH", 0, text_size, INT64, RZ_P1(STRING)),
    RZ_FN("CHR", RZ_FN_CAN_FAIL, text_chr, STRING, RZ_P1(INT64)),
    RZ_FN("CONTAINS", 0, text_contains, BOOL, RZ_P2(STRING, STRING)),
    RZ_FN("ENDS_WITH", 0, text_ends_with, BOOL, RZ_P2(STRING, STRING)),
    RZ_FN("INITCAP", 0, text_initcap, STRING, RZ_P1(STRING)),
    RZ_FN("ISEMPTY", 0, text_is_empty, BOOL, RZ_P1(STRING)),
    RZ_FN("LEVENSHTEIN", 0, text_levenshtein, INT64, RZ_P2(STRING, STRING)),
    RZ_FN("LOWER", 0, text_lower, STRING, RZ_P1(STRING)),
    RZ_FN("LPAD", RZ_FN_CAN_FAIL, text_lpad, STRING, RZ_P3(STRING, INT64, STRING)),
    RZ_FN("LTRIM", 0, text_ltrim, STRING, RZ_P1(STRING)),
    RZ_FN("LTRIM", 0, text_ltrim, STRING, RZ_P2(STRING, STRING)),
    RZ_FN("OCTET_LENGTH", 0, text_octet_length, INT64, RZ_P1(BLOB)),
    RZ_FN("POSITION", 0, text_position, INT64, RZ_P2(STRING, STRING)),
    RZ_FN("REPEAT", RZ_FN_CAN_FAIL, text_repeat, STRING, RZ_P2(STRING, INT64)),
    RZ_FN("REPLACE", RZ_FN_CAN_FAIL, text_replace, STRING, RZ_P3(STRING, STRING, STRING)),
    RZ_FN("REVERSE", 0, text_reverse, STRING, RZ_P1(STRING)),
    RZ_FN("RPAD", RZ_FN_CAN_FAIL, text_rpad, STRING, RZ_P3(STRING, INT64, STRING)),
    RZ_FN("RTRIM", 0, text_rtrim, STRING, RZ_P1(STRING)),
    RZ_FN("RTRIM", 0, text_rtrim, STRING, RZ_P2(STRING, STRING)),
    RZ_FN("SIZE", 0, text_size, INT64, RZ_P1(STRING)),
    RZ_FN("STARTS_WITH", 0, text_starts_with, BOOL, RZ_P2(STRING, STRING)),
    RZ_FN("TRIM", 0, text_trim, STRING, RZ_P1(STRING)),
    RZ_FN("TRIM", 0, text_trim, STRING, RZ_P2(STRING, STRING)),
    RZ_FN("UPPER", 0, text_upper, STRING, RZ_P1(STRING)),
};

RZ_FN_GROUP(rz_fn_text_group, text_defs);
