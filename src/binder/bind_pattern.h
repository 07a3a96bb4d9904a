/* SPDX-License-Identifier: MIT */
/*
 * A pattern while it is being bound (private to the binder).
 */
#ifndef RZ_BINDER_BIND_PATTERN_H
#define RZ_BINDER_BIND_PATTERN_H

#include "binder/bind.h"

typedef RZ_ARRAY(uint32_t) bind_tables; /* ascending ids */

typedef struct bind_node {
    const rz_ast_node_pattern *ast; /* where it stands first */
    const char *name;
    bool bound;
    uint32_t column;
    const rz_type *bound_type; /* of the column */
    bind_tables label_tables;  /* allowed by the labels: in the type */
    bind_tables tables;        /* of them, those that the pattern can reach */
} bind_node;

typedef struct bind_edge {
    const rz_ast_rel_pattern *ast;
    const char *name;
    uint32_t from, to;
    bool bound;
    uint32_t column;
    const rz_type *bound_type; /* of the column: REL, or RECURSIVE_REL */
    const rz_type *rel_type;   /* of one relationship */
    const rz_type *node_type;  /* variable length: of intermediate nodes */
    bind_tables pairs;
    RZ_ARRAY(rz_hop) hops;
    rz_bound_recursive *recursive;
} bind_edge;

typedef struct bind_path {
    const rz_ast_path *ast;
    const char *name;
    uint32_t *nodes; /* indexes */
    uint32_t *edges;
} bind_path;

/* An occurrence of a node, with its inline conditions. */
typedef struct bind_map {
    const rz_ast_node_pattern *ast;
    uint32_t node;
} bind_map;

typedef struct bind_pattern_state {
    RZ_ARRAY(bind_node) nodes;
    RZ_ARRAY(bind_edge) edges;
    RZ_ARRAY(bind_path) paths;
    RZ_ARRAY(bind_map) maps;
} bind_pattern_state;

#endif
