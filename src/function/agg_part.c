/* SPDX-License-Identifier: MIT */
/*
 * Aggregates over records: what was aggregated ahead for a node is merged, as often as the row stands for it.
 *
 * The state is that of the aggregate which the records hold, and all but taking rows in is left to it.
 */
#include "function/agg.h"

#include <string.h>

#define AGG_PART_BATCH 64u

/* The record at an address; NULL: none. */
static const uint8_t *agg_part_record(const rz_fn_reader *reader, uint32_t row)
{
    uint32_t at = rz_fn_at(reader, row);
    return rz_fn_is_null_at(reader, at) ? NULL : (const uint8_t *)(uintptr_t)((const uint64_t *)reader->data)[at];
}

ruzu_status rz_agg_fail_kept(uint64_t address, rz_error *err)
{
    const rz_error *kept = (const rz_error *)(uintptr_t)address;
    if (err != NULL && err->code == RUZU_OK) {
        err->code = kept->code;
        err->position = kept->position;
        memcpy(err->message, kept->message, strlen(kept->message) + 1);
    }
    return kept->code;
}

static ruzu_status agg_part_rows(const rz_agg_bound *bound, rz_agg_context *context, uint8_t *const *states, uint8_t *one, const rz_vec *arg, const rz_sel *sel, const uint64_t *weights, rz_error *err)
{
    const rz_agg_bound *of = bound->part_of;
    rz_fn_reader reader = rz_fn_read(arg);
    uint8_t *into[AGG_PART_BATCH];
    const uint8_t *from[AGG_PART_BATCH];
    uint64_t times[AGG_PART_BATCH];
    for (uint32_t idx = 0; idx < sel->count;) {
        uint32_t count = 0;
        for (; idx < sel->count && count < AGG_PART_BATCH; idx++) {
            uint32_t row = rz_sel_at(sel, idx);
            const uint8_t *record = agg_part_record(&reader, row);
            if (record == NULL) {
                continue;
            }
            uint64_t rows = rz_load_u64(record);
            uint64_t failure = rz_load_u64(record + sizeof rows);
            if (RZ_UNLIKELY(failure != 0)) {
                return rz_agg_fail_kept(failure, err);
            }
            uint64_t weight = rz_agg_weight(weights, row);
            into[count] = one != NULL ? one : states[row];
            from[count] = record + bound->part_offset;
            times[count++] = weight == rows ? 1 : weight / rows;
        }
        RZ_TRY(of->agg->merge(of, context, into, from, times, count, err));
    }
    return RUZU_OK;
}

static ruzu_status agg_part_update(const rz_agg_bound *bound, rz_agg_context *context, uint8_t *const *states, const rz_vec *arg, const rz_sel *sel, const uint64_t *weights, rz_error *err)
{
    return agg_part_rows(bound, context, states, NULL, arg, sel, weights, err);
}

static ruzu_status agg_part_update_one(const rz_agg_bound *bound, rz_agg_context *context, uint8_t *state, const rz_vec *arg, const rz_sel *sel, const uint64_t *weights, rz_error *err)
{
    return agg_part_rows(bound, context, NULL, state, arg, sel, weights, err);
}

static void agg_part_init(const rz_agg_bound *bound, uint8_t *state)
{
    bound->part_of->agg->init(bound->part_of, state);
}

static ruzu_status agg_part_combine(const rz_agg_bound *bound, rz_agg_context *context, uint8_t *into, const uint8_t *from, rz_error *err)
{
    return bound->part_of->agg->combine(bound->part_of, context, into, from, err);
}

static ruzu_status agg_part_finish(const rz_agg_bound *bound, const rz_fn_context *fn, uint8_t *const *states, uint32_t count, rz_vec *out,
                                   uint32_t out_start, rz_error *err)
{
    return bound->part_of->agg->finish(bound->part_of, fn, states, count, out, out_start, err);
}

static void agg_part_save(const rz_agg_bound *bound, const uint8_t *state, rz_str *out)
{
    bound->part_of->agg->save(bound->part_of, state, out);
}

static ruzu_status agg_part_load(const rz_agg_bound *bound, rz_agg_context *context, rz_reader *reader, uint8_t *state, rz_error *err)
{
    return bound->part_of->agg->load(bound->part_of, context, reader, state, err);
}

static ruzu_status agg_part_merge(const rz_agg_bound *bound, rz_agg_context *context, uint8_t *const *into, const uint8_t *const *from, const uint64_t *times, uint32_t count, rz_error *err)
{
    return bound->part_of->agg->merge(bound->part_of, context, into, from, times, count, err);
}

/* Whether a state is plain bytes decides how it is moved and spilled. */
static const rz_agg agg_plain_part = {"PART", true, agg_part_init, agg_part_update, agg_part_update_one, agg_part_combine, agg_part_finish, NULL, NULL, agg_part_merge};
static const rz_agg agg_owning_part = {"PART", false, agg_part_init, agg_part_update, agg_part_update_one, agg_part_combine, agg_part_finish, agg_part_save, agg_part_load, agg_part_merge};

/* Sums of at most 64 bits a row, the sign included: 2^64 rows of them fit into 128 bits. */
static bool agg_part_is_small(const rz_type *type)
{
    rz_physical physical = (rz_physical)type->physical;
    return rz_integer_fits_int64(physical) || physical == RZ_PHYS_FLOAT || physical == RZ_PHYS_DOUBLE;
}

bool rz_agg_has_parts(const rz_agg_bound *bound)
{
    const char *name = bound->agg->name;
    if (bound->agg->merge == NULL || bound->arg_type == NULL || strcmp(name, "ANY_VALUE") == 0) {
        return false;
    }
    bool adds = strcmp(name, "SUM") == 0 || strcmp(name, "AVG") == 0;
    return !adds || agg_part_is_small(bound->arg_type);
}

void rz_agg_part(const rz_agg_bound *of, uint32_t offset, rz_agg_bound *out)
{
    *out = (rz_agg_bound){.agg = of->agg->plain_state ? &agg_plain_part : &agg_owning_part,
                          .result = of->result,
                          .arg_type = rz_type_of(RUZU_TYPE_UINT64),
                          .state_size = of->state_size,
                          .part_of = of,
                          .part_offset = offset};
}
