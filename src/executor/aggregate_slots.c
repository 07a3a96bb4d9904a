/* SPDX-License-Identifier: MIT */
/*
 * Grouping by slot: choosing the range of keys, turning keys into slots, finding the groups of slots that are met for the first time.
 *
 * The range is chosen from the first chunk and widened when a key lies outside; when it becomes too wide, or has moved too often, hashing takes over for good.
 * Groups live in the hash table as ever: slots are a way to them, so both ways may alternate.
 */
#include "executor/aggregate_slots.h"

#define SLOTS_MOVES_MAX 16u

void rz_aggregate_slots_forget(rz_aggregate_slots *slots)
{
    memset(slots->groups, 0, sizeof slots->groups);
}

static void slots_bounds(const uint64_t *tags, uint32_t count, int64_t *out_low, int64_t *out_high)
{
    int64_t low = (int64_t)tags[0], high = low;
    for (uint32_t i = 1; i < count; i++) {
        int64_t tag = (int64_t)tags[i];
        low = tag < low ? tag : low;
        high = tag > high ? tag : high;
    }
    *out_low = low;
    *out_high = high;
}

/* A range for the keys at hand and those before; false when there is none. */
static bool slots_choose(rz_aggregate_slots *slots, uint32_t count)
{
    int64_t low = 0, high = 0;
    slots_bounds(slots->tags, count, &low, &high);
    if (slots->count != 0) {
        int64_t base = (int64_t)slots->base, last = (int64_t)(slots->base + slots->count - 1);
        low = base < low ? base : low;
        high = last > high ? last : high;
    }
    uint64_t span = (uint64_t)high - (uint64_t)low;
    if (span >= RZ_AGG_SLOTS_MAX || slots->moves++ >= SLOTS_MOVES_MAX) {
        slots->off = true;
        return false;
    }
    slots->base = (uint64_t)low;
    slots->count = (uint32_t)span + 1;
    rz_aggregate_slots_forget(slots);
    return true;
}

/* Keys to slots; false when one is outside of the range. */
static bool slots_number(rz_aggregate_slots *slots, uint32_t count)
{
    const uint64_t *RZ_RESTRICT tags = slots->tags;
    uint16_t *RZ_RESTRICT out = slots->slots;
    uint64_t base = slots->base, above = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t slot = tags[i] - base;
        above |= slot;
        out[i] = (uint16_t)slot;
    }
    if (above < slots->count) { /* no slot is greater than all of their bits together */
        return true;
    }
    above = 0;
    for (uint32_t i = 0; i < count; i++) {
        above |= (uint64_t)(tags[i] - base >= slots->count);
    }
    return above == 0;
}

static void slots_count(rz_aggregate_slots *slots, uint32_t count)
{
    uint32_t odd[RZ_AGG_SLOTS_MAX]; /* two arrays: rows of the same group in sequence need not wait for each other */
    uint32_t *RZ_RESTRICT even = slots->counts;
    const uint16_t *at = slots->slots;
    memset(odd, 0, slots->count * sizeof *odd);
    memset(even, 0, slots->count * sizeof *even);
    uint32_t i = 0;
    for (; i + 2 <= count; i += 2) {
        even[at[i]]++;
        odd[at[i + 1]]++;
    }
    if (i < count) {
        even[at[i]]++;
    }
    for (uint32_t s = 0; s < slots->count; s++) {
        even[s] += odd[s];
    }
}

void rz_aggregate_slots_number(rz_aggregate_slots *slots, const uint32_t *index, const rz_sel *sel, uint32_t slot_count)
{
    slots->count = slot_count;
    for (uint32_t i = 0; i < sel->count; i++) {
        slots->slots[i] = (uint16_t)index[rz_sel_at(sel, i)];
    }
    slots_count(slots, sel->count);
}

/* Groups of slots that are met for the first time, by a row of each. */
static ruzu_status slots_meet(rz_aggregate_slots *slots, rz_group_table *table, rz_vec *const *keys, const rz_sel *sel, uint64_t *hashes, uint8_t **found,
                              rz_error *err)
{
    uint32_t rows[RZ_AGG_SLOTS_MAX], at[RZ_AGG_SLOTS_MAX], fresh = 0;
    uint64_t met[RZ_BITMAP_WORDS(RZ_AGG_SLOTS_MAX)] = {0};
    for (uint32_t i = 0; i < sel->count && fresh < RZ_AGG_SLOTS_MAX; i++) {
        uint32_t slot = slots->slots[i];
        if (slots->groups[slot] == NULL && !rz_bit_get(met, slot)) {
            rz_bit_set(met, slot);
            rows[fresh] = rz_sel_at(sel, i);
            at[fresh++] = slot;
        }
    }
    for (uint32_t done = 0; done < fresh;) { /* no more at a time than a vector has */
        uint32_t take = fresh - done < RZ_VECTOR_CAPACITY ? fresh - done : RZ_VECTOR_CAPACITY;
        rz_sel part = {.rows = rows + done, .count = take};
        rz_vec_hash(keys[0], &part, hashes, false);
        RZ_TRY(rz_group_find(table, keys, hashes, &part, NULL, found, err));
        for (uint32_t i = done; i < done + take; i++) {
            slots->groups[at[i]] = found[rows[i]];
        }
        done += take;
    }
    return RUZU_OK;
}

ruzu_status rz_aggregate_slots_find(rz_aggregate_slots *slots, rz_group_table *table, rz_vec *const *keys, const rz_sel *sel, uint64_t *hashes, uint8_t **found,
                                    bool *out_done, rz_error *err)
{
    rz_view view;
    *out_done = false;
    rz_vec_view(keys[0], &view);
    if (slots->off || view.validity != NULL || sel->count == 0) {
        return RUZU_OK;
    }
    slots->tags = (const uint64_t *)view.data;
    if (view.index != NULL || sel->rows != NULL || rz_type_size(keys[0]->type) != sizeof *slots->tags) {
        rz_group_tags(keys[0]->type, &view, sel, slots->tag_room);
        slots->tags = slots->tag_room;
    }
    if ((slots->count == 0 || !slots_number(slots, sel->count)) && (!slots_choose(slots, sel->count) || !slots_number(slots, sel->count))) {
        return RUZU_OK;
    }
    slots_count(slots, sel->count);
    bool fresh = false;
    for (uint32_t s = 0; s < slots->count; s++) {
        fresh |= slots->counts[s] != 0 && slots->groups[s] == NULL;
    }
    if (fresh) {
        RZ_TRY(slots_meet(slots, table, keys, sel, hashes, found, err));
    }
    *out_done = true;
    return RUZU_OK;
}
