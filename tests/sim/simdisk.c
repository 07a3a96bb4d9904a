/* SPDX-License-Identifier: MIT */
/*
 * Contents, names, pending changes, and what a power loss leaves of them. See simdisk.h.
 */
#include "sim/simdisk.h"

#include "common/hash.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *sim_alloc(size_t size)
{
    void *memory = calloc(1, size == 0 ? 1 : size);
    if (memory == NULL) {
        fprintf(stderr, "simfs: out of memory\n");
        abort();
    }
    return memory;
}

char *sim_strdup(const char *text)
{
    size_t size = strlen(text) + 1;
    return (char *)memcpy(sim_alloc(size), text, size);
}

/* Room for one more item of a growing array. */
static void *sim_grow(void *items, size_t count, size_t *capacity, size_t item_size)
{
    if (count < *capacity) {
        return items;
    }
    *capacity = *capacity == 0 ? 8 : *capacity * 2;
    void *grown = sim_alloc(*capacity * item_size);
    if (count > 0) {
        memcpy(grown, items, count * item_size);
    }
    free(items);
    return grown;
}

/* ---- contents ---- */

static sim_block *block_retain(sim_block *block)
{
    if (block != NULL) {
        atomic_fetch_add_explicit(&block->refs, 1, memory_order_relaxed);
    }
    return block;
}

static void block_release(sim_block *block)
{
    if (block != NULL && atomic_fetch_sub_explicit(&block->refs, 1, memory_order_acq_rel) == 1) {
        free(block);
    }
}

static void content_free(sim_content *content)
{
    for (uint64_t i = 0; i < content->block_count; i++) {
        block_release(content->blocks[i]);
    }
    free(content->blocks);
    memset(content, 0, sizeof *content);
}

static void content_copy(sim_content *to, const sim_content *from)
{
    content_free(to);
    to->size = from->size;
    to->block_count = from->block_count;
    to->allocated = from->allocated;
    to->blocks = (sim_block **)sim_alloc(from->block_count * sizeof(sim_block *));
    for (uint64_t i = 0; i < from->block_count; i++) {
        to->blocks[i] = block_retain(from->blocks[i]);
    }
}

/* Makes the block table long enough for `size` bytes. */
static void content_cover(sim_content *content, uint64_t size)
{
    uint64_t wanted = (size + SIM_BLOCK - 1) / SIM_BLOCK;
    if (wanted > content->block_count) {
        sim_block **blocks = (sim_block **)sim_alloc(wanted * sizeof(sim_block *));
        if (content->block_count > 0) {
            memcpy(blocks, content->blocks, content->block_count * sizeof(sim_block *));
        }
        free(content->blocks);
        content->blocks = blocks;
        content->block_count = wanted;
    }
}

/* The block for writing: made when missing, copied when shared. */
static sim_block *content_own_block(sim_content *content, uint64_t idx)
{
    sim_block *block = content->blocks[idx];
    if (block != NULL && atomic_load_explicit(&block->refs, memory_order_acquire) == 1) {
        return block;
    }
    sim_block *own = (sim_block *)sim_alloc(sizeof *own);
    atomic_init(&own->refs, 1);
    if (block == NULL) {
        content->allocated++;
    } else {
        memcpy(own->bytes, block->bytes, SIM_BLOCK);
        block_release(block);
    }
    content->blocks[idx] = own;
    return own;
}

void sim_content_write(sim_content *content, uint64_t off, const void *data, uint64_t size)
{
    const uint8_t *bytes = (const uint8_t *)data;
    content_cover(content, off + size);
    while (size > 0) {
        uint64_t inside = off % SIM_BLOCK;
        uint64_t part = SIM_BLOCK - inside < size ? SIM_BLOCK - inside : size;
        memcpy(content_own_block(content, off / SIM_BLOCK)->bytes + inside, bytes, part);
        bytes += part;
        off += part;
        size -= part;
        if (off > content->size) {
            content->size = off;
        }
    }
}

void sim_content_read(const sim_content *content, uint64_t off, void *out, size_t size)
{
    uint8_t *bytes = (uint8_t *)out;
    while (size > 0) {
        uint64_t inside = off % SIM_BLOCK;
        size_t part = SIM_BLOCK - inside < size ? (size_t)(SIM_BLOCK - inside) : size;
        const sim_block *block = off / SIM_BLOCK < content->block_count ? content->blocks[off / SIM_BLOCK] : NULL;
        if (block == NULL) {
            memset(bytes, 0, part);
        } else {
            memcpy(bytes, block->bytes + inside, part);
        }
        bytes += part;
        off += part;
        size -= part;
    }
}

uint64_t sim_content_missing(const sim_content *content, uint64_t off, uint64_t size)
{
    uint64_t missing = 0;
    for (uint64_t idx = off / SIM_BLOCK; size > 0 && idx <= (off + size - 1) / SIM_BLOCK; idx++) {
        missing += idx >= content->block_count || content->blocks[idx] == NULL;
    }
    return missing;
}

static void content_truncate(sim_content *content, uint64_t size)
{
    uint64_t kept = (size + SIM_BLOCK - 1) / SIM_BLOCK;
    for (uint64_t i = kept; i < content->block_count; i++) {
        content->allocated -= content->blocks[i] != NULL;
        block_release(content->blocks[i]);
        content->blocks[i] = NULL;
    }
    if (size < content->size && size % SIM_BLOCK != 0 && kept <= content->block_count &&
        content->blocks[kept - 1] != NULL) {
        memset(content_own_block(content, kept - 1)->bytes + size % SIM_BLOCK, 0, SIM_BLOCK - size % SIM_BLOCK);
    }
    content->size = size;
}

static void content_reserve(sim_content *content, uint64_t end)
{
    content_cover(content, end);
    for (uint64_t i = 0; i < (end + SIM_BLOCK - 1) / SIM_BLOCK; i++) {
        if (content->blocks[i] == NULL) {
            (void)content_own_block(content, i);
        }
    }
    if (end > content->size) {
        content->size = end;
    }
}

static void content_apply(sim_content *content, const sim_change *change)
{
    switch (change->kind) {
    case SIM_WRITE: sim_content_write(content, change->off, change->data, change->size); break;
    case SIM_TRUNCATE: content_truncate(content, change->size); break;
    case SIM_RESERVE: content_reserve(content, change->size); break;
    case SIM_CREATE:
    case SIM_SYNC:
    case SIM_FORGET:
    case SIM_LOSE_PENDING:
    case SIM_UNLINK:
    case SIM_RENAME:
    case SIM_MKDIR:
    case SIM_SYNC_DIR: abort(); /* not changes of contents */
    }
}

/* ---- changes ---- */

sim_change *sim_change_create(sim_change_kind kind, uint64_t op, uint32_t inode)
{
    sim_change *change = (sim_change *)sim_alloc(sizeof *change);
    atomic_init(&change->refs, 1);
    change->kind = kind;
    change->op = op;
    change->inode = inode;
    return change;
}

void sim_change_release(sim_change *change)
{
    if (atomic_fetch_sub_explicit(&change->refs, 1, memory_order_acq_rel) == 1) {
        free(change->path);
        free(change->new_path);
        free(change->data);
        free(change);
    }
}

void sim_changes_push(sim_changes *changes, sim_change *change)
{
    changes->items = (sim_change **)sim_grow(changes->items, changes->count, &changes->capacity, sizeof(sim_change *));
    atomic_fetch_add_explicit(&change->refs, 1, memory_order_relaxed);
    changes->items[changes->count++] = change;
}

void sim_changes_clear(sim_changes *changes)
{
    for (size_t i = 0; i < changes->count; i++) {
        sim_change_release(changes->items[i]);
    }
    changes->count = 0;
}

void sim_changes_free(sim_changes *changes)
{
    sim_changes_clear(changes);
    free(changes->items);
    memset(changes, 0, sizeof *changes);
}

/* ---- names ---- */

const sim_name *sim_names_find(const sim_names *names, const char *path)
{
    for (size_t i = 0; i < names->count; i++) {
        if (strcmp(names->items[i].path, path) == 0) {
            return &names->items[i];
        }
    }
    return NULL;
}

static void names_remove(sim_names *names, const char *path)
{
    const sim_name *name = sim_names_find(names, path);
    if (name != NULL) {
        size_t at = (size_t)(name - names->items);
        free(names->items[at].path);
        names->items[at] = names->items[--names->count];
    }
}

static void names_set(sim_names *names, const char *path, uint32_t inode)
{
    names_remove(names, path);
    names->items = (sim_name *)sim_grow(names->items, names->count, &names->capacity, sizeof(sim_name));
    names->items[names->count].path = sim_strdup(path);
    names->items[names->count].inode = inode;
    names->count++;
}

static void names_free(sim_names *names)
{
    for (size_t i = 0; i < names->count; i++) {
        free(names->items[i].path);
    }
    free(names->items);
    memset(names, 0, sizeof *names);
}

static void names_copy(sim_names *to, const sim_names *from)
{
    for (size_t i = 0; i < from->count; i++) {
        names_set(to, from->items[i].path, from->items[i].inode);
    }
}

static void names_apply(sim_names *names, const sim_change *change)
{
    switch (change->kind) {
    case SIM_CREATE: names_set(names, change->path, change->inode); break;
    case SIM_MKDIR: names_set(names, change->path, SIM_NO_INODE); break;
    case SIM_UNLINK: names_remove(names, change->path); break;
    case SIM_RENAME:
        names_remove(names, change->path);
        names_set(names, change->new_path, change->inode);
        break;
    case SIM_WRITE:
    case SIM_TRUNCATE:
    case SIM_RESERVE:
    case SIM_SYNC:
    case SIM_FORGET:
    case SIM_LOSE_PENDING:
    case SIM_SYNC_DIR: abort(); /* not changes of names */
    }
}

char *sim_parent(const char *path)
{
    char *parent = sim_strdup(path);
    char *slash = strrchr(parent, '/');
    if (slash == NULL) {
        parent[0] = '\0';
    } else {
        *slash = '\0';
    }
    return parent;
}

static bool sim_is_in(const char *path, const char *directory)
{
    char *parent = sim_parent(path);
    bool inside = strcmp(parent, directory) == 0;
    free(parent);
    return inside;
}

/* ---- the disk ---- */

sim_disk *sim_disk_create(void)
{
    return (sim_disk *)sim_alloc(sizeof(sim_disk));
}

static void inode_free(sim_inode *inode)
{
    content_free(&inode->current);
    content_free(&inode->durable);
    sim_changes_free(&inode->pending);
    free(inode);
}

void sim_disk_free(sim_disk *disk)
{
    if (disk == NULL) {
        return;
    }
    for (uint32_t i = 0; i < disk->inode_count; i++) {
        inode_free(disk->inodes[i]);
    }
    free(disk->inodes);
    names_free(&disk->current);
    names_free(&disk->durable);
    sim_changes_free(&disk->dir_pending);
    for (int i = 0; i < SIM_STALE_MAX; i++) {
        block_release(disk->stale[i]);
    }
    free(disk);
}

/* One more inode, with the next number. */
static sim_inode *disk_add_inode(sim_disk *disk)
{
    size_t capacity = disk->inode_capacity;
    disk->inodes = (sim_inode **)sim_grow(disk->inodes, disk->inode_count, &capacity, sizeof(sim_inode *));
    disk->inode_capacity = (uint32_t)capacity;
    sim_inode *inode = (sim_inode *)sim_alloc(sizeof *inode);
    disk->inodes[disk->inode_count++] = inode;
    return inode;
}

sim_disk *sim_disk_clone(const sim_disk *disk)
{
    sim_disk *clone = sim_disk_create();
    for (uint32_t i = 0; i < disk->inode_count; i++) {
        const sim_inode *from = disk->inodes[i];
        sim_inode *to = disk_add_inode(clone);
        content_copy(&to->current, &from->current);
        content_copy(&to->durable, &from->durable);
        to->diverged = from->diverged;
        for (size_t k = 0; k < from->pending.count; k++) {
            sim_changes_push(&to->pending, from->pending.items[k]);
        }
    }
    names_copy(&clone->current, &disk->current);
    names_copy(&clone->durable, &disk->durable);
    for (size_t k = 0; k < disk->dir_pending.count; k++) {
        sim_changes_push(&clone->dir_pending, disk->dir_pending.items[k]);
    }
    for (int i = 0; i < SIM_STALE_MAX; i++) {
        clone->stale[i] = block_retain(disk->stale[i]);
    }
    clone->stale_next = disk->stale_next;
    clone->sync_creates = disk->sync_creates;
    return clone;
}

static void disk_remember_stale(sim_disk *disk, sim_block *block)
{
    if (block != NULL) {
        uint32_t at = disk->stale_next++ % SIM_STALE_MAX;
        block_release(disk->stale[at]);
        disk->stale[at] = block_retain(block);
    }
}

static void disk_sync_inode(sim_disk *disk, uint32_t number)
{
    sim_inode *inode = disk->inodes[number];
    sim_content before = inode->durable;
    memset(&inode->durable, 0, sizeof inode->durable);
    if (!inode->diverged) {
        content_copy(&inode->durable, &inode->current);
    } else {
        content_copy(&inode->durable, &before);
        for (size_t i = 0; i < inode->pending.count; i++) {
            content_apply(&inode->durable, inode->pending.items[i]);
        }
    }
    sim_changes_clear(&inode->pending);
    for (uint64_t i = 0; i < before.block_count; i++) {
        if (i >= inode->durable.block_count || inode->durable.blocks[i] != before.blocks[i]) {
            disk_remember_stale(disk, before.blocks[i]);
        }
    }
    content_free(&before);
}

/* The first `count` pending operations become durable, in order, as far as they are in `directory`; the others stay. */
static void disk_settle_names(sim_disk *disk, const char *directory, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < disk->dir_pending.count; i++) {
        sim_change *change = disk->dir_pending.items[i];
        if (i >= count || !sim_is_in(change->path, directory)) {
            disk->dir_pending.items[kept++] = change;
            continue;
        }
        const sim_name *gone = change->kind == SIM_UNLINK ? sim_names_find(&disk->durable, change->path) : NULL;
        if (gone != NULL && gone->inode != SIM_NO_INODE) {
            const sim_content *content = &disk->inodes[gone->inode]->durable;
            for (uint64_t k = 0; k < content->block_count; k++) {
                disk_remember_stale(disk, content->blocks[k]);
            }
        }
        names_apply(&disk->durable, change);
        sim_change_release(change);
    }
    disk->dir_pending.count = kept;
}

/* Makes the creation of an inode durable, with what was done in its directory before. */
static void disk_settle_creation(sim_disk *disk, uint32_t inode)
{
    for (size_t i = 0; i < disk->dir_pending.count; i++) {
        const sim_change *change = disk->dir_pending.items[i];
        if (change->kind == SIM_CREATE && change->inode == inode) {
            char *directory = sim_parent(change->path);
            disk_settle_names(disk, directory, i + 1);
            free(directory);
            return;
        }
    }
}

/* Reads show what is on the disk or waits to be written. */
static void disk_forget(sim_inode *inode, uint64_t off, uint64_t size)
{
    sim_content real = {0};
    content_copy(&real, &inode->durable);
    for (size_t i = 0; i < inode->pending.count; i++) {
        content_apply(&real, inode->pending.items[i]);
    }
    if (size == 0 && off == 0) {
        content_copy(&inode->current, &real);
        inode->diverged = false;
    } else {
        uint64_t end = inode->current.size < real.size ? inode->current.size : real.size;
        end = size != 0 && off + size < end ? off + size : end;
        uint8_t bytes[SIM_SECTOR];
        for (; off < end; off += sizeof bytes) {
            uint64_t part = end - off < sizeof bytes ? end - off : sizeof bytes;
            sim_content_read(&real, off, bytes, part);
            sim_content_write(&inode->current, off, bytes, part);
        }
    }
    content_free(&real);
}

void sim_disk_apply(sim_disk *disk, sim_change *change)
{
    switch (change->kind) {
    case SIM_WRITE:
    case SIM_TRUNCATE:
    case SIM_RESERVE:
        content_apply(&disk->inodes[change->inode]->current, change);
        sim_changes_push(&disk->inodes[change->inode]->pending, change);
        break;
    case SIM_SYNC:
        disk_sync_inode(disk, change->inode);
        if (disk->sync_creates) {
            disk_settle_creation(disk, change->inode);
        }
        break;
    case SIM_FORGET: disk_forget(disk->inodes[change->inode], change->off, change->size); break;
    case SIM_LOSE_PENDING:
        disk->inodes[change->inode]->diverged |= disk->inodes[change->inode]->pending.count > 0;
        sim_changes_clear(&disk->inodes[change->inode]->pending);
        break;
    case SIM_CREATE:
        while (disk->inode_count <= change->inode) {
            (void)disk_add_inode(disk);
        }
        if (change->path != NULL) {
            names_apply(&disk->current, change);
            sim_changes_push(&disk->dir_pending, change);
        }
        break;
    case SIM_UNLINK:
    case SIM_RENAME:
    case SIM_MKDIR:
        names_apply(&disk->current, change);
        sim_changes_push(&disk->dir_pending, change);
        break;
    case SIM_SYNC_DIR: disk_settle_names(disk, change->path, SIZE_MAX); break;
    }
}

/* ---- power loss ---- */

typedef struct sim_random {
    uint64_t state;
} sim_random;

static uint64_t random_below(sim_random *random, uint64_t bound)
{
    random->state += UINT64_C(0x9e3779b97f4a7c15);
    return rz_hash_u64(random->state) % bound;
}

/* What happens to the sectors of a write that do not reach the disk. */
static void crash_missing_sector(sim_content *content, const sim_disk *disk, uint64_t off, uint64_t size, bool torn,
                                 bool is_new_space, simfs_model model, sim_random *random)
{
    uint8_t bytes[SIM_SECTOR];
    if (model == SIMFS_GARBAGE && torn) {
        for (uint64_t i = 0; i < size; i++) {
            bytes[i] = (uint8_t)random_below(random, 256);
        }
        sim_content_write(content, off, bytes, size);
    } else if (model == SIMFS_STALE && is_new_space) {
        uint32_t known = disk->stale_next < SIM_STALE_MAX ? disk->stale_next : SIM_STALE_MAX;
        if (known > 0) {
            const sim_block *stale = disk->stale[random_below(random, known)];
            sim_content_write(content, off, stale->bytes + off % SIM_BLOCK, size);
        }
    }
}

/* Keeps, drops or tears one pending write. */
static void crash_write(sim_content *content, const sim_disk *disk, const sim_inode *inode, const sim_change *change,
                        simfs_model model, sim_random *random)
{
    uint64_t fate = random_below(random, 3);
    uint64_t end = change->off + change->size;
    for (uint64_t off = change->off; off < end;) {
        uint64_t next = (off / SIM_SECTOR + 1) * SIM_SECTOR;
        uint64_t size = (next < end ? next : end) - off;
        bool is_new_space = off >= inode->durable.size;
        bool kept = fate == 0 || (fate == 2 && random_below(random, 2) == 0);
        if (model == SIMFS_GROW && is_new_space) {
            kept = false;
        }
        if (kept) {
            sim_content_write(content, off, change->data + (off - change->off), size);
        } else {
            crash_missing_sector(content, disk, off, size, fate == 2, is_new_space, model, random);
        }
        off += size;
    }
    if (model == SIMFS_GROW && end > content->size) {
        content_truncate(content, end);
    }
}

static void crash_inode(const sim_disk *disk, const sim_inode *inode, simfs_model model, sim_random *random,
                        sim_content *out)
{
    content_copy(out, &inode->durable);
    size_t count = inode->pending.count;
    switch (model) {
    case SIMFS_DROP: return;
    case SIMFS_KEEP: break;
    case SIMFS_PREFIX: count = (size_t)random_below(random, count + 1); break;
    case SIMFS_SUBSET:
    case SIMFS_SUBSET_DIR:
    case SIMFS_GROW:
    case SIMFS_GARBAGE:
    case SIMFS_STALE:
        for (size_t i = 0; i < count; i++) {
            const sim_change *change = inode->pending.items[i];
            if (change->kind == SIM_WRITE) {
                crash_write(out, disk, inode, change, model, random);
            } else if (model == SIMFS_GROW || random_below(random, 2) == 0) {
                content_apply(out, change);
            }
        }
        return;
    }
    for (size_t i = 0; i < count; i++) {
        content_apply(out, inode->pending.items[i]);
    }
}

/* How many of the pending operations of change's directory survive; the same answer for each of them. */
static size_t crash_names_kept(const sim_disk *disk, const char *directory, simfs_model model, uint64_t seed)
{
    size_t count = 0;
    for (size_t i = 0; i < disk->dir_pending.count; i++) {
        count += sim_is_in(disk->dir_pending.items[i]->path, directory);
    }
    sim_random random = {rz_hash_combine(seed, rz_hash_bytes(directory, strlen(directory)))};
    switch (model) {
    case SIMFS_DROP: return 0;
    case SIMFS_PREFIX:
    case SIMFS_SUBSET_DIR: return (size_t)random_below(&random, count + 1);
    case SIMFS_KEEP:
    case SIMFS_SUBSET:
    case SIMFS_GROW:
    case SIMFS_GARBAGE:
    case SIMFS_STALE: return count;
    }
    return count;
}

static void crash_names(const sim_disk *disk, simfs_model model, uint64_t seed, sim_names *out)
{
    names_copy(out, &disk->durable);
    for (size_t i = 0; i < disk->dir_pending.count; i++) {
        const sim_change *change = disk->dir_pending.items[i];
        char *directory = sim_parent(change->path);
        size_t rank = 0;
        for (size_t k = 0; k < i; k++) {
            rank += sim_is_in(disk->dir_pending.items[k]->path, directory);
        }
        if (rank < crash_names_kept(disk, directory, model, seed)) {
            names_apply(out, change);
        }
        free(directory);
    }
}

sim_disk *sim_disk_crash(const sim_disk *disk, simfs_model model, uint64_t seed)
{
    sim_disk *left = sim_disk_create();
    left->sync_creates = disk->sync_creates;
    crash_names(disk, model, seed, &left->current);
    names_copy(&left->durable, &left->current);
    for (uint32_t i = 0; i < disk->inode_count; i++) {
        sim_inode *inode = disk_add_inode(left);
        bool reachable = false;
        for (size_t k = 0; k < left->current.count; k++) {
            reachable |= left->current.items[k].inode == i;
        }
        if (reachable) {
            sim_random random = {rz_hash_combine(seed, i)};
            crash_inode(disk, disk->inodes[i], model, &random, &inode->current);
            content_copy(&inode->durable, &inode->current);
        }
    }
    for (int i = 0; i < SIM_STALE_MAX; i++) {
        left->stale[i] = block_retain(disk->stale[i]);
    }
    left->stale_next = disk->stale_next;
    return left;
}
