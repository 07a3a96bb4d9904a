/* SPDX-License-Identifier: MIT */
/*
 * A small file system in memory for the tests of pages and the pool: a few files, an image of what is durable, a log of
 * the operations on files, and one planned fault or crash. (The whole simulator with its crash models is in tests/sim.)
 */
#ifndef RZ_TESTS_PAGE_MEMFS_H
#define RZ_TESTS_PAGE_MEMFS_H

#include "os/os.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MEMFS_FILES 8
#define MEMFS_NAME  64

typedef struct memfs_bytes {
    uint8_t *data;
    uint64_t size;
} memfs_bytes;

typedef struct memfs_inode {
    char name[MEMFS_NAME]; /* "" when it has none */
    memfs_bytes now;
    memfs_bytes durable;
    int handles;
    int lock; /* -1: exclusive, else the number of shared holders */
    bool used;
} memfs_inode;

struct rz_file {
    rz_vfs *vfs;
    memfs_inode *inode;
    int lock;
};

typedef struct memfs {
    rz_vfs vfs;
    memfs_inode inodes[MEMFS_FILES];
    uint64_t ops;     /* changing operations so far: write, sync, truncate, reserve, rename */
    uint64_t fail_at; /* the operation with this number fails with fail_errno; 0: none */
    bool fail_on;     /* and all that follow */
    int fail_errno;
    int open_errno;                  /* when set, files do not open for writing */
    void (*on_op)(struct memfs *fs); /* called before each of them, when set: the place to look at a crash */
    uint64_t random;
    uint64_t reads;    /* read calls */
    char log[1 << 16]; /* "w<page> ", "s ", "t<pages> ", "r " */
    size_t log_size;
} memfs;

static memfs *memfs_of(rz_vfs *vfs)
{
    return (memfs *)vfs->ctx;
}

static void memfs_note(memfs *fs, const char *kind, uint64_t value)
{
    int size =
        snprintf(fs->log + fs->log_size, sizeof fs->log - fs->log_size, "%s%llu ", kind, (unsigned long long)value);
    if (fs->log_size + (size_t)size < sizeof fs->log) {
        fs->log_size += (size_t)size;
    }
}

static bool memfs_fails(memfs *fs)
{
    fs->ops++;
    if (fs->on_op != NULL) {
        fs->on_op(fs);
    }
    if (fs->fail_at != 0 && (fs->ops == fs->fail_at || (fs->fail_on && fs->ops > fs->fail_at))) {
        errno = fs->fail_errno;
        return true;
    }
    return false;
}

static ruzu_status memfs_failure(const memfs *fs)
{
    return fs->fail_errno == ENOSPC ? RUZU_ERROR_DISK_FULL : RUZU_ERROR_IO;
}

static void memfs_resize(memfs_bytes *bytes, uint64_t size)
{
    if (size > bytes->size) {
        bytes->data = (uint8_t *)realloc(bytes->data, size + 1);
        memset(bytes->data + bytes->size, 0, size - bytes->size);
    }
    bytes->size = size;
}

static void memfs_copy(memfs_bytes *to, const memfs_bytes *from)
{
    memfs_resize(to, 0);
    memfs_resize(to, from->size);
    if (from->size > 0) {
        memcpy(to->data, from->data, from->size);
    }
}

static memfs_inode *memfs_find(memfs *fs, const char *name)
{
    for (int i = 0; i < MEMFS_FILES; i++) {
        if (fs->inodes[i].used && strcmp(fs->inodes[i].name, name) == 0) {
            return &fs->inodes[i];
        }
    }
    return NULL;
}

static void memfs_drop(memfs_inode *inode)
{
    if (inode->name[0] == '\0' && inode->handles == 0) {
        free(inode->now.data);
        free(inode->durable.data);
        memset(inode, 0, sizeof *inode);
    }
}

static ruzu_status memfs_open(rz_vfs *vfs, const char *path, uint32_t flags, rz_file **out)
{
    memfs *fs = memfs_of(vfs);
    memfs_inode *inode = memfs_find(fs, path);
    *out = NULL;
    if (fs->open_errno != 0 && (flags & RZ_OPEN_WRITE) != 0) {
        errno = fs->open_errno;
        return RUZU_ERROR_IO;
    }
    if (inode == NULL && (flags & (RZ_OPEN_CREATE | RZ_OPEN_TEMP)) == 0) {
        errno = ENOENT;
        return RUZU_ERROR_IO;
    }
    if (inode != NULL && (flags & (RZ_OPEN_EXCL | RZ_OPEN_TEMP)) != 0) {
        errno = EEXIST;
        return RUZU_ERROR_IO;
    }
    for (int i = 0; inode == NULL && i < MEMFS_FILES; i++) {
        if (!fs->inodes[i].used) {
            inode = &fs->inodes[i];
            inode->used = true;
            snprintf(inode->name, sizeof inode->name, "%s", (flags & RZ_OPEN_TEMP) ? "" : path);
        }
    }
    if (inode == NULL) {
        errno = ENFILE;
        return RUZU_ERROR_IO;
    }
    rz_file *file = (rz_file *)calloc(1, sizeof *file);
    file->vfs = vfs;
    file->inode = inode;
    inode->handles++;
    *out = file;
    return RUZU_OK;
}

static ruzu_status memfs_lock(rz_file *file, rz_lock_kind kind)
{
    memfs_inode *inode = file->inode;
    if (file->lock != 0) {
        inode->lock = file->lock < 0 ? 0 : inode->lock - 1;
        file->lock = 0;
    }
    if (kind == RZ_LOCK_NONE) {
        return RUZU_OK;
    }
    if (inode->lock < 0 || (kind == RZ_LOCK_EXCLUSIVE && inode->lock > 0)) {
        errno = EAGAIN;
        return RUZU_ERROR_LOCKED;
    }
    file->lock = kind == RZ_LOCK_EXCLUSIVE ? -1 : 1;
    inode->lock += file->lock;
    return RUZU_OK;
}

static ruzu_status memfs_close(rz_file *file)
{
    (void)memfs_lock(file, RZ_LOCK_NONE);
    file->inode->handles--;
    memfs_drop(file->inode);
    free(file);
    return RUZU_OK;
}

static ruzu_status memfs_read(rz_file *file, void *buffer, size_t size, uint64_t off, size_t *out_got)
{
    const memfs_bytes *bytes = &file->inode->now;
    __atomic_fetch_add(&memfs_of(file->vfs)->reads, 1, __ATOMIC_RELAXED);
    uint64_t got = off >= bytes->size ? 0 : bytes->size - off;
    got = got < size ? got : size;
    if (got > 0) {
        memcpy(buffer, bytes->data + off, got);
    }
    *out_got = (size_t)got;
    return RUZU_OK;
}

static ruzu_status memfs_write(rz_file *file, const void *buffer, size_t size, uint64_t off)
{
    memfs *fs = memfs_of(file->vfs);
    memfs_note(fs, "w", off / 4096);
    if (memfs_fails(fs)) {
        return memfs_failure(fs);
    }
    memfs_bytes *bytes = &file->inode->now;
    if (off + size > bytes->size) {
        memfs_resize(bytes, off + size);
    }
    memcpy(bytes->data + off, buffer, size);
    return RUZU_OK;
}

static ruzu_status memfs_sync(rz_file *file, bool data_only)
{
    memfs *fs = memfs_of(file->vfs);
    memfs_note(fs, data_only ? "s" : "S", 0);
    if (memfs_fails(fs)) {
        return memfs_failure(fs);
    }
    memfs_copy(&file->inode->durable, &file->inode->now);
    return RUZU_OK;
}

static ruzu_status memfs_size(rz_file *file, uint64_t *out_size)
{
    *out_size = file->inode->now.size;
    return RUZU_OK;
}

static ruzu_status memfs_truncate(rz_file *file, uint64_t size)
{
    memfs *fs = memfs_of(file->vfs);
    memfs_note(fs, "t", size / 4096);
    if (memfs_fails(fs)) {
        return memfs_failure(fs);
    }
    memfs_resize(&file->inode->now, size);
    return RUZU_OK;
}

static ruzu_status memfs_reserve(rz_file *file, uint64_t end)
{
    memfs *fs = memfs_of(file->vfs);
    if (memfs_fails(fs)) {
        return memfs_failure(fs);
    }
    if (end > file->inode->now.size) {
        memfs_resize(&file->inode->now, end);
    }
    return RUZU_OK;
}

static ruzu_status memfs_sync_dir(rz_vfs *vfs, const char *path)
{
    (void)path;
    memfs_note(memfs_of(vfs), "d", 0);
    return memfs_fails(memfs_of(vfs)) ? memfs_failure(memfs_of(vfs)) : RUZU_OK;
}

static ruzu_status memfs_remove(rz_vfs *vfs, const char *path)
{
    memfs_inode *inode = memfs_find(memfs_of(vfs), path);
    if (inode == NULL) {
        errno = ENOENT;
        return RUZU_ERROR_IO;
    }
    inode->name[0] = '\0';
    memfs_drop(inode);
    return RUZU_OK;
}

static ruzu_status memfs_rename(rz_vfs *vfs, const char *from, const char *to)
{
    memfs *fs = memfs_of(vfs);
    memfs_note(fs, "r", 0);
    if (memfs_fails(fs)) {
        return memfs_failure(fs);
    }
    memfs_inode *inode = memfs_find(fs, from);
    if (inode == NULL) {
        errno = ENOENT;
        return RUZU_ERROR_IO;
    }
    (void)memfs_remove(vfs, to);
    snprintf(inode->name, sizeof inode->name, "%s", to);
    return RUZU_OK;
}

static ruzu_status memfs_ident(rz_file *file, rz_file_ident *out)
{
    out->device = 1;
    out->inode = (uint64_t)(file->inode - memfs_of(file->vfs)->inodes);
    out->link_count = file->inode->name[0] != '\0';
    return RUZU_OK;
}

static ruzu_status memfs_ident_path(rz_vfs *vfs, const char *path, rz_file_ident *out)
{
    const memfs_inode *inode = memfs_find(memfs_of(vfs), path);
    if (inode == NULL) {
        errno = ENOENT;
        return RUZU_ERROR_IO;
    }
    out->device = 1;
    out->inode = (uint64_t)(inode - memfs_of(vfs)->inodes);
    out->link_count = 1;
    return RUZU_OK;
}

static ruzu_status memfs_is_directory(rz_vfs *vfs, const char *path, bool *out)
{
    (void)vfs;
    (void)path;
    *out = false;
    return RUZU_OK;
}

static ruzu_status memfs_make_dir(rz_vfs *vfs, const char *path)
{
    (void)vfs;
    (void)path;
    errno = EROFS;
    return RUZU_ERROR_IO;
}

static ruzu_status memfs_list(rz_vfs *vfs, const char *directory, rz_name_fn fn, void *user)
{
    (void)directory;
    memfs *fs = memfs_of(vfs);
    for (int i = 0; i < MEMFS_FILES; i++) {
        if (fs->inodes[i].used && fs->inodes[i].name[0] != '\0' && !fn(user, fs->inodes[i].name, false)) {
            break;
        }
    }
    return RUZU_OK;
}

static uint64_t memfs_now_us(rz_vfs *vfs)
{
    return memfs_of(vfs)->ops;
}

static void memfs_random(rz_vfs *vfs, void *out, size_t size)
{
    memfs *fs = memfs_of(vfs);
    for (size_t i = 0; i < size; i++) {
        fs->random = fs->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        ((uint8_t *)out)[i] = (uint8_t)(fs->random >> 56);
    }
}

static memfs *memfs_new(uint64_t seed)
{
    memfs *fs = (memfs *)calloc(1, sizeof *fs);
    fs->random = seed;
    fs->fail_errno = EIO;
    fs->vfs = (rz_vfs){
        .abi = 1,
        .ctx = fs,
        .open = memfs_open,
        .close = memfs_close,
        .read = memfs_read,
        .write = memfs_write,
        .sync = memfs_sync,
        .size = memfs_size,
        .truncate = memfs_truncate,
        .reserve = memfs_reserve,
        .sync_dir = memfs_sync_dir,
        .remove = memfs_remove,
        .rename = memfs_rename,
        .lock = memfs_lock,
        .ident = memfs_ident,
        .ident_path = memfs_ident_path,
        .is_directory = memfs_is_directory,
        .make_dir = memfs_make_dir,
        .list = memfs_list,
        .now_us = memfs_now_us,
        .random = memfs_random,
    };
    return fs;
}

static void memfs_free(memfs *fs)
{
    for (int i = 0; i < MEMFS_FILES; i++) {
        free(fs->inodes[i].now.data);
        free(fs->inodes[i].durable.data);
    }
    free(fs);
}

/* Another file system that holds `name` as it stands in fs now, or as it is durable. */
static memfs *memfs_snapshot(memfs *fs, const char *name, bool durable)
{
    memfs *copy = memfs_new(7);
    const memfs_inode *inode = memfs_find(fs, name);
    if (inode != NULL) {
        copy->inodes[0].used = true;
        snprintf(copy->inodes[0].name, MEMFS_NAME, "%s", name);
        memfs_copy(&copy->inodes[0].now, durable ? &inode->durable : &inode->now);
        memfs_copy(&copy->inodes[0].durable, &copy->inodes[0].now);
    }
    return copy;
}

/* Another file system that holds `name` after a crash: each sector of 512 bytes as it is now or as it is durable, by
 * chance. */
static memfs *memfs_crash(memfs *fs, const char *name, uint64_t seed)
{
    memfs *copy = memfs_snapshot(fs, name, false);
    memfs *old = memfs_snapshot(fs, name, true);
    memfs_bytes *to = &copy->inodes[0].now;
    const memfs_bytes *from = &old->inodes[0].now;
    uint64_t random = seed;
    for (uint64_t off = 0; off < to->size; off += 512) {
        uint8_t choice;
        random = random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        choice = (uint8_t)(random >> 60);
        if (choice < 8) {
            uint64_t size = to->size - off < 512 ? to->size - off : 512;
            memset(to->data + off, 0, size);
            if (off < from->size) {
                memcpy(to->data + off, from->data + off, from->size - off < size ? from->size - off : size);
            }
        }
    }
    if ((random >> 32 & 3) == 0 && from->size > to->size) {
        uint64_t kept = to->size; /* the file was cut, and that did not reach the disk */
        memfs_resize(to, from->size);
        memcpy(to->data + kept, from->data + kept, from->size - kept);
    } else if ((random >> 32 & 3) == 1 && from->size < to->size) {
        memfs_resize(to, from->size);
    }
    memfs_free(old);
    return copy;
}

static memfs_bytes *memfs_content(memfs *fs, const char *name)
{
    static memfs_bytes none;
    memfs_inode *inode = memfs_find(fs, name);
    return inode == NULL ? &none : &inode->now;
}

static void memfs_put(memfs *fs, const char *name, const void *data, uint64_t size)
{
    rz_file *file = NULL;
    if (memfs_open(&fs->vfs, name, RZ_OPEN_WRITE | RZ_OPEN_CREATE, &file) == RUZU_OK) {
        memfs_resize(&file->inode->now, 0);
        memfs_resize(&file->inode->now, size);
        if (size > 0) {
            memcpy(file->inode->now.data, data, size);
        }
        (void)memfs_close(file);
    }
}

static inline void memfs_unused(void)
{
    (void)memfs_crash;
    (void)memfs_content;
    (void)memfs_put;
}

#endif
