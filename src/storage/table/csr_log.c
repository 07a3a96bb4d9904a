/* SPDX-License-Identifier: MIT */
/*
 * Loads in the log: the groups that a load has written, and how they come back.
 *
 * A load merges its relationships into the groups of the version that it finds; relationships in memory stay there. Replay finds the same relationships, but not
 * always on the same pages: a checkpoint that had begun when the load was made (its header is durable, and its groups hold more), or one that was
 * published and then failed (its groups held more, and its header is not). So a description names what each group was made of. Where the table has that very
 * group, the load's takes its place without any page being read. Elsewhere the load's own relationships, which their rel offsets tell, are
 * read from the group that it wrote and merged with what the table has.
 *
 * Description, per direction: group count u32, then per group: index u32 (rising), identity of the base u64 (0: none), [group] (csr_group.c).
 */
#include "storage/table/csr.h"

#include "storage/table/bulk_log.h"

#define CSR_LOAD_GROUP_BYTES 56u /* at least so many */

static const rz_csr_group *csr_group_at(const rz_csr_side *side, uint64_t idx)
{
    return idx < side->group_count ? side->groups[idx] : NULL;
}

/* What a group consists of, its overlay included: sizes, ranges and checksums. 0 for none, or when memory was refused (then the relationships are merged
 * again). */
static uint64_t csr_identity(const rz_csr_side *side, uint64_t idx, rz_mem *mem)
{
    rz_str bytes;
    const rz_csr_group *group = csr_group_at(side, idx);
    if (group == NULL) {
        return 0;
    }
    rz_str_init(&bytes, mem);
    rz_csr_group_encode(group, &bytes);
    if (side->overlays[idx] != NULL) {
        rz_csr_overlay_encode(side->overlays[idx], &bytes);
    }
    uint64_t hash = bytes.failed ? 0 : rz_hash_bytes(bytes.data, bytes.length);
    rz_str_free(&bytes);
    return hash == 0 ? 1 : hash;
}

ruzu_status rz_csr_load_describe(rz_csr *csr, const rz_csr_version *base, const rz_csr_version *fresh, rz_bulk_log *log,
                                 rz_error *err)
{
    for (uint32_t direction = 0; direction < 2; direction++) {
        const rz_csr_side *from = &base->sides[direction];
        const rz_csr_side *to = &fresh->sides[direction];
        uint32_t count = 0;
        for (uint32_t g = 0; g < to->group_count; g++) {
            count += to->groups[g] != NULL && to->groups[g] != csr_group_at(from, g);
        }
        rz_bulk_put_u32(log, count);
        for (uint32_t g = 0; g < to->group_count; g++) {
            if (to->groups[g] == NULL || to->groups[g] == csr_group_at(from, g)) {
                continue;
            }
            rz_bulk_put_u32(log, g);
            rz_bulk_put_u64(log, csr_identity(from, g, log->redo.mem));
            rz_csr_group_encode(to->groups[g], &log->redo);
            RZ_TRY(rz_bulk_add_extents(log, csr->env.disk, &to->groups[g]->extents, err));
        }
    }
    return log->redo.failed ? rz_error_no_memory(err, "describing a load") : RUZU_OK;
}

/* ---- replaying ---- */

typedef struct csr_load_group {
    uint32_t idx;
    bool adopted; /* takes the place of the table's */
    rz_csr_group *group;
} csr_load_group;

typedef struct csr_load {
    rz_csr *csr;
    uint32_t direction;
    uint64_t first_rel, end_rel;
    uint32_t count;
    csr_load_group *groups; /* owned, with a reference each */
    /* Reading the relationships of groups that are not adopted: */
    uint32_t next;          /* the group to be opened next */
    rz_csr_cursor cursor;
    rz_edge_batch *batch;   /* owned */
    uint32_t at;
    uint64_t found;         /* relationships of the load: read, or counted in adopted groups */
} csr_load;

static ruzu_status csr_load_damaged(const csr_load *load, rz_error *err)
{
    return rz_error_set(err, RUZU_ERROR_CORRUPT, "corrupt database: the log's description of a load does not fit the table (%s).",
                        load->csr->what[load->direction]);
}

static void csr_load_deinit(csr_load *load)
{
    rz_mem *mem = load->csr->env.mem;
    rz_csr_cursor_deinit(&load->cursor);
    for (uint32_t i = 0; i < load->count && load->groups != NULL; i++) {
        rz_csr_group_release(load->csr, load->groups[i].group);
    }
    rz_mem_free(mem, load->groups, load->count * sizeof *load->groups);
    rz_mem_free(mem, load->batch, sizeof *load->batch);
}

static ruzu_status csr_load_decode(csr_load *load, const rz_csr_side *base, rz_reader *redo, rz_error *err)
{
    rz_csr *csr = load->csr;
    load->count = rz_read_u32(redo);
    if (redo->failed || load->count > (redo->size - redo->off) / CSR_LOAD_GROUP_BYTES) {
        load->count = 0;
        return csr_load_damaged(load, err);
    }
    load->groups = (csr_load_group *)rz_mem_calloc(csr->env.mem, load->count, sizeof *load->groups);
    RZ_TRY_ALLOC(load->groups, err, "loading a table");
    for (uint32_t i = 0; i < load->count; i++) {
        csr_load_group *item = &load->groups[i];
        item->idx = rz_read_u32(redo);
        uint64_t identity = rz_read_u64(redo);
        if (redo->failed || item->idx >= UINT32_MAX / 2 || (i != 0 && item->idx <= item[-1].idx)) {
            return csr_load_damaged(load, err);
        }
        RZ_TRY(rz_csr_group_decode(csr, redo, load->direction, load->end_rel, true, &item->group, err));
        const rz_csr_group *old = csr_group_at(base, item->idx);
        uint64_t old_edges = old == NULL ? 0 : base->overlays[item->idx] != NULL ? base->overlays[item->idx]->edges : old->edges;
        item->adopted = identity == csr_identity(base, item->idx, csr->env.mem) && item->group->edges > old_edges;
        load->found += item->adopted ? item->group->edges - old_edges : 0;
    }
    return RUZU_OK;
}

/* The load's own relationships of the groups that are not adopted, in order. */
static ruzu_status csr_load_pull(void *user, rz_edge_batch *out, rz_error *err)
{
    csr_load *load = (csr_load *)user;
    rz_edge_batch *batch = load->batch;
    out->count = 0;
    while (out->count < RZ_EDGE_BATCH) {
        if (load->at == batch->count) {
            load->at = 0;
            RZ_TRY(rz_csr_cursor_pull(&load->cursor, batch, err));
            while (batch->count == 0) {
                while (load->next < load->count && load->groups[load->next].adopted) {
                    load->next++;
                }
                if (load->next == load->count) {
                    load->found += out->count;
                    return RUZU_OK;
                }
                const csr_load_group *item = &load->groups[load->next++];
                RZ_TRY(rz_csr_cursor_open(&load->cursor, item->group, NULL, item->idx, err));
                RZ_TRY(rz_csr_cursor_pull(&load->cursor, batch, err));
            }
        }
        uint32_t i = load->at++;
        if (batch->rel[i] >= load->first_rel && batch->rel[i] < load->end_rel) {
            out->bound[out->count] = batch->bound[i];
            out->neighbour[out->count] = batch->neighbour[i];
            out->rel[out->count++] = batch->rel[i];
        }
    }
    load->found += out->count;
    return RUZU_OK;
}

/* Adopted groups into the merged side. */
static ruzu_status csr_load_adopt(csr_load *load, rz_csr_side *side, rz_error *err)
{
    rz_csr *csr = load->csr;
    uint32_t group_count = load->count == 0 ? 0 : load->groups[load->count - 1].idx + 1;
    if (!rz_csr_side_reserve(csr, side, group_count)) {
        return rz_error_no_memory(err, "loading a table");
    }
    for (uint32_t i = 0; i < load->count; i++) {
        csr_load_group *item = &load->groups[i];
        if (item->adopted) {
            rz_csr_group_release(csr, side->groups[item->idx]);
            rz_csr_group_release(csr, side->overlays[item->idx]); /* merged into it */
            side->groups[item->idx] = item->group; /* the reference moves */
            side->overlays[item->idx] = NULL;
            item->group = NULL;
        }
    }
    rz_csr_side_sum(side);
    return RUZU_OK;
}

static ruzu_status csr_load_side(csr_load *load, const rz_csr_side *base, rz_reader *redo, rz_csr_side *out, rz_error *err)
{
    RZ_TRY(csr_load_decode(load, base, redo, err));
    load->batch = (rz_edge_batch *)rz_mem_calloc(load->csr->env.mem, 1, sizeof *load->batch);
    RZ_TRY_ALLOC(load->batch, err, "loading a table");
    RZ_TRY(rz_csr_cursor_init(&load->cursor, load->csr, load->direction, err));
    RZ_TRY(rz_csr_merge(load->csr, load->direction, base, RZ_CSR_MERGE_TOUCHED, csr_load_pull, load, out, err)); /* with nothing to merge, `out` shares base's groups */
    RZ_TRY(csr_load_adopt(load, out, err));
    return load->found == load->end_rel - load->first_rel ? RUZU_OK : csr_load_damaged(load, err);
}

ruzu_status rz_csr_load_replay(rz_csr *csr, const rz_csr_version *base, uint64_t first_rel, uint64_t end_rel, rz_reader *redo,
                               rz_csr_version *fresh, rz_error *err)
{
    for (uint32_t direction = 0; direction < 2; direction++) {
        csr_load load = {.csr = csr, .direction = direction, .first_rel = first_rel, .end_rel = end_rel};
        ruzu_status status = csr_load_side(&load, &base->sides[direction], redo, &fresh->sides[direction], err);
        csr_load_deinit(&load);
        RZ_TRY(status);
    }
    return RUZU_OK;
}
