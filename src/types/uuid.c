/* SPDX-License-Identifier: MIT */
/*
 * UUIDs: 32 hex digits to and from the stored number, which is the 16 bytes in big-endian order with the top bit
 * flipped, so that the order of signed numbers is the order of the texts.
 */
#include "types/text.h"

#define UUID_TOP_BIT ((rz_uint128)1 << 127)

size_t rz_text_write_uuid(rz_int128 value, char *out)
{
    static const char digits[] = "0123456789abcdef";
    rz_uint128 number = (rz_uint128)value ^ UUID_TOP_BIT;
    char *at = out;
    for (int i = 0; i < 32; i++) {
        if (i == 8 || i == 12 || i == 16 || i == 20) {
            *at++ = '-';
        }
        *at++ = digits[(uint32_t)(number >> (124 - 4 * i)) & 15];
    }
    return RZ_TEXT_UUID_SIZE;
}

static int32_t uuid_hex_value(char c)
{
    if (rz_text_is_digit(c)) {
        return c - '0';
    }
    char lower = rz_ascii_lower(c);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

bool rz_text_read_uuid(const char *text, size_t length, rz_int128 *out)
{
    if (length >= 2 && text[0] == '{' && text[length - 1] == '}') {
        text++;
        length -= 2;
    }
    rz_uint128 number = 0;
    uint32_t count = 0;
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '-') { /* wherever they stand */
            continue;
        }
        int32_t digit = uuid_hex_value(text[i]);
        if (digit < 0 || count == 32) {
            return false;
        }
        number = number << 4 | (uint32_t)digit;
        count++;
    }
    if (count != 32) {
        return false;
    }
    *out = (rz_int128)(number ^ UUID_TOP_BIT);
    return true;
}
