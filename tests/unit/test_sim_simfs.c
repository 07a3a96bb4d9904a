/* SPDX-License-Identifier: MIT */
/*
 * The simulated file system itself: what each model of power loss may leave, faults, space, locks, determinism.
 */
#include "sim/simfs.h"

#include "unit/check.h"

#include <errno.h>

enum { WRITE = RZ_OPEN_WRITE | RZ_OPEN_CREATE };

static rz_file *must_open(simfs *fs, const char *path, uint32_t flags)
{
    rz_file *file = NULL;
    CHECK_EQ_I64(simfs_vfs(fs)->open(simfs_vfs(fs), path, flags, &file), RUZU_OK);
    return file;
}

static void must_write(rz_file *file, uint64_t off, char fill, size_t size)
{
    static char bytes[65536];
    memset(bytes, fill, size);
    CHECK_EQ_I64(rz_file_vfs(file)->write(file, bytes, size, off), RUZU_OK);
}

static void must_sync(rz_file *file)
{
    CHECK_EQ_I64(rz_file_vfs(file)->sync(file, true), RUZU_OK);
}

/* A file system with file "a" of 8 KiB of 'o', all durable. */
static simfs *with_old_file(uint64_t seed)
{
    simfs *fs = simfs_create(seed);
    rz_file *file = must_open(fs, "a", WRITE);
    must_write(file, 0, 'o', 8192);
    must_sync(file);
    CHECK_EQ_I64(simfs_vfs(fs)->sync_dir(simfs_vfs(fs), "a"), RUZU_OK);
    CHECK_EQ_I64(simfs_vfs(fs)->close(file), RUZU_OK);
    return fs;
}

static char byte_at(const simfs *fs, const char *path, uint64_t off)
{
    char byte = '!';
    (void)simfs_peek(fs, path, off, &byte, 1);
    return byte;
}

static void behaves_as_a_file_system(void)
{
    simfs *fs = simfs_create(1);
    rz_vfs *vfs = simfs_vfs(fs);
    rz_file *file = NULL;
    char buffer[16];
    size_t got = 99;
    CHECK_EQ_I64(vfs->open(vfs, "a", RZ_OPEN_WRITE, &file), RUZU_ERROR_IO);
    CHECK_EQ_I64(errno, ENOENT);
    CHECK(file == NULL);
    file = must_open(fs, "a", WRITE);
    CHECK(rz_file_vfs(file) == vfs);
    CHECK_EQ_I64(vfs->write(file, "hello", 5, 5000), RUZU_OK);
    CHECK_EQ_I64(vfs->read(file, buffer, 16, 4998, &got), RUZU_OK);
    CHECK_EQ_U64(got, 7);
    CHECK(memcmp(buffer, "\0\0hello", 7) == 0);
    CHECK_EQ_I64(vfs->read(file, buffer, 16, 9999, &got), RUZU_OK);
    CHECK_EQ_U64(got, 0);
    uint64_t size = 0;
    CHECK_EQ_I64(vfs->truncate(file, 5002), RUZU_OK);
    CHECK_EQ_I64(vfs->truncate(file, 5010), RUZU_OK); /* what was cut off stays gone */
    CHECK_EQ_I64(vfs->size(file, &size), RUZU_OK);
    CHECK_EQ_U64(size, 5010);
    CHECK_EQ_I64(vfs->read(file, buffer, 10, 5000, &got), RUZU_OK);
    CHECK(memcmp(buffer, "he\0\0\0\0\0\0\0\0", 10) == 0);

    rz_file_ident first;
    rz_file_ident second;
    CHECK_EQ_I64(vfs->ident(file, &first), RUZU_OK);
    CHECK_EQ_I64(vfs->rename(vfs, "./a", "b"), RUZU_OK);
    CHECK_EQ_I64(vfs->ident_path(vfs, "b", &second), RUZU_OK);
    CHECK_EQ_U64(first.inode, second.inode);
    CHECK_EQ_I64(vfs->ident_path(vfs, "a", &second), RUZU_ERROR_IO);
    CHECK_EQ_I64(errno, ENOENT);
    CHECK_EQ_I64(vfs->open(vfs, "b", WRITE | RZ_OPEN_EXCL, &(rz_file *){NULL}), RUZU_ERROR_IO);
    CHECK_EQ_I64(vfs->remove(vfs, "b"), RUZU_OK);
    CHECK_EQ_I64(vfs->ident(file, &first), RUZU_OK);
    CHECK_EQ_U64(first.link_count, 0);
    CHECK_EQ_I64(vfs->read(file, buffer, 2, 5000, &got), RUZU_OK); /* the handle still reads */
    CHECK_EQ_U64(got, 2);
    CHECK_EQ_I64(vfs->close(file), RUZU_OK);

    bool is_directory = true;
    CHECK_EQ_I64(vfs->open(vfs, "d/x", WRITE, &file), RUZU_ERROR_IO);
    CHECK_EQ_I64(vfs->make_dir(vfs, "d"), RUZU_OK);
    CHECK_EQ_I64(vfs->make_dir(vfs, "d"), RUZU_ERROR_IO);
    CHECK_EQ_I64(vfs->is_directory(vfs, "d/", &is_directory), RUZU_OK);
    CHECK(is_directory);
    CHECK_EQ_I64(vfs->close(must_open(fs, "d//x", WRITE)), RUZU_OK);
    CHECK(simfs_exists(fs, "d/x"));
    CHECK_EQ_I64(vfs->rename(vfs, "d/x", "x"), RUZU_ERROR_IO);
    CHECK_EQ_I64(errno, EXDEV);
    CHECK_EQ_I64(vfs->sync_dir(vfs, "e/x"), RUZU_ERROR_IO);
    CHECK(vfs->now_us(vfs) < vfs->now_us(vfs));
    simfs_free(fs);
}

static void locks_exclude_other_handles(void)
{
    simfs *fs = with_old_file(1);
    rz_vfs *vfs = simfs_vfs(fs);
    rz_file *first = must_open(fs, "a", WRITE);
    rz_file *second = must_open(fs, "a", WRITE);
    CHECK_EQ_I64(vfs->lock(first, RZ_LOCK_EXCLUSIVE), RUZU_OK);
    CHECK_EQ_I64(vfs->lock(second, RZ_LOCK_SHARED), RUZU_ERROR_LOCKED);
    CHECK_EQ_I64(vfs->lock(first, RZ_LOCK_SHARED), RUZU_OK);
    CHECK_EQ_I64(vfs->lock(second, RZ_LOCK_SHARED), RUZU_OK);
    CHECK_EQ_I64(vfs->lock(first, RZ_LOCK_EXCLUSIVE), RUZU_ERROR_LOCKED);
    CHECK_EQ_I64(vfs->close(second), RUZU_OK);
    CHECK_EQ_I64(vfs->lock(first, RZ_LOCK_EXCLUSIVE), RUZU_OK);
    simfs *after = simfs_crash(fs, simfs_op_count(fs), SIMFS_KEEP, 0);
    rz_file *third = must_open(after, "a", WRITE);
    CHECK_EQ_I64(rz_file_vfs(third)->lock(third, RZ_LOCK_EXCLUSIVE), RUZU_OK); /* locks die with their process */
    simfs_free(after);
    simfs_free(fs);
}

typedef struct seen_names {
    int files;
    int directories;
} seen_names;

static bool see_name(void *user, const char *name, bool is_directory)
{
    seen_names *seen = (seen_names *)user;
    CHECK(strchr(name, '/') == NULL);
    seen->files += !is_directory;
    seen->directories += is_directory;
    return true;
}

static void directories_are_listed(void)
{
    simfs *fs = simfs_create(1);
    rz_vfs *vfs = simfs_vfs(fs);
    CHECK_EQ_I64(vfs->make_dir(vfs, "d"), RUZU_OK);
    CHECK_EQ_I64(vfs->make_dir(vfs, "d/e"), RUZU_OK);
    CHECK_EQ_I64(vfs->close(must_open(fs, "d/1", WRITE)), RUZU_OK);
    CHECK_EQ_I64(vfs->close(must_open(fs, "d/2", WRITE)), RUZU_OK);
    CHECK_EQ_I64(vfs->close(must_open(fs, "d/e/3", WRITE)), RUZU_OK);
    seen_names seen = {0, 0};
    CHECK_EQ_I64(vfs->list(vfs, "d", see_name, &seen), RUZU_OK);
    CHECK_EQ_I64(seen.files, 2);
    CHECK_EQ_I64(seen.directories, 1);
    CHECK_EQ_I64(vfs->list(vfs, "nowhere", see_name, &seen), RUZU_ERROR_IO);
    simfs_free(fs);
}

static void synced_bytes_survive_every_model(void)
{
    simfs *fs = with_old_file(7);
    for (int model = 0; model < SIMFS_MODEL_COUNT; model++) {
        for (uint64_t seed = 0; seed < 5; seed++) {
            simfs *after = simfs_crash(fs, simfs_op_count(fs), (simfs_model)model, seed);
            CHECK_EQ_U64(simfs_file_size(after, "a"), 8192);
            for (uint64_t off = 0; off < 8192; off += 511) {
                CHECK_EQ_I64(byte_at(after, "a", off), 'o');
            }
            simfs_free(after);
        }
    }
    simfs_free(fs);
}

/* The distinct states that `seeds` power losses under one model leave of file "a": one letter a sector, as text. */
static int count_states(simfs *fs, simfs_model model, int seeds, char states[][64], const char *allowed)
{
    int count = 0;
    for (int seed = 0; seed < seeds; seed++) {
        simfs *after = simfs_crash(fs, simfs_op_count(fs), model, (uint64_t)seed);
        char text[64] = "";
        uint64_t sectors = (simfs_file_size(after, "a") + 511) / 512;
        for (uint64_t i = 0; i < sectors && i < 63; i++) {
            char byte = byte_at(after, "a", i * 512);
            if (byte == 0) {
                byte = '0';
            } else if (strchr("on", byte) == NULL) {
                byte = '?'; /* neither old nor new: garbage or stale */
            }
            CHECK(strchr(allowed, byte) != NULL);
            text[i] = byte;
        }
        int found = 0;
        while (found < count && strcmp(states[found], text) != 0) {
            found++;
        }
        if (found == count) {
            memcpy(states[count++], text, sizeof text);
        }
        simfs_free(after);
    }
    return count;
}

static bool has_state(char states[][64], int count, const char *text)
{
    for (int i = 0; i < count; i++) {
        if (strcmp(states[i], text) == 0) {
            return true;
        }
    }
    return false;
}

static void unsynced_write_is_kept_dropped_or_torn(void)
{
    static char states[200][64];
    simfs *fs = with_old_file(3);
    rz_file *file = must_open(fs, "a", WRITE);
    must_write(file, 1024, 'n', 1024);  /* in place: sectors 2 and 3 */
    must_write(file, 8192, 'n', 1024);  /* growing: sectors 16 and 17 */

    CHECK_EQ_I64(count_states(fs, SIMFS_KEEP, 3, states, "on"), 1);
    CHECK_STR(states[0], "oonnoooooooooooonn");
    CHECK_EQ_I64(count_states(fs, SIMFS_DROP, 3, states, "o"), 1);
    CHECK_STR(states[0], "oooooooooooooooo");

    int count = count_states(fs, SIMFS_PREFIX, 60, states, "on");
    CHECK_EQ_I64(count, 3);
    CHECK(has_state(states, count, "oonnoooooooooooo"));

    count = count_states(fs, SIMFS_SUBSET, 200, states, "on0");
    CHECK(has_state(states, count, "oooooooooooooooo"));
    CHECK(has_state(states, count, "oonnoooooooooooonn"));
    CHECK(has_state(states, count, "oonooooooooooooo"));   /* torn */
    CHECK(has_state(states, count, "ooonoooooooooooo"));
    CHECK(has_state(states, count, "oooooooooooooooonn")); /* the later one alone */
    CHECK(has_state(states, count, "oooooooooooooooo0n")); /* a hole where a sector is missing */
    CHECK(!has_state(states, count, "oooooooooooooooo00"));

    count = count_states(fs, SIMFS_GROW, 60, states, "on0");
    CHECK(has_state(states, count, "oonnoooooooooooo00")); /* size without content */
    CHECK(!has_state(states, count, "oooooooooooooooo"));

    count = count_states(fs, SIMFS_GARBAGE, 200, states, "on0?");
    CHECK(has_state(states, count, "oonnoooooooooooo?n"));
    CHECK(has_state(states, count, "oo?noooooooooooo"));
    simfs_free(fs);
}

static void new_space_may_show_what_was_there_before(void)
{
    static char states[200][64];
    simfs *fs = with_old_file(3);
    rz_vfs *vfs = simfs_vfs(fs);
    rz_file *other = must_open(fs, "other", WRITE);
    must_write(other, 0, 's', 8192);
    must_sync(other);
    CHECK_EQ_I64(vfs->truncate(other, 0), RUZU_OK);
    must_sync(other); /* its blocks are free now */
    rz_file *file = must_open(fs, "a", WRITE);
    must_write(file, 8192, 'n', 1024);
    int count = count_states(fs, SIMFS_STALE, 100, states, "on?");
    CHECK(has_state(states, count, "oooooooooooooooo??"));
    CHECK(has_state(states, count, "oooooooooooooooo?n"));
    CHECK(has_state(states, count, "oooooooooooooooonn"));
    simfs_free(fs);
}

static void names_need_their_directory_synced(void)
{
    simfs *fs = with_old_file(5);
    rz_vfs *vfs = simfs_vfs(fs);
    rz_file *file = must_open(fs, "b", WRITE);
    must_write(file, 0, 'n', 100);
    must_sync(file);
    simfs *after = simfs_crash(fs, simfs_op_count(fs), SIMFS_DROP, 0);
    CHECK(!simfs_exists(after, "b")); /* the contents are safe, the name is not */
    simfs_free(after);
    CHECK_EQ_I64(vfs->sync_dir(vfs, "b"), RUZU_OK);
    after = simfs_crash(fs, simfs_op_count(fs), SIMFS_DROP, 0);
    CHECK_EQ_U64(simfs_file_size(after, "b"), 100);
    simfs_free(after);

    CHECK_EQ_I64(vfs->rename(vfs, "b", "a"), RUZU_OK);
    after = simfs_crash(fs, simfs_op_count(fs), SIMFS_DROP, 0);
    CHECK_EQ_I64(byte_at(after, "a", 0), 'o');
    CHECK_EQ_I64(byte_at(after, "b", 0), 'n');
    simfs_free(after);
    after = simfs_crash(fs, simfs_op_count(fs), SIMFS_KEEP, 0);
    CHECK_EQ_I64(byte_at(after, "a", 0), 'n');
    CHECK(!simfs_exists(after, "b"));
    simfs_free(after);
    simfs_free(fs);
}

static void lost_removal_brings_the_first_file_back(void)
{
    simfs *fs = with_old_file(5);
    rz_vfs *vfs = simfs_vfs(fs);
    CHECK_EQ_I64(vfs->remove(vfs, "a"), RUZU_OK);
    rz_file *file = must_open(fs, "a", WRITE);
    must_write(file, 0, 'n', 100);
    must_sync(file);
    simfs *after = simfs_crash(fs, simfs_op_count(fs), SIMFS_DROP, 0);
    CHECK_EQ_U64(simfs_file_size(after, "a"), 8192); /* another inode than the one synced */
    CHECK_EQ_I64(byte_at(after, "a", 0), 'o');
    simfs_free(after);
    bool absent = false;
    bool old = false;
    bool new = false;
    for (uint64_t seed = 0; seed < 40; seed++) {
        after = simfs_crash(fs, simfs_op_count(fs), SIMFS_SUBSET_DIR, seed);
        absent |= !simfs_exists(after, "a");
        old |= byte_at(after, "a", 0) == 'o';
        new |= byte_at(after, "a", 0) == 'n';
        simfs_free(after);
    }
    CHECK(absent && old && new);
    simfs_free(fs);
}

static void sync_of_a_new_file_may_keep_its_name(void)
{
    simfs *fs = simfs_create(1);
    simfs_set_sync_creates(fs, true);
    rz_vfs *vfs = simfs_vfs(fs);
    CHECK_EQ_I64(vfs->close(must_open(fs, "a", WRITE)), RUZU_OK);
    CHECK_EQ_I64(vfs->remove(vfs, "a"), RUZU_OK);
    rz_file *file = must_open(fs, "a", WRITE);
    must_write(file, 0, 'n', 10);
    must_sync(file);
    CHECK_EQ_I64(vfs->sync_dir(vfs, "a"), RUZU_OK);
    for (uint64_t back = 0; back < 2; back++) {
        simfs *after = simfs_crash(fs, simfs_op_count(fs) - back, SIMFS_DROP, 0);
        CHECK_EQ_U64(simfs_file_size(after, "a"), 10);
        simfs_free(after);
    }
    simfs_free(fs);
}

static void temporary_file_leaves_nothing(void)
{
    simfs *fs = simfs_create(1);
    rz_file *file = must_open(fs, "spill", RZ_OPEN_TEMP);
    must_write(file, 0, 'x', 5000);
    must_sync(file);
    CHECK(!simfs_exists(fs, "spill"));
    CHECK_EQ_U64(simfs_used_bytes(fs), 8192);
    simfs *after = simfs_crash(fs, simfs_op_count(fs), SIMFS_KEEP, 0);
    CHECK_EQ_U64(simfs_used_bytes(after), 0);
    simfs_free(after);
    CHECK_EQ_I64(simfs_vfs(fs)->close(file), RUZU_OK);
    CHECK_EQ_U64(simfs_used_bytes(fs), 0);
    simfs_free(fs);
}

static void every_earlier_moment_can_be_asked_for(void)
{
    simfs *fs = simfs_create(9);
    rz_file *file = must_open(fs, "a", WRITE);
    CHECK_EQ_I64(simfs_vfs(fs)->sync_dir(simfs_vfs(fs), "a"), RUZU_OK);
    for (uint64_t i = 0; i < 20; i++) {
        must_write(file, i * 10, (char)('a' + i), 10);
        uint64_t size;
        CHECK_EQ_I64(simfs_vfs(fs)->size(file, &size), RUZU_OK); /* changes nothing: no crash point */
    }
    CHECK_EQ_U64(simfs_op_count(fs), 42);
    static const uint64_t order[] = {42, 0, 10, 20, 15, 2, 41};
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        simfs *after = simfs_crash(fs, order[i], SIMFS_KEEP, 0);
        CHECK_EQ_U64(simfs_file_size(after, "a"), order[i] < 2 ? 0 : (order[i] - 1) / 2 * 10);
        CHECK_EQ_I64(simfs_exists(after, "a"), order[i] > 0);
        simfs_free(after);
    }
    uint64_t points = 0;
    for (uint64_t k = simfs_next_crash_point(fs, 0); k != UINT64_MAX; k = simfs_next_crash_point(fs, k)) {
        points++;
    }
    CHECK_EQ_U64(points, 22);
    CHECK_EQ_U64(simfs_next_crash_point(fs, 0), 1);
    CHECK_EQ_U64(simfs_next_crash_point(fs, 3), 5);
    char text[100];
    CHECK_STR(simfs_describe(fs, 4, text, sizeof text), "4: write a at 10, 10 bytes");
    CHECK_EQ_I64(simfs_op_kind_at(fs, 4), SIMFS_OP_WRITE);
    simfs_free(fs);
}

static void same_seed_gives_the_same_loss(void)
{
    simfs *fs = with_old_file(11);
    rz_file *file = must_open(fs, "a", WRITE);
    for (uint64_t i = 0; i < 8; i++) {
        must_write(file, i * 3000, (char)('a' + i), 3000);
    }
    static uint8_t first[24000];
    static uint8_t second[24000];
    int differing = 0;
    for (int model = SIMFS_PREFIX; model < SIMFS_MODEL_COUNT; model++) {
        for (uint64_t seed = 0; seed < 4; seed++) {
            simfs *a = simfs_crash(fs, simfs_op_count(fs), (simfs_model)model, seed);
            simfs *b = simfs_crash(fs, simfs_op_count(fs), (simfs_model)model, seed);
            simfs *c = simfs_crash(fs, simfs_op_count(fs), (simfs_model)model, seed + 100);
            uint64_t size = simfs_file_size(a, "a");
            CHECK_EQ_U64(simfs_file_size(b, "a"), size);
            CHECK(simfs_peek(a, "a", 0, first, size) && simfs_peek(b, "a", 0, second, size));
            CHECK(memcmp(first, second, size) == 0);
            differing += simfs_file_size(c, "a") != size || !simfs_peek(c, "a", 0, second, size) ||
                         memcmp(first, second, size) != 0;
            simfs_free(a);
            simfs_free(b);
            simfs_free(c);
        }
    }
    CHECK(differing > 12);
    uint64_t x = 0;
    uint64_t y = 1;
    simfs *one = simfs_create(5);
    simfs *two = simfs_create(5);
    simfs_vfs(one)->random(simfs_vfs(one), &x, sizeof x);
    simfs_vfs(two)->random(simfs_vfs(two), &y, sizeof y);
    CHECK_EQ_U64(x, y);
    simfs_free(one);
    simfs_free(two);
    simfs_free(fs);
}

static void chosen_operation_fails(void)
{
    simfs *fs = with_old_file(1);
    rz_vfs *vfs = simfs_vfs(fs);
    rz_file *file = must_open(fs, "a", WRITE);
    uint64_t op = simfs_op_count(fs);
    simfs_add_fault(fs, (simfs_fault){.op = op + 1, .action = SIMFS_FAIL, .error_number = EIO});
    must_write(file, 0, 'n', 10);
    CHECK_EQ_I64(vfs->write(file, "x", 1, 0), RUZU_ERROR_IO);
    CHECK_EQ_I64(errno, EIO);
    CHECK_EQ_I64(byte_at(fs, "a", 0), 'n');
    must_write(file, 0, 'n', 10); /* once only */
    CHECK_EQ_U64(simfs_fault_hits(fs), 1);

    simfs_add_fault(fs, (simfs_fault){.op = SIMFS_ANY_OP, .kinds = SIMFS_KIND(SIMFS_OP_WRITE), .path = "a", .skip = 2,
                                      .forever = true, .action = SIMFS_FAIL, .error_number = ENOSPC});
    char byte;
    size_t got;
    must_write(file, 0, '1', 10);
    CHECK_EQ_I64(vfs->read(file, &byte, 1, 0, &got), RUZU_OK);
    must_write(file, 0, '2', 10);
    CHECK_EQ_I64(vfs->write(file, "x", 1, 0), RUZU_ERROR_DISK_FULL);
    CHECK_EQ_I64(vfs->write(file, "x", 1, 0), RUZU_ERROR_DISK_FULL);
    must_sync(file);
    rz_file *other = must_open(fs, "other", WRITE);
    must_write(other, 0, 'x', 10);
    simfs_clear_faults(fs);
    must_write(file, 0, '3', 10);
    CHECK_EQ_U64(simfs_fault_hits(fs), 3);
    simfs_free(fs);
}

static void every_kind_of_operation_can_fail(void)
{
    simfs *fs = with_old_file(1);
    rz_vfs *vfs = simfs_vfs(fs);
    rz_file *file = must_open(fs, "a", WRITE);
    rz_file *other = NULL;
    char byte;
    size_t got;
    uint64_t size;
    bool flag;
    rz_file_ident ident;
    simfs_add_fault(fs, (simfs_fault){.op = SIMFS_ANY_OP, .forever = true, .action = SIMFS_FAIL, .error_number = EIO});
    CHECK_EQ_I64(vfs->open(vfs, "a", WRITE, &other), RUZU_ERROR_IO);
    CHECK_EQ_I64(vfs->read(file, &byte, 1, 0, &got), RUZU_ERROR_IO);
    CHECK_EQ_I64(vfs->write(file, "x", 1, 0), RUZU_ERROR_IO);
    CHECK_EQ_I64(vfs->sync(file, true), RUZU_ERROR_IO);
    CHECK_EQ_I64(vfs->size(file, &size), RUZU_ERROR_IO);
    CHECK_EQ_I64(vfs->truncate(file, 0), RUZU_ERROR_IO);
    CHECK_EQ_I64(vfs->reserve(file, 100000), RUZU_ERROR_IO);
    CHECK_EQ_I64(vfs->sync_dir(vfs, "a"), RUZU_ERROR_IO);
    CHECK_EQ_I64(vfs->remove(vfs, "a"), RUZU_ERROR_IO);
    CHECK_EQ_I64(vfs->rename(vfs, "a", "b"), RUZU_ERROR_IO);
    CHECK_EQ_I64(vfs->lock(file, RZ_LOCK_SHARED), RUZU_ERROR_IO);
    CHECK_EQ_I64(vfs->ident(file, &ident), RUZU_ERROR_IO);
    CHECK_EQ_I64(vfs->ident_path(vfs, "a", &ident), RUZU_ERROR_IO);
    CHECK_EQ_I64(vfs->is_directory(vfs, "a", &flag), RUZU_ERROR_IO);
    CHECK_EQ_I64(vfs->make_dir(vfs, "d"), RUZU_ERROR_IO);
    CHECK_EQ_I64(vfs->list(vfs, "", see_name, &(seen_names){0, 0}), RUZU_ERROR_IO);
    CHECK_EQ_I64(vfs->close(file), RUZU_ERROR_IO); /* and frees the handle all the same */
    CHECK_EQ_U64(simfs_fault_hits(fs), 17);
    simfs_clear_faults(fs);
    CHECK_EQ_U64(simfs_file_size(fs, "a"), 8192);
    CHECK_EQ_I64(byte_at(fs, "a", 0), 'o');
    simfs_free(fs);
}

static void short_write_stores_a_beginning(void)
{
    bool some = false;
    for (uint64_t seed = 0; seed < 10; seed++) {
        simfs *fs = with_old_file(seed);
        rz_file *file = must_open(fs, "a", WRITE);
        simfs_add_fault(fs, (simfs_fault){.op = SIMFS_ANY_OP, .kinds = SIMFS_KIND(SIMFS_OP_WRITE),
                                          .action = SIMFS_SHORT_WRITE, .error_number = ENOSPC});
        static char bytes[4096];
        memset(bytes, 'n', sizeof bytes);
        CHECK_EQ_I64(rz_file_vfs(file)->write(file, bytes, sizeof bytes, 0), RUZU_ERROR_DISK_FULL);
        uint64_t stored = 0;
        while (stored < 4096 && byte_at(fs, "a", stored) == 'n') {
            stored++;
        }
        for (uint64_t i = stored; i < 8192; i++) {
            CHECK_EQ_I64(byte_at(fs, "a", i), 'o');
        }
        some |= stored > 0 && stored < 4096;
        simfs_free(fs);
    }
    CHECK(some);
}

static void rotten_read_flips_one_bit(void)
{
    simfs *fs = with_old_file(1);
    rz_file *file = must_open(fs, "a", RZ_OPEN_READ);
    simfs_add_fault(fs, (simfs_fault){.op = SIMFS_ANY_OP, .kinds = SIMFS_KIND(SIMFS_OP_READ), .action = SIMFS_BIT_ROT});
    uint8_t bytes[4096];
    size_t got;
    uint32_t flipped = 0;
    CHECK_EQ_I64(rz_file_vfs(file)->read(file, bytes, sizeof bytes, 0, &got), RUZU_OK);
    for (size_t i = 0; i < sizeof bytes; i++) {
        flipped += rz_popcount64(bytes[i] ^ (uint8_t)'o');
    }
    CHECK_EQ_U64(flipped, 1);
    CHECK_EQ_I64(rz_file_vfs(file)->read(file, bytes, sizeof bytes, 0, &got), RUZU_OK);
    CHECK(memchr(bytes, 'o', 1) != NULL && memcmp(bytes, bytes + 1, 4095) == 0);
    simfs_free(fs);
}

static void power_off_stops_everything(void)
{
    simfs *fs = with_old_file(1);
    rz_file *file = must_open(fs, "a", WRITE);
    must_write(file, 0, 'n', 10);
    uint64_t op = simfs_op_count(fs);
    simfs_add_fault(fs, (simfs_fault){.op = op, .action = SIMFS_POWER_OFF});
    CHECK_EQ_I64(rz_file_vfs(file)->sync(file, true), RUZU_ERROR_IO);
    CHECK_EQ_I64(rz_file_vfs(file)->sync(file, true), RUZU_ERROR_IO);
    CHECK_EQ_I64(rz_file_vfs(file)->write(file, "x", 1, 0), RUZU_ERROR_IO);
    simfs *after = simfs_crash(fs, simfs_op_count(fs), SIMFS_DROP, 0);
    CHECK_EQ_I64(byte_at(after, "a", 0), 'o'); /* nothing was synced */
    simfs_free(after);
    simfs_clear_faults(fs);
    must_sync(file);
    simfs_free(fs);
}

static void failed_sync_leaves_what_its_model_says(void)
{
    static const simfs_sync_failure failures[] = {SIMFS_SYNC_KEEP, SIMFS_SYNC_LOSE, SIMFS_SYNC_LATE};
    for (int i = 0; i < 3; i++) {
        simfs *fs = with_old_file(1);
        rz_file *file = must_open(fs, "a", WRITE);
        must_write(file, 0, 'n', 10);
        simfs_add_fault(fs, (simfs_fault){.op = SIMFS_ANY_OP, .kinds = SIMFS_KIND(SIMFS_OP_SYNC), .action = SIMFS_FAIL,
                                          .error_number = EIO, .sync_failure = failures[i]});
        bool late = failures[i] == SIMFS_SYNC_LATE;
        CHECK_EQ_I64(rz_file_vfs(file)->sync(file, true), late ? RUZU_OK : RUZU_ERROR_IO);
        must_write(file, 100, 'n', 10);
        CHECK_EQ_I64(rz_file_vfs(file)->sync(file, true), late ? RUZU_ERROR_IO : RUZU_OK);
        must_sync(file);
        CHECK_EQ_I64(byte_at(fs, "a", 0), 'n'); /* the cache shows it either way */
        simfs *after = simfs_crash(fs, simfs_op_count(fs), SIMFS_KEEP, 0);
        CHECK_EQ_I64(byte_at(after, "a", 0), failures[i] == SIMFS_SYNC_LOSE ? 'o' : 'n');
        CHECK_EQ_I64(byte_at(after, "a", 100), failures[i] == SIMFS_SYNC_LATE ? 'o' : 'n');
        simfs_free(after);
        /* Forgetting leaves what is on the disk, and what waits to be written. */
        must_write(file, 50, 'w', 10);
        simfs_vfs(fs)->forget(file, 0, 60);
        CHECK_EQ_I64(byte_at(fs, "a", 0), failures[i] == SIMFS_SYNC_LOSE ? 'o' : 'n');
        CHECK_EQ_I64(byte_at(fs, "a", 50), 'w');
        CHECK_EQ_I64(byte_at(fs, "a", 100), 'n');
        simfs_vfs(fs)->forget(file, 0, 0);
        CHECK_EQ_I64(byte_at(fs, "a", 50), 'w');
        CHECK_EQ_I64(byte_at(fs, "a", 100), failures[i] == SIMFS_SYNC_LATE ? 'o' : 'n');
        simfs_free(fs);
    }
}

static void quota_is_disk_full(void)
{
    simfs *fs = with_old_file(1);
    rz_vfs *vfs = simfs_vfs(fs);
    CHECK_EQ_U64(simfs_used_bytes(fs), 8192);
    simfs_set_quota(fs, 16384);
    rz_file *file = must_open(fs, "b", WRITE);
    CHECK_EQ_I64(vfs->reserve(file, 8193), RUZU_ERROR_DISK_FULL);
    CHECK_EQ_I64(errno, ENOSPC);
    CHECK_EQ_U64(simfs_file_size(fs, "b"), 0);
    CHECK_EQ_I64(vfs->truncate(file, 100000), RUZU_OK); /* a hole takes no space */
    static char bytes[12288];
    memset(bytes, 'n', sizeof bytes);
    CHECK_EQ_I64(vfs->write(file, bytes, 12288, 0), RUZU_ERROR_DISK_FULL);
    CHECK_EQ_I64(byte_at(fs, "b", 8191), 'n'); /* as much as there was room for */
    CHECK_EQ_I64(byte_at(fs, "b", 8192), 0);
    must_write(file, 0, 'm', 8192); /* overwriting takes none */
    CHECK_EQ_I64(vfs->write(file, bytes, 1, 50000), RUZU_ERROR_DISK_FULL);
    CHECK_EQ_I64(vfs->remove(vfs, "a"), RUZU_OK);
    CHECK_EQ_I64(vfs->reserve(file, 16384), RUZU_OK);
    must_write(file, 12288, 'n', 4096); /* reserved space is there */
    CHECK_EQ_U64(simfs_most_used_bytes(fs), 16384);
    CHECK_EQ_I64(vfs->truncate(file, 0), RUZU_OK);
    CHECK_EQ_U64(simfs_used_bytes(fs), 0);
    simfs_free(fs);
}

static void damage_and_copies_are_separate(void)
{
    simfs *fs = with_old_file(1);
    simfs *copy = simfs_copy(fs);
    CHECK(simfs_poke(copy, "a", 100, "xyz", 3));
    CHECK_EQ_I64(byte_at(copy, "a", 101), 'y');
    CHECK_EQ_I64(byte_at(fs, "a", 101), 'o');
    CHECK(!simfs_poke(copy, "a", 8190, "xyz", 3));
    CHECK(!simfs_poke(copy, "absent", 0, "x", 1));
    simfs *after = simfs_crash(copy, simfs_op_count(copy), SIMFS_DROP, 0);
    CHECK_EQ_I64(byte_at(after, "a", 102), 'z');
    simfs_free(after);
    simfs_free(copy);
    simfs_free(fs);
}

int main(void)
{
    RUN(behaves_as_a_file_system);
    RUN(locks_exclude_other_handles);
    RUN(directories_are_listed);
    RUN(synced_bytes_survive_every_model);
    RUN(unsynced_write_is_kept_dropped_or_torn);
    RUN(new_space_may_show_what_was_there_before);
    RUN(names_need_their_directory_synced);
    RUN(lost_removal_brings_the_first_file_back);
    RUN(sync_of_a_new_file_may_keep_its_name);
    RUN(temporary_file_leaves_nothing);
    RUN(every_earlier_moment_can_be_asked_for);
    RUN(same_seed_gives_the_same_loss);
    RUN(chosen_operation_fails);
    RUN(every_kind_of_operation_can_fail);
    RUN(short_write_stores_a_beginning);
    RUN(rotten_read_flips_one_bit);
    RUN(power_off_stops_everything);
    RUN(failed_sync_leaves_what_its_model_says);
    RUN(quota_is_disk_full);
    RUN(damage_and_copies_are_separate);
    return CHECK_DONE();
}
