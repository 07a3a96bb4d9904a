/* SPDX-License-Identifier: MIT */
/*
 * Intervals: text, unit names, order, sums. Months, days and µs are kept apart; only comparison and fractions of units
 * in text relate them (30 days a month, 24 hours a day).
 */
#include "types/calendar.h"

/* ---- units ---- */

typedef struct interval_unit_name {
    const char *name;
    rz_date_unit unit;
} interval_unit_name;

static const interval_unit_name interval_unit_names[] = {
    {"year", RZ_UNIT_YEAR},
    {"yr", RZ_UNIT_YEAR},
    {"y", RZ_UNIT_YEAR},
    {"years", RZ_UNIT_YEAR},
    {"yrs", RZ_UNIT_YEAR},
    {"month", RZ_UNIT_MONTH},
    {"mon", RZ_UNIT_MONTH},
    {"months", RZ_UNIT_MONTH},
    {"mons", RZ_UNIT_MONTH},
    {"day", RZ_UNIT_DAY},
    {"days", RZ_UNIT_DAY},
    {"d", RZ_UNIT_DAY},
    {"dayofmonth", RZ_UNIT_DAY},
    {"decade", RZ_UNIT_DECADE},
    {"dec", RZ_UNIT_DECADE},
    {"decades", RZ_UNIT_DECADE},
    {"decs", RZ_UNIT_DECADE},
    {"century", RZ_UNIT_CENTURY},
    {"cent", RZ_UNIT_CENTURY},
    {"centuries", RZ_UNIT_CENTURY},
    {"c", RZ_UNIT_CENTURY},
    {"millennium", RZ_UNIT_MILLENNIUM},
    {"mil", RZ_UNIT_MILLENNIUM},
    {"millenniums", RZ_UNIT_MILLENNIUM},
    {"millennia", RZ_UNIT_MILLENNIUM},
    {"mils", RZ_UNIT_MILLENNIUM},
    {"millenium", RZ_UNIT_MILLENNIUM},
    {"milleniums", RZ_UNIT_MILLENNIUM},
    {"microsecond", RZ_UNIT_MICROSECOND},
    {"microseconds", RZ_UNIT_MICROSECOND},
    {"us", RZ_UNIT_MICROSECOND},
    {"usec", RZ_UNIT_MICROSECOND},
    {"usecs", RZ_UNIT_MICROSECOND},
    {"usecond", RZ_UNIT_MICROSECOND},
    {"useconds", RZ_UNIT_MICROSECOND},
    {"millisecond", RZ_UNIT_MILLISECOND},
    {"milliseconds", RZ_UNIT_MILLISECOND},
    {"ms", RZ_UNIT_MILLISECOND},
    {"msec", RZ_UNIT_MILLISECOND},
    {"msecs", RZ_UNIT_MILLISECOND},
    {"msecond", RZ_UNIT_MILLISECOND},
    {"mseconds", RZ_UNIT_MILLISECOND},
    {"second", RZ_UNIT_SECOND},
    {"sec", RZ_UNIT_SECOND},
    {"seconds", RZ_UNIT_SECOND},
    {"secs", RZ_UNIT_SECOND},
    {"s", RZ_UNIT_SECOND},
    {"minute", RZ_UNIT_MINUTE},
    {"min", RZ_UNIT_MINUTE},
    {"minutes", RZ_UNIT_MINUTE},
    {"mins", RZ_UNIT_MINUTE},
    {"m", RZ_UNIT_MINUTE},
    {"hour", RZ_UNIT_HOUR},
    {"hr", RZ_UNIT_HOUR},
    {"hours", RZ_UNIT_HOUR},
    {"hrs", RZ_UNIT_HOUR},
    {"h", RZ_UNIT_HOUR},
    {"week", RZ_UNIT_WEEK},
    {"weeks", RZ_UNIT_WEEK},
    {"w", RZ_UNIT_WEEK},
    {"weekofyear", RZ_UNIT_WEEK},
    {"quarter", RZ_UNIT_QUARTER},
    {"quarters", RZ_UNIT_QUARTER},
};

bool rz_date_unit_find(const char *name, size_t length, rz_date_unit *out)
{
    for (size_t i = 0; i < sizeof interval_unit_names / sizeof interval_unit_names[0]; i++) {
        const char *candidate = interval_unit_names[i].name;
        if (rz_name_equal_n(name, length, candidate, strlen(candidate))) {
            *out = interval_unit_names[i].unit;
            return true;
        }
    }
    return false;
}

/* A unit in the field of an interval that it counts in. */
typedef struct interval_scale {
    int64_t months;
    int64_t days;
    int64_t micros;
} interval_scale;

static interval_scale interval_scale_of(rz_date_unit unit)
{
    switch (unit) {
    case RZ_UNIT_MILLENNIUM: return (interval_scale){.months = 12000};
    case RZ_UNIT_CENTURY: return (interval_scale){.months = 1200};
    case RZ_UNIT_DECADE: return (interval_scale){.months = 120};
    case RZ_UNIT_YEAR: return (interval_scale){.months = 12};
    case RZ_UNIT_QUARTER: return (interval_scale){.months = 3};
    case RZ_UNIT_MONTH: return (interval_scale){.months = 1};
    case RZ_UNIT_WEEK: return (interval_scale){.days = 7};
    case RZ_UNIT_DAY: return (interval_scale){.days = 1};
    case RZ_UNIT_HOUR: return (interval_scale){.micros = INT64_C(3600000000)};
    case RZ_UNIT_MINUTE: return (interval_scale){.micros = 60000000};
    case RZ_UNIT_SECOND: return (interval_scale){.micros = 1000000};
    case RZ_UNIT_MILLISECOND: return (interval_scale){.micros = 1000};
    case RZ_UNIT_MICROSECOND: return (interval_scale){.micros = 1};
    }
    return (interval_scale){0};
}

/* ---- reading ---- */

/* A number with at most six fraction digits (the rest is dropped). */
typedef struct interval_number {
    int64_t whole;
    int64_t millionths; /* same sign as the number */
} interval_number;

/* Adds to a 32-bit field; what says which sum overflowed. */
static ruzu_status interval_add_field(int32_t *field, int64_t value, const char *what, rz_error *err)
{
    int32_t sum;
    if (value < INT32_MIN || value > INT32_MAX || rz_add_overflow(*field, (int32_t)value, &sum)) {
        return rz_error_set(err, RUZU_ERROR_OVERFLOW, "%s", what);
    }
    *field = sum;
    return RUZU_OK;
}

/* whole * scale in 32 bits. */
static ruzu_status interval_scale_field(int64_t whole, int64_t scale, int64_t *out, rz_error *err)
{
    rz_int128 product = (rz_int128)whole * scale;
    if (product < INT32_MIN || product > INT32_MAX) {
        char text[RZ_TEXT_INT128_SIZE];
        size_t length = rz_text_write_i128(product, text);
        return rz_error_set(err, RUZU_ERROR_OVERFLOW, "Value %.*s is not within INT32 range", (int)length, text);
    }
    *out = (int64_t)product;
    return RUZU_OK;
}

static const char interval_range_text[] = "Interval value is out of range";
static const char interval_fraction_text[] = "Interval fraction is out of range";

/* The fraction of a unit, in the next smaller field (a part of a month is days, a part of a week or day is time); what
 * is finer is dropped. */
static ruzu_status interval_add_fraction(int64_t millionths, rz_date_unit unit, interval_scale scale, rz_interval *sum,
                                         rz_error *err)
{
    int64_t micros = 0;
    if (scale.months != 0) {
        int64_t part = millionths * scale.months;
        RZ_TRY(interval_add_field(&sum->months, part / 1000000, interval_fraction_text, err));
        if (unit == RZ_UNIT_MONTH || unit == RZ_UNIT_QUARTER) {
            RZ_TRY(interval_add_field(&sum->days, part % 1000000 * 30 / 1000000, interval_fraction_text, err));
        }
    } else if (scale.days != 0) {
        int64_t part = millionths * scale.days;
        RZ_TRY(interval_add_field(&sum->days, part / 1000000, interval_fraction_text, err));
        micros = part % 1000000 * (RZ_CALENDAR_DAY_MICROS / 1000000);
    } else if (unit == RZ_UNIT_MICROSECOND) {
        micros = millionths >= 500000 ? 1 : millionths <= -500000 ? -1 : 0;
    } else {
        micros = (int64_t)((rz_int128)millionths * scale.micros / 1000000);
    }
    if (rz_add_overflow(sum->micros, micros, &sum->micros)) {
        return rz_error_set(err, RUZU_ERROR_OVERFLOW, "%s", interval_fraction_text);
    }
    return RUZU_OK;
}

static ruzu_status interval_add_unit(interval_number number, rz_date_unit unit, rz_interval *sum, rz_error *err)
{
    interval_scale scale = interval_scale_of(unit);
    if (scale.months != 0) {
        int64_t months = 0;
        RZ_TRY(interval_scale_field(number.whole, scale.months, &months, err));
        RZ_TRY(interval_add_field(&sum->months, months, interval_range_text, err));
    } else if (scale.days != 0) {
        int64_t days = 0;
        RZ_TRY(interval_scale_field(number.whole, scale.days, &days, err));
        RZ_TRY(interval_add_field(&sum->days, days, interval_range_text, err));
    } else {
        int64_t micros;
        if (rz_mul_overflow(number.whole, scale.micros, &micros) ||
            rz_add_overflow(sum->micros, micros, &sum->micros)) {
            return rz_error_set(err, RUZU_ERROR_OVERFLOW, "%s", interval_range_text);
        }
    }
    return number.millionths == 0 ? RUZU_OK : interval_add_fraction(number.millionths, unit, scale, sum, err);
}

static const char *interval_skip_blanks(const char *at, const char *end)
{
    while (at < end && rz_text_is_space(*at)) {
        at++;
    }
    return at;
}

static ruzu_status interval_syntax_error(const char *text, size_t length, rz_error *err)
{
    return rz_error_set(err, RUZU_ERROR_CONVERSION, "Error occurred during parsing interval. Given: \"%.*s\".",
                        rz_text_shown(length), text);
}

/* The trailing h:m:s[.f], to the end of the text. */
static ruzu_status interval_read_time(const char *at, const char *end, bool negative, rz_interval *sum, rz_error *err)
{
    int64_t seconds;
    int32_t nanos;
    size_t used = rz_text_scan_time(at, (size_t)(end - at), INT64_MAX / INT64_C(3600000000), &seconds, &nanos);
    if (used == 0 || interval_skip_blanks(at + used, end) != end) {
        return rz_error_set(err, RUZU_ERROR_CONVERSION, "Error occurred during parsing time. Given: \"%.*s\".",
                            rz_text_shown((size_t)(end - at)), at);
    }
    rz_int128 micros = (rz_int128)seconds * 1000000 + nanos / 1000;
    micros = sum->micros + (negative ? -micros : micros);
    if (micros < INT64_MIN || micros > INT64_MAX) {
        return rz_error_set(err, RUZU_ERROR_OVERFLOW, "%s", interval_range_text);
    }
    sum->micros = (int64_t)micros;
    return RUZU_OK;
}

/* digits [. [digits]] at *at, which stands at a digit. */
static ruzu_status interval_read_number(const char **at, const char *end, bool negative, interval_number *out,
                                        rz_error *err)
{
    const char *begin = *at;
    const char *p = begin;
    while (p < end && rz_text_is_digit(*p)) {
        p++;
    }
    uint64_t magnitude;
    if (!rz_text_read_u64(begin, (size_t)(p - begin), false, &magnitude) || magnitude > INT64_MAX) {
        return rz_error_set(err, RUZU_ERROR_CONVERSION, "Cast failed. Could not convert \"%.*s\" to INT64.",
                            rz_text_shown((size_t)(p - begin)), begin);
    }
    int64_t millionths = 0;
    if (p < end && *p == '.') {
        p++;
        int64_t unit = 100000;
        for (; p < end && rz_text_is_digit(*p); p++) {
            millionths += (*p - '0') * unit;
            unit /= 10;
        }
    }
    out->whole = negative ? -(int64_t)magnitude : (int64_t)magnitude;
    out->millionths = negative ? -millionths : millionths;
    *at = p;
    return RUZU_OK;
}

/* One `[sign] number unit` or the trailing time; *at stands behind it. */
static ruzu_status interval_read_part(const char *text, size_t length, const char **at, rz_interval *sum, rz_error *err)
{
    const char *end = text + length;
    const char *p = *at;
    bool negative = *p == '-';
    if (*p == '-' || *p == '+') {
        p++;
    }
    if (p == end || !rz_text_is_digit(*p)) {
        return interval_syntax_error(text, length, err);
    }
    const char *number_begin = p;
    interval_number number = {0, 0};
    const char *digits_end = p;
    while (digits_end < end && rz_text_is_digit(*digits_end)) {
        digits_end++;
    }
    if (digits_end < end && *digits_end == ':') {
        *at = end;
        return interval_read_time(number_begin, end, negative, sum, err);
    }
    RZ_TRY(interval_read_number(&p, end, negative, &number, err));
    p = interval_skip_blanks(p, end);
    if (p == end) {
        return rz_error_set(err, RUZU_ERROR_CONVERSION,
                            "Error occurred during parsing interval. Field name is missing.");
    }
    const char *unit_begin = p;
    while (p < end && !rz_text_is_space(*p)) {
        p++;
    }
    rz_date_unit unit;
    if (!rz_date_unit_find(unit_begin, (size_t)(p - unit_begin), &unit)) {
        return rz_error_set(err, RUZU_ERROR_CONVERSION, "Unrecognized interval specifier string: %.*s.",
                            rz_text_shown((size_t)(p - unit_begin)), unit_begin);
    }
    *at = p;
    return interval_add_unit(number, unit, sum, err);
}

ruzu_status rz_text_read_interval(const char *text, size_t length, rz_interval *out, rz_error *err)
{
    const char *end = text + length;
    rz_interval sum = {0, 0, 0};
    if (length == 0) {
        return rz_error_set(err, RUZU_ERROR_CONVERSION, "Error occurred during parsing interval. Given empty string.");
    }
    const char *at = interval_skip_blanks(text, end);
    if (at < end && *at == '@') {
        at = interval_skip_blanks(at + 1, end);
    }
    if (at == end) {
        return interval_syntax_error(text, length, err);
    }
    while (at < end) {
        RZ_TRY(interval_read_part(text, length, &at, &sum, err));
        at = interval_skip_blanks(at, end);
        if (end - at >= 3 && rz_name_equal_n(at, 3, "ago", 3) && interval_skip_blanks(at + 3, end) == end) {
            at = end;
            rz_interval zero = {0, 0, 0};
            RZ_TRY(rz_interval_add(zero, sum, -1, &sum, err));
        }
    }
    *out = sum;
    return RUZU_OK;
}

/* ---- writing ---- */

static char *interval_write_part(int64_t value, const char *unit, char *begin, char *at)
{
    if (value == 0) {
        return at;
    }
    if (at != begin) {
        *at++ = ' ';
    }
    at += rz_text_write_i64(value, at);
    *at++ = ' ';
    size_t length = strlen(unit);
    memcpy(at, unit, length);
    at += length;
    if (value != 1) {
        *at++ = 's';
    }
    return at;
}

size_t rz_text_write_interval(rz_interval value, char *out)
{
    char *at = interval_write_part(value.months / 12, "year", out, out);
    at = interval_write_part(value.months % 12, "month", out, at);
    at = interval_write_part(value.days, "day", out, at);
    if (value.micros == 0 && at != out) {
        return (size_t)(at - out);
    }
    if (at != out) {
        *at++ = ' ';
    }
    uint64_t micros = (uint64_t)value.micros;
    if (value.micros < 0) {
        *at++ = '-';
        micros = 0 - micros;
    }
    uint64_t fraction = micros % 1000000;
    uint64_t seconds = micros / 1000000;
    if (seconds / 3600 < 10) {
        *at++ = '0';
    }
    at += rz_text_write_u64(seconds / 3600, at);
    uint64_t sixties[2] = {seconds / 60 % 60, seconds % 60};
    for (int i = 0; i < 2; i++) {
        *at++ = ':';
        *at++ = (char)('0' + sixties[i] / 10);
        *at++ = (char)('0' + sixties[i] % 10);
    }
    if (fraction != 0) {
        *at = '.';
        for (int i = 6; i > 0; i--) {
            at[i] = (char)('0' + fraction % 10);
            fraction /= 10;
        }
        at += 7;
        while (at[-1] == '0') {
            at--;
        }
    }
    return (size_t)(at - out);
}

/* ---- order and sums ---- */

int rz_interval_compare(rz_interval a, rz_interval b)
{
    rz_int128 a_micros = ((rz_int128)a.months * 30 + a.days) * RZ_CALENDAR_DAY_MICROS + a.micros;
    rz_int128 b_micros = ((rz_int128)b.months * 30 + b.days) * RZ_CALENDAR_DAY_MICROS + b.micros;
    return (a_micros > b_micros) - (a_micros < b_micros);
}

ruzu_status rz_interval_add(rz_interval a, rz_interval b, int sign, rz_interval *out, rz_error *err)
{
    bool overflow;
    if (sign < 0) {
        overflow = rz_sub_overflow(a.months, b.months, &out->months);
        overflow = rz_sub_overflow(a.days, b.days, &out->days) || overflow;
        overflow = rz_sub_overflow(a.micros, b.micros, &out->micros) || overflow;
    } else {
        overflow = rz_add_overflow(a.months, b.months, &out->months);
        overflow = rz_add_overflow(a.days, b.days, &out->days) || overflow;
        overflow = rz_add_overflow(a.micros, b.micros, &out->micros) || overflow;
    }
    return overflow ? rz_error_set(err, RUZU_ERROR_OVERFLOW, "%s", interval_range_text) : RUZU_OK;
}
