/* SPDX-License-Identifier: MIT */
/*
 * Hash tables of groups: keys and aggregate states (private to the executor). A table without aggregates is a set of rows.
 *
 *   entries   open addressing, linear probing, position = upper bits of the hash: so the entries of one partition (RZ_SPILL_BITS upper bits) lie side by side;
 *             a table of one partition uses the bits behind those
 *   group     states (16-aligned, state_size each) | hash u64 | keys in row form
 *
 * With a single integer-like key the entry's tag is the key itself and no group is touched by probing; else the tag is the whole hash and the keys of hits are
 * compared by column. Groups never move: pointers to them stay valid until the table is cleared.
 */
#ifndef RZ_EXECUTOR_GROUP_TABLE_H
#define RZ_EXECUTOR_GROUP_TABLE_H

#include "executor/op.h"
#include "executor/records.h"
#include "executor/spill.h"

/* What the groups of a table consist of; immutable, shared by tables. */
typedef struct rz_group_layout {
    const rz_type *const *key_types;
    uint32_t key_count;
    bool inline_key;               /* one key of at most 8 bytes that is compared as an integer */
    const rz_agg_bound **aggs;
    const uint32_t *state_offs;
    uint32_t agg_count;
    uint32_t states_size;          /* of all; multiple of 16 */
} rz_group_layout;

typedef struct rz_group_entry {
    uint64_t tag;
    uint8_t *group; /* NULL: empty */
} rz_group_entry;

typedef struct rz_group_table {
    const rz_group_layout *layout;
    rz_mem *mem;
    rz_arena arena;          /* groups, and what their states own */
    rz_group_entry *entries; /* 1 << bits of them; NULL while bits is 0 */
    uint32_t bits;
    uint64_t count;          /* entries in use */
    uint64_t limit;          /* entries that may be in use before the table grows */
    uint32_t skip_bits;      /* upper hash bits that do not count */
    uint8_t *lone_group;     /* of the NULL key when inline, or the only group when there are no keys */
} rz_group_table;

/* Types are borrowed. aggs may be empty. */
RZ_NODISCARD ruzu_status rz_group_layout_create(rz_arena *arena, const rz_type *const *key_types, uint32_t key_count, const rz_agg_bound *const *aggs, uint32_t agg_count,
                                                rz_group_layout **out, rz_error *err);

/* skip_bits: upper bits of the hash that all groups of the table will share: RZ_SPILL_BITS for a table of one part, else 0. */
RZ_NODISCARD ruzu_status rz_group_table_create(rz_mem *mem, const rz_group_layout *layout, uint32_t skip_bits, rz_group_table **out, rz_error *err);
void rz_group_table_free(rz_group_table *table); /* NULL is fine */
void rz_group_table_clear(rz_group_table *table);
uint64_t rz_group_table_bytes(const rz_group_table *table);

/* Groups of the selected rows into groups[row], made (with fresh states) where there was none. hashes[row] as rz_vec_hash combined them over the keys. With `given`, a new
 * group is not made but is given[row], whose keys are these. */
RZ_NODISCARD ruzu_status rz_group_find(rz_group_table *table, rz_vec *const *keys, const uint64_t *hashes, const rz_sel *sel, uint8_t *const *given, uint8_t **groups,
                                       rz_error *err);
/* The only group of a table without keys. */
RZ_NODISCARD ruzu_status rz_group_find_lone(rz_group_table *table, rz_error *err);

static inline uint64_t rz_group_hash(const rz_group_layout *layout, const uint8_t *group)
{
    return rz_load_u64(group + layout->states_size);
}
static inline const uint8_t *rz_group_keys(const rz_group_layout *layout, const uint8_t *group)
{
    return group + layout->states_size + 8;
}

/* Walks the groups of one partition of 1 << partition_bits, or of all (0). */
typedef struct rz_group_cursor {
    const rz_group_table *table;
    uint32_t partition_bits;
    uint32_t partition;
    uint64_t at;      /* entries looked at */
    uint64_t first;   /* entry where the partition begins */
    uint64_t inside;  /* entries of the partition's own range */
    bool lone_done;
    bool ended;
} rz_group_cursor;
void rz_group_cursor_open(const rz_group_table *table, uint32_t partition_bits, uint32_t partition, rz_group_cursor *cursor);
uint32_t rz_group_cursor_next(rz_group_cursor *cursor, uint8_t **groups, uint32_t max); /* 0 at the end */

/* Reads the keys of groups into rows 0… of FLAT vectors, one per key; strings stay where they are. NULL vectors are skipped. */
RZ_NODISCARD ruzu_status rz_group_read_keys(const rz_group_layout *layout, uint8_t *const *groups, uint32_t count, rz_vec *const *keys, rz_error *err);
/* Merges groups (of another table whose memory lives on; they may become groups of this one). keys: scratch vectors, one per key. */
RZ_NODISCARD ruzu_status rz_group_merge(rz_group_table *table, rz_agg_context *context, uint8_t *const *groups, uint32_t count, rz_vec *const *keys, rz_error *err);

/* ---- spilling ---- */

/* Appends all groups to the records of their partitions (parts[RZ_SPILL_PARTS], made when needed) and clears the table. */
RZ_NODISCARD ruzu_status rz_group_spill(rz_group_table *table, rz_mem *mem, rz_pool *pool, rz_records **parts, rz_error *err);
/* Merges spilled groups into the table. Polls for interruption. */
RZ_NODISCARD ruzu_status rz_group_load(rz_group_table *table, const rz_exec *exec, rz_agg_context *context, rz_records *records, rz_vec *const *keys, rz_error *err);

#endif
