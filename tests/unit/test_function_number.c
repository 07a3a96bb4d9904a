/* SPDX-License-Identifier: MIT */
/*
 * Numeric functions, dates and intervals, conversions: dialect §13.2, §13.6, §13.7.
 */
#include "function_eval.h"

static const eval_case number_cases[] = {
    {"sqrt", {"DOUBLE:4"}, "DOUBLE:2.0"},
    {"ln", {"DOUBLE:0"}, "DOUBLE:-inf"},
    {"ln", {"DOUBLE:-1"}, "DOUBLE:nan"},
    {"log", {"DOUBLE:100"}, "DOUBLE:2.0"},
    {"log10", {"INT64:1000"}, "DOUBLE:3.0"},
    {"log2", {"DOUBLE:8"}, "DOUBLE:3.0"},
    {"cot", {"DOUBLE:0"}, "DOUBLE:inf"},
    {"cbrt", {"DOUBLE:-8"}, "DOUBLE:-2.0"},
    {"acos", {"DOUBLE:2"}, "DOUBLE:nan"},
    {"atan2", {"DOUBLE:1", "DOUBLE:2"}, "DOUBLE:0.4636476090008061"},
    {"exp", {"DOUBLE:0"}, "DOUBLE:1.0"},
    {"e", {NULL}, "DOUBLE:2.718281828459045"},
    {"pi", {NULL}, "DOUBLE:3.141592653589793"},
    {"haversin", {"DOUBLE:0"}, "DOUBLE:0.0"},
    {"round", {"DOUBLE:1.5", "INT64:0"}, "DOUBLE:2.0"},
    {"round", {"DOUBLE:2.5", "INT64:0"}, "DOUBLE:3.0"},
    {"round", {"DOUBLE:-1.5", "INT64:0"}, "DOUBLE:-2.0"},
    {"round", {"DOUBLE:1.2345", "INT64:2"}, "DOUBLE:1.23"},
    {"round", {"DOUBLE:1234.5", "INT64:-2"}, "DOUBLE:1200.0"},
    {"round", {"DOUBLE:1.5", "INT64:400"}, "DOUBLE:1.5"},
    {"round", {"DOUBLE:1.5", "INT64:-9223372036854775808"}, "DOUBLE:0.0"},
    {"round", {"DOUBLE:nan", "INT64:2"}, "DOUBLE:nan"},
    {"round", {"DOUBLE:2.5"}, "DOUBLE:3.0"},
    {"even", {"DOUBLE:2.1"}, "DOUBLE:4.0"},
    {"even", {"DOUBLE:3"}, "DOUBLE:4.0"},
    {"even", {"DOUBLE:-2.1"}, "DOUBLE:-4.0"},
    {"even", {"DOUBLE:2"}, "DOUBLE:2.0"},
    {"even", {"DOUBLE:inf"}, "DOUBLE:inf"},
    {"gamma", {"DOUBLE:5"}, "DOUBLE:24.0"},
    {"lgamma", {"DOUBLE:1"}, "DOUBLE:0.0"},
    {"sign", {"INT64:-3"}, "INT64:-1"},
    {"sign", {"DOUBLE:0"}, "INT64:0"},
    {"sign", {"FLOAT:-2.5"}, "INT64:-1"},
    {"sign", {"UINT8:1"}, "INT64:1"},
    {"floor", {"DOUBLE:-0.5"}, "DOUBLE:-1.0"},
    {"ceil", {"DOUBLE:-0.5"}, "DOUBLE:-0.0"},
    {"ceiling", {"FLOAT:2.5"}, "FLOAT:3.0"},
    {"floor", {"INT64:3"}, "INT64:3"},
    {"ceil", {"UINT8:200"}, "UINT8:200"},
    {"floor", {"INT128:170141183460469231731687303715884105727"}, "INT128:170141183460469231731687303715884105727"},
    {"trunc", {"DOUBLE:-1.5"}, "DOUBLE:-1.0"},
    {"degrees", {"DOUBLE:3.141592653589793"}, "DOUBLE:180.0"},
    {"radians", {"DOUBLE:180"}, "DOUBLE:3.141592653589793"},
    {"isnan", {"DOUBLE:nan"}, "BOOL:True"},
    {"isinf", {"DOUBLE:-inf"}, "BOOL:True"},
    {"isinf", {"DOUBLE:1"}, "BOOL:False"},
    {"greatest", {"INT64:1", "DOUBLE:2.5", "INT64:2"}, "DOUBLE:2.5"},
    {"least", {"STRING:b", "STRING:a"}, "STRING:a"},
    {"greatest", {"DATE:2020-01-01", "TIMESTAMP:2021-01-01"}, "TIMESTAMP:2021-01-01 00:00:00"},
    {"greatest", {"TIMESTAMP_TZ:2020-01-01", "TIMESTAMP_MS:2021-01-01"}, "TIMESTAMP:2021-01-01 00:00:00"},
    {"greatest", {"DATE:2020-01-01", "~"}, "DATE:~"},
    {"sin",
     {"STRING:1"},
     "Binder exception: Function SIN did not receive correct arguments:\nActual:   (STRING)\nExpected: (DOUBLE) -> DOUBLE"},
    {"sin", {"DECIMAL(5, 2):0"}, "DOUBLE:0.0"},
};

static const eval_case date_cases[] = {
    {"date_part", {"STRING:year", "DATE:1999-12-31"}, "INT64:1999"},
    {"date_part", {"STRING:decade", "DATE:1999-12-31"}, "INT64:199"},
    {"date_part", {"STRING:century", "DATE:2000-12-31"}, "INT64:20"},
    {"date_part", {"STRING:century", "DATE:2001-01-01"}, "INT64:21"},
    {"date_part", {"STRING:millennium", "DATE:2000-12-31"}, "INT64:2"},
    {"date_part", {"STRING:QUARTER", "DATE:1999-12-31"}, "INT64:4"},
    {"date_part", {"STRING:week", "DATE:2020-12-31"}, "INT64:53"},
    {"date_part", {"STRING:week", "TIMESTAMP:2021-01-03"}, "INT64:53"},
    {"date_part", {"STRING:week", "TIMESTAMP:2021-01-04"}, "INT64:1"},
    {"date_part", {"STRING:dow", "DATE:2020-01-01"}, "INT64:3"},
    {"date_part", {"STRING:doy", "DATE:2020-12-31"}, "INT64:366"},
    {"date_part", {"STRING:epoch", "TIMESTAMP:2020-01-01"}, "INT64:1577836800"},
    {"date_part", {"STRING:hour", "DATE:1999-12-31"}, "INT64:0"},
    {"datepart", {"STRING:hour", "TIMESTAMP:1999-12-31 13:14:15.123456"}, "INT64:13"},
    {"date_part", {"STRING:minute", "TIMESTAMP:1999-12-31 13:14:15.123456"}, "INT64:14"},
    {"date_part", {"STRING:second", "TIMESTAMP:1999-12-31 13:14:15.123456"}, "INT64:15"},
    {"date_part", {"STRING:ms", "TIMESTAMP:1999-12-31 13:14:15.123456"}, "INT64:15123"},
    {"date_part", {"STRING:us", "TIMESTAMP:1959-12-31 13:14:15.123456"}, "INT64:15123456"},
    {"date_part", {"STRING:day", "TIMESTAMP:1959-12-31 13:14:15.123456"}, "INT64:31"},
    {"date_part", {"STRING:year", "INTERVAL:3 years 14 months 45 days 30 hours 70 minutes 3.5 seconds"}, "INT64:4"},
    {"date_part", {"STRING:month", "INTERVAL:3 years 14 months 45 days 30 hours 70 minutes 3.5 seconds"}, "INT64:2"},
    {"date_part", {"STRING:hour", "INTERVAL:3 years 14 months 45 days 30 hours 70 minutes 3.5 seconds"}, "INT64:31"},
    {"date_part", {"STRING:ms", "INTERVAL:3 years 14 months 45 days 30 hours 70 minutes 3.5 seconds"}, "INT64:3500"},
    {"date_part",
     {"STRING:foo", "DATE:2020-01-01"},
     "Conversion exception: Unrecognized interval specifier string: foo."},
    {"date_part", {"~", "DATE:2020-01-01"}, "INT64:~"},
    {"date_trunc", {"STRING:year", "DATE:1999-12-31"}, "DATE:1999-01-01"},
    {"date_trunc", {"STRING:millennium", "DATE:1999-12-31"}, "DATE:1000-01-01"},
    {"date_trunc", {"STRING:week", "DATE:1999-12-31"}, "DATE:1999-12-27"},
    {"date_trunc", {"STRING:hour", "DATE:1999-12-31"}, "DATE:1999-12-31"},
    {"date_trunc", {"STRING:quarter", "TIMESTAMP:1999-12-31 13:14:15.123456"}, "TIMESTAMP:1999-10-01 00:00:00"},
    {"datetrunc", {"STRING:hour", "TIMESTAMP:1960-12-31 13:14:15.123456"}, "TIMESTAMP:1960-12-31 13:00:00"},
    {"date_trunc", {"STRING:ms", "TIMESTAMP:1960-12-31 13:14:15.123456"}, "TIMESTAMP:1960-12-31 13:14:15.123"},
    {"dayname", {"DATE:2020-01-01"}, "STRING:Wednesday"},
    {"dayname", {"TIMESTAMP:1960-01-01 10:00:00"}, "STRING:Friday"},
    {"monthname", {"DATE:2020-01-01"}, "STRING:January"},
    {"last_day", {"DATE:2020-02-01"}, "DATE:2020-02-29"},
    {"last_day", {"TIMESTAMP:2020-12-05 10:00:00"}, "DATE:2020-12-31"},
    {"make_date", {"INT64:2020", "INT64:2", "INT64:29"}, "DATE:2020-02-29"},
    {"make_date", {"INT64:2020", "INT64:2", "INT64:30"}, "Conversion exception: Date out of range: 2020-2-30."},
    {"century", {"TIMESTAMP:2000-01-01"}, "INT64:20"},
    {"century", {"DATE:2001-01-01"}, "INT64:21"},
    {"epoch_ms", {"INT64:1234567890123"}, "TIMESTAMP:2009-02-13 23:31:30.123"},
    {"epoch_ms", {"INT64:-1"}, "TIMESTAMP:1969-12-31 23:59:59.999"},
    {"epoch_ms",
     {"INT64:9223372036854775807"},
     "Conversion exception: Could not convert epoch milliseconds to TIMESTAMP"},
    {"to_epoch_ms", {"TIMESTAMP:1960-01-01 00:00:00.123456"}, "INT64:-315619199876"},
    {"to_timestamp", {"DOUBLE:1.5"}, "TIMESTAMP:1970-01-01 00:00:01.5"},
    {"to_timestamp", {"DOUBLE:1e300"}, "Conversion exception: Could not convert epoch seconds to TIMESTAMP"},
    {"to_timestamp", {"DOUBLE:nan"}, "Conversion exception: Could not convert epoch seconds to TIMESTAMP"},
    {"to_years", {"INT64:2"}, "INTERVAL:2 years"},
    {"to_years", {"INT64:2147483647"}, "Overflow exception: Interval value is out of range"},
    {"to_months", {"INT64:-3"}, "INTERVAL:-3 months"},
    {"to_days", {"INT64:5"}, "INTERVAL:5 days"},
    {"to_hours", {"INT64:100"}, "INTERVAL:100:00:00"},
    {"to_minutes", {"INT64:-5"}, "INTERVAL:-00:05:00"},
    {"to_seconds", {"INT64:90"}, "INTERVAL:00:01:30"},
    {"to_milliseconds", {"INT64:1500"}, "INTERVAL:00:00:01.5"},
    {"to_microseconds", {"INT64:7"}, "INTERVAL:00:00:00.000007"},
    {"current_date", {NULL}, "DATE:2020-01-01"},
    {"current_timestamp", {NULL}, "TIMESTAMP:2020-01-01 00:00:00"},
};

static const eval_case convert_cases[] = {
    {"to_int8", {"DOUBLE:1.5"}, "INT8:2"},
    {"to_int8", {"INT64:300"}, "Overflow exception: Value 300 is not within INT8 range"},
    {"to_int64", {"STRING:12"}, "INT64:12"},
    {"to_int64", {"STRING:x"}, "Conversion exception: Cast failed. Could not convert \"x\" to INT64."},
    {"to_int64", {"BOOL:true"}, "Conversion exception: Cast failed. Could not convert \"True\" to INT64."},
    {"to_int64", {"DECIMAL(5, 2):1.60"}, "INT64:2"},
    {"to_int64", {"INT64:5"}, "INT64:5"},
    {"to_int64", {"~"}, "INT64:~"},
    {"to_double", {"STRING:1.5"}, "DOUBLE:1.5"},
    {"to_float", {"INT64:1"}, "FLOAT:1.0"},
    {"to_serial", {"INT64:3"}, "SERIAL:3"},
    {"to_uint64", {"STRING:7"}, "UINT64:7"},
    {"to_bool", {"STRING:t"}, "BOOL:True"},
    {"to_bool", {"INT64:1"}, "BOOL:True"},
    {"to_bool", {"STRING:x"}, "Conversion exception: Value x is not a valid boolean"},
    {"to_string", {"INT64[]:[1,2]"}, "STRING:[1,2]"},
    {"string", {"STRING:a"}, "STRING:a"},
    {"toString", {"DOUBLE:1.5"}, "STRING:1.5"},
    {"string", {"~"}, "STRING:~"},
    {"date", {"STRING:2020-01-01"}, "DATE:2020-01-01"},
    {"date",
     {"INT64:1"},
     "Conversion exception: Error occurred during parsing date. Given: \"1\". Expected format: (YYYY-MM-DD)"},
    {"date", {"TIMESTAMP:2020-01-01 10:00:00"}, "DATE:2020-01-01"},
    {"date",
     {NULL},
     "Binder exception: Function DATE did not receive correct arguments:\nActual:   ()\nExpected: (STRING) -> DATE"},
    {"timestamp", {"DATE:2020-01-01"}, "TIMESTAMP:2020-01-01 00:00:00"},
    {"interval", {"STRING:1 day"}, "INTERVAL:1 day"},
    {"duration", {"STRING:2 days"}, "INTERVAL:2 days"},
    {"blob", {"STRING:\\xAA"}, "BLOB:\\xAA"},
    {"uuid", {"STRING:a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"}, "UUID:a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"},
    {"uuid", {"STRING:x"}, "Conversion exception: Invalid UUID: x"},
    {"toInteger", {"STRING:82"}, "INT64:82"},
    {"toInteger", {"STRING:82.9"}, "INT64:82"},
    {"toInteger", {"STRING:foo"}, "INT64:~"},
    {"toInteger", {"DOUBLE:-2.9"}, "INT64:-2"},
    {"toInteger", {"DOUBLE:1e30"}, "INT64:~"},
    {"toInteger", {"INT8:5"}, "INT64:5"},
    {"toInteger", {"INT128:99999999999999999999"}, "INT64:~"},
    {"toInteger", {"DECIMAL(5, 2):-1.90"}, "INT64:-1"},
    {"toInteger", {"FLOAT:1.5"}, "INT64:1"},
    {"toInteger",
     {"BOOL:true"},
     "Binder exception: Function TOINTEGER did not receive correct arguments:\nActual:   (BOOL)..."},
    {"toFloat", {"STRING:1.5"}, "DOUBLE:1.5"},
    {"toFloat", {"STRING:foo"}, "DOUBLE:~"},
    {"toFloat", {"INT64:2"}, "DOUBLE:2.0"},
    {"toBoolean", {"STRING:TRUE"}, "BOOL:True"},
    {"toBoolean", {"STRING: true"}, "BOOL:~"},
    {"toBoolean", {"BOOL:false"}, "BOOL:False"},
};

static void numbers(void)
{
    EVAL_CASES(number_cases);
}
static void dates(void)
{
    EVAL_CASES(date_cases);
}
static void conversions(void)
{
    EVAL_CASES(convert_cases);
}
static void memory_refused(void)
{
    EVAL_MEMORY(convert_cases);
}

/* All columns of a long vector, so that the loops without selection run, against the formula. */
static void random_numbers_are_in_range_and_differ(void)
{
    eval_begin();
    eval_state *s = &eval_shared;
    rz_fn_bound bound;
    CHECK(rz_fn_resolve("random", NULL, 0, &s->arena, &bound, &s->err) == RUZU_OK);
    CHECK((bound.fn->flags & RZ_FN_VOLATILE) != 0);
    rz_vec *out;
    CHECK(rz_vec_create(&s->arena, &s->arena, RZ_DOUBLE, RZ_VECTOR_CAPACITY, &out, &s->err) == RUZU_OK);
    rz_sel sel = {NULL, RZ_VECTOR_CAPACITY};
    CHECK(bound.fn->run(&bound, &s->context, NULL, &sel, out, &s->err) == RUZU_OK);
    const double *values = (const double *)out->data;
    for (uint32_t i = 0; i < RZ_VECTOR_CAPACITY; i++) {
        CHECK(values[i] >= 0 && values[i] < 1);
        CHECK(i == 0 || values[i] != values[i - 1]);
    }
    eval_end();
}

int main(void)
{
    RUN(numbers);
    RUN(dates);
    RUN(conversions);
    RUN(memory_refused);
    RUN(random_numbers_are_in_range_and_differ);
    return CHECK_DONE();
}
