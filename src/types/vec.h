/* SPDX-License-Identifier: MIT */
/*
 * Vectors and chunks: the unit of execution (architecture: "Vectors and chunks").
 *
 * A vector holds up to `capacity` values of one type in one of four kinds. Positions are 0-based rows of the chunk. Values at NULL
 * positions of flat vectors are unspecified but initialised memory. Kernels read any kind through rz_view and write flat vectors.
 *
 *   FLAT        data[i]; validity bit i
 *   CONSTANT    data[0] for every row; validity bit 0
 *   DICTIONARY  child vector (FLAT or CONSTANT, never DICTIONARY) + index[i]; NULLs are the child's
 *   SEQUENCE    start + i * step as UINT64 or INT64; no NULLs, no data
 *
 * Nested: LIST rows are rz_list_entry into children[0], which is FLAT, has its own `length` and grows (rz_vec_list_reserve); STRUCT rows
 * are row i of every child; a NULL struct row has NULL children.
 *
 * Threads: a vector belongs to one worker. Lifetime: buffers come from `arena` (fixed) and string bytes from `heap`, which the owner resets
 * per chunk; a vector that references another borrows everything.
 */
#ifndef RZ_TYPES_VEC_H
#define RZ_TYPES_VEC_H

#include "types/type.h"

#ifdef RZ_TINY
#define RZ_VECTOR_CAPACITY 8u
#else
#define RZ_VECTOR_CAPACITY 2048u
#endif

typedef enum rz_vec_kind { RZ_VEC_FLAT, RZ_VEC_CONSTANT, RZ_VEC_DICTIONARY, RZ_VEC_SEQUENCE } rz_vec_kind;

typedef struct rz_vec rz_vec;
struct rz_vec {
    const rz_type *type;
    rz_vec_kind kind;
    uint32_t capacity;     /* rows that data has room for */
    uint32_t length;       /* only for the child of a LIST: elements in use */
    uint32_t child_count;
    void *data;            /* NULL for STRUCT, SEQUENCE and DICTIONARY */
    uint64_t *validity;    /* bit 1: a value; NULL: no NULLs. Points to validity_buffer or is borrowed */
    uint64_t *validity_buffer; /* own room for capacity bits, or NULL */
    void *data_buffer;     /* own room for capacity values, or NULL */
    rz_vec **children;     /* STRUCT fields, LIST element vector; UNION: tag, then members */
    const rz_vec *dictionary; /* DICTIONARY: borrowed child */
    const uint32_t *index;    /* DICTIONARY: child position per row; borrowed or index_buffer */
    uint32_t *index_buffer;
    rz_vec **own_children;    /* what children is unless borrowed */
    uint32_t own_capacity;    /* rows that the own buffers have room for */
    uint32_t index_capacity;  /* entries of index_buffer */
    int64_t start, step;   /* SEQUENCE */
    rz_arena *arena;       /* where buffers come from */
    rz_arena *heap;        /* where string bytes come from */
};

/* Rows of a chunk to work on: rows[0..count), ascending; rows NULL means 0 … count-1. */
typedef struct rz_sel {
    const uint32_t *rows;
    uint32_t count;
} rz_sel;

static inline uint32_t rz_sel_at(const rz_sel *sel, uint32_t idx)
{
    return sel->rows == NULL ? idx : sel->rows[idx];
}

/* A uniform way to read FLAT, CONSTANT and DICTIONARY vectors: value of row r is data[at(r)]. (SEQUENCE must be flattened first.)
 * Of a CONSTANT only rows below RZ_VECTOR_CAPACITY may be asked for. */
typedef struct rz_view {
    const void *data;
    const uint32_t *index;    /* NULL: identity */
    const uint64_t *validity; /* by at(r); NULL: no NULLs */
    const rz_vec *base;       /* the vector that holds data and children */
} rz_view;

static inline uint32_t rz_view_at(const rz_view *view, uint32_t row)
{
    return view->index == NULL ? row : view->index[row];
}
static inline bool rz_view_valid(const rz_view *view, uint32_t at)
{
    return view->validity == NULL || rz_bit_get(view->validity, at);
}

/* A flat vector of capacity rows with all buffers (children too: LIST children start with capacity rows). */
RZ_NODISCARD ruzu_status rz_vec_create(rz_arena *arena, rz_arena *heap, const rz_type *type, uint32_t capacity, rz_vec **out, rz_error *err);
/* A vector for rz_vec_reference, rz_vec_slice and constants: room for one row; rz_vec_flatten makes room for more when it is needed. */
RZ_NODISCARD ruzu_status rz_vec_create_empty(rz_arena *arena, rz_arena *heap, const rz_type *type, rz_vec **out, rz_error *err);
/* Gives the own buffers (of STRUCT fields too) room for at least `rows` rows; keeps their values, at least doubles. */
RZ_NODISCARD ruzu_status rz_vec_reserve(rz_vec *vec, uint32_t rows, rz_error *err);
/* Back to FLAT over its own buffers, no NULLs, list children empty. Does not reset the heap. */
void rz_vec_reset(rz_vec *vec);
/* Makes vec show the same values as src (borrows all of it). */
void rz_vec_reference(rz_vec *vec, const rz_vec *src);
/* Makes row i of vec be row index[i] of src, for count rows. Composes indexes when src is a DICTIONARY, stays CONSTANT when src is. index must
 * live as long as vec shows it (it is borrowed unless composing). */
RZ_NODISCARD ruzu_status rz_vec_slice(rz_vec *vec, const rz_vec *src, const uint32_t *index, uint32_t count, rz_error *err);
/* The same for the columns of a chunk: columns that share an index (a parent row's columns) share the composed one. */
RZ_NODISCARD ruzu_status rz_vec_slice_many(rz_vec *const *vecs, const rz_vec *const *srcs, uint32_t column_count, const uint32_t *index, uint32_t count,
                                           rz_error *err);
/* Reads any kind but SEQUENCE. */
void rz_vec_view(const rz_vec *vec, rz_view *out);
/* Turns SEQUENCE, CONSTANT or DICTIONARY into FLAT over own buffers for the selected rows (same positions). String bytes and list elements
 * stay where they are (borrowed); rz_vec_copy is the deep one. */
RZ_NODISCARD ruzu_status rz_vec_flatten(rz_vec *vec, const rz_sel *sel, rz_error *err);
/* Like rz_vec_view; a SEQUENCE is first written into `scratch` (a flat vector of the same type with room for the highest row). */
void rz_vec_view_any(const rz_vec *vec, const rz_sel *sel, rz_vec *scratch, rz_view *out);

/* Walks the invariants of the selected rows (kinds, bounds of lists and dictionaries, tags, padding of strings, NULL structs); NULL when all
 * hold, else a static text that says which does not. For tests and debugging. */
const char *rz_vec_verify(const rz_vec *vec, const rz_sel *sel);

bool rz_vec_is_null(const rz_vec *vec, uint32_t row); /* any kind */
void rz_vec_set_null(rz_vec *vec, uint32_t row);      /* FLAT or CONSTANT(row 0); children of a STRUCT too */
void rz_vec_set_valid(rz_vec *vec, uint32_t row);
void rz_vec_set_all_null(rz_vec *vec);                /* becomes CONSTANT NULL; a vector of type ANY is always that */
/* Becomes CONSTANT over the own buffers, not NULL: the caller then writes row 0 (or sets it NULL). */
void rz_vec_set_constant(rz_vec *vec);
/* Becomes SEQUENCE; type INT64, UINT64, SERIAL, INTERNAL_ID or NODE. */
void rz_vec_set_sequence(rz_vec *vec, int64_t start, int64_t step);
/* Makes room for `extra` more elements in the child of a LIST vector; returns the position of the first in *out_offset and adds to length.
 * Existing elements keep their positions. RUZU_ERROR_LIMIT beyond 2^32 - 1. */
RZ_NODISCARD ruzu_status rz_vec_list_reserve(rz_vec *list, uint32_t extra, uint32_t *out_offset, rz_error *err);
/* Stores a string at row of a FLAT vector, copying bytes longer than 12 into the heap. */
RZ_NODISCARD ruzu_status rz_vec_set_string(rz_vec *vec, uint32_t row, const char *data, size_t length, rz_error *err);
/* Deep copy of rows: dst (FLAT, own buffers, room for dst_start + count rows) row dst_start + i = src (any kind, another vector) row sel[i]. Strings
 * are copied into dst's heap, list elements appended to its child. */
RZ_NODISCARD ruzu_status rz_vec_copy(rz_vec *dst, uint32_t dst_start, const rz_vec *src, const rz_sel *sel, rz_error *err);

/* Deep copy of rows by position: dst row dst_start + i = src row rows[i], in any order and with repetitions. */
RZ_NODISCARD ruzu_status rz_vec_gather(rz_vec *dst, uint32_t dst_start, const rz_vec *src, const uint32_t *rows, uint32_t count, rz_error *err);

/* Hash of each selected row into hashes[row]; with combine, rz_hash_combine'd into what is there. Equal values (dialect §12.2: -0.0 = 0.0, NaN = NaN,
 * NULL = NULL) have equal hashes whatever the kind of vector; so have equal integers of different widths. Not for files: strings of up to 12
 * bytes hash otherwise than by rz_hash_bytes. */
void rz_vec_hash(const rz_vec *vec, const rz_sel *sel, uint64_t *hashes, bool combine);
/* Grouping equality: NULL equals NULL, NaN equals NaN. Same type. */
bool rz_vec_equal(const rz_vec *a, uint32_t a_row, const rz_vec *b, uint32_t b_row);
/* Keeps those of items[0..count) (in order) for which row a_rows[item] of a equals row b_rows[item] of b, as rz_vec_equal; returns how many.
 * For probing hash tables: items are the candidates of one round. */
uint32_t rz_vec_match(const rz_vec *a, const uint32_t *a_rows, const rz_vec *b, const uint32_t *b_rows, uint32_t *items, uint32_t count);
/* Sort order of §12.3 ascending, NULL last; nested lexicographic. Same type. */
int rz_vec_compare(const rz_vec *a, uint32_t a_row, const rz_vec *b, uint32_t b_row);

/* ---- rows as bytes: for hash tables, sorting, results and spilling ---- */

/* Bytes of one value in row form: self-contained, decodable with the type; NULL included. */
size_t rz_row_value_size(const rz_vec *vec, uint32_t row);
/* Writes it to out (rz_row_value_size bytes), returns the end. */
uint8_t *rz_row_value_write(const rz_vec *vec, uint32_t row, uint8_t *out);
/* Reads it into row of a FLAT vector; strings are copied to its heap when copy_strings, else they point into data. Returns the end of the value in
 * *out_end. Trusted input (our own memory or spill file). */
RZ_NODISCARD ruzu_status rz_row_value_read(const uint8_t *data, bool copy_strings, rz_vec *vec, uint32_t row, const uint8_t **out_end, rz_error *err);
/* The same by column, for many rows; i counts the selected rows. */
void rz_row_values_size(const rz_vec *vec, const rz_sel *sel, size_t *sizes);       /* sizes[i] += size */
void rz_row_values_write(const rz_vec *vec, const rz_sel *sel, uint8_t **cursors);  /* writes at cursors[i] and moves it to the end */
/* Reads at cursors[i] into row start_row + i and moves cursors[i] to the end. */
RZ_NODISCARD ruzu_status rz_row_values_read(const uint8_t **cursors, uint32_t count, bool copy_strings, rz_vec *vec, uint32_t start_row, rz_error *err);
/* Skips one value of the type. */
const uint8_t *rz_row_value_skip(const rz_type *type, const uint8_t *data);
#define RZ_ROW_NULL 0u /* the first byte of a NULL */
/* Bytes of a STRING, or of a NULL in its place. */
static inline size_t rz_row_string_size(const uint8_t *data)
{
    return *data == RZ_ROW_NULL ? 1 : 5 + (size_t)rz_load_u32(data + 1);
}
/* True when the value in row form equals (as rz_vec_equal) row of vec; *out_end is the end of the value in either case. */
bool rz_row_value_equal(const uint8_t *data, const rz_vec *vec, uint32_t row, const uint8_t **out_end);
/* Keeps those of items[0..count) for which the value at cursors[item] equals row rows[item] of vec, and moves their cursors behind it; returns how
 * many. Cursors of the dropped ones are left where they were. */
uint32_t rz_row_values_match(const uint8_t **cursors, const rz_vec *vec, const uint32_t *rows, uint32_t *items, uint32_t count);
/* Appends an order-preserving key: memcmp of two keys = order of §12.3 with the given direction. No key is a proper prefix of another, so keys of
 * several columns may be strung together. */
void rz_sort_key_append(const rz_vec *vec, uint32_t row, bool descending, bool nulls_first, rz_str *out);
/* Bytes of a key of this type when all have the same length (fixed-size types), else 0. */
uint32_t rz_sort_key_width(const rz_type *type);
/* Writes the keys of the selected rows of such a type, the i-th at out + i * stride; same order as rz_sort_key_append, but a NULL has full width. */
void rz_sort_key_write(const rz_vec *vec, const rz_sel *sel, bool descending, bool nulls_first, uint8_t *out, size_t stride);

/* ---- columns as bytes: for the log (vec_code.c describes them) ---- */

/* Appends the selected rows of a vector of any kind and type. A failure shows in out->failed. */
void rz_vec_encode(const rz_vec *vec, const rz_sel *sel, rz_str *out);
/* Reads a column of count rows back into rows 0 … count - 1 of a new FLAT vector whose buffers and strings all lie in arena. Untrusted bytes: every length is checked,
 * text must be UTF-8, memory is bounded by the bytes that are there and by count, which the caller has checked; CORRUPT otherwise. */
RZ_NODISCARD ruzu_status rz_vec_decode(rz_reader *reader, const rz_type *type, uint32_t count, rz_arena *arena, rz_vec **out, rz_error *err);

/* ---- chunks ---- */

typedef struct rz_chunk {
    rz_vec **columns;
    uint32_t column_count;
    uint32_t count;          /* rows, selected or not */
    const uint32_t *sel;     /* selected rows, ascending; NULL: all `count` */
    uint32_t sel_count;      /* selected rows (= count when sel is NULL) */
    const uint64_t *weight;  /* by row: how many identical rows it stands for; NULL: 1 each */
} rz_chunk;

static inline rz_sel rz_chunk_sel(const rz_chunk *chunk)
{
    rz_sel sel = {chunk->sel, chunk->sel == NULL ? chunk->count : chunk->sel_count};
    return sel;
}

RZ_NODISCARD ruzu_status rz_chunk_create(rz_arena *arena, rz_arena *heap, const rz_type *const *types, uint32_t column_count, rz_chunk **out, rz_error *err);
void rz_chunk_reset(rz_chunk *chunk); /* all columns reset, no rows */

#endif
