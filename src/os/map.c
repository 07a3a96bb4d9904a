/* SPDX-License-Identifier: MIT */
/*
 * Anonymous memory maps: address space that takes memory only where it is touched and gives it back page by page.
 */
#include "os/os.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

void *rz_map_reserve(size_t size)
{
    void *address =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (address == MAP_FAILED) {
        return NULL;
    }
    /* Huge pages would hold more memory than the pages counted as used. A kernel without them refuses: just as well. */
    int saved = errno;
    (void)madvise(address, size, MADV_NOHUGEPAGE);
    errno = saved;
    return address;
}

#define MAP_HUGE ((size_t)2 * 1024 * 1024) /* of most machines; elsewhere the alignment does no harm */

void *rz_map_reserve_huge(size_t size)
{
    size_t room = size < MAP_HUGE ? size : size + MAP_HUGE;
    char *address = (char *)mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (address == (char *)MAP_FAILED || room == size) {
        return address == (char *)MAP_FAILED ? NULL : address;
    }
    size_t before = (size_t)(-(uintptr_t)address & (MAP_HUGE - 1));
    if (before != 0) {
        rz_map_release(address, before);
    }
    if (before != MAP_HUGE) {
        rz_map_release(address + before + size, MAP_HUGE - before);
    }
    int saved = errno;
    (void)madvise(address + before, size, MADV_HUGEPAGE); /* a kernel without them refuses: just as well */
    errno = saved;
    return address + before;
}

void rz_map_release(void *address, size_t size)
{
    if (address != NULL) {
        int result RZ_UNUSED = munmap(address, size);
        RZ_ASSERT(result == 0);
    }
}

void rz_map_drop(void *address, size_t size)
{
    /* Refused for locked memory (a host that called mlockall): the promise left to keep is that the pages read as zero. */
    if (size > 0 && madvise(address, size, MADV_DONTNEED) != 0) {
        memset(address, 0, size);
    }
}
