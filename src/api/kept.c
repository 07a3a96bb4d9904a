/* SPDX-License-Identifier: MIT */
/*
 * Plans that ruzu_query keeps for the texts it has seen. A connection has few of them, so that a look-up compares some words of memory.
 */
#include "api/api.h"

#include <string.h>

static void kept_free(ruzu_conn *conn, rz_kept_plan *kept)
{
    if (kept != NULL) {
        rz_plan_slot_clear(&kept->slot);
        rz_script_free(&kept->script);
        rz_mem_free(&conn->mem, kept, sizeof *kept);
    }
}

rz_kept_plan *rz_kept_find(ruzu_conn *conn, const char *text, size_t length, uint64_t hash)
{
    for (uint32_t i = 0; i < RZ_KEPT_PLANS; i++) {
        rz_kept_plan *kept = conn->kept[i];
        if (kept != NULL && kept->hash == hash && kept->length == length && memcmp(kept->text, text, length) == 0) {
            kept->last_use = conn->statement_count;
            return kept;
        }
    }
    return NULL;
}

rz_kept_plan *rz_kept_add(ruzu_conn *conn, const char *text, size_t length, uint64_t hash, rz_script *script)
{
    char *copy = rz_arena_strndup(&script->arena, text, length);
    rz_kept_plan *kept = copy == NULL ? NULL : (rz_kept_plan *)rz_mem_alloc(&conn->mem, sizeof *kept);
    if (kept == NULL) {
        return NULL;
    }
    kept->hash = hash;
    kept->length = length;
    kept->text = copy;
    kept->last_use = conn->statement_count;
    kept->script = *script;
    memset(script, 0, sizeof *script); /* now kept's */
    rz_plan_slot_init(&kept->slot, &conn->mem);
    uint32_t place = 0;
    for (uint32_t i = 0; i < RZ_KEPT_PLANS && conn->kept[place] != NULL; i++) {
        if (conn->kept[i] == NULL || conn->kept[i]->last_use < conn->kept[place]->last_use) {
            place = i;
        }
    }
    kept_free(conn, conn->kept[place]);
    conn->kept[place] = kept;
    return kept;
}

void rz_kept_make_room(ruzu_conn *conn, const rz_plan_slot *current, uint64_t most)
{
    while (atomic_load_explicit(&conn->kept_mem.used, memory_order_relaxed) > most) {
        rz_kept_plan *oldest = NULL;
        for (uint32_t i = 0; i < RZ_KEPT_PLANS; i++) {
            rz_kept_plan *kept = conn->kept[i];
            if (kept != NULL && kept->slot.kept != NULL && &kept->slot != current && (oldest == NULL || kept->last_use < oldest->last_use)) {
                oldest = kept;
            }
        }
        if (oldest == NULL) {
            return;
        }
        rz_kept_exec_free(oldest->slot.kept);
        oldest->slot.kept = NULL;
    }
}

void rz_kept_clear(ruzu_conn *conn)
{
    for (uint32_t i = 0; i < RZ_KEPT_PLANS; i++) {
        kept_free(conn, conn->kept[i]);
        conn->kept[i] = NULL;
    }
}
