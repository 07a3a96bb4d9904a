/* SPDX-License-Identifier: MIT */
/*
 * Who uses which pages of the file: allocation, freeing, claims and marks. The sets and the moves between them are
 * drawn in disk.h.
 */
#include "storage/page/disk.h"

#include <errno.h>

/* ---- allocate ---- */

void rz_disk_set_max_size(rz_disk *disk, uint64_t size_bytes)
{
    uint64_t pages = size_bytes / RZ_PAGE_SIZE;
    rz_mutex_lock(&disk->mutex);
    disk->max_pages = pages < RZ_MAX_PAGES ? pages : RZ_MAX_PAGES;
    rz_mutex_unlock(&disk->mutex);
}

uint64_t rz_disk_page_count(const rz_disk *disk)
{
    rz_disk *shared = (rz_disk *)(uintptr_t)disk; /* the mutex is not part of the value */
    rz_mutex_lock(&shared->mutex);
    uint64_t count = shared->space.end;
    rz_mutex_unlock(&shared->mutex);
    return count;
}

/*
 * Keeps the file at least as long as the pages in use, so that a page given out is inside the file even before it is
 * written. Only this function and the end of a header write change the size, both under the mutex, on purpose: a page
 * is given out after the file has grown, so a change of size never cuts off what another thread writes. Grows in steps,
 * by sparse space.
 */
static ruzu_status allocate_grow_file(rz_disk *disk, rz_error *err)
{
    uint64_t end = disk->space.end;
    if (end <= disk->file_pages) {
        return RUZU_OK;
    }
    uint64_t pages = end + (end / 16 > DISK_GROWTH_PAGES ? end / 16 : DISK_GROWTH_PAGES);
    ruzu_status status = disk->vfs->truncate(disk->file, pages * RZ_PAGE_SIZE);
    if (status != RUZU_OK) {
        int cause = errno;
        rz_disk_note_space(disk, status != RUZU_ERROR_DISK_FULL);
        return rz_disk_io_error(err, status, cause, "extend", disk->path, disk->file_pages * RZ_PAGE_SIZE,
                                (pages - disk->file_pages) * RZ_PAGE_SIZE);
    }
    disk->file_pages = pages;
    return RUZU_OK;
}

ruzu_status rz_disk_allocate_locked(rz_disk *disk, uint64_t count, uint64_t max_pages, rz_page_range *out,
                                    rz_error *err)
{
    if (!rz_page_nodes_reserve(&disk->nodes, DISK_SPARE_NODES)) {
        return rz_error_no_memory(err, "allocating pages");
    }
    if (!rz_space_allocate(&disk->space, count, max_pages, out)) {
        return rz_error_set(err, RUZU_ERROR_LIMIT,
                            "Cannot add %llu pages to file '%s': it would grow beyond max_db_size (%llu bytes)",
                            (unsigned long long)count, disk->path, (unsigned long long)(max_pages * RZ_PAGE_SIZE));
    }
    ruzu_status status = disk->in_memory ? rz_memory_add(disk, *out, err) : allocate_grow_file(disk, err);
    if (status != RUZU_OK) {
        if (!rz_space_give(&disk->space, *out)) {
            disk->lost_pages += out->count;
        }
        (void)rz_space_trim(&disk->space);
        out->start = 0;
        out->count = 0;
        return status;
    }
    bool added = rz_page_set_add(&disk->used, *out) && rz_page_set_add(&disk->fresh, *out);
    RZ_ASSERT(added);
    (void)added;
    return RUZU_OK;
}

static ruzu_status allocate_private_locked(rz_disk *disk, uint64_t count, rz_page_range *out, rz_error *err)
{
    if (!rz_page_nodes_reserve(&disk->nodes, DISK_SPARE_NODES)) {
        return rz_error_no_memory(err, "allocating pages");
    }
    if (!rz_space_allocate(&disk->private_space, count, RZ_MAX_PAGES, out)) {
        return rz_error_set(err, RUZU_ERROR_LIMIT, "Cannot add %llu pages to file '%s' in memory",
                            (unsigned long long)count, disk->path);
    }
    ruzu_status status = rz_memory_add(disk, *out, err);
    if (status != RUZU_OK && !rz_space_give(&disk->private_space, *out)) {
        disk->lost_pages += out->count;
    }
    return status;
}

static void free_private_locked(rz_disk *disk, rz_page_range range)
{
    rz_memory_drop(disk, range);
    if (!rz_space_give(&disk->private_space, range)) {
        disk->lost_pages += range.count;
    }
}

ruzu_status rz_disk_allocate(rz_disk *disk, uint64_t count, rz_page_range *out, rz_error *err)
{
    out->start = 0;
    out->count = 0;
    if (count == 0 || count > RZ_REGION_PAGES) {
        return rz_error_set(err, RUZU_ERROR_LIMIT, "Cannot allocate %llu contiguous pages: a range has 1 to %u",
                            (unsigned long long)count, RZ_REGION_PAGES);
    }
    RZ_TRY(rz_disk_settle(disk, err));
    rz_mutex_lock(&disk->mutex);
    ruzu_status status = disk->read_only ? allocate_private_locked(disk, count, out, err)
                                         : rz_disk_allocate_locked(disk, count, disk->max_pages, out, err);
    rz_mutex_unlock(&disk->mutex);
    return status;
}

/* ---- free ---- */

static void free_locked(rz_disk *disk, rz_page_range range)
{
    bool in_use = rz_page_range_valid(range, RZ_HEADER_SLOTS, disk->space.end) &&
                  !rz_page_set_overlaps(&disk->space.free, range) && !rz_page_set_overlaps(&disk->pending, range) &&
                  !rz_page_set_overlaps(&disk->closing, range);
    RZ_ASSERT(in_use);
    if (!in_use) {
        return; /* freed twice: two owners of one page would be worse than a page lost */
    }
    bool fresh = disk->in_memory || rz_page_set_contains(&disk->fresh, range) || (RZ_MUTANT_IS(8) && range.start >= disk->header.page_count);
    (void)rz_page_set_cut(&disk->used, range);
    (void)rz_page_set_cut(&disk->held, range);
    (void)rz_page_set_cut(&disk->held_next, range);
    (void)rz_page_set_cut(&disk->fresh, range);
    (void)rz_page_set_cut(&disk->fresh_before, range);
    if (disk->in_memory) {
        rz_memory_drop(disk, range);
    }
    (void)rz_page_set_cut(&disk->awaited, range);
    bool noted = fresh ? rz_space_give(&disk->space, range) : rz_page_set_add(&disk->pending, range);
    if (!noted) {
        disk->lost_pages += range.count;
    }
}

void rz_disk_free(rz_disk *disk, rz_page_range range)
{
    if (range.count == 0) {
        return;
    }
    rz_mutex_lock(&disk->mutex);
    if (range.start >= disk->private_first) {
        free_private_locked(disk, range);
    } else {
        free_locked(disk, range);
    }
    rz_mutex_unlock(&disk->mutex);
}

/* ---- marks ---- */

static ruzu_status marks_reserve(rz_disk *disk, rz_error *err)
{
    if (!rz_page_nodes_reserve(&disk->nodes, DISK_SPARE_NODES)) {
        return rz_error_no_memory(err, "noting pages in use");
    }
    return RUZU_OK;
}

ruzu_status rz_disk_hold(rz_disk *disk, rz_page_range range, rz_error *err)
{
    if (disk->in_memory || disk->read_only || range.count == 0) {
        return RUZU_OK;
    }
    rz_mutex_lock(&disk->mutex);
    ruzu_status status = marks_reserve(disk, err);
    if (status == RUZU_OK) {
        RZ_ASSERT(rz_page_set_contains(&disk->used, range));
        (void)rz_page_set_cut(&disk->held, range); /* holding twice is fine */
        (void)rz_page_set_cut(&disk->held_next, range);
        bool added = rz_page_set_add(disk->writing_header ? &disk->held_next : &disk->held, range);
        RZ_ASSERT(added);
        (void)added;
    }
    rz_mutex_unlock(&disk->mutex);
    return status;
}

void rz_disk_unhold(rz_disk *disk, rz_page_range range)
{
    if (range.count == 0 || disk->read_only) {
        return;
    }
    rz_mutex_lock(&disk->mutex);
    (void)rz_page_set_cut(&disk->held, range);
    (void)rz_page_set_cut(&disk->held_next, range);
    rz_mutex_unlock(&disk->mutex);
}

static void mark_logged_locked(rz_disk *disk, rz_page_range range, uint64_t log_generation)
{
    rz_page_set *logged = &disk->logged[log_generation & 1];
    uint64_t *generation = &disk->logged_generation[log_generation & 1];
    (void)rz_page_set_cut(&disk->held, range);
    (void)rz_page_set_cut(&disk->held_next, range);
    (void)rz_page_set_cut(&disk->fresh, range);
    (void)rz_page_set_cut(&disk->fresh_before, range);
    (void)rz_page_set_cut(logged, range);
    bool added = rz_page_set_add(logged, range);
    RZ_ASSERT(added);
    (void)added;
    if (*generation < log_generation) {
        *generation = log_generation; /* what an older log of this number still has in the set waits longer: safe */
    }
}

ruzu_status rz_disk_mark_logged(rz_disk *disk, rz_page_range range, uint64_t log_generation, rz_error *err)
{
    if (disk->in_memory || disk->read_only || range.count == 0) {
        return RUZU_OK;
    }
    rz_mutex_lock(&disk->mutex);
    ruzu_status status = marks_reserve(disk, err);
    if (status == RUZU_OK) {
        RZ_ASSERT(rz_page_set_contains(&disk->used, range));
        mark_logged_locked(disk, range, log_generation);
    }
    rz_mutex_unlock(&disk->mutex);
    return status;
}

/* ---- claims ---- */

static RZ_COLD ruzu_status claim_error(const rz_disk *disk, rz_page_range range, const char *what, const char *problem,
                                       rz_error *err)
{
    return rz_error_set(
        err, RUZU_ERROR_CORRUPT,
        "corrupt database: file '%s' page %llu (%s): its range of %llu pages %s (the file has %llu pages in "
        "use)",
        disk->path, (unsigned long long)range.start, what, (unsigned long long)range.count, problem,
        (unsigned long long)disk->space.end);
}

/* What is wrong with claiming a range; NULL when nothing is. */
static const char *claim_problem(const rz_disk *disk, rz_page_range range, uint64_t end)
{
    if (range.count == 0 || range.start == 0) {
        return "is empty or begins at page 0";
    }
    if (range.start < RZ_HEADER_SLOTS) {
        return "covers a header";
    }
    if (range.start >= end || range.count > end - range.start) {
        return "reaches beyond the file";
    }
    if (!rz_page_range_valid(range, RZ_HEADER_SLOTS, end)) {
        return "crosses a region border";
    }
    if (rz_page_set_overlaps(&disk->used, range)) {
        return "overlaps another one in use";
    }
    if (rz_page_set_overlaps(&disk->pending, range) || rz_page_set_overlaps(&disk->closing, range)) {
        return "overlaps pages that have been freed";
    }
    return NULL;
}

ruzu_status rz_disk_claim(rz_disk *disk, rz_page_range range, const char *what, rz_error *err)
{
    rz_mutex_lock(&disk->mutex);
    ruzu_status status = marks_reserve(disk, err);
    if (status == RUZU_OK) {
        const char *problem = claim_problem(disk, range, disk->space.end);
        if (problem == NULL && rz_page_set_overlaps(&disk->space.free, range)) {
            problem = "overlaps free pages";
        }
        if (problem != NULL) {
            status = claim_error(disk, range, what, problem, err);
        } else if (!rz_page_set_add(&disk->used, range)) {
            status = rz_error_no_memory(err, "noting pages in use");
        }
    }
    rz_mutex_unlock(&disk->mutex);
    return status;
}

/* Makes the pages up to `end` part of the space, free. The caller has checked that the file has them. */
static bool claim_extend(rz_disk *disk, uint64_t end)
{
    while (disk->space.end < end) {
        uint64_t start = disk->space.end;
        uint64_t border = (start / RZ_REGION_PAGES + 1) * RZ_REGION_PAGES;
        uint64_t stop = border < end ? border : end;
        if (!rz_page_set_add(&disk->space.free, (rz_page_range){start, stop - start})) {
            return false;
        }
        disk->space.end = stop;
    }
    return true;
}

static ruzu_status claim_logged_locked(rz_disk *disk, rz_page_range range, uint64_t log_generation, const char *what,
                                       uint64_t file_pages, rz_error *err)
{
    RZ_TRY(marks_reserve(disk, err));
    uint64_t end = file_pages > disk->space.end ? file_pages : disk->space.end;
    const char *problem = claim_problem(disk, range, end < RZ_MAX_PAGES ? end : RZ_MAX_PAGES);
    if (problem != NULL) {
        return claim_error(disk, range, what, problem, err);
    }
    if (!claim_extend(disk, rz_page_range_end(range))) {
        return rz_error_no_memory(err, "noting pages in use");
    }
    RZ_TRY(marks_reserve(disk, err));
    (void)rz_page_set_cut(&disk->space.free, range);
    bool added = rz_page_set_add(&disk->used, range) && rz_page_set_add(&disk->awaited, range);
    RZ_ASSERT(added);
    (void)added;
    mark_logged_locked(disk, range, log_generation);
    return RUZU_OK;
}

ruzu_status rz_disk_claim_logged(rz_disk *disk, rz_page_range range, uint64_t log_generation, const char *what,
                                 rz_error *err)
{
    uint64_t size = 0;
    if (disk->file != NULL) {
        ruzu_status status = disk->vfs->size(disk->file, &size);
        if (status != RUZU_OK) {
            return rz_disk_io_error(err, status, errno, "find the size of", disk->path, 0, 0);
        }
    }
    rz_mutex_lock(&disk->mutex);
    ruzu_status status = claim_logged_locked(disk, range, log_generation, what, size / RZ_PAGE_SIZE, err);
    rz_mutex_unlock(&disk->mutex);
    return status;
}

ruzu_status rz_disk_take_logged(rz_disk *disk, rz_page_range range, const char *what, rz_error *err)
{
    rz_mutex_lock(&disk->mutex);
    ruzu_status status = marks_reserve(disk, err);
    if (status == RUZU_OK) {
        if (range.count == 0 || !rz_page_set_contains(&disk->awaited, range)) {
            status = claim_error(disk, range, what, "is not awaited by the log", err);
        } else {
            (void)rz_page_set_cut(&disk->awaited, range);
        }
    }
    rz_mutex_unlock(&disk->mutex);
    return status;
}

ruzu_status rz_disk_forget_replayed(rz_disk *disk, rz_error *err)
{
    rz_mutex_lock(&disk->mutex);
    ruzu_status status = RUZU_OK;
    if (!rz_page_nodes_reserve(&disk->nodes, DISK_SPARE_NODES + disk->awaited.range_count)) {
        status = rz_error_no_memory(err, "noting pages in use");
    }
    if (status == RUZU_OK) {
        /* An older log's pages move to the newer one's set: they are kept for as long as those, which is safe. */
        rz_page_set *logged = &disk->logged[disk->logged_generation[1] > disk->logged_generation[0] ? 1 : 0];
        rz_page_range range;
        rz_page_set_clear(&disk->logged[0]);
        rz_page_set_clear(&disk->logged[1]);
        for (uint64_t page = 0; rz_page_set_next(&disk->awaited, page, &range); page = rz_page_range_end(range)) {
            bool added = rz_page_set_add(logged, range);
            RZ_ASSERT(added);
            (void)added;
        }
    }
    rz_mutex_unlock(&disk->mutex);
    return status;
}

/* ---- statistics and tests ---- */

void rz_disk_stats_get(rz_disk *disk, rz_disk_stats *out)
{
    rz_mutex_lock(&disk->mutex);
    out->page_count = disk->space.end;
    out->free_pages = disk->space.free.page_count;
    out->free_ranges = disk->space.free.range_count;
    out->pending_pages = disk->pending.page_count + disk->closing.page_count;
    out->held_pages = disk->held.page_count + disk->held_next.page_count;
    out->lost_pages = disk->lost_pages;
    out->bad_slots = disk->bad_slots;
    rz_mutex_unlock(&disk->mutex);
}

/* Whether no range of a is in b. */
static bool disk_sets_disjoint(const rz_page_set *a, const rz_page_set *b)
{
    rz_page_range range;
    for (uint64_t page = 0; rz_page_set_next(a, page, &range); page = rz_page_range_end(range)) {
        if (rz_page_set_overlaps(b, range)) {
            return false;
        }
    }
    return true;
}

static bool disk_set_within(const rz_page_set *a, const rz_page_set *b)
{
    rz_page_range range;
    for (uint64_t page = 0; rz_page_set_next(a, page, &range); page = rz_page_range_end(range)) {
        if (!rz_page_set_contains(b, range)) {
            return false;
        }
    }
    return true;
}

bool rz_disk_verify(rz_disk *disk)
{
    rz_mutex_lock(&disk->mutex);
    const rz_page_set *const states[] = {&disk->space.free, &disk->used, &disk->pending, &disk->closing};
    const rz_page_set *const marks[] = {&disk->fresh, &disk->fresh_before, &disk->held, &disk->held_next, &disk->awaited};
    bool sound = rz_page_set_verify(&disk->logged[0]) && rz_page_set_verify(&disk->logged[1]);
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        sound = sound && rz_page_set_verify(marks[i]) && disk_set_within(marks[i], &disk->used);
    }
    for (size_t i = 0; i < 4; i++) {
        sound = sound && rz_page_set_verify(states[i]);
        rz_page_range range;
        for (uint64_t page = 0; rz_page_set_next(states[i], page, &range); page = rz_page_range_end(range)) {
            sound = sound && rz_page_range_valid(range, RZ_HEADER_SLOTS, disk->space.end);
        }
        for (size_t j = 0; j < i; j++) {
            sound = sound && disk_sets_disjoint(states[i], states[j]);
        }
    }
    sound = sound && disk_sets_disjoint(&disk->fresh, &disk->fresh_before);
    sound = sound && disk_sets_disjoint(&disk->held, &disk->held_next);
    rz_mutex_unlock(&disk->mutex);
    return sound;
}
