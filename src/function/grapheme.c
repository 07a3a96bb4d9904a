/* SPDX-License-Identifier: MIT */
/*
 * Grapheme clusters: the rules of UAX 29 that strings of real use need. Left out is only the class of prepended marks.
 */
#include "function/grapheme.h"

#include "function/grapheme_tables.h"

typedef enum grapheme_class {
    GRAPHEME_OTHER,
    GRAPHEME_CONTROL,
    GRAPHEME_EXTEND,
    GRAPHEME_JOINER,     /* U+200D */
    GRAPHEME_PICTOGRAPH, /* emoji that may stand on either side of a joiner */
    GRAPHEME_REGIONAL,   /* half a flag */
    GRAPHEME_HANGUL_L,
    GRAPHEME_HANGUL_V,
    GRAPHEME_HANGUL_T,
    GRAPHEME_HANGUL_LV,
    GRAPHEME_HANGUL_LVT
} grapheme_class;

static bool grapheme_in(const grapheme_range *table, size_t count, uint32_t code_point)
{
    size_t low = 0;
    while (low < count) {
        size_t middle = low + (count - low) / 2;
        if (code_point > table[middle].last) {
            low = middle + 1;
        } else if (code_point < table[middle].first) {
            count = middle;
        } else {
            return true;
        }
    }
    return false;
}

#define GRAPHEME_IN(table, code_point) grapheme_in(table, sizeof(table) / sizeof((table)[0]), code_point)

static grapheme_class grapheme_class_of(uint32_t c)
{
    if (c < 0x300) {
        return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xad ? GRAPHEME_CONTROL
               : c == 0xa9 || c == 0xae                         ? GRAPHEME_PICTOGRAPH
                                                                : GRAPHEME_OTHER;
    }
    if (c == 0x200d) {
        return GRAPHEME_JOINER;
    }
    if (c >= 0x1f1e6 && c <= 0x1f1ff) {
        return GRAPHEME_REGIONAL;
    }
    if (c >= 0xac00 && c <= 0xd7a3) {
        return (c - 0xac00) % 28 == 0 ? GRAPHEME_HANGUL_LV : GRAPHEME_HANGUL_LVT;
    }
    if ((c >= 0x1100 && c <= 0x115f) || (c >= 0xa960 && c <= 0xa97c)) {
        return GRAPHEME_HANGUL_L;
    }
    if ((c >= 0x1160 && c <= 0x11a7) || (c >= 0xd7b0 && c <= 0xd7c6)) {
        return GRAPHEME_HANGUL_V;
    }
    if ((c >= 0x11a8 && c <= 0x11ff) || (c >= 0xd7cb && c <= 0xd7fb)) {
        return GRAPHEME_HANGUL_T;
    }
    if (GRAPHEME_IN(grapheme_extend_table, c)) {
        return GRAPHEME_EXTEND;
    }
    if (GRAPHEME_IN(grapheme_pictograph_table, c)) {
        return GRAPHEME_PICTOGRAPH;
    }
    return GRAPHEME_IN(grapheme_control_table, c) ? GRAPHEME_CONTROL : GRAPHEME_OTHER;
}
#undef GRAPHEME_IN

/* True when `next` still belongs to the cluster that has `last` at its end. */
static bool grapheme_continues(grapheme_class last, grapheme_class next, bool after_pictograph, uint32_t regional_count)
{
    if (last == GRAPHEME_CONTROL || next == GRAPHEME_CONTROL) {
        return false;
    }
    if (next == GRAPHEME_EXTEND || next == GRAPHEME_JOINER) {
        return true;
    }
    if (last == GRAPHEME_JOINER && next == GRAPHEME_PICTOGRAPH) {
        return after_pictograph;
    }
    if (last == GRAPHEME_REGIONAL && next == GRAPHEME_REGIONAL) {
        return regional_count % 2 == 1;
    }
    if (last == GRAPHEME_HANGUL_L) {
        return next == GRAPHEME_HANGUL_L || next == GRAPHEME_HANGUL_V || next == GRAPHEME_HANGUL_LV ||
               next == GRAPHEME_HANGUL_LVT;
    }
    if (last == GRAPHEME_HANGUL_LV || last == GRAPHEME_HANGUL_V) {
        return next == GRAPHEME_HANGUL_V || next == GRAPHEME_HANGUL_T;
    }
    return (last == GRAPHEME_HANGUL_LVT || last == GRAPHEME_HANGUL_T) && next == GRAPHEME_HANGUL_T;
}

size_t rz_grapheme_next(const char *data, size_t size, size_t offset)
{
    const unsigned char *bytes = (const unsigned char *)data;
    if (bytes[offset] < 0x80 && (offset + 1 == size || bytes[offset + 1] < 0x80)) {
        return offset + 1;
    }
    uint32_t code_point;
    size_t length = rz_utf8_decode(data + offset, size - offset, &code_point);
    if (length == 0) {
        return offset + 1;
    }
    offset += length;
    grapheme_class last = grapheme_class_of(code_point);
    bool after_pictograph = last == GRAPHEME_PICTOGRAPH;
    uint32_t regional_count = last == GRAPHEME_REGIONAL;
    while (offset < size) {
        length = rz_utf8_decode(data + offset, size - offset, &code_point);
        if (length == 0) {
            break;
        }
        grapheme_class next = grapheme_class_of(code_point);
        if (!grapheme_continues(last, next, after_pictograph, regional_count)) {
            break;
        }
        after_pictograph =
            next == GRAPHEME_PICTOGRAPH || (after_pictograph && (next == GRAPHEME_EXTEND || next == GRAPHEME_JOINER));
        regional_count = next == GRAPHEME_REGIONAL ? regional_count + 1 : 0;
        last = next;
        offset += length;
    }
    return offset;
}

bool rz_text_is_ascii(const char *data, size_t size)
{
    unsigned char seen = 0;
    for (size_t i = 0; i < size; i++) {
        seen = (unsigned char)(seen | (unsigned char)data[i]);
    }
    return seen < 0x80;
}

size_t rz_grapheme_count(const char *data, size_t size)
{
    if (rz_text_is_ascii(data, size)) {
        return size;
    }
    size_t count = 0;
    for (size_t offset = 0; offset < size; offset = rz_grapheme_next(data, size, offset)) {
        count++;
    }
    return count;
}

size_t rz_grapheme_offset(const char *data, size_t size, uint64_t idx)
{
    size_t offset = 0;
    while (idx != 0 && offset < size) {
        offset = rz_grapheme_next(data, size, offset);
        idx--;
    }
    return offset;
}
