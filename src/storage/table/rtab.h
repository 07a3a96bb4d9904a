/* SPDX-License-Identifier: MIT */
/*
 * Inside of relationship tables: rows (properties, and who sees which relationship) and topology.
 */
#ifndef RZ_STORAGE_TABLE_RTAB_H
#define RZ_STORAGE_TABLE_RTAB_H

#include "storage/table/csr.h"
#include "storage/table/rows.h"

#define RZ_RTAB_MAX_NODE (UINT64_C(1) << 32) /* offsets of nodes with relationships stay below (sorter.h) */

typedef struct rz_rtab_changes rz_rtab_changes;

struct rz_rtab {
    rz_rows rows;
    rz_csr csr;
    rz_arena arena;        /* texts */
    const char *name;      /* arena */
    uint32_t pair_id;
    uint32_t src_table;
    uint32_t dst_table;
    bool one[2];           /* by direction: a bound node has at most one relationship */
    rz_mutex show_lock;    /* rz_rtab_show */
    rz_rtab_changes *changes; /* the open transaction's; in its arena; NULL: it has not changed the topology */
    _Atomic uint64_t waiting_stamp; /* of the transaction whose relationships wait (csr.h); 0: none do */
};

struct rz_rtab_reader {
    rz_rtab *table;
    rz_mem *mem;
    rz_rows_reader rows;
    rz_csr_reader csr;
};

/* rz_rtab_insert; prefix_of: of its errors, RUZU_ERROR_RUNTIME or RUZU_ERROR_COPY. */
RZ_NODISCARD ruzu_status rz_rtab_insert_as(rz_rtab *table, rz_writer *writer, const rz_id *src, const rz_id *dst, rz_vec *const *values,
                                           const rz_sel *sel, rz_id *out_ids, ruzu_status prefix_of, rz_error *err);
/* "Node(nodeOffset: N) has more than one neighbour in table T in the fwd direction, …" */
ruzu_status rz_rtab_multiplicity(const rz_rtab *table, rz_direction direction, uint64_t bound, ruzu_status prefix_of, rz_error *err) RZ_COLD;
/* Everything there is, the open transaction's changes included, even those made after the call. */
RZ_NODISCARD ruzu_status rz_rtab_newest_reader(rz_rtab *table, rz_csr_reader *out, rz_error *err);

/* The open transaction's changes of the topology go to pages; by its thread, or under show_lock. */
RZ_NODISCARD ruzu_status rz_rtab_shed(rz_rtab *table, rz_error *err);
/* Before the topology is read: nothing waits that the snapshot sees. */
RZ_NODISCARD ruzu_status rz_rtab_show(rz_rtab *table, const rz_snapshot *snapshot, rz_error *err);

#endif
