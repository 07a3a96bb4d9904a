/* SPDX-License-Identifier: MIT */
/*
 * UTF-8 and the Unicode tables.
 */
#include "common/common.h"

#include "unit/check.h"

static void every_code_point_round_trips(void)
{
    for (uint32_t code = 0; code <= 0x110010; code++) {
        char bytes[4];
        size_t length = rz_utf8_encode(code, bytes);
        bool good = code <= 0x10FFFF && !(code >= 0xD800 && code <= 0xDFFF);
        if (!good) {
            CHECK_EQ_U64(length, 0);
            continue;
        }
        uint32_t back = 0;
        if (rz_utf8_decode(bytes, length, &back) != length || back != code) {
            CHECK_EQ_U64(back, code);
        }
        for (size_t cut = 1; cut < length; cut++) {
            if (rz_utf8_decode(bytes, cut, &back) != 0) {
                CHECK_EQ_U64(cut, length);
            }
        }
    }
    uint32_t code = 1;
    CHECK_EQ_U64(rz_utf8_decode("", 0, &code), 0);
}

/* All sequences of up to three bytes, and four-byte leads, against the definition: well-formed is what encoding can give. */
static void exactly_the_encoded_forms_are_valid(void)
{
    uint64_t valid = 0;
    for (uint32_t lead = 0; lead < 256; lead++) {
        for (uint32_t second = 0; second < 256; second++) {
            for (uint32_t third = 0; third < 256; third += 1) {
                char bytes[3] = {(char)lead, (char)second, (char)third};
                uint32_t code;
                size_t length = rz_utf8_decode(bytes, 3, &code);
                char again[4];
                if (length > 0 && (rz_utf8_encode(code, again) != length || memcmp(bytes, again, length) != 0)) {
                    CHECK_EQ_U64(lead << 16 | second << 8 | third, 0);
                }
                valid += length == 3;
            }
        }
    }
    CHECK_EQ_U64(valid, 0x10000 - 0x800 - 0x800); /* the three-byte code points without surrogates */
}

static void ill_formed_texts_are_found(void)
{
    static const struct {
        const char *bytes;
        size_t size;
        size_t valid;
    } cases[] = {
        {"", 0, 0},
        {"plain ascii text of some length", 31, 31},
        {"\x80", 1, 0},
        {"abc\xC0\xAF", 5, 3},               /* overlong */
        {"12345678\xE0\x80\xAF", 11, 8},     /* overlong */
        {"\xED\xA0\x80", 3, 0},              /* surrogate */
        {"\xF4\x90\x80\x80", 4, 0},          /* beyond U+10FFFF */
        {"\xF5\x80\x80\x80", 4, 0},          /* no such lead */
        {"\xF0\x80\x80\x80", 4, 0},          /* overlong */
        {"\xC3\xA4\xC3", 3, 2},              /* cut */
        {"\xE2\x82\xAC\xF0\x9F\x98\x80x", 8, 8},
        {"\xF0\x9F\x98", 3, 0},
        {"1234567\xFF", 8, 7},
        {"a\0b", 3, 3},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        CHECK_EQ_U64(rz_utf8_valid_prefix(cases[i].bytes, cases[i].size), cases[i].valid);
        CHECK_EQ_I64(rz_utf8_valid(cases[i].bytes, cases[i].size), cases[i].valid == cases[i].size);
    }
}

static void characters_are_counted_and_found(void)
{
    static const char *const characters[] = {"x", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80"};
    char text[512];
    size_t offsets[130];
    size_t size = 0;
    for (size_t i = 0; i < 120; i++) {
        const char *character = characters[(i * i + i / 3) % 4];
        offsets[i] = size;
        memcpy(text + size, character, strlen(character));
        size += strlen(character);
        CHECK_EQ_U64(rz_utf8_count(text, size), i + 1);
    }
    for (size_t i = 0; i < 120; i++) {
        CHECK_EQ_U64(rz_utf8_offset(text, size, i), offsets[i]);
    }
    CHECK_EQ_U64(rz_utf8_offset(text, size, 120), size);
    CHECK_EQ_U64(rz_utf8_offset(text, size, UINT64_MAX), size);
    CHECK_EQ_U64(rz_utf8_offset("", 0, 0), 0);
    CHECK_EQ_U64(rz_utf8_count("", 0), 0);
}

static void case_maps_one_to_one(void)
{
    static const uint32_t pairs[][2] = {{'A', 'a'},       {'Z', 'z'},       {0xC4, 0xE4},     {0x178, 0xFF},
                                        {0x100, 0x101},   {0x139, 0x13A},   {0x3A3, 0x3C3},   {0x410, 0x430},
                                        {0x531, 0x561},   {0x10A0, 0x2D00}, {0x1E9E, 0xDF},   {0x2C00, 0x2C30},
                                        {0xA640, 0xA641}, {0xFF21, 0xFF41}, {0x10400, 0x10428}, {0x1E900, 0x1E922}};
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        CHECK_EQ_U64(rz_unicode_lower(pairs[i][0]), pairs[i][1]);
        CHECK_EQ_U64(rz_unicode_lower(pairs[i][1]), pairs[i][1]);
        CHECK_EQ_U64(rz_unicode_upper(pairs[i][0]), pairs[i][0]);
        if (pairs[i][1] != 0xDF) {
            CHECK_EQ_U64(rz_unicode_upper(pairs[i][1]), pairs[i][0]);
        }
    }
    CHECK_EQ_U64(rz_unicode_upper(0xDF), 0xDF);     /* sharp s: its upper case has two letters, the simple mapping none */
    CHECK_EQ_U64(rz_unicode_upper(0x1F80), 0x1F88); /* simple mapping where the full one has two characters */
    CHECK_EQ_U64(rz_unicode_lower(0x130), 'i');
    CHECK_EQ_U64(rz_unicode_upper(0x131), 'I');
    CHECK_EQ_U64(rz_unicode_upper(0x17F), 'S');
    CHECK_EQ_U64(rz_unicode_upper(0x3C2), 0x3A3);
    CHECK_EQ_U64(rz_unicode_lower('1'), '1');
    CHECK_EQ_U64(rz_unicode_lower(0x4E2D), 0x4E2D);
    CHECK_EQ_U64(rz_unicode_lower(0x10FFFF), 0x10FFFF);
    CHECK_EQ_U64(rz_unicode_upper(0xFFFFFFFFu), 0xFFFFFFFFu);
}

static void identifier_classes_follow_the_dialect(void)
{
    static const uint32_t starts[] = {'a', 'Z', '_', 0xE4, 0x3B1, 0x4E2D, 0x203F, 0x2118, 0x1F88, 0x10400};
    static const uint32_t parts_only[] = {'0', '9', '$', 0x20AC, 0x301, 0xB7, 0x660};
    static const uint32_t neither[] = {' ', '-', '.', '`', 0, 0x7F, 0xA0, 0xD7, 0x2E2F, 0x3000, 0xE000, 0x110000};
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        CHECK(rz_unicode_id_start(starts[i]));
        CHECK(rz_unicode_id_part(starts[i]));
    }
    for (size_t i = 0; i < sizeof parts_only / sizeof parts_only[0]; i++) {
        CHECK(!rz_unicode_id_start(parts_only[i]));
        CHECK(rz_unicode_id_part(parts_only[i]));
    }
    for (size_t i = 0; i < sizeof neither / sizeof neither[0]; i++) {
        CHECK(!rz_unicode_id_start(neither[i]));
        CHECK(!rz_unicode_id_part(neither[i]));
    }
    for (uint32_t code = 0; code < 0x3000; code++) {
        CHECK(!rz_unicode_id_start(code) || rz_unicode_id_part(code));
    }
}

static void spaces_are_those_of_the_dialect(void)
{
    uint32_t count = 0;
    for (uint32_t code = 0; code <= 0x10FFFF; code++) {
        count += rz_unicode_space(code);
    }
    CHECK_EQ_U64(count, 10 + 3 + 11 + 5);
    CHECK(rz_unicode_space(' ') && rz_unicode_space('\t') && rz_unicode_space(0x1F) && rz_unicode_space(0x180E));
    CHECK(!rz_unicode_space(0x1B) && !rz_unicode_space(0x200B) && !rz_unicode_space(0x85));
}

int main(void)
{
    RUN(every_code_point_round_trips);
    RUN(exactly_the_encoded_forms_are_valid);
    RUN(ill_formed_texts_are_found);
    RUN(characters_are_counted_and_found);
    RUN(case_maps_one_to_one);
    RUN(identifier_classes_follow_the_dialect);
    RUN(spaces_are_those_of_the_dialect);
    return CHECK_DONE();
}
