/* SPDX-License-Identifier: MIT */
/*
 * Hash tables of groups: keys and aggregate states (private to the executor). A table without aggregates is a set of rows.
 *
 *   entries   open addressing, linear probing, position = upper bits of the hash
 *   list      pointers to all groups in the order they were made
 *   parts     groups that were *retired* from the entries, divided by the upper RZ_SPILL_BITS of the hash
 *
 * A worker's table stays small enough for the cache: when it is full, its groups are retired, part by part, and it begins anew; a key may then have several groups. They meet when the
 * parts of all workers are merged. So with few groups nothing is ever retired, and with many nobody probes a table larger than the cache.
 *
 * Where groups are bytes only (plain states) and small, a retired one is copied: those of a part lie side by side for who merges them, and the memory that they were made in (the
 * nursery), still in the cache, serves the next ones. Then pointers to groups are valid until the next rz_group_find only, which makes room before it begins. Tables of inline keys
 * do not move groups, as slots point to them from chunk to chunk.
 *
 * A table of such groups that was full before many rows had met a group again does not reduce anything: for a while its rows are *scattered*, a new group each, straight to their
 * parts, without being looked up. Then it tries again, as rows later on may repeat.
 *
 * With a single integer-like key the entry's tag is the key itself and no group is touched by probing; else the tag is the whole hash and the keys of hits are compared by
 * column.
 */
#ifndef RZ_EXECUTOR_GROUP_TABLE_H
#define RZ_EXECUTOR_GROUP_TABLE_H

#include "executor/group_part.h"
#include "executor/records.h"
#include "executor/spill.h"

#ifdef RZ_TINY
#define RZ_GROUP_LOCAL_BITS 6u
#else
#define RZ_GROUP_LOCAL_BITS 15u
#endif
#define RZ_GROUP_NO_LIMIT 48u

typedef struct rz_group_entry {
    uint64_t tag;
    uint8_t *group; /* NULL: empty */
} rz_group_entry;

#define RZ_GROUP_NURSERY_BLOCKS 64u

/* Where groups are made that move when they are retired. */
typedef struct rz_group_nursery {
    uint8_t *blocks[RZ_GROUP_NURSERY_BLOCKS]; /* owned */
    uint32_t count;
    uint32_t used;           /* blocks that groups lie in */
    bool on;                 /* false: groups are made in the arena */
} rz_group_nursery;

typedef struct rz_group_table {
    const rz_group_layout *layout;
    rz_mem *mem;
    rz_arena arena;          /* groups, and what their states own */
    uint8_t *next, *end;     /* free room for groups */
    rz_group_nursery nursery;
    rz_group_store store;    /* of the parts' blocks */
    rz_group_entry *entries; /* 1 << bits of them; NULL while bits is 0 */
    uint32_t bits;
    uint32_t first_bits;
    uint32_t max_bits;       /* beyond it groups are retired */
    uint32_t skip_bits;      /* upper hash bits that do not count */
    uint64_t count;          /* entries in use */
    uint64_t limit;          /* entries that may be in use before the table grows */
    uint8_t *lone_group;     /* of the NULL key when inline, or the only group when there are no keys */
    uint64_t lone_hash;
    rz_group_list list;      /* all that were not retired, the lone group too */
    rz_group_part *parts;    /* [RZ_SPILL_PARTS]; NULL while nothing was retired */
    uint64_t found_rows;     /* rows that were looked up since the table was empty */
    uint64_t scatter_rows;   /* rows that will go to the parts without being looked up */
} rz_group_table;

/* skip_bits: upper bits of the hash that all groups of the table will share: RZ_SPILL_BITS for a table of one part, else 0. max_bits: RZ_GROUP_LOCAL_BITS, or
 * RZ_GROUP_NO_LIMIT to retire nothing. */
RZ_NODISCARD ruzu_status rz_group_table_create(rz_mem *mem, const rz_group_layout *layout, uint32_t skip_bits, uint32_t max_bits, rz_group_table **out, rz_error *err);
void rz_group_table_free(rz_group_table *table);  /* NULL is fine */
void rz_group_table_clear(rz_group_table *table); /* forgets all groups, gives back all memory */
/* Gives back what only finding needs; the groups and the list stay. */
void rz_group_table_close(rz_group_table *table);
/* The same, for `next`, an empty table of about as many groups. */
void rz_group_table_hand_on(rz_group_table *table, rz_group_table *next);
/* About as many groups will come: the first entries are enough for them (within bounds). */
void rz_group_table_expect(rz_group_table *table, uint64_t count);
uint64_t rz_group_table_bytes(const rz_group_table *table);

/* Groups of the selected rows into groups[row], made (with fresh states) where there was none. hashes[row] as rz_vec_hash combined them over the keys. With `given`, a new
 * group is not made but is given[row], whose keys are these. */
RZ_NODISCARD ruzu_status rz_group_find(rz_group_table *table, rz_vec *const *keys, const uint64_t *hashes, const rz_sel *sel, uint8_t *const *given, uint8_t **groups,
                                       rz_error *err);
/* The only group of a table without keys. */
RZ_NODISCARD ruzu_status rz_group_find_lone(rz_group_table *table, rz_error *err);
/* The same, of a group that is there. */
RZ_NODISCARD ruzu_status rz_group_set_lone(rz_group_table *table, uint64_t hash, uint8_t *group, rz_error *err);
/* Moves all groups from the entries and the list to the parts. Pointers to them may become invalid. */
RZ_NODISCARD ruzu_status rz_group_retire(rz_group_table *table, rz_error *err);
/* The same without moving any: they will not stay. */
RZ_NODISCARD ruzu_status rz_group_retire_where_they_are(rz_group_table *table, rz_error *err);

/* Reads the keys of groups into rows 0… of FLAT vectors, one per key; strings stay where they are. NULL vectors are skipped. */
RZ_NODISCARD ruzu_status rz_group_read_keys(const rz_group_layout *layout, uint8_t *const *groups, uint32_t count, rz_vec *const *keys, rz_error *err);
/* Hashes of keys that were read into rows 0 … of vectors: those stored with the groups (at stored[]), or computed again. */
void rz_group_read_hashes(const rz_group_layout *layout, const uint8_t *const *stored, uint32_t count, rz_vec *const *keys, uint64_t *hashes);
/* into += from, state by state. */
RZ_NODISCARD ruzu_status rz_group_combine(const rz_group_layout *layout, rz_agg_context *context, uint8_t *into, const uint8_t *from, rz_error *err);
/* Merges groups (of another table whose memory lives on; they may become groups of this one), at most RZ_VECTOR_CAPACITY. keys: scratch vectors, one per key. */
RZ_NODISCARD ruzu_status rz_group_merge(rz_group_table *table, rz_agg_context *context, uint8_t *const *groups, uint32_t count, rz_vec *const *keys, rz_error *err);

/* ---- spilling ---- */

/* Appends all groups to the records of their parts (records[RZ_SPILL_PARTS], made when needed) and clears the table. */
RZ_NODISCARD ruzu_status rz_group_spill(rz_group_table *table, rz_mem *mem, rz_pool *pool, rz_records **records, rz_error *err);
/* Merges spilled groups into the table. Polls for interruption. */
RZ_NODISCARD ruzu_status rz_group_load(rz_group_table *table, const rz_exec *exec, rz_agg_context *context, rz_records *records, rz_vec *const *keys, rz_error *err);

#endif
