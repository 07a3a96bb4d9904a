/* SPDX-License-Identifier: MIT */
/*
 * Vectors as bytes for the log: by column, compact, self-delimiting for a known type and number of rows.
 *
 *   column of n rows; a byte with flags, and for n > 0:
 *     flags       1: NULLs, a bitmap of ⌈m / 8⌉ bytes follows, bit 1 = a value; 2: constant, one row stands for all (m = 1, else m = n)
 *     then of the v rows that are not NULL
 *     fixed size  the values, little-endian, one after the other
 *     STRING, BLOB   v lengths, then the bytes of all
 *     LIST, MAP   v lengths, then a column of all elements
 *     ARRAY       a column of v × length elements
 *     STRUCT      per field a column of v rows
 *     UNION       v tags of one byte, then per member a column of the rows with its tag
 *   A length has 7 bits a byte, lowest first; the top bit says that more follow (at most 5 bytes).
 *
 * Each row takes at least one bit, so that what a decoder allocates is bounded by the bytes it was given: ANY and STRUCTs without fields always have the bitmap, and
 * elements of lists are never constant.
 */
#include "types/vec_base.h"

#define CODE_NULLS    1u
#define CODE_CONSTANT 2u

/* ---- encoding ---- */

typedef struct vec_encoder {
    rz_str *out;
    rz_arena scratch; /* lists of rows */
} vec_encoder;

static void code_column(vec_encoder *encoder, const rz_vec *vec, const uint32_t *rows, uint32_t count, bool may_be_constant);

static void code_put_length(rz_str *out, uint32_t length)
{
    char bytes[5];
    size_t size = 0;
    while (length >= 0x80) {
        bytes[size++] = (char)(uint8_t)(length | 0x80);
        length >>= 7;
    }
    bytes[size++] = (char)(uint8_t)length;
    rz_str_append(out, bytes, size);
}

static uint32_t *code_rows(vec_encoder *encoder, uint64_t count)
{
    uint32_t *rows = RZ_NEW_ARRAY(&encoder->scratch, uint32_t, (size_t)count + 1);
    if (rows == NULL) {
        encoder->out->failed = true;
    }
    return rows;
}

static bool code_always_has_bitmap(const rz_type *type)
{
    return type->physical == RZ_PHYS_NONE || (type->physical == RZ_PHYS_STRUCT && type->field_count == 0);
}

/* rows: positions in base of values that are not NULL. */
static void code_put_fixed(rz_str *out, const rz_vec *base, const uint32_t *rows, uint32_t count)
{
    uint32_t size = rz_type_size(base->type);
    if (!rz_str_reserve(out, (size_t)size * count)) {
        return;
    }
    const char *data = (const char *)base->data;
    for (uint32_t i = 0; i < count; i++) {
        rz_str_append(out, data + (size_t)rows[i] * size, size);
    }
}

static void code_put_strings(rz_str *out, const rz_vec *base, const uint32_t *rows, uint32_t count)
{
    const rz_string *data = (const rz_string *)base->data;
    for (uint32_t i = 0; i < count; i++) {
        code_put_length(out, data[rows[i]].length);
    }
    for (uint32_t i = 0; i < count; i++) {
        rz_str_append(out, rz_string_data(&data[rows[i]]), data[rows[i]].length);
    }
}

static void code_put_lists(vec_encoder *encoder, const rz_vec *base, const uint32_t *rows, uint32_t count)
{
    const rz_list_entry *entries = (const rz_list_entry *)base->data;
    uint64_t total = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (base->type->id != RUZU_TYPE_ARRAY) {
            code_put_length(encoder->out, entries[rows[i]].length);
        }
        total += entries[rows[i]].length;
    }
    if (total > UINT32_MAX) { /* elements that several rows share, each counted: more than a vector of its own can hold */
        encoder->out->failed = true;
        return;
    }
    uint32_t *elements = code_rows(encoder, total);
    if (elements == NULL) {
        return;
    }
    uint32_t filled = 0;
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t k = 0; k < entries[rows[i]].length; k++) {
            elements[filled++] = entries[rows[i]].offset + k;
        }
    }
    code_column(encoder, base->children[0], elements, filled, false);
}

static void code_put_union(vec_encoder *encoder, const rz_vec *base, const uint32_t *rows, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        uint32_t tag = 0;
        (void)vec_union_member(base, rows[i], &tag);
        rz_str_append_char(encoder->out, (char)(uint8_t)tag);
    }
    uint32_t *mine = code_rows(encoder, count);
    for (uint32_t member = 0; mine != NULL && member + 1 < base->child_count; member++) {
        uint32_t kept = 0;
        for (uint32_t i = 0; i < count; i++) {
            uint32_t tag = 0;
            (void)vec_union_member(base, rows[i], &tag);
            mine[kept] = rows[i];
            kept += tag == member;
        }
        code_column(encoder, base->children[member + 1], mine, kept, true);
    }
}

static void code_put_values(vec_encoder *encoder, const rz_vec *base, const uint32_t *rows, uint32_t count)
{
    switch ((rz_physical)base->type->physical) {
    case RZ_PHYS_NONE: return;
    case RZ_PHYS_STRING: code_put_strings(encoder->out, base, rows, count); return;
    case RZ_PHYS_LIST: code_put_lists(encoder, base, rows, count); return;
    case RZ_PHYS_STRUCT:
        if (base->type->id == RUZU_TYPE_UNION) {
            code_put_union(encoder, base, rows, count);
            return;
        }
        for (uint32_t i = 0; i < base->child_count; i++) {
            code_column(encoder, base->children[i], rows, count, true);
        }
        return;
    case RZ_PHYS_BOOL:
    case RZ_PHYS_INT8:
    case RZ_PHYS_INT16:
    case RZ_PHYS_INT32:
    case RZ_PHYS_INT64:
    case RZ_PHYS_INT128:
    case RZ_PHYS_UINT8:
    case RZ_PHYS_UINT16:
    case RZ_PHYS_UINT32:
    case RZ_PHYS_UINT64:
    case RZ_PHYS_FLOAT:
    case RZ_PHYS_DOUBLE:
    case RZ_PHYS_INTERVAL:
    case RZ_PHYS_REL: code_put_fixed(encoder->out, base, rows, count); return;
    }
}

static void code_put_sequence(rz_str *out, const rz_vec *vec, const uint32_t *rows, uint32_t count)
{
    rz_str_append_char(out, 0);
    for (uint32_t i = 0; i < count; i++) {
        char bytes[8];
        rz_store_u64(bytes, (uint64_t)vec_sequence_at(vec, rows[i]));
        rz_str_append(out, bytes, sizeof bytes);
    }
}

/* Writes the flags and the bitmap; moves the rows that are not NULL to the front of rows and returns how many. */
static uint32_t code_put_nulls(rz_str *out, const rz_vec *base, uint32_t *rows, uint32_t count, uint32_t flags)
{
    uint32_t valid = 0;
    for (uint32_t i = 0; i < count; i++) {
        valid += !vec_base_is_null(base, rows[i]);
    }
    if (valid == count && !code_always_has_bitmap(base->type)) {
        rz_str_append_char(out, (char)(uint8_t)flags);
        return count;
    }
    rz_str_append_char(out, (char)(uint8_t)(flags | CODE_NULLS));
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i += 8) {
        uint32_t bits = 0;
        for (uint32_t k = 0; k < 8 && i + k < count; k++) {
            uint32_t row = rows[i + k];
            if (!vec_base_is_null(base, row)) {
                bits |= 1u << k;
                rows[kept++] = row;
            }
        }
        rz_str_append_char(out, (char)(uint8_t)bits);
    }
    return kept;
}

static void code_column(vec_encoder *encoder, const rz_vec *vec, const uint32_t *rows, uint32_t count, bool may_be_constant)
{
    if (count == 0) {
        rz_str_append_char(encoder->out, 0);
        return;
    }
    if (vec->kind == RZ_VEC_SEQUENCE) {
        code_put_sequence(encoder->out, vec, rows, count);
        return;
    }
    const rz_vec *base = vec->kind == RZ_VEC_DICTIONARY ? vec->dictionary : vec;
    bool constant = base->kind == RZ_VEC_CONSTANT;
    uint32_t coded = constant && may_be_constant ? 1 : count;
    uint32_t *at = code_rows(encoder, coded);
    if (at == NULL) {
        return;
    }
    for (uint32_t i = 0; i < coded; i++) {
        at[i] = constant ? 0 : vec->kind == RZ_VEC_DICTIONARY ? vec->index[rows[i]] : rows[i];
    }
    uint32_t valid = code_put_nulls(encoder->out, base, at, coded, coded == count ? 0 : CODE_CONSTANT);
    if (valid != 0) {
        code_put_values(encoder, base, at, valid);
    }
}

void rz_vec_encode(const rz_vec *vec, const rz_sel *sel, rz_str *out)
{
    vec_encoder encoder = {.out = out};
    rz_arena_init(&encoder.scratch, out->mem);
    uint32_t *rows = code_rows(&encoder, sel->count);
    if (rows != NULL) {
        for (uint32_t i = 0; i < sel->count; i++) {
            rows[i] = rz_sel_at(sel, i);
        }
        code_column(&encoder, vec, rows, sel->count, true);
    }
    rz_arena_free(&encoder.scratch);
}

/* ---- decoding ---- */

typedef struct vec_decoder {
    rz_reader *reader;
    rz_arena *arena;
    rz_error *err;
} vec_decoder;

/* rows: where in vec the values belong (NULL: 0, 1, …). Every vector is filled once. */
static ruzu_status vec_decode_column(vec_decoder *decoder, rz_vec *vec, const uint32_t *rows, uint32_t count, bool may_be_constant);

static RZ_COLD ruzu_status vec_decode_corrupt(vec_decoder *decoder, const char *what)
{
    return rz_error_set(decoder->err, RUZU_ERROR_CORRUPT, "corrupt record: %s", what);
}

/* Whether what is left can hold that many rows, at a bit each. */
static bool vec_decode_has_rows(const rz_reader *reader, uint64_t count)
{
    return !reader->failed && (count + 7) / 8 <= reader->size - reader->off;
}

static uint32_t vec_decode_length(rz_reader *reader)
{
    uint64_t length = 0;
    for (uint32_t shift = 0; shift < 35; shift += 7) {
        uint8_t byte = rz_read_u8(reader);
        length |= (uint64_t)(byte & 0x7fu) << shift;
        if ((byte & 0x80u) == 0) {
            if (length > UINT32_MAX) {
                break;
            }
            return (uint32_t)length;
        }
    }
    reader->failed = true;
    return 0;
}

static inline uint32_t vec_decode_row(const uint32_t *rows, uint32_t idx)
{
    return rows == NULL ? idx : rows[idx];
}

/* Row `from` to the other rows too; text and elements are shared. */
static void vec_decode_repeat(rz_vec *vec, const uint32_t *rows, uint32_t count)
{
    uint32_t from = vec_decode_row(rows, 0);
    if (rz_vec_is_null(vec, from)) {
        for (uint32_t i = 1; i < count; i++) {
            rz_vec_set_null(vec, vec_decode_row(rows, i));
        }
        return;
    }
    if (vec->type->physical == RZ_PHYS_STRUCT) {
        for (uint32_t i = 0; i < vec->child_count; i++) {
            vec_decode_repeat(vec->children[i], rows, count);
        }
        return;
    }
    size_t size = rz_type_size(vec->type);
    char *data = (char *)vec->data;
    for (uint32_t i = 1; i < count; i++) {
        memcpy(data + vec_decode_row(rows, i) * size, data + from * size, size);
    }
}

static ruzu_status vec_decode_fixed(vec_decoder *decoder, rz_vec *vec, const uint32_t *rows, uint32_t count)
{
    size_t size = rz_type_size(vec->type);
    const char *bytes = count > SIZE_MAX / size ? NULL : (const char *)rz_read_bytes(decoder->reader, size * count);
    if (bytes == NULL) {
        return vec_decode_corrupt(decoder, "values end early");
    }
    if (vec->type->physical == RZ_PHYS_BOOL) {
        for (uint32_t i = 0; i < count; i++) {
            if ((uint8_t)bytes[i] > 1) {
                return vec_decode_corrupt(decoder, "a truth value is neither 0 nor 1");
            }
        }
    }
    char *data = (char *)vec->data;
    if (rows == NULL) {
        memcpy(data, bytes, size * count);
        return RUZU_OK;
    }
    for (uint32_t i = 0; i < count; i++) {
        memcpy(data + rows[i] * size, bytes + i * size, size);
    }
    return RUZU_OK;
}

static ruzu_status vec_decode_strings(vec_decoder *decoder, rz_vec *vec, const uint32_t *rows, uint32_t count)
{
    rz_reader lengths = *decoder->reader;
    for (uint32_t i = 0; i < count; i++) {
        (void)vec_decode_length(decoder->reader);
    }
    for (uint32_t i = 0; i < count; i++) {
        uint32_t length = vec_decode_length(&lengths);
        const char *text = (const char *)rz_read_bytes(decoder->reader, length);
        if (text == NULL) {
            return vec_decode_corrupt(decoder, "text ends early");
        }
        if (vec->type->id == RUZU_TYPE_STRING && !rz_utf8_valid(text, length)) {
            return vec_decode_corrupt(decoder, "text is not UTF-8");
        }
        RZ_TRY(rz_vec_set_string(vec, vec_decode_row(rows, i), text, length, decoder->err));
    }
    return RUZU_OK;
}

static ruzu_status vec_decode_lists(vec_decoder *decoder, rz_vec *vec, const uint32_t *rows, uint32_t count)
{
    rz_list_entry *entries = (rz_list_entry *)vec->data;
    bool array = vec->type->id == RUZU_TYPE_ARRAY;
    uint64_t total = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t length = array ? vec->type->array_length : vec_decode_length(decoder->reader);
        entries[vec_decode_row(rows, i)] = (rz_list_entry){(uint32_t)total, length};
        total += length;
        if (total > UINT32_MAX || !vec_decode_has_rows(decoder->reader, total)) {
            return vec_decode_corrupt(decoder, "lists have more elements than there are bytes");
        }
    }
    uint32_t first = 0;
    RZ_TRY(rz_vec_list_reserve(vec, (uint32_t)total, &first, decoder->err));
    RZ_ASSERT(first == 0);
    return vec_decode_column(decoder, vec->children[0], NULL, (uint32_t)total, false);
}

static ruzu_status vec_decode_union(vec_decoder *decoder, rz_vec *vec, const uint32_t *rows, uint32_t count)
{
    const uint8_t *tags = (const uint8_t *)rz_read_bytes(decoder->reader, count);
    if (tags == NULL) {
        return vec_decode_corrupt(decoder, "tags of a union end early");
    }
    uint8_t *tag_data = (uint8_t *)vec->children[0]->data;
    uint32_t *mine = RZ_NEW_ARRAY(decoder->arena, uint32_t, (size_t)count + 1);
    RZ_TRY_ALLOC(mine, decoder->err, "reading a record");
    for (uint32_t i = 0; i < count; i++) {
        if ((uint32_t)tags[i] + 1 >= vec->child_count) {
            return vec_decode_corrupt(decoder, "the tag of a union names no member");
        }
        tag_data[vec_decode_row(rows, i)] = tags[i];
    }
    for (uint32_t member = 0; member + 1 < vec->child_count; member++) {
        rz_vec *child = vec->children[member + 1];
        uint32_t kept = 0;
        for (uint32_t i = 0; i < count; i++) {
            if (tags[i] == member) {
                mine[kept++] = vec_decode_row(rows, i);
            } else {
                rz_vec_set_null(child, vec_decode_row(rows, i));
            }
        }
        RZ_TRY(vec_decode_column(decoder, child, mine, kept, true));
    }
    return RUZU_OK;
}

static ruzu_status vec_decode_values(vec_decoder *decoder, rz_vec *vec, const uint32_t *rows, uint32_t count)
{
    switch ((rz_physical)vec->type->physical) {
    case RZ_PHYS_NONE: return vec_decode_corrupt(decoder, "a value of no type");
    case RZ_PHYS_STRING: return vec_decode_strings(decoder, vec, rows, count);
    case RZ_PHYS_LIST: return vec_decode_lists(decoder, vec, rows, count);
    case RZ_PHYS_STRUCT:
        if (vec->type->id == RUZU_TYPE_UNION) {
            return vec_decode_union(decoder, vec, rows, count);
        }
        for (uint32_t i = 0; i < vec->child_count; i++) {
            RZ_TRY(vec_decode_column(decoder, vec->children[i], rows, count, true));
        }
        return RUZU_OK;
    case RZ_PHYS_BOOL:
    case RZ_PHYS_INT8:
    case RZ_PHYS_INT16:
    case RZ_PHYS_INT32:
    case RZ_PHYS_INT64:
    case RZ_PHYS_INT128:
    case RZ_PHYS_UINT8:
    case RZ_PHYS_UINT16:
    case RZ_PHYS_UINT32:
    case RZ_PHYS_UINT64:
    case RZ_PHYS_FLOAT:
    case RZ_PHYS_DOUBLE:
    case RZ_PHYS_INTERVAL:
    case RZ_PHYS_REL: return vec_decode_fixed(decoder, vec, rows, count);
    }
    return vec_decode_corrupt(decoder, "unknown type");
}

/* Reads a bitmap, sets the NULLs and lists the other rows. */
static ruzu_status vec_decode_nulls(vec_decoder *decoder, rz_vec *vec, const uint32_t *rows, uint32_t count, uint32_t **out_valid, uint32_t *out_count)
{
    *out_count = 0;
    *out_valid = NULL;
    const uint8_t *bits = (const uint8_t *)rz_read_bytes(decoder->reader, ((size_t)count + 7) / 8);
    if (bits == NULL) {
        return vec_decode_corrupt(decoder, "NULL marks end early");
    }
    uint32_t *valid = RZ_NEW_ARRAY(decoder->arena, uint32_t, (size_t)count + 1);
    RZ_TRY_ALLOC(valid, decoder->err, "reading a record");
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++) {
        if ((bits[i / 8] >> (i % 8)) & 1u) {
            valid[kept++] = vec_decode_row(rows, i);
        } else if (vec->type->physical != RZ_PHYS_NONE) {
            rz_vec_set_null(vec, vec_decode_row(rows, i));
        }
    }
    *out_valid = valid;
    *out_count = kept;
    return RUZU_OK;
}

static ruzu_status vec_decode_column(vec_decoder *decoder, rz_vec *vec, const uint32_t *rows, uint32_t count, bool may_be_constant)
{
    uint8_t flags = rz_read_u8(decoder->reader);
    bool constant = (flags & CODE_CONSTANT) != 0;
    uint32_t coded = constant ? 1 : count;
    if (decoder->reader->failed || (flags & ~(CODE_NULLS | CODE_CONSTANT)) != 0 || (constant && (!may_be_constant || count == 0)) ||
        (count == 0 && flags != 0) || (count != 0 && code_always_has_bitmap(vec->type) && (flags & CODE_NULLS) == 0)) {
        return vec_decode_corrupt(decoder, "unknown form of a column");
    }
    if (!vec_decode_has_rows(decoder->reader, coded)) {
        return vec_decode_corrupt(decoder, "a column ends early");
    }
    const uint32_t *valid_rows = rows;
    uint32_t valid = coded;
    if (flags & CODE_NULLS) {
        uint32_t *kept = NULL;
        RZ_TRY(vec_decode_nulls(decoder, vec, rows, coded, &kept, &valid));
        valid_rows = kept;
    }
    if (valid != 0) {
        RZ_TRY(vec_decode_values(decoder, vec, valid_rows, valid));
    }
    if (constant && vec->type->physical != RZ_PHYS_NONE) {
        vec_decode_repeat(vec, rows, count);
    }
    return RUZU_OK;
}

ruzu_status rz_vec_decode(rz_reader *reader, const rz_type *type, uint32_t count, rz_arena *arena, rz_vec **out, rz_error *err)
{
    *out = NULL;
    vec_decoder decoder = {reader, arena, err};
    if (rz_type_depth(type) > RZ_TYPE_MAX_DEPTH) {
        return vec_decode_corrupt(&decoder, "the type of a column is nested too deep");
    }
    rz_vec *vec = NULL;
    RZ_TRY(rz_vec_create(arena, arena, type, count, &vec, err));
    RZ_TRY(vec_decode_column(&decoder, vec, NULL, count, true));
    *out = vec;
    return RUZU_OK;
}

#undef CODE_NULLS
#undef CODE_CONSTANT
