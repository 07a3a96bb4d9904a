/* SPDX-License-Identifier: MIT */
/* Ordering the predicates of a filter by what was measured: see filter_order.h. */
#include "executor/filter_order.h"

#if defined RZ_TINY
#define FILTER_ORDER_ROWS 16u
#elif defined RZ_ASSERTS
#define FILTER_ORDER_ROWS 2048u /* so that the tests' small tables see it */
#else
#define FILTER_ORDER_ROWS 8192u /* measured at a time */
#endif
#define FILTER_ORDER_PAUSE 8u   /* times as many are not */
#define FILTER_ORDER_LEAST 0.01 /* share of rows that a predicate drops, at least, as far as its rank goes */

ruzu_status rz_filter_order_open(rz_filter_order *order, rz_arena *arena, rz_expr *const *predicates, uint32_t count, bool reorders, rz_error *err)
{
    *order = (rz_filter_order){.count = count, .rows = FILTER_ORDER_ROWS, .fixed = true, .measures = false};
    order->order = RZ_NEW_ARRAY(arena, uint32_t, count);
    order->measured = RZ_NEW_ARRAY(arena, rz_filter_measure, count);
    if (order->order == NULL || order->measured == NULL) {
        return rz_error_no_memory(err, "building a filter");
    }
    for (uint32_t i = 0; i < count; i++) {
        order->order[i] = i;
        /* Never fails, whatever the row, and gives the same when it is asked again. */
        order->measured[i].movable = reorders && !rz_expr_can_fail(predicates[i]) && !rz_expr_is_volatile(predicates[i]);
        order->fixed = order->fixed && (i == 0 || !order->measured[i].movable || !order->measured[i - 1].movable);
    }
    order->measures = !order->fixed;
    return RUZU_OK;
}

/* Time a row over share dropped; a predicate that has seen no rows is asked last. */
static double filter_order_rank(const rz_filter_measure *measure)
{
    double least = FILTER_ORDER_LEAST * measure->rows;
    double dropped = measure->rows - measure->kept;
    return measure->rows < 1.0 ? 1e300 : measure->time_us / (dropped < least ? least : dropped);
}

void rz_filter_order_turn(rz_filter_order *order)
{
    if (!order->measures) {
        order->measures = true;
        order->rows = FILTER_ORDER_ROWS;
        return;
    }
    for (uint32_t i = 1; i < order->count; i++) { /* few predicates, mostly in order */
        uint32_t predicate = order->order[i];
        double rank = filter_order_rank(&order->measured[predicate]);
        uint32_t at = i;
        while (at > 0 && order->measured[predicate].movable && order->measured[order->order[at - 1]].movable &&
               filter_order_rank(&order->measured[order->order[at - 1]]) > rank) {
            order->order[at] = order->order[at - 1];
            at--;
        }
        order->order[at] = predicate;
    }
    for (uint32_t i = 0; i < order->count; i++) {
        order->measured[i].time_us *= 0.5;
        order->measured[i].rows *= 0.5;
        order->measured[i].kept *= 0.5;
    }
    order->measures = false;
    order->rows = (uint64_t)FILTER_ORDER_ROWS * FILTER_ORDER_PAUSE;
}
