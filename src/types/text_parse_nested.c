/* SPDX-License-Identifier: MIT */
/*
 * Text of LIST, ARRAY, STRUCT, MAP and UNION values (dialect §9.1). The spelling is Kuzu's, and so are its
 * irregularities:
 *
 *   LIST    [a, b]      an empty element is NULL; quotes around an element protect what is in them and stay part of it
 *   STRUCT  {a: v}      fields by name, missing ones NULL, the last of equal names wins; an empty value is NULL; quotes
 * are taken off MAP     {k=v}       an empty key is an error; an empty value is NULL, but '' for STRING; quotes stay
 *   UNION   v           the first member that accepts the text, BLOB excepted as it would accept nearly all
 *
 * Everywhere brackets nest, quotes inside brackets protect, and `null` in any case is NULL for types other than STRING.
 */
#include "types/text.h"

#define NESTED_MAX_DEPTH 512 /* open brackets inside one value */

static inline void nested_set_valid(rz_vec *vec, uint32_t row)
{
    if (vec->validity != NULL) {
        rz_bit_set(vec->validity, row);
    }
}

/* ---- scanning ---- */

/* A value being taken apart: [at, end) is left. */
typedef struct nested_scan {
    const char *at;
    const char *end;
    char delimiter;
    bool braced;
    bool first; /* nothing was taken yet */
    bool done;
} nested_scan;

typedef struct nested_slice {
    const char *data;
    size_t length;
} nested_slice;

typedef enum nested_step {
    NESTED_END,
    NESTED_ITEM,
    NESTED_MALFORMED
} nested_step;

static bool nested_is_quote(char c)
{
    return c == '\'' || c == '"';
}

static void nested_skip_blanks(nested_scan *scan)
{
    while (scan->at < scan->end && rz_text_is_space(*scan->at)) {
        scan->at++;
    }
}

/* From an opening quote to behind the closing one; stays and says false when there is none. */
static bool nested_skip_quotes(nested_scan *scan)
{
    const char *close = (const char *)memchr(scan->at + 1, *scan->at, (size_t)(scan->end - scan->at - 1));
    if (close == NULL) {
        return false;
    }
    scan->at = close + 1;
    return true;
}

/* True at the beginning of an element, field value or key. */
static bool nested_begins_token(const char *begin, const char *at)
{
    while (at > begin && rz_text_is_space(at[-1])) {
        at--;
    }
    return at > begin && strchr("[{,:=", at[-1]) != NULL && at[-1] != '\0';
}

/* One attempt of nested_skip_brackets: with `anywhere`, single quotes protect wherever they stand and have to be
 * closed; with `tokens`, quotes that begin an element, value or key protect when they are closed. */
static bool nested_match_brackets(nested_scan *scan, bool anywhere, bool tokens)
{
    char closers[NESTED_MAX_DEPTH];
    uint32_t depth = 0;
    const char *begin = scan->at;
    while (scan->at < scan->end) {
        char c = *scan->at;
        if (c == '\'' && anywhere) {
            if (!nested_skip_quotes(scan)) {
                return false;
            }
            continue;
        }
        if (tokens && nested_is_quote(c) && nested_begins_token(begin, scan->at) && nested_skip_quotes(scan)) {
            continue;
        }
        scan->at++;
        if (c == '[' || c == '{') {
            if (depth == NESTED_MAX_DEPTH) {
                return false;
            }
            closers[depth++] = c == '[' ? ']' : '}';
        } else if (c == closers[depth - 1]) { /* depth > 0: the first character opened one */
            if (--depth == 0) {
                return true;
            }
        }
    }
    return false;
}

/* From an opening bracket to behind the one that closes it. In Kuzu any single quote protects and double quotes never
 * do. Here double quotes do where that makes sense; single ones are apostrophes where nothing else makes sense. */
static bool nested_skip_brackets(nested_scan *scan)
{
    const char *begin = scan->at;
    if (nested_match_brackets(scan, true, true)) {
        return true;
    }
    scan->at = begin;
    if (nested_match_brackets(scan, true, false)) {
        return true;
    }
    scan->at = begin;
    return nested_match_brackets(scan, false, true);
}

static nested_slice nested_slice_make(const char *begin, const char *end)
{
    nested_slice slice = {begin, (size_t)(end - begin)};
    rz_text_trim(&slice.data, &slice.length);
    return slice;
}

/* The closing bracket stands at scan->at: only blanks may follow. */
static bool nested_close(nested_scan *scan)
{
    scan->at++;
    scan->done = true;
    nested_skip_blanks(scan);
    return scan->at == scan->end;
}

static bool nested_list_begin(const char *text, size_t length, const rz_text_reader *reader, nested_scan *scan)
{
    nested_slice whole = nested_slice_make(text, text + length);
    scan->at = whole.data;
    scan->end = whole.data + whole.length;
    scan->delimiter = reader->delimiter;
    scan->first = true;
    scan->done = false;
    scan->braced = whole.length != 0 && *whole.data == '[';
    if (reader->list_unbraced && scan->braced) {
        nested_scan probe = *scan; /* [a];[b] begins and ends with brackets too */
        scan->braced = nested_skip_brackets(&probe) && probe.at == scan->end;
    }
    if (scan->braced) {
        scan->at++;
        return true;
    }
    return reader->list_unbraced;
}

/* The next element. */
static nested_step nested_list_next(nested_scan *scan, nested_slice *out)
{
    if (scan->done) {
        return NESTED_END;
    }
    nested_skip_blanks(scan);
    const char *begin = scan->at;
    while (scan->at < scan->end) {
        char c = *scan->at;
        if (c == '[' || c == '{') {
            if (!nested_skip_brackets(scan)) {
                return NESTED_MALFORMED;
            }
        } else if (nested_is_quote(c) && scan->at == begin) {
            if (!nested_skip_quotes(scan)) {
                scan->at++; /* an apostrophe */
            }
        } else if (c == scan->delimiter) {
            *out = nested_slice_make(begin, scan->at);
            scan->at++;
            scan->first = false;
            return NESTED_ITEM;
        } else if (c == ']' && scan->braced) {
            *out = nested_slice_make(begin, scan->at);
            bool empty = scan->first && out->length == 0;
            if (!nested_close(scan)) {
                return NESTED_MALFORMED;
            }
            return empty ? NESTED_END : NESTED_ITEM;
        } else {
            scan->at++;
        }
    }
    *out = nested_slice_make(begin, scan->end);
    scan->done = true;
    if (scan->braced) {
        return NESTED_MALFORMED;
    }
    return scan->first && out->length == 0 ? NESTED_END : NESTED_ITEM;
}

/* The inside of { … }; false when the text does not begin so. */
static bool nested_fields_begin(const char *text, size_t length, char delimiter, nested_scan *scan)
{
    nested_slice whole = nested_slice_make(text, text + length);
    scan->at = whole.data;
    scan->end = whole.data + whole.length;
    scan->delimiter = delimiter;
    scan->braced = true;
    scan->first = true;
    scan->done = false;
    if (whole.length == 0 || *whole.data != '{') {
        return false;
    }
    scan->at++;
    return true;
}

/* Up to `stop` (or '}' when that is also wanted) outside of quotes and brackets. */
static bool nested_skip_part(nested_scan *scan, char stop, bool or_close)
{
    while (scan->at < scan->end) {
        char c = *scan->at;
        if (c == stop || (c == '}' && or_close)) {
            return true;
        }
        if (nested_is_quote(c)) {
            if (!nested_skip_quotes(scan)) {
                scan->at++; /* an apostrophe */
            }
        } else if (c == '[' || c == '{') {
            if (!nested_skip_brackets(scan)) {
                return false;
            }
        } else {
            scan->at++;
        }
    }
    return false;
}

/* Up to the ':' behind a field name, which only quotes around all of it protect. */
static bool nested_skip_name(nested_scan *scan)
{
    nested_skip_blanks(scan);
    if (scan->at < scan->end && nested_is_quote(*scan->at)) {
        (void)nested_skip_quotes(scan);
    }
    const char *colon = (const char *)memchr(scan->at, scan->delimiter, (size_t)(scan->end - scan->at));
    scan->at = colon == NULL ? scan->end : colon;
    return colon != NULL;
}

/* The next name and value of a STRUCT (delimiter ':') or key and value of a MAP ('='). When the text is malformed
 * behind a name, that is set; else its data is NULL. */
static nested_step nested_fields_next(nested_scan *scan, nested_slice *out_name, nested_slice *out_value)
{
    out_name->data = NULL;
    if (scan->done) {
        return NESTED_END;
    }
    nested_skip_blanks(scan);
    if (scan->first && scan->at < scan->end && *scan->at == '}') {
        return nested_close(scan) ? NESTED_END : NESTED_MALFORMED;
    }
    scan->first = false;
    const char *begin = scan->at;
    if (scan->delimiter == ':' ? !nested_skip_name(scan) : !nested_skip_part(scan, scan->delimiter, false)) {
        return NESTED_MALFORMED;
    }
    *out_name = nested_slice_make(begin, scan->at);
    begin = ++scan->at;
    if (!nested_skip_part(scan, ',', true)) {
        return NESTED_MALFORMED;
    }
    *out_value = nested_slice_make(begin, scan->at);
    if (*scan->at == ',') {
        scan->at++;
        return NESTED_ITEM;
    }
    return nested_close(scan) ? NESTED_ITEM : NESTED_MALFORMED;
}

/* ---- elements ---- */

static bool nested_is_null_word(nested_slice slice)
{
    return slice.length == 4 && rz_name_equal_n(slice.data, slice.length, "null", 4);
}

/* A list element, field or key: NULL or a value. */
static ruzu_status nested_read_item(nested_slice slice, bool empty_is_null, const rz_text_reader *reader, rz_vec *vec,
                                    uint32_t row, rz_error *err)
{
    bool is_text = vec->type->id == RUZU_TYPE_STRING;
    if ((slice.length == 0 && (empty_is_null || !is_text)) || (!is_text && nested_is_null_word(slice))) {
        rz_vec_set_null(vec, row);
        return RUZU_OK;
    }
    return rz_text_read_value(slice.data, slice.length, reader, vec, row, err);
}

/* ---- lists ---- */

static ruzu_status nested_read_list(const char *text, size_t length, const rz_text_reader *reader, rz_vec *vec,
                                    uint32_t row, rz_error *err)
{
    nested_scan scan;
    nested_slice item;
    nested_step step = NESTED_MALFORMED;
    uint64_t count = 0;
    if (nested_list_begin(text, length, reader, &scan)) {
        nested_scan counting = scan;
        while ((step = nested_list_next(&counting, &item)) == NESTED_ITEM) {
            count++;
        }
    }
    bool is_array = vec->type->id == RUZU_TYPE_ARRAY;
    if (is_array && count != vec->type->array_length) {
        return rz_error_set(err, RUZU_ERROR_CONVERSION,
                            "Each array should have fixed number of elements. Expected: %lu, Actual: %lu.",
                            (unsigned long)vec->type->array_length, (unsigned long)count);
    }
    if (step == NESTED_MALFORMED) {
        return rz_text_not_in_range(text, length, vec, err);
    }
    if (count > UINT32_MAX) {
        return rz_error_set(err, RUZU_ERROR_LIMIT, "A list has more than %lu elements.", (unsigned long)UINT32_MAX);
    }
    uint32_t offset = 0;
    RZ_TRY(rz_vec_list_reserve(vec, (uint32_t)count, &offset, err));
    rz_list_entry entry = {offset, (uint32_t)count};
    ((rz_list_entry *)vec->data)[row] = entry;
    nested_set_valid(vec, row);
    for (uint32_t i = 0; nested_list_next(&scan, &item) == NESTED_ITEM; i++) {
        RZ_TRY(nested_read_item(item, true, reader, vec->children[0], offset + i, err));
    }
    return RUZU_OK;
}

/* ---- structs ---- */

static int64_t nested_find_field(const rz_type *type, nested_slice name, uint32_t expected)
{
    for (uint32_t i = 0; i < type->field_count; i++) { /* fields mostly come in order */
        uint32_t idx = (expected + i) % type->field_count;
        const char *candidate = type->fields[idx].name;
        if (rz_name_equal_n(name.data, name.length, candidate, strlen(candidate))) {
            return idx;
        }
    }
    return -1;
}

static nested_slice nested_unquote(nested_slice slice)
{
    if (slice.length >= 2 && nested_is_quote(slice.data[0]) && slice.data[slice.length - 1] == slice.data[0]) {
        slice.data++;
        slice.length -= 2;
    }
    return slice;
}

static ruzu_status nested_read_struct(const char *text, size_t length, const rz_text_reader *reader, rz_vec *vec,
                                      uint32_t row, rz_error *err)
{
    const rz_type *type = vec->type;
    nested_scan scan;
    if (!nested_fields_begin(text, length, ':', &scan)) {
        return rz_text_not_in_range(text, length, vec, err);
    }
    rz_vec_set_valid(vec, row);
    for (uint32_t i = 0; i < type->field_count; i++) {
        rz_vec_set_null(vec->children[i], row);
    }
    nested_slice name, value;
    uint32_t expected = 0;
    while (true) {
        nested_step step = nested_fields_next(&scan, &name, &value);
        if (step == NESTED_END) {
            return RUZU_OK;
        }
        if (name.data == NULL) {
            return rz_text_not_in_range(text, length, vec, err);
        }
        name = nested_unquote(name);
        int64_t idx = nested_find_field(type, name, expected);
        if (idx < 0) {
            return rz_error_set(err, RUZU_ERROR_PARSER, "Invalid struct field name: %.*s", rz_text_shown(name.length),
                                name.data);
        }
        if (step == NESTED_MALFORMED) {
            return rz_text_not_in_range(text, length, vec, err);
        }
        expected = (uint32_t)idx + 1;
        RZ_TRY(nested_read_item(nested_unquote(value), true, reader, vec->children[idx], row, err));
    }
}

/* ---- maps ---- */

/* A table of the keys seen so far, by the hash of their row form. */
static ruzu_status nested_find_duplicate(const rz_vec *keys, uint32_t offset, uint32_t count, bool *out_found,
                                         rz_error *err)
{
    *out_found = false;
    uint64_t slot_count = 16;
    while (slot_count < (uint64_t)count * 2) {
        slot_count *= 2;
    }
    uint32_t *slots = RZ_NEW_ARRAY(keys->heap, uint32_t, slot_count); /* position + 1, 0: free */
    RZ_TRY_ALLOC(slots, err, "reading a MAP");
    uint8_t *bytes = NULL;
    size_t capacity = 0;
    for (uint32_t i = 0; i < count; i++) {
        size_t size = rz_row_value_size(keys, offset + i);
        if (size > capacity) {
            bytes = (uint8_t *)rz_arena_alloc(keys->heap, size * 2);
            RZ_TRY_ALLOC(bytes, err, "reading a MAP");
            capacity = size * 2;
        }
        rz_row_value_write(keys, offset + i, bytes);
        uint64_t slot = rz_hash_bytes(bytes, size) & (slot_count - 1);
        for (; slots[slot] != 0; slot = (slot + 1) & (slot_count - 1)) {
            if (rz_vec_equal(keys, offset + slots[slot] - 1, keys, offset + i)) {
                *out_found = true;
                return RUZU_OK;
            }
        }
        slots[slot] = i + 1;
    }
    return RUZU_OK;
}

static ruzu_status nested_check_keys(const rz_vec *keys, uint32_t offset, uint32_t count, rz_error *err)
{
    bool found = false;
    if (count > 16) {
        RZ_TRY(nested_find_duplicate(keys, offset, count, &found, err));
    } else {
        for (uint32_t i = 1; i < count && !found; i++) {
            for (uint32_t j = 0; j < i && !found; j++) {
                found = rz_vec_equal(keys, offset + i, keys, offset + j);
            }
        }
    }
    return found ? rz_error_set(err, RUZU_ERROR_CONVERSION, "Map does not allow duplicate keys.") : RUZU_OK;
}

static ruzu_status nested_read_map(const char *text, size_t length, const rz_text_reader *reader, rz_vec *vec,
                                   uint32_t row, rz_error *err)
{
    nested_scan scan;
    nested_slice key, value;
    nested_step step = NESTED_MALFORMED;
    uint64_t count = 0;
    if (nested_fields_begin(text, length, '=', &scan)) {
        nested_scan counting = scan;
        while ((step = nested_fields_next(&counting, &key, &value)) == NESTED_ITEM) {
            count++;
        }
    }
    if (step == NESTED_MALFORMED || count > UINT32_MAX) {
        return rz_text_not_in_range(text, length, vec, err);
    }
    uint32_t offset = 0;
    RZ_TRY(rz_vec_list_reserve(vec, (uint32_t)count, &offset, err));
    rz_list_entry entry = {offset, (uint32_t)count};
    ((rz_list_entry *)vec->data)[row] = entry;
    nested_set_valid(vec, row);
    rz_vec *pairs = vec->children[0];
    for (uint32_t i = 0; nested_fields_next(&scan, &key, &value) == NESTED_ITEM; i++) {
        rz_vec_set_valid(pairs, offset + i);
        RZ_TRY(nested_read_item(key, true, reader, pairs->children[0], offset + i, err));
        if (rz_vec_is_null(pairs->children[0], offset + i)) {
            return rz_error_set(err, RUZU_ERROR_CONVERSION, "Map does not allow null as key.");
        }
        RZ_TRY(nested_read_item(value, false, reader, pairs->children[1], offset + i, err));
    }
    return nested_check_keys(pairs->children[0], offset, (uint32_t)count, err);
}

/* ---- unions ---- */

static ruzu_status nested_read_union(const char *text, size_t length, const rz_text_reader *reader, rz_vec *vec,
                                     uint32_t row, rz_error *err)
{
    const rz_type *type = vec->type;
    rz_text_reader strict = *reader; /* 007 is a text where a number is only one of the choices */
    strict.kuzu_numbers = true;
    rz_vec_set_valid(vec, row);
    for (uint32_t i = 0; i < type->field_count; i++) {
        rz_vec_set_null(vec->children[1 + i], row);
    }
    for (uint32_t i = 0; i < type->field_count; i++) {
        rz_vec *member = vec->children[1 + i];
        if (member->type->id == RUZU_TYPE_BLOB && type->field_count > 1) {
            continue;
        }
        ruzu_status status = rz_text_read_value(text, length, &strict, member, row, NULL);
        if (status == RUZU_OK) {
            ((uint8_t *)vec->children[0]->data)[row] = (uint8_t)i;
            nested_set_valid(vec->children[0], row);
            return RUZU_OK;
        }
        if (status == RUZU_ERROR_NO_MEMORY) {
            return rz_error_no_memory(err, "reading a UNION");
        }
        rz_vec_set_null(member, row);
    }
    if (err == NULL) {
        return RUZU_ERROR_CONVERSION;
    }
    rz_str name;
    rz_str_init(&name, vec->heap->mem);
    rz_type_format(type, &name);
    ruzu_status status = rz_error_set(err, RUZU_ERROR_CONVERSION, "Could not convert to union type %s: %.*s.",
                                      rz_str_text(&name), rz_text_shown(length), text);
    rz_str_free(&name);
    return status;
}

ruzu_status rz_text_read_nested(const char *text, size_t length, const rz_text_reader *reader, rz_vec *vec,
                                uint32_t row, rz_error *err)
{
    switch ((int)vec->type->id) {
    case RUZU_TYPE_STRUCT: return nested_read_struct(text, length, reader, vec, row, err);
    case RUZU_TYPE_MAP: return nested_read_map(text, length, reader, vec, row, err);
    case RUZU_TYPE_UNION: return nested_read_union(text, length, reader, vec, row, err);
    default: return nested_read_list(text, length, reader, vec, row, err);
    }
}
