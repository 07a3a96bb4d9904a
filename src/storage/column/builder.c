/* SPDX-License-Identifier: MIT */
/*
 * Column builders: collecting values, before anything is known about codecs.
 *
 * Vectors are read through a `source`: a flat or constant vector and positions in it. Values are copied in bulk, one loop per vector; NULLs cost
 * nothing until there is one. After a failed append the rows of the tree disagree: the builder may only be freed.
 */
#include "storage/column/builder.h"
#include "storage/column/kernels.h"

#define BUILDER_FIRST_BLOCK ((size_t)8 * 1024)
#define BUILDER_LAST_BLOCK ((size_t)512 * 1024)

/* `count` rows of base: rows[i], or start + i when rows is NULL. `constant`: row 0 each time. */
typedef struct builder_source {
    const rz_vec *base; /* FLAT or CONSTANT */
    const uint32_t *rows;
    uint32_t start;
    uint32_t count;
    bool constant;
} builder_source;

static ruzu_status builder_append_vec(rz_col_builder *builder, rz_builder_node *node, const rz_vec *vec, const uint32_t *rows, uint32_t start,
                                      uint32_t count, rz_error *err);

static inline uint32_t builder_source_at(const builder_source *source, uint32_t i)
{
    if (source->constant) {
        return 0;
    }
    return source->rows == NULL ? source->start + i : source->rows[i];
}

/* ---- memory ---- */

void *rz_builder_alloc(rz_col_builder *builder, size_t size)
{
    void *memory = rz_mem_alloc(builder->mem, size);
    if (memory != NULL) {
        builder->held_bytes += size;
    }
    return memory;
}

void rz_builder_release(rz_col_builder *builder, void *memory, size_t size)
{
    if (memory != NULL) {
        rz_mem_free(builder->mem, memory, size);
        builder->held_bytes -= size;
    }
}

/* Resizes a buffer; the old stays valid on failure. */
static bool builder_resize(rz_col_builder *builder, void **memory, size_t old_size, size_t new_size)
{
    void *grown = *memory == NULL ? rz_mem_alloc(builder->mem, new_size) : rz_mem_realloc(builder->mem, *memory, old_size, new_size);
    if (grown == NULL) {
        return false;
    }
    builder->held_bytes += new_size - old_size;
    *memory = grown;
    return true;
}

static ruzu_status builder_too_many(rz_error *err)
{
    return rz_error_set(err, RUZU_ERROR_LIMIT, "The lists of one row group may hold at most %u elements together.", UINT32_MAX);
}

/* Room for `extra` more rows, and the check of the row limit. */
static ruzu_status builder_reserve(rz_col_builder *builder, rz_builder_node *node, uint64_t extra, rz_error *err)
{
    uint64_t need = node->rows + extra; /* both below 2^33 */
    if (need > UINT32_MAX) {
        return builder_too_many(err);
    }
    if (need <= node->capacity) {
        return RUZU_OK;
    }
    uint64_t capacity = node->capacity == 0 ? RZ_VECTOR_CAPACITY : node->capacity * 2;
    capacity = capacity < need ? need : capacity;
    capacity = (capacity + 63) & ~UINT64_C(63);
    if (node->size != 0) {
        void *data = node->data;
        if (!builder_resize(builder, &data, data == NULL ? 0 : node->capacity * node->size, capacity * node->size)) {
            return rz_error_no_memory(err, "collecting the values of a column");
        }
        node->data = (uint8_t *)data;
    }
    if (node->validity != NULL) {
        void *bits = node->validity;
        if (!builder_resize(builder, &bits, node->capacity / 8, capacity / 8)) {
            /* The larger data buffer is kept: its size must stay known. */
            rz_builder_release(builder, node->data, capacity * node->size);
            node->data = NULL;
            rz_builder_release(builder, node->validity, node->capacity / 8);
            node->validity = NULL;
            node->capacity = 0;
            node->rows = 0;
            return rz_error_no_memory(err, "collecting the values of a column");
        }
        node->validity = (uint64_t *)bits;
    }
    node->capacity = capacity;
    return RUZU_OK;
}

/* Gives the node a bitmap, with ones for the rows before. */
static ruzu_status builder_need_validity(rz_col_builder *builder, rz_builder_node *node, rz_error *err)
{
    if (node->validity == NULL) {
        node->validity = (uint64_t *)rz_builder_alloc(builder, node->capacity / 8);
        RZ_TRY_ALLOC(node->validity, err, "collecting the values of a column");
        memset(node->validity, 0xff, node->capacity / 8);
    }
    return RUZU_OK;
}

/* ---- creation ---- */

static ruzu_status builder_init_node(rz_col_builder *builder, rz_builder_node *node, const rz_type *type, rz_error *err)
{
    node->type = type;
    node->physical = (rz_physical)type->physical;
    node->size = rz_physical_size(node->physical);
    if (node->physical == RZ_PHYS_LIST) {
        node->size = rz_column_is_array(type) ? 0 : (uint32_t)sizeof(uint32_t);
    } else if (node->physical == RZ_PHYS_NONE) {
        node->size = 0;
    }
    node->next_block_size = BUILDER_FIRST_BLOCK;
    uint32_t child_count = rz_column_child_count(type);
    if (child_count == 0) {
        return RUZU_OK;
    }
    size_t size = child_count * sizeof(rz_builder_node);
    node->children = (rz_builder_node *)rz_builder_alloc(builder, size);
    RZ_TRY_ALLOC(node->children, err, "creating a column builder");
    memset(node->children, 0, size);
    node->child_count = child_count;
    for (uint32_t i = 0; i < child_count; i++) {
        RZ_TRY(builder_init_node(builder, &node->children[i], rz_column_child_type(type, i), err)); /* as deep as the type */
    }
    return RUZU_OK;
}

ruzu_status rz_col_builder_create(rz_mem *mem, const rz_type *type, rz_col_builder **out, rz_error *err)
{
    *out = NULL;
    rz_col_builder *builder = (rz_col_builder *)rz_mem_calloc(mem, 1, sizeof *builder);
    RZ_TRY_ALLOC(builder, err, "creating a column builder");
    builder->mem = mem;
    builder->held_bytes = sizeof *builder;
    ruzu_status status = builder_init_node(builder, &builder->root, type, err);
    if (status != RUZU_OK) {
        rz_col_builder_free(builder);
        return status;
    }
    *out = builder;
    return RUZU_OK;
}

static void builder_free_blocks(rz_col_builder *builder, rz_builder_block *block)
{
    while (block != NULL) {
        rz_builder_block *next = block->next;
        rz_builder_release(builder, block, sizeof *block + block->size);
        block = next;
    }
}

static void builder_free_node(rz_col_builder *builder, rz_builder_node *node)
{
    rz_builder_release(builder, node->data, node->capacity * node->size);
    rz_builder_release(builder, node->validity, node->capacity / 8);
    rz_builder_release(builder, node->scratch, node->scratch_count * sizeof(uint32_t));
    builder_free_blocks(builder, node->blocks);
    builder_free_blocks(builder, node->free_blocks);
    for (uint32_t i = 0; i < node->child_count; i++) {
        builder_free_node(builder, &node->children[i]);
    }
    rz_builder_release(builder, node->children, node->child_count * sizeof(rz_builder_node));
}

void rz_col_builder_free(rz_col_builder *builder)
{
    if (builder == NULL) {
        return;
    }
    rz_builder_drop_cuts(builder);
    builder_free_node(builder, &builder->root);
    RZ_ASSERT(builder->held_bytes == sizeof *builder);
    rz_mem_free(builder->mem, builder, sizeof *builder);
}

void rz_builder_clear(rz_col_builder *builder, rz_builder_node *node)
{
    node->rows = 0;
    node->null_count = 0;
    rz_builder_release(builder, node->validity, node->capacity / 8);
    node->validity = NULL;
    while (node->blocks != NULL) {
        rz_builder_block *block = node->blocks;
        node->blocks = block->next;
        if (block->size > BUILDER_LAST_BLOCK) { /* made for one long string */
            rz_builder_release(builder, block, sizeof *block + block->size);
        } else {
            block->used = 0;
            block->next = node->free_blocks;
            node->free_blocks = block;
        }
    }
    for (uint32_t i = 0; i < node->child_count; i++) {
        rz_builder_clear(builder, &node->children[i]);
    }
}

uint64_t rz_col_builder_rows(const rz_col_builder *builder)
{
    return builder->cut_rows + builder->root.rows;
}

uint64_t rz_col_builder_bytes(const rz_col_builder *builder)
{
    return builder->held_bytes;
}

/* ---- strings ---- */

/* Room for length bytes in a block; NULL when memory is refused. */
static char *builder_string_room(rz_col_builder *builder, rz_builder_node *node, size_t length)
{
    rz_builder_block *block = node->blocks;
    if (block == NULL || length > block->size - block->used) {
        block = node->free_blocks;
        if (block != NULL && length <= block->size) {
            node->free_blocks = block->next;
        } else {
            size_t size = node->next_block_size;
            if (length > size / 2) {
                size = length; /* a block of its own */
            } else if (size < BUILDER_LAST_BLOCK) {
                node->next_block_size = size * 2;
            }
            block = (rz_builder_block *)rz_builder_alloc(builder, sizeof *block + size);
            if (block == NULL) {
                return NULL;
            }
            block->size = size;
            block->used = 0;
        }
        block->next = node->blocks;
        node->blocks = block;
    }
    char *room = block->data + block->used;
    block->used += length;
    return room;
}

static ruzu_status builder_append_strings(rz_col_builder *builder, rz_builder_node *node, const builder_source *source, rz_error *err)
{
    const rz_string *in = (const rz_string *)source->base->data;
    rz_string *out = (rz_string *)(void *)node->data + node->rows;
    const uint64_t *validity = node->validity;
    const char *last_in = NULL; /* a constant's bytes, or a dictionary's run, are copied once */
    const char *last_out = NULL;
    uint32_t last_length = 0;

    for (uint32_t i = 0; i < source->count; i++) {
        if (validity != NULL && !rz_bit_get(validity, node->rows + i)) {
            memset(&out[i], 0, sizeof out[i]);
            continue;
        }
        out[i] = in[builder_source_at(source, i)];
        if (out[i].length > RZ_STRING_INLINE) {
            if (out[i].u.data != last_in || out[i].length != last_length) {
                char *bytes = builder_string_room(builder, node, out[i].length);
                RZ_TRY_ALLOC(bytes, err, "collecting the values of a column");
                memcpy(bytes, out[i].u.data, out[i].length);
                last_in = out[i].u.data;
                last_out = bytes;
                last_length = out[i].length;
            }
            out[i].u.data = last_out;
        }
    }
    return RUZU_OK;
}

/* ---- NULLs and values ---- */

static ruzu_status builder_append_nulls(rz_col_builder *builder, rz_builder_node *node, uint64_t count, rz_error *err)
{
    RZ_TRY(builder_reserve(builder, node, count, err));
    if (count == 0) {
        return RUZU_OK;
    }
    RZ_TRY(builder_need_validity(builder, node, err));
    rz_colk_set_bits(node->validity, node->rows, count, false);
    if (node->physical == RZ_PHYS_LIST) {
        if (rz_column_is_array(node->type)) {
            RZ_TRY(builder_append_nulls(builder, &node->children[0], count * node->type->array_length, err));
        } else {
            uint32_t end = (uint32_t)node->children[0].rows;
            rz_colk_fill(sizeof end, &end, count, node->data + node->rows * sizeof end);
        }
    } else if (node->physical == RZ_PHYS_STRUCT) {
        for (uint32_t i = 0; i < node->child_count; i++) {
            RZ_TRY(builder_append_nulls(builder, &node->children[i], count, err));
        }
    } else if (node->size != 0) {
        memset(node->data + node->rows * node->size, 0, count * node->size);
    }
    node->rows += count;
    node->null_count += count;
    return RUZU_OK;
}

/* Copies the validity of the source's rows behind the node's; returns how many are NULL in *out_nulls. */
static ruzu_status builder_append_validity(rz_col_builder *builder, rz_builder_node *node, const builder_source *source, uint32_t *out_nulls,
                                           rz_error *err)
{
    const uint64_t *bits = source->base->validity;
    *out_nulls = 0;
    if (bits != NULL && source->constant) {
        *out_nulls = rz_bit_get(bits, 0) ? 0 : source->count;
    } else if (bits != NULL && source->rows == NULL) {
        *out_nulls = source->count - (uint32_t)rz_colk_count_bits(bits, source->start, source->count);
    } else if (bits != NULL) {
        uint32_t valid = 0;
        for (uint32_t i = 0; i < source->count; i++) {
            valid += rz_bit_get(bits, source->rows[i]);
        }
        *out_nulls = source->count - valid;
    }
    if (*out_nulls != 0) {
        RZ_TRY(builder_need_validity(builder, node, err));
    }
    if (node->validity == NULL) {
        return RUZU_OK;
    }
    if (*out_nulls == 0 || *out_nulls == source->count) {
        rz_colk_set_bits(node->validity, node->rows, source->count, *out_nulls == 0);
    } else if (source->rows == NULL) {
        rz_colk_copy_bits(node->validity, node->rows, (const uint8_t *)bits, source->start, source->count);
    } else {
        for (uint32_t i = 0; i < source->count; i++) {
            if (rz_bit_get(bits, source->rows[i])) {
                rz_bit_set(node->validity, node->rows + i);
            } else {
                rz_bit_clear(node->validity, node->rows + i);
            }
        }
    }
    return RUZU_OK;
}

static void builder_append_fixed(rz_builder_node *node, const builder_source *source)
{
    uint8_t *out = node->data + node->rows * node->size;
    const uint8_t *in = (const uint8_t *)source->base->data;
    if (source->constant) {
        rz_colk_fill(node->size, in, source->count, out);
    } else if (source->rows == NULL) {
        memcpy(out, in + (size_t)source->start * node->size, (size_t)source->count * node->size);
    } else {
        rz_colk_pick(node->size, in, source->rows, source->count, out);
    }
}

/* ---- nested ---- */

/* Lists that lie one behind the other in the source's elements are appended in one piece. */
static ruzu_status builder_append_lists(rz_col_builder *builder, rz_builder_node *node, const builder_source *source, rz_error *err)
{
    const rz_list_entry *entries = (const rz_list_entry *)source->base->data;
    const rz_vec *elements = source->base->children[0];
    rz_builder_node *child = &node->children[0];
    uint32_t *ends = (uint32_t *)(void *)node->data;
    bool array = rz_column_is_array(node->type);
    uint64_t end = child->rows;
    uint32_t piece_start = 0, piece_count = 0;

    for (uint32_t i = 0; i < source->count; i++) {
        bool valid = node->validity == NULL || rz_bit_get(node->validity, node->rows + i);
        rz_list_entry entry = {0, 0};
        if (valid) {
            entry = entries[builder_source_at(source, i)];
            if (array && entry.length != node->type->array_length) {
                return rz_error_set(err, RUZU_ERROR_INTERNAL, "an array has %u elements instead of %u", entry.length, node->type->array_length);
            }
        }
        if ((entry.length != 0 && entry.offset != piece_start + piece_count) || (array && !valid)) {
            RZ_TRY(builder_append_vec(builder, child, elements, NULL, piece_start, piece_count, err));
            piece_start = entry.offset;
            piece_count = 0;
        }
        piece_count += entry.length;
        end += entry.length;
        if (array && !valid) {
            RZ_TRY(builder_append_nulls(builder, child, node->type->array_length, err));
        } else if (!array) {
            if (end > UINT32_MAX) {
                return builder_too_many(err);
            }
            ends[node->rows + i] = (uint32_t)end;
        }
    }
    return builder_append_vec(builder, child, elements, NULL, piece_start, piece_count, err);
}

/* Children of NULL rows are not looked at: they become NULL. */
static ruzu_status builder_append_struct(rz_col_builder *builder, rz_builder_node *node, const builder_source *source, uint32_t nulls, rz_error *err)
{
    uint32_t from = 0;
    while (from < source->count) {
        uint32_t to = source->count;
        bool valid = nulls == 0 || rz_bit_get(node->validity, node->rows + from);
        if (nulls != 0) {
            to = from + 1;
            while (to < source->count && rz_bit_get(node->validity, node->rows + to) == valid) {
                to++;
            }
        }
        for (uint32_t i = 0; i < node->child_count; i++) {
            rz_builder_node *child = &node->children[i];
            if (!valid) {
                RZ_TRY(builder_append_nulls(builder, child, to - from, err));
            } else if (source->constant) { /* its children are constants or hold the value in row 0 */
                for (uint32_t row = from; row < to; row++) {
                    RZ_TRY(builder_append_vec(builder, child, source->base->children[i], NULL, 0, 1, err));
                }
            } else {
                const uint32_t *rows = source->rows == NULL ? NULL : source->rows + from;
                RZ_TRY(builder_append_vec(builder, child, source->base->children[i], rows, source->start + from, to - from, err));
            }
        }
        from = to;
    }
    return RUZU_OK;
}

/* ---- appending ---- */

static void builder_append_sequence(rz_builder_node *node, const rz_vec *vec, const uint32_t *rows, uint32_t start, uint32_t count)
{
    uint64_t *out = (uint64_t *)(void *)node->data + node->rows;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t row = rows == NULL ? start + i : rows[i];
        out[i] = (uint64_t)vec->start + (uint64_t)vec->step * row;
    }
    if (node->validity != NULL) {
        rz_colk_set_bits(node->validity, node->rows, count, true);
    }
    node->rows += count;
}

/* Finds the base of vec and the positions in it. */
static ruzu_status builder_resolve(rz_col_builder *builder, rz_builder_node *node, const rz_vec *vec, builder_source *source, rz_error *err)
{
    source->base = vec;
    if (vec->kind == RZ_VEC_DICTIONARY) {
        source->base = vec->dictionary;
        if (source->rows == NULL) {
            source->rows = vec->index + source->start;
        } else if (vec->dictionary->kind != RZ_VEC_CONSTANT) {
            if (source->count > node->scratch_count) {
                void *scratch = node->scratch;
                size_t old_size = node->scratch_count * sizeof(uint32_t), new_size = source->count * sizeof(uint32_t);
                if (!builder_resize(builder, &scratch, old_size, new_size)) {
                    return rz_error_no_memory(err, "collecting the values of a column");
                }
                node->scratch = (uint32_t *)scratch;
                node->scratch_count = source->count;
            }
            rz_colk_pick(sizeof(uint32_t), vec->index, source->rows, source->count, node->scratch);
            source->rows = node->scratch;
        }
    }
    source->constant = source->base->kind == RZ_VEC_CONSTANT;
    return RUZU_OK;
}

static ruzu_status builder_append_vec(rz_col_builder *builder, rz_builder_node *node, const rz_vec *vec, const uint32_t *rows, uint32_t start,
                                      uint32_t count, rz_error *err)
{
    if (count == 0) {
        return RUZU_OK;
    }
    if (node->physical == RZ_PHYS_NONE) {
        return builder_append_nulls(builder, node, count, err);
    }
    RZ_TRY(builder_reserve(builder, node, count, err));
    if (vec->kind == RZ_VEC_SEQUENCE) {
        builder_append_sequence(node, vec, rows, start, count);
        return RUZU_OK;
    }
    builder_source source = {vec, rows, start, count, false};
    RZ_TRY(builder_resolve(builder, node, vec, &source, err));
    uint32_t nulls = 0;
    RZ_TRY(builder_append_validity(builder, node, &source, &nulls, err));
    if (nulls == count) {
        return builder_append_nulls(builder, node, count, err);
    }
    if (node->physical == RZ_PHYS_STRING) {
        RZ_TRY(builder_append_strings(builder, node, &source, err));
    } else if (node->physical == RZ_PHYS_LIST) {
        RZ_TRY(builder_append_lists(builder, node, &source, err));
    } else if (node->physical == RZ_PHYS_STRUCT) {
        RZ_TRY(builder_append_struct(builder, node, &source, nulls, err));
    } else {
        builder_append_fixed(node, &source);
    }
    node->rows += count;
    node->null_count += nulls;
    return RUZU_OK;
}

ruzu_status rz_col_builder_append(rz_col_builder *builder, const rz_vec *vec, const rz_sel *sel, rz_error *err)
{
    RZ_ASSERT(vec->type->physical == builder->root.type->physical);
    const uint32_t *rows = sel->rows;
    uint32_t start = 0;
    if (rows != NULL && sel->count != 0 && rows[sel->count - 1] - rows[0] == sel->count - 1) { /* ascending, so neighbours: copied in bulk */
        start = rows[0];
        rows = NULL;
    }
    return builder_append_vec(builder, &builder->root, vec, rows, start, sel->count, err);
}
