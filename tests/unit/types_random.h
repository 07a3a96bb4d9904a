/* SPDX-License-Identifier: MIT */
/*
 * Random types, vectors and an independent model of equality and order over boxed values, for the unit tests of types. Values come from
 * small domains with the awkward ones in (NULL, NaN, -0.0, empty and prefix strings), so that equal values are frequent.
 */
#ifndef RZ_TESTS_TYPES_RANDOM_H
#define RZ_TESTS_TYPES_RANDOM_H

#include "types/types.h"

#include "check.h"

#include <math.h>

/* What a test works in; set up by RUN_IN_ARENA. */
static rz_mem mem;
static rz_arena arena;
static rz_error err;

static inline void run_in_arena(void (*test)(void))
{
    rz_mem_init(&mem, NULL, UINT64_MAX);
    rz_arena_init(&arena, &mem);
    rz_error_init(&err);
    test();
    rz_arena_free(&arena);
    CHECK_EQ_U64(atomic_load(&mem.used), 0);
}

/* Runs one test function on empty memory, names it when it fails, and sees that it leaves no memory behind. */
#define RUN_IN_ARENA(test)                                                                                             \
    do {                                                                                                               \
        int before = check_failures;                                                                                   \
        run_in_arena(test);                                                                                            \
        if (check_failures != before) {                                                                                \
            fprintf(stderr, "FAILED: %s\n", #test);                                                                    \
        }                                                                                                              \
    } while (0)

/* Hooks of rz_mem_set_test_hook: refuse the allocation after *user others, or all. */
static inline bool refuse_nth(void *user, size_t size)
{
    uint64_t *left = (uint64_t *)user;
    (void)size;
    return (*left)-- == 0;
}

static inline bool refuse_all(void *user, size_t size)
{
    (void)user;
    (void)size;
    return true;
}

typedef ruzu_status (*refused_fn)(rz_arena *place, rz_error *error);

static inline ruzu_status refused_run(refused_fn fn, rz_arena *place, rz_mem_hook_fn hook, uint64_t *left)
{
    rz_error error;
    rz_error_init(&error);
    rz_mem_set_test_hook(hook, left);
    ruzu_status status = fn(place, &error);
    rz_mem_set_test_hook(NULL, NULL);
    CHECK(status == RUZU_OK || status == RUZU_ERROR_NO_MEMORY);
    CHECK_EQ_U64(error.code, status);
    return status;
}

/* Runs fn with memory refused at each place in turn: first each call of the allocator, then (an arena calls it rarely) with an arena that has
 * room for 0, 16, 32, … more bytes. fn must report each refusal, and succeed in the end. */
static inline void refuse_memory_everywhere(refused_fn fn)
{
    rz_arena place;
    uint64_t failures = 0;
    size_t most = 0; /* bytes that fn takes */
    ruzu_status status = RUZU_ERROR_NO_MEMORY;
    for (uint64_t n = 0; n < 10000 && status != RUZU_OK; n++) {
        uint64_t left = n;
        rz_arena_init(&place, &mem);
        status = refused_run(fn, &place, refuse_nth, &left);
        failures += status != RUZU_OK;
        most = (size_t)place.used_bytes;
        rz_arena_free(&place);
    }
    CHECK(status == RUZU_OK && failures > 0);
    status = RUZU_ERROR_NO_MEMORY;
    for (size_t room = 0; room <= 2 * most && status != RUZU_OK; room += room < 16384 ? 16 : room / 512 * 16) {
        uint64_t left = 0;
        rz_arena_init(&place, &mem);
        CHECK(rz_arena_alloc(&place, 2 * most) != NULL);
        rz_arena_reset(&place);
        CHECK(rz_arena_alloc(&place, (size_t)(place.end - place.next) - room) != NULL);
        status = refused_run(fn, &place, refuse_all, &left);
        rz_arena_free(&place);
    }
    CHECK_EQ_U64(status, RUZU_OK);
}

static uint64_t random_state;

static inline void random_seed(uint64_t seed)
{
    random_state = seed;
    printf("seed %llu\n", (unsigned long long)seed);
}

static inline uint64_t random_u64(void)
{
    random_state += UINT64_C(0x9e3779b97f4a7c15);
    return rz_hash_u64(random_state);
}

/* 0 … bound - 1 */
static inline uint32_t random_below(uint32_t bound)
{
    return (uint32_t)(random_u64() % bound);
}

static inline rz_sel random_all(uint32_t count)
{
    rz_sel sel = {NULL, count};
    return sel;
}

/* An ascending selection of about half of count rows, in rows[0..count). */
static inline rz_sel random_sel(uint32_t *rows, uint32_t count)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (random_below(2) == 0) {
            rows[kept++] = i;
        }
    }
    rz_sel sel = {rows, kept};
    return sel;
}

/* ---- types ---- */

static const ruzu_type_id random_simple_ids[] = {
    RUZU_TYPE_BOOL,   RUZU_TYPE_INT8,          RUZU_TYPE_INT16,        RUZU_TYPE_INT32,        RUZU_TYPE_INT64,        RUZU_TYPE_INT128,
    RUZU_TYPE_UINT8,  RUZU_TYPE_UINT16,        RUZU_TYPE_UINT32,       RUZU_TYPE_UINT64,       RUZU_TYPE_SERIAL,       RUZU_TYPE_FLOAT,
    RUZU_TYPE_DOUBLE, RUZU_TYPE_STRING,        RUZU_TYPE_BLOB,         RUZU_TYPE_UUID,         RUZU_TYPE_DATE,         RUZU_TYPE_TIMESTAMP,
    RUZU_TYPE_STRING, RUZU_TYPE_TIMESTAMP_SEC, RUZU_TYPE_TIMESTAMP_MS, RUZU_TYPE_TIMESTAMP_NS, RUZU_TYPE_TIMESTAMP_TZ, RUZU_TYPE_INTERVAL,
};
#define RANDOM_SIMPLE_COUNT ((uint32_t)(sizeof random_simple_ids / sizeof random_simple_ids[0]))

/* depth: levels of nesting at most; storable: no ANY, ids and graph types. */
static inline const rz_type *random_type(rz_arena *place, uint32_t depth, bool storable)
{
    static const char *const names[] = {"a", "b", "name", "Key", "x y", "ä"};
    static const uint32_t tables[] = {1, 4};
    uint32_t pick = depth == 0 ? 0 : random_below(12);
    rz_type_field fields[6];
    uint32_t count = 1 + random_below(4);
    switch (pick) {
    case 6: return rz_type_list(place, random_type(place, depth - 1, storable));
    case 7: return rz_type_array(place, random_type(place, depth - 1, storable), 1 + random_below(4));
    case 8: {
        const rz_type *key = random_type(place, depth - 1, storable);
        return rz_type_map(place, key, random_type(place, depth - 1, storable));
    }
    case 9:
    case 10:
        for (uint32_t i = 0; i < count; i++) {
            fields[i].name = names[i];
            fields[i].type = random_type(place, depth - 1, storable);
        }
        return pick == 9 ? rz_type_struct(place, fields, count) : rz_type_union(place, fields, count);
    case 11:
        if (storable) {
            return rz_type_decimal(place, (uint8_t)(1 + random_below(38)), 0);
        }
        switch (random_below(7)) {
        case 0: return rz_type_of(RUZU_TYPE_INTERNAL_ID);
        case 1: return rz_type_node(place, tables, 2);
        case 2: return rz_type_rel(place, tables, 1);
        case 3: return rz_type_path(place, rz_type_node(place, tables, 2), rz_type_rel(place, tables, 1));
        case 4: return rz_type_of(RUZU_TYPE_ANY);
        case 5:
            fields[0] = (rz_type_field){"_ID", rz_type_of(RUZU_TYPE_INTERNAL_ID)};
            fields[1] = (rz_type_field){"_LABEL", RZ_STRING};
            fields[2] = (rz_type_field){"p", random_type(place, depth - 1, storable)};
            return rz_type_graph_value(place, RUZU_TYPE_NODE, fields, 3);
        default:
            fields[0] = (rz_type_field){"_SRC", rz_type_of(RUZU_TYPE_INTERNAL_ID)};
            fields[1] = (rz_type_field){"_DST", rz_type_of(RUZU_TYPE_INTERNAL_ID)};
            fields[2] = (rz_type_field){"_LABEL", RZ_STRING};
            fields[3] = (rz_type_field){"_ID", rz_type_of(RUZU_TYPE_INTERNAL_ID)};
            fields[4] = (rz_type_field){"p", random_type(place, depth - 1, storable)};
            return rz_type_graph_value(place, RUZU_TYPE_REL, fields, 5);
        }
    case 5: {
        uint8_t precision = (uint8_t)(1 + random_below(38));
        return rz_type_decimal(place, precision, (uint8_t)random_below(precision + 1u));
    }
    default: return rz_type_of(random_simple_ids[random_below(RANDOM_SIMPLE_COUNT)]);
    }
}

/* ---- values ---- */

static double random_double(void)
{
    switch (random_below(10)) {
    case 0: return 0.0;
    case 1: return -0.0;
    case 2: return (double)NAN;
    case 3: return -(double)NAN;
    case 4: return (double)INFINITY;
    case 5: return -(double)INFINITY;
    case 6: return 1.5;
    case 7: return -1.5;
    default: return (double)(int32_t)random_u64() / 8.0;
    }
}

static rz_int128 random_integer(void)
{
    switch (random_below(4)) {
    case 0: return (rz_int128)(((rz_uint128)random_u64() << 64) | random_u64());
    case 1: return (rz_int128)(int64_t)random_u64();
    default: return (rz_int128)random_below(5) - 2;
    }
}

static uint32_t random_text(char *out)
{
    static const uint32_t lengths[] = {0, 1, 2, 3, 4, 5, 11, 12, 13, 14, 40};
    uint32_t length = lengths[random_below(11)];
    for (uint32_t i = 0; i < length; i++) {
        out[i] = (char)(i + 2 < length ? 'a' : (char)random_below(4) - (random_below(4) == 0 ? 1 : 0)); /* the ends differ: 0, 1, 2, 0xFF */
    }
    return length;
}

static rz_interval random_interval(void)
{
    static const int32_t parts[] = {0, 1, -1, 30, -30, INT32_MAX, INT32_MIN};
    static const int64_t micros[] = {0, 1, -1, INT64_C(86400000000), INT64_C(-86400000000), INT64_C(2592000000000), INT64_MAX, INT64_MIN};
    rz_interval interval = {parts[random_below(7)], parts[random_below(7)], micros[random_below(8)]};
    return interval;
}

/* A random value into row of a FLAT vector with own buffers. */
static inline void random_value(rz_vec *vec, uint32_t row)
{
    if (vec->type->physical == RZ_PHYS_NONE) {
        return;
    }
    if (random_below(5) == 0) {
        rz_vec_set_null(vec, row);
        return;
    }
    rz_vec_set_valid(vec, row);
    rz_int128 integer = random_integer();
    char text[64];
    switch ((rz_physical)vec->type->physical) {
    case RZ_PHYS_NONE: return;
    case RZ_PHYS_BOOL: ((uint8_t *)vec->data)[row] = (uint8_t)random_below(2); return;
    case RZ_PHYS_INT8:
    case RZ_PHYS_UINT8: ((uint8_t *)vec->data)[row] = (uint8_t)integer; return;
    case RZ_PHYS_INT16:
    case RZ_PHYS_UINT16: ((uint16_t *)vec->data)[row] = (uint16_t)integer; return;
    case RZ_PHYS_INT32:
    case RZ_PHYS_UINT32: ((uint32_t *)vec->data)[row] = (uint32_t)integer; return;
    case RZ_PHYS_INT64:
    case RZ_PHYS_UINT64: ((uint64_t *)vec->data)[row] = (uint64_t)integer; return;
    case RZ_PHYS_INT128: ((rz_int128 *)vec->data)[row] = integer; return;
    case RZ_PHYS_FLOAT: ((float *)vec->data)[row] = (float)random_double(); return;
    case RZ_PHYS_DOUBLE: ((double *)vec->data)[row] = random_double(); return;
    case RZ_PHYS_INTERVAL: ((rz_interval *)vec->data)[row] = random_interval(); return;
    case RZ_PHYS_REL: ((rz_rel_ref *)vec->data)[row] = (rz_rel_ref){random_u64(), random_u64(), random_below(4)}; return;
    case RZ_PHYS_STRING: {
        uint32_t length = random_text(text);
        CHECK(rz_vec_set_string(vec, row, text, length, &err) == RUZU_OK);
        return;
    }
    case RZ_PHYS_LIST: {
        uint32_t length = vec->type->id == RUZU_TYPE_ARRAY ? vec->type->array_length : random_below(random_below(20) == 0 ? 200 : 4);
        length = vec->type->child->child != NULL && length > 4 ? 4 : length;
        uint32_t offset = 0;
        CHECK(rz_vec_list_reserve(vec, length, &offset, &err) == RUZU_OK);
        ((rz_list_entry *)vec->data)[row] = (rz_list_entry){offset, length};
        for (uint32_t i = 0; i < length; i++) {
            random_value(vec->children[0], offset + i);
        }
        return;
    }
    case RZ_PHYS_STRUCT:
        if (vec->type->id == RUZU_TYPE_UNION) {
            uint32_t tag = random_below(vec->child_count - 1);
            rz_vec_set_valid(vec->children[0], row);
            ((uint8_t *)vec->children[0]->data)[row] = (uint8_t)tag;
            for (uint32_t i = 1; i < vec->child_count; i++) {
                if (i == tag + 1) {
                    random_value(vec->children[i], row);
                } else {
                    rz_vec_set_null(vec->children[i], row);
                }
            }
            return;
        }
        for (uint32_t i = 0; i < vec->child_count; i++) {
            random_value(vec->children[i], row);
        }
        return;
    }
}

/* A FLAT vector of count random rows. */
static inline rz_vec *random_vec(rz_arena *place, const rz_type *type, uint32_t count)
{
    rz_vec *vec = NULL;
    CHECK(rz_vec_create(place, place, type, count, &vec, &err) == RUZU_OK);
    for (uint32_t i = 0; i < count; i++) {
        random_value(vec, i);
    }
    return vec;
}

/* A vector of count rows of any kind that fits the type. */
static inline rz_vec *random_kind(rz_arena *place, const rz_type *type, uint32_t count)
{
    rz_vec *vec = NULL;
    uint32_t *index = RZ_NEW_ARRAY(place, uint32_t, count + 1);
    for (uint32_t i = 0; i < count; i++) {
        index[i] = random_below(count);
    }
    uint32_t pick = random_below(6);
    if (pick <= 1) {
        return random_vec(place, type, count);
    }
    CHECK(rz_vec_create_empty(place, place, type, &vec, &err) == RUZU_OK);
    if (pick == 2 && (type->physical == RZ_PHYS_INT64 || type->physical == RZ_PHYS_UINT64)) {
        rz_vec_set_sequence(vec, (int64_t)random_u64(), (int64_t)random_below(5) - 2);
    } else if (pick == 3) {
        rz_vec_set_constant(vec);
        random_value(vec, 0);
    } else {
        CHECK(rz_vec_slice(vec, random_vec(place, type, count), index, count, &err) == RUZU_OK);
        if (pick == 5) {
            rz_vec *again = NULL;
            CHECK(rz_vec_create_empty(place, place, type, &again, &err) == RUZU_OK);
            CHECK(rz_vec_slice(again, vec, index, count, &err) == RUZU_OK);
            vec = again;
        }
    }
    return vec;
}

/* Checks the invariants of the selected rows. */
#define CHECK_VEC(vec, sel)                                                                                            \
    do {                                                                                                               \
        const char *problem_ = rz_vec_verify(vec, sel);                                                                \
        CHECK_STR(problem_ == NULL ? "" : problem_, "");                                                               \
    } while (0)

/* ---- the model: order of boxed values as the dialect has it ---- */

static inline int model_order_numbers(double a, double b)
{
    if (isnan(a) || isnan(b)) {
        return (isnan(a) ? 1 : 0) - (isnan(b) ? 1 : 0);
    }
    return a < b ? -1 : a > b;
}

static rz_int128 model_integer(const rz_value *value)
{
    switch ((rz_physical)value->type->physical) {
    case RZ_PHYS_BOOL: return value->u.boolean;
    case RZ_PHYS_INT8: return value->u.i8;
    case RZ_PHYS_INT16: return value->u.i16;
    case RZ_PHYS_INT32: return value->u.i32;
    case RZ_PHYS_INT64: return value->u.i64;
    case RZ_PHYS_INT128: return value->u.i128;
    case RZ_PHYS_UINT8: return value->u.u8;
    case RZ_PHYS_UINT16: return value->u.u16;
    case RZ_PHYS_UINT32: return value->u.u32;
    case RZ_PHYS_UINT64: return value->u.u64;
    case RZ_PHYS_REL: return value->u.rel.rel;
    default: return 0;
    }
}

static inline int model_order_intervals(rz_interval a, rz_interval b)
{
    /* Carried into months, days of 0 … 29 and microseconds of less than a day. */
    int64_t x[3] = {a.months, a.days, a.micros}, y[3] = {b.months, b.days, b.micros};
    const int64_t day = INT64_C(86400000000);
    for (int pass = 0; pass < 2; pass++) {
        int64_t *part = pass == 0 ? x : y;
        part[1] += part[2] / day - (part[2] % day < 0);
        part[2] = (part[2] % day + day) % day;
        part[0] += part[1] / 30 - (part[1] % 30 < 0);
        part[1] = (part[1] % 30 + 30) % 30;
    }
    for (int i = 0; i < 3; i++) {
        if (x[i] != y[i]) {
            return x[i] < y[i] ? -1 : 1;
        }
    }
    if (a.months != b.months) {
        return a.months < b.months ? -1 : 1;
    }
    return a.days < b.days ? -1 : a.days > b.days;
}

static inline int model_order(const rz_value *a, const rz_value *b)
{
    if (a->is_null || b->is_null) {
        return (int)a->is_null - (int)b->is_null;
    }
    switch ((rz_physical)a->type->physical) {
    case RZ_PHYS_FLOAT: return model_order_numbers((double)a->u.f32, (double)b->u.f32);
    case RZ_PHYS_DOUBLE: return model_order_numbers(a->u.f64, b->u.f64);
    case RZ_PHYS_INTERVAL: return model_order_intervals(a->u.interval, b->u.interval);
    case RZ_PHYS_STRING: {
        uint64_t shorter = a->u.text.length < b->u.text.length ? a->u.text.length : b->u.text.length;
        int order = memcmp(a->u.text.data, b->u.text.data, shorter);
        return order != 0 ? order : a->u.text.length < b->u.text.length ? -1 : a->u.text.length > b->u.text.length;
    }
    case RZ_PHYS_LIST:
    case RZ_PHYS_STRUCT: {
        bool graph = a->type->id == RUZU_TYPE_NODE || a->type->id == RUZU_TYPE_REL;
        for (uint32_t i = 0; i < a->u.nested.count && i < b->u.nested.count; i++) {
            if (graph && strcmp(a->type->fields[i].name, "_ID") != 0) {
                continue;
            }
            int order = model_order(&a->u.nested.items[i], &b->u.nested.items[i]);
            if (order != 0) {
                return order;
            }
        }
        return a->u.nested.count < b->u.nested.count ? -1 : a->u.nested.count > b->u.nested.count;
    }
    default: {
        rz_int128 x = model_integer(a), y = model_integer(b);
        return x < y ? -1 : x > y;
    }
    }
}

static inline int model_sign(int order)
{
    return (order > 0) - (order < 0);
}

/* model_order of two rows, whatever the kinds. */
static inline int model_order_rows(rz_arena *place, const rz_vec *a, uint32_t a_row, const rz_vec *b, uint32_t b_row)
{
    rz_value x, y;
    CHECK(rz_value_from_vec(a, a_row, place, &x, &err) == RUZU_OK);
    CHECK(rz_value_from_vec(b, b_row, place, &y, &err) == RUZU_OK);
    return model_sign(model_order(&x, &y));
}

#endif
