/* SPDX-License-Identifier: MIT */
/*
 * Yes-or-no matching by a deterministic automaton that is built while it runs: a state is a set of instructions, a step
 * a table look-up by the class of the next character. The number of states is bounded: when the table is full it is
 * emptied and begun anew, so memory is bounded and time stays linear (each step costs at most one simulation step).
 *
 * Patterns that look at neighbouring characters (\b, ^ and $ of lines) are not for this automaton.
 */
#include "function/regex.h"

#define REGEX_DFA_STATES  256u
#define REGEX_DFA_UNKNOWN UINT32_MAX

typedef struct regex_dfa_state {
    uint32_t first; /* in items: its instructions, ascending */
    uint32_t count;
    bool matches;        /* a match ends here */
    bool matches_at_end; /* and if the text ends here */
    bool at_begin;       /* no character read yet */
} regex_dfa_state;

struct regex_dfa {
    const rz_regex *regex;
    const rz_fn_context *context;
    bool whole;
    regex_dfa_state states[REGEX_DFA_STATES];
    uint32_t state_count;
    uint64_t emptied; /* how often the table was full */
    uint32_t start;   /* the state before the first character, while start_known and the table was not emptied since */
    uint64_t start_emptied;
    bool start_known;
    uint32_t *next; /* state × class */
    uint32_t *items;
    uint32_t item_count;
    uint32_t item_capacity;
    /* The set being built. */
    uint64_t *seen;
    uint32_t *members;
    uint32_t member_count;
    uint32_t *todo;
};

ruzu_status rz_regex_dfa_create(const rz_regex *regex, bool whole, rz_fn_context *context, regex_dfa **out,
                                rz_error *err)
{
    *out = RZ_NEW(context->scratch, regex_dfa);
    RZ_TRY_ALLOC(*out, err, "matching a regular expression");
    regex_dfa *dfa = *out;
    dfa->regex = regex;
    dfa->context = context;
    dfa->whole = whole;
    dfa->item_capacity = regex->inst_count * 4 + 1024;
    dfa->next = RZ_NEW_ARRAY(context->scratch, uint32_t, (size_t)REGEX_DFA_STATES * regex->class_count);
    RZ_TRY_ALLOC(dfa->next, err, "matching a regular expression");
    dfa->items = RZ_NEW_ARRAY(context->scratch, uint32_t, dfa->item_capacity);
    RZ_TRY_ALLOC(dfa->items, err, "matching a regular expression");
    dfa->seen = RZ_NEW_ARRAY(context->scratch, uint64_t, RZ_BITMAP_WORDS((uint64_t)regex->inst_count));
    RZ_TRY_ALLOC(dfa->seen, err, "matching a regular expression");
    dfa->members = RZ_NEW_ARRAY(context->scratch, uint32_t, regex->inst_count);
    RZ_TRY_ALLOC(dfa->members, err, "matching a regular expression");
    dfa->todo = RZ_NEW_ARRAY(context->scratch, uint32_t, (size_t)regex->inst_count * 2 + 2);
    RZ_TRY_ALLOC(dfa->todo, err, "matching a regular expression");
    return RUZU_OK;
}

/* Adds all that inst reaches without reading. Ends of text stay as members unless at_end is known. */
static void regex_dfa_add(regex_dfa *dfa, uint32_t inst, bool at_begin, bool at_end)
{
    uint32_t todo_count = 0;
    dfa->todo[todo_count++] = inst;
    while (todo_count != 0) {
        uint32_t at = dfa->todo[--todo_count];
        if (rz_bit_get(dfa->seen, at)) {
            continue;
        }
        rz_bit_set(dfa->seen, at);
        const regex_inst *next = &dfa->regex->insts[at];
        switch ((regex_op)next->op) {
        case REGEX_OP_SET:
        case REGEX_OP_MATCH: dfa->members[dfa->member_count++] = at; break;
        case REGEX_OP_ASSERT:
            if (next->x == REGEX_BEGIN_TEXT ? at_begin : at_end) {
                dfa->todo[todo_count++] = at + 1;
            } else if (next->x == REGEX_END_TEXT) {
                dfa->members[dfa->member_count++] = at;
            }
            break;
        case REGEX_OP_SPLIT:
            dfa->todo[todo_count++] = next->x;
            dfa->todo[todo_count++] = next->y;
            break;
        case REGEX_OP_JUMP: dfa->todo[todo_count++] = next->x; break;
        case REGEX_OP_SAVE: dfa->todo[todo_count++] = at + 1; break;
        }
    }
}

static void regex_dfa_begin_set(regex_dfa *dfa)
{
    memset(dfa->seen, 0, RZ_BITMAP_WORDS((uint64_t)dfa->regex->inst_count) * sizeof *dfa->seen);
    dfa->member_count = 0;
}

/* Members in ascending order: equal sets are then equal bytes. */
static void regex_dfa_sort_members(regex_dfa *dfa)
{
    uint32_t count = 0;
    /* seen has every instruction passed; of those, the members are what reads, ends or matches. */
    memset(dfa->seen, 0, RZ_BITMAP_WORDS((uint64_t)dfa->regex->inst_count) * sizeof *dfa->seen);
    for (uint32_t i = 0; i < dfa->member_count; i++) {
        rz_bit_set(dfa->seen, dfa->members[i]);
    }
    for (uint32_t word = 0; word < RZ_BITMAP_WORDS((uint64_t)dfa->regex->inst_count); word++) {
        for (uint64_t bits = dfa->seen[word]; bits != 0; bits &= bits - 1) {
            dfa->members[count++] = word * 64 + rz_ctz64(bits);
        }
    }
}

static bool regex_dfa_has_match(const regex_dfa *dfa)
{
    for (uint32_t i = 0; i < dfa->member_count; i++) {
        if (dfa->regex->insts[dfa->members[i]].op == REGEX_OP_MATCH) {
            return true;
        }
    }
    return false;
}

/* The number of the state for the members; they are used up. */
static uint32_t regex_dfa_intern(regex_dfa *dfa, bool at_begin)
{
    regex_dfa_sort_members(dfa);
    for (uint32_t i = 0; i < dfa->state_count; i++) {
        const regex_dfa_state *state = &dfa->states[i];
        if (state->count == dfa->member_count && state->at_begin == at_begin &&
            memcmp(&dfa->items[state->first], dfa->members, state->count * sizeof *dfa->members) == 0) {
            return i;
        }
    }
    if (dfa->state_count == REGEX_DFA_STATES || dfa->item_capacity - dfa->item_count < dfa->member_count) {
        dfa->state_count = 0;
        dfa->item_count = 0;
        dfa->emptied++;
    }
    uint32_t number = dfa->state_count++;
    regex_dfa_state *state = &dfa->states[number];
    state->first = dfa->item_count;
    state->count = dfa->member_count;
    state->at_begin = at_begin;
    state->matches = regex_dfa_has_match(dfa);
    memcpy(&dfa->items[dfa->item_count], dfa->members, dfa->member_count * sizeof *dfa->members);
    dfa->item_count += dfa->member_count;
    for (uint32_t i = 0; i < dfa->regex->class_count; i++) {
        dfa->next[(size_t)number * dfa->regex->class_count + i] = REGEX_DFA_UNKNOWN;
    }
    regex_dfa_begin_set(dfa);
    for (uint32_t i = 0; i < state->count; i++) {
        regex_dfa_add(dfa, dfa->items[state->first + i], at_begin, true);
    }
    state->matches_at_end = regex_dfa_has_match(dfa);
    return number;
}

static uint32_t regex_dfa_step(regex_dfa *dfa, uint32_t number, uint32_t class_idx)
{
    const regex_dfa_state *state = &dfa->states[number];
    regex_dfa_begin_set(dfa);
    for (uint32_t i = 0; i < state->count; i++) {
        uint32_t inst = dfa->items[state->first + i];
        const regex_inst *at = &dfa->regex->insts[inst];
        if (at->op == REGEX_OP_SET && rz_regex_class_in_set(dfa->regex, class_idx, at->x)) {
            regex_dfa_add(dfa, inst + 1, false, false);
        }
    }
    if (!dfa->whole) {
        regex_dfa_add(dfa, 0, false, false);
    }
    uint64_t emptied_before = dfa->emptied;
    uint32_t next = regex_dfa_intern(dfa, false);
    if (dfa->emptied == emptied_before) { /* otherwise `number` means another state now */
        dfa->next[(size_t)number * dfa->regex->class_count + class_idx] = next;
    }
    return next;
}

ruzu_status rz_regex_dfa_test(regex_dfa *dfa, const char *text, size_t size, bool *out_matches, rz_error *err)
{
    if (!dfa->start_known || dfa->start_emptied != dfa->emptied) {
        regex_dfa_begin_set(dfa);
        regex_dfa_add(dfa, 0, true, false);
        dfa->start = regex_dfa_intern(dfa, true);
        dfa->start_known = true;
        dfa->start_emptied = dfa->emptied;
    }
    uint32_t state = dfa->start;
    for (size_t offset = 0; offset < size;) {
        if (dfa->states[state].count == 0 || (!dfa->whole && dfa->states[state].matches)) {
            break; /* nothing can follow, or nothing needs to */
        }
        size_t length;
        uint32_t class_idx = rz_regex_class_at(dfa->regex, text, size, offset, &length);
        uint32_t next = dfa->next[(size_t)state * dfa->regex->class_count + class_idx];
        state = RZ_LIKELY(next != REGEX_DFA_UNKNOWN) ? next : regex_dfa_step(dfa, state, class_idx);
        offset += length;
        if ((offset & 0xffff) == 0) {
            RZ_TRY(rz_fn_check_interrupt(dfa->context, err));
        }
    }
    const regex_dfa_state *last = &dfa->states[state];
    *out_matches = last->matches || last->matches_at_end;
    return RUZU_OK;
}
