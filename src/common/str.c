/* SPDX-License-Identifier: MIT */
/*
 * The string builder, and names compared without regard to ASCII case.
 */
#include "common/str.h"

#include "common/hash.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define STR_FIRST_CAPACITY ((size_t)64)

void rz_str_init(rz_str *str, rz_mem *mem)
{
    str->mem = mem;
    str->data = NULL;
    str->length = 0;
    str->capacity = 0;
    str->failed = false;
}

void rz_str_free(rz_str *str)
{
    rz_mem_free(str->mem, str->data, str->capacity);
    rz_str_init(str, str->mem);
}

void rz_str_clear(rz_str *str)
{
    str->length = 0;
    str->failed = false;
    if (str->data != NULL) {
        str->data[0] = '\0';
    }
}

bool rz_str_reserve(rz_str *str, size_t extra_bytes)
{
    if (str->failed) {
        return false;
    }
    if (str->data != NULL && extra_bytes < str->capacity - str->length) {
        return true;
    }
    size_t wanted;
    if (rz_add_overflow(str->length, extra_bytes, &wanted) || wanted >= PTRDIFF_MAX) {
        str->failed = true;
        return false;
    }
    wanted++; /* the NUL */
    size_t doubled = str->capacity < PTRDIFF_MAX / 2 ? str->capacity * 2 : wanted;
    size_t capacity = wanted > doubled ? wanted : doubled;
    if (capacity < STR_FIRST_CAPACITY) {
        capacity = STR_FIRST_CAPACITY;
    }
    char *data = (char *)rz_mem_realloc(str->mem, str->data, str->capacity, capacity);
    if (data == NULL) {
        str->failed = true;
        return false;
    }
    str->data = data;
    str->capacity = capacity;
    str->data[str->length] = '\0';
    return true;
}

void rz_str_append(rz_str *str, const char *data, size_t length)
{
    if (!rz_str_reserve(str, length)) {
        return;
    }
    if (length > 0) {
        memcpy(str->data + str->length, data, length);
    }
    str->length += length;
    str->data[str->length] = '\0';
}

void rz_str_append_text(rz_str *str, const char *text)
{
    rz_str_append(str, text, strlen(text));
}

void rz_str_append_char(rz_str *str, char c)
{
    rz_str_append(str, &c, 1);
}

void rz_str_append_format(rz_str *str, const char *format, ...)
{
    va_list args;
    va_list again;
    va_start(args, format);
    va_copy(again, args);
    size_t room = str->failed || str->data == NULL ? 0 : str->capacity - str->length;
    int length = vsnprintf(room == 0 ? NULL : str->data + str->length, room, format, args);
    if (length < 0) {
        str->failed = true;
    } else if ((size_t)length >= room) {
        if (rz_str_reserve(str, (size_t)length)) {
            (void)vsnprintf(str->data + str->length, (size_t)length + 1, format, again);
            str->length += (size_t)length;
        }
    } else {
        str->length += (size_t)length;
    }
    if (str->failed && str->data != NULL) {
        str->data[str->length] = '\0'; /* what did not fit whole is not there at all */
    }
    va_end(again);
    va_end(args);
}

const char *rz_str_text(const rz_str *str)
{
    return str->data == NULL ? "" : str->data;
}

char rz_ascii_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

char rz_ascii_upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - ('a' - 'A')) : c;
}

bool rz_name_equal(const char *a, const char *b)
{
    while (*a != '\0' && rz_ascii_lower(*a) == rz_ascii_lower(*b)) {
        a++;
        b++;
    }
    return rz_ascii_lower(*a) == rz_ascii_lower(*b);
}

bool rz_name_equal_n(const char *a, size_t a_length, const char *b, size_t b_length)
{
    if (a_length != b_length) {
        return false;
    }
    for (size_t i = 0; i < a_length; i++) {
        if (rz_ascii_lower(a[i]) != rz_ascii_lower(b[i])) {
            return false;
        }
    }
    return true;
}

uint64_t rz_name_hash(const char *name)
{
    uint64_t state = 0;
    for (; *name != '\0'; name++) {
        state = (state + (uint8_t)rz_ascii_lower(*name) + 1) * UINT64_C(0x9e3779b97f4a7c15);
        state ^= state >> 32;
    }
    return rz_hash_u64(state);
}
