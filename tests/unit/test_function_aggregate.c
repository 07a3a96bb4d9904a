/* SPDX-License-Identifier: MIT */
/*
 * Aggregates against a simple model: random values, NULLs, weights, selections, kinds of vectors, many groups, merging,
 * saving and loading; overflow, messages and refused memory.
 */
#include "check.h"

#include "function/function.h"

#include <stdlib.h>

#define GROUPS 5u
#define CHUNKS 6u
#define ROWS   RZ_VECTOR_CAPACITY

typedef struct agg_env {
    rz_mem mem;
    rz_arena arena;
    rz_fn_context fn;
    rz_agg_context context;
    rz_error err;
    uint64_t random;
} agg_env;

static void env_open(agg_env *env, uint64_t seed)
{
    rz_mem_init(&env->mem, NULL, UINT64_MAX);
    rz_arena_init(&env->arena, &env->mem);
    memset(&env->fn, 0, sizeof env->fn);
    env->fn.mem = &env->mem;
    env->fn.scratch = &env->arena;
    env->context.arena = &env->arena;
    env->context.fn = &env->fn;
    rz_error_init(&env->err);
    env->random = seed;
}

static void env_close(agg_env *env)
{
    rz_arena_free(&env->arena);
    CHECK_EQ_U64(env->mem.used, 0);
}

static uint64_t env_random(agg_env *env)
{
    env->random = rz_hash_u64(env->random + UINT64_C(0x9e3779b97f4a7c15));
    return env->random;
}

/* What an INT64 column's aggregates should be. */
typedef struct agg_model {
    uint64_t rows;
    uint64_t count;
    rz_int128 sum;
    int64_t min;
    int64_t max;
    double squares; /* around 0 */
} agg_model;

static void model_add(agg_model *model, bool valid, int64_t value, uint64_t weight)
{
    model->rows += weight;
    if (!valid || weight == 0) {
        return;
    }
    model->min = model->count == 0 || value < model->min ? value : model->min;
    model->max = model->count == 0 || value > model->max ? value : model->max;
    model->count += weight;
    model->sum += (rz_int128)value * (rz_int128)weight;
    model->squares += (double)value * (double)value * (double)weight;
}

/* One vector of random values: flat, dictionary or constant. */
static rz_vec *random_vec(agg_env *env, const rz_type *type, int kind, bool with_nulls)
{
    rz_vec *flat = NULL;
    CHECK(rz_vec_create(&env->arena, &env->arena, type, ROWS, &flat, &env->err) == RUZU_OK);
    rz_vec *integers = NULL;
    CHECK(rz_vec_create(&env->arena, &env->arena, RZ_INT64, ROWS, &integers, &env->err) == RUZU_OK);
    for (uint32_t i = 0; i < ROWS; i++) {
        ((int64_t *)integers->data)[i] = (int64_t)(env_random(env) % 200);
    }
    rz_sel all = {NULL, ROWS};
    if (type->id == RUZU_TYPE_INT64) {
        flat = integers;
    } else {
        CHECK(rz_cast(integers, &all, false, flat, &env->err) == RUZU_OK);
    }
    for (uint32_t i = 0; with_nulls && i < ROWS; i++) {
        if (env_random(env) % 4 == 0) {
            rz_vec_set_null(flat, i);
        }
    }
    if (kind == 0) {
        return flat;
    }
    rz_vec *other = NULL;
    CHECK(rz_vec_create_empty(&env->arena, &env->arena, type, &other, &env->err) == RUZU_OK);
    if (kind == 1) {
        rz_vec_reference(other, flat);
        other->kind = RZ_VEC_CONSTANT;
        return other;
    }
    uint32_t *index = RZ_NEW_ARRAY(&env->arena, uint32_t, ROWS);
    for (uint32_t i = 0; i < ROWS; i++) {
        index[i] = (uint32_t)(env_random(env) % ROWS);
    }
    CHECK(rz_vec_slice(other, flat, index, ROWS, &env->err) == RUZU_OK);
    return other;
}

static int64_t value_of(agg_env *env, const rz_vec *vec, uint32_t row)
{
    rz_value value, integer;
    CHECK(rz_value_from_vec(vec, row, &env->arena, &value, &env->err) == RUZU_OK);
    CHECK(rz_value_cast(&value, RZ_INT64, &env->arena, &integer, &env->err) == RUZU_OK);
    return integer.u.i64;
}

static double as_double(agg_env *env, const rz_vec *out, uint32_t row)
{
    rz_value value, number;
    CHECK(rz_value_from_vec(out, row, &env->arena, &value, &env->err) == RUZU_OK);
    CHECK(rz_value_cast(&value, RZ_DOUBLE, &env->arena, &number, &env->err) == RUZU_OK);
    return number.u.f64;
}

static bool near_to(double a, double b)
{
    double difference = a > b ? a - b : b - a;
    double size = a > 0 ? a : -a;
    return difference <= 1e-9 * (size + 1);
}

static void check_result(agg_env *env, const char *name, const rz_vec *out, uint32_t row, const agg_model *model)
{
    bool empty = model->count == 0;
    if (strcmp(name, "COUNT_STAR") == 0) {
        CHECK_EQ_I64(((const int64_t *)out->data)[row], model->rows);
    } else if (strcmp(name, "COUNT") == 0) {
        CHECK_EQ_I64(((const int64_t *)out->data)[row], model->count);
    } else if (strcmp(name, "COLLECT") == 0) {
        rz_list_entry entry = ((const rz_list_entry *)out->data)[row];
        CHECK_EQ_U64(entry.length, model->count);
        rz_int128 sum = 0;
        for (uint32_t i = 0; i < entry.length; i++) {
            sum += value_of(env, out->children[0], entry.offset + i);
        }
        CHECK(sum == model->sum);
    } else if (empty) {
        CHECK(rz_vec_is_null(out, row));
    } else if (strcmp(name, "MIN") == 0) {
        CHECK(as_double(env, out, row) == (double)model->min);
    } else if (strcmp(name, "MAX") == 0) {
        CHECK(as_double(env, out, row) == (double)model->max);
    } else if (strcmp(name, "SUM") == 0) {
        CHECK(near_to(as_double(env, out, row), (double)model->sum));
    } else if (strcmp(name, "AVG") == 0) {
        CHECK(near_to(as_double(env, out, row), (double)model->sum / (double)model->count));
    } else if (strcmp(name, "STDEVP") == 0) {
        double mean = (double)model->sum / (double)model->count;
        double variance = model->squares / (double)model->count - mean * mean;
        double deviation = as_double(env, out, row);
        CHECK(near_to(deviation * deviation, variance < 0 ? 0 : variance));
    }
}

/* The argument as the aggregate wants it. */
static rz_vec *cast_argument(agg_env *env, rz_vec *values, const rz_type *to)
{
    if (to == NULL || rz_type_equal(to, values->type)) {
        return values;
    }
    rz_vec *wanted = NULL;
    CHECK(rz_vec_create(&env->arena, &env->arena, to, ROWS, &wanted, &env->err) == RUZU_OK);
    for (uint32_t i = 0; i < ROWS; i++) {
        rz_sel one = {&i, 1};
        if (rz_vec_is_null(values, i)) {
            rz_vec_set_null(wanted, i);
        } else {
            CHECK(rz_cast(values, &one, false, wanted, &env->err) == RUZU_OK);
        }
    }
    return wanted;
}

/* A copy of a state as spilling makes it. */
static uint8_t *move_state(agg_env *env, const rz_agg_bound *bound, const uint8_t *state)
{
    uint8_t *moved = (uint8_t *)rz_arena_alloc(&env->arena, bound->state_size);
    if (bound->agg->plain_state) {
        memcpy(moved, state, bound->state_size);
        return moved;
    }
    rz_str bytes;
    rz_str_init(&bytes, &env->mem);
    bound->agg->save(bound, state, &bytes);
    CHECK(!bytes.failed);
    bound->agg->init(bound, moved);
    rz_reader reader;
    rz_reader_init(&reader, bytes.data, bytes.length);
    CHECK(bound->agg->load(bound, &env->context, &reader, moved, &env->err) == RUZU_OK);
    CHECK_EQ_U64(reader.off, bytes.length);
    if (bytes.length > 9) { /* cut off: an error, no crash */
        uint8_t *broken = (uint8_t *)rz_arena_alloc(&env->arena, bound->state_size);
        rz_error err;
        rz_error_init(&err);
        bound->agg->init(bound, broken);
        rz_reader_init(&reader, bytes.data, bytes.length - 1);
        CHECK(bound->agg->load(bound, &env->context, &reader, broken, &err) != RUZU_OK);
    }
    rz_str_free(&bytes);
    return moved;
}

static void finish_and_check(agg_env *env, const rz_agg_bound *bound, const char *name, uint8_t *workers[2][GROUPS],
                             const agg_model *models)
{
    uint8_t *merged[GROUPS];
    for (uint32_t g = 0; g < GROUPS; g++) {
        merged[g] = move_state(env, bound, workers[0][g]);
        uint8_t *other = move_state(env, bound, workers[1][g]);
        CHECK(bound->agg->combine(bound, &env->context, merged[g], other, &env->err) == RUZU_OK);
    }
    rz_vec *out = NULL;
    CHECK(rz_vec_create(&env->arena, &env->arena, bound->result, ROWS, &out, &env->err) == RUZU_OK);
    CHECK(bound->agg->finish(bound, &env->fn, merged, GROUPS, out, 1, &env->err) == RUZU_OK);
    for (uint32_t g = 0; g < GROUPS; g++) {
        check_result(env, name, out, 1 + g, &models[g]);
    }
}

/* Feeds CHUNKS vectors to the states of two workers, the last group to none, and compares. */
static void run_aggregate(const char *name, const char *type_name, uint64_t seed, bool weighted, bool grouped)
{
    agg_env env;
    env_open(&env, seed);
    const rz_type *type = NULL;
    CHECK(rz_type_parse(type_name, strlen(type_name), NULL, NULL, &env.arena, &type, &env.err) == RUZU_OK);
    rz_agg_bound bound;
    CHECK(rz_agg_resolve(name, strcmp(name, "COUNT_STAR") == 0 ? NULL : type, true, &env.arena, &bound, &env.err) ==
          RUZU_OK);
    CHECK(bound.state_size % 16 == 0 && bound.state_size != 0);
    uint8_t *workers[2][GROUPS];
    agg_model models[GROUPS];
    memset(models, 0, sizeof models);
    for (uint32_t i = 0; i < 2 * GROUPS; i++) {
        workers[i / GROUPS][i % GROUPS] = (uint8_t *)rz_arena_alloc(&env.arena, bound.state_size);
        bound.agg->init(&bound, workers[i / GROUPS][i % GROUPS]);
    }
    uint8_t **states = RZ_NEW_ARRAY(&env.arena, uint8_t *, ROWS);
    uint64_t *weights = RZ_NEW_ARRAY(&env.arena, uint64_t, ROWS);
    uint32_t *rows = RZ_NEW_ARRAY(&env.arena, uint32_t, ROWS);
    for (uint32_t chunk = 0; chunk < CHUNKS; chunk++) {
        rz_vec *values = random_vec(&env, type, (int)(chunk % 3), chunk % 2 == 0);
        rz_vec *wanted = cast_argument(&env, values, bound.arg_type);
        rz_sel sel = {chunk < 3 ? NULL : rows, 0};
        uint32_t only = (uint32_t)(env_random(&env) % (GROUPS - 1));
        for (uint32_t i = 0; i < ROWS; i++) {
            if (chunk >= 3 && env_random(&env) % 3 == 0) {
                continue;
            }
            rows[sel.count++] = i;
            weights[i] = 1 + env_random(&env) % 3;
            uint32_t group = grouped ? (uint32_t)(env_random(&env) % (GROUPS - 1)) : only;
            states[i] = workers[chunk % 2][group];
            bool valid = !rz_vec_is_null(values, i);
            model_add(&models[group], valid, valid ? value_of(&env, values, i) : 0, weighted ? weights[i] : 1);
        }
        const uint64_t *given = weighted ? weights : NULL;
        ruzu_status status = grouped ? bound.agg->update(&bound, &env.context, states, wanted, &sel, given, &env.err)
                                     : bound.agg->update_one(&bound, &env.context, workers[chunk % 2][only], wanted,
                                                             &sel, given, &env.err);
        CHECK(status == RUZU_OK);
    }
    finish_and_check(&env, &bound, name, workers, models);
    env_close(&env);
}

static void aggregates_equal_the_model(void)
{
    static const char *const names[] = {"COUNT_STAR", "COUNT", "SUM", "AVG", "MIN", "MAX", "COLLECT", "STDEVP"};
    static const char *const types[] = {"INT16",  "INT32",         "INT64",         "INT128",        "UINT8",
                                        "UINT16", "UINT32",        "UINT64",        "SERIAL",        "FLOAT",
                                        "DOUBLE", "DECIMAL(4, 0)", "DECIMAL(9, 2)", "DECIMAL(38, 3)"};
    for (size_t n = 0; n < sizeof names / sizeof names[0]; n++) {
        for (size_t t = 0; t < sizeof types / sizeof types[0]; t++) {
            for (uint64_t variant = 0; variant < 4; variant++) {
                int before = check_failures;
                run_aggregate(names[n], types[t], 100 * n + 10 * t + variant, variant % 2 == 1, variant >= 2);
                if (check_failures != before) {
                    fprintf(stderr, "%s(%s), variant %d\n", names[n], types[t], (int)variant);
                    return;
                }
            }
        }
    }
}

/* One state over the rows of a list's text. */
static const char *aggregate_text(const char *name, const char *list_type, const char *text, bool empty_list,
                                  const uint64_t *weights, ruzu_status *out_status)
{
    static char result[4096];
    agg_env env;
    env_open(&env, 1);
    const rz_type *type = NULL;
    rz_vec *list = NULL;
    rz_agg_bound bound;
    rz_vec *out = NULL;
    ruzu_status status = rz_type_parse(list_type, strlen(list_type), NULL, NULL, &env.arena, &type, &env.err);
    if (status == RUZU_OK) {
        status = rz_vec_create(&env.arena, &env.arena, type, 1, &list, &env.err);
    }
    if (status == RUZU_OK) {
        status = rz_text_parse(text, strlen(text), NULL, list, 0, &env.err);
    }
    if (status == RUZU_OK) {
        status = rz_agg_resolve(name, type->child, empty_list, &env.arena, &bound, &env.err);
    }
    rz_str rendered;
    rz_str_init(&rendered, rz_mem_root());
    if (status == RUZU_OK) {
        uint8_t *state = (uint8_t *)rz_arena_alloc(&env.arena, bound.state_size);
        status = state == NULL ? RUZU_ERROR_NO_MEMORY : RUZU_OK;
        rz_sel sel = {NULL, ((const rz_list_entry *)list->data)[0].length};
        rz_vec *values = list->children[0];
        if (status == RUZU_OK) {
            bound.agg->init(&bound, state);
            if (!rz_type_equal(values->type, bound.arg_type)) {
                rz_vec *given = values;
                status = rz_vec_create(&env.arena, &env.arena, bound.arg_type, ROWS, &values, &env.err);
                status = status == RUZU_OK ? rz_cast(given, &sel, false, values, &env.err) : status;
            }
        }
        if (status == RUZU_OK) {
            status = bound.agg->update_one(&bound, &env.context, state, values, &sel, weights, &env.err);
        }
        if (status == RUZU_OK) {
            status = rz_vec_create(&env.arena, &env.arena, bound.result, 1, &out, &env.err);
        }
        if (status == RUZU_OK) {
            status = bound.agg->finish(&bound, &env.fn, &state, 1, out, 0, &env.err);
        }
        if (status == RUZU_OK) {
            rz_type_format(bound.result, &rendered);
            rz_str_append_char(&rendered, ':');
            if (rz_vec_is_null(out, 0)) {
                rz_str_append_char(&rendered, '~');
            } else {
                rz_text_append(out, 0, &rendered);
            }
            status = rendered.failed ? RUZU_ERROR_NO_MEMORY : RUZU_OK;
        }
    }
    const char *from = status == RUZU_OK ? rz_str_text(&rendered) : env.err.message;
    size_t length = strlen(from) < sizeof result - 1 ? strlen(from) : sizeof result - 1;
    memcpy(result, from, length);
    result[length] = '\0';
    rz_str_free(&rendered);
    env_close(&env);
    if (out_status != NULL) {
        *out_status = status;
    }
    return result;
}

typedef struct agg_case {
    const char *name;
    const char *type;
    const char *list;
    const char *want;
} agg_case;

static const agg_case agg_cases[] = {
    {"SUM", "INT64[]", "[1,2,]", "INT128:3"},
    {"SUM", "INT64[]", "[]", "INT128:~"},
    {"SUM", "DOUBLE[]", "[1e100,1,-1e100]", "DOUBLE:1.0"},
    {"SUM", "DOUBLE[]", "[inf,1]", "DOUBLE:inf"},
    {"SUM", "DOUBLE[]", "[inf,-inf]", "DOUBLE:nan"},
    {"SUM", "FLOAT[]", "[1.5]", "DOUBLE:1.5"},
    {"SUM", "DECIMAL(5, 2)[]", "[1.5,2.25]", "DECIMAL(38, 2):3.75"},
    {"SUM", "INT128[]", "[170141183460469231731687303715884105727,1]",
     "Overflow exception: INT128 is out of range: cannot add."},
    {"SUM", "DECIMAL(38, 0)[]", "[99999999999999999999999999999999999999,1]",
     "Overflow exception: Decimal Addition result is out of range"},
    {"SUM", "UINT64[]", "[18446744073709551615,18446744073709551615]", "INT128:36893488147419103230"},
    {"SUM", "INT64[]", "[-9223372036854775808,-9223372036854775808]", "INT128:-18446744073709551616"},
    {"AVG", "INT64[]", "[9007199254740993,9007199254740993]", "DOUBLE:9007199254740992.0"},
    {"AVG", "INT64[]", "[1,2]", "DOUBLE:1.5"},
    {"AVG", "DECIMAL(5, 2)[]", "[1.5,2]", "DOUBLE:1.75"},
    {"AVG", "DOUBLE[]", "[]", "DOUBLE:~"},
    {"AVG", "INT128[]", "[170141183460469231731687303715884105727,1]",
     "Overflow exception: INT128 is out of range: cannot add."},
    {"MIN", "STRING[]", "[b,a rather long string,c]", "STRING:a rather long string"},
    {"MAX", "STRING[]", "[b,,a rather long string,a]", "STRING:b"},
    {"MIN", "STRING[]", "[]", "STRING:~"},
    {"MIN", "BLOB[]", "[b,a]", "BLOB:a"},
    {"MIN", "BOOL[]", "[true,false]", "BOOL:False"},
    {"MAX", "DATE[]", "[2020-01-01,2021-01-01]", "DATE:2021-01-01"},
    {"MIN", "INTERVAL[]", "[1 month,29 days,31 days]", "INTERVAL:29 days"},
    {"MIN", "UUID[]", "[a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11,10eebc99-9c0b-4ef8-bb6d-6bb9bd380a11]",
     "UUID:10eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"},
    {"MIN", "DOUBLE[]", "[nan,1]", "DOUBLE:1.0"},
    {"MAX", "DOUBLE[]", "[nan,1]", "DOUBLE:nan"},
    {"MAX", "DOUBLE[]", "[1,nan,2]", "DOUBLE:nan"},
    {"MIN", "FLOAT[]", "[nan,nan]", "FLOAT:nan"},
    {"MIN", "INT64[][]", "[[2],[1,5],[1]]", "INT64[]:[1]"},
    {"MAX", "STRING[][]", "[[a],[a,b]]", "STRING[]:[a,b]"},
    {"ANY_VALUE", "INT64[]", "[,5,6]", "INT64:5"},
    {"ANY_VALUE", "STRUCT(a INT64)[]", "[{a: 1},{a: 2}]", "STRUCT(a INT64):{a: 1}"},
    {"COLLECT", "INT64[]", "[1,,2]", "INT64[]:[1,2]"},
    {"COLLECT", "STRING[]", "[some text that is long,b]", "STRING[]:[some text that is long,b]"},
    {"COLLECT", "INT64[][]", "[[1,2],[]]", "INT64[][]:[[1,2],[]]"},
    {"COLLECT", "INT64[]", "[]", "INT64[]:[]"},
    {"STDEV", "INT64[]", "[1,2,3,4]", "DOUBLE:1.2909944487358056"},
    {"STDEV", "INT64[]", "[5]", "DOUBLE:0.0"},
    {"STDEVP", "DOUBLE[]", "[]", "DOUBLE:~"},
};

static void single_results(void)
{
    for (size_t i = 0; i < sizeof agg_cases / sizeof agg_cases[0]; i++) {
        CHECK_STR(aggregate_text(agg_cases[i].name, agg_cases[i].type, agg_cases[i].list, true, NULL, NULL),
                  agg_cases[i].want);
    }
    CHECK_STR(aggregate_text("COLLECT", "INT64[]", "[]", false, NULL, NULL), "INT64[]:~");
}

static void weights_count(void)
{
    static const uint64_t weights[] = {2, 1, 3};
    CHECK_STR(aggregate_text("COLLECT", "STRING[]", "[a,,b]", true, weights, NULL), "STRING[]:[a,a,b,b,b]");
    CHECK_STR(aggregate_text("SUM", "INT64[]", "[5,,7]", true, weights, NULL), "INT128:31");
    CHECK_STR(aggregate_text("COUNT", "INT64[]", "[5,,7]", true, weights, NULL), "INT64:5");
    static const uint64_t large[] = {UINT64_MAX, UINT64_MAX};
    CHECK_STR(aggregate_text("SUM", "INT64[]", "[9223372036854775807,0]", true, large, NULL),
              "INT128:170141183460469231704017187605319778305");
    CHECK_STR(aggregate_text("SUM", "UINT64[]", "[18446744073709551615,18446744073709551615]", true, large, NULL),
              "Overflow exception: INT128 is out of range: cannot add.");
    CHECK_STR(aggregate_text("COLLECT", "INT64[]", "[1]", true, large, NULL),
              "A list cannot hold 18446744073709551615 elements.");
}

static void wrong_types_are_told(void)
{
    agg_env env;
    env_open(&env, 1);
    rz_agg_bound bound;
    CHECK(rz_agg_resolve("sum", RZ_STRING, true, &env.arena, &bound, &env.err) == RUZU_ERROR_BINDER);
    CHECK(
        strncmp(
            env.err.message,
            "Binder exception: Function SUM did not receive correct arguments:\nActual:   (STRING)\nExpected: DISTINCT (INT128) -> INT128\n          (INT128) -> INT128\n",
            150) == 0);
    rz_error_init(&env.err);
    CHECK(rz_agg_resolve("min", rz_type_node(&env.arena, NULL, 0), true, &env.arena, &bound, &env.err) ==
          RUZU_ERROR_BINDER);
    rz_error_init(&env.err);
    CHECK(rz_agg_resolve("sum", NULL, true, &env.arena, &bound, &env.err) == RUZU_ERROR_BINDER);
    rz_error_init(&env.err);
    CHECK(rz_agg_resolve("nosuch", RZ_INT64, true, &env.arena, &bound, &env.err) == RUZU_ERROR_CATALOG);
    CHECK_STR(env.err.message, "Catalog exception: function NOSUCH does not exist.");
    CHECK(rz_agg_resolve("count", RZ_ANY, true, &env.arena, &bound, &env.err) == RUZU_OK);
    CHECK(rz_agg_exists("Collect") && !rz_agg_exists("abs"));
    CHECK_STR(rz_agg_canonical_name("count"), "COUNT");
    env_close(&env);
}

typedef struct hook_state {
    uint64_t left;
} hook_state;

static bool refuse(void *user, size_t size)
{
    hook_state *state = (hook_state *)user;
    (void)size;
    if (state->left == 0) {
        return true;
    }
    state->left--;
    return false;
}

/* One value that stands for many rows is copied into its list: on the way the clock is looked at. */
static void collecting_many_copies_can_be_stopped(void)
{
    agg_env env;
    env_open(&env, 1);
    rz_agg_bound bound;
    rz_vec *value = NULL, *out = NULL;
    uint64_t weight = 100000;
    rz_sel one = {NULL, 1};
    CHECK(rz_agg_resolve("COLLECT", RZ_INT64, false, &env.arena, &bound, &env.err) == RUZU_OK);
    CHECK(rz_vec_create(&env.arena, &env.arena, RZ_INT64, 1, &value, &env.err) == RUZU_OK);
    CHECK(rz_vec_create(&env.arena, &env.arena, bound.result, 1, &out, &env.err) == RUZU_OK);
    ((int64_t *)value->data)[0] = 5;
    uint8_t *state = (uint8_t *)rz_arena_alloc(&env.arena, bound.state_size);
    bound.agg->init(&bound, state);
    CHECK(bound.agg->update_one(&bound, &env.context, state, value, &one, &weight, &env.err) == RUZU_OK);
    CHECK(bound.agg->finish(&bound, &env.fn, &state, 1, out, 0, &env.err) == RUZU_OK);
    CHECK_EQ_U64(((const rz_list_entry *)out->data)[0].length, weight);
    rz_vec_reset(out);
    env.fn.deadline_us = 1; /* long ago */
    CHECK(bound.agg->finish(&bound, &env.fn, &state, 1, out, 0, &env.err) == RUZU_ERROR_TIMEOUT);
    env_close(&env);
}

static void memory_refused(void)
{
    for (size_t i = 0; i < sizeof agg_cases / sizeof agg_cases[0]; i++) {
        ruzu_status usual;
        (void)aggregate_text(agg_cases[i].name, agg_cases[i].type, agg_cases[i].list, true, NULL, &usual);
        for (uint64_t n = 0; n < 50; n++) {
            hook_state hook = {n};
            ruzu_status status;
            rz_mem_set_test_hook(refuse, &hook);
            const char *got =
                aggregate_text(agg_cases[i].name, agg_cases[i].type, agg_cases[i].list, true, NULL, &status);
            rz_mem_set_test_hook(NULL, NULL);
            CHECK(status == RUZU_ERROR_NO_MEMORY || status == usual);
            if (status == RUZU_OK) {
                CHECK_STR(got, agg_cases[i].want);
            }
            if (hook.left != 0) {
                break;
            }
        }
    }
}

int main(void)
{
    RUN(aggregates_equal_the_model);
    RUN(single_results);
    RUN(weights_count);
    RUN(wrong_types_are_told);
    RUN(collecting_many_copies_can_be_stopped);
    RUN(memory_refused);
    return CHECK_DONE();
}
