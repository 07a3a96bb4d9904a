/* SPDX-License-Identifier: MIT */
/*
 * COLLECT: the state is a chain of blocks of values in row form, in the order of the rows. A block's values all have
 * the weight that stands in it: each is repeated so often in the result. Blocks double in size; joining two states
 * links their chains, so both arenas must live on.
 */
#include "function/agg.h"

typedef struct agg_block {
    struct agg_block *next;
    uint64_t weight;
    uint32_t count; /* values */
    uint32_t size;  /* bytes in use */
    uint32_t capacity;
    uint32_t unused;
    uint8_t data[];
} agg_block;

typedef struct agg_collect_state {
    agg_block *first; /* arena: a worker's */
    agg_block *last;
    uint64_t count; /* values, weights counted */
    uint64_t unused;
} agg_collect_state;

RZ_STATIC_ASSERT(sizeof(agg_collect_state) == 32, "states are multiples of 16 bytes");

#define AGG_FIRST_BLOCK   96u
#define AGG_LARGEST_BLOCK (64u * 1024u)

static void agg_collect_init(const rz_agg_bound *bound, uint8_t *state)
{
    memset(state, 0, bound->state_size);
}

/* Room for a value of size bytes with a weight, at the end of the chain; the caller writes it. */
static ruzu_status agg_collect_room(rz_arena *arena, agg_collect_state *state, uint64_t size, uint64_t weight,
                                    uint8_t **out, rz_error *err)
{
    agg_block *block = state->last;
    if (block == NULL || block->weight != weight || block->capacity - block->size < size) {
        uint64_t capacity = block == NULL ? AGG_FIRST_BLOCK : (uint64_t)block->capacity * 2;
        capacity = capacity > AGG_LARGEST_BLOCK ? AGG_LARGEST_BLOCK : capacity;
        capacity = block != NULL && block->weight != weight ? AGG_FIRST_BLOCK : capacity;
        capacity = capacity < size ? size : capacity;
        if (capacity > UINT32_MAX) {
            return rz_error_set(err, RUZU_ERROR_LIMIT, "A value of %llu bytes is too large to be collected.",
                                (unsigned long long)size);
        }
        agg_block *added = (agg_block *)rz_arena_alloc(arena, offsetof(agg_block, data) + (size_t)capacity);
        RZ_TRY_ALLOC(added, err, "collecting values");
        added->next = NULL;
        added->weight = weight;
        added->count = 0;
        added->size = 0;
        added->capacity = (uint32_t)capacity;
        if (block == NULL) {
            state->first = added;
        } else {
            block->next = added;
        }
        state->last = added;
        block = added;
    }
    *out = block->data + block->size;
    block->size += (uint32_t)size;
    block->count++;
    state->count += weight;
    return RUZU_OK;
}

static ruzu_status agg_collect_rows(rz_agg_context *context, uint8_t *const *states, uint8_t *one, const rz_vec *arg,
                                    const rz_sel *sel, const uint64_t *weights, rz_error *err)
{
    rz_fn_reader reader = rz_fn_read(arg);
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        uint32_t row = rz_sel_at(sel, idx);
        uint64_t weight = rz_agg_weight(weights, row);
        if (weight == 0 || rz_fn_is_null_at(&reader, rz_fn_at(&reader, row))) {
            continue;
        }
        agg_collect_state *state = (agg_collect_state *)(void *)(one != NULL ? one : states[row]);
        uint8_t *data;
        RZ_TRY(agg_collect_room(context->arena, state, rz_row_value_size(arg, row), weight, &data, err));
        (void)rz_row_value_write(arg, row, data);
    }
    return RUZU_OK;
}

static ruzu_status agg_collect_update(const rz_agg_bound *bound, rz_agg_context *context, uint8_t *const *states,
                                      const rz_vec *arg, const rz_sel *sel, const uint64_t *weights, rz_error *err)
{
    (void)bound;
    return agg_collect_rows(context, states, NULL, arg, sel, weights, err);
}

static ruzu_status agg_collect_update_one(const rz_agg_bound *bound, rz_agg_context *context, uint8_t *state,
                                          const rz_vec *arg, const rz_sel *sel, const uint64_t *weights, rz_error *err)
{
    (void)bound;
    return agg_collect_rows(context, NULL, state, arg, sel, weights, err);
}

static ruzu_status agg_collect_combine(const rz_agg_bound *bound, rz_agg_context *context, uint8_t *into_bytes,
                                       const uint8_t *from_bytes, rz_error *err)
{
    (void)bound;
    (void)context;
    (void)err;
    agg_collect_state *into = (agg_collect_state *)(void *)into_bytes;
    const agg_collect_state *from = (const agg_collect_state *)(const void *)from_bytes;
    if (from->first == NULL) {
        return RUZU_OK;
    }
    if (into->last == NULL) {
        into->first = from->first;
    } else {
        into->last->next = from->first;
    }
    into->last = from->last;
    into->count += from->count;
    return RUZU_OK;
}

/* One state's values as rows offset … of the child of out. */
static ruzu_status agg_collect_write(const rz_fn_context *fn, const agg_collect_state *state, rz_vec *child, uint32_t offset, rz_error *err)
{
    for (const agg_block *block = state->first; block != NULL; block = block->next) {
        const uint8_t *data = block->data;
        for (uint32_t i = 0; i < block->count; i++) {
            uint32_t first = offset;
            if (i % RZ_FN_POLL == 0) {
                RZ_TRY(rz_fn_check_interrupt(fn, err));
            }
            RZ_TRY(rz_row_value_read(data, true, child, offset++, &data, err));
            for (uint64_t copy = 1; copy < block->weight; copy++) {
                if (copy % RZ_FN_POLL == 0) {
                    RZ_TRY(rz_fn_check_interrupt(fn, err));
                }
                RZ_TRY(rz_fn_copy_row(child, offset++, child, first, err));
            }
        }
    }
    return RUZU_OK;
}

static ruzu_status agg_collect_finish(const rz_agg_bound *bound, const rz_fn_context *fn, uint8_t *const *states, uint32_t count, rz_vec *out,
                                      uint32_t out_start, rz_error *err)
{
    for (uint32_t i = 0; i < count; i++) {
        const agg_collect_state *state = (const agg_collect_state *)(const void *)states[i];
        if (state->count == 0 && !bound->collect_empty_list) {
            rz_vec_set_null(out, out_start + i);
            continue;
        }
        if (state->count > UINT32_MAX) {
            return rz_error_set(err, RUZU_ERROR_LIMIT, "A list cannot hold %llu elements.",
                                (unsigned long long)state->count);
        }
        rz_list_entry entry = {0, (uint32_t)state->count};
        RZ_TRY(rz_vec_list_reserve(out, entry.length, &entry.offset, err));
        ((rz_list_entry *)out->data)[out_start + i] = entry;
        RZ_TRY(agg_collect_write(fn, state, out->children[0], entry.offset, err));
    }
    return RUZU_OK;
}

/* Saved: 8 bytes number of blocks; of each, weight 8, values 4, bytes 4, then the bytes. */
static void agg_collect_save(const rz_agg_bound *bound, const uint8_t *state_bytes, rz_str *out)
{
    (void)bound;
    const agg_collect_state *state = (const agg_collect_state *)(const void *)state_bytes;
    uint64_t blocks = 0;
    for (const agg_block *block = state->first; block != NULL; block = block->next) {
        blocks++;
    }
    rz_str_append(out, (const char *)&blocks, sizeof blocks);
    for (const agg_block *block = state->first; block != NULL; block = block->next) {
        rz_str_append(out, (const char *)&block->weight, sizeof block->weight);
        rz_str_append(out, (const char *)&block->count, sizeof block->count);
        rz_str_append(out, (const char *)&block->size, sizeof block->size);
        rz_str_append(out, (const char *)block->data, block->size);
    }
}

static ruzu_status agg_collect_load(const rz_agg_bound *bound, rz_agg_context *context, rz_reader *reader,
                                    uint8_t *state_bytes, rz_error *err)
{
    (void)bound;
    agg_collect_state *state = (agg_collect_state *)(void *)state_bytes;
    uint64_t blocks = rz_read_u64(reader);
    for (uint64_t i = 0; i < blocks && !reader->failed; i++) {
        uint64_t weight = rz_read_u64(reader);
        uint32_t count = rz_read_u32(reader);
        uint32_t size = rz_read_u32(reader);
        const void *bytes = rz_read_bytes(reader, size);
        if (reader->failed) {
            break;
        }
        /* As one value, then corrected: the room is the same. */
        uint8_t *data;
        RZ_TRY(agg_collect_room(context->arena, state, size, weight, &data, err));
        memcpy(data, bytes, size);
        state->last->count += count - 1;
        state->count += (uint64_t)(count - 1) * weight;
    }
    return reader->failed ? rz_error_set(err, RUZU_ERROR_INTERNAL, "A spilled aggregate is cut off.") : RUZU_OK;
}

static const rz_agg agg_collect = {"COLLECT",
                                   false,
                                   agg_collect_init,
                                   agg_collect_update,
                                   agg_collect_update_one,
                                   agg_collect_combine,
                                   agg_collect_finish,
                                   agg_collect_save,
                                   agg_collect_load,
                                   NULL};

ruzu_status rz_agg_bind_collect(const char *name, const rz_type *arg_type, rz_arena *arena, rz_agg_bound *out,
                                rz_error *err)
{
    (void)name;
    out->agg = &agg_collect;
    out->arg_type = arg_type->id == RUZU_TYPE_ANY ? RZ_INT64 : arg_type;
    out->result = rz_type_list(arena, out->arg_type);
    RZ_TRY_ALLOC(out->result, err, "binding an aggregate");
    out->state_size = sizeof(agg_collect_state);
    return RUZU_OK;
}
