/* SPDX-License-Identifier: MIT */
/*
 * Messages: how many rows each node stands for (private to the executor). Made by the sink in message_sink.c, read by MESSAGE_APPLY.
 *
 * A number that is too large is kept as UINT64_MAX, RZ_MESSAGE_TOO_MANY: whoever needs it raises the error, so that nodes which no row of the query reaches
 * raise none.
 */
#ifndef RZ_EXECUTOR_MESSAGE_H
#define RZ_EXECUTOR_MESSAGE_H

#include "executor/node_map.h"

#define RZ_MESSAGE_TOO_MANY UINT64_MAX

/* The nodes of one table. */
typedef struct rz_message_table {
    uint64_t *numbers; /* by offset; owned; NULL: the table's nodes are in the map, or there are none */
    uint64_t size;
} rz_message_table;

typedef struct rz_message {
    rz_mem *mem;
    rz_message_table *tables; /* by table id */
    uint32_t table_count;
    bool sparse;              /* everything is in the map: nodes with one uint64_t each */
    rz_node_map map;
} rz_message;

/* What the sink made for a MESSAGE plan node. */
const rz_message *rz_message_of(const rz_exec *exec, const rz_plan *plan);

static inline uint64_t rz_message_add(uint64_t a, uint64_t b)
{
    uint64_t sum = a + b;
    return sum < a ? RZ_MESSAGE_TOO_MANY : sum;
}

static inline uint64_t rz_message_multiply(uint64_t a, uint64_t b)
{
    uint64_t product;
    return rz_mul_overflow(a, b, &product) ? RZ_MESSAGE_TOO_MANY : product;
}

uint64_t rz_message_find_sparse(const rz_message *message, rz_id id);

/* The numbers of a table's nodes: NULL when they must be asked for one by one, or (with *out_size 0) are all 0. */
static inline const uint64_t *rz_message_numbers(const rz_message *message, uint32_t table, uint64_t *out_size)
{
    *out_size = !message->sparse && table < message->table_count ? message->tables[table].size : 0;
    return *out_size == 0 ? NULL : message->tables[table].numbers;
}

static inline uint64_t rz_message_find(const rz_message *message, rz_id id)
{
    if (message->sparse) {
        return rz_message_find_sparse(message, id);
    }
    uint64_t size = 0;
    const uint64_t *numbers = rz_message_numbers(message, rz_id_table(id), &size);
    return rz_id_offset(id) < size ? numbers[rz_id_offset(id)] : 0;
}

#endif
