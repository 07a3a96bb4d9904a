/* SPDX-License-Identifier: MIT */
/*
 * Finding files: patterns, search path, what the policy lets through.
 */
#include "io/io.h"

#include "check.h"

#include <unistd.h>

static rz_mem files_mem;
static char files_root[128];

static void files_touch(const char *name)
{
    char path[256];
    rz_vfs *vfs = rz_vfs_posix();
    rz_file *file = NULL;
    snprintf(path, sizeof path, "%s/%s", files_root, name);
    CHECK_EQ_I64(vfs->open(vfs, path, RZ_OPEN_WRITE | RZ_OPEN_CREATE, &file), RUZU_OK);
    CHECK_EQ_I64(vfs->close(file), RUZU_OK);
}

static void files_make_dir(const char *name)
{
    char path[256];
    rz_vfs *vfs = rz_vfs_posix();
    snprintf(path, sizeof path, "%s/%s", files_root, name);
    CHECK_EQ_I64(vfs->make_dir(vfs, path), RUZU_OK);
}

static void files_unlink(const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", files_root, name);
    CHECK(unlink(path) == 0 || rmdir(path) == 0);
}

/* The names found, below the root, with a blank behind each; or the error. */
static void files_expect(const char *allowed, const char *search_path, const char *pattern, const char *want)
{
    rz_arena arena;
    rz_arena_init(&arena, &files_mem);
    rz_error err;
    rz_error_init(&err);
    rz_file_policy policy = {.vfs = rz_vfs_posix(), .allowed = allowed, .search_path = search_path};
    const char *const *paths = NULL;
    uint32_t count = 0;
    char got[4200] = "";
    if (rz_files_find(&policy, &pattern, 1, &arena, &paths, &count, &err) != RUZU_OK) {
        memcpy(got, err.message, strlen(err.message) + 1);
    }
    size_t root_length = strlen(files_root);
    for (uint32_t i = 0; i < count; i++) {
        CHECK(strncmp(paths[i], files_root, root_length) == 0);
        strncat(got, paths[i] + root_length + 1, sizeof got - strlen(got) - 2);
        strncat(got, " ", sizeof got - strlen(got) - 2);
    }
    CHECK_STR(got, want);
    rz_arena_free(&arena);
}

static const char *files_path(const char *name)
{
    static char paths[4][256];
    static uint32_t next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", files_root, name);
    return path;
}

static void files_patterns_match_sorted_names(void)
{
    files_expect(NULL, NULL, files_path("a1.csv"), "a1.csv ");
    files_expect(NULL, NULL, files_path("*.csv"), "a1.csv a2.csv b1.csv ");
    files_expect(NULL, NULL, files_path("a?.csv"), "a1.csv a2.csv ");
    files_expect(NULL, NULL, files_path("[b-z]*.c*v"), "b1.csv ");
    files_expect(NULL, NULL, files_path("[!a]1.csv"), "b1.csv ");
    files_expect(NULL, NULL, files_path("*/x*"), "sub/x.csv ");
    files_expect(NULL, NULL, files_path("s[u]b/*.csv"), "sub/x.csv ");
    files_expect(NULL, NULL, files_path(".h*"), ".hidden.csv ");
    char want[512];
    snprintf(want, sizeof want, "Binder exception: No file found that matches the pattern: %s/nothing*.csv.", files_root);
    files_expect(NULL, NULL, files_path("nothing*.csv"), want);
    snprintf(want, sizeof want, "Binder exception: Provided path is not a file: %s/sub.", files_root);
    files_expect(NULL, NULL, files_path("sub"), want);
}

static void files_search_path_is_tried_in_order(void)
{
    char search[512];
    snprintf(search, sizeof search, "/nowhere, %s", files_root);
    files_expect(NULL, search, "a[12].csv", "a1.csv a2.csv ");
    files_expect(NULL, search, "sub/x.csv", "sub/x.csv ");
    files_expect(NULL, "/nowhere", "a1.csv-that-is-not-here", "Binder exception: No file found that matches the pattern: a1.csv-that-is-not-here.");
}

static void files_policy_holds_against_detours(void)
{
    char allowed[512];
    char want[512];
    snprintf(allowed, sizeof allowed, "/nowhere:%s/sub", files_root);
    files_expect(files_root, NULL, files_path("sub/x.csv"), "sub/x.csv ");
    files_expect(allowed, NULL, files_path("sub/x.csv"), "sub/x.csv ");
    snprintf(want, sizeof want, "IO exception: Reading the file %s/a1.csv is not allowed.", files_root);
    files_expect(allowed, NULL, files_path("a1.csv"), want);
    files_expect("", NULL, files_path("a1.csv"), want);
    snprintf(want, sizeof want, "IO exception: Reading the file %s/sub/../a1.csv is not allowed.", files_root);
    files_expect(allowed, NULL, files_path("sub/../a1.csv"), want);
    /* A link in an allowed directory to a directory outside of it. */
    CHECK(symlink(files_root, files_path("sub/up")) == 0);
    snprintf(want, sizeof want, "IO exception: Reading the file %s/sub/up/a1.csv is not allowed.", files_root);
    files_expect(allowed, NULL, files_path("sub/up/a1.csv"), want);
    files_unlink("sub/up");
}

int main(void)
{
    rz_mem_init(&files_mem, NULL, UINT64_MAX);
    snprintf(files_root, sizeof files_root, "/tmp/ruzu-test-files-%u", rz_process_id());
    CHECK_EQ_I64(rz_vfs_posix()->make_dir(rz_vfs_posix(), files_root), RUZU_OK);
    files_touch("b1.csv");
    files_touch("a2.csv");
    files_touch("a1.csv");
    files_touch("a1.txt");
    files_touch(".hidden.csv");
    files_make_dir("sub");
    files_touch("sub/x.csv");
    RUN(files_patterns_match_sorted_names);
    RUN(files_search_path_is_tried_in_order);
    RUN(files_policy_holds_against_detours);
    static const char *const names[] = {"sub/x.csv", "sub", ".hidden.csv", "a1.txt", "a1.csv", "a2.csv", "b1.csv", ""};
    for (uint32_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        files_unlink(names[i]);
    }
    CHECK_EQ_U64(atomic_load(&files_mem.used), 0);
    return CHECK_DONE();
}
