/* SPDX-License-Identifier: MIT */
/*
 * Clocks and the process's identity.
 */
#include "os/os.h"

#include <time.h>
#include <unistd.h>

static uint64_t clock_read_us(clockid_t clock)
{
    struct timespec now;
    if (clock_gettime(clock, &now) != 0) {
        return 0; /* only for a clock that does not exist: both of ours are required by POSIX */
    }
    return (uint64_t)now.tv_sec * 1000000u + (uint64_t)now.tv_nsec / 1000u;
}

uint64_t rz_now_monotonic_us(void)
{
    return clock_read_us(CLOCK_MONOTONIC);
}

uint64_t rz_now_monotonic_ns(void)
{
    struct timespec now;
    if (clock_gettime(CLOCK_MONOTONIC, &now) != 0) {
        return 0;
    }
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

uint64_t rz_now_wall_us(void)
{
    return clock_read_us(CLOCK_REALTIME);
}

uint32_t rz_process_id(void)
{
    return (uint32_t)getpid();
}
