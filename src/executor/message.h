/* SPDX-License-Identifier: MIT */
/*
 * Messages: how many rows each node stands for (private to the executor). Made by the sink in message_sink.c, read by MESSAGE_APPLY.
 *
 * A message with values has a record for each node instead of a number: the number, what failed, then states of aggregates over the rows (message_record.c; the layout is that of RZ_AGG_RECORD_HEAD).
 * Records are addressed by columns of rows once the message is complete, so they stay where they are until the statement ends.
 *
 * Numbers are as narrow as they happen to be (message_numbers.c). One that is too large is kept as UINT64_MAX, RZ_MESSAGE_TOO_MANY: whoever needs it raises the error, so that nodes which no row of the query reaches
 * raise none.
 */
#ifndef RZ_EXECUTOR_MESSAGE_H
#define RZ_EXECUTOR_MESSAGE_H

#include "executor/node_map.h"

#define RZ_MESSAGE_TOO_MANY UINT64_MAX

/* The nodes of one table. */
typedef struct rz_message_table {
    void *numbers;     /* by offset, `width` bytes each; owned; NULL: the table's nodes are in the map, or there are none, or they have records */
    uint8_t *records;  /* the same with values */
    uint64_t size;
    uint32_t width;    /* 1, 2, 4 or 8 */
    uint64_t gaps;     /* of `size`: offsets without a node */
    uint64_t every;    /* of a finished message: what all nodes of the table stand for; 0: they differ, or nobody knows */
} rz_message_table;

/* What states of one worker's making own. */
typedef struct rz_message_heap {
    rz_arena arena;
    struct rz_message_heap *next;
} rz_message_heap;

typedef struct rz_message {
    rz_mem *mem;
    rz_message_table *tables; /* by table id */
    uint32_t table_count;
    bool sparse;              /* everything is in the map: nodes with one uint64_t, or a record, each */
    rz_node_map map;
    uint32_t record_size;     /* 0: numbers only */
    rz_message_heap *heaps;   /* owned */
} rz_message;

/* What a worker needs to fill records. */
typedef struct rz_message_values {
    rz_worker *worker;
    const rz_plan *plan;
    rz_eval **args;           /* by value */
    uint32_t *idxs;           /* by row: sparse: the node's number in the map */
    uint8_t **records;        /* by row */
    uint8_t **states;         /* by row: of one value */
    uint32_t *rows;
    uint32_t *passed;         /* of rows: those whose own records say nothing of a failure */
    rz_message_heap *heap;    /* owned until it is handed over */
} rz_message_values;

RZ_NODISCARD ruzu_status rz_message_values_open(rz_worker *worker, const rz_plan *plan, rz_message_values *out, rz_error *err);
void rz_message_values_close(rz_message_values *values);
/* Adds the rows of the chunk, whose nodes are ids (by position `at` in the view's data), to the message's records. */
RZ_NODISCARD ruzu_status rz_message_values_add(rz_message_values *values, rz_message *message, const rz_chunk *chunk, const rz_sel *sel, const rz_view *view, rz_error *err);
/* Adds a message's records to another's. */
RZ_NODISCARD ruzu_status rz_message_values_merge(rz_message_values *values, rz_message *into, const rz_message *from, rz_error *err);
/* What the states own lives as long as the message from now on. */
void rz_message_values_hand_over(rz_message_values *values, rz_message *message);
void rz_message_heaps_free(rz_message *message);

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

static inline uint64_t rz_message_number(const rz_message_table *table, uint64_t offset)
{
    const uint8_t *place = (const uint8_t *)table->numbers + offset * table->width;
    return table->width == 1 ? *place : table->width == 2 ? rz_load_u16(place) : table->width == 4 ? rz_load_u32(place) : rz_load_u64(place);
}

/* Numbers (message_numbers.c). */
/* All 0; false when memory is refused. */
bool rz_message_numbers_make(const rz_message *message, uint64_t size, uint32_t width, rz_message_table *table);
void rz_message_numbers_free(const rz_message *message, rz_message_table *table);
/* Adds the rows of sel, whose nodes are ids (by position `at` in the view's data). */
RZ_NODISCARD ruzu_status rz_message_numbers_add(rz_message *message, const rz_view *view, const rz_sel *sel, const uint64_t *weights, rz_error *err);
/* Adds a message's numbers to another's; `from` may change its width meanwhile. */
RZ_NODISCARD ruzu_status rz_message_numbers_merge(rz_message *into, rz_message *from, rz_error *err);
/* Replaces offsets of nodes of one table by their numbers. */
void rz_message_fetch(const rz_message *message, uint32_t table, uint64_t *io, uint32_t count);
/* The same of a message that is not sparse, and sums[i] is the sum of the first i (room for count + 1). True: some number is so large that sums may have gone round. */
bool rz_message_fetch_sums(const rz_message *message, uint32_t table, uint64_t *io, uint64_t *sums, uint32_t count);
/* What all nodes of a table stand for, of numbers that are complete; 0: they differ. */
uint64_t rz_message_numbers_every(const rz_message_table *table);

/* What all nodes of a table stand for, when it is the same and not 0: then it need not be looked at which node it is. Else 0. */
static inline uint64_t rz_message_every(const rz_message *message, uint32_t table)
{
    return !message->sparse && table < message->table_count ? message->tables[table].every : 0;
}

static inline uint64_t rz_message_find(const rz_message *message, rz_id id)
{
    if (message->sparse) {
        return rz_message_find_sparse(message, id);
    }
    uint32_t table = rz_id_table(id);
    return table < message->table_count && rz_id_offset(id) < message->tables[table].size ? rz_message_number(&message->tables[table], rz_id_offset(id)) : 0;
}

/* The node's record, in a message with values; NULL: it stands for no rows. */
const uint8_t *rz_message_record(const rz_message *message, rz_id id);

#endif
