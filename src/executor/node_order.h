/* SPDX-License-Identifier: MIT */
/*
 * Nodes of a search's level in the order of their ids (private to the executor): lists of neighbouring nodes lie side by side, so that each group of them is looked into once.
 */
#ifndef RZ_EXECUTOR_NODE_ORDER_H
#define RZ_EXECUTOR_NODE_ORDER_H

#include "executor/op.h"

typedef struct rz_node_order {
    rz_mem *mem;
    rz_id *ids;        /* owned, as all below; sorted */
    uint32_t *numbers; /* what the nodes were numbered by */
    rz_id *spare_ids;
    uint32_t *spare_numbers;
    uint32_t capacity;
} rz_node_order;

void rz_node_order_init(rz_node_order *order, rz_mem *mem);
void rz_node_order_free(rz_node_order *order); /* zeroed is fine */
/* Sorts ids[0 … count), numbered from `first` on, into order->ids and order->numbers. */
RZ_NODISCARD ruzu_status rz_node_order_sort(rz_node_order *order, const rz_id *ids, uint32_t first, uint32_t count, rz_error *err);

#endif
