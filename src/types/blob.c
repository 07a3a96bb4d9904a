/* SPDX-License-Identifier: MIT */
/*
 * BLOBs as text: printable ASCII stands for itself, any other byte (and the backslash and quotes) is written \xHH.
 */
#include "types/text.h"

static bool blob_is_plain(unsigned char byte)
{
    return byte >= 32 && byte < 127 && byte != '\\' && byte != '\'' && byte != '"';
}

size_t rz_text_blob_size(const char *data, size_t length)
{
    size_t size = 0;
    for (size_t i = 0; i < length; i++) {
        size += blob_is_plain((unsigned char)data[i]) ? 1 : 4;
    }
    return size;
}

size_t rz_text_write_blob(const char *data, size_t length, char *out)
{
    static const char digits[] = "0123456789ABCDEF";
    char *at = out;
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)data[i];
        if (blob_is_plain(byte)) {
            *at++ = (char)byte;
        } else {
            *at++ = '\\';
            *at++ = 'x';
            *at++ = digits[byte >> 4];
            *at++ = digits[byte & 15];
        }
    }
    return (size_t)(at - out);
}

static int32_t blob_hex_value(char c)
{
    if (rz_text_is_digit(c)) {
        return c - '0';
    }
    char lower = rz_ascii_lower(c);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

ruzu_status rz_text_read_blob(const char *text, size_t length, char *out, size_t *out_size, rz_error *err)
{
    size_t size = 0;
    *out_size = 0;
    for (size_t i = 0; i < length; i++) {
        if ((unsigned char)text[i] >= 128) {
            return rz_error_set(
                err, RUZU_ERROR_CONVERSION,
                "Invalid byte encountered in STRING -> BLOB conversion. All non-ascii characters must be "
                "escaped with hex codes (e.g. \\xAA)");
        }
        if (text[i] != '\\') {
            out[size++] = text[i];
            continue;
        }
        if (length - i < 4) {
            return rz_error_set(
                err, RUZU_ERROR_CONVERSION,
                "Invalid hex escape code encountered in string -> blob conversion: unterminated escape code "
                "at end of string");
        }
        int32_t high = blob_hex_value(text[i + 2]);
        int32_t low = blob_hex_value(text[i + 3]);
        if (text[i + 1] != 'x' || high < 0 || low < 0) {
            return rz_error_set(err, RUZU_ERROR_CONVERSION,
                                "Invalid hex escape code encountered in string -> blob conversion: %.4s", text + i);
        }
        out[size++] = (char)(high * 16 + low);
        i += 3;
    }
    *out_size = size;
    return RUZU_OK;
}
