/* SPDX-License-Identifier: MIT */
/*
 * Chunks: the columns that travel together.
 */
#include "types/vec.h"

ruzu_status rz_chunk_create(rz_arena *arena, rz_arena *heap, const rz_type *const *types, uint32_t column_count, rz_chunk **out, rz_error *err)
{
    *out = NULL;
    rz_chunk *chunk = RZ_NEW(arena, rz_chunk);
    RZ_TRY_ALLOC(chunk, err, "creating a chunk");
    chunk->column_count = column_count;
    if (column_count != 0) {
        chunk->columns = RZ_NEW_ARRAY(arena, rz_vec *, column_count);
        RZ_TRY_ALLOC(chunk->columns, err, "creating a chunk");
    }
    for (uint32_t i = 0; i < column_count; i++) {
        RZ_TRY(rz_vec_create(arena, heap, types[i], RZ_VECTOR_CAPACITY, &chunk->columns[i], err));
    }
    *out = chunk;
    return RUZU_OK;
}

void rz_chunk_reset(rz_chunk *chunk)
{
    for (uint32_t i = 0; i < chunk->column_count; i++) {
        rz_vec_reset(chunk->columns[i]);
    }
    chunk->count = 0;
    chunk->sel = NULL;
    chunk->sel_count = 0;
    chunk->weight = NULL;
}
