/* SPDX-License-Identifier: MIT */
/*
 * How much work the tests with loops over seeds, sizes or failing calls do: RZ_TEST_VOLUME is percent of the usual. Sanitizer runs make less do.
 */
#ifndef RZ_TESTS_VOLUME_H
#define RZ_TESTS_VOLUME_H

#include <stdint.h>
#include <stdlib.h>

static inline uint64_t test_volume_percent(void)
{
    const char *text = getenv("RZ_TEST_VOLUME");
    uint64_t percent = text == NULL ? 100 : (uint64_t)strtoull(text, NULL, 10);
    return percent == 0 ? 100 : percent > 100000 ? 100000 : percent;
}

/* The share of a usual number of rounds; at least `least`. */
static inline uint64_t test_volume(uint64_t usual, uint64_t least)
{
    uint64_t scaled = usual * test_volume_percent() / 100;
    return scaled < least ? least : scaled;
}

#endif
