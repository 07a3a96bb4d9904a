/* SPDX-License-Identifier: MIT */
/*
 * Estimates of distinct values.
 */
#include "storage/table/sketch.h"

#include "storage/table/key_hash.h"

#include <math.h>

#define SKETCH_BATCH 256u

bool rz_sketch_takes(const rz_type *type)
{
    rz_physical physical = (rz_physical)type->physical;
    return physical != RZ_PHYS_NONE && physical != RZ_PHYS_LIST && physical != RZ_PHYS_STRUCT && physical != RZ_PHYS_REL &&
           physical != RZ_PHYS_INTERVAL;
}

static void sketch_add_hash(rz_sketch *sketch, uint64_t hash)
{
    uint32_t idx = (uint32_t)(hash >> (64 - RZ_SKETCH_BITS));
    uint64_t rest = hash << RZ_SKETCH_BITS | (UINT64_C(1) << (RZ_SKETCH_BITS - 1)); /* not zero */
    uint8_t rank = (uint8_t)(rz_clz64(rest) + 1);
    if (rank > atomic_load_explicit(&sketch->registers[idx], memory_order_relaxed)) {
        atomic_store_explicit(&sketch->registers[idx], rank, memory_order_relaxed);
    }
}

void rz_sketch_add(rz_sketch *sketch, const rz_vec *values, const rz_sel *sel)
{
    uint64_t hashes[SKETCH_BATCH];
    rz_view view = {0};
    if (values->kind == RZ_VEC_SEQUENCE) {
        for (uint32_t i = 0; i < sel->count; i++) {
            sketch_add_hash(sketch, rz_hash_u64((uint64_t)values->start + (uint64_t)values->step * rz_sel_at(sel, i)));
        }
        return;
    }
    rz_vec_view(values, &view);
    for (uint32_t first = 0; first < sel->count; first += SKETCH_BATCH) {
        /* The rows of a piece are hashed through a dictionary over them, so that the hashes lie at 0, 1, … */
        uint32_t rows[SKETCH_BATCH];
        uint32_t count = sel->count - first < SKETCH_BATCH ? sel->count - first : SKETCH_BATCH;
        rz_sel piece = {NULL, count};
        for (uint32_t i = 0; i < count; i++) {
            rows[i] = rz_view_at(&view, rz_sel_at(sel, first + i));
        }
        rz_vec shown = {.type = values->type, .kind = RZ_VEC_DICTIONARY, .dictionary = view.base, .index = rows};
        rz_key_hash(&shown, &piece, hashes);
        for (uint32_t i = 0; i < count; i++) {
            if (rz_view_valid(&view, rows[i])) {
                sketch_add_hash(sketch, hashes[i]);
            }
        }
    }
}

uint64_t rz_sketch_estimate(const rz_sketch *sketch)
{
    double sum = 0.0;
    double count = (double)RZ_SKETCH_REGISTERS;
    uint32_t empty = 0;
    for (uint32_t i = 0; i < RZ_SKETCH_REGISTERS; i++) {
        uint8_t rank = atomic_load_explicit(&sketch->registers[i], memory_order_relaxed);
        sum += ldexp(1.0, -(int)rank);
        empty += rank == 0;
    }
    double estimate = 0.7213 / (1.0 + 1.079 / count) * count * count / sum;
    if (estimate <= 2.5 * count && empty != 0) {
        estimate = count * log(count / (double)empty);
    }
    return (uint64_t)(estimate + 0.5);
}
