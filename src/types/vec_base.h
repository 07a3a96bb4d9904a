/* SPDX-License-Identifier: MIT */
/*
 * Private to types: reading vectors of any kind in blocks. A walk turns (vector, positions) into runs over a FLAT or CONSTANT base, so that
 * kernels know two forms only: consecutive rows from `start`, or rows at[0..count). SEQUENCE vectors have no base; callers treat them first.
 */
#ifndef RZ_TYPES_VEC_BASE_H
#define RZ_TYPES_VEC_BASE_H

#include "types/vec.h"

/* Rows that are handled at once through buffers on the stack; walks over nested values hold one buffer per level. */
#define VEC_BLOCK 256u

typedef struct vec_walk {
    const rz_vec *vec;
    const uint32_t *all; /* positions in vec, or NULL: first, first + 1, … */
    uint32_t first;
    uint32_t total;
    uint32_t next; /* first row not yet handed out */
    /* The current run: */
    const rz_vec *base;
    const uint32_t *at; /* rows of base, or NULL: consecutive from start */
    uint32_t start;
    uint32_t offset; /* number of the run's first row in the walk */
    uint32_t count;
    uint32_t buffer[VEC_BLOCK];
} vec_walk;

extern const uint32_t rz_vec_zero_index[RZ_VECTOR_CAPACITY > VEC_BLOCK ? RZ_VECTOR_CAPACITY : VEC_BLOCK];

static inline void vec_walk_begin(vec_walk *walk, const rz_vec *vec, const uint32_t *at, uint32_t start, uint32_t count)
{
    RZ_ASSERT(vec->kind != RZ_VEC_SEQUENCE);
    walk->vec = vec;
    walk->all = at;
    walk->first = start;
    walk->total = count;
    walk->next = 0;
}

/* The next run; false at the end. */
static inline bool vec_walk_next(vec_walk *walk)
{
    if (walk->next >= walk->total) {
        return false;
    }
    const rz_vec *vec = walk->vec;
    uint32_t left = walk->total - walk->next;
    walk->offset = walk->next;
    walk->start = 0;
    bool constant = vec->kind == RZ_VEC_CONSTANT;
    if (vec->kind == RZ_VEC_DICTIONARY) {
        walk->base = vec->dictionary;
        constant = walk->base->kind == RZ_VEC_CONSTANT;
    } else {
        walk->base = vec;
    }
    if (constant) {
        walk->count = left < VEC_BLOCK ? left : VEC_BLOCK;
        walk->at = rz_vec_zero_index;
    } else if (vec->kind == RZ_VEC_FLAT) {
        walk->count = left;
        walk->at = walk->all;
        walk->start = walk->first;
    } else if (walk->all == NULL) {
        walk->count = left;
        walk->at = vec->index + walk->first;
    } else {
        walk->count = left < VEC_BLOCK ? left : VEC_BLOCK;
        const uint32_t *RZ_RESTRICT all = walk->all + walk->next;
        for (uint32_t i = 0; i < walk->count; i++) {
            walk->buffer[i] = vec->index[all[i]];
        }
        walk->at = walk->buffer;
    }
    walk->next += walk->count;
    return true;
}

/* Base vector and row of a single row of any kind but SEQUENCE. */
static inline const rz_vec *vec_locate(const rz_vec *vec, uint32_t *row)
{
    if (vec->kind == RZ_VEC_DICTIONARY) {
        *row = vec->index[*row];
        vec = vec->dictionary;
    }
    if (vec->kind == RZ_VEC_CONSTANT) {
        *row = 0;
    }
    return vec;
}

static inline bool vec_base_is_null(const rz_vec *base, uint32_t row)
{
    return base->type->physical == RZ_PHYS_NONE || (base->validity != NULL && !rz_bit_get(base->validity, row));
}

static inline int64_t vec_sequence_at(const rz_vec *vec, uint32_t row)
{
    return (int64_t)((uint64_t)vec->start + (uint64_t)vec->step * row);
}

/* Grouping equality of two values of a fixed-size type, by address: integers, FLOAT and DOUBLE, and so on. */
#define VEC_EQUAL_PLAIN(x, y) (*(x) == *(y))
#define VEC_EQUAL_FLOAT(x, y) (*(x) == *(y) || (*(x) != *(x) && *(y) != *(y)))
#define VEC_EQUAL_INTERVAL(x, y) ((x)->months == (y)->months && (x)->days == (y)->days && (x)->micros == (y)->micros)
#define VEC_EQUAL_REL(x, y) ((x)->rel == (y)->rel)

/* Microseconds with 30 days a month and 24 hours a day; fits 73 bits. */
static inline rz_int128 vec_interval_total(rz_interval interval)
{
    rz_int128 days = (rz_int128)interval.months * 30 + interval.days;
    return days * INT64_C(86400000000) + interval.micros;
}

/* The child that alone decides equality, order and hash of a graph value (its _ID), or -1. */
static inline int32_t vec_key_child(const rz_type *type)
{
    if (type->id == RUZU_TYPE_NODE) {
        return 0;
    }
    return type->id == RUZU_TYPE_REL && type->field_count > 3 ? 3 : -1;
}

/* Member vector of a UNION base for a row that is not NULL, by the tag in children[0]. */
static inline const rz_vec *vec_union_member(const rz_vec *base, uint32_t row, uint32_t *out_tag)
{
    uint32_t tag_row = row;
    const rz_vec *tags = vec_locate(base->children[0], &tag_row);
    uint32_t tag = ((const uint8_t *)tags->data)[tag_row];
    RZ_ASSERT(tag + 1 < base->child_count);
    *out_tag = tag;
    return base->children[tag + 1];
}

/* First byte of a value in row form (row.c). */
#define ROW_NULL RZ_ROW_NULL
#define ROW_VALUE 1u

/* at[i] = base row of row rows[items[i]] of vec; returns the base. A SEQUENCE, which has no base, keeps its rows. */
const rz_vec *rz_vec_locate_rows(const rz_vec *vec, const uint32_t *rows, const uint32_t *items, uint32_t count, uint32_t *at);

/* Bit ranges of validity masks. */
void rz_vec_bits_fill(uint64_t *bits, uint32_t start, uint32_t count, bool value);
void rz_vec_bits_copy(uint64_t *dst, uint32_t dst_start, const uint64_t *src, uint32_t src_start, uint32_t count);

/* Makes validity point to the own mask, with all rows valid if there was none. */
void rz_vec_use_validity(rz_vec *vec);
/* Own index buffer with room for count entries. */
RZ_NODISCARD ruzu_status rz_vec_index_room(rz_vec *vec, uint32_t count, rz_error *err);
/* Shows the own buffers as kind, without NULLs. */
void rz_vec_show_own(rz_vec *vec, rz_vec_kind kind);

#endif
