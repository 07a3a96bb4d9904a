/* SPDX-License-Identifier: MIT */
/*
 * Vectors as bytes (vec_code.c): whatever is encoded comes back equal, and bytes that are cut, changed or made up give an error or a sound vector, in bounded memory.
 */
#include "types_random.h"

/* Random text has bytes that are not UTF-8; text of type STRING must be. */
static void make_text_valid(rz_vec *vec)
{
    if (vec->kind == RZ_VEC_SEQUENCE) {
        return;
    }
    if (vec->kind == RZ_VEC_DICTIONARY) {
        make_text_valid((rz_vec *)(uintptr_t)vec->dictionary);
        return;
    }
    if (vec->type->id == RUZU_TYPE_STRING) {
        uint32_t rows = vec->kind == RZ_VEC_CONSTANT ? 1 : vec->capacity;
        rz_string *data = (rz_string *)vec->data;
        for (uint32_t i = 0; i < rows; i++) {
            char text[64];
            if (rz_vec_is_null(vec, i)) {
                continue;
            }
            uint32_t length = data[i].length;
            memcpy(text, rz_string_data(&data[i]), length);
            for (uint32_t k = 0; k < length; k++) {
                text[k] = (unsigned char)text[k] > 0x7f ? 'z' : text[k]; // char has no sign everywhere
            }
            data[i] = rz_string_make((char *)rz_arena_dup(vec->heap, text, length + 1u), length);
        }
    }
    for (uint32_t i = 0; i < vec->child_count; i++) {
        make_text_valid(vec->children[i]);
    }
}

static rz_vec *valid_kind(const rz_type *type, uint32_t count)
{
    rz_vec *vec = random_kind(&arena, type, count);
    make_text_valid(vec);
    return vec;
}

static void columns_come_back_equal(void)
{
    random_seed(41);
    uint64_t bytes = 0;
    for (uint32_t round = 0; round < 2000; round++) {
        uint32_t count = 1 + random_below(round % 50 == 0 ? 300 : 20);
        rz_vec *vec = valid_kind(random_type(&arena, 3, false), count);
        uint32_t *rows = RZ_NEW_ARRAY(&arena, uint32_t, count);
        rz_sel sel = random_below(2) == 0 ? random_all(count) : random_sel(rows, count);
        CHECK(rz_vec_verify(vec, &sel) == NULL);
        rz_str out;
        rz_str_init(&out, &mem);
        rz_str_append_char(&out, 'x');
        rz_vec_encode(vec, &sel, &out);
        CHECK(!out.failed);
        rz_reader reader;
        rz_reader_init(&reader, out.data, out.length);
        (void)rz_read_u8(&reader);
        rz_vec *back = NULL;
        CHECK(rz_vec_decode(&reader, vec->type, sel.count, &arena, &back, &err) == RUZU_OK);
        CHECK(!reader.failed);
        CHECK_EQ_U64(reader.off, out.length);
        bytes += out.length;
        if (back == NULL) {
            fprintf(stderr, "round %u: %s\n", round, err.message);
            rz_str_free(&out);
            return;
        }
        rz_sel all = random_all(sel.count);
        const char *problem = rz_vec_verify(back, &all);
        CHECK_STR(problem == NULL ? "" : problem, "");
        CHECK(back->kind == RZ_VEC_FLAT || back->type->physical == RZ_PHYS_NONE);
        for (uint32_t i = 0; i < sel.count; i++) {
            uint32_t row = rz_sel_at(&sel, i);
            CHECK_EQ_U64(rz_vec_is_null(back, i), rz_vec_is_null(vec, row));
            CHECK(rz_vec_equal(vec, row, back, i));
            CHECK_EQ_U64(rz_vec_compare(vec, row, back, i), 0);
        }
        rz_str_free(&out);
        rz_arena_reset(&arena);
    }
    CHECK(bytes > 10000);
}

static size_t encoded_size(const rz_vec *vec, uint32_t count)
{
    rz_str out;
    rz_str_init(&out, &mem);
    rz_sel sel = random_all(count);
    rz_vec_encode(vec, &sel, &out);
    size_t size = out.length;
    CHECK(!out.failed);
    rz_str_free(&out);
    return size;
}

static void encoding_is_compact(void)
{
    rz_vec *numbers = NULL;
    rz_vec *text = NULL;
    CHECK(rz_vec_create(&arena, &arena, RZ_INT64, 100, &numbers, &err) == RUZU_OK);
    CHECK(rz_vec_create(&arena, &arena, RZ_STRING, 100, &text, &err) == RUZU_OK);
    for (uint32_t i = 0; i < 100; i++) {
        ((int64_t *)numbers->data)[i] = i;
        CHECK(rz_vec_set_string(text, i, "a text longer than that", 5 + i % 9, &err) == RUZU_OK);
    }
    CHECK_EQ_U64(encoded_size(numbers, 100), 1 + 100 * 8);
    CHECK_EQ_U64(encoded_size(text, 9), 1 + 9 + 9 * 9);
    rz_vec_set_null(numbers, 3);
    CHECK_EQ_U64(encoded_size(numbers, 100), 1 + 13 + 99 * 8);
    rz_vec_set_constant(numbers);
    CHECK_EQ_U64(encoded_size(numbers, 100), 1 + 8);
    rz_vec_set_all_null(numbers);
    CHECK_EQ_U64(encoded_size(numbers, 100), 2);
}

/* Decodes bytes that may be anything. */
static ruzu_status decode_anything(const void *data, size_t size, const rz_type *type, uint32_t count)
{
    rz_arena place;
    rz_arena_init(&place, &mem);
    uint8_t *copy = (uint8_t *)rz_mem_alloc(&mem, size); /* exactly as long: reading on is seen by the sanitizer */
    memcpy(copy, data, size);
    rz_error error;
    rz_error_init(&error);
    rz_reader reader;
    rz_reader_init(&reader, copy, size);
    rz_vec *vec = NULL;
    ruzu_status status = rz_vec_decode(&reader, type, count, &place, &vec, &error);
    CHECK(status == RUZU_OK || status == RUZU_ERROR_CORRUPT);
    CHECK_EQ_U64(status, error.code);
    CHECK((status == RUZU_OK) == (vec != NULL));
    if (vec != NULL) {
        rz_sel all = random_all(count);
        const char *problem = rz_vec_verify(vec, &all);
        CHECK_STR(problem == NULL ? "" : problem, "");
    }
    rz_mem_free(&mem, copy, size);
    rz_arena_free(&place);
    return status;
}

static void damaged_bytes_give_an_error_or_a_sound_vector(void)
{
    random_seed(42);
    uint64_t refused = 0, accepted = 0;
    for (uint32_t round = 0; round < 300; round++) {
        uint32_t count = 1 + random_below(12);
        rz_vec *vec = valid_kind(random_type(&arena, 3, false), count);
        rz_sel sel = random_all(count);
        rz_str out;
        rz_str_init(&out, &mem);
        rz_vec_encode(vec, &sel, &out);
        for (size_t cut = 0; cut < out.length; cut += 1 + out.length / 64) {
            CHECK_EQ_U64(decode_anything(out.data, cut, vec->type, count), RUZU_ERROR_CORRUPT);
        }
        for (uint32_t change = 0; change < 60; change++) {
            size_t at = random_below((uint32_t)out.length);
            char old = out.data[at];
            out.data[at] = (char)(random_below(2) == 0 ? (uint8_t)old ^ (1u << random_below(8)) : random_below(256));
            ruzu_status status = decode_anything(out.data, out.length, vec->type, count);
            refused += status != RUZU_OK;
            accepted += status == RUZU_OK;
            if (random_below(2) == 0) {
                out.data[at] = old;
            }
        }
        rz_str_free(&out);
        rz_arena_reset(&arena);
    }
    CHECK(refused > 1000 && accepted > 1000);
}

static void counts_and_lengths_are_not_believed(void)
{
    static const uint8_t huge_list[] = {0, 0xff, 0xff, 0xff, 0xff, 0x0f, 0};
    static const uint8_t long_length[] = {0, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00, 0};
    static const uint8_t constant_elements[] = {0, 9, 2, 1, 0, 0, 0, 0, 0, 0, 0};
    static const uint8_t bad_text[] = {0, 2, 0xc3, 0x28};
    static const uint8_t bad_bool[] = {0, 2};
    static const uint8_t bad_flags[] = {4, 0};
    const rz_type *list = rz_type_list(&arena, RZ_INT64);
    rz_type_field member = {"a", RZ_INT64};
    const rz_type *empty = rz_type_struct(&arena, &member, 0);
    const rz_type *lists_of_nothing[] = {rz_type_list(&arena, RZ_ANY), rz_type_list(&arena, empty)};
    uint64_t before = atomic_load(&mem.peak);
    CHECK_EQ_U64(decode_anything(huge_list, sizeof huge_list, list, 1), RUZU_ERROR_CORRUPT);
    CHECK_EQ_U64(decode_anything(huge_list, sizeof huge_list, lists_of_nothing[0], 1), RUZU_ERROR_CORRUPT);
    CHECK_EQ_U64(decode_anything(huge_list, sizeof huge_list, lists_of_nothing[1], 1), RUZU_ERROR_CORRUPT);
    CHECK_EQ_U64(decode_anything(long_length, sizeof long_length, list, 1), RUZU_ERROR_CORRUPT);
    CHECK_EQ_U64(decode_anything(constant_elements, sizeof constant_elements, list, 1), RUZU_ERROR_CORRUPT);
    CHECK_EQ_U64(decode_anything(bad_text, sizeof bad_text, RZ_STRING, 1), RUZU_ERROR_CORRUPT);
    CHECK_EQ_U64(decode_anything(bad_text, sizeof bad_text, rz_type_of(RUZU_TYPE_BLOB), 1), RUZU_OK);
    CHECK_EQ_U64(decode_anything(bad_bool, sizeof bad_bool, RZ_BOOL, 1), RUZU_ERROR_CORRUPT);
    CHECK_EQ_U64(decode_anything(bad_flags, sizeof bad_flags, RZ_BOOL, 1), RUZU_ERROR_CORRUPT);
    CHECK(atomic_load(&mem.peak) - before < 1 << 20);
}

static void no_rows_and_no_fields_have_a_form(void)
{
    rz_type_field member = {"a", RZ_INT64};
    const rz_type *empty = rz_type_struct(&arena, &member, 0);
    rz_vec *vec = NULL;
    rz_str out;
    rz_str_init(&out, &mem);
    CHECK(rz_vec_create(&arena, &arena, empty, 20, &vec, &err) == RUZU_OK);
    rz_vec_set_null(vec, 7);
    rz_sel sel = random_all(20);
    rz_vec_encode(vec, &sel, &out);
    CHECK_EQ_U64(out.length, 4);
    rz_reader reader;
    rz_reader_init(&reader, out.data, out.length);
    rz_vec *back = NULL;
    CHECK(rz_vec_decode(&reader, empty, 20, &arena, &back, &err) == RUZU_OK);
    CHECK(rz_vec_is_null(back, 7) && !rz_vec_is_null(back, 8));
    rz_str_clear(&out);
    sel.count = 0;
    rz_vec_encode(vec, &sel, &out);
    CHECK_EQ_U64(out.length, 1);
    rz_reader_init(&reader, out.data, out.length);
    CHECK(rz_vec_decode(&reader, empty, 0, &arena, &back, &err) == RUZU_OK);
    rz_str_free(&out);
}

/* ---- refused memory ---- */

static rz_vec *refused_vec;
static rz_str refused_bytes;

static ruzu_status decode_refused(rz_arena *place, rz_error *error)
{
    rz_reader reader;
    rz_vec *back = NULL;
    rz_reader_init(&reader, refused_bytes.data, refused_bytes.length);
    return rz_vec_decode(&reader, refused_vec->type, 12, place, &back, error);
}

static void refused_memory_is_reported(void)
{
    random_seed(43);
    rz_type_field fields[2] = {{"a", rz_type_list(&arena, RZ_STRING)}, {"b", RZ_INT64}};
    refused_vec = random_vec(&arena, rz_type_union(&arena, fields, 2), 12);
    make_text_valid(refused_vec);
    uint64_t failures = 0;
    rz_sel sel = random_all(12);
    rz_str_init(&refused_bytes, &mem);
    for (uint64_t n = 0; n < 100; n++) {
        uint64_t left = n;
        rz_str_free(&refused_bytes);
        rz_str_init(&refused_bytes, &mem);
        rz_mem_set_test_hook(refuse_nth, &left);
        rz_vec_encode(refused_vec, &sel, &refused_bytes);
        rz_mem_set_test_hook(NULL, NULL);
        failures += refused_bytes.failed;
    }
    CHECK(failures > 0 && !refused_bytes.failed);
    refuse_memory_everywhere(decode_refused);
    rz_str_free(&refused_bytes);
}

int main(void)
{
    RUN_IN_ARENA(columns_come_back_equal);
    RUN_IN_ARENA(encoding_is_compact);
    RUN_IN_ARENA(damaged_bytes_give_an_error_or_a_sound_vector);
    RUN_IN_ARENA(counts_and_lengths_are_not_believed);
    RUN_IN_ARENA(no_rows_and_no_fields_have_a_form);
    RUN_IN_ARENA(refused_memory_is_reported);
    return CHECK_DONE();
}
