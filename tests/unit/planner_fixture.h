/* SPDX-License-Identifier: MIT */
/*
 * What the planner's tests share: a small social catalog with made-up statistics, and queries turned into the text of
 * their plans.
 */
#ifndef RZ_TESTS_PLANNER_FIXTURE_H
#define RZ_TESTS_PLANNER_FIXTURE_H

#include "check.h"
#include "parser/parser.h"
#include "planner/planner.h"

typedef struct planner_fixture {
    rz_mem mem;
    rz_arena arena; /* catalog and everything planned */
    rz_error err;
    rz_catalog *catalog;
    rz_str text; /* the plan, or the message of the failure */
    uint32_t rules;
    bool trail;
    rz_value parameter_value;
    rz_bind_parameter parameter; /* $x, an INT64 */
    const rz_plan *plan;
} planner_fixture;

static const struct {
    const char *ddl;
    uint64_t rows;
    uint64_t bound[2];
} planner_tables[] = {
    {"CREATE NODE TABLE Person(id INT64, name STRING, age INT64, PRIMARY KEY(id))", 10000, {0, 0}},
    {"CREATE NODE TABLE City(id INT64, name STRING, PRIMARY KEY(id))", 100, {0, 0}},
    {"CREATE NODE TABLE Tag(name STRING, PRIMARY KEY(name))", 1000, {0, 0}},
    {"CREATE NODE TABLE Post(id INT64, body STRING, score DOUBLE, PRIMARY KEY(id))", 50000, {0, 0}},
    {"CREATE REL TABLE Knows(FROM Person TO Person, since INT64)", 100000, {10000, 10000}},
    {"CREATE REL TABLE LivesIn(FROM Person TO City, MANY_ONE)", 10000, {10000, 100}},
    {"CREATE REL TABLE Likes(FROM Person TO Post, FROM Person TO Tag)", 200000, {10000, 50000}},
    {"CREATE REL TABLE HasTag(FROM Post TO Tag)", 150000, {50000, 1000}},
};

static ruzu_status planner_stats(void *user, uint32_t id, rz_table_stats *out)
{
    const planner_fixture *f = (const planner_fixture *)user;
    const rz_cat_table *table = rz_catalog_node_table(f->catalog, id);
    if (table == NULL) {
        table = rz_catalog_rel_of_pair(f->catalog, id, NULL);
    }
    memset(out, 0, sizeof *out);
    for (uint32_t i = 0; table != NULL && i < sizeof planner_tables / sizeof *planner_tables; i++) {
        const char *name = strstr(planner_tables[i].ddl, "TABLE ") + 6;
        if (strncmp(name, table->name, strlen(table->name)) == 0 && name[strlen(table->name)] == '(') {
            out->rows = planner_tables[i].rows;
            out->bound_nodes[0] = planner_tables[i].bound[0];
            out->bound_nodes[1] = planner_tables[i].bound[1];
            return RUZU_OK;
        }
    }
    return RUZU_ERROR_INTERNAL;
}

static inline ruzu_status planner_bind(planner_fixture *f, const char *text, rz_bound_statement **out)
{
    rz_ast_script *script = NULL;
    rz_bind_options options = {
        .recursive_semantic = RZ_PATH_WALK, .max_recursive_depth = 30, .match_mode_trail = f->trail};
    rz_arena scratch;
    rz_arena_init(&scratch, &f->mem);
    rz_fn_context fn = {.mem = &f->mem, .scratch = &scratch, .random_state = {1, 2}};
    rz_bind_context context = {
        .catalog = f->catalog, .options = &options, .parameters = &f->parameter, .parameter_count = 1, .fn = &fn};
    ruzu_status status = rz_parse(text, strlen(text), &f->arena, NULL, &script, &f->err);
    if (status == RUZU_OK) {
        status = rz_bind(&context, script, script->statements[0], &f->arena, out, &f->err);
    }
    rz_arena_free(&scratch);
    return status;
}

static inline void planner_open(planner_fixture *f)
{
    memset(f, 0, sizeof *f);
    rz_mem_init(&f->mem, rz_mem_root(), UINT64_MAX);
    rz_arena_init(&f->arena, &f->mem);
    rz_error_init(&f->err);
    rz_str_init(&f->text, &f->mem);
    f->rules = RZ_RULE_ALL;
    f->parameter_value.type = RZ_INT64;
    f->parameter_value.u.i64 = 7;
    f->parameter.name = "x";
    f->parameter.value = &f->parameter_value;
    CHECK_EQ_I64(rz_catalog_create(&f->mem, &f->catalog, &f->err), RUZU_OK);
    for (uint32_t i = 0; i < sizeof planner_tables / sizeof *planner_tables; i++) {
        rz_bound_statement *statement = NULL;
        rz_catalog *edited = NULL;
        const rz_cat_table *added = NULL;
        CHECK_EQ_I64(planner_bind(f, planner_tables[i].ddl, &statement), RUZU_OK);
        CHECK_EQ_I64(rz_catalog_edit(f->catalog, &edited, &f->err), RUZU_OK);
        CHECK_EQ_I64(rz_catalog_add_table(edited, statement->u.table.table, &added, &f->err), RUZU_OK);
        rz_catalog_release(f->catalog);
        f->catalog = edited;
    }
    CHECK_STR(f->err.message, "");
}

static inline void planner_close(planner_fixture *f)
{
    rz_str_free(&f->text);
    rz_catalog_release(f->catalog);
    rz_arena_free(&f->arena);
    CHECK_EQ_U64(f->mem.used, 0);
}

/* Plans a query: f->text becomes the plan without its estimates, or the error. */
static inline ruzu_status planner_plan(planner_fixture *f, const char *query)
{
    rz_bound_statement *statement = NULL;
    rz_plan *plan = NULL;
    rz_error_init(&f->err);
    rz_str_clear(&f->text);
    f->plan = NULL;
    ruzu_status status = planner_bind(f, query, &statement);
    if (status == RUZU_OK) {
        rz_plan_context context = {.catalog = f->catalog,
                                   .stats = planner_stats,
                                   .user = f,
                                   .rules = f->rules,
                                   .column_count = &statement->column_count};
        status = rz_plan_query(&context, statement->u.query, &f->arena, &plan, &f->err);
    }
    if (status != RUZU_OK) {
        CHECK(plan == NULL);
        rz_str_append_text(&f->text, f->err.message);
        return status;
    }
    f->plan = plan;
    rz_str text;
    rz_str_init(&text, &f->mem);
    rz_plan_explain(plan, f->catalog, NULL, NULL, &text);
    for (const char *c = rz_str_text(&text); *c != '\0'; c++) { /* {~n rows} and {~n rows, weighted} */
        if (*c == ' ' && strncmp(c, " {~", 3) == 0) {
            const char *end = strchr(c, '}');
            rz_str_append_text(&f->text, strncmp(end - 8, "weighted", 8) == 0 ? " *" : "");
            c = end;
        } else {
            rz_str_append_char(&f->text, *c);
        }
    }
    rz_str_free(&text);
    return RUZU_OK;
}

#define PLAN_IS(f, query, want)                   \
    do {                                          \
        (void)planner_plan(f, query);             \
        CHECK_STR(rz_str_text(&(f)->text), want); \
    } while (0)

/* ---- invariants of a finished plan ---- */

static inline bool planner_has(const rz_plan *plan, uint32_t column)
{
    for (uint32_t i = 0; i < plan->column_count; i++) {
        if (plan->columns[i] == column) {
            return true;
        }
    }
    return false;
}

typedef struct planner_use {
    const rz_plan *plan;
    const rz_plan *other;
} planner_use;

static inline void planner_check_use(void *user, uint32_t column)
{
    const planner_use *use = (const planner_use *)user;
    CHECK(planner_has(use->plan, column) || (use->other != NULL && planner_has(use->other, column)));
}

static inline void planner_check_expr(const rz_expr *expr, const rz_plan *plan)
{
    planner_use use = {.plan = plan};
    if (expr != NULL) {
        rz_expr_each_column(expr, planner_check_use, &use);
    }
}

/* Columns that an operator makes itself. */
static inline bool planner_makes(const rz_plan *plan, uint32_t column)
{
    switch (plan->kind) {
    case RZ_PLAN_NODE_LOOKUP: return plan->u.lookup.column == column;
    case RZ_PLAN_EXPAND: return plan->u.expand.to == column || plan->u.expand.rel == column;
    case RZ_PLAN_EXPAND_INTO: return plan->u.expand.rel == column;
    case RZ_PLAN_INTERSECT: return plan->u.intersect.to == column;
    case RZ_PLAN_RECURSIVE:
        return (!plan->u.recursive.to_bound && plan->u.recursive.to == column) || plan->u.recursive.path == column ||
               plan->u.recursive.length == column;
    case RZ_PLAN_UNWIND: return plan->u.unwind.column == column;
    case RZ_PLAN_PROJECT:
        for (uint32_t i = 0; i < plan->u.project.count; i++) {
            if (plan->u.project.columns[i] == column) {
                return true;
            }
        }
        return false;
    case RZ_PLAN_APPLY:
        return plan->u.apply.mark == column ||
               ((plan->u.apply.kind == RZ_APPLY_OPTIONAL || plan->u.apply.kind == RZ_APPLY_JOIN) &&
                planner_has(plan->children[1], column));
    case RZ_PLAN_HASH_JOIN: return planner_has(plan->children[1], column);
    case RZ_PLAN_INSERT:
        for (uint32_t i = 0; i < plan->u.insert->node_count; i++) {
            if (plan->u.insert->nodes[i].column == column) {
                return true;
            }
        }
        for (uint32_t i = 0; i < plan->u.insert->rel_count; i++) {
            if (plan->u.insert->rels[i].column == column) {
                return true;
            }
        }
        return false;
    default: return false;
    }
}

static inline void planner_check_exprs(rz_expr *const *exprs, uint32_t count, const rz_plan *plan)
{
    for (uint32_t i = 0; i < count; i++) {
        planner_check_expr(exprs[i], plan);
    }
}

/* Every column an operator passes on or uses is there; weights arise only below what knows them. ids: seen so far. */
static inline void planner_verify_node(const rz_plan *plan, const rz_plan *outer, uint32_t *next_id)
{
    const rz_plan *input = plan->child_count == 0 ? NULL : plan->children[0];
    CHECK_EQ_U64(plan->id, (*next_id)++);
    for (uint32_t i = 0; i < plan->column_count; i++) {
        CHECK(plan->types[i] != NULL && plan->types[i]->id != RUZU_TYPE_ANY);
        bool source = input == NULL || plan->kind == RZ_PLAN_AGGREGATE || plan->kind == RZ_PLAN_UNION;
        CHECK(source || planner_has(input, plan->columns[i]) || planner_makes(plan, plan->columns[i]));
    }
    switch (plan->kind) {
    case RZ_PLAN_ARGUMENT:
        CHECK(outer != NULL);
        for (uint32_t i = 0; i < plan->column_count && outer != NULL; i++) {
            CHECK(plan->columns[i] == plan->u.argument.row_number || planner_has(outer, plan->columns[i]));
        }
        CHECK(planner_has(plan, plan->u.argument.row_number));
        break;
    case RZ_PLAN_NODE_SCAN: CHECK(plan->column_count == 1 && plan->columns[0] == plan->u.scan.column); break;
    case RZ_PLAN_NODE_LOOKUP: planner_check_expr(plan->u.lookup.key, input); break;
    case RZ_PLAN_EXPAND_INTO:
        CHECK(planner_has(input, plan->u.expand.to));
        CHECK(planner_has(input, plan->u.expand.from));
        break;
    case RZ_PLAN_EXPAND:
    case RZ_PLAN_DEGREE: CHECK(planner_has(input, plan->u.expand.from)); break;
    case RZ_PLAN_INTERSECT:
        CHECK((plan->u.intersect.to == RZ_NO_COLUMN_ID ? plan->weighted : planner_has(plan, plan->u.intersect.to)));
        for (uint32_t i = 0; i < plan->u.intersect.input_count; i++) {
            CHECK(planner_has(input, plan->u.intersect.inputs[i].from));
        }
        break;
    case RZ_PLAN_RECURSIVE:
        CHECK(planner_has(input, plan->u.recursive.from));
        CHECK(!plan->u.recursive.to_bound || planner_has(input, plan->u.recursive.to));
        break;
    case RZ_PLAN_FILTER: planner_check_exprs(plan->u.filter.predicates, plan->u.filter.count, input); break;
    case RZ_PLAN_PROJECT: planner_check_exprs(plan->u.project.exprs, plan->u.project.count, input); break;
    case RZ_PLAN_UNWIND: planner_check_expr(plan->u.unwind.list, input); break;
    case RZ_PLAN_APPLY:
        CHECK(planner_has(plan->children[1], plan->u.apply.row_number));
        CHECK(plan->u.apply.kind != RZ_APPLY_COLLECT || planner_has(plan->children[1], plan->u.apply.value));
        CHECK(plan->u.apply.kind != RZ_APPLY_COLLECT || !plan->children[1]->weighted);
        break;
    case RZ_PLAN_AGGREGATE:
        planner_check_exprs(plan->u.aggregate.keys, plan->u.aggregate.key_count, input);
        planner_check_exprs(plan->u.aggregate.aggregates, plan->u.aggregate.aggregate_count, input);
        CHECK(!plan->weighted);
        break;
    case RZ_PLAN_SORT:
        CHECK(!input->weighted);
        for (uint32_t i = 0; i < plan->u.sort.order_count; i++) {
            planner_check_expr(plan->u.sort.orders[i].expr, input);
        }
        break;
    case RZ_PLAN_HASH_JOIN:
        planner_check_exprs(plan->u.join.probe_keys, plan->u.join.key_count, input);
        planner_check_exprs(plan->u.join.build_keys, plan->u.join.key_count, plan->children[1]);
        CHECK(!plan->children[1]->weighted || plan->weighted);
        break;
    case RZ_PLAN_UNION:
        for (uint32_t c = 0; c < plan->child_count; c++) {
            for (uint32_t i = 0; i < plan->column_count; i++) {
                CHECK(planner_has(plan->children[c], plan->u.set_union.inputs[c * plan->column_count + i]));
            }
        }
        break;
    case RZ_PLAN_BARRIER:
    case RZ_PLAN_INSERT: CHECK(!input->weighted); break;
    case RZ_PLAN_RESULT:
        CHECK(!input->weighted || plan->u.result.count == 0);
        planner_check_exprs(plan->u.result.exprs, plan->u.result.count, input);
        break;
    default: break;
    }
    for (uint32_t i = 0; i < plan->child_count; i++) {
        planner_verify_node(plan->children[i], plan->kind == RZ_PLAN_APPLY && i == 1 ? input : outer, next_id);
    }
}

static inline void planner_verify(const rz_plan *plan)
{
    uint32_t next_id = 0;
    planner_verify_node(plan, NULL, &next_id);
}

#endif
