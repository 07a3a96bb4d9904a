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
