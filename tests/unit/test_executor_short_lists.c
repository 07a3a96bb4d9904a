/* SPDX-License-Identifier: MIT */
/*
 * Pairs of short sorted lists, compared as this machine does it and one entry after the other, and counted by hand: entries that repeat, empty lists, lists longer than what
 * is compared at once, the largest ids, rows left out by a selection. Behind each list stand entries that must not be looked at.
 */
#include "executor/short_lists.h"

#include "check.h"
#include "volume.h"

#include <string.h>

enum { SHORT_ROWS = 8, SHORT_LONGEST = 9, SHORT_SPACE = SHORT_ROWS * (SHORT_LONGEST + 4) };

static uint64_t short_state = 11;

static uint32_t short_random(uint32_t below)
{
    short_state = short_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)((short_state >> 33) % below);
}

typedef struct short_side {
    rz_id ids[SHORT_SPACE];
    uint32_t begins[SHORT_ROWS];
    uint32_t lengths[SHORT_ROWS];
} short_side;

/* Lists from few values, so that they meet often; what stands between lists are such values, too. */
static void short_fill(short_side *side, rz_id base, uint32_t values, uint32_t longest)
{
    uint32_t begin = 0;
    for (uint32_t i = 0; i < SHORT_SPACE; i++) {
        side->ids[i] = base + short_random(values);
    }
    for (uint32_t row = 0; row < SHORT_ROWS; row++) {
        uint32_t length = short_random(longest + 1);
        rz_id *list = side->ids + begin;
        for (uint32_t i = 1; i < length; i++) {
            rz_id id = list[i];
            uint32_t at = i;
            for (; at > 0 && list[at - 1] > id; at--) {
                list[at] = list[at - 1];
            }
            list[at] = id;
        }
        side->begins[row] = begin;
        side->lengths[row] = length;
        begin += length + short_random(3);
    }
}

static uint64_t short_by_hand(const short_side *a, const short_side *b, uint32_t row, bool pairs)
{
    uint64_t found = 0;
    for (uint32_t i = 0; i < a->lengths[row]; i++) {
        uint64_t times = 0;
        for (uint32_t j = 0; j < b->lengths[row]; j++) {
            times += a->ids[a->begins[row] + i] == b->ids[b->begins[row] + j];
        }
        found += pairs ? times : times != 0;
    }
    return found;
}

static void lists_are_compared_as_by_hand(void)
{
    static short_side a, b;
    const rz_id bases[] = {0, UINT64_C(1) << 31, UINT64_MAX - 100};
    uint64_t rounds = test_volume(30000, 300);
    for (uint64_t round = 0; round < rounds; round++) {
        rz_id base = bases[round % 3];
        uint32_t values = 1 + short_random(12), longest = round % 2 == 0 ? 4 : SHORT_LONGEST;
        uint32_t rows[SHORT_ROWS], count = 0;
        short_fill(&a, base, values, longest);
        short_fill(&b, base, values, longest);
        for (uint32_t row = 0; row < SHORT_ROWS; row++) {
            rows[count] = row;
            count += short_random(4) != 0;
        }
        rz_short_lists x = {.ids = a.ids, .begins = a.begins, .lengths = a.lengths};
        rz_short_lists y = {.ids = b.ids, .begins = b.begins, .lengths = b.lengths};
        rz_sel sel = {.rows = rows, .count = count};
        for (uint32_t pairs = 0; pairs < 2; pairs++) {
            uint64_t fast[SHORT_ROWS], plain[SHORT_ROWS];
            memset(fast, 0xee, sizeof fast);
            memset(plain, 0xee, sizeof plain);
            rz_short_lists_equal(&x, &y, &sel, pairs != 0, fast);
            rz_short_lists_equal_scalar(&x, &y, &sel, pairs != 0, plain);
            for (uint32_t i = 0; i < count; i++) {
                CHECK_EQ_U64(fast[rows[i]], short_by_hand(&a, &b, rows[i], pairs != 0));
            }
            CHECK(memcmp(fast, plain, sizeof fast) == 0); /* rows that are not selected, too: neither touches them */
        }
    }
}

int main(void)
{
    RUN(lists_are_compared_as_by_hand);
    return CHECK_DONE();
}
