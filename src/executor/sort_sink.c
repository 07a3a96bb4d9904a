/* SPDX-License-Identifier: MIT */
/*
 * SORT's sink: rows with their keys, sorted, all of them or the first k.
 *
 * Workers collect rows with their keys in runs of their own. With a limit, a run is sorted and cut to k rows whenever it has grown to twice as many; from then on rows
 * behind the k-th are dropped before they are copied. Runs beyond the memory budget are sorted and spilled. The source (op_sort.c) merges
 * what all workers left.
 */
#include "executor/sort.h"
#include "executor/spill.h"

#include <string.h>

#define SORT_MERGE_WIDTH 16u /* more spilled runs than this are merged before the source begins */
#define SORT_STRETCH_VECTORS 8u /* vectors in the shortest stretch */
#define SORT_STRETCHES 8u       /* for each thread, so that those who begin late have something to do */
#define SORT_MERGE_SHARE 8u /* of the memory limit: what blocks of runs that are merged may take */

typedef struct sort_local {
    const rz_plan *plan;
    rz_mem *mem;
    rz_top_bound *bound;     /* to be lowered; NULL: the first key is of another type */
    rz_eval **evals;
    rz_vec **vecs;           /* the current chunk's keys */
    int32_t *positions;      /* of the output columns in the input */
    rz_sort_run *run;
    rz_sort_source *spilled; /* owned: earlier runs */
    uint32_t spilled_count;
    uint32_t spilled_capacity;
    uint32_t key_width;      /* bytes of all keys together; 0: of various length */
    uint32_t *key_offs;      /* per order, when of fixed width */
    uint8_t *keys;           /* fixed width: the chunk's keys */
    rz_str text;             /* various length: the same … */
    size_t *text_ends;       /* … and where each ends */
    uint32_t *near;          /* rows that may be among the first k, by their first key; NULL: not asked */
    uint8_t *near_keys;
    bool near_ties;          /* the second key can be asked, too */
    uint32_t *rows;          /* those that are, by the whole key */
    uint32_t *items;         /* their numbers in the selection */
    size_t *sizes;
    uint8_t **cursors;
    uint64_t keep;           /* k; UINT64_MAX: all */
    uint64_t cut_at;
    uint64_t budget;
    bool has_threshold;
    rz_sort_entry threshold; /* the k-th row so far */
    uint8_t *threshold_key;  /* a record without a row that it points to */
    uint32_t threshold_capacity;
} sort_local;

/* ---- shared object ---- */

static ruzu_status sort_prepare(rz_exec *exec, const rz_plan *plan, void **out, rz_error *err)
{
    rz_sort_shared *shared = RZ_NEW(&exec->arena, rz_sort_shared);
    RZ_TRY_ALLOC(shared, err, "preparing to sort");
    shared->mem = rz_exec_account(exec, plan);
    shared->pool = rz_store_pool(rz_txn_store(exec->context->txn));
    if (rz_mutex_init(&shared->lock) != RUZU_OK) {
        return rz_error_no_memory(err, "preparing to sort");
    }
    shared->locked = true;
    rz_top_bound_reset(&shared->bound);
    *out = shared;
    return RUZU_OK;
}

rz_top_bound *rz_sort_bound(void *shared)
{
    return &((rz_sort_shared *)shared)->bound;
}

static void sort_free_sources(rz_mem *mem, rz_sort_source *sources, uint32_t count, uint32_t capacity)
{
    for (uint32_t i = 0; i < count; i++) {
        rz_sort_run_free(sources[i].run);
        rz_records_free(sources[i].records);
    }
    rz_mem_free(mem, sources, capacity * sizeof *sources);
}

static void sort_destroy(rz_exec *exec, void *shared_object)
{
    (void)exec;
    rz_sort_shared *shared = (rz_sort_shared *)shared_object;
    sort_free_sources(shared->mem, shared->sources, shared->source_count, shared->source_capacity);
    if (shared->locked) {
        rz_mutex_destroy(&shared->lock);
    }
}

static ruzu_status sort_add_source(rz_mem *mem, rz_sort_source **sources, uint32_t *count, uint32_t *capacity, rz_sort_source source, rz_error *err)
{
    if (*count == *capacity) {
        uint32_t grown = *capacity == 0 ? 8 : *capacity * 2;
        rz_sort_source *more = (rz_sort_source *)rz_mem_realloc(mem, *sources, *capacity * sizeof **sources, grown * sizeof **sources);
        RZ_TRY_ALLOC(more, err, "sorting");
        *sources = more;
        *capacity = grown;
    }
    (*sources)[(*count)++] = source;
    return RUZU_OK;
}

/* ---- a worker's share ---- */

static ruzu_status sort_open_keys(rz_worker *worker, const rz_plan *plan, sort_local *local, rz_error *err)
{
    rz_arena *arena = &worker->arena;
    const rz_plan *input = plan->children[0];
    bool fixed = true;
    local->evals = RZ_NEW_ARRAY(arena, rz_eval *, plan->u.sort.order_count);
    local->vecs = RZ_NEW_ARRAY(arena, rz_vec *, plan->u.sort.order_count);
    local->key_offs = RZ_NEW_ARRAY(arena, uint32_t, plan->u.sort.order_count);
    if (local->evals == NULL || local->vecs == NULL || local->key_offs == NULL) {
        return rz_error_no_memory(err, "preparing to sort");
    }
    for (uint32_t i = 0; i < plan->u.sort.order_count; i++) {
        RZ_TRY(rz_eval_create(worker, plan->u.sort.orders[i].expr, input->columns, input->column_count, &local->evals[i], err));
        uint32_t width = rz_sort_key_width(plan->u.sort.orders[i].expr->type);
        local->key_offs[i] = local->key_width;
        local->key_width += width;
        fixed = fixed && width != 0;
    }
    local->key_width = fixed ? local->key_width : 0;
    local->keys = (uint8_t *)rz_arena_alloc(arena, (size_t)local->key_width * RZ_VECTOR_CAPACITY);
    local->text_ends = RZ_NEW_ARRAY(arena, size_t, RZ_VECTOR_CAPACITY);
    return local->keys != NULL && local->text_ends != NULL ? RUZU_OK : rz_error_no_memory(err, "preparing to sort");
}

static ruzu_status sort_open(rz_worker *worker, const rz_plan *plan, void *shared_object, void **out, rz_error *err)
{
    rz_sort_shared *shared = (rz_sort_shared *)shared_object;
    rz_arena *arena = &worker->arena;
    sort_local *local = RZ_NEW(arena, sort_local);
    RZ_TRY_ALLOC(local, err, "preparing to sort");
    local->plan = plan;
    local->mem = shared->mem;
    local->bound = rz_top_bound_fits(plan->u.sort.orders[0].expr->type) ? &shared->bound : NULL;
    rz_str_init(&local->text, shared->mem);
    *out = local;
    local->positions = RZ_NEW_ARRAY(arena, int32_t, plan->column_count);
    local->rows = RZ_NEW_ARRAY(arena, uint32_t, RZ_VECTOR_CAPACITY);
    local->items = RZ_NEW_ARRAY(arena, uint32_t, RZ_VECTOR_CAPACITY);
    local->sizes = RZ_NEW_ARRAY(arena, size_t, RZ_VECTOR_CAPACITY);
    local->cursors = RZ_NEW_ARRAY(arena, uint8_t *, RZ_VECTOR_CAPACITY);
    if (local->positions == NULL || local->rows == NULL || local->items == NULL || local->sizes == NULL || local->cursors == NULL) {
        return rz_error_no_memory(err, "preparing to sort");
    }
    for (uint32_t i = 0; i < plan->column_count; i++) {
        local->positions[i] = rz_plan_position(plan->children[0], plan->columns[i]);
        if (local->positions[i] < 0) {
            return rz_error_set(err, RUZU_ERROR_INTERNAL, "column %u is not in the input of a sort", plan->columns[i]);
        }
    }
    RZ_TRY(sort_open_keys(worker, plan, local, err));
    uint64_t skip = 0;
    RZ_TRY(rz_sort_bounds(worker, plan, &skip, &local->keep, err));
    bool others_fail = false; /* their failures must be seen for every row */
    for (uint32_t i = 1; i < plan->u.sort.order_count; i++) {
        others_fail = others_fail || rz_expr_can_fail(plan->u.sort.orders[i].expr);
    }
    if (local->keep != UINT64_MAX && !others_fail && rz_sort_near_fits(plan->u.sort.orders[0].expr->type)) {
        uint32_t width = rz_sort_key_width(plan->u.sort.orders[0].expr->type);
        local->near_ties = width != 0 && plan->u.sort.order_count > 1 && rz_sort_near_fits(plan->u.sort.orders[1].expr->type);
        uint32_t second = local->near_ties ? rz_sort_key_width(plan->u.sort.orders[1].expr->type) : 0;
        width = second > width ? second : width;
        local->near = RZ_NEW_ARRAY(arena, uint32_t, RZ_VECTOR_CAPACITY);
        local->near_keys = (uint8_t *)rz_arena_alloc(arena, (size_t)width * RZ_VECTOR_CAPACITY + 8);
        if (local->near == NULL || local->near_keys == NULL) {
            return rz_error_no_memory(err, "preparing to sort");
        }
    }
    local->cut_at = local->keep > (UINT64_C(1) << 40) ? UINT64_MAX : 2 * local->keep + 2 * (uint64_t)RZ_VECTOR_CAPACITY;
    local->budget = rz_spill_budget(worker->exec);
    return rz_sort_run_create(shared->mem, &local->run, err);
}

static void sort_close(rz_worker *worker, void *local_object)
{
    (void)worker;
    sort_local *local = (sort_local *)local_object;
    rz_mem *mem = local->mem;
    rz_str_free(&local->text);
    rz_mem_free(mem, local->threshold_key, local->threshold_capacity);
    rz_sort_run_free(local->run);
    sort_free_sources(mem, local->spilled, local->spilled_count, local->spilled_capacity);
}

/* ---- consuming ---- */

/* The keys of all rows when their width is fixed; otherwise only the values they are made of. */
static ruzu_status sort_make_keys(sort_local *local, const rz_chunk *chunk, const rz_sel *sel, rz_error *err)
{
    const rz_plan_order *orders = local->plan->u.sort.orders;
    uint32_t count = local->plan->u.sort.order_count;
    for (uint32_t i = 0; i < count; i++) {
        RZ_TRY(rz_eval_run(local->evals[i], chunk, sel, &local->vecs[i], err));
        if (local->key_width != 0) {
            rz_sort_key_write(local->vecs[i], sel, orders[i].descending, orders[i].nulls_first, local->keys + local->key_offs[i], local->key_width);
        }
    }
    return RUZU_OK;
}

/* Keys of any length, from the selection's row `first` on, as many as fit the budget; they become items 0, 1, …. */
static ruzu_status sort_append_keys(sort_local *local, const rz_sel *sel, uint32_t first, uint32_t *out_count, rz_error *err)
{
    const rz_plan_order *orders = local->plan->u.sort.orders;
    uint32_t made = 0;
    rz_str_clear(&local->text);
    for (uint32_t r = first; r < sel->count && local->text.length <= local->budget / 2; r++) {
        for (uint32_t i = 0; i < local->plan->u.sort.order_count; i++) {
            rz_sort_key_append(local->vecs[i], rz_sel_at(sel, r), orders[i].descending, orders[i].nulls_first, &local->text);
        }
        local->text_ends[made++] = local->text.length;
    }
    *out_count = made;
    return local->text.failed ? rz_error_no_memory(err, "sorting") : RUZU_OK;
}

static const uint8_t *sort_key_at(const sort_local *local, uint32_t item, uint32_t *out_length)
{
    if (local->key_width != 0) {
        *out_length = local->key_width;
        return local->keys + (size_t)item * local->key_width;
    }
    size_t start = item == 0 ? 0 : local->text_ends[item - 1];
    *out_length = (uint32_t)(local->text_ends[item] - start);
    return (const uint8_t *)rz_str_text(&local->text) + start;
}

/* A key that comes behind the k-th row cannot be among the first k; one that equals it came later. */
static bool sort_is_beyond(const sort_local *local, const uint8_t *key, uint32_t length)
{
    uint64_t prefix = rz_sort_prefix(key, length);
    if (prefix != local->threshold.prefix) {
        return prefix > local->threshold.prefix;
    }
    uint32_t other = rz_sort_key_length(local->threshold.record);
    return memcmp(key, local->threshold.record + RZ_SORT_HEADER, length < other ? length : other) >= 0;
}

/*
 * Copies rows of local->rows (items in local->items) into the run: those from first_row on, not more than fit half of the budget, but one at least. Rows of long strings are few
 * at a time so, and a spill comes before the next ones.
 */
static ruzu_status sort_add_rows(sort_local *local, const rz_chunk *chunk, uint32_t first_row, uint32_t rows, uint32_t *out_added, rz_error *err)
{
    const rz_plan *plan = local->plan;
    rz_sel sel = {.rows = local->rows + first_row, .count = rows};
    const uint32_t *items = local->items + first_row;
    memset(local->sizes, 0, rows * sizeof *local->sizes);
    for (uint32_t c = 0; c < plan->column_count; c++) {
        rz_row_values_size(chunk->columns[local->positions[c]], &sel, local->sizes);
    }
    size_t total = 0;
    uint32_t count = 0;
    for (; count < rows; count++) {
        uint32_t length = 0;
        (void)sort_key_at(local, items[count], &length);
        local->sizes[count] += RZ_SORT_HEADER + length;
        if (local->sizes[count] > INT32_MAX) {
            return rz_error_set(err, RUZU_ERROR_LIMIT, "A row of %zu bytes is larger than the limit of 2 GiB.", local->sizes[count]);
        }
        if (count > 0 && total + local->sizes[count] > local->budget / 2) {
            break;
        }
        total += local->sizes[count];
    }
    sel.count = count;
    *out_added = count;
    uint8_t *place = (uint8_t *)rz_arena_alloc(&local->run->arena, total);
    RZ_TRY_ALLOC(place, err, "sorting");
    RZ_TRY(rz_sort_run_reserve(local->run, count, err));
    for (uint32_t i = 0; i < count; i++) {
        uint32_t length = 0;
        const uint8_t *key = sort_key_at(local, items[i], &length);
        rz_store_u32(place, (uint32_t)local->sizes[i]);
        rz_store_u32(place + 4, length);
        memcpy(place + RZ_SORT_HEADER, key, length);
        local->cursors[i] = place + RZ_SORT_HEADER + length;
        rz_sort_entry *entry = &local->run->entries[local->run->count + i];
        entry->prefix = rz_sort_prefix(key, length);
        entry->record = place;
        place += local->sizes[i];
    }
    for (uint32_t c = 0; c < plan->column_count; c++) {
        rz_row_values_write(chunk->columns[local->positions[c]], &sel, local->cursors);
    }
    uint64_t first = local->run->count;
    local->run->count += count;
    for (uint32_t i = 0; chunk->weight != NULL && i < count; i++) { /* a row of weight w stands w times */
        uint64_t copies = chunk->weight[sel.rows[i]];
        copies = copies < local->keep ? copies : local->keep;
        RZ_TRY(rz_sort_run_reserve(local->run, copies, err));
        for (uint64_t w = 1; w < copies; w++) {
            local->run->entries[local->run->count++] = local->run->entries[first + i];
        }
    }
    return RUZU_OK;
}

/* Sorts the run, drops what cannot be among the first k and remembers where that begins. */
static ruzu_status sort_settle(rz_mem *mem, sort_local *local, rz_error *err)
{
    rz_sort_run *run = local->run;
    RZ_TRY(rz_sort_run_sort(run, err));
    if (run->count < local->keep || local->keep == 0) {
        return RUZU_OK;
    }
    RZ_TRY(rz_sort_run_cut(run, local->keep, err));
    const rz_sort_entry *last = &run->entries[local->keep - 1];
    if (local->has_threshold && rz_sort_compare(last, &local->threshold) >= 0) {
        return RUZU_OK;
    }
    uint32_t size = RZ_SORT_HEADER + rz_sort_key_length(last->record);
    if (size > local->threshold_capacity) {
        uint8_t *key = (uint8_t *)rz_mem_realloc(mem, local->threshold_key, local->threshold_capacity, size);
        RZ_TRY_ALLOC(key, err, "sorting");
        local->threshold_key = key;
        local->threshold_capacity = size;
    }
    memcpy(local->threshold_key, last->record, size);
    local->threshold.prefix = last->prefix;
    local->threshold.record = local->threshold_key;
    local->has_threshold = true;
    if (local->bound != NULL) {
        rz_top_bound_lower(local->bound, local->plan->u.sort.orders[0].expr->type, last->record + RZ_SORT_HEADER, local->plan->u.sort.orders[0].nulls_first);
    }
    return RUZU_OK;
}

static ruzu_status sort_spill(rz_sort_shared *shared, sort_local *local, rz_error *err)
{
    rz_records *records = NULL;
    RZ_TRY(sort_settle(shared->mem, local, err));
    RZ_TRY(rz_sort_run_spill(local->run, shared->pool, &records, err));
    rz_sort_source source = {.run = NULL, .records = records};
    ruzu_status status = sort_add_source(shared->mem, &local->spilled, &local->spilled_count, &local->spilled_capacity, source, err);
    if (status != RUZU_OK) {
        rz_records_free(records);
    }
    return status;
}

/* Adds the rows of local->rows, spilling between them where they are many bytes. */
static ruzu_status sort_add_items(rz_worker *worker, rz_sort_shared *shared, sort_local *local, const rz_chunk *chunk, uint32_t count, rz_error *err)
{
    for (uint32_t done = 0; done < count;) {
        uint32_t added = 0;
        RZ_TRY(sort_add_rows(local, chunk, done, count - done, &added, err));
        done += added;
        if (local->run->count >= local->cut_at) {
            RZ_TRY(sort_settle(shared->mem, local, err));
        }
        if (rz_spill_needed(worker->exec, local->budget, rz_sort_run_bytes(local->run))) {
            RZ_TRY(sort_spill(shared, local, err));
        }
    }
    return RUZU_OK;
}

/* Of rows near by their first key, of fixed width, those whose whole first key is less, and those with an equal one that are near by the second. */
static ruzu_status sort_drop_ties(sort_local *local, const rz_chunk *chunk, const rz_vec *first, rz_sel *sel, rz_error *err)
{
    const rz_plan_order *orders = local->plan->u.sort.orders;
    const uint8_t *bound = local->threshold.record + RZ_SORT_HEADER;
    uint32_t width = rz_sort_key_width(first->type), bound_length = rz_sort_key_length(local->threshold.record);
    uint64_t bits[RZ_BITMAP_WORDS(RZ_VECTOR_CAPACITY)] = {0};
    rz_sel ties = {.rows = local->items, .count = 0};
    rz_vec *second = NULL;
    rz_sort_key_write(first, sel, orders[0].descending, orders[0].nulls_first, local->near_keys, width);
    for (uint32_t i = 0; i < sel->count; i++) {
        int order = memcmp(local->near_keys + (size_t)i * width, bound, width);
        uint32_t row = sel->rows[i];
        bits[row / 64] |= (uint64_t)(order < 0) << (row % 64);
        local->items[ties.count] = row;
        ties.count += order == 0;
    }
    if (ties.count != 0) {
        RZ_TRY(rz_eval_run(local->evals[1], chunk, &ties, &second, err));
        ties.count = rz_sort_near(second, &ties, &orders[1], rz_sort_prefix(bound + width, bound_length - width), local->near_keys, local->rows);
        for (uint32_t i = 0; i < ties.count; i++) {
            rz_bit_set(bits, local->rows[i]);
        }
    }
    sel->count = rz_bits_positions(bits, chunk->count, local->near);
    return RUZU_OK;
}

/* Narrows the selection by the first key, and by the second where most rows have the same first. */
static ruzu_status sort_drop_far(sort_local *local, const rz_chunk *chunk, rz_sel *sel, rz_error *err)
{
    rz_vec *first = NULL;
    RZ_TRY(rz_eval_run(local->evals[0], chunk, sel, &first, err));
    sel->count = rz_sort_near(first, sel, &local->plan->u.sort.orders[0], local->threshold.prefix, local->near_keys, local->near);
    bool many = sel->count * (uint64_t)4 > chunk->count;
    sel->rows = local->near;
    return many && local->near_ties ? sort_drop_ties(local, chunk, first, sel, err) : RUZU_OK;
}

static ruzu_status sort_consume(rz_worker *worker, void *shared_object, void *local_object, const rz_chunk *chunk, rz_error *err)
{
    sort_local *local = (sort_local *)local_object;
    rz_sel sel = rz_chunk_sel(chunk);
    if (local->near != NULL && local->has_threshold) {
        RZ_TRY(sort_drop_far(local, chunk, &sel, err));
    }
    RZ_TRY(sort_make_keys(local, chunk, &sel, err));
    if (local->keep == 0) {
        return RUZU_OK;
    }
    for (uint32_t done = 0; done < sel.count;) {
        uint32_t made = sel.count;
        uint32_t count = 0;
        if (local->key_width == 0) {
            RZ_TRY(sort_append_keys(local, &sel, done, &made, err));
        }
        for (uint32_t i = 0; i < made; i++) {
            uint32_t length = 0;
            const uint8_t *key = sort_key_at(local, i, &length);
            if (!local->has_threshold || !sort_is_beyond(local, key, length)) {
                local->items[count] = i;
                local->rows[count++] = rz_sel_at(&sel, done + i);
            }
        }
        done += made;
        RZ_TRY(sort_add_items(worker, (rz_sort_shared *)shared_object, local, chunk, count, err));
    }
    return RUZU_OK;
}

static ruzu_status sort_hand_over(rz_sort_shared *shared, sort_local *local, rz_error *err)
{
    if (local->run->count != 0) {
        rz_sort_source source = {.run = local->run, .records = NULL};
        RZ_TRY(sort_add_source(shared->mem, &shared->sources, &shared->source_count, &shared->source_capacity, source, err));
        local->run = NULL;
    }
    while (local->spilled_count > (RZ_MUTANT_IS(23) ? 1u : 0u)) {
        RZ_TRY(sort_add_source(shared->mem, &shared->sources, &shared->source_count, &shared->source_capacity, local->spilled[local->spilled_count - 1], err));
        local->spilled_count--;
    }
    return RUZU_OK;
}

static ruzu_status sort_combine(rz_worker *worker, void *shared_object, void *local_object, rz_error *err)
{
    (void)worker;
    rz_sort_shared *shared = (rz_sort_shared *)shared_object;
    sort_local *local = (sort_local *)local_object;
    RZ_TRY(sort_settle(shared->mem, local, err));
    rz_mutex_lock(&shared->lock);
    ruzu_status status = sort_hand_over(shared, local, err);
    rz_mutex_unlock(&shared->lock);
    return status;
}

/* ---- between sink and source ---- */

/* Merges sources[first .. first + count) into one, which takes the place of the first. */
static ruzu_status sort_merge_some(rz_exec *exec, rz_sort_shared *shared, uint32_t first, uint32_t count, rz_error *err)
{
    rz_arena arena;
    rz_sort_merge merge = {0};
    rz_records *records = NULL;
    ruzu_status status = RUZU_OK;
    rz_arena_init(&arena, shared->mem);
    RZ_TRY_GOTO(rz_records_create(shared->mem, shared->pool, &records, err));
    RZ_TRY_GOTO(rz_sort_merge_open(&arena, shared->sources + first, count, 0, &merge, err));
    for (uint64_t i = 0;; i++) {
        const uint8_t *record = NULL;
        uint8_t *place = NULL;
        bool blocked = false;
        if (i % 4096 == 0 && !RZ_MUTANT_IS(25)) {
            RZ_TRY_GOTO(rz_exec_poll(exec, err));
        }
        RZ_TRY_GOTO(rz_sort_merge_next(&merge, false, &record, &blocked, err));
        if (record == NULL) {
            break;
        }
        RZ_TRY_GOTO(rz_records_add(records, rz_sort_record_size(record), &place, err));
        memcpy(place, record, rz_sort_record_size(record));
    }
    rz_records_seal(records);
    rz_sort_merge_close(&merge);
    for (uint32_t i = first; i < first + count; i++) {
        rz_sort_run_free(shared->sources[i].run);
        rz_records_free(shared->sources[i].records);
    }
    shared->sources[first] = (rz_sort_source){.run = NULL, .records = records};
    records = NULL;
    memmove(shared->sources + first + 1, shared->sources + first + count, (shared->source_count - first - count) * sizeof *shared->sources);
    shared->source_count -= count - 1;
cleanup:
    rz_sort_merge_close(&merge);
    rz_records_free(records);
    rz_arena_free(&arena);
    return status;
}

/* How many spilled runs may be merged at once: each pins a block, and one that holds a long row is long. */
static uint32_t sort_merge_width(const rz_sort_shared *shared)
{
    uint64_t widest = 1;
    for (uint32_t i = 0; i < shared->source_count; i++) {
        uint64_t bytes = shared->sources[i].run == NULL ? rz_records_widest(shared->sources[i].records) : 0;
        widest = bytes > widest ? bytes : widest;
    }
    uint64_t width = rz_mem_smallest_limit(shared->mem) / SORT_MERGE_SHARE / widest;
    return width < 2 ? 2 : width < SORT_MERGE_WIDTH ? (uint32_t)width : SORT_MERGE_WIDTH;
}

/*
 * Cuts the rows' order into stretches, which workers may merge side by side: runs in memory are asked where a stretch begins. Spilled ones can only be read from their beginning.
 */
static void sort_divide(const rz_exec *exec, rz_sort_shared *shared, bool spilled)
{
    uint64_t rows = 0;
    for (uint32_t i = 0; i < shared->source_count && !spilled; i++) {
        rows += shared->sources[i].run->count;
    }
    uint64_t least = (uint64_t)SORT_STRETCH_VECTORS * exec->vector_rows;
    uint64_t share = rows / SORT_STRETCHES / (exec->context->max_threads == 0 ? 1 : exec->context->max_threads) + 1;
    shared->stretch_rows = share < least ? least : share;
    shared->stretches.count = (rows + shared->stretch_rows - 1) / shared->stretch_rows;
    atomic_store_explicit(&shared->stretches.next, 0, memory_order_relaxed);
    shared->spilled = spilled;
}

static ruzu_status sort_finish(rz_exec *exec, const rz_plan *plan, void *shared_object, rz_error *err)
{
    (void)plan;
    rz_sort_shared *shared = (rz_sort_shared *)shared_object;
    for (;;) {
        uint32_t width = sort_merge_width(shared);
        uint32_t spilled = 0;
        for (uint32_t i = 0; i < shared->source_count; i++) {
            spilled += shared->sources[i].run == NULL;
        }
        if (spilled <= width) {
            sort_divide(exec, shared, spilled != 0);
            return RUZU_OK;
        }
        uint32_t rounds = shared->source_count / width;
        for (uint32_t r = 0; r < rounds; r++) { /* after r rounds the first r sources are merged ones */
            RZ_TRY(sort_merge_some(exec, shared, r, width, err));
        }
    }
}

/* No rows, and a new run. */
static ruzu_status sort_restart(rz_worker *worker, void *shared_object, void *local_object, rz_error *err)
{
    (void)worker;
    rz_sort_shared *shared = (rz_sort_shared *)shared_object;
    sort_local *local = (sort_local *)local_object;
    sort_free_sources(shared->mem, shared->sources, shared->source_count, shared->source_capacity);
    shared->sources = NULL;
    shared->source_count = shared->source_capacity = 0;
    local->has_threshold = false;
    rz_top_bound_reset(&shared->bound);
    return local->run != NULL ? RUZU_OK : rz_sort_run_create(shared->mem, &local->run, err);
}

const rz_sink_class rz_sink_sort = {.prepare = sort_prepare,
                                    .open = sort_open,
                                    .consume = sort_consume,
                                    .combine = sort_combine,
                                    .close = sort_close,
                                    .finish = sort_finish,
                                    .destroy = sort_destroy,
                                    .restart = sort_restart};
