/* SPDX-License-Identifier: MIT */
/*
 * A level of a breadth-first search from the other side: nodes that have not been reached look for a node of the last level among those that lead to them.
 *
 * Once a level holds most of the nodes, nearly all of its relationships lead to nodes that are known. The few that are left have few relationships, too: those from the last level, which going
 * down would read as well, and those among themselves; from earlier levels there are none, or they would have been reached. So going up reads less when they are clearly fewer than the level.
 *
 * It finds which nodes are new, not by which relationships, and asks the reverse of every hop about nodes of one table: searches that want no paths, have no filters and stay within a table.
 */
#include "executor/recursive_bfs.h"

#define UPWARD_SHARE 2u  /* the level holds so many times the nodes that are left */
#define UPWARD_SCAN 16u  /* and the table at most so many times those of the level: finding them is a scan */

bool rz_bfs_allows_upward(const rz_bfs *bfs)
{
    const rz_plan_recursive *plan = bfs->steps->spec;
    const rz_bound_recursive *spec = plan->spec;
    bool allows = !bfs->count_paths && !bfs->with_links && plan->hop_count != 0 && spec->rel_filter_count == 0 && spec->node_filter_count == 0 && spec->weight == NULL;
    for (uint32_t h = 0; allows && h < plan->hop_count; h++) {
        allows = plan->hops[h].from_table == plan->hops[0].from_table && plan->hops[h].to_table == plan->hops[0].from_table;
    }
    return allows;
}

ruzu_status rz_bfs_choose_upward(rz_bfs *bfs, bool *out, rz_error *err)
{
    uint32_t table = bfs->steps->spec->hops[0].from_table;
    const rz_node_map *seen = &bfs->seen;
    uint64_t level = bfs->level_end - bfs->level_start;
    rz_worker *worker = bfs->steps->worker;
    rz_ntab_reader *reader = NULL;
    *out = false;
    if (table >= seen->array_count || seen->arrays[table].numbers == NULL) {
        return RUZU_OK;
    }
    uint64_t size = seen->arrays[table].size;
    if (seen->count > size || level < (size - seen->count) * UPWARD_SHARE || level < size / UPWARD_SCAN) {
        return RUZU_OK;
    }
    /* The array must have a place for every node. It may have been made for an earlier query; and a transaction that writes adds nodes while this one reads. */
    RZ_TRY(rz_worker_ntab(worker, table, &reader, err));
    *out = rz_ntab_offset_end(reader) <= size && rz_txn_snapshot(worker->exec->context->txn)->own_stamp == 0;
    return RUZU_OK;
}

/* Those of the nodes that are still to be reached move to the front. */
static uint32_t upward_keep(const uint32_t *numbers, rz_id *nodes, uint32_t count)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++) {
        nodes[kept] = nodes[i];
        kept += numbers[rz_id_offset(nodes[i])] == 0;
    }
    return kept;
}

static ruzu_status upward_reach(rz_bfs *bfs, rz_id node, rz_error *err)
{
    uint32_t idx = 0;
    bool is_new = false;
    RZ_TRY(rz_node_map_add(&bfs->seen, node, &idx, &is_new, err));
    rz_bfs_at(bfs, idx)->depth = bfs->depth + 1;
    return RUZU_OK;
}

/* Up to RZ_VECTOR_CAPACITY nodes that have not been reached, against one hop. */
static ruzu_status upward_ask(rz_bfs *bfs, const rz_node_array *array, uint32_t hop_idx, uint32_t count, rz_error *err)
{
    const rz_hop *hop = &bfs->steps->spec->hops[hop_idx];
    rz_rtab_reader *reader = bfs->steps->readers[hop_idx];
    rz_direction direction = hop->direction == RZ_FORWARD ? RZ_BACKWARD : RZ_FORWARD;
    rz_slice *slices = bfs->frontier.slices[hop_idx];
    rz_step_batch *batch = &bfs->batch;
    const uint32_t *numbers = array->numbers;
    const rz_sel sel = {.rows = NULL, .count = count};
    uint32_t first = bfs->level_start + 1; /* as the array has them */
    uint32_t level = bfs->level_end - bfs->level_start;
    uint32_t at = 0;
    uint32_t entry = 0;
    RZ_TRY(rz_adj_lookup(reader, direction, bfs->batch_nodes, &sel, slices, err));
    while (at < count) {
        RZ_TRY(rz_exec_poll(bfs->steps->worker->exec, err));
        RZ_TRY(rz_adj_expand(reader, direction, slices, &sel, &at, &entry, RZ_VECTOR_CAPACITY, 0, batch->to, 0, NULL, batch->origins, &batch->count, err));
        for (uint32_t i = 0; i < batch->count; i++) {
            rz_id node = bfs->batch_nodes[batch->origins[i]];
            if (batch->to[i] < array->size && numbers[batch->to[i]] - first < level && numbers[rz_id_offset(node)] == 0) {
                RZ_TRY(upward_reach(bfs, node, err));
            }
        }
        if (at < count && entry != 0 && numbers[rz_id_offset(bfs->batch_nodes[at])] != 0) { /* the rest of its list does not matter */
            at++;
            entry = 0;
        }
    }
    return RUZU_OK;
}

ruzu_status rz_bfs_go_upward(rz_bfs *bfs, rz_error *err)
{
    uint32_t table = bfs->steps->spec->hops[0].from_table;
    const rz_node_array *array = &bfs->seen.arrays[table];
    uint64_t left = array->size - bfs->seen.count; /* or one more: the first node may be of another table */
    for (uint64_t offset = 0; left != 0 && offset < array->size;) {
        uint32_t count = 0;
        for (; offset < array->size && count < RZ_VECTOR_CAPACITY; offset++) {
            bfs->batch_nodes[count] = rz_id_make(table, offset);
            count += array->numbers[offset] == 0;
        }
        for (uint32_t h = 0; h < bfs->steps->spec->hop_count && count != 0; h++) {
            RZ_TRY(upward_ask(bfs, array, h, count, err));
            count = upward_keep(array->numbers, bfs->batch_nodes, count);
        }
    }
    return RUZU_OK;
}
