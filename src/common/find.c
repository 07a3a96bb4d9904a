/* SPDX-License-Identifier: MIT */
/* Searching runs of bytes: the choice among variants, and the one without vectors. find_x86.c has the other. */
#include "common/find.h"

#include "os/os.h"

#include <string.h>

#define FIND_VECTOR_MIN 96u /* bytes for which the vector kernel is worth its call */

size_t rz_find_scalar(const char *data, size_t size, size_t from, const char *part, size_t part_size)
{
    if (from > size || part_size > size - from) {
        return RZ_FIND_NONE;
    }
    const char *place = (const char *)memmem(data + from, size - from, part, part_size);
    return place == NULL ? RZ_FIND_NONE : (size_t)(place - data);
}

size_t rz_find(const char *data, size_t size, size_t from, const char *part, size_t part_size)
{
#if defined(__x86_64__)
    if (from < size && size - from >= FIND_VECTOR_MIN + part_size && part_size > 1 && rz_cpu()->avx2) {
        return rz_find_avx2(data, size, from, part, part_size);
    }
#endif
    return rz_find_scalar(data, size, from, part, part_size);
}
