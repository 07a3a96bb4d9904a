/* SPDX-License-Identifier: MIT */
/*
 * Operators: arithmetic over all numbers, decimals, dates and intervals; comparisons; bit operations; the choice of
 * overloads and its messages.
 */
#include "function_eval.h"

static const eval_case integer_cases[] = {
    {"+", {"INT64:1", "INT64:2"}, "INT64:3"},
    {"+", {"INT32:1", "INT64:2"}, "INT64:3"},
    {"+", {"INT8:100", "INT16:100"}, "INT16:200"},
    {"+", {"UINT8:1", "INT8:1"}, "INT16:2"},
    {"+", {"UINT64:1", "INT64:-2"}, "INT128:-1"},
    {"+", {"SERIAL:1", "INT64:2"}, "INT64:3"},
    {"+", {"INT64:1", "~"}, "INT64:~"},
    {"+", {"~", "INT64:1"}, "INT64:~"},
    {"+", {"INT64:~", "INT64:1"}, "INT64:~"},
    {"+", {"INT8:127", "INT8:5"}, "Overflow exception: Value 127 + 5 is not within INT8 range."},
    {"+", {"UINT8:255", "UINT8:5"}, "Overflow exception: Value 255 + 5 is not within UINT8 range."},
    {"+",
     {"INT64:9223372036854775807", "INT64:1"},
     "Overflow exception: Value 9223372036854775807 + 1 is not within INT64 range."},
    {"+",
     {"INT64:-9223372036854775808", "INT64:-1"},
     "Overflow exception: Value -9223372036854775808 + -1 is not within INT64 range."},
    {"+",
     {"UINT64:18446744073709551615", "UINT64:1"},
     "Overflow exception: Value 18446744073709551615 + 1 is not within UINT64 range."},
    {"+",
     {"INT128:170141183460469231731687303715884105727", "INT128:1"},
     "Overflow exception: INT128 is out of range: cannot add."},
    {"-", {"UINT8:12", "UINT8:24"}, "Overflow exception: Value 12 - 24 is not within UINT8 range."},
    {"-", {"INT8:-5", "INT8:127"}, "Overflow exception: Value -5 - 127 is not within INT8 range."},
    {"-", {"INT16:-5", "INT16:127"}, "INT16:-132"},
    {"-",
     {"INT128:-170141183460469231731687303715884105727", "INT128:5"},
     "Overflow exception: INT128 is out of range: cannot subtract."},
    {"*",
     {"INT64:9223372036854775807", "INT64:2"},
     "Overflow exception: Value 9223372036854775807 * 2 is not within INT64 range."},
    {"*", {"INT64:3037000499", "INT64:3037000499"}, "INT64:9223372030926249001"},
    {"*", {"INT8:-128", "INT8:-1"}, "Overflow exception: Value -128 * -1 is not within INT8 range."},
    {"*", {"INT8:-64", "INT8:2"}, "INT8:-128"},
    {"*", {"UINT32:65536", "UINT32:65536"}, "Overflow exception: Value 65536 * 65536 is not within UINT32 range."},
    {"*", {"UINT64:4294967296", "UINT64:4294967295"}, "UINT64:18446744069414584320"},
    {"*",
     {"INT128:170141183460469231731687303715884105727", "INT128:2"},
     "Overflow exception: INT128 is out of range: cannot multiply."},
    {"/", {"INT64:5", "INT64:2"}, "INT64:2"},
    {"/", {"INT64:-5", "INT64:2"}, "INT64:-2"},
    {"/", {"INT64:5", "INT64:0"}, "Runtime exception: Divide by zero."},
    {"/", {"UINT8:255", "UINT8:0"}, "Runtime exception: Divide by zero."},
    {"/", {"INT128:5", "INT128:0"}, "Runtime exception: Divide by zero."},
    {"/", {"INT8:-128", "INT8:-1"}, "Overflow exception: Value -128 / -1 is not within INT8 range."},
    {"%", {"INT64:5", "INT64:-3"}, "INT64:2"},
    {"%", {"INT64:-5", "INT64:3"}, "INT64:-2"},
    {"%", {"INT64:5", "INT64:0"}, "Runtime exception: Modulo by zero."},
    {"%",
     {"INT64:-9223372036854775808", "INT64:-1"},
     "Overflow exception: Value -9223372036854775808 % -1 is not within INT64 range."},
    {"NEGATE", {"INT8:12"}, "INT8:-12"},
    {"NEGATE", {"INT8:-128"}, "Overflow exception: Value -128 cannot be negated within INT8 range."},
    {"NEGATE",
     {"INT64:-9223372036854775808"},
     "Overflow exception: Value -9223372036854775808 cannot be negated within INT64 range."},
    {"NEGATE", {"UINT8:24"}, "UINT8:232"},
    {"ABS", {"INT16:-5"}, "INT16:5"},
    {"ABS", {"INT8:-128"}, "Overflow exception: Cannot take the absolute value of -128 within INT8 range."},
    {"ABS", {"UINT32:5"}, "UINT32:5"},
    {"ABS", {"INT128:-5"}, "INT128:5"},
};

static const eval_case float_cases[] = {
    {"+", {"FLOAT:1", "INT64:1"}, "FLOAT:2.0"},
    {"+", {"FLOAT:1", "DOUBLE:1"}, "DOUBLE:2.0"},
    {"/", {"DOUBLE:5", "INT64:0"}, "DOUBLE:inf"},
    {"/", {"DOUBLE:-5", "DOUBLE:0"}, "DOUBLE:-inf"},
    {"%", {"DOUBLE:5.5", "DOUBLE:2"}, "DOUBLE:1.5"},
    {"%", {"DOUBLE:-5.5", "DOUBLE:2"}, "DOUBLE:-1.5"},
    {"%", {"FLOAT:5.5", "FLOAT:2"}, "FLOAT:1.5"},
    {"*", {"DOUBLE:1e308", "DOUBLE:10"}, "DOUBLE:inf"},
    {"-", {"FLOAT:0.5", "FLOAT:2"}, "FLOAT:-1.5"},
    {"^", {"INT64:2", "INT64:10"}, "DOUBLE:1024.0"},
    {"pow", {"DOUBLE:4", "DOUBLE:0.5"}, "DOUBLE:2.0"},
    {"NEGATE", {"DOUBLE:1.5"}, "DOUBLE:-1.5"},
    {"ABS", {"FLOAT:-2.5"}, "FLOAT:2.5"},
    {"ABS", {"DOUBLE:-inf"}, "DOUBLE:inf"},
};

static const eval_case decimal_cases[] = {
    {"+", {"DECIMAL(5, 2):1.50", "DECIMAL(6, 3):0.700"}, "DECIMAL(7, 3):2.200"},
    {"+", {"DECIMAL(4, 1):500.0", "DECIMAL(4, 1):500.0"}, "DECIMAL(5, 1):1000.0"},
    {"+", {"DECIMAL(5, 2):1.50", "INT64:1"}, "DECIMAL(6, 2):2.50"},
    {"+", {"DECIMAL(5, 2):1.50", "?INT64:1"}, "DECIMAL(22, 2):2.50"},
    {"+", {"DECIMAL(5, 2):1.50", "DOUBLE:1"}, "DOUBLE:2.5"},
    {"+", {"DECIMAL(5, 2):1.50", "~"}, "DECIMAL(6, 2):~"},
    {"+",
     {"DECIMAL(38, 0):99999999999999999999999999999999999999", "DECIMAL(38, 0):1"},
     "Overflow exception: Decimal Addition result is out of range"},
    {"-", {"DECIMAL(5, 2):1.50", "DECIMAL(5, 2):2.00"}, "DECIMAL(6, 2):-0.50"},
    {"-",
     {"DECIMAL(38, 0):-99999999999999999999999999999999999999", "DECIMAL(38, 0):1"},
     "Overflow exception: Decimal Subtraction result is out of range"},
    {"*", {"DECIMAL(5, 2):1.50", "DECIMAL(6, 3):0.700"}, "DECIMAL(11, 5):1.05000"},
    {"*", {"DECIMAL(4, 1):99.9", "DECIMAL(4, 1):99.9"}, "DECIMAL(8, 2):9980.01"},
    {"*", {"DECIMAL(4, 1):999.9", "DECIMAL(4, 1):999.9"}, "DECIMAL(8, 2):999800.01"},
    {"*",
     {"DECIMAL(30, 2):1.50", "DECIMAL(10, 3):0.700"},
     "Overflow exception: Resulting precision of decimal multiplication greater than 38"},
    {"*", {"DECIMAL(5, 2):1.50", "INT64:3"}, "DECIMAL(6, 2):4.50"},
    {"/", {"DECIMAL(5, 2):1.50", "DECIMAL(6, 3):0.500"}, "DOUBLE:3.0"},
    {"%", {"DECIMAL(5, 2):1.50", "DECIMAL(5, 2):0.70"}, "DECIMAL(5, 2):0.10"},
    {"%", {"DECIMAL(5, 2):1.50", "DECIMAL(6, 3):0.700"}, "DECIMAL(6, 3):0.100"},
    {"%", {"DECIMAL(5, 2):1.50", "DECIMAL(5, 2):0"}, "Runtime exception: Modulo by zero."},
    {"NEGATE", {"DECIMAL(5, 2):1.50"}, "DECIMAL(5, 2):-1.50"},
    {"ABS", {"DECIMAL(20, 2):-1.50"}, "DECIMAL(20, 2):1.50"},
    {"FLOOR", {"DECIMAL(5, 2):-1.50"}, "DECIMAL(5, 0):-2"},
    {"CEIL", {"DECIMAL(5, 2):1.25"}, "DECIMAL(5, 0):2"},
    {"CEIL", {"DECIMAL(2, 1):9.5"}, "DECIMAL(2, 0):10"},
    {"FLOOR", {"DECIMAL(38, 38):0.5"}, "DECIMAL(38, 0):0"},
    {"CEIL", {"DECIMAL(4, 4):-0.5"}, "DECIMAL(4, 0):0"},
    {"EQUALS", {"DECIMAL(5, 2):1.00", "INT64:1"}, "BOOL:True"},
    {"LESS_THAN", {"DECIMAL(5, 2):1.00", "DOUBLE:1.5"}, "BOOL:True"},
};

static const eval_case temporal_cases[] = {
    {"+", {"DATE:2020-01-31", "INTERVAL:1 month"}, "DATE:2020-02-29"},
    {"+", {"DATE:2020-01-31", "INTERVAL:25 hours"}, "DATE:2020-02-01"},
    {"+", {"INTERVAL:1 day", "DATE:2020-01-31"}, "DATE:2020-02-01"},
    {"-", {"DATE:2020-01-31", "INTERVAL:1 month"}, "DATE:2019-12-31"},
    {"+", {"DATE:2020-01-31", "INT64:1"}, "DATE:2020-02-01"},
    {"+", {"INT64:1", "DATE:2020-01-31"}, "DATE:2020-02-01"},
    {"+", {"DATE:2020-01-31", "INT32:1"}, "DATE:2020-02-01"},
    {"-", {"DATE:2020-01-31", "INT64:1"}, "DATE:2020-01-30"},
    {"-", {"DATE:2020-01-31", "DATE:2019-01-31"}, "INT64:365"},
    {"+", {"DATE:2020-01-31", "INT64:9223372036854775807"}, "Overflow exception: Date is out of range."},
    {"+", {"TIMESTAMP:2020-01-31 10:00:00", "INTERVAL:1 month 1 day 15 hours"}, "TIMESTAMP:2020-03-02 01:00:00"},
    {"-", {"TIMESTAMP:2020-01-31 10:00:00", "TIMESTAMP:2019-01-30 11:00:00.5"}, "INTERVAL:365 days 22:59:59.5"},
    {"-", {"TIMESTAMP:2019-01-30 11:00:00.5", "TIMESTAMP:2020-01-31 10:00:00"}, "INTERVAL:-365 days -22:59:59.5"},
    {"-", {"TIMESTAMP_NS:2020-01-31", "TIMESTAMP_MS:2020-01-30"}, "INTERVAL:1 day"},
    {"-", {"DATE:2020-01-31", "TIMESTAMP:2020-01-30"}, "INTERVAL:1 day"},
    {"+", {"TIMESTAMP_NS:2020-01-31", "INTERVAL:1 day"}, "TIMESTAMP:2020-02-01 00:00:00"},
    {"-", {"INTERVAL:1 year 3 days", "INTERVAL:13 months 5 hours"}, "INTERVAL:-1 months 3 days -05:00:00"},
    {"+", {"INTERVAL:1 year", "INTERVAL:1 month"}, "INTERVAL:1 year 1 month"},
    {"/", {"INTERVAL:1 year 5 months 3 days 3 hours", "INT64:2"}, "INTERVAL:8 months 16 days 13:30:00"},
    {"/", {"INTERVAL:1 year", "INT64:0"}, "Runtime exception: Divide by zero."},
    {"+", {"DATE:2020-01-31", "~"}, "DATE:~"},
    {"+",
     {"TIMESTAMP:2020-01-31", "INT64:1"},
     "Binder exception: Cannot match a built-in function for given function +(TIMESTAMP,INT64). Supported inputs are\n(INT128,INT128) -> INT128..."},
    {"+",
     {"DATE:2020-01-31", "DOUBLE:1.5"},
     "Binder exception: Cannot match a built-in function for given function +(DATE,DOUBLE). Supported inputs are..."},
    {"*",
     {"INTERVAL:1 day", "INT64:3"},
     "Binder exception: Function * did not receive correct arguments:\nActual:   (INTERVAL,INT64)\nExpected: (INT128,INT128) -> INT128..."},
};

static const eval_case compare_cases[] = {
    {"EQUALS", {"INT64:1", "DOUBLE:1"}, "BOOL:True"},
    {"EQUALS", {"INT64:1", "~"}, "BOOL:~"},
    {"EQUALS", {"~", "~"}, "BOOL:~"},
    {"EQUALS", {"UINT64:1", "INT64:-1"}, "BOOL:False"},
    {"EQUALS", {"UINT8:255", "INT8:-1"}, "BOOL:False"},
    {"NOT_EQUALS", {"INT64:1", "INT64:2"}, "BOOL:True"},
    {"LESS_THAN", {"INT64:1", "DOUBLE:1.5"}, "BOOL:True"},
    {"LESS_THAN", {"INT8:-1", "INT8:1"}, "BOOL:True"},
    {"LESS_THAN", {"UINT8:255", "UINT8:1"}, "BOOL:False"},
    {"LESS_THAN_EQUALS", {"INT16:1", "INT16:1"}, "BOOL:True"},
    {"GREATER_THAN", {"INT32:2", "INT32:1"}, "BOOL:True"},
    {"GREATER_THAN_EQUALS", {"UINT16:1", "UINT16:2"}, "BOOL:False"},
    {"GREATER_THAN", {"UINT32:4294967295", "INT32:1"}, "BOOL:True"},
    {"EQUALS", {"DOUBLE:nan", "DOUBLE:nan"}, "BOOL:False"},
    {"NOT_EQUALS", {"DOUBLE:nan", "DOUBLE:nan"}, "BOOL:True"},
    {"LESS_THAN", {"DOUBLE:nan", "DOUBLE:1"}, "BOOL:False"},
    {"GREATER_THAN_EQUALS", {"FLOAT:nan", "FLOAT:1"}, "BOOL:False"},
    {"EQUALS", {"DOUBLE:-0", "DOUBLE:0"}, "BOOL:True"},
    {"EQUALS", {"DATE:2020-01-01", "TIMESTAMP:2020-01-01"}, "BOOL:True"},
    {"EQUALS", {"TIMESTAMP:2020-01-01", "TIMESTAMP_NS:2020-01-01"}, "BOOL:True"},
    {"EQUALS", {"INTERVAL:1 month", "INTERVAL:30 days"}, "BOOL:False"},
    {"LESS_THAN_EQUALS", {"INTERVAL:1 month", "INTERVAL:30 days"}, "BOOL:True"},
    {"LESS_THAN", {"INTERVAL:1 month", "INTERVAL:31 days"}, "BOOL:True"},
    {"LESS_THAN", {"STRING:a", "STRING:b"}, "BOOL:True"},
    {"LESS_THAN", {"STRING:a long string here", "STRING:a long string herf"}, "BOOL:True"},
    {"EQUALS", {"STRING:a long string here", "STRING:a long string here"}, "BOOL:True"},
    {"EQUALS", {"STRING:1", "INT64:1"}, "BOOL:True"},
    {"EQUALS", {"INT64:1", "STRING:a"}, "Conversion exception: Cast failed. Could not convert \"a\" to INT64."},
    {"EQUALS", {"DATE:2020-01-01", "STRING:2020-01-01"}, "BOOL:True"},
    {"GREATER_THAN",
     {"UUID:a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "UUID:00eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"},
     "BOOL:True"},
    {"EQUALS",
     {"UUID:a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "STRING:a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"},
     "BOOL:True"},
    {"LESS_THAN", {"BLOB:a", "BLOB:b"}, "BOOL:True"},
    {"GREATER_THAN", {"BOOL:true", "BOOL:false"}, "BOOL:True"},
    {"EQUALS", {"INT64[]:[1,]", "INT64[]:[1,]"}, "BOOL:True"},
    {"EQUALS", {"INT64[]:[1,2]", "DOUBLE[]:[1,2]"}, "BOOL:True"},
    {"EQUALS", {"INT64[]:[1,2]", "INT64[2]:[1,2]"}, "BOOL:True"},
    {"EQUALS", {"DOUBLE[]:[nan]", "DOUBLE[]:[nan]"}, "BOOL:False"},
    {"NOT_EQUALS", {"DOUBLE[]:[nan]", "DOUBLE[]:[nan]"}, "BOOL:True"},
    {"LESS_THAN", {"INT64[]:[1,2]", "INT64[]:[1,3]"}, "BOOL:True"},
    {"LESS_THAN", {"INT64[]:[1]", "INT64[]:[1,2]"}, "BOOL:True"},
    {"LESS_THAN", {"INT64[]:[1]", "INT64[]:[]"}, "BOOL:False"},
    {"LESS_THAN", {"STRUCT(a INT64, b INT64):{a: 1, b: 2}", "STRUCT(a INT64, b INT64):{a: 1, b: 3}"}, "BOOL:True"},
    {"EQUALS", {"STRUCT(a STRING):{a: x}", "STRUCT(a STRING):{a: x}"}, "BOOL:True"},
    {"EQUALS", {"MAP(INT64, INT64):{1=2}", "MAP(INT64, INT64):{1=2}"}, "BOOL:True"},
    {"EQUALS", {"UNION(a INT64, b STRING):1", "UNION(a INT64, b STRING):1"}, "BOOL:True"},
    {"EQUALS", {"STRUCT(a INT64):{a: 1}", "STRUCT(b INT64):{b: 1}"}, "BOOL:False"},
    {"NOT_EQUALS", {"STRUCT(a INT64):{a: 1}", "STRUCT(b INT64, c INT64):{b: 1}"}, "BOOL:True"},
    {"EQUALS", {"STRUCT(a INT64)[]:[{a: 1}]", "STRUCT(b INT64)[]:[{b: 1}]"}, "BOOL:False"},
    {"LESS_THAN",
     {"STRUCT(a INT64):{a: 1}", "STRUCT(b INT64, c INT64):{b: 1}"},
     "Binder exception: Type Mismatch: Cannot compare types STRUCT(a INT64) and STRUCT(b INT64, c INT64)"},
    {"EQUALS", {"BOOL:true", "INT64:1"}, "Binder exception: Type Mismatch: Cannot compare types BOOL and INT64"},
    {"EQUALS", {"INT64[]:[1]", "INT64:1"}, "Binder exception: Type Mismatch: Cannot compare types INT64[] and INT64"},
    {"=", {"DATE:2020-01-01", "INT64:1"}, "Binder exception: Type Mismatch: Cannot compare types DATE and INT64"},
};

static const eval_case bitwise_cases[] = {
    {"&", {"INT64:5", "INT64:3"}, "INT64:1"},
    {"|", {"INT64:5", "INT8:3"}, "INT64:7"},
    {"bitwise_xor", {"INT64:5", "INT64:3"}, "INT64:6"},
    {"<<", {"INT64:1", "INT64:63"}, "INT64:-9223372036854775808"},
    {"<<", {"INT64:1", "INT64:64"}, "INT64:0"},
    {">>", {"INT64:-8", "INT64:1"}, "INT64:-4"},
    {">>", {"INT64:-8", "INT64:70"}, "INT64:-1"},
    {">>", {"INT64:8", "INT64:70"}, "INT64:0"},
    {"&",
     {"INT64:5", "UINT64:3"},
     "Binder exception: Function & did not receive correct arguments:\nActual:   (INT64,UINT64)\nExpected: (INT64,INT64) -> INT64"},
    {"factorial", {"INT64:5"}, "INT64:120"},
    {"!", {"INT64:20"}, "INT64:2432902008176640000"},
    {"factorial", {"INT64:-1"}, "INT64:1"},
    {"factorial", {"INT64:21"}, "Overflow exception: Value 21! is not within INT64 range."},
};

static const eval_case other_cases[] = {
    {"+", {"STRING:a", "STRING:b"}, "STRING:ab"},
    {"+", {"STRING:a longer text", "STRING: and another"}, "STRING:a longer text and another"},
    {"+", {"STRING:a", "~"}, "STRING:~"},
    {"+", {"~", "~"}, "STRING:~"},
    {"+",
     {"INT64:1", "STRING:a"},
     "Binder exception: Cannot match a built-in function for given function +(INT64,STRING). Supported inputs are..."},
    {"+",
     {"BOOL:true", "INT64:1"},
     "Binder exception: Cannot match a built-in function for given function +(BOOL,INT64). Supported inputs are..."},
    {"||", {"STRING:a", "INT64:1"}, "STRING:a1"},
    {"+", {"INT64[]:[1]", "INT64[]:[2,]"}, "INT64[]:[1,2,]"},
    {"+", {"INT64[]:[1]", "DOUBLE[]:[2.5]"}, "DOUBLE[]:[1.0,2.5]"},
    {"+",
     {"INT64[]:[1]", "STRING[]:[a]"},
     "Binder exception: Cannot bind LIST_CONCAT with parameter type INT64[] and STRING[]."},
    {"+", {"INT64[]:[1]", "INT64:2"}, "INT64[]:[1,2]"},
    {"+", {"INT64:2", "INT64[]:[1]"}, "INT64[]:[2,1]"},
    {"+", {"INT64[][]:[[1]]", "INT64[]:[2]"}, "INT64[][]:[[1],[2]]"},
    {"+", {"INT64[]:[1]", "~"}, "INT64[]:~"},
    {"+", {"INT64[2]:[1,2]", "INT64[]:[3]"}, "INT64[]:[1,2,3]"},
    {"nosuch", {"INT64:1"}, "Catalog exception: function NOSUCH does not exist."},
    {"abs",
     {"STRING:a"},
     "Binder exception: Function ABS did not receive correct arguments:\nActual:   (STRING)\nExpected: (INT128) -> INT128\n          (INT64) -> INT64..."},
    {"abs", {"~"}, "INT128:~"},
    {"id",
     {"INT64:1"},
     "Binder exception: Function ID did not receive correct arguments:\nActual:   (INT64)\nExpected: (NODE)\n          (REL)\n          (STRUCT)"},
};

static void integers(void)
{
    EVAL_CASES(integer_cases);
}
static void floats(void)
{
    EVAL_CASES(float_cases);
}
static void decimals(void)
{
    EVAL_CASES(decimal_cases);
}
static void dates_and_intervals(void)
{
    EVAL_CASES(temporal_cases);
}
static void comparisons(void)
{
    EVAL_CASES(compare_cases);
}
static void bits(void)
{
    EVAL_CASES(bitwise_cases);
}
static void overloads(void)
{
    EVAL_CASES(other_cases);
}
static void memory_refused(void)
{
    EVAL_MEMORY(decimal_cases);
    EVAL_MEMORY(other_cases);
}

int main(void)
{
    RUN(integers);
    RUN(floats);
    RUN(decimals);
    RUN(dates_and_intervals);
    RUN(comparisons);
    RUN(bits);
    RUN(overloads);
    RUN(memory_refused);
    return CHECK_DONE();
}
