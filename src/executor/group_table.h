/* SPDX-License-Identifier: MIT */
/*
 * Hash tables of groups: keys and aggregate states (private to the executor). A table without aggregates is a set of rows.
 *
 *   entries   open addressing, linear probing, position = upper bits of the hash
 *   group     states (16-aligned, state_size each) | hash u64, unless the key is inline | keys in row form
 *   list      pointers to all groups in the order they were made
 *   parts     the same divided by the upper RZ_SPILL_BITS of the hash: groups that were *retired* from the entries
 *
 * A worker's table stays small enough for the cache: when it is full, its groups are retired, part by part, and it begins anew; a key may then have several groups. They meet when the
 * parts of all workers are merged. So with few groups nothing is ever retired, and with many nobody probes a table larger than the cache.
 *
 * Where groups are bytes only (plain states) and small, a retired one is copied: those of a part lie side by side for who merges them, and the memory that they were made in (the
 * nursery), still in the cache, serves the next ones. Then pointers to groups are valid until the next rz_group_find only, which makes room before it begins. Tables of inline keys
 * do not move groups, as slots point to them from chunk to chunk.
 *
 * With a single integer-like key the entry's tag is the key itself and no group is touched by probing; else the tag is the whole hash and the keys of hits are compared by
 * column.
 */
#ifndef RZ_EXECUTOR_GROUP_TABLE_H
#define RZ_EXECUTOR_GROUP_TABLE_H

#include "executor/op.h"
#include "executor/records.h"
#include "executor/spill.h"

#ifdef RZ_TINY
#define RZ_GROUP_LOCAL_BITS 6u
#else
#define RZ_GROUP_LOCAL_BITS 15u
#endif
#define RZ_GROUP_NO_LIMIT 48u

/* What the groups of a table consist of; immutable, shared by tables. */
typedef struct rz_group_layout {
    const rz_type *const *key_types;
    uint32_t key_count;
    bool inline_key;               /* one key of at most 8 bytes that is compared as an integer */
    bool plain_keys;               /* not inline, and equal keys have equal bytes in row form */
    const rz_agg_bound **aggs;
    const uint32_t *state_offs;
    uint32_t agg_count;
    uint32_t states_size;          /* of all; multiple of 16 */
    uint32_t keys_off;             /* behind the states and the hash */
    uint32_t fixed_size;           /* of a whole group when all keys are of fixed size, else 0 */
    bool movable;                  /* a group is nothing but its bytes, and its key is not inline */
} rz_group_layout;

typedef struct rz_group_entry {
    uint64_t tag;
    uint8_t *group; /* NULL: empty */
} rz_group_entry;

typedef struct rz_group_list {
    uint8_t **groups;
    uint64_t count;
    uint64_t capacity;
} rz_group_list;

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
    uint8_t *moved, *moved_end; /* free room for retired groups */
    struct rz_group_map *maps;  /* of many retired groups; owned */
    uint64_t map_bytes;
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
    rz_group_list *parts;    /* [RZ_SPILL_PARTS]; NULL while nothing was retired */
} rz_group_table;

/* Types are borrowed. aggs may be empty. */
RZ_NODISCARD ruzu_status rz_group_layout_create(rz_arena *arena, const rz_type *const *key_types, uint32_t key_count, const rz_agg_bound *const *aggs, uint32_t agg_count,
                                                rz_group_layout **out, rz_error *err);

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
/* The tags of the selected rows of an inline key, one after the other. */
void rz_group_tags(const rz_type *type, const rz_view *view, const rz_sel *sel, uint64_t *tags);
/* The only group of a table without keys. */
RZ_NODISCARD ruzu_status rz_group_find_lone(rz_group_table *table, rz_error *err);
/* Moves all groups from the entries and the list to the parts. Pointers to them may become invalid. */
RZ_NODISCARD ruzu_status rz_group_retire(rz_group_table *table, rz_error *err);

/* Reads the keys of groups into rows 0… of FLAT vectors, one per key; strings stay where they are. NULL vectors are skipped. */
RZ_NODISCARD ruzu_status rz_group_read_keys(const rz_group_layout *layout, uint8_t *const *groups, uint32_t count, rz_vec *const *keys, rz_error *err);
/* Merges groups (of another table whose memory lives on; they may become groups of this one), at most RZ_VECTOR_CAPACITY. keys: scratch vectors, one per key. */
RZ_NODISCARD ruzu_status rz_group_merge(rz_group_table *table, rz_agg_context *context, uint8_t *const *groups, uint32_t count, rz_vec *const *keys, rz_error *err);

/* ---- spilling ---- */

/* Appends all groups to the records of their parts (records[RZ_SPILL_PARTS], made when needed) and clears the table. */
RZ_NODISCARD ruzu_status rz_group_spill(rz_group_table *table, rz_mem *mem, rz_pool *pool, rz_records **records, rz_error *err);
/* Merges spilled groups into the table. Polls for interruption. */
RZ_NODISCARD ruzu_status rz_group_load(rz_group_table *table, const rz_exec *exec, rz_agg_context *context, rz_records *records, rz_vec *const *keys, rz_error *err);

#endif
