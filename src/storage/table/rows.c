/* SPDX-License-Identifier: MIT */
/*
 * The row store: creating it, and the lives of bases and versions.
 */
#include "storage/table/rows.h"

#ifndef RZ_TINY
#define ROWS_CHANGE_SHARE 16u
#define ROWS_LEAST_CHANGES (UINT64_C(256) * 1024)
#endif

/* ---- segments and bases ---- */

static void row_home_release(rz_row_home *home)
{
    if (home != NULL && atomic_fetch_sub_explicit(&home->refs, 1, memory_order_acq_rel) == 1) {
        rz_arena_free(&home->arena);
        rz_mem_free(home->mem, home, sizeof *home);
    }
}

static size_t row_base_size(uint32_t column_count)
{
    return sizeof(rz_row_base) + column_count * sizeof(rz_row_segment *);
}

rz_row_base *rz_row_base_create(rz_rows *rows, uint32_t column_count)
{
    rz_mem *mem = rows->env.mem;
    rz_mem overdraft; /* charges its parents, which are uncharged later */
    rz_mem_init_overdraft(&overdraft, mem);
    rz_row_base *base = (rz_row_base *)rz_mem_calloc(&overdraft, 1, row_base_size(column_count));
    rz_row_home *home = (rz_row_home *)rz_mem_calloc(&overdraft, 1, sizeof *home);
    if (base == NULL || home == NULL) {
        rz_mem_free(mem, base, row_base_size(column_count));
        rz_mem_free(mem, home, sizeof *home);
        return NULL;
    }
    home->mem = mem;
    atomic_init(&home->refs, 1);
    rz_mem_init_overdraft(&home->pages, mem);
    rz_arena_init(&home->arena, &home->pages);
    atomic_init(&base->refs, 1);
    base->home = home;
    base->column_count = column_count;
    return base;
}

ruzu_status rz_row_base_add(rz_row_base *base, uint32_t column, rz_row_segment **out, rz_error *err)
{
    rz_row_segment *segment = RZ_NEW(&base->home->arena, rz_row_segment);
    *out = segment;
    RZ_TRY_ALLOC(segment, err, "writing a row group");
    atomic_init(&segment->refs, 1);
    segment->home = base->home;
    atomic_fetch_add_explicit(&base->home->refs, 1, memory_order_relaxed);
    base->segments[column] = segment;
    return RUZU_OK;
}

static ruzu_status row_base_give_back(void *user, rz_page_range range, rz_error *err)
{
    rz_rows *rows = (rz_rows *)user;
    (void)err;
    rz_pool_drop(rows->env.pool, range);
    rz_disk_free(rows->env.disk, range);
    return RUZU_OK;
}

ruzu_status rz_row_segment_own_ranges(const rz_row_segment *segment, rz_range_fn fn, void *user, rz_error *err)
{
    return segment->under != NULL ? rz_segment_overlay_each_range(segment->data, fn, user, err) : rz_segment_each_range(segment->data, fn, user, err);
}

static void row_segment_release(rz_rows *rows, rz_row_segment *segment)
{
    if (segment == NULL || atomic_fetch_sub_explicit(&segment->refs, 1, memory_order_acq_rel) != 1) {
        return;
    }
    rz_row_segment *under = segment->under;
    if (segment->data != NULL) {
        ruzu_status status = rows->keep_pages ? RUZU_OK : rz_row_segment_own_ranges(segment, row_base_give_back, rows, NULL);
        RZ_ASSERT(status == RUZU_OK);
        (void)status;
        rz_segment_overlay_free(segment->data);
    }
    row_home_release(segment->home);
    row_segment_release(rows, under); /* has nothing under itself */
}

void rz_row_pages_give_back(rz_rows *rows, const rz_segment *segment)
{
    ruzu_status status = rz_segment_each_range(segment, row_base_give_back, rows, NULL);
    RZ_ASSERT(status == RUZU_OK);
    (void)status;
}

static ruzu_status row_segment_hold_range(void *user, rz_page_range range, rz_error *err)
{
    return rz_disk_hold(((rz_rows *)user)->env.disk, range, err);
}

void rz_row_segment_hold(rz_rows *rows, const rz_row_segment *segment, const rz_row_segment *named)
{
    rz_error ignored; /* without the note the pages are only lost should the process crash */
    rz_error_init(&ignored);
    const rz_row_segment *root = rz_row_segment_root(segment);
    ruzu_status status = RUZU_OK;
    if (segment != named && segment != root) {
        status = rz_row_segment_own_ranges(segment, row_segment_hold_range, rows, &ignored);
    }
    if (named == NULL || rz_row_segment_root(named) != root) {
        status = rz_row_segment_own_ranges(root, row_segment_hold_range, rows, &ignored);
    }
    (void)status;
}

void rz_row_base_release(rz_rows *rows, rz_row_base *base)
{
    if (base == NULL || atomic_fetch_sub_explicit(&base->refs, 1, memory_order_acq_rel) != 1) {
        return;
    }
    for (uint32_t i = 0; i < base->column_count; i++) {
        row_segment_release(rows, base->segments[i]);
    }
    row_home_release(base->home);
    rz_mem_free(rows->env.mem, base, row_base_size(base->column_count));
}

/* ---- versions ---- */

static size_t rows_version_size(uint32_t group_count)
{
    return sizeof(rz_rows_version) + group_count * sizeof(rz_row_group);
}

rz_rows_version *rz_rows_version_create(rz_rows *rows, const rz_rows_version *from, uint32_t copied, uint32_t group_count)
{
    rz_rows_version *version = (rz_rows_version *)rz_mem_calloc(rows->env.mem, 1, rows_version_size(group_count));
    if (version == NULL) {
        return NULL;
    }
    atomic_init(&version->refs, 1);
    version->group_count = group_count;
    version->oldest = from == NULL ? 0 : from->oldest;
    for (uint32_t i = 0; i < copied; i++) {
        version->groups[i] = from->groups[i];
        if (from->groups[i].base != NULL) {
            atomic_fetch_add_explicit(&from->groups[i].base->refs, 1, memory_order_relaxed);
        }
        if (from->groups[i].patches != NULL) {
            rz_patches_acquire(from->groups[i].patches);
        }
        if (from->groups[i].stamps != NULL) {
            rz_stamps_acquire(from->groups[i].stamps);
        }
    }
    return version;
}

rz_rows_version *rz_rows_version_clone(rz_rows *rows, const rz_rows_version *from)
{
    rz_rows_version *version = rz_rows_version_create(rows, from, from->group_count, from->group_count);
    if (version != NULL && from->tail != NULL) {
        version->tail = from->tail;
        rz_tail_acquire(version->tail);
    }
    return version;
}

rz_rows_version *rz_rows_pin(rz_rows *rows)
{
    rz_mutex_lock(&rows->pin_lock);
    rz_rows_version *version = rows->current;
    atomic_fetch_add_explicit(&version->refs, 1, memory_order_relaxed);
    rz_mutex_unlock(&rows->pin_lock);
    return version;
}

void rz_rows_unpin(rz_rows *rows, rz_rows_version *version)
{
    if (version == NULL || atomic_fetch_sub_explicit(&version->refs, 1, memory_order_acq_rel) != 1) {
        return;
    }
    for (uint32_t i = 0; i < version->group_count; i++) {
        rz_row_base_release(rows, version->groups[i].base);
        rz_patches_release(version->groups[i].patches);
        rz_stamps_release(version->groups[i].stamps);
    }
    rz_tail_release(version->tail);
    rz_mem_free(rows->env.mem, version, rows_version_size(version->group_count));
}

void rz_rows_publish(rz_rows *rows, rz_rows_version *version)
{
    rz_mutex_lock(&rows->pin_lock);
    rz_rows_version *old = rows->current;
    rows->current = version;
    rz_mutex_unlock(&rows->pin_lock);
    rz_rows_unpin(rows, old);
}

/* ---- the store ---- */

ruzu_status rz_rows_define_column(rz_rows *rows, const rz_column_def *from, rz_column_def *column, const char **text, rz_sketch **sketch, rz_error *err)
{
    column->id = from->id;
    column->name = rz_arena_strdup(&rows->arena, from->name);
    column->type = rz_type_clone(&rows->arena, from->type);
    *text = rz_arena_printf(&rows->arena, "%s, column %s", rows->title, from->name);
    bool good = column->name != NULL && column->type != NULL && *text != NULL;
    *sketch = good && rz_sketch_takes(column->type) ? RZ_NEW(&rows->arena, rz_sketch) : NULL;
    return good && (*sketch != NULL || !rz_sketch_takes(column->type)) ? RUZU_OK : rz_error_no_memory(err, "creating a table");
}

static ruzu_status rows_define(rz_rows *rows, const char *kind, const char *name, const rz_column_def *columns, uint32_t column_count, rz_error *err)
{
    rows->title = rz_arena_printf(&rows->arena, "%s %s", kind, name);
    rows->columns = RZ_NEW_ARRAY(&rows->arena, rz_column_def, column_count);
    rows->column_texts = RZ_NEW_ARRAY(&rows->arena, const char *, column_count);
    rows->lives = RZ_NEW_ARRAY(&rows->arena, rz_row_life *, column_count);
    rows->sketches = RZ_NEW_ARRAY(&rows->arena, rz_sketch *, column_count);
    rz_row_life *lives = RZ_NEW_ARRAY(&rows->arena, rz_row_life, column_count);
    if (rows->title == NULL || rows->columns == NULL || rows->column_texts == NULL || rows->lives == NULL || rows->sketches == NULL || lives == NULL) {
        return rz_error_no_memory(err, "creating a table");
    }
    rows->column_count = column_count;
    for (uint32_t i = 0; i < column_count; i++) {
        atomic_init(&lives[i].dropped, RZ_STAMP_NEVER);
        rows->lives[i] = &lives[i];
        RZ_TRY(rz_rows_define_column(rows, &columns[i], &rows->columns[i], &rows->column_texts[i], &rows->sketches[i], err));
    }
    rows->layout = rz_tail_layout_create(&rows->arena, rows->columns, column_count);
    RZ_TRY_ALLOC(rows->layout, err, "creating a table");
    rows->current = rz_rows_version_create(rows, NULL, 0, 0);
    RZ_TRY_ALLOC(rows->current, err, "creating a table");
    return RUZU_OK;
}

uint64_t rz_table_change_budget(const rz_table_env *env)
{
#ifdef RZ_TINY
    (void)env;
    return 4096; /* everything goes to pages soon */
#else
    uint64_t share = rz_mem_smallest_limit(env->mem) / ROWS_CHANGE_SHARE;
    return share < ROWS_LEAST_CHANGES ? ROWS_LEAST_CHANGES : share;
#endif
}

ruzu_status rz_rows_init(rz_rows *rows, const rz_table_env *env, const char *kind, const char *name, const rz_column_def *columns,
                         uint32_t column_count, rz_error *err)
{
    memset(rows, 0, sizeof *rows);
    rows->env = *env;
    rz_arena_init(&rows->arena, env->mem);
    atomic_init(&rows->end, 0);
    atomic_init(&rows->committed_end, 0);
    atomic_init(&rows->deletes, 0);
    atomic_init(&rows->committed_deletes, 0);
    atomic_init(&rows->newest_change, 0);
    atomic_init(&rows->folded_to, 0);
    ruzu_status status = rz_mutex_init(&rows->write_lock);
    if (status == RUZU_OK && rz_mutex_init(&rows->pin_lock) != RUZU_OK) {
        rz_mutex_destroy(&rows->write_lock);
        status = RUZU_ERROR_NO_MEMORY;
    }
    if (status != RUZU_OK) {
        memset(rows, 0, sizeof *rows);
        return rz_error_no_memory(err, "creating a table");
    }
    status = rows_define(rows, kind, name, columns, column_count, err);
    if (status != RUZU_OK) {
        rz_rows_deinit(rows, false);
    }
    return status;
}

void rz_rows_deinit(rz_rows *rows, bool give_back)
{
    if (rows->env.mem == NULL) {
        return;
    }
    rows->keep_pages = !give_back;
    rz_rows_unpin(rows, rows->before);
    rz_rows_unpin(rows, rows->current);
    rz_rows_unpin(rows, rows->durable);
    rz_mutex_destroy(&rows->pin_lock);
    rz_mutex_destroy(&rows->write_lock);
    rz_arena_free(&rows->arena);
    memset(rows, 0, sizeof *rows);
}
