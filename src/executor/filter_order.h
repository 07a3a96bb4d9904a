/* SPDX-License-Identifier: MIT */
/*
 * The order in which a filter evaluates its predicates, from what they cost and drop (private to FILTER). One thread's.
 *
 * A while of rows is measured, then the predicates are sorted by time a row over share of rows dropped, and a longer while is not measured, as reading the clock costs, too.
 * One that may fail or is volatile stays where it is written, with the same predicates before and behind it: it meets exactly the rows that it would meet, and the same
 * errors are raised. The others change places between those only.
 */
#ifndef RZ_EXECUTOR_FILTER_ORDER_H
#define RZ_EXECUTOR_FILTER_ORDER_H

#include "executor/op.h"

typedef struct rz_filter_measure {
    bool movable;
    double time_us; /* for the rows below, which fade with time */
    double rows;
    double kept;
} rz_filter_measure;

typedef struct rz_filter_order {
    uint32_t count;
    bool fixed;                  /* no two predicates may change places */
    bool measures;               /* now */
    uint64_t rows;               /* until that changes */
    uint32_t *order;             /* predicates by place */
    rz_filter_measure *measured; /* by predicate */
} rz_filter_order;

/* Without `reorders` it stays as written. */
RZ_NODISCARD ruzu_status rz_filter_order_open(rz_filter_order *order, rz_arena *arena, rz_expr *const *predicates, uint32_t count, bool reorders, rz_error *err);
/* A predicate took so long for `rows` rows, of which it kept some. */
static inline void rz_filter_order_note(rz_filter_order *order, uint32_t predicate, uint64_t time_us, uint32_t rows, uint32_t kept)
{
    rz_filter_measure *measure = &order->measured[predicate];
    measure->time_us += (double)time_us;
    measure->rows += rows;
    measure->kept += kept;
}
/* Measuring begins or ends; the latter sorts. */
void rz_filter_order_turn(rz_filter_order *order);
/* So many rows are through. */
static inline void rz_filter_order_next(rz_filter_order *order, uint32_t rows)
{
    if (!order->fixed) {
        order->rows -= rows < order->rows ? rows : order->rows;
        if (order->rows == 0) {
            rz_filter_order_turn(order);
        }
    }
}

#endif
