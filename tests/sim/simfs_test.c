/* SPDX-License-Identifier: MIT */
/*
 * A simulated file system, seen from the test: making it, its operations, crashes, faults and space, looking into files and damaging them. See simfs.h.
 */
#include "sim/simfs_state.h"

#include "common/hash.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- making and freeing ---- */

/* A file system that begins with the given disk (taken). */
static simfs *sim_from_disk(sim_disk *disk, uint64_t seed)
{
    simfs *fs = (simfs *)sim_alloc(sizeof *fs);
    if (rz_mutex_init(&fs->mutex) != RUZU_OK) {
        abort();
    }
    fs->vfs = simfs_operations(fs);
    fs->seed = seed;
    fs->clock_us = UINT64_C(1700000000000000);
    fs->quota_bytes = UINT64_MAX;
    fs->disk = disk;
    fs->base = sim_disk_clone(disk);
    fs->most_used_bytes = simfs_used_bytes(fs);
    return fs;
}

simfs *simfs_create(uint64_t seed)
{
    return sim_from_disk(sim_disk_create(), seed);
}

/* Forgets the history: the present state is the new base. */
static void sim_forget_history(simfs *fs)
{
    sim_changes_clear(&fs->history);
    for (size_t i = 0; i < fs->op_count; i++) {
        free(fs->ops[i].path);
    }
    fs->op_count = 0;
    sim_disk_free(fs->replay);
    fs->replay = NULL;
    fs->replay_at = 0;
    sim_disk_free(fs->base);
    fs->base = sim_disk_clone(fs->disk);
}

void simfs_free(simfs *fs)
{
    if (fs == NULL) {
        return;
    }
    while (fs->files != NULL) {
        sim_file *next = fs->files->next;
        sim_file_free(fs->files);
        fs->files = next;
    }
    sim_changes_free(&fs->history);
    for (size_t i = 0; i < fs->op_count; i++) {
        free(fs->ops[i].path);
    }
    free(fs->ops);
    free(fs->faults);
    sim_disk_free(fs->base);
    sim_disk_free(fs->disk);
    sim_disk_free(fs->replay);
    rz_mutex_destroy(&fs->mutex);
    free(fs);
}

rz_vfs *simfs_vfs(simfs *fs)
{
    return &fs->vfs;
}

/* ---- operations, seen from the test ---- */

uint64_t simfs_op_count(const simfs *fs)
{
    return fs->op_count;
}

simfs_op_kind simfs_op_kind_at(const simfs *fs, uint64_t op)
{
    return fs->ops[op].kind;
}

const char *simfs_describe(const simfs *fs, uint64_t op, char *out, size_t capacity)
{
    static const char *const names[] = {
        [SIMFS_OP_OPEN] = "open",         [SIMFS_OP_CLOSE] = "close",       [SIMFS_OP_READ] = "read",
        [SIMFS_OP_WRITE] = "write",       [SIMFS_OP_SYNC] = "sync",         [SIMFS_OP_SIZE] = "size",
        [SIMFS_OP_TRUNCATE] = "truncate", [SIMFS_OP_RESERVE] = "reserve",   [SIMFS_OP_SYNC_DIR] = "sync_dir",
        [SIMFS_OP_REMOVE] = "remove",     [SIMFS_OP_RENAME] = "rename",     [SIMFS_OP_LOCK] = "lock",
        [SIMFS_OP_IDENT] = "ident",       [SIMFS_OP_IDENT_PATH] = "ident_path",
        [SIMFS_OP_IS_DIRECTORY] = "is_directory", [SIMFS_OP_MAKE_DIR] = "make_dir", [SIMFS_OP_LIST] = "list",
    };
    if (op >= fs->op_count) {
        (void)snprintf(out, capacity, "%llu: (the end)", (unsigned long long)op);
        return out;
    }
    const sim_op *call = &fs->ops[op];
    (void)snprintf(out, capacity, "%llu: %s %s at %llu, %llu bytes", (unsigned long long)op, names[call->kind],
                   call->path, (unsigned long long)call->off, (unsigned long long)call->size);
    return out;
}

uint64_t simfs_next_crash_point(const simfs *fs, uint64_t after)
{
    size_t low = 0;
    size_t high = fs->history.count;
    while (low < high) { /* the first change whose point, its operation's number + 1, is behind `after` */
        size_t middle = low + (high - low) / 2;
        if (fs->history.items[middle]->op + 1 <= after) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < fs->history.count ? fs->history.items[low]->op + 1 : UINT64_MAX;
}

const char *simfs_model_name(simfs_model model)
{
    switch (model) {
    case SIMFS_KEEP: return "KEEP";
    case SIMFS_DROP: return "DROP";
    case SIMFS_PREFIX: return "PREFIX";
    case SIMFS_SUBSET: return "SUBSET";
    case SIMFS_SUBSET_DIR: return "SUBSET_DIR";
    case SIMFS_GROW: return "GROW";
    case SIMFS_GARBAGE: return "GARBAGE";
    case SIMFS_STALE: return "STALE";
    }
    return "?";
}

bool simfs_model_is_random(simfs_model model)
{
    return model != SIMFS_KEEP && model != SIMFS_DROP;
}

simfs *simfs_crash(simfs *fs, uint64_t k, simfs_model model, uint64_t seed)
{
    if (fs->replay != NULL && fs->replay_at > 0 && fs->history.items[fs->replay_at - 1]->op >= k) {
        sim_disk_free(fs->replay); /* already behind k: begin anew */
        fs->replay = NULL;
    }
    if (fs->replay == NULL) {
        fs->replay = sim_disk_clone(fs->base);
        fs->replay_at = 0;
    }
    while (fs->replay_at < fs->history.count && fs->history.items[fs->replay_at]->op < k) {
        sim_disk_apply(fs->replay, fs->history.items[fs->replay_at++]);
    }
    return sim_from_disk(sim_disk_crash(fs->replay, model, rz_hash_combine(seed, k)), rz_hash_combine(fs->seed, seed));
}

/* ---- faults and space ---- */

void simfs_add_fault(simfs *fs, simfs_fault fault)
{
    if (fs->fault_count == fs->fault_capacity) {
        fs->fault_capacity = fs->fault_capacity == 0 ? 4 : fs->fault_capacity * 2;
        simfs_fault *faults = (simfs_fault *)sim_alloc(fs->fault_capacity * sizeof *faults);
        if (fs->fault_count > 0) {
            memcpy(faults, fs->faults, fs->fault_count * sizeof *faults);
        }
        free(fs->faults);
        fs->faults = faults;
    }
    fs->faults[fs->fault_count++] = fault;
}

void simfs_clear_faults(simfs *fs)
{
    fs->fault_count = 0;
    fs->power_off = false;
}

uint64_t simfs_fault_hits(const simfs *fs)
{
    return fs->fault_hits;
}

size_t simfs_open_count(const simfs *fs)
{
    size_t count = 0;
    for (const sim_file *file = fs->files; file != NULL; file = file->next) {
        count++;
    }
    return count;
}

void simfs_set_quota(simfs *fs, uint64_t bytes)
{
    fs->quota_bytes = bytes;
}

uint64_t simfs_used_bytes(const simfs *fs)
{
    uint64_t blocks = 0;
    for (uint32_t i = 0; i < fs->disk->inode_count; i++) {
        bool in_use = false; /* by a name or by an open handle */
        for (size_t k = 0; k < fs->disk->current.count && !in_use; k++) {
            in_use = fs->disk->current.items[k].inode == i;
        }
        for (const sim_file *file = fs->files; file != NULL && !in_use; file = file->next) {
            in_use = file->inode == i;
        }
        blocks += in_use ? fs->disk->inodes[i]->current.allocated : 0;
    }
    return blocks * SIM_BLOCK;
}

uint64_t simfs_most_used_bytes(const simfs *fs)
{
    return fs->most_used_bytes;
}

void simfs_set_sync_creates(simfs *fs, bool on)
{
    fs->disk->sync_creates = on;
    fs->base->sync_creates = on;
}

/* ---- looking in and damaging ---- */

static sim_inode *sim_find_inode(const simfs *fs, const char *path)
{
    char *normal = sim_normal_path(path);
    const sim_name *name = sim_names_find(&fs->disk->current, normal);
    free(normal);
    return name == NULL || name->inode == SIM_NO_INODE ? NULL : fs->disk->inodes[name->inode];
}

bool simfs_exists(const simfs *fs, const char *path)
{
    return sim_find_inode(fs, path) != NULL;
}

uint64_t simfs_file_size(const simfs *fs, const char *path)
{
    const sim_inode *inode = sim_find_inode(fs, path);
    return inode == NULL ? 0 : inode->current.size;
}

bool simfs_peek(const simfs *fs, const char *path, uint64_t off, void *out, size_t size)
{
    const sim_inode *inode = sim_find_inode(fs, path);
    if (inode == NULL || off > inode->current.size || size > inode->current.size - off) {
        return false;
    }
    sim_content_read(&inode->current, off, out, size);
    return true;
}

bool simfs_poke(simfs *fs, const char *path, uint64_t off, const void *data, size_t size)
{
    sim_inode *inode = sim_find_inode(fs, path);
    if (inode == NULL || off > inode->current.size || size > inode->current.size - off) {
        return false;
    }
    sim_content_write(&inode->current, off, data, size);
    if (off < inode->durable.size) {
        sim_content_write(&inode->durable, off, data,
                          inode->durable.size - off < size ? inode->durable.size - off : size);
    }
    sim_forget_history(fs);
    return true;
}

simfs *simfs_copy(const simfs *fs)
{
    /* Another process draws other random numbers: salts that came again would make old records look new. */
    return sim_from_disk(sim_disk_crash(fs->disk, SIMFS_KEEP, 0), rz_hash_combine(fs->seed, fs->op_count + 1));
}

void simfs_set_clock(simfs *fs, uint64_t now_us)
{
    fs->clock_us = now_us;
}
