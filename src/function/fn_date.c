/* SPDX-License-Identifier: MIT */
/*
 * Functions of dates, timestamps and intervals (dialect §13.7): parts, truncation, names, construction, epochs. The
 * calendar is in types.
 *
 * Weeks are ISO 8601 weeks: they begin on Monday, and week 1 has the year's first Thursday.
 */
#include "function/fn.h"

#include <math.h>

#define DATE_SECOND INT64_C(1000000)
#define DATE_MINUTE (60 * DATE_SECOND)
#define DATE_HOUR   (60 * DATE_MINUTE)
#define DATE_DAY    (24 * DATE_HOUR)

/* ---- unit names ---- */

typedef enum date_unit {
    DATE_UNIT_YEAR,
    DATE_UNIT_MONTH,
    DATE_UNIT_DAY,
    DATE_UNIT_DECADE,
    DATE_UNIT_CENTURY,
    DATE_UNIT_MILLENNIUM,
    DATE_UNIT_MICROSECOND,
    DATE_UNIT_MILLISECOND,
    DATE_UNIT_SECOND,
    DATE_UNIT_MINUTE,
    DATE_UNIT_HOUR,
    DATE_UNIT_WEEK,
    DATE_UNIT_QUARTER,
    DATE_UNIT_DOW,
    DATE_UNIT_DOY,
    DATE_UNIT_EPOCH
} date_unit;

typedef struct date_unit_name {
    const char *name;
    date_unit unit;
} date_unit_name;

static const date_unit_name date_unit_names[] = {
    {"year", DATE_UNIT_YEAR},
    {"yr", DATE_UNIT_YEAR},
    {"y", DATE_UNIT_YEAR},
    {"years", DATE_UNIT_YEAR},
    {"yrs", DATE_UNIT_YEAR},
    {"month", DATE_UNIT_MONTH},
    {"mon", DATE_UNIT_MONTH},
    {"months", DATE_UNIT_MONTH},
    {"mons", DATE_UNIT_MONTH},
    {"day", DATE_UNIT_DAY},
    {"days", DATE_UNIT_DAY},
    {"d", DATE_UNIT_DAY},
    {"dayofmonth", DATE_UNIT_DAY},
    {"decade", DATE_UNIT_DECADE},
    {"dec", DATE_UNIT_DECADE},
    {"decades", DATE_UNIT_DECADE},
    {"decs", DATE_UNIT_DECADE},
    {"century", DATE_UNIT_CENTURY},
    {"cent", DATE_UNIT_CENTURY},
    {"centuries", DATE_UNIT_CENTURY},
    {"c", DATE_UNIT_CENTURY},
    {"millennium", DATE_UNIT_MILLENNIUM},
    {"mil", DATE_UNIT_MILLENNIUM},
    {"millenniums", DATE_UNIT_MILLENNIUM},
    {"millennia", DATE_UNIT_MILLENNIUM},
    {"mils", DATE_UNIT_MILLENNIUM},
    {"millenium", DATE_UNIT_MILLENNIUM},
    {"milleniums", DATE_UNIT_MILLENNIUM},
    {"microsecond", DATE_UNIT_MICROSECOND},
    {"microseconds", DATE_UNIT_MICROSECOND},
    {"us", DATE_UNIT_MICROSECOND},
    {"usec", DATE_UNIT_MICROSECOND},
    {"usecs", DATE_UNIT_MICROSECOND},
    {"usecond", DATE_UNIT_MICROSECOND},
    {"useconds", DATE_UNIT_MICROSECOND},
    {"millisecond", DATE_UNIT_MILLISECOND},
    {"milliseconds", DATE_UNIT_MILLISECOND},
    {"ms", DATE_UNIT_MILLISECOND},
    {"msec", DATE_UNIT_MILLISECOND},
    {"msecs", DATE_UNIT_MILLISECOND},
    {"msecond", DATE_UNIT_MILLISECOND},
    {"mseconds", DATE_UNIT_MILLISECOND},
    {"second", DATE_UNIT_SECOND},
    {"sec", DATE_UNIT_SECOND},
    {"seconds", DATE_UNIT_SECOND},
    {"secs", DATE_UNIT_SECOND},
    {"s", DATE_UNIT_SECOND},
    {"minute", DATE_UNIT_MINUTE},
    {"min", DATE_UNIT_MINUTE},
    {"minutes", DATE_UNIT_MINUTE},
    {"mins", DATE_UNIT_MINUTE},
    {"m", DATE_UNIT_MINUTE},
    {"hour", DATE_UNIT_HOUR},
    {"hr", DATE_UNIT_HOUR},
    {"hours", DATE_UNIT_HOUR},
    {"hrs", DATE_UNIT_HOUR},
    {"h", DATE_UNIT_HOUR},
    {"week", DATE_UNIT_WEEK},
    {"weeks", DATE_UNIT_WEEK},
    {"w", DATE_UNIT_WEEK},
    {"weekofyear", DATE_UNIT_WEEK},
    {"quarter", DATE_UNIT_QUARTER},
    {"quarters", DATE_UNIT_QUARTER},
    {"dow", DATE_UNIT_DOW},
    {"doy", DATE_UNIT_DOY},
    {"epoch", DATE_UNIT_EPOCH},
};

static ruzu_status date_read_unit(const char *name, size_t length, date_unit *out, rz_error *err)
{
    for (size_t i = 0; i < sizeof date_unit_names / sizeof date_unit_names[0]; i++) {
        if (rz_name_equal_n(date_unit_names[i].name, strlen(date_unit_names[i].name), name, length)) {
            *out = date_unit_names[i].unit;
            return RUZU_OK;
        }
    }
    return rz_error_set(err, RUZU_ERROR_CONVERSION, "Unrecognized interval specifier string: %.*s.",
                        (int)(length > 200 ? 200 : length), name);
}

/* The unit of a row; consecutive rows mostly have the same one. */
typedef struct date_units {
    rz_fn_reader names;
    const rz_string *last;
    date_unit unit;
} date_units;

static void date_units_begin(date_units *units, const rz_vec *names)
{
    units->names = rz_fn_read(names);
    units->last = NULL;
    units->unit = DATE_UNIT_YEAR;
}

static ruzu_status date_unit_at(date_units *units, uint32_t row, date_unit *out, rz_error *err)
{
    const rz_string *name = &RZ_FN_GET(rz_string, units->names, row);
    if (units->last == NULL || (name != units->last && !rz_string_equal(name, units->last))) {
        RZ_TRY(date_read_unit(rz_string_data(name), name->length, &units->unit, err));
        units->last = name;
    }
    *out = units->unit;
    return RUZU_OK;
}

/* ---- calendar helpers ---- */

static int64_t date_floor_divide(int64_t a, int64_t b)
{
    return a / b - (a % b < 0 ? 1 : 0);
}

static int32_t date_of_micros(int64_t micros)
{
    return (int32_t)date_floor_divide(micros, DATE_DAY);
}

/* 0 Monday … 6 Sunday; 1970-01-01 was a Thursday. */
static int64_t date_weekday(int32_t days)
{
    int64_t weekday = ((int64_t)days + 3) % 7;
    return weekday < 0 ? weekday + 7 : weekday;
}

/* First day of a year that some date lies in. */
static int64_t date_first_of_year(int64_t year)
{
    int32_t days = 0;
    (void)rz_date_from_civil(year, 1, 1, &days);
    return days;
}

static int64_t date_week(int32_t days)
{
    int64_t thursday = days - date_weekday(days) + 3;
    int32_t year, month, day;
    rz_date_to_civil((int32_t)thursday, &year, &month, &day);
    return (thursday - date_first_of_year(year)) / 7 + 1;
}

/* 1-based centuries and millennia; the year 0 (1 BC) belongs to the one before 1, which is -1. */
static int64_t date_era(int64_t year, int64_t length)
{
    return year > 0 ? (year - 1) / length + 1 : year / length - 1;
}

/* ---- DATE_PART ---- */

static int64_t date_part_of_micros(date_unit unit, int32_t days, int64_t time)
{
    int32_t year, month, day;
    rz_date_to_civil(days, &year, &month, &day);
    switch (unit) {
    case DATE_UNIT_YEAR: return year;
    case DATE_UNIT_MONTH: return month;
    case DATE_UNIT_DAY: return day;
    case DATE_UNIT_DECADE: return year / 10;
    case DATE_UNIT_CENTURY: return date_era(year, 100);
    case DATE_UNIT_MILLENNIUM: return date_era(year, 1000);
    case DATE_UNIT_MICROSECOND: return time % DATE_MINUTE;
    case DATE_UNIT_MILLISECOND: return time % DATE_MINUTE / 1000;
    case DATE_UNIT_SECOND: return time % DATE_MINUTE / DATE_SECOND;
    case DATE_UNIT_MINUTE: return time % DATE_HOUR / DATE_MINUTE;
    case DATE_UNIT_HOUR: return time / DATE_HOUR;
    case DATE_UNIT_WEEK: return date_week(days);
    case DATE_UNIT_QUARTER: return (month - 1) / 3 + 1;
    case DATE_UNIT_DOW: return (date_weekday(days) + 1) % 7;
    case DATE_UNIT_DOY: return days - date_first_of_year(year) + 1;
    case DATE_UNIT_EPOCH: return days * (DATE_DAY / DATE_SECOND) + time / DATE_SECOND;
    }
    return 0;
}

static ruzu_status date_part_of_interval(date_unit unit, rz_interval value, int64_t *out, rz_error *err)
{
    switch (unit) {
    case DATE_UNIT_YEAR: *out = value.months / 12; break;
    case DATE_UNIT_MONTH: *out = value.months % 12; break;
    case DATE_UNIT_DAY: *out = value.days; break;
    case DATE_UNIT_DECADE: *out = value.months / 120; break;
    case DATE_UNIT_CENTURY: *out = value.months / 1200; break;
    case DATE_UNIT_MILLENNIUM: *out = value.months / 12000; break;
    case DATE_UNIT_MICROSECOND: *out = value.micros % DATE_MINUTE; break;
    case DATE_UNIT_MILLISECOND: *out = value.micros % DATE_MINUTE / 1000; break;
    case DATE_UNIT_SECOND: *out = value.micros % DATE_MINUTE / DATE_SECOND; break;
    case DATE_UNIT_MINUTE: *out = value.micros % DATE_HOUR / DATE_MINUTE; break;
    case DATE_UNIT_HOUR: *out = value.micros / DATE_HOUR; break;
    case DATE_UNIT_WEEK: *out = value.days / 7; break;
    case DATE_UNIT_QUARTER: *out = value.months % 12 / 3 + 1; break;
    case DATE_UNIT_EPOCH:
        *out = ((int64_t)value.months * 30 + value.days) * (DATE_DAY / DATE_SECOND) + value.micros / DATE_SECOND;
        break;
    case DATE_UNIT_DOW:
    case DATE_UNIT_DOY:
        return rz_error_set(err, RUZU_ERROR_CONVERSION,
                            "Unrecognized interval specifier string: an INTERVAL has no day of week or year.");
    }
    return RUZU_OK;
}

static ruzu_status date_part_date(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                                  const rz_sel *sel, rz_vec *out, rz_error *err)
{
    (void)bound;
    (void)context;
    date_units units;
    date_units_begin(&units, args[0]);
    rz_fn_reader dates = rz_fn_read(args[1]);
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        uint32_t row = rz_sel_at(sel, idx);
        date_unit unit;
        RZ_TRY(date_unit_at(&units, row, &unit, err));
        ((int64_t *)out->data)[row] = date_part_of_micros(unit, RZ_FN_GET(int32_t, dates, row), 0);
    }
    return RUZU_OK;
}

static ruzu_status date_part_timestamp(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                                       const rz_sel *sel, rz_vec *out, rz_error *err)
{
    (void)bound;
    (void)context;
    date_units units;
    date_units_begin(&units, args[0]);
    rz_fn_reader stamps = rz_fn_read(args[1]);
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        uint32_t row = rz_sel_at(sel, idx);
        date_unit unit;
        RZ_TRY(date_unit_at(&units, row, &unit, err));
        int64_t micros = RZ_FN_GET(int64_t, stamps, row);
        int32_t days = date_of_micros(micros);
        ((int64_t *)out->data)[row] =
            date_part_of_micros(unit, days, (int64_t)((uint64_t)micros - (uint64_t)days * (uint64_t)DATE_DAY));
    }
    return RUZU_OK;
}

static ruzu_status date_part_interval(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                                      const rz_sel *sel, rz_vec *out, rz_error *err)
{
    (void)bound;
    (void)context;
    date_units units;
    date_units_begin(&units, args[0]);
    rz_fn_reader intervals = rz_fn_read(args[1]);
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        uint32_t row = rz_sel_at(sel, idx);
        date_unit unit;
        RZ_TRY(date_unit_at(&units, row, &unit, err));
        RZ_TRY(date_part_of_interval(unit, RZ_FN_GET(rz_interval, intervals, row), &((int64_t *)out->data)[row], err));
    }
    return RUZU_OK;
}

/* ---- DATE_TRUNC ---- */

static int64_t date_floor_to(int64_t value, int64_t unit)
{
    return date_floor_divide(value, unit) * unit;
}

/* The first day of the unit that holds a date; units below a day leave it as it is. */
static ruzu_status date_truncate_days(date_unit unit, int32_t days, int32_t *out, rz_error *err)
{
    int32_t year, month, day;
    rz_date_to_civil(days, &year, &month, &day);
    int64_t first_year = year, first_month = 1;
    switch (unit) {
    case DATE_UNIT_YEAR: break;
    case DATE_UNIT_MONTH: first_month = month; break;
    case DATE_UNIT_QUARTER: first_month = (month - 1) / 3 * 3 + 1; break;
    case DATE_UNIT_DECADE: first_year = date_floor_to(year, 10); break;
    case DATE_UNIT_CENTURY: first_year = date_floor_to(year, 100); break;
    case DATE_UNIT_MILLENNIUM: first_year = date_floor_to(year, 1000); break;
    case DATE_UNIT_WEEK: *out = (int32_t)(days - date_weekday(days)); return RUZU_OK;
    case DATE_UNIT_DAY:
    case DATE_UNIT_MICROSECOND:
    case DATE_UNIT_MILLISECOND:
    case DATE_UNIT_SECOND:
    case DATE_UNIT_MINUTE:
    case DATE_UNIT_HOUR: *out = days; return RUZU_OK;
    case DATE_UNIT_DOW: return rz_error_set(err, RUZU_ERROR_CONVERSION, "Unrecognized interval specifier string: dow.");
    case DATE_UNIT_DOY: return rz_error_set(err, RUZU_ERROR_CONVERSION, "Unrecognized interval specifier string: doy.");
    case DATE_UNIT_EPOCH:
        return rz_error_set(err, RUZU_ERROR_CONVERSION, "Unrecognized interval specifier string: epoch.");
    }
    if (!rz_date_from_civil(first_year, first_month, 1, out)) {
        *out = days;
    }
    return RUZU_OK;
}

static ruzu_status date_truncate_micros(date_unit unit, int64_t micros, int64_t *out, rz_error *err)
{
    int64_t step = unit == DATE_UNIT_MICROSECOND   ? 1
                   : unit == DATE_UNIT_MILLISECOND ? 1000
                   : unit == DATE_UNIT_SECOND      ? DATE_SECOND
                   : unit == DATE_UNIT_MINUTE      ? DATE_MINUTE
                   : unit == DATE_UNIT_HOUR        ? DATE_HOUR
                                                   : 0;
    if (step != 0) {
        rz_int128 start = (rz_int128)date_floor_divide(micros, step) * step;
        *out = start < INT64_MIN ? micros : (int64_t)start;
        return RUZU_OK;
    }
    int32_t days;
    RZ_TRY(date_truncate_days(unit, date_of_micros(micros), &days, err));
    rz_int128 start = (rz_int128)days * DATE_DAY;
    *out = start < INT64_MIN ? micros : (int64_t)start;
    return RUZU_OK;
}

static ruzu_status date_trunc_date(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                                   const rz_sel *sel, rz_vec *out, rz_error *err)
{
    (void)bound;
    (void)context;
    date_units units;
    date_units_begin(&units, args[0]);
    rz_fn_reader dates = rz_fn_read(args[1]);
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        uint32_t row = rz_sel_at(sel, idx);
        date_unit unit;
        RZ_TRY(date_unit_at(&units, row, &unit, err));
        RZ_TRY(date_truncate_days(unit, RZ_FN_GET(int32_t, dates, row), &((int32_t *)out->data)[row], err));
    }
    return RUZU_OK;
}

static ruzu_status date_trunc_timestamp(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                                        const rz_sel *sel, rz_vec *out, rz_error *err)
{
    (void)bound;
    (void)context;
    date_units units;
    date_units_begin(&units, args[0]);
    rz_fn_reader stamps = rz_fn_read(args[1]);
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        uint32_t row = rz_sel_at(sel, idx);
        date_unit unit;
        RZ_TRY(date_unit_at(&units, row, &unit, err));
        RZ_TRY(date_truncate_micros(unit, RZ_FN_GET(int64_t, stamps, row), &((int64_t *)out->data)[row], err));
    }
    return RUZU_OK;
}

/* ---- names and ends: of a DATE, or of a TIMESTAMP's day ---- */

static int32_t date_day_at(const rz_fn_reader *reader, uint32_t row)
{
    if (reader->base->type->physical == RZ_PHYS_INT32) {
        return RZ_FN_GET(int32_t, *reader, row);
    }
    return date_of_micros(RZ_FN_GET(int64_t, *reader, row));
}

static ruzu_status date_dayname(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                                const rz_sel *sel, rz_vec *out, rz_error *err)
{
    static const char *const names[] = {"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"};
    (void)bound;
    (void)context;
    (void)err;
    rz_fn_reader reader = rz_fn_read(args[0]);
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        uint32_t row = rz_sel_at(sel, idx);
        const char *name = names[date_weekday(date_day_at(&reader, row))];
        rz_fn_put_string(out, row, name, strlen(name));
    }
    return RUZU_OK;
}

static ruzu_status date_monthname(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                                  const rz_sel *sel, rz_vec *out, rz_error *err)
{
    static const char *const names[] = {"January", "February", "March",     "April",   "May",      "June",
                                        "July",    "August",   "September", "October", "November", "December"};
    (void)bound;
    (void)context;
    (void)err;
    rz_fn_reader reader = rz_fn_read(args[0]);
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        uint32_t row = rz_sel_at(sel, idx);
        int32_t year, month, day;
        rz_date_to_civil(date_day_at(&reader, row), &year, &month, &day);
        rz_fn_put_string(out, row, names[month - 1], strlen(names[month - 1]));
    }
    return RUZU_OK;
}

static ruzu_status date_last_day(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                                 const rz_sel *sel, rz_vec *out, rz_error *err)
{
    (void)bound;
    (void)context;
    (void)err;
    rz_fn_reader reader = rz_fn_read(args[0]);
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        uint32_t row = rz_sel_at(sel, idx);
        int32_t days = date_day_at(&reader, row);
        int32_t year, month, day, first;
        rz_date_to_civil(days, &year, &month, &day);
        int64_t next_year = month == 12 ? (int64_t)year + 1 : year;
        bool known = rz_date_from_civil(next_year, month == 12 ? 1 : month + 1, 1, &first);
        ((int32_t *)out->data)[row] = known ? first - 1 : days;
    }
    return RUZU_OK;
}

static ruzu_status date_century(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                                const rz_sel *sel, rz_vec *out, rz_error *err)
{
    (void)bound;
    (void)context;
    (void)err;
    rz_fn_reader reader = rz_fn_read(args[0]);
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        uint32_t row = rz_sel_at(sel, idx);
        ((int64_t *)out->data)[row] = date_part_of_micros(DATE_UNIT_CENTURY, date_day_at(&reader, row), 0);
    }
    return RUZU_OK;
}

/* ---- construction ---- */

static ruzu_status date_make(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                             const rz_sel *sel, rz_vec *out, rz_error *err)
{
    (void)bound;
    (void)context;
    rz_fn_reader years = rz_fn_read(args[0]);
    rz_fn_reader months = rz_fn_read(args[1]);
    rz_fn_reader days = rz_fn_read(args[2]);
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        uint32_t row = rz_sel_at(sel, idx);
        int64_t year = RZ_FN_GET(int64_t, years, row);
        int64_t month = RZ_FN_GET(int64_t, months, row);
        int64_t day = RZ_FN_GET(int64_t, days, row);
        if (!rz_date_from_civil(year, month, day, &((int32_t *)out->data)[row])) {
            return rz_error_set(err, RUZU_ERROR_CONVERSION, "Date out of range: %lld-%lld-%lld.", (long long)year,
                                (long long)month, (long long)day);
        }
    }
    return RUZU_OK;
}

static unsigned date_from_epoch_ms(int64_t millis, int64_t *result)
{
    return rz_mul_overflow(millis, INT64_C(1000), result);
}

#define RZ_U_NAME         date_epoch_ms
#define RZ_U_IN           int64_t
#define RZ_U_OUT          int64_t
#define RZ_U_OP           date_from_epoch_ms
#define RZ_U_FAIL(a, err) rz_error_set(err, RUZU_ERROR_CONVERSION, "Could not convert epoch milliseconds to TIMESTAMP")
#include "function/fn_unary_tmpl.h"

#define RZ_U_NAME     date_to_epoch_ms
#define RZ_U_IN       int64_t
#define RZ_U_OUT      int64_t
#define RZ_U_OP(a, r) (*(r) = (a) / 1000, 0u)
#include "function/fn_unary_tmpl.h"

static unsigned date_from_epoch_seconds(double seconds, int64_t *result)
{
    double micros = nearbyint(seconds * 1e6);
    bool fits = micros >= -0x1p63 && micros < 0x1p63; /* false for NaN */
    *result = fits ? (int64_t)micros : 0;
    return !fits;
}

#define RZ_U_NAME         date_to_timestamp
#define RZ_U_IN           double
#define RZ_U_OUT          int64_t
#define RZ_U_OP           date_from_epoch_seconds
#define RZ_U_FAIL(a, err) rz_error_set(err, RUZU_ERROR_CONVERSION, "Could not convert epoch seconds to TIMESTAMP")
#include "function/fn_unary_tmpl.h"

/* One number of a unit as INTERVAL. */
static unsigned date_interval_of(int64_t number, int64_t months, int64_t days, int64_t micros, rz_interval *result)
{
    int64_t parts[3];
    bool bad = rz_mul_overflow(number, months, &parts[0]);
    bad = rz_mul_overflow(number, days, &parts[1]) || bad;
    bad = rz_mul_overflow(number, micros, &parts[2]) || bad;
    bad = bad || parts[0] < INT32_MIN || parts[0] > INT32_MAX || parts[1] < INT32_MIN || parts[1] > INT32_MAX;
    result->months = bad ? 0 : (int32_t)parts[0];
    result->days = bad ? 0 : (int32_t)parts[1];
    result->micros = bad ? 0 : parts[2];
    return bad;
}

#define RZ_U_NAME         date_to_years
#define RZ_U_IN           int64_t
#define RZ_U_OUT          rz_interval
#define RZ_U_OP(a, r)     date_interval_of(a, 12, 0, 0, r)
#define RZ_U_FAIL(a, err) rz_error_set(err, RUZU_ERROR_OVERFLOW, "Interval value is out of range")
#include "function/fn_unary_tmpl.h"

#define RZ_U_NAME         date_to_months
#define RZ_U_IN           int64_t
#define RZ_U_OUT          rz_interval
#define RZ_U_OP(a, r)     date_interval_of(a, 1, 0, 0, r)
#define RZ_U_FAIL(a, err) rz_error_set(err, RUZU_ERROR_OVERFLOW, "Interval value is out of range")
#include "function/fn_unary_tmpl.h"

#define RZ_U_NAME         date_to_days
#define RZ_U_IN           int64_t
#define RZ_U_OUT          rz_interval
#define RZ_U_OP(a, r)     date_interval_of(a, 0, 1, 0, r)
#define RZ_U_FAIL(a, err) rz_error_set(err, RUZU_ERROR_OVERFLOW, "Interval value is out of range")
#include "function/fn_unary_tmpl.h"

#define RZ_U_NAME         date_to_hours
#define RZ_U_IN           int64_t
#define RZ_U_OUT          rz_interval
#define RZ_U_OP(a, r)     date_interval_of(a, 0, 0, DATE_HOUR, r)
#define RZ_U_FAIL(a, err) rz_error_set(err, RUZU_ERROR_OVERFLOW, "Interval value is out of range")
#include "function/fn_unary_tmpl.h"

#define RZ_U_NAME         date_to_minutes
#define RZ_U_IN           int64_t
#define RZ_U_OUT          rz_interval
#define RZ_U_OP(a, r)     date_interval_of(a, 0, 0, DATE_MINUTE, r)
#define RZ_U_FAIL(a, err) rz_error_set(err, RUZU_ERROR_OVERFLOW, "Interval value is out of range")
#include "function/fn_unary_tmpl.h"

#define RZ_U_NAME         date_to_seconds
#define RZ_U_IN           int64_t
#define RZ_U_OUT          rz_interval
#define RZ_U_OP(a, r)     date_interval_of(a, 0, 0, DATE_SECOND, r)
#define RZ_U_FAIL(a, err) rz_error_set(err, RUZU_ERROR_OVERFLOW, "Interval value is out of range")
#include "function/fn_unary_tmpl.h"

#define RZ_U_NAME         date_to_milliseconds
#define RZ_U_IN           int64_t
#define RZ_U_OUT          rz_interval
#define RZ_U_OP(a, r)     date_interval_of(a, 0, 0, 1000, r)
#define RZ_U_FAIL(a, err) rz_error_set(err, RUZU_ERROR_OVERFLOW, "Interval value is out of range")
#include "function/fn_unary_tmpl.h"

#define RZ_U_NAME         date_to_microseconds
#define RZ_U_IN           int64_t
#define RZ_U_OUT          rz_interval
#define RZ_U_OP(a, r)     date_interval_of(a, 0, 0, 1, r)
#define RZ_U_FAIL(a, err) rz_error_set(err, RUZU_ERROR_OVERFLOW, "Interval value is out of range")
#include "function/fn_unary_tmpl.h"

/* ---- now ---- */

static ruzu_status date_current_date(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                                     const rz_sel *sel, rz_vec *out, rz_error *err)
{
    (void)bound;
    (void)args;
    (void)err;
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        ((int32_t *)out->data)[rz_sel_at(sel, idx)] = date_of_micros((int64_t)context->now_us);
    }
    return RUZU_OK;
}

static ruzu_status date_current_timestamp(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                                          const rz_sel *sel, rz_vec *out, rz_error *err)
{
    (void)bound;
    (void)args;
    (void)err;
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        ((int64_t *)out->data)[rz_sel_at(sel, idx)] = (int64_t)context->now_us;
    }
    return RUZU_OK;
}

static const rz_fn_def date_defs[] = {
    RZ_FN("CENTURY", 0, date_century, INT64, RZ_P1(TIMESTAMP)),
    RZ_FN("CURRENT_DATE", RZ_FN_VOLATILE, date_current_date, DATE, RZ_P0()),
    RZ_FN("CURRENT_TIMESTAMP", RZ_FN_VOLATILE, date_current_timestamp, TIMESTAMP, RZ_P0()),
    RZ_FN("DATE_PART", RZ_FN_CAN_FAIL, date_part_date, INT64, RZ_P2(STRING, DATE)),
    RZ_FN("DATE_PART", RZ_FN_CAN_FAIL, date_part_timestamp, INT64, RZ_P2(STRING, TIMESTAMP)),
    RZ_FN("DATE_PART", RZ_FN_CAN_FAIL, date_part_interval, INT64, RZ_P2(STRING, INTERVAL)),
    RZ_FN("DATE_TRUNC", RZ_FN_CAN_FAIL, date_trunc_date, DATE, RZ_P2(STRING, DATE)),
    RZ_FN("DATE_TRUNC", RZ_FN_CAN_FAIL, date_trunc_timestamp, TIMESTAMP, RZ_P2(STRING, TIMESTAMP)),
    RZ_FN("DAYNAME", 0, date_dayname, STRING, RZ_P1(DATE)),
    RZ_FN("DAYNAME", 0, date_dayname, STRING, RZ_P1(TIMESTAMP)),
    RZ_FN("EPOCH_MS", RZ_FN_CAN_FAIL, date_epoch_ms, TIMESTAMP, RZ_P1(INT64)),
    RZ_FN("LAST_DAY", 0, date_last_day, DATE, RZ_P1(DATE)),
    RZ_FN("LAST_DAY", 0, date_last_day, DATE, RZ_P1(TIMESTAMP)),
    RZ_FN("MAKE_DATE", RZ_FN_CAN_FAIL, date_make, DATE, RZ_P3(INT64, INT64, INT64)),
    RZ_FN("MONTHNAME", 0, date_monthname, STRING, RZ_P1(DATE)),
    RZ_FN("MONTHNAME", 0, date_monthname, STRING, RZ_P1(TIMESTAMP)),
    RZ_FN("TO_DAYS", RZ_FN_CAN_FAIL, date_to_days, INTERVAL, RZ_P1(INT64)),
    RZ_FN("TO_EPOCH_MS", 0, date_to_epoch_ms, INT64, RZ_P1(TIMESTAMP)),
    RZ_FN("TO_HOURS", RZ_FN_CAN_FAIL, date_to_hours, INTERVAL, RZ_P1(INT64)),
    RZ_FN("TO_MICROSECONDS", 0, date_to_microseconds, INTERVAL, RZ_P1(INT64)),
    RZ_FN("TO_MILLISECONDS", RZ_FN_CAN_FAIL, date_to_milliseconds, INTERVAL, RZ_P1(INT64)),
    RZ_FN("TO_MINUTES", RZ_FN_CAN_FAIL, date_to_minutes, INTERVAL, RZ_P1(INT64)),
    RZ_FN("TO_MONTHS", RZ_FN_CAN_FAIL, date_to_months, INTERVAL, RZ_P1(INT64)),
    RZ_FN("TO_SECONDS", RZ_FN_CAN_FAIL, date_to_seconds, INTERVAL, RZ_P1(INT64)),
    RZ_FN("TO_TIMESTAMP", RZ_FN_CAN_FAIL, date_to_timestamp, TIMESTAMP, RZ_P1(DOUBLE)),
    RZ_FN("TO_YEARS", RZ_FN_CAN_FAIL, date_to_years, INTERVAL, RZ_P1(INT64)),
};

RZ_FN_GROUP(rz_fn_date_group, date_defs);
