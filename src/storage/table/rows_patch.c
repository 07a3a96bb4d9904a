/* SPDX-License-Identifier: MIT */
/*
 * Patches: making them, linking them, reading through them, leaving old ones behind.
 */
#include "storage/table/rows.h"

#define PATCH_FIRST_SLOTS 4u
#define PATCH_REBUILD_NODES 64u /* fewer are not worth a look */

/* ---- values ---- */

static uint64_t patch_sequence_value(const rz_vec *values, const uint32_t *positions, const uint64_t *numbers, uint32_t i)
{
    return values == NULL ? numbers[i] : (uint64_t)values->start + (uint64_t)values->step * positions[i];
}

static bool patch_is_sequence(const rz_vec *values)
{
    return values == NULL || values->kind == RZ_VEC_SEQUENCE;
}

/* Bytes beside the values themselves: of long strings and of nested values. */
static size_t patch_heap_size(const rz_tail_column *column, const rz_vec *values, const uint32_t *positions, uint32_t count)
{
    size_t size = 0;
    if (patch_is_sequence(values)) {
        return 0;
    }
    if (column->nested) {
        for (uint32_t i = 0; i < count; i++) {
            size += rz_row_value_size(values, positions[i]);
        }
    } else if (column->type->physical == RZ_PHYS_STRING) {
        rz_view view;
        rz_vec_view(values, &view);
        for (uint32_t i = 0; i < count; i++) {
            uint32_t at = rz_view_at(&view, positions[i]);
            uint32_t length = rz_view_valid(&view, at) ? ((const rz_string *)view.data)[at].length : 0;
            size += length > RZ_STRING_INLINE ? length : 0;
        }
    }
    return size;
}

static void patch_fill_nested(const rz_vec *values, const uint32_t *positions, uint32_t count, uint8_t *data, uint8_t *nulls, uint8_t *heap)
{
    for (uint32_t i = 0; i < count; i++) {
        memcpy(data + (size_t)i * sizeof heap, &heap, sizeof heap);
        nulls[i] = rz_vec_is_null(values, positions[i]);
        heap = rz_row_value_write(values, positions[i], heap);
    }
}

static void patch_fill_strings(const rz_vec *values, const uint32_t *positions, uint32_t count, uint8_t *data, uint8_t *nulls, uint8_t *heap)
{
    rz_view view;
    rz_vec_view(values, &view);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t at = rz_view_at(&view, positions[i]);
        rz_string value;
        memset(&value, 0, sizeof value);
        nulls[i] = !rz_view_valid(&view, at);
        if (!nulls[i]) {
            value = ((const rz_string *)view.data)[at];
            if (value.length > RZ_STRING_INLINE) {
                memcpy(heap, value.u.data, value.length);
                value.u.data = (const char *)heap;
                heap += value.length;
            }
        }
        memcpy(data + (size_t)i * sizeof value, &value, sizeof value);
    }
}

static void patch_fill_fixed(const rz_tail_column *column, const rz_vec *values, const uint32_t *positions, uint32_t count, uint8_t *data,
                             uint8_t *nulls)
{
    rz_view view;
    uint32_t size = column->value_size;
    rz_vec_view(values, &view);
    for (uint32_t i = 0; i < count; i++, data += size) {
        uint32_t at = rz_view_at(&view, positions[i]);
        nulls[i] = !rz_view_valid(&view, at);
        if (nulls[i]) {
            memset(data, 0, size);
        } else {
            memcpy(data, (const uint8_t *)view.data + (size_t)at * size, size);
        }
    }
}

ruzu_status rz_patch_create(rz_mem *mem, const rz_tail_column *column, const rz_vec *values, const uint32_t *positions, const uint64_t *numbers,
                            uint32_t count, uint64_t stamp, rz_patch **out, rz_error *err)
{
    size_t header = (sizeof(rz_patch) + 15) & ~(size_t)15;
    size_t data_size = (size_t)column->value_size * count;
    size_t size = header + data_size + count + patch_heap_size(column, values, positions, count);
    *out = NULL;
    rz_patch *patch = (rz_patch *)rz_mem_alloc(mem, size);
    RZ_TRY_ALLOC(patch, err, "updating rows");
    uint8_t *data = (uint8_t *)patch + header;
    uint8_t *nulls = data + data_size;
    patch->mem = mem;
    patch->size = size;
    patch->count = count;
    patch->data = data;
    patch->nulls = nulls;
    patch->kept = false;
    atomic_init(&patch->refs, 1);
    atomic_init(&patch->stamp, stamp);
    if (patch_is_sequence(values)) {
        RZ_ASSERT(column->value_size == 8);
        memset(nulls, 0, count);
        for (uint32_t i = 0; i < count; i++) {
            uint64_t value = patch_sequence_value(values, positions, numbers, i);
            memcpy(data + (size_t)i * 8, &value, 8);
        }
    } else if (column->nested) {
        patch_fill_nested(values, positions, count, data, nulls, nulls + count);
    } else if (column->type->physical == RZ_PHYS_STRING) {
        patch_fill_strings(values, positions, count, data, nulls, nulls + count);
    } else {
        patch_fill_fixed(column, values, positions, count, data, nulls);
    }
    *out = patch;
    return RUZU_OK;
}

rz_patch *rz_patch_create_empty(rz_mem *mem, uint64_t stamp)
{
    rz_patch *patch = (rz_patch *)rz_mem_calloc(mem, 1, sizeof *patch);
    if (patch != NULL) {
        patch->mem = mem;
        patch->size = sizeof *patch;
        atomic_init(&patch->refs, 1);
        atomic_init(&patch->stamp, stamp);
    }
    return patch;
}

void rz_patch_release(rz_patch *patch)
{
    if (patch != NULL && atomic_fetch_sub_explicit(&patch->refs, 1, memory_order_acq_rel) == 1) {
        rz_mem_free(patch->mem, patch, patch->size);
    }
}

/* ---- the object ---- */

struct rz_patch_hold {
    rz_patch_hold *next;
    rz_patch *patch; /* counted */
    uint32_t column;
};

static size_t patches_size(uint32_t column_count)
{
    return sizeof(rz_patches) + column_count * sizeof(_Atomic(rz_patch_column *));
}

rz_patches *rz_patches_create(rz_mem *mem, uint32_t column_count, uint64_t folded)
{
    rz_patches *patches = (rz_patches *)rz_mem_calloc(mem, 1, patches_size(column_count));
    if (patches == NULL) {
        return NULL;
    }
    patches->mem = mem;
    patches->column_count = column_count;
    patches->folded = folded;
    patches->rebuild_at = PATCH_REBUILD_NODES;
    atomic_init(&patches->refs, 1);
    rz_arena_init(&patches->arena, mem);
    for (uint32_t i = 0; i < column_count; i++) {
        atomic_init(&patches->columns[i], NULL);
    }
    return patches;
}

void rz_patches_acquire(rz_patches *patches)
{
    atomic_fetch_add_explicit(&patches->refs, 1, memory_order_relaxed);
}

void rz_patches_release(rz_patches *patches)
{
    while (patches != NULL && atomic_fetch_sub_explicit(&patches->refs, 1, memory_order_acq_rel) == 1) {
        rz_patches *below = patches->below;
        for (const rz_patch_hold *hold = patches->holds; hold != NULL; hold = hold->next) {
            rz_patch_release(hold->patch);
        }
        rz_patch_overlay_release(patches->overlay);
        rz_arena_free(&patches->arena);
        rz_mem_free(patches->mem, patches, patches_size(patches->column_count));
        patches = below;
    }
}

bool rz_patches_sets(const rz_patches *patches, uint32_t column, uint64_t stamp)
{
    for (const rz_patch_hold *hold = patches->holds; hold != NULL; hold = hold->next) {
        if ((column == RZ_NO_COLUMN || hold->column == column) && atomic_load_explicit(&hold->patch->stamp, memory_order_relaxed) == stamp) {
            return true;
        }
    }
    return false;
}

bool rz_patches_patched_by(const rz_patches *patches, uint64_t stamp)
{
    return rz_patches_sets(patches, RZ_NO_COLUMN, stamp);
}

bool rz_patches_has(const rz_patches *patches, uint64_t stamp)
{
    for (; patches != NULL; patches = patches->below) {
        if (rz_patches_patched_by(patches, stamp) || (patches->overlay != NULL && rz_patch_overlay_stamp(patches->overlay) == stamp)) {
            return true;
        }
    }
    return false;
}

uint32_t rz_patches_depth(const rz_patches *patches)
{
    uint32_t depth = 0;
    for (; patches != NULL; patches = patches->below) {
        depth++;
    }
    return depth;
}

bool rz_patches_cover(const rz_patches *patches, uint32_t column, uint32_t block)
{
    for (; patches != NULL; patches = patches->below) {
        if (rz_patches_table(patches, column, block) != NULL || rz_patch_overlay_segment(patches->overlay, column) != NULL) {
            return true;
        }
    }
    return false;
}

uint64_t rz_patches_bytes(const rz_patches *patches)
{
    uint64_t bytes = 0;
    for (; patches != NULL; patches = patches->below) {
        bytes += patches_size(patches->column_count) + patches->arena.used_bytes + patches->patch_bytes;
    }
    return bytes;
}

/* ---- adding ---- */

static rz_patch_column *patches_column(rz_patches *patches, uint32_t column)
{
    rz_patch_column *found = atomic_load_explicit(&patches->columns[column], memory_order_relaxed);
    if (found == NULL) {
        found = RZ_NEW(&patches->arena, rz_patch_column);
        for (uint32_t i = 0; found != NULL && i < RZ_GROUP_BLOCKS; i++) {
            atomic_init(&found->blocks[i], NULL);
        }
        if (found != NULL) {
            atomic_store_explicit(&patches->columns[column], found, memory_order_release);
        }
    }
    return found;
}

/* The slot of a row, or a free one for it. */
static uint32_t patch_slot(const rz_patch_table *table, uint32_t row)
{
    uint32_t at = row & table->mask;
    const rz_patch_node *node = atomic_load_explicit(&table->slots[at], memory_order_acquire);
    while (node != NULL && node->row != row) {
        at = (at + 1) & table->mask;
        node = atomic_load_explicit(&table->slots[at], memory_order_acquire);
    }
    return at;
}

#define PATCH_MARK_WORDS ((RZ_VECTOR_CAPACITY + 63u) / 64u)
#define PATCH_MARKED_SLOTS (RZ_VECTOR_CAPACITY / 8u) /* slots from which on marks are small against them; most rows have no node, which these say without a look at nodes */

/* The row's newest node, in its slot. */
static void patch_link(rz_patch_table *table, uint32_t slot, const rz_patch_node *node)
{
    if (table->marks != NULL) {
        uint64_t word = atomic_load_explicit(&table->marks[node->row / 64], memory_order_relaxed);
        atomic_store_explicit(&table->marks[node->row / 64], word | UINT64_C(1) << (node->row % 64), memory_order_relaxed);
    }
    atomic_store_explicit(&table->slots[slot], node, memory_order_release);
}

/* An empty table; NULL: no memory. */
static rz_patch_table *patch_table_create(rz_arena *arena, uint32_t slots)
{
    rz_patch_table *table = (rz_patch_table *)rz_arena_calloc(arena, 1, sizeof *table + slots * sizeof table->slots[0]);
    bool marked = slots >= PATCH_MARKED_SLOTS;
    _Atomic uint64_t *marks = table == NULL || !marked ? NULL : (_Atomic uint64_t *)rz_arena_alloc(arena, PATCH_MARK_WORDS * sizeof *marks);
    if (table == NULL || (marked && marks == NULL)) {
        return NULL;
    }
    for (uint32_t i = 0; marked && i < PATCH_MARK_WORDS; i++) {
        atomic_init(&marks[i], 0);
    }
    for (uint32_t i = 0; i < slots; i++) {
        atomic_init(&table->slots[i], NULL);
    }
    table->mask = slots - 1;
    table->marks = marks;
    return table;
}

/* A table of the block with room for `more` rows. A smaller one is copied; readers may stay in it. NULL: no memory. */
static rz_patch_table *patches_reserve(rz_patches *patches, rz_patch_column *column, uint32_t block, uint32_t more)
{
    rz_patch_table *old = atomic_load_explicit(&column->blocks[block], memory_order_relaxed);
    uint32_t wanted = (old == NULL ? 0 : old->used) + more;
    uint32_t slots = old == NULL ? PATCH_FIRST_SLOTS : old->mask + 1;
    while (slots < RZ_VECTOR_CAPACITY && wanted * 4 > slots * 3) {
        slots *= 2;
    }
    if (old != NULL && slots == old->mask + 1) {
        return old;
    }
    rz_patch_table *table = patch_table_create(&patches->arena, slots);
    if (table == NULL) {
        return NULL;
    }
    for (uint32_t i = 0; old != NULL && i <= old->mask; i++) {
        const rz_patch_node *node = atomic_load_explicit(&old->slots[i], memory_order_relaxed);
        if (node != NULL) {
            patch_link(table, patch_slot(table, node->row), node);
            table->used++;
        }
    }
    atomic_store_explicit(&column->blocks[block], table, memory_order_release);
    return table;
}

static bool patches_hold(rz_patches *patches, rz_patch *patch, uint32_t column)
{
    rz_patch_hold *hold = RZ_NEW(&patches->arena, rz_patch_hold);
    if (hold == NULL) {
        return false;
    }
    hold->patch = patch;
    hold->column = column;
    hold->next = patches->holds;
    patches->holds = hold;
    patches->patch_bytes += patch->size;
    atomic_fetch_add_explicit(&patch->refs, 1, memory_order_relaxed);
    return true;
}

/* Rolled-back nodes at the newest end are passed over, so that they do not pile up. */
static const rz_patch_node *patch_skip_undone(const rz_patch_node *node)
{
    while (node != NULL && atomic_load_explicit(&node->patch->stamp, memory_order_relaxed) == RZ_STAMP_NEVER) {
        node = node->older;
    }
    return node;
}

ruzu_status rz_patches_add(rz_patches *patches, uint32_t column, uint32_t block, rz_patch *patch, const uint32_t *rows, rz_error *err)
{
    rz_patch_column *home = patches_column(patches, column);
    rz_patch_table *table = home == NULL ? NULL : patches_reserve(patches, home, block, patch->count);
    rz_patch_node *nodes = table == NULL ? NULL : (rz_patch_node *)rz_arena_alloc(&patches->arena, patch->count * sizeof *nodes);
    if (nodes == NULL || !patches_hold(patches, patch, column)) {
        return rz_error_no_memory(err, "updating rows");
    }
    for (uint32_t i = 0; i < patch->count; i++) {
        uint32_t slot = patch_slot(table, rows[i]);
        const rz_patch_node *newest = atomic_load_explicit(&table->slots[slot], memory_order_relaxed);
        table->used += newest == NULL;
        nodes[i] = (rz_patch_node){.older = patch_skip_undone(newest), .patch = patch, .index = i, .row = rows[i]};
        patch_link(table, slot, &nodes[i]);
    }
    patches->node_count += patch->count;
    return RUZU_OK;
}

static const rz_patch_node *patch_find(const rz_patch_table *table, uint32_t row)
{
    uint32_t at = row & table->mask;
    if (table->marks != NULL && (atomic_load_explicit(&table->marks[row / 64], memory_order_relaxed) >> (row % 64) & 1) == 0) {
        return NULL;
    }
    for (uint32_t seen = 0; seen <= table->mask; seen++, at = (at + 1) & table->mask) {
        const rz_patch_node *node = atomic_load_explicit(&table->slots[at], memory_order_acquire);
        if (node == NULL || node->row == row) {
            return node;
        }
    }
    return NULL;
}

uint64_t rz_patches_newest(const rz_patches *patches, uint32_t column, uint32_t row)
{
    for (; patches != NULL; patches = patches->below) {
        const rz_patch_table *table = rz_patches_table(patches, column, row / RZ_VECTOR_CAPACITY);
        const rz_patch_node *node = table == NULL ? NULL : patch_skip_undone(patch_find(table, row % RZ_VECTOR_CAPACITY));
        if (node != NULL) {
            return atomic_load_explicit(&node->patch->stamp, memory_order_relaxed);
        }
        if (rz_patch_overlay_segment(patches->overlay, column) != NULL && row < patches->overlay->rows &&
            rz_patch_overlay_stamp(patches->overlay) != RZ_STAMP_NEVER) {
            return rz_patch_overlay_stamp(patches->overlay);
        }
    }
    return 0;
}

/* ---- folding ---- */

/* The same of the object's own nodes. */
static bool patches_touched_here(const rz_patches *patches, uint32_t column, uint64_t after, uint64_t up_to)
{
    /* The list of holds is the writer's; what a fold asks about is linked. */
    for (uint32_t block = 0; block < RZ_GROUP_BLOCKS; block++) {
        const rz_patch_table *table = rz_patches_table(patches, column, block);
        for (uint32_t i = 0; table != NULL && i <= table->mask; i++) {
            const rz_patch_node *node = atomic_load_explicit(&table->slots[i], memory_order_acquire);
            for (; node != NULL; node = node->older) {
                uint64_t stamp = atomic_load_explicit(&node->patch->stamp, memory_order_relaxed);
                if (stamp > after && stamp <= up_to) {
                    return true;
                }
                if (stamp <= after) {
                    break;
                }
            }
        }
    }
    return false;
}

bool rz_patches_touched(const rz_patches *patches, uint32_t column, uint64_t after, uint64_t up_to)
{
    for (; patches != NULL; patches = patches->below) {
        if (patches_touched_here(patches, column, after, up_to)) {
            return true;
        }
        if (rz_patch_overlay_segment(patches->overlay, column) != NULL) {
            uint64_t stamp = rz_patch_overlay_stamp(patches->overlay);
            if (stamp > after && stamp <= up_to) {
                return true;
            }
        }
    }
    return false;
}

/* Whether one of the row's nodes has a stamp in (after, up_to]. */
static bool patch_row_touched(const rz_patch_node *node, uint64_t after, uint64_t up_to)
{
    for (; node != NULL; node = node->older) {
        uint64_t stamp = atomic_load_explicit(&node->patch->stamp, memory_order_relaxed);
        if (stamp <= up_to) {
            return stamp > after; /* older ones are smaller still */
        }
    }
    return false;
}

bool rz_patches_rows(const rz_patches *patches, uint32_t column, uint64_t after, uint64_t up_to, uint64_t *bits)
{
    for (; patches != NULL; patches = patches->below) {
        for (uint32_t block = 0; block < RZ_GROUP_BLOCKS; block++) {
            const rz_patch_table *table = rz_patches_table(patches, column, block);
            for (uint32_t i = 0; table != NULL && i <= table->mask; i++) {
                const rz_patch_node *node = atomic_load_explicit(&table->slots[i], memory_order_acquire);
                if (node != NULL && patch_row_touched(node, after, up_to)) {
                    rz_bit_set(bits, (uint64_t)block * RZ_VECTOR_CAPACITY + node->row);
                }
            }
        }
        if (rz_patch_overlay_segment(patches->overlay, column) != NULL) {
            uint64_t stamp = rz_patch_overlay_stamp(patches->overlay);
            if (stamp > after && stamp <= up_to) {
                return false;
            }
        }
    }
    return true;
}

/* What rz_patches_rebuild keeps. */
typedef struct patch_need {
    uint64_t folded;
    uint64_t oldest;
    uint64_t without;
} patch_need;

/* The nodes of one row that are still needed, newest first; returns how many. nodes NULL: only counts. */
static uint32_t patch_copy_row(const rz_patch_node *node, const patch_need *need, rz_patch_node *nodes)
{
    uint32_t count = 0;
    for (; node != NULL; node = node->older) {
        uint64_t stamp = atomic_load_explicit(&node->patch->stamp, memory_order_relaxed);
        if (stamp == RZ_STAMP_NEVER || stamp == need->without) {
            continue;
        }
        if (stamp <= need->folded) {
            break;
        }
        if (nodes != NULL) {
            nodes[count] = *node;
            nodes[count].older = NULL;
            node->patch->kept = true;
            if (count != 0) {
                nodes[count - 1].older = &nodes[count];
            }
        }
        count++;
        if (stamp <= need->oldest) { /* everybody sees this one */
            break;
        }
    }
    return count;
}

static bool patch_copy_table(rz_patches *fresh, const rz_patch_table *table, uint32_t column, uint32_t block, const patch_need *need)
{
    uint32_t count = 0, row_count = 0;
    for (uint32_t i = 0; i <= table->mask; i++) {
        uint32_t here = patch_copy_row(atomic_load_explicit(&table->slots[i], memory_order_relaxed), need, NULL);
        count += here;
        row_count += here != 0;
    }
    if (count == 0) {
        return true;
    }
    rz_patch_column *home = patches_column(fresh, column);
    rz_patch_table *copy = home == NULL ? NULL : patches_reserve(fresh, home, block, row_count);
    rz_patch_node *nodes = copy == NULL ? NULL : (rz_patch_node *)rz_arena_alloc(&fresh->arena, count * sizeof *nodes);
    if (nodes == NULL) {
        return false;
    }
    for (uint32_t i = 0; i <= table->mask; i++) {
        uint32_t here = patch_copy_row(atomic_load_explicit(&table->slots[i], memory_order_relaxed), need, nodes);
        if (here != 0) {
            patch_link(copy, patch_slot(copy, nodes->row), nodes);
            copy->used++;
            nodes += here;
        }
    }
    fresh->node_count += count;
    return true;
}

/* The object without those below, above `below` (the reference moves, also on failure). */
static bool patches_rebuild_one(const rz_patches *patches, const patch_need *need, uint32_t column_count, rz_patches *below, rz_patches **out)
{
    uint64_t overlaid = patches->overlay == NULL ? RZ_STAMP_NEVER : rz_patch_overlay_stamp(patches->overlay);
    bool keep = overlaid != RZ_STAMP_NEVER && overlaid != need->without && overlaid > need->folded;
    rz_patches *fresh = rz_patches_create(patches->mem, column_count, need->folded);
    bool good = fresh != NULL;
    for (const rz_patch_hold *hold = patches->holds; hold != NULL; hold = hold->next) {
        hold->patch->kept = false;
    }
    for (uint32_t column = 0; column < patches->column_count && good; column++) {
        for (uint32_t block = 0; block < RZ_GROUP_BLOCKS && good; block++) {
            const rz_patch_table *table = rz_patches_table(patches, column, block);
            good = table == NULL || patch_copy_table(fresh, table, column, block, need);
        }
    }
    for (const rz_patch_hold *hold = patches->holds; hold != NULL && good; hold = hold->next) {
        good = !hold->patch->kept || patches_hold(fresh, hold->patch, hold->column);
    }
    if (!good || (fresh->node_count == 0 && !keep)) {
        rz_patches_release(fresh);
        if (good) {
            *out = below;
        } else {
            rz_patches_release(below);
        }
        return good;
    }
    fresh->rebuild_at = fresh->node_count * 2 > PATCH_REBUILD_NODES ? fresh->node_count * 2 : PATCH_REBUILD_NODES;
    fresh->below = below;
    if (keep) {
        fresh->overlay = patches->overlay;
        atomic_fetch_add_explicit(&fresh->overlay->refs, 1, memory_order_relaxed);
    }
    *out = fresh;
    return true;
}

/* From the lowest object up; there are few above each other. */
bool rz_patches_rebuild(const rz_patches *patches, uint64_t folded, uint64_t oldest, uint32_t column_count, uint64_t without, rz_patches **out)
{
    const patch_need need = {folded, oldest, without};
    rz_patches *below = NULL;
    *out = NULL;
    for (uint32_t depth = rz_patches_depth(patches); depth-- > 0;) {
        const rz_patches *at = patches;
        for (uint32_t i = 0; i < depth; i++) {
            at = at->below;
        }
        rz_patches *rebuilt = NULL;
        if (!patches_rebuild_one(at, &need, column_count, below, &rebuilt)) {
            return false;
        }
        below = rebuilt;
    }
    *out = below;
    return true;
}

/* ---- reading ---- */

static inline const rz_patch_node *patch_seen(const rz_patch_node *node, const rz_snapshot *snapshot)
{
    while (node != NULL && !rz_stamp_visible(atomic_load_explicit(&node->patch->stamp, memory_order_relaxed), snapshot)) {
        node = node->older;
    }
    return node;
}

/* The value of a node into a row of out. */
static ruzu_status patch_put(const rz_tail_column *layout, const rz_patch_node *node, rz_vec *out, uint32_t out_row, rz_error *err)
{
    const rz_patch *patch = node->patch;
    const uint8_t *data = patch->data + (size_t)node->index * layout->value_size;
    if (layout->value_size == 8 && !layout->nested && !patch->nulls[node->index]) {
        memcpy((uint8_t *)out->data + (size_t)out_row * 8, data, 8);
        if (out->validity != NULL) {
            rz_vec_set_valid(out, out_row);
        }
        return RUZU_OK;
    }
    return rz_tail_values_read(layout, data, patch->nulls + node->index, 1, out, out_row, err);
}

/* Rows [first, end) of one block. */
static ruzu_status patch_read_block(const rz_patch_table *table, const rz_tail_column *layout, const rz_snapshot *snapshot, uint32_t first,
                                    uint32_t end, rz_vec *out, uint32_t out_start, rz_error *err)
{
    if (end - first > table->mask) { /* few slots: all of them */
        for (uint32_t i = 0; i <= table->mask; i++) {
            const rz_patch_node *node = atomic_load_explicit(&table->slots[i], memory_order_acquire);
            if (node == NULL || node->row < first || node->row >= end) {
                continue;
            }
            uint32_t out_row = out_start + (node->row - first);
            node = patch_seen(node, snapshot);
            if (node != NULL) {
                RZ_TRY(patch_put(layout, node, out, out_row, err));
            }
        }
        return RUZU_OK;
    }
    for (uint32_t row = first; row < end; row++) {
        const rz_patch_node *node = patch_seen(patch_find(table, row), snapshot);
        if (node != NULL) {
            RZ_TRY(patch_put(layout, node, out, out_start + (row - first), err));
        }
    }
    return RUZU_OK;
}

ruzu_status rz_patches_read(const rz_patches *patches, const rz_tail_column *layout, uint32_t column, const rz_snapshot *snapshot, uint32_t first,
                            uint32_t count, rz_vec *out, uint32_t out_start, rz_error *err)
{
    uint32_t end = first + count;
    while (first < end) {
        uint32_t block = first / RZ_VECTOR_CAPACITY;
        uint32_t block_end = (block + 1) * RZ_VECTOR_CAPACITY;
        const rz_patch_table *table = rz_patches_table(patches, column, block);
        block_end = block_end < end ? block_end : end;
        if (table != NULL) {
            uint32_t base = block * RZ_VECTOR_CAPACITY;
            RZ_TRY(patch_read_block(table, layout, snapshot, first - base, block_end - base, out, out_start, err));
        }
        out_start += block_end - first;
        first = block_end;
    }
    return RUZU_OK;
}

ruzu_status rz_patches_gather(const rz_patches *patches, const rz_tail_column *layout, uint32_t column, const rz_snapshot *snapshot,
                              const uint32_t *rows, const uint32_t *out_rows, uint32_t count, rz_vec *out, rz_error *err)
{
    const rz_patch_column *found = column >= patches->column_count ? NULL : atomic_load_explicit(&patches->columns[column], memory_order_acquire);
    for (uint32_t i = 0; i < count && found != NULL; i++) {
        const rz_patch_table *table = atomic_load_explicit(&found->blocks[rows[i] / RZ_VECTOR_CAPACITY], memory_order_acquire);
        const rz_patch_node *node = table == NULL ? NULL : patch_seen(patch_find(table, rows[i] % RZ_VECTOR_CAPACITY), snapshot);
        if (node != NULL) {
            RZ_TRY(patch_put(layout, node, out, out_rows[i], err));
        }
    }
    return RUZU_OK;
}
