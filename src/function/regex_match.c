/* SPDX-License-Identifier: MIT */
/*
 * Matching by lists of threads (Pike's form of Thompson's simulation): all ways through the program at once, in the
 * order of preference, one character at a time. Time: text × states. Each thread carries the ends of the groups it has
 * passed.
 */
#include "function/regex.h"

/* Work left while an instruction's successors are added: an instruction, or a slot to be put back. */
typedef struct regex_todo {
    uint32_t inst;
    uint32_t slot; /* REGEX_NOTHING_TO_RESTORE, or the slot that gets `value` back */
    size_t value;
} regex_todo;

#define REGEX_NOTHING_TO_RESTORE UINT32_MAX
#define REGEX_CHECK_INTERVAL     65536u

ruzu_status rz_regex_matcher_init(regex_matcher *matcher, const rz_regex *regex, uint32_t groups,
                                  rz_fn_context *context, rz_error *err)
{
    memset(matcher, 0, sizeof *matcher);
    matcher->regex = regex;
    matcher->context = context;
    matcher->slot_count = groups == UINT32_MAX ? 0 : 2 * (groups + 1);
    for (uint32_t i = 0; i < 2; i++) {
        regex_threads *list = &matcher->lists[i];
        list->dense = RZ_NEW_ARRAY(context->scratch, uint32_t, regex->inst_count);
        RZ_TRY_ALLOC(list->dense, err, "matching a regular expression");
        list->sparse = RZ_NEW_ARRAY(context->scratch, uint32_t, regex->inst_count);
        RZ_TRY_ALLOC(list->sparse, err, "matching a regular expression");
        list->slots = RZ_NEW_ARRAY(context->scratch, size_t, (size_t)regex->inst_count * matcher->slot_count + 1);
        RZ_TRY_ALLOC(list->slots, err, "matching a regular expression");
    }
    matcher->todo = RZ_NEW_ARRAY(context->scratch, regex_todo, (size_t)regex->inst_count * 2 + 2);
    RZ_TRY_ALLOC(matcher->todo, err, "matching a regular expression");
    /* The last slot_count are those of the thread being added. */
    matcher->best = RZ_NEW_ARRAY(context->scratch, size_t, (size_t)matcher->slot_count * 2 + 1);
    RZ_TRY_ALLOC(matcher->best, err, "matching a regular expression");
    return RUZU_OK;
}

static bool regex_is_word(const char *text, size_t offset)
{
    char c = text[offset];
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool regex_holds(regex_assertion assertion, const char *text, size_t size, size_t offset)
{
    switch (assertion) {
    case REGEX_BEGIN_TEXT: return offset == 0;
    case REGEX_END_TEXT: return offset == size;
    case REGEX_BEGIN_LINE: return offset == 0 || text[offset - 1] == '\n';
    case REGEX_END_LINE: return offset == size || text[offset] == '\n';
    case REGEX_WORD:
    case REGEX_NOT_WORD: {
        bool before = offset != 0 && regex_is_word(text, offset - 1);
        bool after = offset != size && regex_is_word(text, offset);
        return (before != after) == (assertion == REGEX_WORD);
    }
    }
    return false;
}

static bool regex_has_thread(const regex_threads *list, uint32_t inst)
{
    uint32_t at = list->sparse[inst];
    return at < list->count && list->dense[at] == inst;
}

/* Adds a thread at inst, with all it reaches without reading, to the list; `slots` are its slots (changed while it
 * works, put back). */
static void regex_add_thread(regex_matcher *matcher, regex_threads *list, uint32_t inst, size_t *slots,
                             const char *text, size_t size, size_t offset)
{
    const rz_regex *regex = matcher->regex;
    regex_todo *todo = matcher->todo;
    uint32_t todo_count = 0;
    todo[todo_count++] = (regex_todo){inst, REGEX_NOTHING_TO_RESTORE, 0};
    while (todo_count != 0) {
        regex_todo next = todo[--todo_count];
        if (next.slot != REGEX_NOTHING_TO_RESTORE) {
            slots[next.slot] = next.value;
            continue;
        }
        if (regex_has_thread(list, next.inst)) {
            continue;
        }
        list->sparse[next.inst] = list->count;
        list->dense[list->count++] = next.inst;
        const regex_inst *at = &regex->insts[next.inst];
        switch ((regex_op)at->op) {
        case REGEX_OP_SET:
        case REGEX_OP_MATCH:
            memcpy(&list->slots[(size_t)next.inst * matcher->slot_count], slots, matcher->slot_count * sizeof *slots);
            break;
        case REGEX_OP_ASSERT:
            if (regex_holds((regex_assertion)at->x, text, size, offset)) {
                todo[todo_count++] = (regex_todo){next.inst + 1, REGEX_NOTHING_TO_RESTORE, 0};
            }
            break;
        case REGEX_OP_SPLIT:
            todo[todo_count++] = (regex_todo){at->y, REGEX_NOTHING_TO_RESTORE, 0};
            todo[todo_count++] = (regex_todo){at->x, REGEX_NOTHING_TO_RESTORE, 0};
            break;
        case REGEX_OP_JUMP: todo[todo_count++] = (regex_todo){at->x, REGEX_NOTHING_TO_RESTORE, 0}; break;
        case REGEX_OP_SAVE:
            if (at->x < matcher->slot_count) {
                todo[todo_count++] = (regex_todo){0, at->x, slots[at->x]};
                slots[at->x] = offset;
            }
            todo[todo_count++] = (regex_todo){next.inst + 1, REGEX_NOTHING_TO_RESTORE, 0};
            break;
        }
    }
}

/* The next place where a match can begin, or size. */
static size_t regex_skip(const rz_regex *regex, const char *text, size_t size, size_t offset)
{
    size_t length;
    while (offset < size && !rz_bit_get(regex->first_classes, rz_regex_class_at(regex, text, size, offset, &length))) {
        offset += length;
    }
    return offset;
}

/* One simulation from `from` on: leftmost-first, or (whole) of all the text. */
static ruzu_status regex_simulate(regex_matcher *matcher, const char *text, size_t size, size_t from, bool whole,
                                  bool *out_found, rz_error *err)
{
    const rz_regex *regex = matcher->regex;
    size_t *slots = matcher->best + matcher->slot_count;
    regex_threads *now = &matcher->lists[0];
    regex_threads *then = &matcher->lists[1];
    size_t next_check = from + REGEX_CHECK_INTERVAL;
    now->count = 0;
    *out_found = false;
    for (size_t offset = from;;) {
        if (!*out_found && !whole && now->count == 0 && regex->first_classes != NULL) {
            offset = regex_skip(regex, text, size, offset);
        }
        if (!*out_found && (!whole || offset == 0)) { /* a match may begin here, if none began before */
            for (uint32_t i = 0; i < matcher->slot_count; i++) {
                slots[i] = REGEX_NO_SLOT;
            }
            if (matcher->slot_count != 0) {
                slots[0] = offset;
            }
            regex_add_thread(matcher, now, 0, slots, text, size, offset);
        }
        if (now->count == 0) {
            return RUZU_OK;
        }
        size_t length = 0;
        uint32_t class_idx = offset < size ? rz_regex_class_at(regex, text, size, offset, &length) : 0;
        then->count = 0;
        for (uint32_t i = 0; i < now->count; i++) {
            uint32_t inst = now->dense[i];
            const regex_inst *at = &regex->insts[inst];
            size_t *thread_slots = &now->slots[(size_t)inst * matcher->slot_count];
            if (at->op == REGEX_OP_MATCH) {
                if (whole && offset != size) {
                    continue;
                }
                *out_found = true;
                memcpy(matcher->best, thread_slots, matcher->slot_count * sizeof *thread_slots);
                if (matcher->slot_count != 0) {
                    matcher->best[1] = offset;
                }
                break; /* threads after this one are less preferred */
            }
            if (at->op == REGEX_OP_SET && offset < size && rz_regex_class_in_set(regex, class_idx, at->x)) {
                memcpy(slots, thread_slots, matcher->slot_count * sizeof *slots);
                regex_add_thread(matcher, then, inst + 1, slots, text, size, offset + length);
            }
        }
        if (offset >= size || (*out_found && matcher->slot_count == 0)) {
            return RUZU_OK;
        }
        regex_threads *swapped = now;
        now = then;
        then = swapped;
        offset += length;
        if (offset >= next_check) {
            RZ_TRY(rz_fn_check_interrupt(matcher->context, err));
            next_check = offset + REGEX_CHECK_INTERVAL;
        }
    }
}

ruzu_status rz_regex_search(regex_matcher *matcher, const char *text, size_t size, size_t from, bool *out_found,
                            rz_error *err)
{
    const rz_regex *regex = matcher->regex;
    if (regex->literal != NULL && matcher->slot_count != 0) {
        const char *found = regex->literal_length > size - from
                                ? NULL
                                : (const char *)memmem(text + from, size - from, regex->literal, regex->literal_length);
        *out_found = found != NULL;
        if (found != NULL) {
            matcher->best[0] = (size_t)(found - text);
            matcher->best[1] = matcher->best[0] + regex->literal_length;
        }
        return RUZU_OK;
    }
    return regex_simulate(matcher, text, size, from, false, out_found, err);
}

ruzu_status rz_regex_test(regex_matcher *matcher, const char *text, size_t size, bool whole, bool *out_matches,
                          rz_error *err)
{
    return regex_simulate(matcher, text, size, 0, whole, out_matches, err);
}
