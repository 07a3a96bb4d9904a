/* SPDX-License-Identifier: MIT */
/*
 * Functions of regular expressions (dialect §13.3). A constant pattern is compiled when the function is bound; others
 * by row, the last one kept.
 *
 * As in Kuzu, a pattern that is none matches nothing, replaces nothing and splits nothing; extraction raises its error.
 */
#include "function/regex.h"

/* bound->data */
typedef struct regexp_data {
    const rz_regex *regex; /* of the constant pattern, or NULL */
    bool constant;         /* regex holds for all rows; NULL then: not a pattern */
    bool global;           /* REGEXP_REPLACE with 'g' */
} regexp_data;

/* The pattern of a row, and what matches it. */
typedef struct regexp_use {
    const rz_fn_bound *bound;
    rz_fn_context *context;
    rz_fn_reader patterns;
    const rz_string *last; /* the pattern that regex is of */
    const rz_regex *regex; /* NULL: not a pattern */
    bool captures;
    bool whole;
    bool has_matcher;
    regex_matcher matcher;
    regex_dfa *dfa;
    rz_error why; /* why the last pattern is none */
} regexp_use;

/* Beyond so many classes of characters the tables of the deterministic automaton would be larger than what they save.
 */
#define REGEXP_MAX_DFA_CLASSES 512u

static void regexp_begin(regexp_use *use, const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                         bool captures, bool whole)
{
    const regexp_data *data = (const regexp_data *)bound->data;
    use->bound = bound;
    use->context = context;
    use->patterns = rz_fn_read(args[1]);
    use->last = NULL;
    use->regex = data->constant ? data->regex : NULL;
    use->captures = captures;
    use->whole = whole;
    use->has_matcher = false;
    use->dfa = NULL;
    rz_error_init(&use->why);
}

static ruzu_status regexp_make_matcher(regexp_use *use, rz_error *err)
{
    const rz_regex *regex = use->regex;
    use->has_matcher = true;
    use->dfa = NULL;
    if (use->captures) {
        return rz_regex_matcher_init(&use->matcher, regex, regex->group_count, use->context, err);
    }
    if (regex->has_context || regex->class_count > REGEXP_MAX_DFA_CLASSES) {
        return rz_regex_matcher_init(&use->matcher, regex, UINT32_MAX, use->context, err);
    }
    return rz_regex_dfa_create(regex, use->whole, use->context, &use->dfa, err);
}

/* Makes use->regex that of the row; only memory and limits are errors here. */
static ruzu_status regexp_at(regexp_use *use, uint32_t row, rz_error *err)
{
    const regexp_data *data = (const regexp_data *)use->bound->data;
    const rz_string *pattern = &RZ_FN_GET(rz_string, use->patterns, row);
    bool same = use->last != NULL && (use->last == pattern || rz_string_equal(use->last, pattern));
    if (!same && (!data->constant || (data->regex == NULL && use->last == NULL))) {
        rz_regex *compiled;
        rz_error_init(&use->why);
        ruzu_status status =
            rz_regex_compile(use->context->scratch, rz_string_data(pattern), pattern->length, &compiled, &use->why);
        if (status != RUZU_OK && status != RUZU_ERROR_RUNTIME) {
            return rz_error_copy(err, &use->why);
        }
        use->regex = compiled;
        use->has_matcher = false;
    }
    use->last = pattern;
    return use->regex == NULL || use->has_matcher ? RUZU_OK : regexp_make_matcher(use, err);
}

/* The same; that it is no pattern is an error too. */
static ruzu_status regexp_at_checked(regexp_use *use, uint32_t row, rz_error *err)
{
    RZ_TRY(regexp_at(use, row, err));
    return use->regex == NULL ? rz_error_copy(err, &use->why) : RUZU_OK;
}

static ruzu_status regexp_test(regexp_use *use, const char *text, size_t size, bool *out, rz_error *err)
{
    const rz_regex *regex = use->regex;
    if (regex->literal != NULL) {
        *out = use->whole
                   ? size == regex->literal_length && memcmp(text, regex->literal, size) == 0
                   : size >= regex->literal_length && memmem(text, size, regex->literal, regex->literal_length) != NULL;
        return RUZU_OK;
    }
    return use->dfa != NULL ? rz_regex_dfa_test(use->dfa, text, size, out, err)
                            : rz_regex_test(&use->matcher, text, size, use->whole, out, err);
}

static ruzu_status regexp_test_rows(bool whole, const rz_fn_bound *bound, rz_fn_context *context,
                                    const rz_vec *const *args, const rz_sel *sel, rz_vec *out, rz_error *err)
{
    regexp_use use;
    regexp_begin(&use, bound, context, args, false, whole);
    rz_fn_reader texts = rz_fn_read(args[0]);
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        uint32_t row = rz_sel_at(sel, idx);
        const rz_string *text = &RZ_FN_GET(rz_string, texts, row);
        bool matches = false;
        RZ_TRY(regexp_at(&use, row, err));
        if (use.regex != NULL) {
            RZ_TRY(regexp_test(&use, rz_string_data(text), text->length, &matches, err));
        }
        ((uint8_t *)out->data)[row] = matches;
    }
    return rz_fn_check_interrupt(context, err);
}

static ruzu_status regexp_full_match(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                                     const rz_sel *sel, rz_vec *out, rz_error *err)
{
    return regexp_test_rows(true, bound, context, args, sel, out, err);
}

static ruzu_status regexp_matches(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                                  const rz_sel *sel, rz_vec *out, rz_error *err)
{
    return regexp_test_rows(false, bound, context, args, sel, out, err);
}

/* ---- matches one after the other ---- */

static size_t regexp_char_length(const char *text, size_t size, size_t offset)
{
    uint32_t ignored;
    size_t length = rz_utf8_decode(text + offset, size - offset, &ignored);
    return length == 0 ? 1 : length;
}

/* Where to look for the next match after one that ended at `end` and may be empty. */
static size_t regexp_after(const regex_matcher *matcher, const char *text, size_t size)
{
    size_t end = matcher->best[1];
    if (matcher->best[0] != end) {
        return end;
    }
    return end < size ? end + regexp_char_length(text, size, end) : size + 1;
}

/* ---- REGEXP_REPLACE ---- */

/* Appends the replacement; false when it is none: a wrong escape, or a group that the pattern has not. out NULL: only
 * checks. */
static bool regexp_rewrite(const regexp_use *use, const char *text, const rz_string *replacement, rz_str *out)
{
    const char *data = rz_string_data(replacement);
    for (uint32_t i = 0; i < replacement->length; i++) {
        if (data[i] != '\\') {
            if (out != NULL) {
                rz_str_append_char(out, data[i]);
            }
            continue;
        }
        i++;
        if (i == replacement->length || (data[i] != '\\' && (data[i] < '0' || data[i] > '9'))) {
            return false;
        }
        uint32_t group = data[i] == '\\' ? 0 : (uint32_t)(data[i] - '0');
        if (group > use->regex->group_count) {
            return false;
        }
        if (out == NULL) {
            continue;
        }
        const size_t *ends = &use->matcher.best[(size_t)group * 2];
        if (data[i] == '\\') {
            rz_str_append_char(out, '\\');
        } else if (ends[0] != REGEX_NO_SLOT && ends[1] != REGEX_NO_SLOT) {
            rz_str_append(out, text + ends[0], ends[1] - ends[0]);
        }
    }
    return true;
}

/* Builds the replaced text; *out_any: something was replaced. */
static ruzu_status regexp_replace_row(regexp_use *use, const char *text, size_t size, const rz_string *replacement,
                                      bool global, rz_str *out, bool *out_any, rz_error *err)
{
    size_t at = 0;
    size_t last_end = REGEX_NO_SLOT;
    *out_any = false;
    while (at <= size) {
        bool found;
        RZ_TRY(rz_regex_search(&use->matcher, text, size, at, &found, err));
        if (!found) {
            break;
        }
        const size_t *match = use->matcher.best;
        rz_str_append(out, text + at, match[0] - at);
        at = match[0];
        if (match[0] == match[1] && match[0] == last_end) { /* nothing, right after a match: one character further */
            if (at == size) {
                at = size + 1;
                break;
            }
            size_t length = regexp_char_length(text, size, at);
            rz_str_append(out, text + at, length);
            at += length;
            continue;
        }
        (void)regexp_rewrite(use, text, replacement, out);
        *out_any = true;
        at = last_end = match[1];
        if (!global) {
            break;
        }
        RZ_TRY(rz_fn_check_interrupt(use->context, err));
    }
    if (at < size) {
        rz_str_append(out, text + at, size - at);
    }
    return out->failed ? rz_error_no_memory(err, "building a string") : RUZU_OK;
}

static ruzu_status regexp_replace(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                                  const rz_sel *sel, rz_vec *out, rz_error *err)
{
    const regexp_data *data = (const regexp_data *)bound->data;
    regexp_use use;
    regexp_begin(&use, bound, context, args, true, false);
    rz_fn_reader texts = rz_fn_read(args[0]);
    rz_fn_reader replacements = rz_fn_read(args[2]);
    ruzu_status status = RUZU_OK;
    rz_str built;
    rz_str_init(&built, context->mem);
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        uint32_t row = rz_sel_at(sel, idx);
        const rz_string *text = &RZ_FN_GET(rz_string, texts, row);
        const rz_string *replacement = &RZ_FN_GET(rz_string, replacements, row);
        bool any = false;
        RZ_TRY_GOTO(regexp_at(&use, row, err));
        rz_str_clear(&built);
        if (use.regex != NULL && regexp_rewrite(&use, NULL, replacement, NULL)) {
            RZ_TRY_GOTO(regexp_replace_row(&use, rz_string_data(text), text->length, replacement, data->global, &built,
                                           &any, err));
        }
        if (any) {
            RZ_TRY_GOTO(rz_vec_set_string(out, row, rz_str_text(&built), built.length, err));
        } else {
            ((rz_string *)out->data)[row] = *text;
        }
    }
cleanup:
    rz_str_free(&built);
    return status;
}

/* ---- REGEXP_EXTRACT, REGEXP_EXTRACT_ALL ---- */

static ruzu_status regexp_group_at(const regexp_use *use, const rz_fn_reader *groups, uint32_t row, uint32_t *out,
                                   rz_error *err)
{
    int64_t group = use->bound->arg_count < 3 ? 0 : RZ_FN_GET(int64_t, *groups, row);
    if (group < 0 || group > use->regex->group_count) {
        return rz_error_set(err, RUZU_ERROR_RUNTIME, "Regex match group index is out of range");
    }
    *out = (uint32_t)group;
    return RUZU_OK;
}

/* The text of a group of the last match; empty when it took no part in it. */
static void regexp_put_group(const regexp_use *use, const char *text, uint32_t group, rz_vec *out, uint32_t row)
{
    const size_t *ends = &use->matcher.best[(size_t)group * 2];
    bool none = ends[0] == REGEX_NO_SLOT || ends[1] == REGEX_NO_SLOT;
    rz_fn_put_string(out, row, none ? "" : text + ends[0], none ? 0 : ends[1] - ends[0]);
}

static ruzu_status regexp_extract(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                                  const rz_sel *sel, rz_vec *out, rz_error *err)
{
    regexp_use use;
    regexp_begin(&use, bound, context, args, true, false);
    rz_fn_reader texts = rz_fn_read(args[0]);
    rz_fn_reader groups = rz_fn_read(args[bound->arg_count - 1]);
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        uint32_t row = rz_sel_at(sel, idx);
        const rz_string *text = &RZ_FN_GET(rz_string, texts, row);
        uint32_t group;
        bool found;
        RZ_TRY(regexp_at_checked(&use, row, err));
        RZ_TRY(regexp_group_at(&use, &groups, row, &group, err));
        RZ_TRY(rz_regex_search(&use.matcher, rz_string_data(text), text->length, 0, &found, err));
        if (found) {
            regexp_put_group(&use, rz_string_data(text), group, out, row);
        } else {
            rz_fn_put_string(out, row, "", 0);
        }
    }
    return rz_fn_check_interrupt(context, err);
}

static ruzu_status regexp_extract_all(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                                      const rz_sel *sel, rz_vec *out, rz_error *err)
{
    regexp_use use;
    regexp_begin(&use, bound, context, args, true, false);
    rz_fn_reader texts = rz_fn_read(args[0]);
    rz_fn_reader groups = rz_fn_read(args[bound->arg_count - 1]);
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        uint32_t row = rz_sel_at(sel, idx);
        const rz_string *text = &RZ_FN_GET(rz_string, texts, row);
        rz_list_entry entry = {0, 0};
        uint32_t group;
        RZ_TRY(regexp_at_checked(&use, row, err));
        RZ_TRY(regexp_group_at(&use, &groups, row, &group, err));
        for (size_t at = 0; at <= text->length;) {
            bool found;
            RZ_TRY(rz_regex_search(&use.matcher, rz_string_data(text), text->length, at, &found, err));
            if (!found) {
                break;
            }
            uint32_t element;
            RZ_TRY(rz_vec_list_reserve(out, 1, &element, err));
            entry.offset = entry.length == 0 ? element : entry.offset;
            entry.length++;
            regexp_put_group(&use, rz_string_data(text), group, out->children[0], element);
            at = regexp_after(&use.matcher, rz_string_data(text), text->length);
            RZ_TRY(rz_fn_check_interrupt(context, err));
        }
        ((rz_list_entry *)out->data)[row] = entry;
    }
    return RUZU_OK;
}

/* ---- REGEXP_SPLIT_TO_ARRAY ---- */

static ruzu_status regexp_put_part(rz_vec *out, rz_list_entry *entry, const char *text, size_t start, size_t end,
                                   rz_error *err)
{
    if (start == end) {
        return RUZU_OK; /* as in Kuzu, empty parts are left out */
    }
    uint32_t element;
    RZ_TRY(rz_vec_list_reserve(out, 1, &element, err));
    entry->offset = entry->length == 0 ? element : entry->offset;
    entry->length++;
    rz_fn_put_string(out->children[0], element, text + start, end - start);
    return RUZU_OK;
}

/* Matches of nothing do not split. */
static ruzu_status regexp_split(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                                const rz_sel *sel, rz_vec *out, rz_error *err)
{
    regexp_use use;
    regexp_begin(&use, bound, context, args, true, false);
    rz_fn_reader texts = rz_fn_read(args[0]);
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        uint32_t row = rz_sel_at(sel, idx);
        const rz_string *text = &RZ_FN_GET(rz_string, texts, row);
        const char *data = rz_string_data(text);
        rz_list_entry entry = {0, 0};
        size_t part = 0;
        RZ_TRY(regexp_at(&use, row, err));
        for (size_t at = 0; use.regex != NULL && at <= text->length;) {
            bool found;
            RZ_TRY(rz_regex_search(&use.matcher, data, text->length, at, &found, err));
            if (!found) {
                break;
            }
            if (use.matcher.best[0] != use.matcher.best[1]) {
                RZ_TRY(regexp_put_part(out, &entry, data, part, use.matcher.best[0], err));
                part = use.matcher.best[1];
            }
            at = regexp_after(&use.matcher, data, text->length);
            RZ_TRY(rz_fn_check_interrupt(context, err));
        }
        RZ_TRY(regexp_put_part(out, &entry, data, part, text->length, err));
        ((rz_list_entry *)out->data)[row] = entry;
    }
    return RUZU_OK;
}

/* ---- binding ---- */

static ruzu_status regexp_bind_pattern(const rz_fn_arg *args, bool global, rz_arena *arena, rz_fn_bound *out,
                                       rz_error *err)
{
    regexp_data *data = RZ_NEW(arena, regexp_data);
    RZ_TRY_ALLOC(data, err, "binding a function");
    data->global = global;
    out->data = data;
    const rz_value *pattern = args[1].constant;
    if (pattern != NULL && !pattern->is_null && pattern->type->id == RUZU_TYPE_STRING) {
        rz_regex *regex;
        rz_error why;
        rz_error_init(&why);
        ruzu_status status =
            rz_regex_compile(arena, pattern->u.text.data, (size_t)pattern->u.text.length, &regex, &why);
        if (status != RUZU_OK && status != RUZU_ERROR_RUNTIME) {
            return rz_error_copy(err, &why);
        }
        data->regex = regex;
        data->constant = true;
    }
    return RUZU_OK;
}

static ruzu_status regexp_bind(const rz_fn_def *def, const rz_fn_arg *args, uint32_t arg_count, rz_arena *arena,
                               rz_fn_bound *out, rz_error *err)
{
    (void)def;
    (void)arg_count;
    return regexp_bind_pattern(args, false, arena, out, err);
}

static ruzu_status regexp_bind_list(const rz_fn_def *def, const rz_fn_arg *args, uint32_t arg_count, rz_arena *arena,
                                    rz_fn_bound *out, rz_error *err)
{
    RZ_TRY(regexp_bind(def, args, arg_count, arena, out, err));
    return rz_fn_bind_string_list(def, args, arg_count, arena, out, err);
}

static ruzu_status regexp_bind_replace(const rz_fn_def *def, const rz_fn_arg *args, uint32_t arg_count, rz_arena *arena,
                                       rz_fn_bound *out, rz_error *err)
{
    (void)def;
    if (arg_count == 3) {
        return regexp_bind_pattern(args, false, arena, out, err);
    }
    const rz_value *option = args[3].constant;
    const char *name = args[3].name == NULL ? "option" : args[3].name;
    if (option == NULL) {
        return rz_error_set(err, RUZU_ERROR_BINDER, "%s has type PROPERTY but LITERAL was expected.", name);
    }
    if (option->is_null || option->type->id != RUZU_TYPE_STRING) {
        rz_str text;
        rz_str_init(&text, arena->mem);
        rz_text_append_value(option, &text);
        ruzu_status status = rz_error_set(err, RUZU_ERROR_BINDER, "%s has data type %s but STRING was expected.",
                                          rz_str_text(&text), rz_fn_type_text(arena, args[3].type));
        rz_str_free(&text);
        return status;
    }
    if (option->u.text.length != 1 || option->u.text.data[0] != 'g') {
        return rz_error_set(err, RUZU_ERROR_BINDER, "regex_replace can only support global replace option: g.");
    }
    return regexp_bind_pattern(args, true, arena, out, err);
}

static const rz_fn_def regexp_defs[] = {
    RZ_FN_BIND("REGEXP_EXTRACT", RZ_FN_CAN_FAIL, regexp_extract, regexp_bind, STRING, RZ_P2(STRING, STRING)),
    RZ_FN_BIND("REGEXP_EXTRACT", RZ_FN_CAN_FAIL, regexp_extract, regexp_bind, STRING, RZ_P3(STRING, STRING, INT64)),
    RZ_FN_BIND("REGEXP_EXTRACT_ALL", RZ_FN_CAN_FAIL, regexp_extract_all, regexp_bind_list, LIST, RZ_P2(STRING, STRING)),
    RZ_FN_BIND("REGEXP_EXTRACT_ALL", RZ_FN_CAN_FAIL, regexp_extract_all, regexp_bind_list, LIST,
               RZ_P3(STRING, STRING, INT64)),
    RZ_FN_BIND("REGEXP_FULL_MATCH", 0, regexp_full_match, regexp_bind, BOOL, RZ_P2(STRING, STRING)),
    RZ_FN_BIND("REGEXP_MATCHES", 0, regexp_matches, regexp_bind, BOOL, RZ_P2(STRING, STRING)),
    RZ_FN_BIND("REGEXP_REPLACE", 0, regexp_replace, regexp_bind_replace, STRING, RZ_P3(STRING, STRING, STRING)),
    RZ_FN_BIND("REGEXP_REPLACE", 0, regexp_replace, regexp_bind_replace, STRING, RZ_P4(STRING, STRING, STRING, ANY)),
    RZ_FN_BIND("REGEXP_SPLIT_TO_ARRAY", 0, regexp_split, regexp_bind_list, LIST, RZ_P2(STRING, STRING)),
};

RZ_FN_GROUP(rz_fn_regexp_group, regexp_defs);
