/* SPDX-License-Identifier: MIT */
/*
 * The registry as a whole: names, aliases, signatures, and that every kernel gives the same for vectors of full length
 * as the formula, with and without selection.
 */
#include "function_eval.h"

#include <ctype.h>

static void every_listed_name_exists(void)
{
    const char *name, *kind, *signature;
    uint32_t count = 0, scalar = 0, aggregate = 0, rewrite = 0;
    for (; rz_fn_list(count, &name, &kind, &signature); count++) {
        scalar += strcmp(kind, "SCALAR FUNCTION") == 0;
        aggregate += strcmp(kind, "AGGREGATE FUNCTION") == 0;
        rewrite += strcmp(kind, "REWRITE FUNCTION") == 0;
        CHECK(strcmp(kind, "AGGREGATE FUNCTION") == 0 ? rz_agg_exists(name) : rz_fn_exists(name));
        CHECK(signature[0] == '(');
        CHECK((strstr(signature, " -> ") != NULL) == (strcmp(kind, "REWRITE FUNCTION") != 0));
        for (const char *c = name; *c != '\0'; c++) {
            CHECK(!islower((unsigned char)*c));
        }
    }
    CHECK(scalar > 300 && aggregate > 50 && rewrite > 20);
    CHECK_EQ_U64(scalar + aggregate + rewrite, count);
    CHECK(!rz_fn_exists("nosuch") && !rz_fn_exists("") && !rz_agg_exists("abs"));
}

/* The functions of Kuzu's catalogue that are this module's. */
static void kuzu_names_are_known(void)
{
    static const char *const names[] = {
        "%",
        "*",
        "+",
        "-",
        "/",
        "^",
        "ABS",
        "ACOS",
        "ALL",
        "ANY",
        "ARRAY_APPEND",
        "ARRAY_CAT",
        "ARRAY_CONCAT",
        "ARRAY_CONTAINS",
        "ARRAY_COSINE_SIMILARITY",
        "ARRAY_CROSS_PRODUCT",
        "ARRAY_DISTANCE",
        "ARRAY_DOT_PRODUCT",
        "ARRAY_EXTRACT",
        "ARRAY_HAS",
        "ARRAY_INDEXOF",
        "ARRAY_INNER_PRODUCT",
        "ARRAY_POSITION",
        "ARRAY_PREPEND",
        "ARRAY_PUSH_BACK",
        "ARRAY_PUSH_FRONT",
        "ARRAY_SLICE",
        "ARRAY_SQUARED_DISTANCE",
        "ARRAY_VALUE",
        "ASIN",
        "ATAN",
        "ATAN2",
        "BITSHIFT_LEFT",
        "BITSHIFT_RIGHT",
        "BITWISE_AND",
        "BITWISE_OR",
        "BITWISE_XOR",
        "BLOB",
        "CARDINALITY",
        "CAST",
        "CBRT",
        "CEIL",
        "CEILING",
        "CENTURY",
        "COALESCE",
        "CONCAT",
        "CONCAT_WS",
        "CONSTANT_OR_NULL",
        "CONTAINS",
        "COS",
        "COST",
        "COT",
        "COUNT_IF",
        "CURRENT_DATE",
        "CURRENT_TIMESTAMP",
        "CURRVAL",
        "DATE",
        "DATEPART",
        "DATETRUNC",
        "DATE_PART",
        "DATE_TRUNC",
        "DAYNAME",
        "DECODE",
        "DEGREES",
        "DURATION",
        "ELEMENT_AT",
        "ENCODE",
        "ENDS_WITH",
        "END_NODE",
        "EPOCH_MS",
        "EQUALS",
        "ERROR",
        "EVEN",
        "FACTORIAL",
        "FLOOR",
        "GAMMA",
        "GEN_RANDOM_UUID",
        "GREATER_THAN",
        "GREATER_THAN_EQUALS",
        "GREATEST",
        "HASH",
        "ID",
        "IFNULL",
        "INITCAP",
        "INTERVAL",
        "IS_ACYCLIC",
        "IS_TRAIL",
        "KEYS",
        "LABEL",
        "LABELS",
        "LAST_DAY",
        "LCASE",
        "LEAST",
        "LEFT",
        "LENGTH",
        "LESS_THAN",
        "LESS_THAN_EQUALS",
        "LEVENSHTEIN",
        "LGAMMA",
        "LIST_ANY_VALUE",
        "LIST_APPEND",
        "LIST_CAT",
        "LIST_CONCAT",
        "LIST_CONTAINS",
        "LIST_CREATION",
        "LIST_DISTINCT",
        "LIST_ELEMENT",
        "LIST_EXTRACT",
        "LIST_FILTER",
        "LIST_HAS",
        "LIST_HAS_ALL",
        "LIST_INDEXOF",
        "LIST_POSITION",
        "LIST_PREPEND",
        "LIST_PRODUCT",
        "LIST_REDUCE",
        "LIST_REVERSE",
        "LIST_REVERSE_SORT",
        "LIST_SLICE",
        "LIST_SORT",
        "LIST_SUM",
        "LIST_TO_STRING",
        "LIST_TRANSFORM",
        "LIST_UNIQUE",
        "LN",
        "LOG",
        "LOG10",
        "LOG2",
        "LOWER",
        "LPAD",
        "LTRIM",
        "MAKE_DATE",
        "MAP",
        "MAP_EXTRACT",
        "MAP_KEYS",
        "MAP_VALUES",
        "MD5",
        "MONTHNAME",
        "NEGATE",
        "NEXTVAL",
        "NODES",
        "NOT_EQUALS",
        "NULLIF",
        "None",
        "OCTET_LENGTH",
        "OFFSET",
        "PI",
        "POW",
        "PREFIX",
        "PROPERTIES",
        "RADIANS",
        "RANGE",
        "REGEXP_EXTRACT",
        "REGEXP_EXTRACT_ALL",
        "REGEXP_FULL_MATCH",
        "REGEXP_MATCHES",
        "REGEXP_REPLACE",
        "REGEXP_SPLIT_TO_ARRAY",
        "RELATIONSHIPS",
        "RELS",
        "REPEAT",
        "REVERSE",
        "RIGHT",
        "ROUND",
        "RPAD",
        "RTRIM",
        "SHA256",
        "SIGN",
        "SIN",
        "SIZE",
        "SPLIT_PART",
        "SQRT",
        "STARTS_WITH",
        "START_NODE",
        "STRING",
        "STRING_SPLIT",
        "STRING_TO_ARRAY",
        "STRUCT_EXTRACT",
        "STRUCT_PACK",
        "STR_SPLIT",
        "SUBSTR",
        "SUBSTRING",
        "SUFFIX",
        "Single",
        "TAN",
        "TIMESTAMP",
        "TOLOWER",
        "TOUPPER",
        "TO_BLOB",
        "TO_BOOL",
        "TO_DATE",
        "TO_DAYS",
        "TO_DOUBLE",
        "TO_EPOCH_MS",
        "TO_FLOAT",
        "TO_HOURS",
        "TO_INT128",
        "TO_INT16",
        "TO_INT32",
        "TO_INT64",
        "TO_INT8",
        "TO_INTERVAL",
        "TO_MICROSECONDS",
        "TO_MILLISECONDS",
        "TO_MINUTES",
        "TO_MONTHS",
        "TO_SECONDS",
        "TO_SERIAL",
        "TO_STRING",
        "TO_TIMESTAMP",
        "TO_UINT16",
        "TO_UINT32",
        "TO_UINT64",
        "TO_UINT8",
        "TO_UUID",
        "TO_YEARS",
        "TRIM",
        "TYPEOF",
        "UCASE",
        "UNION_EXTRACT",
        "UNION_TAG",
        "UNION_VALUE",
        "UPPER",
        "UUID",
        "internal_id",
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        check_count++;
        if (!rz_fn_exists(names[i])) {
            check_failures++;
            fprintf(stderr, "%s is unknown\n", names[i]);
        }
    }
}

static void aliases_hide_no_function(void)
{
    static const char *names[4096]; /* asking for them one by one looks at all before */
    const char *name, *kind, *signature;
    uint32_t count = 0;
    while (count < sizeof names / sizeof names[0] && rz_fn_list(count, &names[count], &kind, &signature)) {
        count++;
    }
    CHECK(count < sizeof names / sizeof names[0]);
    for (uint32_t i = 0; rz_fn_list(i, &name, &kind, &signature); i++) {
        const char *canonical = rz_fn_canonical_name(name);
        if (strcmp(kind, "AGGREGATE FUNCTION") == 0) {
            continue;
        }
        CHECK(rz_fn_exists(canonical));
        CHECK_STR(rz_fn_canonical_name(canonical), canonical);
        bool listed = false;
        for (uint32_t j = 0; j < count && !listed; j++) {
            listed = strcmp(names[j], canonical) == 0;
        }
        CHECK(listed);
    }
    CHECK_STR(rz_fn_canonical_name("array_cat"), "LIST_CONCAT");
    CHECK_STR(rz_fn_canonical_name("Abs"), "ABS");
    CHECK(rz_fn_canonical_name("nosuch") == NULL);
}

/* Vectors of full length and every shape; values and results as int64. */
static void long_vectors(void)
{
    static const char *const names[] = {"+", "-", "*", "LESS_THAN", "EQUALS", "BITWISE_AND", "%"};
    eval_begin();
    eval_state *s = &eval_shared;
    uint64_t random = 11;
    for (size_t n = 0; n < sizeof names / sizeof names[0]; n++) {
        rz_fn_arg args[2] = {{RZ_INT64, NULL, NULL, false, false}, {RZ_INT64, NULL, NULL, false, false}};
        rz_fn_bound bound;
        CHECK(rz_fn_resolve(names[n], args, 2, &s->arena, &bound, &s->err) == RUZU_OK);
        for (int mixture = 0; mixture < 18; mixture++) {
            int shapes[2] = {mixture % 3, mixture / 3 % 3};
            rz_vec *vecs[2], *flat[2], *out;
            uint32_t *index = RZ_NEW_ARRAY(&s->arena, uint32_t, RZ_VECTOR_CAPACITY);
            uint32_t *rows = RZ_NEW_ARRAY(&s->arena, uint32_t, RZ_VECTOR_CAPACITY);
            for (uint32_t a = 0; a < 2; a++) {
                CHECK(rz_vec_create(&s->arena, &s->arena, RZ_INT64, RZ_VECTOR_CAPACITY, &flat[a], &s->err) == RUZU_OK);
                for (uint32_t i = 0; i < RZ_VECTOR_CAPACITY; i++) {
                    random = rz_hash_u64(random + 1);
                    ((int64_t *)flat[a]->data)[i] = (int64_t)(random % 7) + 1;
                    index[i] = (uint32_t)(rz_hash_u64(random) % RZ_VECTOR_CAPACITY);
                }
                vecs[a] = flat[a];
                if (shapes[a] != 0) {
                    CHECK(rz_vec_create_empty(&s->arena, &s->arena, RZ_INT64, &vecs[a], &s->err) == RUZU_OK);
                }
                if (shapes[a] == 1) {
                    rz_vec_reference(vecs[a], flat[a]);
                    vecs[a]->kind = RZ_VEC_CONSTANT;
                } else if (shapes[a] == 2) {
                    CHECK(rz_vec_slice(vecs[a], flat[a], index, RZ_VECTOR_CAPACITY, &s->err) == RUZU_OK);
                }
            }
            CHECK(rz_vec_create(&s->arena, &s->arena, bound.result, RZ_VECTOR_CAPACITY, &out, &s->err) == RUZU_OK);
            rz_sel sel = {mixture < 9 ? NULL : rows, 0};
            for (uint32_t i = 0; i < RZ_VECTOR_CAPACITY; i++) {
                if (mixture < 9 || rz_hash_u64(i) % 3 != 0) {
                    rows[sel.count++] = i;
                }
            }
            const rz_vec *given[2] = {vecs[0], vecs[1]};
            CHECK(bound.fn->run(&bound, &s->context, given, &sel, out, &s->err) == RUZU_OK);
            for (uint32_t i = 0; i < sel.count; i++) {
                uint32_t row = rz_sel_at(&sel, i);
                int64_t v[2];
                for (uint32_t a = 0; a < 2; a++) {
                    v[a] = ((const int64_t *)flat[a]->data)[shapes[a] == 0 ? row : shapes[a] == 1 ? 0 : index[row]];
                }
                const int64_t wants[] = {v[0] + v[1],  v[0] - v[1], v[0] * v[1], v[0] < v[1],
                                         v[0] == v[1], v[0] & v[1], v[0] % v[1]};
                int64_t got = bound.result->id == RUZU_TYPE_BOOL ? ((const uint8_t *)out->data)[row]
                                                                 : ((const int64_t *)out->data)[row];
                CHECK_EQ_I64(got, wants[n]);
            }
        }
    }
    eval_end();
}

/* The first failing row decides, wherever it lies. */
static void the_first_failure_is_told(void)
{
    eval_begin();
    eval_state *s = &eval_shared;
    rz_fn_arg args[2] = {{rz_type_of(RUZU_TYPE_INT8), NULL, NULL, false, false},
                         {rz_type_of(RUZU_TYPE_INT8), NULL, NULL, false, false}};
    rz_fn_bound bound;
    CHECK(rz_fn_resolve("+", args, 2, &s->arena, &bound, &s->err) == RUZU_OK);
    rz_vec *a, *b, *out;
    CHECK(rz_vec_create(&s->arena, &s->arena, args[0].type, RZ_VECTOR_CAPACITY, &a, &s->err) == RUZU_OK);
    CHECK(rz_vec_create(&s->arena, &s->arena, args[0].type, RZ_VECTOR_CAPACITY, &b, &s->err) == RUZU_OK);
    CHECK(rz_vec_create(&s->arena, &s->arena, args[0].type, RZ_VECTOR_CAPACITY, &out, &s->err) == RUZU_OK);
    ((int8_t *)a->data)[5] = 100;
    ((int8_t *)b->data)[5] = 100;
    ((int8_t *)a->data)[6] = 101;
    ((int8_t *)b->data)[6] = 101;
    const rz_vec *given[2] = {a, b};
    rz_sel all = {NULL, RZ_VECTOR_CAPACITY};
    CHECK(bound.fn->run(&bound, &s->context, given, &all, out, &s->err) == RUZU_ERROR_OVERFLOW);
    CHECK_STR(s->err.message, "Overflow exception: Value 100 + 100 is not within INT8 range.");
    const uint32_t others[] = {0, 1, 4, 7};
    rz_sel some = {others, 4};
    CHECK(bound.fn->run(&bound, &s->context, given, &some, out, &s->err) == RUZU_OK);
    eval_end();
}

static void paths_and_ids(void)
{
    eval_begin();
    eval_state *s = &eval_shared;
    uint32_t tables[] = {1};
    const rz_type *node = rz_type_node(&s->arena, tables, 1);
    const rz_type *rel = rz_type_rel(&s->arena, tables, 1);
    const rz_type *path = rz_type_path(&s->arena, node, rel);
    rz_vec *paths;
    CHECK(rz_vec_create(&s->arena, &s->arena, path, 3, &paths, &s->err) == RUZU_OK);
    /* Row 0: 1-2-1; row 1: 1-2; row 2: one node. */
    static const uint32_t lengths[3] = {2, 1, 0};
    for (uint32_t row = 0; row < 3; row++) {
        rz_list_entry nodes = {0, lengths[row] + 1}, rels = {0, lengths[row]};
        CHECK(rz_vec_list_reserve(paths->children[0], nodes.length, &nodes.offset, &s->err) == RUZU_OK);
        CHECK(rz_vec_list_reserve(paths->children[1], rels.length, &rels.offset, &s->err) == RUZU_OK);
        ((rz_list_entry *)paths->children[0]->data)[row] = nodes;
        ((rz_list_entry *)paths->children[1]->data)[row] = rels;
        for (uint32_t i = 0; i < nodes.length; i++) {
            ((rz_id *)paths->children[0]->children[0]->data)[nodes.offset + i] = rz_id_make(1, i % 2);
        }
        for (uint32_t i = 0; i < rels.length; i++) {
            rz_rel_ref ref = {rz_id_make(1, 0), rz_id_make(1, 1), rz_id_make(2, i)};
            ((rz_rel_ref *)paths->children[1]->children[0]->data)[rels.offset + i] = ref;
        }
    }
    static const struct {
        const char *name;
        int64_t want[3];
    } cases[] = {{"length", {2, 1, 0}}, {"is_trail", {1, 1, 1}}, {"is_acyclic", {0, 1, 1}}};
    rz_fn_arg arg = {path, NULL, NULL, false, false};
    const rz_vec *given[1] = {paths};
    rz_sel all = {NULL, 3};
    for (size_t i = 0; i < 3; i++) {
        rz_fn_bound bound;
        rz_vec *out;
        CHECK(rz_fn_resolve(cases[i].name, &arg, 1, &s->arena, &bound, &s->err) == RUZU_OK);
        CHECK(rz_vec_create(&s->arena, &s->arena, bound.result, 3, &out, &s->err) == RUZU_OK);
        CHECK(bound.fn->run(&bound, &s->context, given, &all, out, &s->err) == RUZU_OK);
        for (uint32_t row = 0; row < 3; row++) {
            CHECK_EQ_I64(bound.result->id == RUZU_TYPE_BOOL ? ((const uint8_t *)out->data)[row]
                                                            : ((const int64_t *)out->data)[row],
                         cases[i].want[row]);
        }
    }
    static const char *const parts[] = {"nodes", "relationships"};
    for (uint32_t i = 0; i < 2; i++) {
        rz_fn_bound bound;
        rz_vec *out;
        CHECK(rz_fn_resolve(parts[i], &arg, 1, &s->arena, &bound, &s->err) == RUZU_OK);
        CHECK(bound.result->id == RUZU_TYPE_LIST);
        CHECK(rz_vec_create(&s->arena, &s->arena, bound.result, 3, &out, &s->err) == RUZU_OK);
        CHECK(bound.fn->run(&bound, &s->context, given, &all, out, &s->err) == RUZU_OK);
        CHECK_EQ_U64(((const rz_list_entry *)out->data)[0].length, 3 - i);
    }
    eval_end();
}

int main(void)
{
    RUN(every_listed_name_exists);
    RUN(kuzu_names_are_known);
    RUN(aliases_hide_no_function);
    RUN(long_vectors);
    RUN(the_first_failure_is_told);
    RUN(paths_and_ids);
    return CHECK_DONE();
}
