/* SPDX-License-Identifier: MIT */
/*
 * Sets of nodes as bits.
 */
#include "executor/node_set.h"

#include <string.h>

#define NODE_SET_FIRST_WORDS 64u

ruzu_status rz_node_set_create(rz_mem *mem, rz_node_set **out, rz_error *err)
{
    *out = (rz_node_set *)rz_mem_calloc(mem, 1, sizeof **out);
    RZ_TRY_ALLOC(*out, err, "collecting nodes");
    (*out)->mem = mem;
    return RUZU_OK;
}

void rz_node_set_free(rz_node_set *set)
{
    if (set != NULL) {
        rz_mem_free(set->mem, set->words, (size_t)set->word_count * sizeof *set->words);
        rz_mem_free(set->mem, set, sizeof *set);
    }
}

void rz_node_set_reset(rz_node_set *set)
{
    if (set->touched_all) {
        memset(set->words, 0, (size_t)set->word_count * sizeof *set->words);
    }
    for (uint32_t i = 0; i < set->touched_count && !set->touched_all; i++) {
        set->words[set->touched[i]] = 0;
    }
    set->count = 0;
    set->touched_count = 0;
    set->touched_all = false;
}

uint64_t rz_node_set_bytes(const rz_node_set *set)
{
    return set->word_count * sizeof *set->words;
}

static ruzu_status nodeset_grow(rz_node_set *set, uint64_t word, rz_error *err)
{
    uint64_t count = set->word_count == 0 ? NODE_SET_FIRST_WORDS : set->word_count * 2;
    count = count <= word ? word + word / 4 + 1 : count;
    uint64_t *words = (uint64_t *)rz_mem_realloc(set->mem, set->words, (size_t)set->word_count * sizeof *words, (size_t)count * sizeof *words);
    RZ_TRY_ALLOC(words, err, "collecting nodes");
    memset(words + set->word_count, 0, (size_t)(count - set->word_count) * sizeof *words);
    set->words = words;
    set->word_count = count;
    return RUZU_OK;
}

static void nodeset_touch(rz_node_set *set, uint64_t word)
{
    if (set->touched_count == RZ_NODE_SET_TOUCHED) {
        set->touched_all = true;
    } else {
        set->touched[set->touched_count++] = word;
    }
}

/* Bits of one word. */
static inline ruzu_status nodeset_put(rz_node_set *set, uint64_t word, uint64_t bits, rz_error *err)
{
    if (RZ_UNLIKELY(word >= set->word_count)) {
        RZ_TRY(nodeset_grow(set, word, err));
    }
    uint64_t old = set->words[word];
    if (old == 0 && !set->touched_all) {
        nodeset_touch(set, word);
    }
    set->words[word] = old | bits;
    return RUZU_OK;
}

ruzu_status rz_node_set_add(rz_node_set *set, const rz_vec *nodes, const rz_sel *sel, rz_error *err)
{
    rz_view view;
    rz_vec_view(nodes, &view);
    const rz_id *ids = (const rz_id *)view.data;
    for (uint32_t i = 0; i < sel->count; i++) {
        uint32_t at = rz_view_at(&view, rz_sel_at(sel, i));
        if (!rz_view_valid(&view, at)) {
            continue;
        }
        uint64_t offset = rz_id_offset(ids[at]);
        uint64_t bit = UINT64_C(1) << (offset % 64);
        bool known = offset / 64 < set->word_count && (set->words[offset / 64] & bit) != 0;
        if (!known) {
            RZ_TRY(nodeset_put(set, offset / 64, bit, err));
            set->count++;
        }
    }
    return RUZU_OK;
}

ruzu_status rz_node_set_unite(rz_node_set *set, const rz_node_set *other, rz_error *err)
{
    for (uint64_t w = 0; w < other->word_count; w++) {
        uint64_t more = other->words[w] & ~(w < set->word_count ? set->words[w] : 0);
        if (more != 0) {
            RZ_TRY(nodeset_put(set, w, more, err));
            set->count += rz_popcount64(more);
        }
    }
    return RUZU_OK;
}
