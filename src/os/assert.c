/* SPDX-License-Identifier: MIT */
/*
 * The end of a failed RZ_ASSERT: a line on the standard error stream, without stdio or memory, and an abort.
 */
#include "os/os.h"

#ifdef RZ_ASSERTS

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void assert_write(const char *text)
{
    size_t left = strlen(text);
    while (left > 0) {
        ssize_t put = write(STDERR_FILENO, text, left);
        if (put <= 0) {
            return;
        }
        text += put;
        left -= (size_t)put;
    }
}

void rz_assert_failed(const char *condition, const char *file, int line)
{
    char digits[16];
    size_t at = sizeof digits - 1;
    digits[at] = '\0';
    do {
        digits[--at] = (char)('0' + line % 10);
        line /= 10;
    } while (line > 0);
    assert_write(file);
    assert_write(":");
    assert_write(digits + at);
    assert_write(": assertion failed: ");
    assert_write(condition);
    assert_write("\n");
    abort();
}

#endif
