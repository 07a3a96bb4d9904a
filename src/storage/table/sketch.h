/* SPDX-License-Identifier: MIT */
/*
 * Estimates of distinct values: HyperLogLog (Flajolet, Fusy, Gandouet, Meunier 2007) with 256 registers, about 6.5 % off; linear counting while many registers
 * are empty. A sketch only grows: values that were rolled back or overwritten stay counted. Saved with the table's directory.
 */
#ifndef RZ_STORAGE_TABLE_SKETCH_H
#define RZ_STORAGE_TABLE_SKETCH_H

#include "types/types.h"

#define RZ_SKETCH_BITS 8u
#define RZ_SKETCH_REGISTERS (1u << RZ_SKETCH_BITS)

typedef struct rz_sketch {
    _Atomic uint8_t registers[RZ_SKETCH_REGISTERS]; /* relaxed: written by whoever writes rows, read by the planner */
} rz_sketch;

/* Whether values of the type are counted at all. */
bool rz_sketch_takes(const rz_type *type);
/* Adds the selected rows (of any kind of vector); NULLs are not counted. */
void rz_sketch_add(rz_sketch *sketch, const rz_vec *values, const rz_sel *sel);
uint64_t rz_sketch_estimate(const rz_sketch *sketch);

#endif
