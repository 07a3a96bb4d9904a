/* SPDX-License-Identifier: MIT */
/*
 * Sieves of joins: Bloom filters whose bits of one key lie in one word, so that a test is one load. About 16 bits for each key expected: one row in a hundred that should not pass does.
 * Where keys are many more than expected, more pass; JOIN_FILTER notices and gives up.
 */
#include "executor/join.h"

#define SIEVE_LEAST_BITS 6u /* log2 of words */

static inline uint64_t sieve_mask(uint64_t hash)
{
    return UINT64_C(1) << (hash & 63) | UINT64_C(1) << (hash >> 6 & 63) | UINT64_C(1) << (hash >> 12 & 63);
}

static inline uint64_t sieve_word(const rz_join_sieve *sieve, uint64_t hash)
{
    return (hash >> 24) & ((UINT64_C(1) << sieve->bits) - 1);
}

void rz_join_sieve_open(rz_join_sieve *sieve, rz_mem *mem, double rows, uint64_t most_bytes)
{
    *sieve = (rz_join_sieve){.mem = mem, .bits = SIEVE_LEAST_BITS};
    while (sieve->bits < 30 && (double)(UINT64_C(4) << sieve->bits) < rows && (UINT64_C(16) << sieve->bits) <= most_bytes) {
        sieve->bits++;
    }
    sieve->words = (uint64_t *)rz_mem_calloc(mem, (size_t)1 << sieve->bits, sizeof *sieve->words);
}

void rz_join_sieve_close(rz_join_sieve *sieve)
{
    if (sieve->words != NULL) {
        rz_mem_free(sieve->mem, sieve->words, sizeof *sieve->words << sieve->bits);
        sieve->words = NULL;
    }
}

void rz_join_sieve_add(const rz_join_sieve *sieve, const uint64_t *hashes, const rz_sel *sel)
{
    for (uint32_t i = 0; i < sel->count && sieve->words != NULL; i++) {
        uint64_t hash = hashes[rz_sel_at(sel, i)];
        sieve->words[sieve_word(sieve, hash)] |= sieve_mask(hash);
    }
}

void rz_join_sieve_take(rz_join_sieve *into, rz_join_sieve *from)
{
    if (into->words == NULL && !into->given_up) {
        *into = *from;
        into->given_up = from->words == NULL;
        from->words = NULL;
        return;
    }
    into->given_up = into->given_up || from->words == NULL;
    if (into->given_up) {
        rz_join_sieve_close(into);
        return;
    }
    RZ_ASSERT(into->bits == from->bits);
    for (uint64_t i = 0; i < UINT64_C(1) << into->bits; i++) {
        into->words[i] |= from->words[i];
    }
}

uint32_t rz_join_sieve_test(const rz_join_sieve *sieve, const uint64_t *hashes, const rz_sel *sel, uint32_t *rows)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < sel->count; i++) {
        uint32_t row = rz_sel_at(sel, i);
        uint64_t hash = hashes[row];
        uint64_t mask = sieve_mask(hash);
        rows[kept] = row;
        kept += (sieve->words[sieve_word(sieve, hash)] & mask) == mask;
    }
    return kept;
}
