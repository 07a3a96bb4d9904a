/* SPDX-License-Identifier: MIT */
/*
 * Finding files: patterns with *, ?, [a-z], the search path, and which directories may be read.
 *
 * A pattern is expanded path part by path part: a part without magic is only appended, one with magic is matched against its directory's entries. Names are sorted,
 * so that files come in the same order everywhere. Names that begin with a dot match only patterns that do.
 *
 * The access policy is checked with the system's own eyes: the directory of a file is compared by device and inode with the allowed ones, and so is each `/..` of it up to the
 * root. The system resolves symbolic links in directories on the way, so none of them leads out. (A link in the last place, to a file elsewhere, is seen as a file of the
 * directory it lies in: who may create links in an allowed directory grants what they point to.)
 */
#include "io/io.h"

#include <errno.h>
#include <string.h>

typedef struct files_list {
    RZ_ARRAY(const char *) paths;
    rz_arena *arena;
    bool failed; /* memory was refused */
} files_list;

static bool files_has_magic(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '*' || text[i] == '?' || text[i] == '[') {
            return true;
        }
    }
    return false;
}

/* Matches one character against the set at pattern (behind its '['); *out_end is behind the ']'. False too when there is no ']'. */
static bool files_match_set(const char *pattern, const char *pattern_end, char c, const char **out_end)
{
    const char *p = pattern;
    bool negated = p < pattern_end && (*p == '!' || *p == '^');
    p += negated ? 1 : 0;
    bool found = false;
    for (const char *first = p; p < pattern_end && (*p != ']' || p == first); p++) {
        if (p + 2 < pattern_end && p[1] == '-' && p[2] != ']') {
            found |= (unsigned char)c >= (unsigned char)p[0] && (unsigned char)c <= (unsigned char)p[2];
            p += 2;
        } else {
            found |= *p == c;
        }
    }
    *out_end = p < pattern_end ? p + 1 : NULL;
    return *out_end != NULL && found != negated;
}

/* Matches a whole name against one part of a pattern. Backtracks to the last star only, which is enough. */
static bool files_match(const char *pattern, const char *pattern_end, const char *name)
{
    const char *star = NULL;
    const char *star_name = NULL;
    const char *p = pattern;
    while (*name != '\0' || p < pattern_end) {
        const char *next = p < pattern_end ? p + 1 : NULL;
        bool matches = false;
        if (p < pattern_end && *p == '*') {
            star = p++;
            star_name = name;
            continue;
        }
        if (p < pattern_end && *name != '\0') {
            if (*p == '[') {
                matches = files_match_set(p + 1, pattern_end, *name, &next);
                if (next == NULL) { /* no set: an ordinary bracket */
                    next = p + 1;
                    matches = *name == '[';
                }
            } else {
                matches = *p == '?' || *p == *name;
            }
        }
        if (matches) {
            p = next;
            name++;
        } else if (star != NULL && *star_name != '\0') {
            p = star + 1;
            name = ++star_name;
        } else {
            return false;
        }
    }
    return true;
}

/* ---- expanding ---- */

typedef struct files_scan {
    files_list *found;
    const char *part;
    const char *part_end;
    const char *prefix; /* goes before names */
    bool directories;   /* only those are wanted */
} files_scan;

static bool files_take(void *user, const char *name, bool is_directory)
{
    files_scan *scan = (files_scan *)user;
    if ((name[0] == '.' && *scan->part != '.') || strcmp(name, ".") == 0 || strcmp(name, "..") == 0) {
        return true;
    }
    /* A link to a directory may be reported as no directory: those are sorted out when they are opened. */
    if ((is_directory && !scan->directories) || !files_match(scan->part, scan->part_end, name)) {
        return true;
    }
    const char *path = rz_arena_printf(scan->found->arena, "%s%s", scan->prefix, name);
    if (path == NULL || !RZ_ARRAY_PUSH(&scan->found->paths, scan->found->arena, path)) {
        scan->found->failed = true;
        return false;
    }
    return true;
}

static void files_sort(const char **paths, uint32_t count)
{
    /* Shell sort: no recursion, no allocation; lists are short. */
    for (uint32_t gap = count / 2; gap != 0; gap /= 2) {
        for (uint32_t i = gap; i < count; i++) {
            const char *path = paths[i];
            uint32_t j = i;
            for (; j >= gap && strcmp(paths[j - gap], path) > 0; j -= gap) {
                paths[j] = paths[j - gap];
            }
            paths[j] = path;
        }
    }
}

/* One that the disk fails to tell about counts: opening it says what is wrong. */
static bool files_exists(rz_vfs *vfs, const char *path)
{
    rz_file_ident ident;
    return vfs->ident_path(vfs, path, &ident) == RUZU_OK || errno == EIO;
}

/* Expands one pattern into out (sorted). Directories that cannot be listed match nothing. */
static ruzu_status files_expand(rz_vfs *vfs, const char *pattern, files_list *out, rz_error *err)
{
    files_list now = {.arena = out->arena}; /* prefixes that match so far, each with its '/' */
    const char *at = pattern;
    const char *root = *at == '/' ? "/" : "";
    while (*at == '/') {
        at++;
    }
    if (!RZ_ARRAY_PUSH(&now.paths, now.arena, root)) {
        return rz_error_no_memory(err, "finding files");
    }
    while (*at != '\0' && now.paths.count != 0) {
        const char *end = strchr(at, '/');
        end = end == NULL ? at + strlen(at) : end;
        bool is_last = *end == '\0';
        files_list next = {.arena = out->arena};
        for (uint32_t i = 0; i < now.paths.count; i++) {
            const char *prefix = now.paths.items[i];
            if (!files_has_magic(at, (size_t)(end - at))) {
                const char *path = rz_arena_printf(next.arena, "%s%.*s", prefix, (int)(end - at), at);
                if (path == NULL || ((!is_last || files_exists(vfs, path)) && !RZ_ARRAY_PUSH(&next.paths, next.arena, path))) {
                    next.failed = true;
                }
                continue;
            }
            files_scan scan = {.found = &next, .part = at, .part_end = end, .prefix = prefix, .directories = !is_last};
            (void)vfs->list(vfs, *prefix == '\0' ? "." : prefix, files_take, &scan);
        }
        for (uint32_t i = 0; !is_last && i < next.paths.count; i++) {
            next.paths.items[i] = rz_arena_printf(next.arena, "%s/", next.paths.items[i]);
            next.failed |= next.paths.items[i] == NULL;
        }
        if (next.failed) {
            return rz_error_no_memory(err, "finding files");
        }
        now = next;
        for (at = end; *at == '/'; at++) {
        }
    }
    files_sort(now.paths.items, now.paths.count);
    for (uint32_t i = 0; i < now.paths.count; i++) {
        if (!RZ_ARRAY_PUSH(&out->paths, out->arena, now.paths.items[i])) {
            return rz_error_no_memory(err, "finding files");
        }
    }
    return RUZU_OK;
}

/* The pattern as it is, then, when it is relative, in each directory of the search path. */
static ruzu_status files_find_one(const rz_file_policy *policy, const char *pattern, files_list *out, rz_error *err)
{
    uint32_t before = out->paths.count;
    /* A name with magic characters that exists is that file. */
    if (*pattern != '\0' && files_exists(policy->vfs, pattern)) {
        return RZ_ARRAY_PUSH(&out->paths, out->arena, pattern) ? RUZU_OK : rz_error_no_memory(err, "finding files");
    }
    RZ_TRY(files_expand(policy->vfs, pattern, out, err));
    const char *at = policy->search_path == NULL || *pattern == '/' ? "" : policy->search_path;
    while (out->paths.count == before && *at != '\0') {
        const char *end = strchr(at, ',');
        end = end == NULL ? at + strlen(at) : end;
        while (at < end && *at == ' ') {
            at++;
        }
        if (at < end) {
            const char *path = rz_arena_printf(out->arena, "%.*s/%s", (int)(end - at), at, pattern);
            RZ_TRY_ALLOC(path, err, "finding files");
            RZ_TRY(files_expand(policy->vfs, path, out, err));
        }
        at = *end == ',' ? end + 1 : end;
    }
    if (out->paths.count == before) {
        return rz_error_set(err, RUZU_ERROR_BINDER, "No file found that matches the pattern: %s.", pattern);
    }
    return RUZU_OK;
}

/* ---- the policy ---- */

static bool files_same(const rz_file_ident *a, const rz_file_ident *b)
{
    return a->device == b->device && a->inode == b->inode;
}

#define FILES_MAX_DEPTH 256u

/* Is the directory one of those allowed, or inside one? */
static ruzu_status files_is_inside(const rz_file_policy *policy, const char *directory, rz_arena *arena, bool *out, rz_error *err)
{
    *out = false;
    rz_vfs *vfs = policy->vfs;
    rz_str up;
    rz_str_init(&up, arena->mem);
    rz_str_append_text(&up, directory);
    rz_file_ident below = {0, 0, 0};
    for (uint32_t depth = 0; depth < FILES_MAX_DEPTH && !*out && !up.failed; depth++) {
        rz_file_ident ident;
        if (vfs->ident_path(vfs, rz_str_text(&up), &ident) != RUZU_OK || (depth != 0 && files_same(&ident, &below))) {
            break; /* beyond the root there is the root again */
        }
        below = ident;
        for (const char *at = policy->allowed; *at != '\0' && !*out;) {
            const char *end = strchr(at, ':');
            end = end == NULL ? at + strlen(at) : end;
            rz_file_ident allowed;
            const char *path = rz_arena_strndup(arena, at, (size_t)(end - at));
            if (path == NULL) {
                up.failed = true;
                break;
            }
            *out = *path != '\0' && vfs->ident_path(vfs, path, &allowed) == RUZU_OK && files_same(&ident, &allowed);
            at = *end == ':' ? end + 1 : end;
        }
        rz_str_append_text(&up, "/..");
    }
    bool failed = up.failed;
    rz_str_free(&up);
    return failed ? rz_error_no_memory(err, "finding files") : RUZU_OK;
}

static ruzu_status files_check_allowed(const rz_file_policy *policy, const char *path, const char *doing, rz_arena *arena, rz_error *err)
{
    if (policy->allowed == NULL) {
        return RUZU_OK;
    }
    const char *slash = strrchr(path, '/');
    const char *directory = slash == NULL ? "." : slash == path ? "/" : rz_arena_strndup(arena, path, (size_t)(slash - path));
    RZ_TRY_ALLOC(directory, err, "finding files");
    bool inside = false;
    RZ_TRY(files_is_inside(policy, directory, arena, &inside, err));
    return inside ? RUZU_OK : rz_error_set(err, RUZU_ERROR_IO, "%s the file %s is not allowed.", doing, path);
}

ruzu_status rz_files_check_target(const rz_file_policy *policy, const char *path, rz_arena *arena, rz_error *err)
{
    return files_check_allowed(policy, path, "Writing", arena, err);
}

static ruzu_status files_check(const rz_file_policy *policy, const char *path, rz_arena *arena, rz_error *err)
{
    bool is_directory = false;
    RZ_TRY(files_check_allowed(policy, path, "Reading", arena, err));
    if (policy->vfs->is_directory(policy->vfs, path, &is_directory) == RUZU_OK && is_directory) {
        return rz_error_set(err, RUZU_ERROR_BINDER, "Provided path is not a file: %s.", path);
    }
    return RUZU_OK;
}

ruzu_status rz_files_find(const rz_file_policy *policy, const char *const *patterns, uint32_t pattern_count, rz_arena *arena, const char *const **out_paths,
                          uint32_t *out_count, rz_error *err)
{
    *out_paths = NULL;
    *out_count = 0;
    files_list found = {.arena = arena};
    for (uint32_t i = 0; i < pattern_count; i++) {
        RZ_TRY(files_find_one(policy, patterns[i], &found, err));
    }
    for (uint32_t i = 0; i < found.paths.count; i++) {
        RZ_TRY(files_check(policy, found.paths.items[i], arena, err));
    }
    *out_paths = found.paths.items;
    *out_count = found.paths.count;
    return RUZU_OK;
}
