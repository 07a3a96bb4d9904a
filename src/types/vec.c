/* SPDX-License-Identifier: MIT */
/*
 * Vectors: creation, growth, the four kinds and how they turn into each other, NULLs.
 *
 * Own buffers (data_buffer, validity_buffer, index_buffer, own_children) are kept through references and slices, so that a reset or a
 * flatten finds them again. They only ever grow; arena memory of outgrown buffers is given back with the arena.
 */
#include "types/vec_base.h"

const uint32_t rz_vec_zero_index[RZ_VECTOR_CAPACITY > VEC_BLOCK ? RZ_VECTOR_CAPACITY : VEC_BLOCK] = {0};

/* ---- creation ---- */

void rz_vec_show_own(rz_vec *vec, rz_vec_kind kind)
{
    vec->kind = kind;
    vec->capacity = vec->own_capacity;
    vec->data = vec->data_buffer;
    vec->validity = NULL;
    vec->children = vec->own_children;
    vec->dictionary = NULL;
    vec->index = NULL;
}

static ruzu_status vec_create_rows(rz_arena *arena, rz_arena *heap, const rz_type *type, uint32_t capacity, uint32_t list_capacity, rz_vec **out,
                                   rz_error *err)
{
    *out = NULL;
    rz_vec *vec = RZ_NEW(arena, rz_vec);
    RZ_TRY_ALLOC(vec, err, "creating a vector");
    vec->type = type;
    vec->arena = arena;
    vec->heap = heap;
    vec->own_capacity = capacity;
    uint32_t size = rz_type_size(type);
    if (size != 0) {
        vec->data_buffer = rz_arena_calloc(arena, capacity == 0 ? 1 : capacity, size);
        RZ_TRY_ALLOC(vec->data_buffer, err, "creating a vector");
    }
    vec->validity_buffer = RZ_NEW_ARRAY(arena, uint64_t, capacity == 0 ? 1 : RZ_BITMAP_WORDS((uint64_t)capacity));
    RZ_TRY_ALLOC(vec->validity_buffer, err, "creating a vector");

    uint32_t tag_count = type->id == RUZU_TYPE_UNION ? 1 : 0;
    if (type->physical == RZ_PHYS_LIST) {
        vec->child_count = 1;
    } else if (type->physical == RZ_PHYS_STRUCT) {
        vec->child_count = type->field_count + tag_count;
    }
    if (vec->child_count != 0) {
        vec->own_children = RZ_NEW_ARRAY(arena, rz_vec *, vec->child_count);
        RZ_TRY_ALLOC(vec->own_children, err, "creating a vector");
    }
    for (uint32_t i = 0; i < vec->child_count; i++) {
        if (type->physical == RZ_PHYS_LIST) {
            RZ_TRY(vec_create_rows(arena, heap, type->child, list_capacity, list_capacity, &vec->own_children[i], err));
        } else {
            const rz_type *child = i < tag_count ? rz_type_of(RUZU_TYPE_UINT8) : type->fields[i - tag_count].type;
            RZ_TRY(vec_create_rows(arena, heap, child, capacity, list_capacity, &vec->own_children[i], err));
        }
    }
    rz_vec_show_own(vec, RZ_VEC_FLAT);
    if (type->physical == RZ_PHYS_NONE) {
        rz_vec_set_all_null(vec);
    }
    *out = vec;
    return RUZU_OK;
}

ruzu_status rz_vec_create(rz_arena *arena, rz_arena *heap, const rz_type *type, uint32_t capacity, rz_vec **out, rz_error *err)
{
    return vec_create_rows(arena, heap, type, capacity, capacity, out, err);
}

ruzu_status rz_vec_create_empty(rz_arena *arena, rz_arena *heap, const rz_type *type, rz_vec **out, rz_error *err)
{
    return vec_create_rows(arena, heap, type, 1, 0, out, err);
}

void rz_vec_reset(rz_vec *vec)
{
    rz_vec_show_own(vec, RZ_VEC_FLAT);
    vec->length = 0;
    for (uint32_t i = 0; i < vec->child_count; i++) {
        rz_vec_reset(vec->children[i]);
    }
    if (vec->type->physical == RZ_PHYS_NONE) {
        rz_vec_set_all_null(vec);
    }
}

/* ---- growth ---- */

static ruzu_status vec_regrow(rz_arena *arena, void **buffer, size_t old_size, size_t new_size, rz_error *err)
{
    char *memory = (char *)rz_arena_alloc(arena, new_size);
    RZ_TRY_ALLOC(memory, err, "growing a vector");
    if (old_size != 0) {
        memcpy(memory, *buffer, old_size);
    }
    memset(memory + old_size, 0, new_size - old_size);
    *buffer = memory;
    return RUZU_OK;
}

ruzu_status rz_vec_reserve(rz_vec *vec, uint32_t capacity, rz_error *err)
{
    if (capacity <= vec->own_capacity) {
        return RUZU_OK;
    }
    uint64_t doubled = (uint64_t)vec->own_capacity * 2;
    uint64_t wanted = doubled > capacity ? doubled : capacity;
    wanted = (wanted + 63) & ~UINT64_C(63);
    uint32_t rows = wanted > UINT32_MAX ? UINT32_MAX : (uint32_t)wanted;

    bool shows_data = vec->data == vec->data_buffer;
    bool shows_validity = vec->validity != NULL && vec->validity == vec->validity_buffer;
    bool shows_children = vec->children == vec->own_children;
    size_t size = rz_type_size(vec->type);
    if (size != 0) {
        RZ_TRY(vec_regrow(vec->arena, &vec->data_buffer, size * vec->own_capacity, size * rows, err));
    }
    size_t old_words = RZ_BITMAP_WORDS((uint64_t)vec->own_capacity);
    size_t new_words = RZ_BITMAP_WORDS((uint64_t)rows);
    void *mask = vec->validity_buffer;
    RZ_TRY(vec_regrow(vec->arena, &mask, old_words * 8, new_words * 8, err));
    vec->validity_buffer = (uint64_t *)mask;
    rz_vec_bits_fill(vec->validity_buffer, vec->own_capacity, rows - vec->own_capacity, true);
    if (vec->type->physical == RZ_PHYS_STRUCT) {
        for (uint32_t i = 0; i < vec->child_count; i++) {
            RZ_TRY(rz_vec_reserve(vec->own_children[i], rows, err));
        }
    }
    vec->own_capacity = rows;
    if (shows_data) {
        vec->data = vec->data_buffer;
        if (vec->kind != RZ_VEC_DICTIONARY && shows_children) {
            vec->capacity = rows;
        }
    }
    if (shows_validity) {
        vec->validity = vec->validity_buffer;
    }
    return RUZU_OK;
}

ruzu_status rz_vec_list_reserve(rz_vec *list, uint32_t extra, uint32_t *out_offset, rz_error *err)
{
    *out_offset = 0;
    rz_vec *child = list->children[0];
    RZ_ASSERT(list->children == list->own_children);
    if (extra > UINT32_MAX - child->length) {
        return rz_error_set(err, RUZU_ERROR_LIMIT, "The lists of one vector may hold at most %u elements together.", UINT32_MAX);
    }
    if (extra > child->own_capacity - child->length) {
        RZ_TRY(rz_vec_reserve(child, child->length + extra, err));
    }
    *out_offset = child->length;
    child->length += extra;
    return RUZU_OK;
}

/* ---- kinds ---- */

void rz_vec_reference(rz_vec *vec, const rz_vec *src)
{
    if (vec == src) {
        return;
    }
    vec->kind = src->kind;
    vec->capacity = src->capacity;
    vec->length = src->length;
    vec->data = src->data;
    vec->validity = src->validity;
    vec->children = src->children;
    vec->dictionary = src->dictionary;
    vec->index = src->index;
    vec->start = src->start;
    vec->step = src->step;
}

void rz_vec_set_constant(rz_vec *vec)
{
    rz_vec_show_own(vec, RZ_VEC_CONSTANT);
    if (vec->type->physical == RZ_PHYS_STRUCT) {
        for (uint32_t i = 0; i < vec->child_count; i++) {
            rz_vec_set_constant(vec->children[i]);
        }
    } else if (vec->type->physical == RZ_PHYS_LIST) {
        rz_vec_reset(vec->children[0]);
    } else if (vec->type->physical == RZ_PHYS_NONE) {
        rz_vec_set_all_null(vec);
    }
}

void rz_vec_set_sequence(rz_vec *vec, int64_t start, int64_t step)
{
    RZ_ASSERT(vec->type->physical == RZ_PHYS_INT64 || vec->type->physical == RZ_PHYS_UINT64);
    rz_vec_show_own(vec, RZ_VEC_SEQUENCE);
    vec->data = NULL;
    vec->start = start;
    vec->step = step;
}

ruzu_status rz_vec_index_room(rz_vec *vec, uint32_t count, rz_error *err)
{
    if (count <= vec->index_capacity) {
        return RUZU_OK;
    }
    uint32_t capacity = count < RZ_VECTOR_CAPACITY ? RZ_VECTOR_CAPACITY : count;
    uint32_t *buffer = (uint32_t *)rz_arena_alloc(vec->arena, (size_t)capacity * sizeof *buffer);
    RZ_TRY_ALLOC(buffer, err, "slicing a vector");
    vec->index_buffer = buffer;
    vec->index_capacity = capacity;
    return RUZU_OK;
}

static void vec_compose(uint32_t *RZ_RESTRICT out, const uint32_t *RZ_RESTRICT inner, const uint32_t *RZ_RESTRICT outer, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        out[i] = inner[outer[i]];
    }
}

/* Becomes DICTIONARY: row i shows row index[i] of base. */
static void vec_show_dictionary(rz_vec *vec, const rz_vec *base, const uint32_t *index, uint32_t count)
{
    vec->kind = RZ_VEC_DICTIONARY;
    vec->capacity = count;
    vec->data = NULL;
    vec->validity = NULL;
    vec->children = base->children;
    vec->dictionary = base;
    vec->index = index;
}

static ruzu_status vec_slice_sequence(rz_vec *vec, const rz_vec *src, const uint32_t *index, uint32_t count, rz_error *err)
{
    int64_t start = src->start, step = src->step;
    RZ_TRY(rz_vec_reserve(vec, count, err));
    rz_vec_show_own(vec, RZ_VEC_FLAT);
    uint64_t *RZ_RESTRICT out = (uint64_t *)vec->data;
    for (uint32_t i = 0; i < count; i++) {
        out[i] = (uint64_t)start + (uint64_t)step * index[i];
    }
    return RUZU_OK;
}

ruzu_status rz_vec_slice(rz_vec *vec, const rz_vec *src, const uint32_t *index, uint32_t count, rz_error *err)
{
    RZ_ASSERT(vec != src);
    switch (src->kind) {
    case RZ_VEC_FLAT: vec_show_dictionary(vec, src, index, count); return RUZU_OK;
    case RZ_VEC_CONSTANT: rz_vec_reference(vec, src); return RUZU_OK;
    case RZ_VEC_DICTIONARY:
        RZ_TRY(rz_vec_index_room(vec, count, err));
        vec_compose(vec->index_buffer, src->index, index, count);
        vec_show_dictionary(vec, src->dictionary, vec->index_buffer, count);
        return RUZU_OK;
    case RZ_VEC_SEQUENCE: return vec_slice_sequence(vec, src, index, count, err);
    }
    return RUZU_OK;
}

ruzu_status rz_vec_slice_many(rz_vec *const *vecs, const rz_vec *const *srcs, uint32_t column_count, const uint32_t *index, uint32_t count,
                              rz_error *err)
{
    /* The columns that came through one Expand share one index array; usually all or all of a side do, so the last one found is enough. */
    const uint32_t *last_index = NULL;
    const uint32_t *composed = NULL;
    for (uint32_t i = 0; i < column_count; i++) {
        const rz_vec *src = srcs[i];
        if (src->kind == RZ_VEC_DICTIONARY && src->index == last_index) {
            vec_show_dictionary(vecs[i], src->dictionary, composed, count);
            continue;
        }
        RZ_TRY(rz_vec_slice(vecs[i], src, index, count, err));
        if (src->kind == RZ_VEC_DICTIONARY) {
            last_index = src->index;
            composed = vecs[i]->index;
        }
    }
    return RUZU_OK;
}

void rz_vec_view(const rz_vec *vec, rz_view *out)
{
    RZ_ASSERT(vec->kind != RZ_VEC_SEQUENCE);
    const rz_vec *base = vec->kind == RZ_VEC_DICTIONARY ? vec->dictionary : vec;
    out->data = base->data;
    out->index = base->kind == RZ_VEC_CONSTANT ? rz_vec_zero_index : vec->kind == RZ_VEC_DICTIONARY ? vec->index : NULL;
    out->validity = base->validity;
    out->base = base;
}

static void vec_write_sequence(const rz_vec *vec, const rz_sel *sel, int64_t *RZ_RESTRICT out)
{
    uint64_t start = (uint64_t)vec->start, step = (uint64_t)vec->step;
    for (uint32_t i = 0; i < sel->count; i++) {
        uint32_t row = rz_sel_at(sel, i);
        out[row] = (int64_t)(start + step * row);
    }
}

void rz_vec_view_any(const rz_vec *vec, const rz_sel *sel, rz_vec *scratch, rz_view *out)
{
    if (vec->kind != RZ_VEC_SEQUENCE) {
        rz_vec_view(vec, out);
        return;
    }
    rz_vec_show_own(scratch, RZ_VEC_FLAT);
    vec_write_sequence(vec, sel, (int64_t *)scratch->data);
    rz_vec_view(scratch, out);
}

/* ---- NULLs ---- */

void rz_vec_bits_fill(uint64_t *bits, uint32_t start, uint32_t count, bool value)
{
    uint64_t idx = start, end = (uint64_t)start + count;
    while (idx < end) {
        uint64_t word_end = (idx | 63) + 1;
        uint64_t mask = ~UINT64_C(0) << (idx & 63);
        if (word_end > end) {
            mask &= ~UINT64_C(0) >> (word_end - end);
            word_end = end;
        }
        if (value) {
            bits[idx >> 6] |= mask;
        } else {
            bits[idx >> 6] &= ~mask;
        }
        idx = word_end;
    }
}

/* 1 to 64 bits from position idx. */
static inline uint64_t vec_bits_load(const uint64_t *bits, uint64_t idx, uint32_t count)
{
    uint32_t shift = (uint32_t)(idx & 63);
    uint64_t word = bits[idx >> 6] >> shift;
    if (shift + count > 64) {
        word |= bits[(idx >> 6) + 1] << (64 - shift);
    }
    return word;
}

void rz_vec_bits_copy(uint64_t *dst, uint32_t dst_start, const uint64_t *src, uint32_t src_start, uint32_t count)
{
    uint64_t to = dst_start, from = src_start, end = to + count;
    while (to < end) {
        uint32_t shift = (uint32_t)(to & 63);
        uint64_t room = 64 - shift;
        uint32_t take = (uint32_t)(end - to < room ? end - to : room);
        uint64_t mask = (~UINT64_C(0) >> (64 - take)) << shift;
        uint64_t word = vec_bits_load(src, from, take) << shift;
        dst[to >> 6] = (dst[to >> 6] & ~mask) | (word & mask);
        to += take;
        from += take;
    }
}

void rz_vec_use_validity(rz_vec *vec)
{
    if (vec->validity == NULL) {
        memset(vec->validity_buffer, 0xFF, vec->own_capacity == 0 ? 8 : RZ_BITMAP_WORDS((size_t)vec->own_capacity) * 8);
        vec->validity = vec->validity_buffer;
    }
}

bool rz_vec_is_null(const rz_vec *vec, uint32_t row)
{
    if (vec->kind == RZ_VEC_SEQUENCE) {
        return false;
    }
    vec = vec_locate(vec, &row);
    return vec_base_is_null(vec, row);
}

void rz_vec_set_null(rz_vec *vec, uint32_t row)
{
    if (vec->type->physical == RZ_PHYS_NONE) {
        return;
    }
    RZ_ASSERT(vec->kind == RZ_VEC_FLAT || (vec->kind == RZ_VEC_CONSTANT && row == 0));
    RZ_ASSERT(vec->validity == NULL || vec->validity == vec->validity_buffer);
    RZ_ASSERT(row < vec->own_capacity);
    if (vec->validity == NULL) {
        rz_vec_use_validity(vec);
    }
    rz_bit_clear(vec->validity, row);
    if (vec->type->physical == RZ_PHYS_STRUCT) {
        for (uint32_t i = 0; i < vec->child_count; i++) {
            rz_vec_set_null(vec->children[i], row);
        }
    }
}

void rz_vec_set_valid(rz_vec *vec, uint32_t row)
{
    RZ_ASSERT(vec->kind == RZ_VEC_FLAT || (vec->kind == RZ_VEC_CONSTANT && row == 0));
    if (vec->validity != NULL && vec->type->physical != RZ_PHYS_NONE) {
        rz_bit_set(vec->validity, row);
    }
}

void rz_vec_set_all_null(rz_vec *vec)
{
    rz_vec_show_own(vec, RZ_VEC_CONSTANT);
    vec->validity = vec->validity_buffer;
    vec->validity[0] = 0;
    vec->length = 0;
    uint32_t size = rz_type_size(vec->type);
    if (size != 0) {
        memset(vec->data, 0, size);
    }
    for (uint32_t i = 0; i < vec->child_count; i++) {
        if (vec->type->physical == RZ_PHYS_STRUCT) {
            rz_vec_set_all_null(vec->children[i]);
        } else {
            rz_vec_reset(vec->children[i]);
        }
    }
}

ruzu_status rz_vec_set_string(rz_vec *vec, uint32_t row, const char *data, size_t length, rz_error *err)
{
    RZ_ASSERT(vec->type->physical == RZ_PHYS_STRING && row < vec->capacity);
    if (length > UINT32_MAX) {
        return rz_error_set(err, RUZU_ERROR_LIMIT, "A string may be at most %u bytes long.", UINT32_MAX);
    }
    if (length > RZ_STRING_INLINE) {
        data = (const char *)rz_arena_dup(vec->heap, data, length);
        RZ_TRY_ALLOC(data, err, "storing a string");
    }
    ((rz_string *)vec->data)[row] = rz_string_make(data, (uint32_t)length);
    rz_vec_set_valid(vec, row);
    return RUZU_OK;
}
