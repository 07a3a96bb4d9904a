/* SPDX-License-Identifier: MIT */
/*
 * Sets of code points: arithmetic of ranges, the named classes of the syntax, and case folding.
 *
 * Scripts (\p{Greek}) are told apart by blocks of code points, not by the script property of each character; only the
 * common ones are known.
 */
#include "function/regex.h"

#include "function/regex_tables.h"

/* ---- ranges ---- */

bool rz_regex_set_add(regex_set *set, rz_arena *arena, uint32_t first, uint32_t last)
{
    regex_range range = {first, last};
    return RZ_ARRAY_PUSH(&set->ranges, arena, range);
}

/* Insertion sort would be quadratic and qsort recurses: shell sort does for a few hundred ranges. */
static void regex_sort_ranges(regex_range *ranges, uint32_t count)
{
    for (uint32_t gap = count / 2; gap != 0; gap = gap == 2 ? 1 : gap * 5 / 11) {
        for (uint32_t i = gap; i < count; i++) {
            regex_range range = ranges[i];
            uint32_t j = i;
            for (; j >= gap && ranges[j - gap].first > range.first; j -= gap) {
                ranges[j] = ranges[j - gap];
            }
            ranges[j] = range;
        }
    }
}

void rz_regex_set_normalise(regex_set *set)
{
    if (set->ranges.count == 0) {
        return;
    }
    regex_range *ranges = set->ranges.items;
    regex_sort_ranges(ranges, set->ranges.count);
    uint32_t kept = 0;
    for (uint32_t i = 1; i < set->ranges.count; i++) {
        if (ranges[i].first <= ranges[kept].last + 1) {
            ranges[kept].last = ranges[i].last > ranges[kept].last ? ranges[i].last : ranges[kept].last;
        } else {
            ranges[++kept] = ranges[i];
        }
    }
    set->ranges.count = kept + 1;
}

/* The gaps of a normalised set. */
static bool regex_add_gaps(regex_set *set, rz_arena *arena, const regex_set *other)
{
    uint32_t next = 0;
    bool done = true;
    for (uint32_t i = 0; i < other->ranges.count && done; i++) {
        regex_range range = other->ranges.items[i];
        done = range.first <= next || rz_regex_set_add(set, arena, next, range.first - 1);
        next = range.last + 1;
    }
    return done && (next > REGEX_LAST_CODE_POINT || rz_regex_set_add(set, arena, next, REGEX_LAST_CODE_POINT));
}

bool rz_regex_set_add_set(regex_set *set, rz_arena *arena, const regex_set *other, bool negated)
{
    if (negated) {
        return regex_add_gaps(set, arena, other);
    }
    bool done = true;
    for (uint32_t i = 0; i < other->ranges.count && done; i++) {
        done = rz_regex_set_add(set, arena, other->ranges.items[i].first, other->ranges.items[i].last);
    }
    return done;
}

bool rz_regex_set_negate(regex_set *set, rz_arena *arena)
{
    regex_set gaps;
    memset(&gaps, 0, sizeof gaps);
    bool done = regex_add_gaps(&gaps, arena, set);
    *set = gaps;
    return done;
}

/* ---- case ---- */

/* Code points beyond have no case. */
#define REGEX_LAST_CASED 0x1e943u

static bool regex_add_cases(regex_set *set, rz_arena *arena, uint32_t code_point)
{
    /* Lower and upper case of each other, and the few letters whose case pairs are not all of them. */
    static const uint32_t odd[][2] = {{'k', 0x212a},  {'s', 0x17f},   {0xe5, 0x212b}, {0xb5, 0x3bc},
                                      {0x3c3, 0x3c2}, {0x3b8, 0x3d1}, {0x3c9, 0x2126}};
    uint32_t lower = rz_unicode_lower(code_point);
    uint32_t upper = rz_unicode_upper(code_point);
    bool done = (lower == code_point || rz_regex_set_add(set, arena, lower, lower)) &&
                (upper == code_point || rz_regex_set_add(set, arena, upper, upper));
    uint32_t folded = rz_unicode_lower(rz_unicode_upper(code_point));
    for (size_t i = 0; i < sizeof odd / sizeof odd[0] && done; i++) {
        if (folded == odd[i][0] || lower == odd[i][0] || code_point == odd[i][1]) {
            uint32_t other = rz_unicode_upper(odd[i][0]);
            done = rz_regex_set_add(set, arena, odd[i][0], odd[i][0]) &&
                   rz_regex_set_add(set, arena, odd[i][1], odd[i][1]) && rz_regex_set_add(set, arena, other, other);
        }
    }
    return done;
}

bool rz_regex_set_fold(regex_set *set, rz_arena *arena)
{
    uint32_t count = set->ranges.count;
    bool done = true;
    for (uint32_t i = 0; i < count && done; i++) {
        regex_range range = set->ranges.items[i];
        uint32_t last = range.last > REGEX_LAST_CASED ? REGEX_LAST_CASED : range.last;
        for (uint32_t code_point = range.first; code_point <= last && done; code_point++) {
            done = regex_add_cases(set, arena, code_point);
        }
    }
    rz_regex_set_normalise(set);
    return done;
}

/* ---- named classes ---- */

typedef struct regex_named_class {
    const char *name;
    const char *pairs; /* first and last character, pair after pair */
} regex_named_class;

static bool regex_add_pairs(regex_set *set, rz_arena *arena, const char *pairs)
{
    bool done = true;
    for (; *pairs != '\0' && done; pairs += 2) {
        done = rz_regex_set_add(set, arena, (uint32_t)pairs[0], (uint32_t)pairs[1]);
    }
    return done;
}

bool rz_regex_set_add_posix(regex_set *set, rz_arena *arena, const char *name, size_t length, bool *out_known)
{
    static const regex_named_class classes[] = {
        {"alnum", "09AZaz"},
        {"alpha", "AZaz"},
        {"ascii", "\x01\x7f"},
        {"blank", "\t\t  "},
        {"cntrl", "\x01\x1f\x7f\x7f"},
        {"digit", "09"},
        {"graph", "!~"},
        {"lower", "az"},
        {"print", " ~"},
        {"punct", "!/:@[`{~"},
        {"space", "\t\r  "},
        {"upper", "AZ"},
        {"word", "09AZaz__"},
        {"xdigit", "09AFaf"},
    };
    for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++) {
        if (strlen(classes[i].name) == length && memcmp(classes[i].name, name, length) == 0) {
            *out_known = true;
            bool with_zero = classes[i].name[0] == 'c' || memcmp(classes[i].name, "as", 2) == 0;
            return (!with_zero || rz_regex_set_add(set, arena, 0, 0)) && regex_add_pairs(set, arena, classes[i].pairs);
        }
    }
    *out_known = false;
    return false;
}

bool rz_regex_set_add_perl(regex_set *set, rz_arena *arena, char letter, bool *out_known)
{
    const char *pairs = NULL;
    switch (rz_ascii_lower(letter)) {
    case 'd': pairs = "09"; break;
    case 's': pairs = "\t\n\f\r  "; break;
    case 'w': pairs = "09AZ__az"; break;
    default: break;
    }
    *out_known = pairs != NULL;
    if (pairs == NULL) {
        return false;
    }
    if (rz_ascii_lower(letter) == letter) {
        return regex_add_pairs(set, arena, pairs);
    }
    regex_set found;
    memset(&found, 0, sizeof found);
    if (!regex_add_pairs(&found, arena, pairs)) {
        return false;
    }
    rz_regex_set_normalise(&found);
    return regex_add_gaps(set, arena, &found);
}

/* ---- Unicode ---- */

typedef struct regex_script {
    const char *name;
    regex_range ranges[6];
} regex_script;

static const regex_script regex_scripts[] = {
    {"Arabic", {{0x600, 0x6ff}, {0x750, 0x77f}, {0x8a0, 0x8ff}, {0xfb50, 0xfdff}, {0xfe70, 0xfefc}, {0, 0}}},
    {"Armenian", {{0x531, 0x58f}, {0xfb13, 0xfb17}, {0, 0}}},
    {"Bengali", {{0x980, 0x9fe}, {0, 0}}},
    {"Cyrillic", {{0x400, 0x52f}, {0x1c80, 0x1c88}, {0x1d2b, 0x1d2b}, {0x2de0, 0x2dff}, {0xa640, 0xa69f}, {0, 0}}},
    {"Devanagari", {{0x900, 0x950}, {0x955, 0x97f}, {0xa8e0, 0xa8ff}, {0, 0}}},
    {"Georgian", {{0x10a0, 0x10fa}, {0x10fc, 0x10ff}, {0x1c90, 0x1cbf}, {0x2d00, 0x2d2d}, {0, 0}}},
    {"Greek", {{0x370, 0x373}, {0x375, 0x37d}, {0x37f, 0x3e1}, {0x3f0, 0x3ff}, {0x1f00, 0x1ffe}, {0, 0}}},
    {"Han",
     {{0x2e80, 0x2fd5}, {0x3005, 0x3007}, {0x3021, 0x3029}, {0x3400, 0x4dbf}, {0x4e00, 0xfaff}, {0x20000, 0x323af}}},
    {"Hangul", {{0x1100, 0x11ff}, {0x3131, 0x318e}, {0xa960, 0xa97c}, {0xac00, 0xd7fb}, {0, 0}}},
    {"Hebrew", {{0x591, 0x5f4}, {0xfb1d, 0xfb4f}, {0, 0}}},
    {"Hiragana", {{0x3041, 0x3096}, {0x309d, 0x309f}, {0, 0}}},
    {"Katakana", {{0x30a1, 0x30fa}, {0x30fd, 0x30ff}, {0x31f0, 0x31ff}, {0xff66, 0xff9d}, {0, 0}}},
    {"Latin", {{'A', 'Z'}, {'a', 'z'}, {0xaa, 0xaa}, {0xc0, 0x24f}, {0x1e00, 0x1eff}, {0, 0}}},
    {"Thai", {{0xe01, 0xe3a}, {0xe40, 0xe5b}, {0, 0}}},
};

static bool regex_add_script(regex_set *set, rz_arena *arena, const regex_script *script)
{
    bool done = true;
    for (size_t i = 0; i < sizeof script->ranges / sizeof script->ranges[0] && script->ranges[i].last != 0 && done;
         i++) {
        regex_range range = script->ranges[i];
        if (script->name[0] == 'H' && script->name[1] == 'a' && script->name[3] == '\0' && range.first == 0x4e00) {
            /* Between the ideographs lie other scripts. */
            done = rz_regex_set_add(set, arena, 0x4e00, 0x9fff) && rz_regex_set_add(set, arena, 0xf900, 0xfad9);
        } else {
            done = rz_regex_set_add(set, arena, range.first, range.last);
        }
    }
    return done;
}

/* "L" means every category that begins so, "Lu" one. Unassigned code points (Cn) are in none. */
static bool regex_category_matches(uint32_t category, const char *name, size_t length)
{
    const char *have = regex_category_names[category];
    return have[0] == name[0] && (length == 1 || have[1] == name[1]) && strcmp(have, "Cn") != 0;
}

bool rz_regex_set_add_unicode(regex_set *set, rz_arena *arena, const char *name, size_t length, bool *out_known)
{
    *out_known = true;
    if (length == 3 && memcmp(name, "Any", 3) == 0) {
        return rz_regex_set_add(set, arena, 0, REGEX_LAST_CODE_POINT);
    }
    for (size_t i = 0; i < sizeof regex_scripts / sizeof regex_scripts[0]; i++) {
        if (strlen(regex_scripts[i].name) == length && memcmp(regex_scripts[i].name, name, length) == 0) {
            return regex_add_script(set, arena, &regex_scripts[i]);
        }
    }
    bool found = false;
    size_t run_count = sizeof regex_category_runs / sizeof regex_category_runs[0];
    for (size_t i = 0; (length == 1 || length == 2) && i < run_count; i++) {
        if (!regex_category_matches(regex_category_runs[i] & 0xff, name, length)) {
            continue;
        }
        uint32_t last = i + 1 < run_count ? (regex_category_runs[i + 1] >> 8) - 1 : REGEX_LAST_CODE_POINT;
        if (!rz_regex_set_add(set, arena, regex_category_runs[i] >> 8, last)) {
            return false;
        }
        found = true;
    }
    *out_known = found;
    return found;
}
