/* SPDX-License-Identifier: MIT */
/*
 * UTF-8 decoding and checking, and look-ups in the generated Unicode tables.
 */
#include "common/utf8.h"

#include "common/bits.h"
#include "common/unicode_tables.h"

#define UTF8_HIGH_BITS UINT64_C(0x8080808080808080)
#define UTF8_LOW_BITS UINT64_C(0x0101010101010101)

#define UTF8_COUNT_OF(table) (sizeof(table) / sizeof((table)[0]))

size_t rz_utf8_decode(const char *data, size_t size, uint32_t *out_code_point)
{
    const uint8_t *p = (const uint8_t *)data;
    *out_code_point = 0;
    if (size == 0) {
        return 0;
    }
    uint32_t lead = p[0];
    if (lead < 0x80) {
        *out_code_point = lead;
        return 1;
    }
    /* Table 3-7: the second byte's range depends on the first, which rules out overlong forms, surrogates and the too large. */
    size_t length;
    uint32_t low = 0x80;
    uint32_t high = 0xBF;
    uint32_t code;
    if (lead >= 0xC2 && lead <= 0xDF) {
        length = 2;
        code = lead & 0x1F;
    } else if (lead >= 0xE0 && lead <= 0xEF) {
        length = 3;
        code = lead & 0x0F;
        low = lead == 0xE0 ? 0xA0 : 0x80;
        high = lead == 0xED ? 0x9F : 0xBF;
    } else if (lead >= 0xF0 && lead <= 0xF4) {
        length = 4;
        code = lead & 0x07;
        low = lead == 0xF0 ? 0x90 : 0x80;
        high = lead == 0xF4 ? 0x8F : 0xBF;
    } else {
        return 0;
    }
    if (size < length || p[1] < low || p[1] > high) {
        return 0;
    }
    code = code << 6 | (p[1] & 0x3Fu);
    for (size_t i = 2; i < length; i++) {
        if ((p[i] & 0xC0u) != 0x80u) {
            return 0;
        }
        code = code << 6 | (p[i] & 0x3Fu);
    }
    *out_code_point = code;
    return length;
}

size_t rz_utf8_valid_prefix(const char *data, size_t size)
{
    size_t at = 0;
    while (at < size) {
        while (size - at >= 8 && (rz_load_u64(data + at) & UTF8_HIGH_BITS) == 0) {
            at += 8;
        }
        if (at == size) {
            break;
        }
        uint32_t code;
        size_t length = rz_utf8_decode(data + at, size - at, &code);
        if (length == 0) {
            break;
        }
        at += length;
    }
    return at;
}

bool rz_utf8_valid(const char *data, size_t size)
{
    return rz_utf8_valid_prefix(data, size) == size;
}

size_t rz_utf8_encode(uint32_t code_point, char *out)
{
    if (code_point < 0x80) {
        out[0] = (char)code_point;
        return 1;
    }
    if (code_point < 0x800) {
        out[0] = (char)(0xC0 | code_point >> 6);
        out[1] = (char)(0x80 | (code_point & 0x3F));
        return 2;
    }
    if (code_point < 0x10000) {
        if (code_point >= 0xD800 && code_point <= 0xDFFF) {
            return 0;
        }
        out[0] = (char)(0xE0 | code_point >> 12);
        out[1] = (char)(0x80 | (code_point >> 6 & 0x3F));
        out[2] = (char)(0x80 | (code_point & 0x3F));
        return 3;
    }
    if (code_point > 0x10FFFF) {
        return 0;
    }
    out[0] = (char)(0xF0 | code_point >> 18);
    out[1] = (char)(0x80 | (code_point >> 12 & 0x3F));
    out[2] = (char)(0x80 | (code_point >> 6 & 0x3F));
    out[3] = (char)(0x80 | (code_point & 0x3F));
    return 4;
}

/* Bytes among eight that begin a character: all but 10xxxxxx. */
static uint32_t utf8_starts_in_word(uint64_t word)
{
    uint64_t continuation = (word >> 7) & ~(word >> 6) & UTF8_LOW_BITS;
    return 8 - rz_popcount64(continuation);
}

static bool utf8_is_start(char byte)
{
    return ((uint8_t)byte & 0xC0u) != 0x80u;
}

size_t rz_utf8_count(const char *data, size_t size)
{
    size_t count = 0;
    size_t at = 0;
    for (; size - at >= 8; at += 8) {
        count += utf8_starts_in_word(rz_load_u64(data + at));
    }
    for (; at < size; at++) {
        count += utf8_is_start(data[at]);
    }
    return count;
}

size_t rz_utf8_offset(const char *data, size_t size, uint64_t idx)
{
    size_t at = 0;
    uint64_t left = idx; /* characters that still begin before the one wanted */
    while (size - at >= 8) {
        uint32_t starts = utf8_starts_in_word(rz_load_u64(data + at));
        if (starts > left) {
            break;
        }
        left -= starts;
        at += 8;
    }
    for (; at < size; at++) {
        if (utf8_is_start(data[at])) {
            if (left == 0) {
                return at;
            }
            left--;
        }
    }
    return size;
}

static bool unicode_in_ranges(const unicode_range *table, size_t count, uint32_t code_point)
{
    size_t low = 0;
    size_t high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (table[middle].last < code_point) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < count && table[low].first <= code_point;
}

static uint32_t unicode_map(const unicode_run *table, size_t count, uint32_t code_point)
{
    size_t low = 0;
    size_t high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (table[middle].last < code_point) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low == count || table[low].first > code_point ||
        (code_point - table[low].first) % (uint32_t)table[low].stride != 0) {
        return code_point;
    }
    return code_point + (uint32_t)table[low].delta;
}

uint32_t rz_unicode_lower(uint32_t code_point)
{
    if (code_point < 0x80) {
        return code_point >= 'A' && code_point <= 'Z' ? code_point + 32 : code_point;
    }
    return unicode_map(unicode_lower_table, UTF8_COUNT_OF(unicode_lower_table), code_point);
}

uint32_t rz_unicode_upper(uint32_t code_point)
{
    if (code_point < 0x80) {
        return code_point >= 'a' && code_point <= 'z' ? code_point - 32 : code_point;
    }
    return unicode_map(unicode_upper_table, UTF8_COUNT_OF(unicode_upper_table), code_point);
}

bool rz_unicode_id_start(uint32_t code_point)
{
    return unicode_in_ranges(unicode_id_start_table, UTF8_COUNT_OF(unicode_id_start_table), code_point);
}

bool rz_unicode_id_part(uint32_t code_point)
{
    return unicode_in_ranges(unicode_id_part_table, UTF8_COUNT_OF(unicode_id_part_table), code_point);
}

bool rz_unicode_space(uint32_t code_point)
{
    if (code_point < 0x80) {
        return (code_point >= 0x09 && code_point <= 0x0D) || (code_point >= 0x1C && code_point <= 0x20);
    }
    return code_point == 0xA0 || code_point == 0x1680 || code_point == 0x180E ||
           (code_point >= 0x2000 && code_point <= 0x200A) || code_point == 0x2028 || code_point == 0x2029 ||
           code_point == 0x202F || code_point == 0x205F || code_point == 0x3000;
}
