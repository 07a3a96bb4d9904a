/* SPDX-License-Identifier: MIT */
/*
 * Turning graph references into their value form for results (private to the executor).
 */
#ifndef RZ_EXECUTOR_GRAPH_VALUE_H
#define RZ_EXECUTOR_GRAPH_VALUE_H

#include "executor/op.h"

typedef struct rz_graph_map rz_graph_map; /* which column fills which field, per table; in the worker's arena */

/* ref: a type that contains NODE or REL references at some depth; value: the same shape with value forms (rz_type_graph_value). */
RZ_NODISCARD ruzu_status rz_graph_map_create(rz_worker *worker, const rz_type *ref, const rz_type *value, rz_graph_map **out, rz_error *err);
/* Rows of sel of refs (any kind but SEQUENCE) into the same rows of out (FLAT, reset). */
RZ_NODISCARD ruzu_status rz_graph_value_fill(rz_graph_map *map, const rz_vec *refs, const rz_sel *sel, rz_vec *out, rz_error *err);

#endif
