/* SPDX-License-Identifier: MIT */
/*
 * From tree to program, and the classes of code points.
 *
 * Repetitions are written out: x{2,4} is x x (x (x)?)?, so the number of states is bounded by the limit, whatever the
 * nesting.
 */
#include "function/regex.h"

typedef struct regex_emitter {
    rz_arena *arena;
    RZ_ARRAY(regex_inst) insts;
    bool has_context;
    rz_error *err;
} regex_emitter;

/* ---- instructions ---- */

static ruzu_status regex_emit(regex_emitter *emitter, regex_op op, uint32_t x, uint32_t y)
{
    regex_inst inst = {op, x, y};
    if (emitter->insts.count >= REGEX_MAX_STATES) {
        return rz_error_set(emitter->err, RUZU_ERROR_LIMIT, "A regular expression cannot have more than %u states.",
                            REGEX_MAX_STATES);
    }
    if (!RZ_ARRAY_PUSH(&emitter->insts, emitter->arena, inst)) {
        return rz_error_no_memory(emitter->err, "compiling a regular expression");
    }
    return RUZU_OK;
}

static ruzu_status regex_emit_node(regex_emitter *emitter, const regex_node *node);

/* A split at `at` that prefers the next instruction, or (lazy) what comes later; its other way is set by regex_patch.
 */
static void regex_patch(regex_emitter *emitter, uint32_t at, bool lazy, uint32_t other)
{
    regex_inst *inst = &emitter->insts.items[at];
    inst->x = lazy ? other : at + 1;
    inst->y = lazy ? at + 1 : other;
}

/* True when the node may match nothing. */
static bool regex_is_nullable(const regex_node *node)
{
    const regex_node *child = node->child;
    switch (node->kind) {
    case REGEX_NODE_EMPTY:
    case REGEX_NODE_ASSERT: return true;
    case REGEX_NODE_SET: return false;
    case REGEX_NODE_REPEAT: return node->min == 0 || regex_is_nullable(child);
    case REGEX_NODE_GROUP: return regex_is_nullable(child);
    case REGEX_NODE_CONCAT:
        while (child != NULL && regex_is_nullable(child)) {
            child = child->next;
        }
        return child == NULL;
    case REGEX_NODE_ALTERNATE:
        while (child != NULL && !regex_is_nullable(child)) {
            child = child->next;
        }
        return child != NULL;
    }
    return false;
}

/* The end of x+: back to its last x, or on. */
static ruzu_status regex_emit_back(regex_emitter *emitter, bool lazy, uint32_t last)
{
    uint32_t on = emitter->insts.count + 1;
    return regex_emit(emitter, REGEX_OP_SPLIT, lazy ? on : last, lazy ? last : on);
}

/* x*; where x may match nothing, as (x+)?, which keeps the order of preference right when the loop comes around without
 * having read anything. */
static ruzu_status regex_emit_star(regex_emitter *emitter, const regex_node *node)
{
    uint32_t split = emitter->insts.count;
    RZ_TRY(regex_emit(emitter, REGEX_OP_SPLIT, 0, 0));
    RZ_TRY(regex_emit_node(emitter, node->child));
    RZ_TRY(regex_is_nullable(node->child) ? regex_emit_back(emitter, node->lazy, split + 1)
                                          : regex_emit(emitter, REGEX_OP_JUMP, split, 0));
    regex_patch(emitter, split, node->lazy, emitter->insts.count);
    return RUZU_OK;
}

static ruzu_status regex_emit_repeat(regex_emitter *emitter, const regex_node *node)
{
    uint32_t last = 0;
    for (uint32_t i = 0; i < node->min; i++) {
        last = emitter->insts.count;
        RZ_TRY(regex_emit_node(emitter, node->child));
        if (emitter->insts.count == last) {
            return RUZU_OK; /* nothing, however often */
        }
    }
    if (node->max == REGEX_NO_MAX) {
        return node->min != 0 ? regex_emit_back(emitter, node->lazy, last) : regex_emit_star(emitter, node);
    }
    /* The optional ones all leave to the end; until it is known, their splits form a chain through y. */
    uint32_t chain = UINT32_MAX;
    for (uint32_t i = node->min; i < node->max; i++) {
        uint32_t split = emitter->insts.count;
        RZ_TRY(regex_emit(emitter, REGEX_OP_SPLIT, 0, chain));
        chain = split;
        RZ_TRY(regex_emit_node(emitter, node->child));
    }
    while (chain != UINT32_MAX) {
        uint32_t next = emitter->insts.items[chain].y;
        regex_patch(emitter, chain, node->lazy, emitter->insts.count);
        chain = next;
    }
    return RUZU_OK;
}

static ruzu_status regex_emit_alternatives(regex_emitter *emitter, const regex_node *node)
{
    uint32_t chain = UINT32_MAX; /* jumps to the end, through x */
    for (const regex_node *child = node->child; child != NULL; child = child->next) {
        uint32_t split = emitter->insts.count;
        if (child->next != NULL) {
            RZ_TRY(regex_emit(emitter, REGEX_OP_SPLIT, split + 1, 0));
        }
        RZ_TRY(regex_emit_node(emitter, child));
        if (child->next != NULL) {
            uint32_t jump = emitter->insts.count;
            RZ_TRY(regex_emit(emitter, REGEX_OP_JUMP, chain, 0));
            chain = jump;
            emitter->insts.items[split].y = emitter->insts.count;
        }
    }
    while (chain != UINT32_MAX) {
        uint32_t next = emitter->insts.items[chain].x;
        emitter->insts.items[chain].x = emitter->insts.count;
        chain = next;
    }
    return RUZU_OK;
}

static ruzu_status regex_emit_node(regex_emitter *emitter, const regex_node *node)
{
    switch (node->kind) {
    case REGEX_NODE_EMPTY: return RUZU_OK;
    case REGEX_NODE_SET: return regex_emit(emitter, REGEX_OP_SET, node->number, 0);
    case REGEX_NODE_ASSERT:
        emitter->has_context =
            emitter->has_context || (node->number != REGEX_BEGIN_TEXT && node->number != REGEX_END_TEXT);
        return regex_emit(emitter, REGEX_OP_ASSERT, node->number, 0);
    case REGEX_NODE_CONCAT:
        for (const regex_node *child = node->child; child != NULL; child = child->next) {
            RZ_TRY(regex_emit_node(emitter, child));
        }
        return RUZU_OK;
    case REGEX_NODE_ALTERNATE: return regex_emit_alternatives(emitter, node);
    case REGEX_NODE_REPEAT: return regex_emit_repeat(emitter, node);
    case REGEX_NODE_GROUP:
        RZ_TRY(regex_emit(emitter, REGEX_OP_SAVE, node->number * 2, 0));
        RZ_TRY(regex_emit_node(emitter, node->child));
        return regex_emit(emitter, REGEX_OP_SAVE, node->number * 2 + 1, 0);
    }
    return RUZU_OK;
}

/* ---- classes of code points ---- */

typedef struct regex_bounds {
    RZ_ARRAY(uint32_t) starts; /* code points where some set begins or has just ended */
} regex_bounds;

static void regex_sort_starts(uint32_t *starts, uint32_t count)
{
    for (uint32_t gap = count / 2; gap != 0; gap = gap == 2 ? 1 : gap * 5 / 11) {
        for (uint32_t i = gap; i < count; i++) {
            uint32_t start = starts[i];
            uint32_t j = i;
            for (; j >= gap && starts[j - gap] > start; j -= gap) {
                starts[j] = starts[j - gap];
            }
            starts[j] = start;
        }
    }
}

static bool regex_collect_bounds(const regex_tree *tree, rz_arena *arena, regex_bounds *bounds)
{
    bool done = RZ_ARRAY_PUSH(&bounds->starts, arena, 0);
    for (uint32_t s = 0; s < tree->sets.count && done; s++) {
        const regex_set *set = &tree->sets.items[s];
        for (uint32_t i = 0; i < set->ranges.count && done; i++) {
            done = RZ_ARRAY_PUSH(&bounds->starts, arena, set->ranges.items[i].first) &&
                   RZ_ARRAY_PUSH(&bounds->starts, arena, set->ranges.items[i].last + 1);
        }
    }
    if (!done) {
        return false;
    }
    regex_sort_starts(bounds->starts.items, bounds->starts.count);
    uint32_t kept = 0;
    for (uint32_t i = 1; i < bounds->starts.count; i++) {
        if (bounds->starts.items[i] != bounds->starts.items[kept] && bounds->starts.items[i] <= REGEX_LAST_CODE_POINT) {
            bounds->starts.items[++kept] = bounds->starts.items[i];
        }
    }
    bounds->starts.count = kept + 1;
    return true;
}

/* Number of the class with these bits; a new one when there is none. slots: open addressing over class numbers + 1. */
static uint32_t regex_intern_class(rz_regex *regex, uint64_t *class_sets, const uint64_t *bits, uint32_t *slots,
                                   uint32_t mask)
{
    size_t size = regex->class_words * sizeof *bits;
    uint32_t slot = (uint32_t)rz_hash_bytes(bits, size) & mask;
    while (slots[slot] != 0) {
        uint32_t known = slots[slot] - 1;
        if (memcmp(&class_sets[(size_t)known * regex->class_words], bits, size) == 0) {
            return known;
        }
        slot = (slot + 1) & mask;
    }
    memcpy(&class_sets[(size_t)regex->class_count * regex->class_words], bits, size);
    slots[slot] = ++regex->class_count;
    return regex->class_count - 1;
}

/* Two code points are of one class when every set has both or neither. */
static bool regex_find_classes(const regex_tree *tree, rz_arena *arena, rz_regex *regex)
{
    regex_bounds bounds;
    memset(&bounds, 0, sizeof bounds);
    if (!regex_collect_bounds(tree, arena, &bounds)) {
        return false;
    }
    uint32_t runs = bounds.starts.count;
    uint32_t capacity = 16;
    while (capacity < runs * 2) {
        capacity *= 2;
    }
    regex->class_words = (tree->sets.count + 63) / 64 + (tree->sets.count == 0 ? 1 : 0);
    uint64_t *class_sets = RZ_NEW_ARRAY(arena, uint64_t, (size_t)runs * regex->class_words);
    uint64_t *bits = RZ_NEW_ARRAY(arena, uint64_t, regex->class_words);
    uint32_t *next_range = RZ_NEW_ARRAY(arena, uint32_t, (size_t)tree->sets.count + 1);
    uint32_t *run_classes = RZ_NEW_ARRAY(arena, uint32_t, runs);
    uint32_t *slots = RZ_NEW_ARRAY(arena, uint32_t, capacity);
    if (class_sets == NULL || bits == NULL || next_range == NULL || run_classes == NULL || slots == NULL) {
        return false;
    }
    for (uint32_t run = 0; run < runs; run++) {
        uint32_t code_point = bounds.starts.items[run];
        memset(bits, 0, regex->class_words * sizeof *bits);
        for (uint32_t s = 0; s < tree->sets.count; s++) {
            const regex_set *set = &tree->sets.items[s];
            while (next_range[s] < set->ranges.count && set->ranges.items[next_range[s]].last < code_point) {
                next_range[s]++;
            }
            if (next_range[s] < set->ranges.count && set->ranges.items[next_range[s]].first <= code_point) {
                rz_bit_set(bits, s);
            }
        }
        run_classes[run] = regex_intern_class(regex, class_sets, bits, slots, capacity - 1);
        uint32_t end = run + 1 < runs ? bounds.starts.items[run + 1] : 128;
        for (uint32_t c = code_point; c < end && c < 128; c++) {
            regex->ascii_class[c] = run_classes[run];
        }
    }
    regex->class_sets = class_sets;
    regex->run_starts = bounds.starts.items;
    regex->run_classes = run_classes;
    regex->run_count = runs;
    return true;
}

/* ---- plain text ---- */

/* The text that the pattern is, when it has nothing but single characters. */
static bool regex_find_literal(const regex_tree *tree, rz_arena *arena, rz_regex *regex)
{
    const regex_node *root = tree->root;
    if (root->kind == REGEX_NODE_CONCAT) {
        root = root->child;
    } else if (root->kind != REGEX_NODE_SET) {
        return true;
    }
    size_t length = 0;
    for (const regex_node *node = root; node != NULL; node = node->next) {
        if (node->kind != REGEX_NODE_SET) {
            return true;
        }
        const regex_set *set = &tree->sets.items[node->number];
        if (set->ranges.count != 1 || set->ranges.items[0].first != set->ranges.items[0].last) {
            return true;
        }
        length++;
    }
    char *literal = (char *)rz_arena_alloc(arena, length * 4 + 1);
    if (literal == NULL) {
        return false;
    }
    for (const regex_node *node = root; node != NULL; node = node->next) {
        size_t bytes =
            rz_utf8_encode(tree->sets.items[node->number].ranges.items[0].first, literal + regex->literal_length);
        if (bytes == 0) {
            regex->literal_length = 0;
            return true; /* a surrogate: in no text */
        }
        regex->literal_length += bytes;
    }
    regex->literal = literal;
    return true;
}

/* ---- beginnings ---- */

/* Classes that the first character of a match can have; unknown where a match may be empty or begins with an assertion.
 */
static bool regex_find_first(rz_arena *arena, rz_regex *regex)
{
    uint64_t *first = RZ_NEW_ARRAY(arena, uint64_t, RZ_BITMAP_WORDS((uint64_t)regex->class_count));
    uint64_t *seen = RZ_NEW_ARRAY(arena, uint64_t, RZ_BITMAP_WORDS((uint64_t)regex->inst_count));
    uint32_t *todo = RZ_NEW_ARRAY(arena, uint32_t, (size_t)regex->inst_count * 2 + 2);
    if (first == NULL || seen == NULL || todo == NULL) {
        return false;
    }
    uint32_t todo_count = 1; /* todo[0] is the first instruction */
    while (todo_count != 0) {
        uint32_t at = todo[--todo_count];
        const regex_inst *inst = &regex->insts[at];
        if (rz_bit_get(seen, at)) {
            continue;
        }
        rz_bit_set(seen, at);
        if (inst->op == REGEX_OP_MATCH || inst->op == REGEX_OP_ASSERT) {
            return true;
        }
        if (inst->op == REGEX_OP_SET) {
            for (uint32_t c = 0; c < regex->class_count; c++) {
                if (rz_regex_class_in_set(regex, c, inst->x)) {
                    rz_bit_set(first, c);
                }
            }
            continue;
        }
        todo[todo_count++] = inst->op == REGEX_OP_SAVE ? at + 1 : inst->x;
        if (inst->op == REGEX_OP_SPLIT) {
            todo[todo_count++] = inst->y;
        }
    }
    regex->first_classes = first;
    return true;
}

ruzu_status rz_regex_compile(rz_arena *arena, const char *pattern, size_t length, rz_regex **out, rz_error *err)
{
    *out = NULL;
    regex_tree tree;
    RZ_TRY(rz_regex_parse(arena, pattern, length, &tree, err));
    regex_emitter emitter;
    memset(&emitter, 0, sizeof emitter);
    emitter.arena = arena;
    emitter.err = err;
    RZ_TRY(regex_emit_node(&emitter, tree.root));
    RZ_TRY(regex_emit(&emitter, REGEX_OP_MATCH, 0, 0));
    rz_regex *regex = RZ_NEW(arena, rz_regex);
    RZ_TRY_ALLOC(regex, err, "compiling a regular expression");
    regex->insts = emitter.insts.items;
    regex->inst_count = emitter.insts.count;
    regex->group_count = tree.group_count;
    regex->has_context = emitter.has_context;
    if (!regex_find_classes(&tree, arena, regex) || !regex_find_literal(&tree, arena, regex) ||
        !regex_find_first(arena, regex)) {
        return rz_error_no_memory(err, "compiling a regular expression");
    }
    *out = regex;
    return RUZU_OK;
}

uint32_t rz_regex_class_beyond_ascii(const rz_regex *regex, const char *text, size_t size, size_t offset,
                                     size_t *length)
{
    uint32_t code_point;
    *length = rz_utf8_decode(text + offset, size - offset, &code_point);
    if (*length == 0) {
        *length = 1;
        code_point = 0xfffd;
    }
    uint32_t low = 0;
    uint32_t high = regex->run_count;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (regex->run_starts[middle] <= code_point) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return regex->run_classes[low];
}
