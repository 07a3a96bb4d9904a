/* SPDX-License-Identifier: MIT */
/*
 * Sets of the nodes of one table, as bits by offset, that know how many they are (private to the executor).
 *
 * What has been touched is remembered as long as it is little, so that emptying a set after a small query costs little, however large the table.
 */
#ifndef RZ_EXECUTOR_NODE_SET_H
#define RZ_EXECUTOR_NODE_SET_H

#include "executor/op.h"

#ifdef RZ_TINY
#define RZ_NODE_SET_TOUCHED 2u
#else
#define RZ_NODE_SET_TOUCHED 1024u
#endif

typedef struct rz_node_set {
    rz_mem *mem;
    uint64_t *words;      /* owned */
    uint64_t word_count;
    uint64_t count;       /* nodes in the set */
    uint32_t touched_count;
    bool touched_all;     /* more than `touched` has room for */
    uint64_t touched[RZ_NODE_SET_TOUCHED]; /* words that are not 0 */
} rz_node_set;

/* rz_node_set_free must follow, also after a failure. NULL is fine. */
RZ_NODISCARD ruzu_status rz_node_set_create(rz_mem *mem, rz_node_set **out, rz_error *err);
void rz_node_set_free(rz_node_set *set);
void rz_node_set_reset(rz_node_set *set);
uint64_t rz_node_set_bytes(const rz_node_set *set);
/* Adds the selected rows of a NODE vector of the set's table; NULLs are left out. */
RZ_NODISCARD ruzu_status rz_node_set_add(rz_node_set *set, const rz_vec *nodes, const rz_sel *sel, rz_error *err);
/* Adds what is in the other one. */
RZ_NODISCARD ruzu_status rz_node_set_unite(rz_node_set *set, const rz_node_set *other, rz_error *err);

#endif
