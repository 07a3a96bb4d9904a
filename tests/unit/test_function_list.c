/* SPDX-License-Identifier: MIT */
/*
 * Lists, arrays, structs, maps, unions and what works on any value: dialect §13.4, §13.5, §13.8.
 */
#include "function_eval.h"

static const eval_case list_cases[] = {
    {"list_creation", {"INT64:1", "~", "DOUBLE:2.5"}, "DOUBLE[]:[1.0,,2.5]"},
    {"list_creation", {NULL}, "INT64[]:[]"},
    {"list_creation", {"~"}, "INT64[]:[]"},
    {"list_creation",
     {"INT64:1", "STRING:a"},
     "Binder exception: Expression a has data type STRING but expected INT64. Implicit cast is not supported."},
    {"list_creation",
     {"STRING:a", "INT64:1"},
     "Binder exception: Expression a has data type STRING but expected INT64. Implicit cast is not supported."},
    {"list_creation", {"STRING:a string that is long", "STRING:b"}, "STRING[]:[a string that is long,b]"},
    {"list_creation", {"INT64[]:[1]", "DOUBLE[]:[2.5]"}, "DOUBLE[][]:[[1.0],[2.5]]"},
    {"list_creation",
     {"DATE:2020-01-01", "TIMESTAMP:2020-01-01"},
     "TIMESTAMP[]:[2020-01-01 00:00:00,2020-01-01 00:00:00]"},
    {"size", {"INT64[]:[1,]"}, "INT64:2"},
    {"cardinality", {"MAP(INT64, INT64):{1=2}"}, "INT64:1"},
    {"size", {"INT64[2]:[1,2]"}, "INT64:2"},
    {"size", {"~"}, "INT64:~"},
    {"list_extract", {"INT64[]:[1,2,3]", "INT64:2"}, "INT64:2"},
    {"list_element", {"INT64[]:[1,2,3]", "INT64:-1"}, "INT64:3"},
    {"list_extract", {"INT64[]:[1,,3]", "INT64:2"}, "INT64:~"},
    {"list_extract", {"INT64[][]:[[1],[2,3]]", "INT64:2"}, "INT64[]:[2,3]"},
    {"list_extract", {"INT64[]:[1,2,3]", "INT64:0"}, "Runtime exception: List extract takes 1-based position."},
    {"list_extract",
     {"INT64[]:[1,2,3]", "INT64:4"},
     "Runtime exception: list_extract(list, index): index=4 is out of range."},
    {"list_extract",
     {"INT64[]:[1,2,3]", "INT64:-4"},
     "Runtime exception: list_extract(list, index): index=-4 is out of range."},
    {"list_extract",
     {"INT64[]:[1,2,3]", "INT64:-9223372036854775808"},
     "Runtime exception: list_extract(list, index): index=-9223372036854775808 is out of range."},
    {"list_extract", {"INT64[2]:[1,2]", "INT32:2"}, "INT64:2"},
    {"list_extract",
     {"INT64:1", "INT64:1"},
     "Binder exception: Cannot match a built-in function for given function LIST_EXTRACT(INT64,INT64). Supported inputs are..."},
    {"list_extract",
     {"INT64[]:[1]", "DOUBLE:1.5"},
     "Binder exception: Function LIST_EXTRACT did not receive correct arguments:\nActual:   (INT64[],DOUBLE)..."},
    {"list_extract", {"MAP(STRING, INT64):{a=1, b=2}", "STRING:b"}, "INT64:2"},
    {"list_extract", {"MAP(STRING, INT64):{a=1, b=2}", "STRING:c"}, "INT64:~"},
    {"list_concat", {"INT64[]:[1]", "INT64[]:[2]"}, "INT64[]:[1,2]"},
    {"array_cat", {"INT64[]:[]", "INT64[]:[]"}, "INT64[]:[]"},
    {"list_concat", {"INT64[]:[1]", "~"}, "INT64[]:~"},
    {"list_concat",
     {"INT64[]:[1]", "STRING[]:[a]"},
     "Binder exception: Cannot bind LIST_CONCAT with parameter type INT64[] and STRING[]."},
    {"list_concat",
     {"STRUCT(a STRING)[]:[{a: some long text here}]", "STRUCT(a STRING)[]:[{a: b}]"},
     "STRUCT(a STRING)[]:[{a: some long text here},{a: b}]"},
    {"array_concat",
     {"INT64[]:[1]", "INT64:1"},
     "Binder exception: Function ARRAY_CONCAT did not receive correct arguments:\nActual:   (INT64[],INT64)\nExpected: (LIST,LIST) -> LIST"},
    {"list_append", {"INT64[]:[1,2]", "INT64:3"}, "INT64[]:[1,2,3]"},
    {"array_push_back", {"INT64[]:[]", "INT64:3"}, "INT64[]:[3]"},
    {"list_append", {"INT64[]:[1]", "~"}, "INT64[]:~"},
    {"list_append",
     {"INT64[]:[1]", "STRING:a"},
     "Binder exception: Cannot bind LIST_APPEND with parameter type INT64[] and STRING."},
    {"list_prepend", {"INT64[]:[1,2]", "INT64:3"}, "INT64[]:[3,1,2]"},
    {"list_position", {"INT64[]:[1,2,3]", "INT64:2"}, "INT64:2"},
    {"list_position", {"INT64[]:[1,2,3]", "INT64:9"}, "INT64:0"},
    {"list_position", {"INT64[]:[1]", "STRING:x"}, "INT64:0"},
    {"list_position", {"DOUBLE[]:[1,2]", "INT64:2"}, "INT64:2"},
    {"array_indexof", {"STRING[]:[a,b]", "STRING:b"}, "INT64:2"},
    {"list_contains", {"INT64[]:[1,2,3]", "INT64:2"}, "BOOL:True"},
    {"list_contains", {"INT64[]:[1,]", "INT64:1"}, "BOOL:True"},
    {"list_contains", {"INT64[]:[1,]", "INT64:3"}, "BOOL:~"},
    {"in", {"INT64[]:[]", "INT64:3"}, "BOOL:False"},
    {"list_contains", {"INT64[]:[1]", "~"}, "BOOL:~"},
    {"list_contains", {"INT64[]:[1]", "DOUBLE:1"}, "BOOL:True"},
    {"list_contains", {"INT64[][]:[[1],[2]]", "INT64[]:[2]"}, "BOOL:True"},
    {"list_contains", {"DOUBLE[]:[nan]", "DOUBLE:nan"}, "BOOL:False"},
    {"list_contains", {"STRING[]:[a text that is long,b]", "STRING:a text that is long"}, "BOOL:True"},
    {"list_contains",
     {"INT64[]:[1]", "STRING:x"},
     "Binder exception: Expression x has data type STRING but expected INT64. Implicit cast is not supported."},
    {"list_contains",
     {"INT64[]:[1]", "DATE:2020-01-01"},
     "Binder exception: Cannot compare INT64 and DATE in list_contains function."},
    {"list_has_all", {"INT64[]:[1,2,3]", "INT64[]:[1,2]"}, "BOOL:True"},
    {"list_has_all", {"INT64[]:[1]", "INT64[]:[1,2]"}, "BOOL:False"},
    {"list_has_all", {"INT64[]:[1,2]", "INT64[]:[1,]"}, "BOOL:True"},
    {"list_has_all", {"INT64[]:[]", "INT64[]:[]"}, "BOOL:True"},
    {"list_slice", {"INT64[]:[1,2,3,4]", "INT64:2", "INT64:3"}, "INT64[]:[2,3]"},
    {"list_slice", {"INT64[]:[1,2,3,4]", "INT64:-3", "INT64:-2"}, "INT64[]:[2,3]"},
    {"list_slice", {"INT64[]:[1,2,3]", "INT64:0", "INT64:2"}, "INT64[]:[1,2]"},
    {"list_slice", {"INT64[]:[1,2,3]", "INT64:5", "INT64:9"}, "INT64[]:[]"},
    {"list_slice", {"INT64[]:[1,2,3]", "INT64:-9", "INT64:2"}, "INT64[]:[1,2]"},
    {"list_slice", {"INT64[]:[1,2,3]", "INT64:2", "INT64:-1"}, "INT64[]:[2,3]"},
    {"list_slice", {"INT64[]:[1,2,3]", "INT64:1", "INT64:0"}, "INT64[]:[]"},
    {"list_slice", {"INT64[]:[1,2,3]", "INT64:-9223372036854775808", "INT64:9223372036854775807"}, "INT64[]:[1,2,3]"},
    {"list_slice", {"INT64[]:[1,2,3]", "INT64:9223372036854775807", "INT64:-9223372036854775808"}, "INT64[]:[]"},
    {"list_slice", {"INT64[3]:[1,2,3]", "INT64:1", "INT64:2"}, "INT64[]:[1,2]"},
    {"list_sort", {"INT64[]:[3,1,2]"}, "INT64[]:[1,2,3]"},
    {"list_sort", {"INT64[]:[3,,1]"}, "INT64[]:[,1,3]"},
    {"list_sort", {"INT64[]:[3,,1]", "STRING:DESC"}, "INT64[]:[,3,1]"},
    {"list_sort", {"INT64[]:[3,,1]", "STRING:asc", "STRING:nulls last"}, "INT64[]:[1,3,]"},
    {"list_sort", {"STRING[]:[b,a,c]", "STRING:desc", "STRING:NULLS FIRST"}, "STRING[]:[c,b,a]"},
    {"list_sort", {"DOUBLE[]:[nan,1,-inf,inf]"}, "DOUBLE[]:[-inf,1.0,inf,nan]"},
    {"list_sort", {"INT64[][]:[[2],[1,5],[1]]"}, "INT64[][]:[[1],[1,5],[2]]"},
    {"list_sort", {"INT64[]:[3,1,2]", "STRING:x"}, "Runtime exception: Invalid sortOrder"},
    {"list_sort", {"INT64[]:[3,1,2]", "STRING:asc", "STRING:x"}, "Runtime exception: Invalid nullOrder"},
    {"list_reverse_sort", {"INT64[]:[1,3,,2]"}, "INT64[]:[,3,2,1]"},
    {"list_reverse_sort", {"INT64[]:[1,3,,2]", "STRING:nulls last"}, "INT64[]:[3,2,1,]"},
    {"list_reverse_sort", {"INT64[]:[1]", "STRING:x"}, "Runtime exception: Invalid nullOrder"},
    {"list_sum", {"INT64[]:[1,2,]"}, "INT64:3"},
    {"list_sum", {"DOUBLE[]:[1.5,2]"}, "DOUBLE:3.5"},
    {"list_sum", {"INT64[]:[]"}, "INT64:0"},
    {"list_sum", {"DECIMAL(5, 2)[]:[1.5,2.25]"}, "DECIMAL(5, 2):3.75"},
    {"list_sum", {"INT8[]:[100,100]"}, "Overflow exception: Sum of the list is not within INT8 range."},
    {"list_sum", {"STRING[]:[a]"}, "Binder exception: Unsupported inner data type for LIST_SUM: STRING"},
    {"list_product", {"INT64[]:[2,3,]"}, "INT64:6"},
    {"list_product", {"INT64[]:[]"}, "INT64:1"},
    {"list_product", {"FLOAT[]:[1.5,2]"}, "FLOAT:3.0"},
    {"list_product", {"DECIMAL(5, 2)[]:[1.5,2]"}, "DECIMAL(5, 2):3.00"},
    {"list_distinct", {"INT64[]:[3,1,3,,2,]"}, "INT64[]:[3,1,2]"},
    {"list_distinct", {"INT64[][]:[[1],[2],[1]]"}, "INT64[][]:[[1],[2]]"},
    {"list_distinct", {"DOUBLE[]:[nan,nan,0,-0]"}, "DOUBLE[]:[nan,0.0]"},
    {"list_unique", {"STRING[]:[b,a,b]"}, "INT64:2"},
    {"list_any_value", {"INT64[]:[,2,3]"}, "INT64:2"},
    {"list_any_value", {"INT64[]:[]"}, "INT64:~"},
    {"list_reverse", {"INT64[]:[1,2,]"}, "INT64[]:[,2,1]"},
    {"list_to_string", {"STRING:,", "INT64[]:[1,,2]"}, "STRING:1,2"},
    {"list_to_string", {"STRING:--", "STRING[]:[a,b]"}, "STRING:a--b"},
    {"list_to_string", {"STRING:,", "INT64[][]:[[1],[2]]"}, "STRING:[1],[2]"},
    {"head", {"INT64[]:[1,2]"}, "INT64:1"},
    {"last", {"INT64[]:[1,2]"}, "INT64:2"},
    {"head", {"INT64[]:[]"}, "INT64:~"},
    {"tail", {"INT64[]:[1,2,3]"}, "INT64[]:[2,3]"},
    {"tail", {"INT64[]:[]"}, "INT64[]:[]"},
    {"isEmpty", {"INT64[]:[]"}, "BOOL:True"},
    {"isEmpty", {"MAP(INT64, INT64):{1=2}"}, "BOOL:False"},
    {"isEmpty", {"STRING:"}, "BOOL:True"},
    {"range", {"INT64:1", "INT64:5"}, "INT64[]:[1,2,3,4,5]"},
    {"range", {"INT64:1", "INT64:10", "INT64:3"}, "INT64[]:[1,4,7,10]"},
    {"range", {"INT64:5", "INT64:1"}, "INT64[]:[]"},
    {"range", {"INT64:5", "INT64:1", "INT64:-2"}, "INT64[]:[5,3,1]"},
    {"range", {"INT8:126", "INT8:127"}, "INT8[]:[126,127]"},
    {"range",
     {"INT64:9223372036854775806", "INT64:9223372036854775807"},
     "INT64[]:[9223372036854775806,9223372036854775807]"},
    {"range", {"INT64:1", "INT64:5", "INT64:0"}, "Runtime exception: Step of range cannot be 0."},
    {"range", {"INT64:0", "INT64:9223372036854775807"}, "A list cannot hold more than 4294967295 elements."},
    {"range",
     {"STRING:a", "INT64:4"},
     "Binder exception: Function RANGE did not receive correct arguments:\nActual:   (STRING,INT64)..."},
};

/* Empty list literals take any element type. */
static const eval_case open_cases[] = {
    {"list_concat", {"STRING[]:[a]", "!INT64[]:[]"}, "STRING[]:[a]"},
    {"list_cat", {"!INT64[]:[]", "STRING[]:[a]"}, "STRING[]:[a]"},
    {"list_append", {"!INT64[]:[]", "STRING:a"}, "STRING[]:[a]"},
    {"list_prepend", {"!INT64[]:[]", "STRING:a"}, "STRING[]:[a]"},
    {"list_concat", {"!INT64[]:[]", "!INT64[]:[]"}, "INT64[]:[]"},
    {"list_creation", {"!INT64[]:[]", "STRING[]:[a]"}, "STRING[][]:[[],[a]]"},
    {"list_creation", {"!INT64[]:[]", "!INT64[]:[]"}, "INT64[][]:[[],[]]"},
    {"list_contains", {"!INT64[]:[]", "STRING:a"}, "BOOL:False"},
    {"list_has_all", {"STRING[]:[a]", "!INT64[]:[]"}, "BOOL:True"},
    {"EQUALS", {"STRING[]:[a]", "!INT64[]:[]"}, "BOOL:False"},
    {"EQUALS", {"!INT64[]:[]", "!INT64[]:[]"}, "BOOL:True"},
};

static const eval_case array_cases[] = {
    {"array_value", {"INT64:1", "DOUBLE:2.5"}, "DOUBLE[2]:[1.0,2.5]"},
    {"array_distance", {"DOUBLE[2]:[1,2]", "DOUBLE[2]:[3,4]"}, "DOUBLE:2.8284271247461903"},
    {"array_squared_distance", {"DOUBLE[2]:[1,2]", "DOUBLE[]:[3,4]"}, "DOUBLE:8.0"},
    {"array_inner_product", {"DOUBLE[]:[1,2]", "DOUBLE[]:[3,4]"}, "DOUBLE:11.0"},
    {"array_inner_product", {"?DOUBLE[]:[1,2]", "?DOUBLE[]:[3,4]"}, "DOUBLE:11.0"},
    {"array_distance",
     {"?DOUBLE[]:[1,2]", "?DOUBLE[]:[3]"},
     "Conversion exception: Unsupported casting LIST with incorrect list entry to ARRAY. Expected: 2, Actual: 1."},
    {"array_cross_product", {"DOUBLE[]:[1,2,3]", "DOUBLE[]:[3,4,5]"}, "DOUBLE[3]:[-2.0,4.0,-2.0]"},

    {"array_dot_product", {"FLOAT[10]:[1,2,3,4,5,6,7,8,9,10]", "FLOAT[10]:[1,1,1,1,1,1,1,1,1,1]"}, "FLOAT:55.0"},
    {"array_cosine_similarity", {"DOUBLE[2]:[0,0]", "DOUBLE[2]:[3,4]"}, "DOUBLE:0.0"},
    {"array_cosine_similarity", {"DOUBLE[2]:[1,0]", "DOUBLE[2]:[1,0]"}, "DOUBLE:1.0"},
    {"array_cosine_similarity",
     {"INT64[]:[1,2]", "DOUBLE[]:[3,4]"},
     "Binder exception: ARRAY_COSINE_SIMILARITY requires argument type to be FLOAT[] or DOUBLE[]."},
    {"array_distance", {"FLOAT[2]:[1,2]", "DOUBLE[2]:[3,4]"}, "FLOAT:2.828427"},
    {"array_distance", {"?FLOAT[2]:[1,2]", "INT64[]:[3,4]"}, "FLOAT:2.828427"},
    {"array_distance", {"DOUBLE[2]:[1,2]", "DOUBLE[3]:[3,4,5]"}, "Binder exception: Expression..."},
    {"array_distance", {"DOUBLE[2]:[1,]", "DOUBLE[2]:[3,4]"}, "DOUBLE:~"},
    {"array_cross_product", {"DOUBLE[3]:[1,2,3]", "DOUBLE[3]:[3,4,5]"}, "DOUBLE[3]:[-2.0,4.0,-2.0]"},
};

static const eval_case nested_cases[] = {
    {"struct_pack", {"@a INT64:1", "@b STRING:x"}, "STRUCT(a INT64, b STRING):{a: 1, b: x}"},
    {"struct_pack", {"@a INT64:1", "@a INT64:2"}, "Binder exception: Found duplicate field a in STRUCT."},
    {"struct_pack", {"@a ~"}, "STRUCT(a STRING):{a: }"},
    {"struct_pack", {"STRING:a"}, "Binder exception: Cannot infer field name for a."},
    {"struct_extract", {"STRUCT(a INT64, b INT64):{a: 1, b: 2}", "STRING:B"}, "INT64:2"},
    {"struct_extract", {"STRUCT(a INT64[]):{a: [1,2]}", "STRING:a"}, "INT64[]:[1,2]"},
    {"struct_extract", {"STRUCT(a INT64):{a: 1}", "STRING:x"}, "Binder exception: Invalid struct field name: x."},
    {"list_extract", {"STRUCT(a INT64, b STRING):{a: 1, b: x}", "STRING:b"}, "STRING:x"},
    {"list_extract", {"STRUCT(a INT64, b DOUBLE):{a: 1, b: 2}", "?STRING:a"}, "DOUBLE:1.0"},
    {"list_extract", {"STRUCT(a INT64, b INT64):{a: 1, b: 2}", "STRING:c"}, "INT64:~"},
    {"list_extract",
     {"STRUCT(a INT64, b STRING):{a: 1, b: x}", "?STRING:b"},
     "Binder exception: The fields of STRUCT(a INT64, b STRING) have no common type, so their name must be a constant."},
    {"list_contains", {"STRUCT(a INT64)[]:[{a: 1}]", "STRUCT(b INT64):{b: 1}"}, "BOOL:False"},
    {"keys", {"STRUCT(a INT64, b INT64):{a: 1, b: 2}"}, "STRING[]:[a,b]"},
    {"keys", {"MAP(INT64, INT64):{1=2, 3=4}"}, "INT64[]:[1,3]"},
    {"map", {"INT64[]:[1,2]", "STRING[]:[a,b]"}, "MAP(INT64, STRING):{1=a, 2=b}"},
    {"map", {"INT64[]:[1,1]", "STRING[]:[a,b]"}, "MAP(INT64, STRING):{1=a, 1=b}"},
    {"map", {"INT64[]:[]", "INT64[]:[]"}, "MAP(INT64, INT64):{}"},
    {"map", {"INT64[]:[1,2]", "STRING[]:[a]"}, "Runtime exception: Unaligned key list and value list."},
    {"map", {"INT64[][]:[[1],[2,3]]", "STRING[]:[a,]"}, "MAP(INT64[], STRING):{[1]=a, [2,3]=}"},
    {"map", {"~", "INT64[]:[1]"}, "MAP(INT64, INT64):~"},
    {"map_extract", {"MAP(INT64, STRING):{1=a, 2=b}", "INT64:1"}, "STRING[]:[a]"},
    {"element_at", {"MAP(INT64, STRING):{1=a, 2=b}", "INT64:9"}, "STRING[]:[]"},
    {"map_extract", {"MAP(INT64, STRING):{1=a}", "INT32:1"}, "STRING[]:[a]"},
    {"map_extract",
     {"MAP(INT64, STRING):{1=a}", "STRING:x"},
     "Runtime exception: Unmatched map key type and extract key type"},
    {"map_keys", {"MAP(INT64, STRING):{1=a, 2=b}"}, "INT64[]:[1,2]"},
    {"map_values", {"MAP(INT64, STRING):{1=a, 2=b}"}, "STRING[]:[a,b]"},
    {"union_value", {"@a INT64:1"}, "UNION(a INT64):1"},
    {"union_tag", {"UNION(a INT64, b STRING):x"}, "STRING:b"},
    {"union_extract", {"UNION(a INT64, b STRING):x", "STRING:b"}, "STRING:x"},
    {"union_extract", {"UNION(a INT64, b STRING):x", "STRING:a"}, "INT64:~"},
    {"union_extract", {"UNION(a INT64):1", "STRING:b"}, "Binder exception: Invalid struct field name: b."},
};

static const eval_case value_cases[] = {
    {"coalesce", {"~", "INT64:1", "INT64:2"}, "INT64:1"},
    {"coalesce", {"~", "~"}, "ANY:~"},
    {"coalesce", {"INT64:1", "DOUBLE:2.5"}, "DOUBLE:1.0"},
    {"coalesce", {NULL}, "Binder exception: COALESCE requires at least one argument"},
    {"coalesce",
     {"INT64:1", "STRING:a"},
     "Binder exception: Expression a has data type STRING but expected INT64. Implicit cast is not supported."},
    {"ifnull", {"~", "INT64:1"}, "INT64:1"},
    {"ifnull",
     {"~", "INT64:1", "INT64:2"},
     "Binder exception: Function IFNULL did not receive correct arguments:\nActual:   (ANY,INT64,INT64)\nExpected: (ANY,ANY) -> ANY"},
    {"nullif", {"~", "INT64:1"}, "INT64:~"},
    {"typeof", {"INT64:1"}, "STRING:INT64"},
    {"typeof", {"~"}, "STRING:NULL"},
    {"typeof", {"STRUCT(a INT64, b STRING):{a: 1}"}, "STRING:STRUCT(a INT64, b STRING)"},
    {"typeof", {"DECIMAL(5, 2):1"}, "STRING:DECIMAL(5, 2)"},
    {"count_if", {"BOOL:true"}, "UINT8:1"},
    {"count_if", {"DOUBLE:2.5"}, "UINT8:1"},
    {"count_if", {"UINT8:0"}, "UINT8:0"},
    {"encode", {"STRING:é"}, "BLOB:\\xC3\\xA9"},
    {"decode", {"BLOB:\\xC3\\xA9"}, "STRING:é"},
    {"decode",
     {"BLOB:\\xA1\\xBC"},
     "Runtime exception: Failure in decode: could not convert blob to UTF8 string, the blob contained invalid UTF8 characters"},
    {"octet_length", {"BLOB:\\xAA\\xBB"}, "INT64:2"},
    {"error", {"STRING:boom %s"}, "Runtime exception: boom %s"},
    {"md5", {"STRING:"}, "STRING:d41d8cd98f00b204e9800998ecf8427e"},
    {"md5", {"STRING:abc"}, "STRING:900150983cd24fb0d6963f7d28e17f72"},
    {"md5",
     {"STRING:12345678901234567890123456789012345678901234567890123456789012345678901234567890"},
     "STRING:57edf4a22be3c955ac49da2e2107b67a"},
    {"md5",
     {"STRING:0123456789012345678901234567890123456789012345678901234"},
     "STRING:6e7a4fc92eb1c3f6e652425bcc8d44b5"},
    {"sha256", {"STRING:abc"}, "STRING:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {"sha256",
     {"STRING:abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"},
     "STRING:248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    {"internal_id", {"INT64:1", "INT64:5"}, "INTERNAL_ID:1:5"},
    {"internal_id", {"INT64:-1", "INT64:5"}, "Overflow exception: -1:5 is not an internal id."},
    {"label", {"~"}, "REWRITE"},
    {"list_transform", {"INT64[]:[1]", "INT64:1"}, "REWRITE"},
    {"list_transform",
     {"INT64:1", "INT64:1"},
     "Binder exception: Function LIST_TRANSFORM did not receive correct arguments:\nActual:   (INT64,INT64)\nExpected: (LIST,ANY)"},
};

/* In the row that is looked at, every argument is NULL that is not an untyped one or a constant. */
static void null_aware_functions_see_nulls(void)
{
    static const eval_case cases[] = {
        {"nullif", {"INT64:1", "INT64:2"}, "INT64:~"},
        {"coalesce", {"INT64:1", "INT64:2"}, "INT64:~"},
        {"constant_or_null", {"INT64:1", "INT64:2"}, "INT64:~"},
        {"concat", {"STRING:a", "STRING:b"}, "STRING:"},
        {"concat_ws", {"STRING:a", "STRING:b"}, "STRING:~"},
        {"typeof", {"INT64:1"}, "STRING:INT64"},
        {"list_creation", {"INT64:1", "INT64:2"}, "INT64[]:[,]"},
        {"struct_pack", {"@a INT64:1"}, "STRUCT(a INT64):{a: }"},
        {"size", {"STRING:abc"}, "INT64:~"},
        {"+", {"INT64:1", "INT64:1"}, "INT64:~"},
    };
    eval_show_row = 3;
    EVAL_CASES(cases);
    eval_show_row = 0;
    static const eval_case others[] = {
        {"constant_or_null", {"INT64:1", "~"}, "INT64:~"},
        {"constant_or_null", {"INT64:1", "INT64:2"}, "INT64:1"},
        {"nullif", {"INT64:1", "INT64:2"}, "INT64:1"},
        {"nullif", {"INT64:1", "INT64:1"}, "INT64:~"},
        {"nullif", {"INT64:1", "DOUBLE:1"}, "INT64:~"},
        {"nullif", {"INT64:1", "DOUBLE:1.5"}, "INT64:1"},
        {"nullif", {"INT64:1", "STRING:a"}, "Conversion exception: Cast failed. Could not convert \"a\" to INT64."},
        {"ifnull", {"INT64:1", "INT64:2"}, "INT64:1"},
    };
    EVAL_CASES(others);
}

static void lists(void)
{
    EVAL_CASES(list_cases);
}
static void open_lists(void)
{
    EVAL_CASES(open_cases);
}
static void arrays(void)
{
    EVAL_CASES(array_cases);
}
static void nested(void)
{
    EVAL_CASES(nested_cases);
}
static void values(void)
{
    EVAL_CASES(value_cases);
}
static void memory_refused(void)
{
    EVAL_MEMORY(list_cases);
    EVAL_MEMORY(array_cases);
    EVAL_MEMORY(nested_cases);
    EVAL_MEMORY(value_cases);
}

static void map_keys_are_checked_on_demand(void)
{
    const char *repeated[] = {"STRING[]:[kuzu,kuzuinc,kuzu]", "INT64[]:[1,2,3]"};
    CHECK_STR(eval_call("map", repeated, 2, true, NULL), "Runtime exception: Found duplicate key: kuzu in map.");
    const char *null_key[] = {"INT64[]:[1,]", "INT64[]:[1,2]"};
    CHECK_STR(eval_call("map", null_key, 2, true, NULL), "Runtime exception: Null value key is not allowed in map.");
    const char *good[] = {"INT64[]:[1,2]", "INT64[]:[1,2]"};
    CHECK_STR(eval_call("map", good, 2, true, NULL), "MAP(INT64, INT64):{1=1, 2=2}");
}

/* On a thread that is alone nobody else looks at the clock. */
static void sorting_can_be_stopped(void)
{
    const char *list[] = {"INT64[]:[3,1,2]"};
    rz_str out;
    rz_str_init(&out, rz_mem_root());
    eval_begin();
    eval_shared.context.deadline_us = 1; /* long ago */
    CHECK(eval_all("list_sort", list, 1, &out) == RUZU_ERROR_TIMEOUT);
    CHECK_STR(eval_shared.err.message, "Interrupted.");
    eval_end();
    rz_str_free(&out);
}

int main(void)
{
    RUN(lists);
    RUN(open_lists);
    RUN(arrays);
    RUN(nested);
    RUN(values);
    RUN(map_keys_are_checked_on_demand);
    RUN(sorting_can_be_stopped);
    RUN(null_aware_functions_see_nulls);
    RUN(memory_refused);
    return CHECK_DONE();
}
