/* SPDX-License-Identifier: MIT */
/*
 * Sorting nodes: by insertion when they are few, else by radix on the bits in which they differ.
 */
#include "executor/node_order.h"

#include <string.h>

#define NODE_ORDER_FEW 24u
#define NODE_ORDER_BITS 11u
#define NODE_ORDER_BUCKETS (1u << NODE_ORDER_BITS)

void rz_node_order_init(rz_node_order *order, rz_mem *mem)
{
    memset(order, 0, sizeof *order);
    order->mem = mem;
}

void rz_node_order_free(rz_node_order *order)
{
    if (order->capacity != 0) {
        rz_mem_free(order->mem, order->ids, order->capacity * sizeof(rz_id));
        rz_mem_free(order->mem, order->spare_ids, order->capacity * sizeof(rz_id));
        rz_mem_free(order->mem, order->numbers, order->capacity * sizeof(uint32_t));
        rz_mem_free(order->mem, order->spare_numbers, order->capacity * sizeof(uint32_t));
    }
    rz_node_order_init(order, order->mem);
}

static ruzu_status order_reserve(rz_node_order *order, uint32_t count, rz_error *err)
{
    if (count <= order->capacity) {
        return RUZU_OK;
    }
    uint32_t capacity = count < RZ_VECTOR_CAPACITY ? RZ_VECTOR_CAPACITY : count + count / 2;
    rz_node_order_free(order);
    order->capacity = capacity;
    order->ids = (rz_id *)rz_mem_alloc(order->mem, capacity * sizeof(rz_id));
    order->spare_ids = (rz_id *)rz_mem_alloc(order->mem, capacity * sizeof(rz_id));
    order->numbers = (uint32_t *)rz_mem_alloc(order->mem, capacity * sizeof(uint32_t));
    order->spare_numbers = (uint32_t *)rz_mem_alloc(order->mem, capacity * sizeof(uint32_t));
    if (order->ids == NULL || order->spare_ids == NULL || order->numbers == NULL || order->spare_numbers == NULL) {
        rz_node_order_free(order);
        return rz_error_no_memory(err, "searching paths");
    }
    return RUZU_OK;
}

static void order_insert(rz_node_order *order, const rz_id *ids, uint32_t first, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        uint32_t at = i;
        for (; at > 0 && order->ids[at - 1] > ids[i]; at--) {
            order->ids[at] = order->ids[at - 1];
            order->numbers[at] = order->numbers[at - 1];
        }
        order->ids[at] = ids[i];
        order->numbers[at] = first + i;
    }
}

static void order_pass(rz_node_order *order, uint32_t count, uint32_t shift)
{
    uint32_t starts[NODE_ORDER_BUCKETS];
    memset(starts, 0, sizeof starts);
    for (uint32_t i = 0; i < count; i++) {
        starts[(order->ids[i] >> shift) & (NODE_ORDER_BUCKETS - 1)]++;
    }
    uint32_t sum = 0;
    for (uint32_t b = 0; b < NODE_ORDER_BUCKETS; b++) {
        uint32_t here = starts[b];
        starts[b] = sum;
        sum += here;
    }
    for (uint32_t i = 0; i < count; i++) {
        uint32_t place = starts[(order->ids[i] >> shift) & (NODE_ORDER_BUCKETS - 1)]++;
        order->spare_ids[place] = order->ids[i];
        order->spare_numbers[place] = order->numbers[i];
    }
    rz_id *ids = order->ids;
    uint32_t *numbers = order->numbers;
    order->ids = order->spare_ids;
    order->numbers = order->spare_numbers;
    order->spare_ids = ids;
    order->spare_numbers = numbers;
}

ruzu_status rz_node_order_sort(rz_node_order *order, const rz_id *ids, uint32_t first, uint32_t count, rz_error *err)
{
    RZ_TRY(order_reserve(order, count, err));
    if (count <= NODE_ORDER_FEW) {
        order_insert(order, ids, first, count);
        return RUZU_OK;
    }
    uint64_t differing = 0;
    for (uint32_t i = 0; i < count; i++) {
        order->ids[i] = ids[i];
        order->numbers[i] = first + i;
        differing |= ids[i] ^ ids[0];
    }
    for (uint32_t shift = 0; shift < 64 && differing >> shift != 0; shift += NODE_ORDER_BITS) {
        if (((differing >> shift) & (NODE_ORDER_BUCKETS - 1)) != 0) {
            order_pass(order, count, shift);
        }
    }
    return RUZU_OK;
}
