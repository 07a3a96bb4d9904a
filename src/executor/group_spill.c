/* SPDX-License-Identifier: MIT */
/*
 * Groups in records: writing those of a table away, merging them into another one.
 */
#include "executor/group_table.h"

#include <string.h>

/* A record: hash unless the key is inline, for each aggregate its state (plain: the bytes; else length u32 and what save wrote), keys. */
static ruzu_status group_write(const rz_group_layout *layout, const uint8_t *group, rz_str *text, rz_records *records, rz_error *err)
{
    rz_str_clear(text);
    rz_str_append(text, (const char *)group + layout->states_size, layout->keys_off - layout->states_size);
    for (uint32_t a = 0; a < layout->agg_count; a++) {
        const rz_agg_bound *bound = layout->aggs[a];
        const uint8_t *state = group + layout->state_offs[a];
        if (bound->agg->plain_state) {
            rz_str_append(text, (const char *)state, bound->state_size);
            continue;
        }
        size_t start = text->length;
        uint8_t length[4] = {0};
        rz_str_append(text, (const char *)length, sizeof length);
        bound->agg->save(bound, state, text);
        if (!text->failed) {
            rz_store_u32(text->data + start, (uint32_t)(text->length - start - 4));
        }
    }
    const uint8_t *keys = group + layout->keys_off;
    rz_str_append(text, (const char *)keys, rz_group_keys_size(layout, keys));
    if (text->failed) {
        return rz_error_no_memory(err, "spilling groups");
    }
    if (text->length > INT32_MAX) {
        return rz_error_set(err, RUZU_ERROR_LIMIT, "A group of %zu bytes is larger than the limit of 2 GiB.", text->length);
    }
    uint8_t *place = NULL;
    RZ_TRY(rz_records_add(records, (uint32_t)text->length, &place, err));
    memcpy(place, text->data, text->length);
    return RUZU_OK;
}

ruzu_status rz_group_spill(rz_group_table *table, rz_mem *mem, rz_pool *pool, rz_records **records, rz_error *err)
{
    ruzu_status status = RUZU_OK;
    uint8_t *groups[RZ_VECTOR_CAPACITY];
    rz_str text;
    rz_str_init(&text, mem);
    RZ_TRY_GOTO(rz_group_retire_where_they_are(table, err)); /* they leave memory */
    for (uint32_t p = 0; p < RZ_SPILL_PARTS; p++) {
        const rz_group_part *part = &table->parts[p];
        rz_group_cursor cursor;
        if (rz_group_part_count(part) != 0 && records[p] == NULL) {
            RZ_TRY_GOTO(rz_records_create_part(mem, pool, &records[p], err));
        }
        rz_group_cursor_open(&cursor, table->layout, part);
        for (uint32_t count; (count = rz_group_cursor_next(&cursor, groups, RZ_VECTOR_CAPACITY)) != 0;) {
            for (uint32_t i = 0; i < count; i++) {
                RZ_TRY_GOTO(group_write(table->layout, groups[i], &text, records[p], err));
            }
        }
        if (records[p] != NULL) {
            rz_records_seal(records[p]);
        }
    }
    rz_group_table_clear(table);
cleanup:
    rz_str_free(&text);
    return status;
}

/* Reads the states of a record into `states` (laid out as in a group) and returns where its keys begin in *out_keys. */
static ruzu_status group_read_states(const rz_group_layout *layout, rz_agg_context *context, const uint8_t *record, uint32_t size, uint8_t *states,
                                     const uint8_t **out_keys, rz_error *err)
{
    rz_reader reader;
    rz_reader_init(&reader, record, size);
    (void)rz_read_bytes(&reader, layout->keys_off - layout->states_size);
    for (uint32_t a = 0; a < layout->agg_count; a++) {
        const rz_agg_bound *bound = layout->aggs[a];
        uint8_t *state = states + layout->state_offs[a];
        if (bound->agg->plain_state) {
            const void *bytes = rz_read_bytes(&reader, bound->state_size);
            if (bytes != NULL) {
                memcpy(state, bytes, bound->state_size);
            }
            continue;
        }
        uint32_t length = rz_read_u32(&reader);
        const void *bytes = rz_read_bytes(&reader, length);
        if (bytes != NULL) {
            rz_reader part;
            rz_reader_init(&part, bytes, length);
            bound->agg->init(bound, state);
            RZ_TRY(bound->agg->load(bound, context, &part, state, err));
        }
    }
    if (reader.failed) {
        return rz_error_set(err, RUZU_ERROR_INTERNAL, "a spilled group is damaged");
    }
    *out_keys = record + reader.off;
    return RUZU_OK;
}

/* Merges records[0..count), which are valid together. */
static ruzu_status group_load_batch(rz_group_table *table, rz_agg_context *context, const uint8_t *const *records, const uint32_t *sizes, uint32_t count, uint8_t *states,
                                    rz_vec *const *keys, rz_error *err)
{
    const rz_group_layout *layout = table->layout;
    uint64_t hashes[RZ_VECTOR_CAPACITY] = {0};
    uint8_t *found[RZ_VECTOR_CAPACITY];
    const uint8_t *cursors[RZ_VECTOR_CAPACITY];
    for (uint32_t i = 0; i < count; i++) {
        RZ_TRY(group_read_states(layout, context, records[i], sizes[i], states + (size_t)i * layout->states_size, &cursors[i], err));
    }
    for (uint32_t k = 0; k < layout->key_count; k++) {
        rz_vec_reset(keys[k]);
        RZ_TRY(rz_row_values_read(cursors, count, false, keys[k], 0, err));
    }
    rz_group_read_hashes(layout, records, count, keys, hashes);
    rz_sel sel = {.rows = NULL, .count = count};
    RZ_TRY(rz_group_find(table, keys, hashes, &sel, NULL, found, err));
    for (uint32_t i = 0; i < count && layout->agg_count != 0; i++) {
        RZ_TRY(rz_group_combine(layout, context, found[i], states + (size_t)i * layout->states_size, err));
    }
    return RUZU_OK;
}

ruzu_status rz_group_load(rz_group_table *table, const rz_exec *exec, rz_agg_context *context, rz_records *records, rz_vec *const *keys, rz_error *err)
{
    ruzu_status status = RUZU_OK;
    const uint8_t *batch[RZ_VECTOR_CAPACITY];
    uint32_t sizes[RZ_VECTOR_CAPACITY];
    size_t state_bytes = (size_t)table->layout->states_size * RZ_VECTOR_CAPACITY;
    rz_records_cursor cursor = {0};
    uint8_t *states = (uint8_t *)rz_mem_alloc(table->mem, state_bytes);
    RZ_TRY_ALLOC(states, err, "reading spilled groups");
    rz_records_open(records, &cursor);
    uint32_t count = 0;
    for (;;) {
        const uint8_t *record = NULL;
        uint32_t size = 0;
        bool block_end = false;
        RZ_TRY_GOTO(rz_records_next(&cursor, count != 0, &record, &size, &block_end, err));
        if (record != NULL) {
            batch[count] = record;
            sizes[count++] = size;
        }
        if (count == RZ_VECTOR_CAPACITY || (record == NULL && count != 0)) {
            RZ_TRY_GOTO(rz_exec_poll(exec, err));
            RZ_TRY_GOTO(group_load_batch(table, context, batch, sizes, count, states, keys, err));
            count = 0;
        } else if (record == NULL) {
            break;
        }
    }
cleanup:
    rz_records_close(&cursor);
    rz_mem_free(table->mem, states, state_bytes);
    return status;
}
