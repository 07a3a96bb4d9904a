/* SPDX-License-Identifier: MIT */
/*
 * The string builder, and names without regard to case.
 */
#include "common/common.h"

#include "unit/check.h"

static void appends_add_up(void)
{
    rz_mem mem;
    rz_str str;
    rz_mem_init(&mem, NULL, UINT64_MAX);
    rz_str_init(&str, &mem);
    CHECK_STR(rz_str_text(&str), "");
    rz_str_append_text(&str, "a");
    rz_str_append_char(&str, 'b');
    rz_str_append(&str, "cdef", 2);
    rz_str_append(&str, NULL, 0);
    rz_str_append_format(&str, "-%d-%s", 12, "x");
    CHECK_STR(rz_str_text(&str), "abcd-12-x");
    CHECK_EQ_U64(str.length, 9);
    char expected[3000];
    size_t length = str.length;
    memcpy(expected, str.data, length);
    for (int i = 0; i < 500; i++) {
        rz_str_append_format(&str, "%d,", i % 10);
        expected[length++] = (char)('0' + i % 10);
        expected[length++] = ',';
    }
    expected[length] = '\0';
    CHECK_STR(rz_str_text(&str), expected);
    rz_str_clear(&str);
    CHECK_STR(rz_str_text(&str), "");
    rz_str_append_format(&str, "%s", expected); /* longer than any room left by chance */
    rz_str_append_format(&str, "%s", expected);
    CHECK_EQ_U64(str.length, 2 * length);
    CHECK(memcmp(str.data + length, expected, length + 1) == 0);
    rz_str_free(&str);
    CHECK_EQ_U64(atomic_load(&mem.used), 0);
    rz_str_free(&str);
}

static void first_append_may_be_a_format(void)
{
    rz_mem mem;
    rz_str str;
    rz_mem_init(&mem, NULL, UINT64_MAX);
    rz_str_init(&str, &mem);
    rz_str_append_format(&str, "%s", "");
    CHECK_STR(rz_str_text(&str), "");
    rz_str_append_format(&str, "%063d", 1); /* exactly the first buffer, with its NUL */
    CHECK_EQ_U64(str.length, 63);
    rz_str_append_char(&str, 'x');
    CHECK_EQ_U64(strlen(str.data), 64);
    rz_str_free(&str);
}

static void refused_memory_is_sticky(void)
{
    rz_mem mem;
    rz_str str;
    rz_mem_init(&mem, NULL, 100);
    rz_str_init(&str, &mem);
    rz_str_append_text(&str, "short");
    CHECK(!str.failed);
    rz_str_append_format(&str, "%0200d", 1);
    CHECK(str.failed);
    CHECK_STR(rz_str_text(&str), "short");
    rz_str_append_text(&str, "x");
    CHECK_STR(rz_str_text(&str), "short");
    CHECK(!rz_str_reserve(&str, 1));
    rz_str_clear(&str);
    CHECK(!str.failed);
    rz_str_append_text(&str, "again");
    CHECK_STR(rz_str_text(&str), "again");
    CHECK(!rz_str_reserve(&str, SIZE_MAX));
    CHECK(!rz_str_reserve(&str, SIZE_MAX - 5));
    rz_str_free(&str);
    CHECK_EQ_U64(atomic_load(&mem.used), 0);
}

static void names_fold_ascii_only(void)
{
    CHECK(rz_name_equal("Person", "pERSON"));
    CHECK(!rz_name_equal("Person", "Persons"));
    CHECK(!rz_name_equal("Persons", "Person"));
    CHECK(!rz_name_equal("[", "{")); /* neighbours of the letters, 32 apart */
    CHECK(!rz_name_equal("\xC3\x84", "\xC3\xA4"));
    CHECK(rz_name_equal("", ""));
    CHECK(rz_name_equal_n("abX", 2, "ABy", 2));
    CHECK(!rz_name_equal_n("ab", 2, "abc", 3));
    CHECK_EQ_U64(rz_name_hash("Person"), rz_name_hash("pErSoN"));
    CHECK(rz_name_hash("Person") != rz_name_hash("Persom"));
    CHECK(rz_name_hash("ab") != rz_name_hash("ba"));
    CHECK(rz_name_hash("") != rz_name_hash("a"));
    for (int c = 0; c < 128; c++) {
        bool is_upper = c >= 'A' && c <= 'Z';
        bool is_lower = c >= 'a' && c <= 'z';
        CHECK_EQ_I64(rz_ascii_lower((char)c), is_upper ? c + 32 : c);
        CHECK_EQ_I64(rz_ascii_upper((char)c), is_lower ? c - 32 : c);
    }
}

int main(void)
{
    RUN(appends_add_up);
    RUN(first_append_may_be_a_format);
    RUN(refused_memory_is_sticky);
    RUN(names_fold_ascii_only);
    return CHECK_DONE();
}
