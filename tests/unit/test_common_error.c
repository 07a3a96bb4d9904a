/* SPDX-License-Identifier: MIT */
/*
 * Errors: prefixes, first error wins, long messages.
 */
#include "common/common.h"

#include "unit/check.h"

static void message_has_the_prefix_of_its_kind(void)
{
    rz_error err;
    rz_error_init(&err);
    CHECK_EQ_I64(err.code, RUZU_OK);
    CHECK_EQ_I64(rz_error_set(&err, RUZU_ERROR_BINDER, "Variable %s is not in scope.", "x"), RUZU_ERROR_BINDER);
    CHECK_STR(err.message, "Binder exception: Variable x is not in scope.");
    CHECK_EQ_U64(err.position, RZ_ERROR_NO_POSITION);

    rz_error_init(&err);
    CHECK_EQ_I64(rz_error_set_as(&err, RUZU_ERROR_CONSTRAINT, RUZU_ERROR_COPY, "%d", 7), RUZU_ERROR_CONSTRAINT);
    CHECK_EQ_I64(err.code, RUZU_ERROR_CONSTRAINT);
    CHECK_STR(err.message, "Copy exception: 7");

    rz_error_init(&err);
    CHECK_EQ_I64(rz_error_set_at(&err, RUZU_ERROR_PARSER, 12, "no"), RUZU_ERROR_PARSER);
    CHECK_EQ_U64(err.position, 12);

    rz_error_init(&err);
    CHECK_EQ_I64(rz_error_no_memory(&err, "sorting"), RUZU_ERROR_NO_MEMORY);
    CHECK_STR(err.message, "Buffer manager exception: out of memory while sorting");
}

static void prefixes_are_the_dialects(void)
{
    CHECK_STR(rz_error_prefix(RUZU_ERROR_PARSER), "Parser exception: ");
    CHECK_STR(rz_error_prefix(RUZU_ERROR_BINDER), "Binder exception: ");
    CHECK_STR(rz_error_prefix(RUZU_ERROR_CATALOG), "Catalog exception: ");
    CHECK_STR(rz_error_prefix(RUZU_ERROR_CONVERSION), "Conversion exception: ");
    CHECK_STR(rz_error_prefix(RUZU_ERROR_OVERFLOW), "Overflow exception: ");
    CHECK_STR(rz_error_prefix(RUZU_ERROR_RUNTIME), "Runtime exception: ");
    CHECK_STR(rz_error_prefix(RUZU_ERROR_COPY), "Copy exception: ");
    CHECK_STR(rz_error_prefix(RUZU_ERROR_CONSTRAINT), "Runtime exception: ");
    CHECK_STR(rz_error_prefix(RUZU_ERROR_VERSION), "Runtime exception: ");
    CHECK_STR(rz_error_prefix(RUZU_ERROR_CORRUPT), "Storage exception: ");
    CHECK_STR(rz_error_prefix(RUZU_ERROR_IO), "IO exception: ");
    CHECK_STR(rz_error_prefix(RUZU_ERROR_DISK_FULL), "IO exception: ");
    CHECK_STR(rz_error_prefix(RUZU_ERROR_LOCKED), "IO exception: ");
    CHECK_STR(rz_error_prefix(RUZU_ERROR_READ_ONLY), "Connection exception: ");
    CHECK_STR(rz_error_prefix(RUZU_ERROR_TRANSACTION), "");
    CHECK_STR(rz_error_prefix(RUZU_ERROR_INTERRUPTED), "");
    CHECK_STR(rz_error_prefix(RUZU_ERROR_NOT_IMPLEMENTED), "");
    CHECK_STR(rz_error_prefix(RUZU_ERROR_INTERNAL), "");
}

static void first_error_wins(void)
{
    rz_error err;
    rz_error_init(&err);
    CHECK_EQ_I64(rz_error_set(&err, RUZU_ERROR_RUNTIME, "first"), RUZU_ERROR_RUNTIME);
    CHECK_EQ_I64(rz_error_set(&err, RUZU_ERROR_IO, "second"), RUZU_ERROR_RUNTIME);
    CHECK_STR(err.message, "Runtime exception: first");
    CHECK_EQ_I64(rz_error_set(NULL, RUZU_ERROR_IO, "dropped"), RUZU_ERROR_IO);
}

static void copy_keeps_what_stands(void)
{
    rz_error from;
    rz_error to;
    rz_error_init(&from);
    rz_error_init(&to);
    CHECK_EQ_I64(rz_error_copy(&to, &from), RUZU_OK);
    CHECK_EQ_I64(rz_error_set_at(&from, RUZU_ERROR_BINDER, 3, "from"), RUZU_ERROR_BINDER);
    CHECK_EQ_I64(rz_error_copy(&to, &from), RUZU_ERROR_BINDER);
    CHECK_STR(to.message, "Binder exception: from");
    CHECK_EQ_U64(to.position, 3);
    rz_error_init(&from);
    CHECK_EQ_I64(rz_error_set(&from, RUZU_ERROR_IO, "later"), RUZU_ERROR_IO);
    CHECK_EQ_I64(rz_error_copy(&to, &from), RUZU_ERROR_BINDER);
    CHECK_STR(to.message, "Binder exception: from");
}

static void long_message_is_cut_between_characters(void)
{
    static const char *const characters[] = {"x", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80"};
    static char text[8192];
    rz_error err;
    for (size_t i = 0; i < 4; i++) {
        for (size_t shift = 0; shift < 4; shift++) {
            size_t length = 0;
            memset(text, 0, sizeof text);
            for (; length < shift; length++) {
                text[length] = '-';
            }
            for (; length + 8 < sizeof text; length += strlen(characters[i])) {
                memcpy(text + length, characters[i], strlen(characters[i]));
            }
            rz_error_init(&err);
            CHECK_EQ_I64(rz_error_set(&err, RUZU_ERROR_INTERNAL, "%s", text), RUZU_ERROR_INTERNAL);
            size_t kept = strlen(err.message);
            CHECK(kept >= sizeof err.message - 4);
            CHECK(rz_utf8_valid(err.message, kept));
            CHECK(memcmp(err.message, text, kept) == 0);
        }
    }
}

static ruzu_status fail_with_try(rz_error *err)
{
    RZ_TRY(rz_error_set(err, RUZU_ERROR_IO, "tried"));
    return RUZU_OK;
}

static ruzu_status fail_with_goto(rz_error *err, int *cleanups)
{
    ruzu_status status = RUZU_OK;
    RZ_TRY_GOTO(fail_with_try(err));
    (*cleanups) += 100;
cleanup:
    (*cleanups)++;
    return status;
}

static ruzu_status fail_with_alloc(rz_error *err, const void *memory)
{
    RZ_TRY_ALLOC(memory, err, "testing");
    return RUZU_OK;
}

static void macros_hand_the_status_up(void)
{
    rz_error err;
    int cleanups = 0;
    rz_error_init(&err);
    CHECK_EQ_I64(fail_with_goto(&err, &cleanups), RUZU_ERROR_IO);
    CHECK_EQ_I64(cleanups, 1);
    rz_error_init(&err);
    CHECK_EQ_I64(fail_with_alloc(&err, &err), RUZU_OK);
    CHECK_EQ_I64(fail_with_alloc(&err, NULL), RUZU_ERROR_NO_MEMORY);
}

int main(void)
{
    RUN(message_has_the_prefix_of_its_kind);
    RUN(prefixes_are_the_dialects);
    RUN(first_error_wins);
    RUN(copy_keeps_what_stands);
    RUN(long_message_is_cut_between_characters);
    RUN(macros_hand_the_status_up);
    return CHECK_DONE();
}
