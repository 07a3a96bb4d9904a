/* SPDX-License-Identifier: MIT */
/*
 * Text functions: results and edges as in dialect §13.3, characters beyond ASCII, refused memory.
 */
#include "function_eval.h"

static const eval_case whole_cases[] = {
    {"starts_with", {"STRING:abc", "STRING:a"}, "BOOL:True"},
    {"prefix", {"STRING:abc", "STRING:abcd"}, "BOOL:False"},
    {"ends_with", {"STRING:abc", "STRING:bc"}, "BOOL:True"},
    {"suffix", {"STRING:abc", "STRING:"}, "BOOL:True"},
    {"contains", {"STRING:abc", "STRING:b"}, "BOOL:True"},
    {"contains", {"STRING:abc", "STRING:"}, "BOOL:True"},
    {"contains", {"STRING:a string longer than twelve", "STRING:longer than twelve!"}, "BOOL:False"},
    {"contains", {"STRING:abc", "~"}, "BOOL:~"},
    {"starts_with", {"INT64:12", "STRING:1"}, "BOOL:True"},
    {"initcap", {"STRING:hELLO wORLD"}, "STRING:Hello world"},
    {"initcap", {"STRING:éCOLE"}, "STRING:École"},
    {"initcap", {"STRING:"}, "STRING:"},
    {"lower", {"STRING:HÉLLO, THIS IS LONG"}, "STRING:héllo, this is long"},
    {"toLower", {"STRING:ABC"}, "STRING:abc"},
    {"lcase", {"BOOL:true"}, "STRING:true"},
    {"upper", {"STRING:héllo"}, "STRING:HÉLLO"},
    {"ucase", {"INT64:123"}, "STRING:123"},
    {"upper", {"~"}, "STRING:~"},
    {"upper", {"STRING:a text of more than twelve bytes"}, "STRING:A TEXT OF MORE THAN TWELVE BYTES"},
    {"lpad", {"STRING:abc", "INT64:5", "STRING:*"}, "STRING:**abc"},
    {"lpad", {"STRING:abc", "INT64:2", "STRING:*"}, "STRING:ab"},
    {"lpad", {"STRING:abc", "INT64:5", "STRING:xy"}, "STRING:xyabc"},
    {"lpad", {"STRING:abc", "INT64:5", "STRING:"}, "STRING:abc"},
    {"lpad", {"STRING:abc", "INT64:0", "STRING:x"}, "STRING:"},
    {"lpad", {"STRING:abc", "INT64:-1", "STRING:x"}, "STRING:"},
    {"rpad", {"STRING:abc", "INT64:6", "STRING:xy"}, "STRING:abcxyx"},
    {"rpad", {"STRING:abc", "INT64:2", "STRING:*"}, "STRING:ab"},
    {"lpad", {"STRING:é", "INT64:3", "STRING:ü"}, "STRING:üüé"},
    {"rpad",
     {"STRING:abc", "INT64:9223372036854775807", "STRING:x"},
     "The maximum length of strings is 268435456 bytes. The string's length would be 9223372036854775807."},
    {"ltrim", {"STRING:  a b  "}, "STRING:a b  "},
    {"rtrim", {"STRING:  a b  "}, "STRING:  a b"},
    {"trim", {"STRING:\t a b \n"}, "STRING:a b"},
    {"trim", {"STRING:   "}, "STRING:"},
    {"trim", {"STRING:xxaxbxx", "STRING:x"}, "STRING:axb"},
    {"ltrim", {"STRING:éüxé", "STRING:üé"}, "STRING:xé"},
    {"rtrim", {"STRING:éüxé", "STRING:üé"}, "STRING:éüx"},
    {"repeat", {"STRING:ab", "INT64:3"}, "STRING:ababab"},
    {"repeat", {"STRING:ab", "INT64:0"}, "STRING:"},
    {"repeat", {"STRING:ab", "INT64:-1"}, "STRING:"},
    {"repeat", {"STRING:", "INT64:9223372036854775807"}, "STRING:"},
    {"repeat", {"STRING:ab", "INT64:9223372036854775807"}, "The maximum length of strings is 268435456 bytes..."},
    {"reverse", {"STRING:héllo"}, "STRING:olléh"},
    {"reverse",
     {"STRING:e\xcc\x81"
      "ab"},
     "STRING:bae\xcc\x81"},
    {"reverse", {"INT64[]:[1,2,]"}, "INT64[]:[,2,1]"},
    {"replace", {"STRING:hello", "STRING:l", "STRING:LL"}, "STRING:heLLLLo"},
    {"replace", {"STRING:aaa", "STRING:aa", "STRING:b"}, "STRING:ba"},
    {"replace", {"STRING:abc", "STRING:", "STRING:x"}, "STRING:abc"},
    {"replace", {"STRING:abc", "STRING:~~", "~"}, "STRING:~"},
    {"levenshtein", {"STRING:kitten", "STRING:sitting"}, "INT64:3"},
    {"levenshtein", {"STRING:", "STRING:abc"}, "INT64:3"},
    {"levenshtein", {"STRING:é", "STRING:e"}, "INT64:2"},
    {"size", {"STRING:héllo"}, "INT64:5"},
    {"char_length", {"STRING:"}, "INT64:0"},
    {"size",
     {"STRING:e\xcc\x81"
      "ab"},
     "INT64:3"},
    {"ascii", {"STRING:A"}, "INT64:65"},
    {"chr", {"INT64:233"}, "STRING:é"},
    {"chr", {"INT64:55296"}, "Runtime exception: Value 55296 is not a Unicode code point."},
    {"position", {"STRING:héllo", "STRING:l"}, "INT64:3"},
    {"position", {"STRING:abc", "STRING:x"}, "INT64:0"},
    {"concat", {"STRING:a", "~", "INT64:1", "BOOL:true", "INT64[]:[1,2]"}, "STRING:a1True[1,2]"},
    {"concat", {"~", "~"}, "STRING:"},
    {"concat", {"STRING:a text of twelve", "STRING:bytes"}, "STRING:a text of twelvebytes"},
    {"concat_ws", {"STRING:,", "STRING:a", "STRING:b"}, "STRING:a,b"},
    {"concat_ws", {"STRING:,", "STRING:a", "~", "STRING:b"}, "STRING:a,b"},
    {"concat_ws", {"STRING:,", "STRING:", "STRING:b"}, "STRING:,b"},
    {"concat_ws", {"~", "STRING:a"}, "STRING:~"},
    {"concat_ws", {"STRING:,", "~"}, "STRING:"},
    {"concat_ws", {"STRING:,"}, "Binder exception: concat_ws expects at least two parameters. Got: 1."},
    {"concat_ws", {"STRING:,", "INT64:1"}, "Binder exception: concat_ws expects all string parameters. Got: INT64."},
};

static const eval_case cut_cases[] = {
    {"array_extract", {"STRING:abc", "INT64:1"}, "STRING:a"},
    {"array_extract", {"STRING:abc", "INT64:0"}, "STRING:"},
    {"array_extract", {"STRING:abc", "INT64:10"}, "STRING:c"},
    {"array_extract", {"STRING:abc", "INT64:-1"}, "STRING:c"},
    {"array_extract", {"STRING:abc", "INT64:-5"}, "STRING:a"},
    {"array_extract", {"STRING:", "INT64:1"}, "STRING:"},
    {"array_extract", {"STRING:héllo", "INT64:2"}, "STRING:é"},
    {"array_extract", {"STRING:abc", "INT64:-9223372036854775808"}, "STRING:a"},
    {"array_extract", {"INT64[]:[1,2,3]", "INT64:2"}, "INT64:2"},
    {"list_extract", {"STRING:abc", "INT64:-1"}, "STRING:c"},
    {"list_extract", {"STRING:abc", "INT64:10"}, "STRING:"},
    {"list_extract", {"STRING:abc", "INT64:0"}, "STRING:"},
    {"list_extract", {"STRING:abc", "INT64:-5"}, "STRING:a"},
    {"list_extract", {"STRING:abc", "INT64:-9223372036854775808"}, "STRING:a"},
    {"left", {"STRING:hello", "INT64:2"}, "STRING:he"},
    {"left", {"STRING:hello", "INT64:-2"}, "STRING:hel"},
    {"left", {"STRING:hello", "INT64:-10"}, "STRING:"},
    {"left", {"STRING:hello", "INT64:10"}, "STRING:hello"},
    {"left", {"STRING:hello", "INT64:-9223372036854775808"}, "STRING:"},
    {"left", {"STRING:☹️x", "INT64:1"}, "STRING:☹️"},
    {"right", {"STRING:hello", "INT64:2"}, "STRING:lo"},
    {"right", {"STRING:hello", "INT64:-2"}, "STRING:llo"},
    {"right", {"STRING:hello", "INT64:0"}, "STRING:"},
    {"right", {"STRING:hello", "INT64:-10"}, "STRING:"},
    {"right", {"STRING:hello", "INT64:10"}, "STRING:hello"},
    {"right", {"STRING:hello", "INT64:-9223372036854775808"}, "STRING:"},
    {"right", {"STRING:hello", "INT64:9223372036854775807"}, "STRING:hello"},
    {"substring", {"STRING:hello", "INT64:2", "INT64:3"}, "STRING:ell"},
    {"substring", {"STRING:hello", "INT64:0", "INT64:3"}, "STRING:"},
    {"substring", {"STRING:hello", "INT64:-2", "INT64:3"}, "STRING:"},
    {"substring", {"STRING:hello", "INT64:2", "INT64:100"}, "STRING:ello"},
    {"substring", {"STRING:hello", "INT64:10", "INT64:2"}, "STRING:"},
    {"substring", {"STRING:hello", "INT64:2", "INT64:0"}, "STRING:"},
    {"substring", {"STRING:hello", "INT64:2", "INT64:-1"}, "STRING:"},
    {"substring", {"STRING:héllo", "INT64:2", "INT64:2"}, "STRING:él"},
    {"substring", {"STRING:hello", "INT64:2", "INT64:9223372036854775807"}, "STRING:ello"},
    {"substr", {"STRING:hello", "INT64:2"}, "STRING:ello"},
    {"substring", {"STRING:😃🌍🌦️🍞🚗", "INT64:1", "INT64:3"}, "STRING:😃🌍🌦️"},
    {"substring", {"STRING:hello", "~", "INT64:2"}, "STRING:~"},
    {"list_slice", {"STRING:hello", "INT64:2", "INT64:4"}, "STRING:ell"},
    {"list_slice", {"STRING:hello", "INT64:0", "INT64:2"}, "STRING:he"},
    {"list_slice", {"STRING:hello", "INT64:-3", "INT64:-1"}, "STRING:llo"},
    {"list_slice", {"STRING:hello", "INT64:2", "INT64:0"}, "STRING:"},
    {"array_slice", {"STRING:hello", "INT64:4", "INT64:2"}, "STRING:"},
    {"split_part", {"STRING:a,b,c", "STRING:,", "INT64:2"}, "STRING:b"},
    {"split_part", {"STRING:a,b,c", "STRING:,", "INT64:5"}, "STRING:"},
    {"split_part", {"STRING:a,b,c", "STRING:,", "INT64:0"}, "STRING:"},
    {"split_part", {"STRING:a,b,c", "STRING:,", "INT64:-1"}, "STRING:"},
    {"split_part", {"STRING:abc", "STRING:", "INT64:2"}, "STRING:b"},
    {"split_part", {"STRING:a::b", "STRING:::", "INT64:2"}, "STRING:b"},
    {"split_part", {"STRING:", "STRING:,", "INT64:1"}, "STRING:"},
    {"string_split", {"STRING:a,b,c", "STRING:,"}, "STRING[]:[a,b,c]"},
    {"str_split", {"STRING:abc", "STRING:"}, "STRING[]:[a,b,c]"},
    {"string_to_array", {"STRING:,a,,b,", "STRING:,"}, "STRING[]:[a,b,]"},
    {"string_split", {"STRING:abc", "STRING:x"}, "STRING[]:[abc]"},
    {"split", {"STRING:,a,,b,", "STRING:,"}, "STRING[]:[,a,,b,]"},
    {"split",
     {"STRING:a longer part here, and another one", "STRING:, "},
     "STRING[]:[a longer part here,and another one]"},
};

static void whole_strings(void)
{
    EVAL_CASES(whole_cases);
}

static void cutting(void)
{
    EVAL_CASES(cut_cases);
}

static void empty_text_splits_into_one_part(void)
{
    static const eval_case cases[] = {
        {"size", {"STRING[]:[a,b]"}, "INT64:2"},
        {"string_split", {"STRING:", "STRING:,"}, "STRING[]:[]"},
        {"string_split", {"STRING:", "STRING:"}, "STRING[]:[]"},
    };
    EVAL_CASES(cases);
}

static void memory_refused(void)
{
    EVAL_MEMORY(whole_cases);
    EVAL_MEMORY(cut_cases);
}

int main(void)
{
    RUN(whole_strings);
    RUN(cutting);
    RUN(empty_text_splits_into_one_part);
    RUN(memory_refused);
    return CHECK_DONE();
}
