/* SPDX-License-Identifier: MIT */
/*
 * The vfs over a simulated disk: operations, their numbers and history, handles and locks, what faults do to them. See simfs.h.
 */
#include "sim/simfs_state.h"

#include "common/hash.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- paths ---- */

char *sim_normal_path(const char *path)
{
    char *out = sim_strdup(path);
    while (path[0] == '.' && path[1] == '/') {
        path += 2;
    }
    size_t length = 0;
    for (; *path != '\0'; path++) {
        if (*path != '/' || (length > 0 && out[length - 1] != '/')) {
            out[length++] = *path;
        }
    }
    if (length > 0 && out[length - 1] == '/') {
        length--;
    }
    out[length] = '\0';
    if (strcmp(out, ".") == 0) {
        out[0] = '\0';
    }
    return out;
}

/* Whether normal is the root or a directory made. */
static bool sim_directory_exists(const simfs *fs, const char *normal)
{
    const sim_name *name = sim_names_find(&fs->disk->current, normal);
    return normal[0] == '\0' || (name != NULL && name->inode == SIM_NO_INODE);
}

static bool sim_parent_exists(const simfs *fs, const char *normal)
{
    char *parent = sim_parent(normal);
    bool exists = sim_directory_exists(fs, parent);
    free(parent);
    return exists;
}

/* ---- operations and faults ---- */

static ruzu_status sim_error(int error_number)
{
    errno = error_number;
    switch (error_number) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG: return RUZU_ERROR_DISK_FULL;
    case ENOMEM: return RUZU_ERROR_NO_MEMORY;
    case EAGAIN: return RUZU_ERROR_LOCKED;
    default: return RUZU_ERROR_IO;
    }
}

static bool fault_matches(const simfs_fault *fault, uint64_t op, simfs_op_kind kind, const char *path)
{
    if (fault->kinds != 0 && (fault->kinds & SIMFS_KIND(kind)) == 0) {
        return false;
    }
    if (fault->path != NULL && strstr(path, fault->path) == NULL) {
        return false;
    }
    return fault->op == SIMFS_ANY_OP || fault->op == op || (fault->forever && op > fault->op);
}

/* Begins an operation: locks, numbers it, and looks for its fault. Ends with sim_end. */
static simfs_fault *sim_begin(simfs *fs, simfs_op_kind kind, const char *path, uint64_t off, uint64_t size)
{
    rz_mutex_lock(&fs->mutex);
    if (fs->power_off) {
        return NULL;
    }
    if (fs->op_count == fs->op_capacity) {
        fs->op_capacity = fs->op_capacity == 0 ? 64 : fs->op_capacity * 2;
        sim_op *ops = (sim_op *)sim_alloc(fs->op_capacity * sizeof *ops);
        if (fs->op_count > 0) {
            memcpy(ops, fs->ops, fs->op_count * sizeof *ops);
        }
        free(fs->ops);
        fs->ops = ops;
    }
    uint64_t number = fs->op_count++;
    fs->ops[number] = (sim_op){kind, sim_strdup(path), off, size};
    for (size_t i = 0; i < fs->fault_count; i++) {
        simfs_fault *fault = &fs->faults[i];
        if (!fault_matches(fault, number, kind, path)) {
            continue;
        }
        if (fault->skip > 0) {
            fault->skip--;
            continue;
        }
        fs->fault_hits++;
        if (fault->action == SIMFS_POWER_OFF) {
            fs->power_off = true;
            return NULL;
        }
        return fault;
    }
    return NULL;
}

/* A fault that strikes once is used up. Call after having read it. */
static void sim_use_up(simfs *fs, simfs_fault *fault)
{
    if (!fault->forever) {
        size_t at = (size_t)(fault - fs->faults);
        fs->fault_count--;
        memmove(fs->faults + at, fs->faults + at + 1, (fs->fault_count - at) * sizeof *fault);
    }
}

/* Whether the operation is to fail at once, and how. SIMFS_SHORT_WRITE and SIMFS_BIT_ROT on other operations fail them too. */
static bool sim_fails(simfs *fs, simfs_fault *fault, int *out_error)
{
    *out_error = 0;
    if (fs->power_off) {
        *out_error = EIO;
        return true;
    }
    if (fault == NULL) {
        return false;
    }
    *out_error = fault->error_number == 0 ? EIO : fault->error_number;
    sim_use_up(fs, fault);
    return true;
}

/* Ends an operation; error_number 0 is success. */
static ruzu_status sim_end(simfs *fs, int error_number)
{
    rz_mutex_unlock(&fs->mutex);
    return error_number == 0 ? RUZU_OK : sim_error(error_number);
}

/* Carries out a change made by the operation in progress, notes it in the history, and gives it up. */
static void sim_change_now(simfs *fs, sim_change *change)
{
    change->op = fs->op_count - 1;
    sim_changes_push(&fs->history, change);
    sim_disk_apply(fs->disk, change);
    sim_change_release(change);
    uint64_t used = simfs_used_bytes(fs);
    if (used > fs->most_used_bytes) {
        fs->most_used_bytes = used;
    }
}

/* ---- the vfs ---- */

static sim_file *sim_file_of(rz_file *file)
{
    return (sim_file *)(void *)file;
}

static simfs *sim_of(rz_vfs *vfs)
{
    return (simfs *)vfs->ctx;
}

static sim_inode *sim_inode_of(const sim_file *file)
{
    return file->fs->disk->inodes[file->inode];
}

/* Finds or makes the inode to open; an errno or 0. */
static int sim_open_inode(simfs *fs, const char *path, uint32_t flags, uint32_t *out)
{
    const sim_name *name = sim_names_find(&fs->disk->current, path);
    if (!sim_parent_exists(fs, path)) {
        return ENOENT;
    }
    if (path[0] == '\0' || (name != NULL && name->inode == SIM_NO_INODE)) {
        return EISDIR;
    }
    bool is_temp = (flags & RZ_OPEN_TEMP) != 0;
    if (name != NULL) {
        *out = name->inode;
        return is_temp || (flags & RZ_OPEN_EXCL) ? EEXIST : 0;
    }
    if (!is_temp && !(flags & RZ_OPEN_CREATE)) {
        return ENOENT;
    }
    sim_change *change = sim_change_create(SIM_CREATE, 0, fs->disk->inode_count);
    change->path = is_temp ? NULL : sim_strdup(path);
    *out = change->inode;
    sim_change_now(fs, change);
    return 0;
}

static ruzu_status sim_open(rz_vfs *vfs, const char *path, uint32_t flags, rz_file **out)
{
    simfs *fs = sim_of(vfs);
    char *normal = sim_normal_path(path);
    int error;
    uint32_t inode = SIM_NO_INODE;
    *out = NULL;
    simfs_fault *fault = sim_begin(fs, SIMFS_OP_OPEN, normal, 0, 0);
    if (!sim_fails(fs, fault, &error)) {
        error = sim_open_inode(fs, normal, flags, &inode);
    }
    if (error != 0) {
        free(normal);
        return sim_end(fs, error);
    }
    sim_file *file = (sim_file *)sim_alloc(sizeof *file);
    file->vfs = vfs;
    file->fs = fs;
    file->inode = inode;
    file->writable = (flags & (RZ_OPEN_WRITE | RZ_OPEN_TEMP)) != 0;
    file->path = normal;
    file->next = fs->files;
    fs->files = file;
    *out = (rz_file *)(void *)file;
    return sim_end(fs, 0);
}

void sim_file_free(sim_file *file)
{
    free(file->path);
    free(file);
}

static ruzu_status sim_close(rz_file *handle)
{
    if (handle == NULL) {
        return RUZU_OK;
    }
    sim_file *file = sim_file_of(handle);
    simfs *fs = file->fs;
    int error;
    (void)sim_fails(fs, sim_begin(fs, SIMFS_OP_CLOSE, file->path, 0, 0), &error);
    sim_file **link = &fs->files;
    while (*link != file) {
        link = &(*link)->next;
    }
    *link = file->next;
    sim_file_free(file);
    return sim_end(fs, error);
}

static ruzu_status sim_read(rz_file *handle, void *buffer, size_t size, uint64_t off, size_t *out_got)
{
    sim_file *file = sim_file_of(handle);
    simfs *fs = file->fs;
    int error;
    *out_got = 0;
    simfs_fault *fault = sim_begin(fs, SIMFS_OP_READ, file->path, off, size);
    bool rotten = fault != NULL && fault->action == SIMFS_BIT_ROT;
    if (rotten) {
        sim_use_up(fs, fault);
        fault = NULL;
    }
    if (sim_fails(fs, fault, &error)) {
        return sim_end(fs, error);
    }
    const sim_content *content = &sim_inode_of(file)->current;
    size_t got = 0;
    if (off < content->size) {
        got = content->size - off < size ? (size_t)(content->size - off) : size;
        sim_content_read(content, off, buffer, got);
    }
    if (rotten && got > 0) {
        uint64_t at = rz_hash_combine(fs->seed, fs->op_count) % (got * 8);
        ((uint8_t *)buffer)[at / 8] ^= (uint8_t)(1u << (at % 8));
    }
    *out_got = got;
    return sim_end(fs, 0);
}

static uint64_t sim_free_blocks(const simfs *fs)
{
    uint64_t used = simfs_used_bytes(fs);
    return used >= fs->quota_bytes ? 0 : (fs->quota_bytes - used) / SIM_BLOCK;
}

/* Stores the first bytes of a write. */
static void sim_store(sim_file *file, const void *data, uint64_t size, uint64_t off)
{
    if (size > 0) {
        sim_change *change = sim_change_create(SIM_WRITE, 0, file->inode);
        change->off = off;
        change->size = size;
        change->data = (uint8_t *)memcpy(sim_alloc(size), data, size);
        sim_change_now(file->fs, change);
    }
}

static ruzu_status sim_write(rz_file *handle, const void *buffer, size_t size, uint64_t off)
{
    sim_file *file = sim_file_of(handle);
    simfs *fs = file->fs;
    int error;
    simfs_fault *fault = sim_begin(fs, SIMFS_OP_WRITE, file->path, off, size);
    bool is_short = fault != NULL && fault->action == SIMFS_SHORT_WRITE;
    if (sim_fails(fs, fault, &error)) {
        if (is_short && file->writable) {
            sim_store(file, buffer, rz_hash_combine(fs->seed, fs->op_count) % (size + 1), off);
        }
        return sim_end(fs, error);
    }
    if (!file->writable) {
        return sim_end(fs, EBADF);
    }
    if (off > INT64_MAX || size > (uint64_t)INT64_MAX - off) {
        return sim_end(fs, EOVERFLOW);
    }
    uint64_t fits = size; /* as much as there is space for is stored, as real file systems do */
    uint64_t space = sim_free_blocks(fs);
    const sim_content *content = &sim_inode_of(file)->current;
    while (fits > 0 && sim_content_missing(content, off, fits) > space) {
        uint64_t end = off + fits;
        uint64_t last_block = (end - 1) / SIM_BLOCK * SIM_BLOCK;
        fits = last_block > off ? last_block - off : 0;
    }
    sim_store(file, buffer, fits, off);
    return sim_end(fs, fits < size ? ENOSPC : 0);
}

static void sim_change_inode(sim_file *file, sim_change_kind kind, uint64_t size)
{
    sim_change *change = sim_change_create(kind, 0, file->inode);
    change->size = size;
    sim_change_now(file->fs, change);
}

static ruzu_status sim_sync(rz_file *handle, bool data_only)
{
    sim_file *file = sim_file_of(handle);
    simfs *fs = file->fs;
    int error;
    simfs_fault *fault = sim_begin(fs, SIMFS_OP_SYNC, file->path, 0, data_only);
    simfs_sync_failure failure = fault == NULL ? SIMFS_SYNC_KEEP : fault->sync_failure;
    bool was_off = fs->power_off;
    if (sim_fails(fs, fault, &error)) {
        if (!was_off && failure == SIMFS_SYNC_LOSE) {
            sim_change_inode(file, SIM_LOSE_PENDING, 0);
        } else if (!was_off && failure == SIMFS_SYNC_LATE) {
            sim_change_inode(file, SIM_SYNC, 0);
            file->late_failure = true;
            error = 0;
        }
        return sim_end(fs, error);
    }
    if (file->late_failure) {
        file->late_failure = false;
        sim_change_inode(file, SIM_LOSE_PENDING, 0);
        return sim_end(fs, EIO);
    }
    sim_change_inode(file, SIM_SYNC, 0);
    return sim_end(fs, 0);
}

/* No operation of its own, and a change only where a sync had failed. */
static void sim_forget(rz_file *handle, uint64_t off, uint64_t size)
{
    sim_file *file = sim_file_of(handle);
    simfs *fs = file->fs;
    rz_mutex_lock(&fs->mutex);
    if (!fs->power_off && sim_inode_of(file)->diverged) {
        sim_change *change = sim_change_create(SIM_FORGET, 0, file->inode);
        change->off = off;
        change->size = size;
        sim_change_now(fs, change);
    }
    rz_mutex_unlock(&fs->mutex);
}

static ruzu_status sim_size(rz_file *handle, uint64_t *out_size)
{
    sim_file *file = sim_file_of(handle);
    int error;
    *out_size = 0;
    if (!sim_fails(file->fs, sim_begin(file->fs, SIMFS_OP_SIZE, file->path, 0, 0), &error)) {
        *out_size = sim_inode_of(file)->current.size;
    }
    return sim_end(file->fs, error);
}

static ruzu_status sim_truncate(rz_file *handle, uint64_t size)
{
    sim_file *file = sim_file_of(handle);
    int error;
    if (!sim_fails(file->fs, sim_begin(file->fs, SIMFS_OP_TRUNCATE, file->path, 0, size), &error)) {
        error = !file->writable ? EBADF : size > INT64_MAX ? EOVERFLOW : 0;
        if (error == 0) {
            sim_change_inode(file, SIM_TRUNCATE, size);
        }
    }
    return sim_end(file->fs, error);
}

static ruzu_status sim_reserve(rz_file *handle, uint64_t end)
{
    sim_file *file = sim_file_of(handle);
    simfs *fs = file->fs;
    int error;
    if (sim_fails(fs, sim_begin(fs, SIMFS_OP_RESERVE, file->path, 0, end), &error)) {
        return sim_end(fs, error);
    }
    if (!file->writable) {
        error = EBADF;
    } else if (end > INT64_MAX) {
        error = EOVERFLOW;
    } else if (sim_content_missing(&sim_inode_of(file)->current, 0, end) > sim_free_blocks(fs)) {
        error = ENOSPC;
    } else if (end > 0) {
        sim_change_inode(file, SIM_RESERVE, end);
    }
    return sim_end(fs, error);
}

static ruzu_status sim_sync_dir(rz_vfs *vfs, const char *path_of_file)
{
    simfs *fs = sim_of(vfs);
    char *normal = sim_normal_path(path_of_file);
    char *parent = sim_parent(normal);
    int error;
    if (!sim_fails(fs, sim_begin(fs, SIMFS_OP_SYNC_DIR, normal, 0, 0), &error)) {
        if (!sim_directory_exists(fs, parent)) {
            error = ENOENT;
        } else {
            sim_change *change = sim_change_create(SIM_SYNC_DIR, 0, SIM_NO_INODE);
            change->path = sim_strdup(parent);
            sim_change_now(fs, change);
        }
    }
    free(parent);
    free(normal);
    return sim_end(fs, error);
}

static ruzu_status sim_remove(rz_vfs *vfs, const char *path)
{
    simfs *fs = sim_of(vfs);
    char *normal = sim_normal_path(path);
    int error;
    if (!sim_fails(fs, sim_begin(fs, SIMFS_OP_REMOVE, normal, 0, 0), &error)) {
        const sim_name *name = sim_names_find(&fs->disk->current, normal);
        error = name == NULL ? ENOENT : name->inode == SIM_NO_INODE ? EISDIR : 0;
        if (error == 0) {
            sim_change *change = sim_change_create(SIM_UNLINK, 0, name->inode);
            change->path = sim_strdup(normal);
            sim_change_now(fs, change);
        }
    }
    free(normal);
    return sim_end(fs, error);
}

/* Within one directory only: nothing in the engine moves a file between directories, and the models of loss stay simple. */
static int sim_rename_names(simfs *fs, const char *from, const char *to)
{
    const sim_name *name = sim_names_find(&fs->disk->current, from);
    const sim_name *target = sim_names_find(&fs->disk->current, to);
    char *from_parent = sim_parent(from);
    char *to_parent = sim_parent(to);
    bool same = strcmp(from_parent, to_parent) == 0;
    free(from_parent);
    free(to_parent);
    if (name == NULL) {
        return ENOENT;
    }
    if (!same) {
        return EXDEV;
    }
    if (name->inode == SIM_NO_INODE || (target != NULL && target->inode == SIM_NO_INODE)) {
        return EISDIR;
    }
    if (strcmp(from, to) != 0) {
        sim_change *change = sim_change_create(SIM_RENAME, 0, name->inode);
        change->path = sim_strdup(from);
        change->new_path = sim_strdup(to);
        sim_change_now(fs, change);
    }
    return 0;
}

static ruzu_status sim_rename(rz_vfs *vfs, const char *from, const char *to)
{
    simfs *fs = sim_of(vfs);
    char *normal_from = sim_normal_path(from);
    char *normal_to = sim_normal_path(to);
    int error;
    if (!sim_fails(fs, sim_begin(fs, SIMFS_OP_RENAME, normal_from, 0, 0), &error)) {
        error = sim_rename_names(fs, normal_from, normal_to);
    }
    free(normal_from);
    free(normal_to);
    return sim_end(fs, error);
}

static ruzu_status sim_lock(rz_file *handle, rz_lock_kind kind)
{
    sim_file *file = sim_file_of(handle);
    simfs *fs = file->fs;
    int error;
    if (sim_fails(fs, sim_begin(fs, SIMFS_OP_LOCK, file->path, 0, kind), &error)) {
        return sim_end(fs, error);
    }
    if (kind == RZ_LOCK_EXCLUSIVE && !file->writable) {
        return sim_end(fs, EBADF);
    }
    for (const sim_file *other = fs->files; other != NULL && kind != RZ_LOCK_NONE; other = other->next) {
        if (other != file && other->inode == file->inode && other->lock != RZ_LOCK_NONE &&
            (kind == RZ_LOCK_EXCLUSIVE || other->lock == RZ_LOCK_EXCLUSIVE)) {
            return sim_end(fs, EAGAIN);
        }
    }
    file->lock = kind;
    return sim_end(fs, 0);
}

static void sim_fill_ident(const simfs *fs, uint32_t inode, rz_file_ident *out)
{
    out->device = 1;
    out->inode = inode + 1u;
    out->link_count = 0;
    for (size_t i = 0; i < fs->disk->current.count; i++) {
        out->link_count += fs->disk->current.items[i].inode == inode;
    }
}

static ruzu_status sim_ident(rz_file *handle, rz_file_ident *out)
{
    sim_file *file = sim_file_of(handle);
    int error;
    memset(out, 0, sizeof *out);
    if (!sim_fails(file->fs, sim_begin(file->fs, SIMFS_OP_IDENT, file->path, 0, 0), &error)) {
        sim_fill_ident(file->fs, file->inode, out);
    }
    return sim_end(file->fs, error);
}

static ruzu_status sim_ident_path(rz_vfs *vfs, const char *path, rz_file_ident *out)
{
    simfs *fs = sim_of(vfs);
    char *normal = sim_normal_path(path);
    int error;
    memset(out, 0, sizeof *out);
    if (!sim_fails(fs, sim_begin(fs, SIMFS_OP_IDENT_PATH, normal, 0, 0), &error)) {
        const sim_name *name = sim_names_find(&fs->disk->current, normal);
        if (name == NULL && normal[0] != '\0') {
            error = ENOENT;
        } else if (name == NULL || name->inode == SIM_NO_INODE) {
            out->device = 1;
            out->inode = rz_hash_bytes(normal, strlen(normal)) | UINT64_C(1) << 63; /* apart from the files' numbers */
            out->link_count = 2;
        } else {
            sim_fill_ident(fs, name->inode, out);
        }
    }
    free(normal);
    return sim_end(fs, error);
}

static ruzu_status sim_is_directory(rz_vfs *vfs, const char *path, bool *out)
{
    simfs *fs = sim_of(vfs);
    char *normal = sim_normal_path(path);
    int error;
    *out = false;
    if (!sim_fails(fs, sim_begin(fs, SIMFS_OP_IS_DIRECTORY, normal, 0, 0), &error)) {
        *out = sim_directory_exists(fs, normal);
    }
    free(normal);
    return sim_end(fs, error);
}

static ruzu_status sim_make_dir(rz_vfs *vfs, const char *path)
{
    simfs *fs = sim_of(vfs);
    char *normal = sim_normal_path(path);
    int error;
    if (!sim_fails(fs, sim_begin(fs, SIMFS_OP_MAKE_DIR, normal, 0, 0), &error)) {
        if (normal[0] == '\0' || sim_names_find(&fs->disk->current, normal) != NULL) {
            error = EEXIST;
        } else if (!sim_parent_exists(fs, normal)) {
            error = ENOENT;
        } else {
            sim_change *change = sim_change_create(SIM_MKDIR, 0, SIM_NO_INODE);
            change->path = sim_strdup(normal);
            sim_change_now(fs, change);
        }
    }
    free(normal);
    return sim_end(fs, error);
}

static ruzu_status sim_list(rz_vfs *vfs, const char *directory, rz_name_fn fn, void *user)
{
    simfs *fs = sim_of(vfs);
    char *normal = sim_normal_path(directory);
    int error;
    sim_names found = {NULL, 0, 0}; /* collected first: fn may call the vfs */
    if (!sim_fails(fs, sim_begin(fs, SIMFS_OP_LIST, normal, 0, 0), &error)) {
        error = sim_directory_exists(fs, normal) ? 0 : ENOENT;
        found.items = (sim_name *)sim_alloc(fs->disk->current.count * sizeof(sim_name));
        for (size_t i = 0; error == 0 && i < fs->disk->current.count; i++) {
            const sim_name *name = &fs->disk->current.items[i];
            char *parent = sim_parent(name->path);
            if (strcmp(parent, normal) == 0) {
                const char *slash = strrchr(name->path, '/');
                found.items[found.count].path = sim_strdup(slash == NULL ? name->path : slash + 1);
                found.items[found.count++].inode = name->inode;
            }
            free(parent);
        }
    }
    ruzu_status status = sim_end(fs, error);
    bool go_on = status == RUZU_OK;
    for (size_t i = 0; i < found.count; i++) {
        go_on = go_on && fn(user, found.items[i].path, found.items[i].inode == SIM_NO_INODE);
        free(found.items[i].path);
    }
    free(found.items);
    free(normal);
    return status;
}

static uint64_t sim_now_us(rz_vfs *vfs)
{
    simfs *fs = sim_of(vfs);
    rz_mutex_lock(&fs->mutex);
    uint64_t now = fs->clock_us++;
    rz_mutex_unlock(&fs->mutex);
    return now;
}

static void sim_random_bytes(rz_vfs *vfs, void *out, size_t size)
{
    simfs *fs = sim_of(vfs);
    uint8_t *bytes = (uint8_t *)out;
    rz_mutex_lock(&fs->mutex);
    for (size_t i = 0; i < size; i++) {
        bytes[i] = (uint8_t)rz_hash_combine(fs->seed, fs->random_count++);
    }
    rz_mutex_unlock(&fs->mutex);
}

rz_vfs simfs_operations(simfs *fs)
{
    return (rz_vfs){
        .abi = 1,
        .ctx = fs,
        .open = sim_open,
        .close = sim_close,
        .read = sim_read,
        .write = sim_write,
        .sync = sim_sync,
        .size = sim_size,
        .truncate = sim_truncate,
        .reserve = sim_reserve,
        .sync_dir = sim_sync_dir,
        .remove = sim_remove,
        .rename = sim_rename,
        .lock = sim_lock,
        .ident = sim_ident,
        .ident_path = sim_ident_path,
        .is_directory = sim_is_directory,
        .make_dir = sim_make_dir,
        .list = sim_list,
        .now_us = sim_now_us,
        .monotonic_us = sim_now_us,
        .random = sim_random_bytes,
        .forget = sim_forget,
    };
}
