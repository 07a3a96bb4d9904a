/* SPDX-License-Identifier: MIT */
/*
 * The registry: names and aliases, the choice of an overload, and its messages.
 *
 * Names are looked for at bind time only, so a walk over all tables, which compares first letters, is good enough.
 */
#include "function/fn.h"

static const rz_fn_group *const fn_groups[] = {
    &rz_fn_arith_group,       &rz_fn_decimal_group, &rz_fn_list_build_group, &rz_fn_concat_group,
    &rz_fn_temporal_group,    &rz_fn_compare_group, &rz_fn_bitwise_group,    &rz_fn_math_group,
    &rz_fn_list_group,        &rz_fn_text_group,    &rz_fn_text_cut_group,   &rz_fn_regexp_group,
    &rz_fn_date_group,        &rz_fn_convert_group, &rz_fn_list_sort_group,  &rz_fn_range_group,
    &rz_fn_list_number_group, &rz_fn_array_group,   &rz_fn_struct_group,     &rz_fn_map_group,
    &rz_fn_graph_group,       &rz_fn_utility_group, &rz_fn_digest_group,     &rz_fn_rewrite_group,
};
#define FN_GROUP_COUNT (sizeof fn_groups / sizeof fn_groups[0])

typedef struct fn_alias {
    const char *name;
    const char *canonical;
} fn_alias;

static const fn_alias fn_aliases[] = {
    {"POW", "^"},
    {"POWER", "^"},
    {"MOD", "%"},
    {"&", "BITWISE_AND"},
    {"|", "BITWISE_OR"},
    {"<<", "BITSHIFT_LEFT"},
    {">>", "BITSHIFT_RIGHT"},
    {"!", "FACTORIAL"},
    {"=", "EQUALS"},
    {"<>", "NOT_EQUALS"},
    {"!=", "NOT_EQUALS"},
    {"<", "LESS_THAN"},
    {"<=", "LESS_THAN_EQUALS"},
    {">", "GREATER_THAN"},
    {">=", "GREATER_THAN_EQUALS"},
    {"=~", "REGEXP_FULL_MATCH"},
    {"CEILING", "CEIL"},
    {"LOG10", "LOG"},
    {"RAND", "RANDOM"},
    {"SUFFIX", "ENDS_WITH"},
    {"PREFIX", "STARTS_WITH"},
    {"TOLOWER", "LOWER"},
    {"LCASE", "LOWER"},
    {"TOUPPER", "UPPER"},
    {"UCASE", "UPPER"},
    {"SUBSTR", "SUBSTRING"},
    {"STR_SPLIT", "STRING_SPLIT"},
    {"STRING_TO_ARRAY", "STRING_SPLIT"},
    {"CHARACTER_LENGTH", "CHAR_LENGTH"},
    {"CARDINALITY", "SIZE"},
    {"LIST_ELEMENT", "LIST_EXTRACT"},
    {"LIST_CAT", "LIST_CONCAT"},
    {"ARRAY_CONCAT", "LIST_CONCAT"},
    {"ARRAY_CAT", "LIST_CONCAT"},
    {"ARRAY_APPEND", "LIST_APPEND"},
    {"ARRAY_PUSH_BACK", "LIST_APPEND"},
    {"ARRAY_PREPEND", "LIST_PREPEND"},
    {"ARRAY_PUSH_FRONT", "LIST_PREPEND"},
    {"LIST_INDEXOF", "LIST_POSITION"},
    {"ARRAY_POSITION", "LIST_POSITION"},
    {"ARRAY_INDEXOF", "LIST_POSITION"},
    {"LIST_HAS", "LIST_CONTAINS"},
    {"ARRAY_CONTAINS", "LIST_CONTAINS"},
    {"ARRAY_HAS", "LIST_CONTAINS"},
    {"IN", "LIST_CONTAINS"},
    {"ARRAY_SLICE", "LIST_SLICE"},
    {"ARRAY_DOT_PRODUCT", "ARRAY_INNER_PRODUCT"},
    {"ELEMENT_AT", "MAP_EXTRACT"},
    {"STRING", "TO_STRING"},
    {"TOSTRING", "TO_STRING"},
    {"TOSTRINGORNULL", "TO_STRING"},
    {"DATE", "TO_DATE"},
    {"INTERVAL", "TO_INTERVAL"},
    {"DURATION", "TO_INTERVAL"},
    {"BLOB", "TO_BLOB"},
    {"UUID", "TO_UUID"},
    {"DATEPART", "DATE_PART"},
    {"DATETRUNC", "DATE_TRUNC"},
    {"LABELS", "LABEL"},
    {"RELATIONSHIPS", "RELS"},
    {"STARTNODE", "START_NODE"},
    {"ENDNODE", "END_NODE"},
};
#define FN_ALIAS_COUNT (sizeof fn_aliases / sizeof fn_aliases[0])

/* ---- names ---- */

static const char *fn_canonical(const char *name)
{
    for (size_t i = 0; i < FN_ALIAS_COUNT; i++) {
        if (rz_name_equal(fn_aliases[i].name, name)) {
            return fn_aliases[i].canonical;
        }
    }
    return NULL;
}

/* A walk over all rows of one name. */
typedef struct fn_walk {
    const char *name;
    char first;
    uint32_t group;
    uint32_t row;
} fn_walk;

static fn_walk fn_walk_begin(const char *name)
{
    const char *canonical = fn_canonical(name);
    fn_walk walk = {canonical == NULL ? name : canonical, 0, 0, 0};
    walk.first = rz_ascii_upper(walk.name[0]);
    return walk;
}

static const rz_fn_def *fn_walk_next(fn_walk *walk)
{
    for (; walk->group < FN_GROUP_COUNT; walk->group++, walk->row = 0) {
        const rz_fn_group *group = fn_groups[walk->group];
        while (walk->row < group->count) {
            const rz_fn_def *def = &group->defs[walk->row++];
            if (def->fn.name[0] == walk->first && rz_name_equal(def->fn.name, walk->name)) {
                return def;
            }
        }
    }
    return NULL;
}

bool rz_fn_exists(const char *name)
{
    fn_walk walk = fn_walk_begin(name);
    return fn_walk_next(&walk) != NULL;
}

const char *rz_fn_canonical_name(const char *name)
{
    fn_walk walk = fn_walk_begin(name);
    const rz_fn_def *def = fn_walk_next(&walk);
    return def == NULL ? NULL : def->fn.name;
}

/* ---- messages ---- */

const char *rz_fn_type_id_name(ruzu_type_id id)
{
    static const char *const names[] = {
        [RUZU_TYPE_ANY] = "ANY",
        [RUZU_TYPE_BOOL] = "BOOL",
        [RUZU_TYPE_INT8] = "INT8",
        [RUZU_TYPE_INT16] = "INT16",
        [RUZU_TYPE_INT32] = "INT32",
        [RUZU_TYPE_INT64] = "INT64",
        [RUZU_TYPE_INT128] = "INT128",
        [RUZU_TYPE_UINT8] = "UINT8",
        [RUZU_TYPE_UINT16] = "UINT16",
        [RUZU_TYPE_UINT32] = "UINT32",
        [RUZU_TYPE_UINT64] = "UINT64",
        [RUZU_TYPE_SERIAL] = "SERIAL",
        [RUZU_TYPE_FLOAT] = "FLOAT",
        [RUZU_TYPE_DOUBLE] = "DOUBLE",
        [RUZU_TYPE_DECIMAL] = "DECIMAL",
        [RUZU_TYPE_STRING] = "STRING",
        [RUZU_TYPE_BLOB] = "BLOB",
        [RUZU_TYPE_UUID] = "UUID",
        [RUZU_TYPE_DATE] = "DATE",
        [RUZU_TYPE_TIMESTAMP] = "TIMESTAMP",
        [RUZU_TYPE_TIMESTAMP_SEC] = "TIMESTAMP_SEC",
        [RUZU_TYPE_TIMESTAMP_MS] = "TIMESTAMP_MS",
        [RUZU_TYPE_TIMESTAMP_NS] = "TIMESTAMP_NS",
        [RUZU_TYPE_TIMESTAMP_TZ] = "TIMESTAMP_TZ",
        [RUZU_TYPE_INTERVAL] = "INTERVAL",
        [RUZU_TYPE_LIST] = "LIST",
        [RUZU_TYPE_ARRAY] = "ARRAY",
        [RUZU_TYPE_STRUCT] = "STRUCT",
        [RUZU_TYPE_MAP] = "MAP",
        [RUZU_TYPE_UNION] = "UNION",
        [RUZU_TYPE_INTERNAL_ID] = "INTERNAL_ID",
        [RUZU_TYPE_NODE] = "NODE",
        [RUZU_TYPE_REL] = "REL",
        [RUZU_TYPE_RECURSIVE_REL] = "RECURSIVE_REL",
    };
    return (size_t)id < sizeof names / sizeof names[0] ? names[id] : "?";
}

const char *rz_fn_type_copy(rz_arena *arena, const rz_type *type)
{
    if (type->id == RUZU_TYPE_ANY) {
        return "ANY";
    }
    rz_str text;
    rz_str_init(&text, arena->mem);
    rz_type_format(type, &text);
    const char *copy = text.failed ? NULL : rz_arena_strdup(arena, rz_str_text(&text));
    rz_str_free(&text);
    return copy;
}

const char *rz_fn_type_text(rz_arena *arena, const rz_type *type)
{
    const char *copy = rz_fn_type_copy(arena, type);
    return copy == NULL ? "?" : copy;
}

static void fn_append_upper(rz_str *text, const char *name)
{
    for (; *name != '\0'; name++) {
        rz_str_append_char(text, rz_ascii_upper(*name));
    }
}

static void fn_append_actual(rz_str *text, const rz_fn_arg *args, uint32_t arg_count)
{
    rz_str_append_char(text, '(');
    for (uint32_t i = 0; i < arg_count; i++) {
        if (i != 0) {
            rz_str_append_char(text, ',');
        }
        if (args[i].type->id == RUZU_TYPE_ANY) {
            rz_str_append_text(text, "ANY");
        } else {
            rz_type_format(args[i].type, text);
        }
    }
    rz_str_append_char(text, ')');
}

static ruzu_status fn_fail_with(rz_error *err, rz_str *text)
{
    ruzu_status status = text->failed ? rz_error_no_memory(err, "wording a message")
                                      : rz_error_set(err, RUZU_ERROR_BINDER, "%s", rz_str_text(text));
    rz_str_free(text);
    return status;
}

ruzu_status rz_fn_fail_arguments(rz_error *err, const char *name, const rz_fn_arg *args, uint32_t arg_count)
{
    rz_str text;
    rz_str_init(&text, rz_mem_root());
    rz_str_append_text(&text, "Function ");
    fn_append_upper(&text, name);
    rz_str_append_text(&text, " did not receive correct arguments:\nActual:   ");
    fn_append_actual(&text, args, arg_count);
    rz_str_append_text(&text, "\nExpected: ");
    fn_walk walk = fn_walk_begin(name);
    bool first = true;
    for (const rz_fn_def *def = fn_walk_next(&walk); def != NULL; def = fn_walk_next(&walk)) {
        if (!first) {
            rz_str_append_text(&text, "\n          ");
        }
        rz_str_append_text(&text, def->signature);
        first = false;
    }
    return fn_fail_with(err, &text);
}

ruzu_status rz_fn_fail_cast(rz_error *err, rz_arena *arena, const rz_fn_arg *arg, const rz_type *expected)
{
    rz_str text;
    rz_str_init(&text, arena->mem);
    if (arg->name != NULL && !arg->named) {
        rz_str_append_text(&text, arg->name);
    } else if (arg->constant != NULL) {
        rz_text_append_value(arg->constant, &text);
    }
    ruzu_status status = rz_error_set(
        err, RUZU_ERROR_BINDER, "Expression %s has data type %s but expected %s. Implicit cast is not supported.",
        rz_str_text(&text), rz_fn_type_text(arena, arg->type), rz_fn_type_text(arena, expected));
    rz_str_free(&text);
    return status;
}

const rz_type *rz_fn_open_type(rz_arena *arena, const rz_fn_arg *arg)
{
    return arg->open_list && arg->type->id == RUZU_TYPE_LIST ? rz_type_list(arena, RZ_ANY) : arg->type;
}

const rz_type *rz_fn_close_type(rz_arena *arena, const rz_type *type)
{
    if (type->id != RUZU_TYPE_LIST) {
        return type;
    }
    const rz_type *element = type->child->id == RUZU_TYPE_ANY ? RZ_INT64 : rz_fn_close_type(arena, type->child);
    return element == NULL || element == type->child ? (element == NULL ? NULL : type) : rz_type_list(arena, element);
}

const rz_type *rz_fn_common_type(rz_arena *arena, const rz_fn_arg *args, uint32_t arg_count, rz_error *err)
{
    const rz_type *type = RZ_ANY;
    uint32_t from = 0;
    for (uint32_t i = 0; i < arg_count; i++) {
        const rz_type *arg_type = rz_fn_open_type(arena, &args[i]);
        const rz_type *common = arg_type == NULL ? NULL : rz_type_common(arena, type, arg_type);
        if (common == NULL) {
            /* Text is what does not fit, wherever it stands. */
            bool blame_before = type->id == RUZU_TYPE_STRING;
            (void)rz_fn_fail_cast(err, arena, &args[blame_before ? from : i], blame_before ? args[i].type : type);
            return NULL;
        }
        from = common == args[i].type ? i : from;
        type = common;
    }
    type = rz_fn_close_type(arena, type);
    if (type == NULL) {
        (void)rz_error_no_memory(err, "binding a function");
    }
    return type;
}

const rz_type *rz_fn_element_type(const rz_type *type)
{
    return type->child == NULL ? RZ_INT64 : type->child;
}

/* The text for `+` and list_extract when only reading an argument as text would make it fit. */
static ruzu_status fn_fail_match(rz_error *err, const char *name, const rz_fn_arg *args, uint32_t arg_count)
{
    rz_str text;
    rz_str_init(&text, rz_mem_root());
    rz_str_append_text(&text, "Cannot match a built-in function for given function ");
    fn_append_upper(&text, name);
    fn_append_actual(&text, args, arg_count);
    rz_str_append_text(&text, ". Supported inputs are");
    fn_walk walk = fn_walk_begin(name);
    for (const rz_fn_def *def = fn_walk_next(&walk); def != NULL; def = fn_walk_next(&walk)) {
        rz_str_append_char(&text, '\n');
        rz_str_append_text(&text, def->signature);
    }
    return fn_fail_with(err, &text);
}

/* ---- costs (dialect §10.2) ---- */

static uint32_t fn_target_cost(ruzu_type_id id)
{
    switch ((int)id) {
    case RUZU_TYPE_INT16: return 100;
    case RUZU_TYPE_INT64: return 101;
    case RUZU_TYPE_INT32: return 102;
    case RUZU_TYPE_INT128: return 103;
    case RUZU_TYPE_DECIMAL: return 104;
    case RUZU_TYPE_DOUBLE: return 105;
    case RUZU_TYPE_TIMESTAMP: return 120;
    case RUZU_TYPE_STRING: return 149;
    case RUZU_TYPE_LIST:
    case RUZU_TYPE_ARRAY:
    case RUZU_TYPE_STRUCT:
    case RUZU_TYPE_MAP:
    case RUZU_TYPE_UNION: return 160;
    default: return 110;
    }
}

/* Bytes of an integer type; 0 for others. SERIAL is an INT64. */
static uint32_t fn_integer_bytes(ruzu_type_id id)
{
    return id >= RUZU_TYPE_INT8 && id <= RUZU_TYPE_SERIAL ? rz_physical_size((rz_physical)rz_type_of(id)->physical) : 0;
}

static bool fn_is_unsigned(ruzu_type_id id)
{
    return id >= RUZU_TYPE_UINT8 && id <= RUZU_TYPE_UINT64;
}

static bool fn_widens(ruzu_type_id from, ruzu_type_id to)
{
    uint32_t from_bytes = fn_integer_bytes(from);
    uint32_t to_bytes = fn_integer_bytes(to);
    if (from_bytes != 0 && to_bytes != 0) {
        return from_bytes < to_bytes && (fn_is_unsigned(from) || !fn_is_unsigned(to));
    }
    if (from_bytes != 0) {
        return to == RUZU_TYPE_FLOAT || to == RUZU_TYPE_DOUBLE || to == RUZU_TYPE_DECIMAL;
    }
    if (from == RUZU_TYPE_FLOAT) {
        return to == RUZU_TYPE_DOUBLE;
    }
    if (from == RUZU_TYPE_DECIMAL) {
        return to == RUZU_TYPE_FLOAT || to == RUZU_TYPE_DOUBLE;
    }
    if (from == RUZU_TYPE_DATE || (from >= RUZU_TYPE_TIMESTAMP_SEC && from <= RUZU_TYPE_TIMESTAMP_TZ)) {
        return to == RUZU_TYPE_TIMESTAMP;
    }
    return from == RUZU_TYPE_LIST && to == RUZU_TYPE_ARRAY;
}

static bool fn_reads_as_text(ruzu_type_id from)
{
    return from != RUZU_TYPE_BLOB && from != RUZU_TYPE_INTERNAL_ID && from != RUZU_TYPE_NODE && from != RUZU_TYPE_REL &&
           from != RUZU_TYPE_RECURSIVE_REL;
}

uint32_t rz_fn_param_cost(const rz_type *from, ruzu_type_id param)
{
    ruzu_type_id id = (ruzu_type_id)from->id;
    if (id == RUZU_TYPE_ANY || param == RUZU_TYPE_ANY) {
        return 1;
    }
    if (id == param) {
        return 0;
    }
    if (id == RUZU_TYPE_ARRAY && param == RUZU_TYPE_LIST) {
        return 1; /* kernels of lists read both */
    }
    if ((id == RUZU_TYPE_SERIAL && param == RUZU_TYPE_INT64) || (id == RUZU_TYPE_INT64 && param == RUZU_TYPE_SERIAL)) {
        return 0;
    }
    if (fn_widens(id, param)) {
        return fn_target_cost(param);
    }
    return param == RUZU_TYPE_STRING && fn_reads_as_text(id) ? fn_target_cost(param) : RZ_CAST_IMPOSSIBLE;
}

/* ---- the choice of an overload ---- */

static uint32_t fn_def_cost(const rz_fn_def *def, const rz_fn_arg *args, uint32_t arg_count)
{
    if (def->variadic ? arg_count < def->param_count : arg_count != def->param_count) {
        return RZ_CAST_IMPOSSIBLE;
    }
    uint32_t total = 0;
    for (uint32_t i = 0; i < arg_count; i++) {
        uint32_t param = i < def->param_count ? i : def->param_count - 1u;
        uint32_t cost = rz_fn_param_cost(args[i].type, (ruzu_type_id)def->params[param]);
        if (cost == RZ_CAST_IMPOSSIBLE) {
            return cost;
        }
        total += cost;
    }
    return total;
}

/* For ties: fewer distinct parameter types are better, and a STRING parameter is best. */
static uint32_t fn_tie_rank(const rz_fn_def *def)
{
    uint32_t distinct = 0;
    for (uint32_t i = 0; i < def->param_count; i++) {
        if (def->params[i] == RUZU_TYPE_STRING) {
            return 0;
        }
        uint32_t seen = 0;
        while (seen < i && def->params[seen] != def->params[i]) {
            seen++;
        }
        distinct += seen == i;
    }
    return 1 + distinct;
}

/* True when some argument only fits because it is read as text, where dialect §8 forbids that. */
static bool fn_forbids_text(const rz_fn_def *def, const rz_fn_arg *args, uint32_t arg_count)
{
    bool add = strcmp(def->fn.name, "+") == 0;
    if (!add && strcmp(def->fn.name, "LIST_EXTRACT") != 0) {
        return false;
    }
    uint32_t checked = add ? arg_count : 1;
    for (uint32_t i = 0; i < checked && i < def->param_count; i++) {
        if (def->params[i] == RUZU_TYPE_STRING && args[i].type->id != RUZU_TYPE_STRING &&
            args[i].type->id != RUZU_TYPE_ANY) {
            return true;
        }
    }
    return false;
}

/* Types that need more than an id: ANY parameters and composed ones take the argument's own type. */
static bool fn_takes_own_type(ruzu_type_id param)
{
    return param == RUZU_TYPE_ANY || param == RUZU_TYPE_DECIMAL ||
           (param >= RUZU_TYPE_LIST && param != RUZU_TYPE_INTERNAL_ID);
}

/* The type of an argument before a bind callback looks at it. An untyped NULL for a nested parameter still gets
 * children to look at. */
static const rz_type *fn_preset_type(ruzu_type_id param, const rz_type *type, rz_arena *arena)
{
    if (!fn_takes_own_type(param)) {
        return rz_type_of(param);
    }
    if (type->id != RUZU_TYPE_ANY) {
        return type;
    }
    if (param == RUZU_TYPE_LIST || param == RUZU_TYPE_ARRAY) {
        return rz_type_list(arena, RZ_INT64);
    }
    if (param == RUZU_TYPE_MAP) {
        return rz_type_map(arena, RZ_INT64, RZ_INT64);
    }
    return param == RUZU_TYPE_DECIMAL ? rz_type_decimal(arena, 18, 3) : type;
}

static ruzu_status fn_bind_def(const rz_fn_def *def, const rz_fn_arg *args, uint32_t arg_count, rz_arena *arena,
                               rz_fn_bound *out, rz_error *err)
{
    out->fn = &def->fn;
    out->arg_count = arg_count;
    out->data = def->data;
    out->arg_types = RZ_NEW_ARRAY(arena, const rz_type *, arg_count == 0 ? 1 : arg_count);
    RZ_TRY_ALLOC(out->arg_types, err, "binding a function");
    for (uint32_t i = 0; i < arg_count; i++) {
        ruzu_type_id param = (ruzu_type_id)def->params[i < def->param_count ? i : def->param_count - 1u];
        out->arg_types[i] = fn_preset_type(param, args[i].type, arena);
        RZ_TRY_ALLOC(out->arg_types[i], err, "binding a function");
    }
    out->result = fn_takes_own_type((ruzu_type_id)def->result) ? RZ_ANY : rz_type_of((ruzu_type_id)def->result);
    if (def->bind != NULL) {
        return def->bind(def, args, arg_count, arena, out, err);
    }
    return RUZU_OK;
}

ruzu_status rz_fn_resolve(const char *name, const rz_fn_arg *args, uint32_t arg_count, rz_arena *arena,
                          rz_fn_bound *out, rz_error *err)
{
    memset(out, 0, sizeof *out);
    fn_walk walk = fn_walk_begin(name);
    const rz_fn_def *best = NULL;
    uint32_t best_cost = RZ_CAST_IMPOSSIBLE;
    uint32_t best_rank = 0;
    bool known = false;
    for (const rz_fn_def *def = fn_walk_next(&walk); def != NULL; def = fn_walk_next(&walk)) {
        known = true;
        uint32_t cost = fn_def_cost(def, args, arg_count);
        if (cost == RZ_CAST_IMPOSSIBLE || cost > best_cost) {
            continue;
        }
        uint32_t rank = fn_tie_rank(def);
        if (best == NULL || cost < best_cost || rank < best_rank) {
            best = def;
            best_cost = cost;
            best_rank = rank;
        }
    }
    if (!known) {
        char *upper = rz_arena_strdup(arena, name);
        RZ_TRY_ALLOC(upper, err, "binding a function");
        for (char *c = upper; *c != '\0'; c++) {
            *c = rz_ascii_upper(*c);
        }
        return rz_error_set(err, RUZU_ERROR_CATALOG, "function %s does not exist.", upper);
    }
    if (best == NULL) {
        return rz_fn_fail_arguments(err, name, args, arg_count);
    }
    if (fn_forbids_text(best, args, arg_count)) {
        return fn_fail_match(err, name, args, arg_count);
    }
    return fn_bind_def(best, args, arg_count, arena, out, err);
}

/* ---- enumeration: rows of the tables, then rows under their aliases ---- */

static uint32_t fn_row_count(void)
{
    uint32_t count = 0;
    for (size_t i = 0; i < FN_GROUP_COUNT; i++) {
        count += fn_groups[i]->count;
    }
    return count;
}

uint32_t rz_fn_list_scalar_count(void)
{
    uint32_t count = fn_row_count();
    for (size_t i = 0; i < FN_ALIAS_COUNT; i++) {
        fn_walk walk = fn_walk_begin(fn_aliases[i].canonical);
        while (fn_walk_next(&walk) != NULL) {
            count++;
        }
    }
    return count;
}

bool rz_fn_list_scalar(uint32_t idx, const char **out_name, const rz_fn_def **out_def)
{
    for (size_t i = 0; i < FN_GROUP_COUNT; i++) {
        if (idx < fn_groups[i]->count) {
            *out_def = &fn_groups[i]->defs[idx];
            *out_name = (*out_def)->fn.name;
            return true;
        }
        idx -= fn_groups[i]->count;
    }
    for (size_t i = 0; i < FN_ALIAS_COUNT; i++) {
        fn_walk walk = fn_walk_begin(fn_aliases[i].canonical);
        for (const rz_fn_def *def = fn_walk_next(&walk); def != NULL; def = fn_walk_next(&walk), idx--) {
            if (idx == 0) {
                *out_def = def;
                *out_name = fn_aliases[i].name;
                return true;
            }
        }
    }
    return false;
}
