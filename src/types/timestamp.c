/* SPDX-License-Identifier: MIT */
/*
 * The TIMESTAMP family: units, text, timestamps plus intervals. Conversions to coarser units round toward minus
 * infinity, so that a moment never moves into the next second or day.
 */
#include "types/calendar.h"

static int64_t timestamp_floor_div(int64_t value, int64_t divisor)
{
    int64_t quotient = value / divisor;
    return quotient - (value % divisor < 0);
}

/* ---- units ---- */

int64_t rz_timestamp_to_micros(ruzu_type_id unit, int64_t value)
{
    int64_t factor = 1;
    if (unit == RUZU_TYPE_TIMESTAMP_NS) {
        return timestamp_floor_div(value, 1000);
    }
    if (unit == RUZU_TYPE_TIMESTAMP_SEC) {
        factor = 1000000;
    } else if (unit == RUZU_TYPE_TIMESTAMP_MS) {
        factor = 1000;
    }
    int64_t micros;
    if (rz_mul_overflow(value, factor, &micros)) {
        return value < 0 ? INT64_MIN : INT64_MAX;
    }
    return micros;
}

bool rz_timestamp_from_micros(ruzu_type_id unit, int64_t micros, int64_t *out)
{
    switch ((int)unit) {
    case RUZU_TYPE_TIMESTAMP_SEC: *out = timestamp_floor_div(micros, 1000000); return true;
    case RUZU_TYPE_TIMESTAMP_MS: *out = timestamp_floor_div(micros, 1000); return true;
    case RUZU_TYPE_TIMESTAMP_NS: return !rz_mul_overflow(micros, (int64_t)1000, out);
    default: *out = micros; return true; /* TIMESTAMP, _TZ */
    }
}

bool rz_timestamp_from_date(int32_t days, int64_t *out_micros)
{
    return !rz_mul_overflow((int64_t)days, RZ_CALENDAR_DAY_MICROS, out_micros);
}

int32_t rz_timestamp_to_date(int64_t micros)
{
    return (int32_t)timestamp_floor_div(micros, RZ_CALENDAR_DAY_MICROS);
}

/* ---- text ---- */

static char *timestamp_write_two(uint32_t value, char *out)
{
    out[0] = (char)('0' + value / 10);
    out[1] = (char)('0' + value % 10);
    return out + 2;
}

size_t rz_text_write_timestamp(ruzu_type_id unit, int64_t value, char *out)
{
    int64_t seconds;
    uint32_t micros = 0;
    if (unit == RUZU_TYPE_TIMESTAMP_SEC) {
        seconds = value;
    } else if (unit == RUZU_TYPE_TIMESTAMP_MS) {
        seconds = timestamp_floor_div(value, 1000);
        micros = (uint32_t)(value - seconds * 1000) * 1000;
    } else {
        int64_t all = rz_timestamp_to_micros(unit, value);
        seconds = timestamp_floor_div(all, 1000000);
        micros = (uint32_t)(all - seconds * 1000000);
    }
    int64_t days = timestamp_floor_div(seconds, 86400);
    uint32_t of_day = (uint32_t)(seconds - days * 86400);
    char *at = out + rz_calendar_write_day(days, out);
    *at++ = ' ';
    at = timestamp_write_two(of_day / 3600, at);
    *at++ = ':';
    at = timestamp_write_two(of_day / 60 % 60, at);
    *at++ = ':';
    at = timestamp_write_two(of_day % 60, at);
    if (micros != 0) {
        *at = '.';
        for (int i = 6; i > 0; i--) {
            at[i] = (char)('0' + micros % 10);
            micros /= 10;
        }
        at += 7;
        while (at[-1] == '0') {
            at--;
        }
    }
    if (unit == RUZU_TYPE_TIMESTAMP_TZ) {
        memcpy(at, "+00", 3);
        at += 3;
    }
    return (size_t)(at - out);
}

/* One or two digits below 60. */
static int32_t timestamp_scan_sixty(const char **at, const char *end)
{
    const char *p = *at;
    if (p == end || !rz_text_is_digit(*p)) {
        return -1;
    }
    int32_t value = *p++ - '0';
    if (p < end && rz_text_is_digit(*p)) {
        value = value * 10 + (*p++ - '0');
    }
    *at = p;
    return value < 60 ? value : -1;
}

size_t rz_text_scan_time(const char *text, size_t length, int64_t hours_max, int64_t *out_seconds, int32_t *out_nanos)
{
    const char *at = text;
    const char *end = text + length;
    int64_t hours = 0;
    while (at < end && rz_text_is_digit(*at)) {
        hours = hours * 10 + (*at++ - '0');
        if (hours > hours_max) {
            return 0;
        }
    }
    if (at == text || at == end || *at++ != ':') {
        return 0;
    }
    int32_t minutes = timestamp_scan_sixty(&at, end);
    if (minutes < 0 || at == end || *at++ != ':') {
        return 0;
    }
    int32_t seconds = timestamp_scan_sixty(&at, end);
    if (seconds < 0) {
        return 0;
    }
    int32_t nanos = 0;
    if (at < end && *at == '.') {
        at++;
        int32_t unit = 100000000;
        for (; at < end && rz_text_is_digit(*at); at++) { /* digits after the ninth are dropped */
            nanos += (*at - '0') * unit;
            unit /= 10;
        }
    }
    *out_seconds = hours * 3600 + minutes * 60 + seconds;
    *out_nanos = nanos;
    return (size_t)(at - text);
}

/* [Z] [±hh[[:]mm]] to the end; false when there is something else. */
static bool timestamp_read_zone(const char *at, const char *end, int64_t *out_offset_seconds)
{
    *out_offset_seconds = 0;
    if (at < end && *at == 'Z') {
        at++;
    }
    if (at == end) {
        return true;
    }
    bool negative = *at == '-';
    if (*at != '-' && *at != '+') {
        return false;
    }
    at++;
    if (end - at < 2 || !rz_text_is_digit(at[0]) || !rz_text_is_digit(at[1])) {
        return false;
    }
    int64_t offset = ((at[0] - '0') * 10 + (at[1] - '0')) * 3600;
    at += 2;
    if (at < end && *at == ':') {
        at++;
        if (at == end) {
            return false;
        }
    }
    if (at < end) {
        if (end - at != 2 || at[0] < '0' || at[0] > '5' || !rz_text_is_digit(at[1])) {
            return false;
        }
        offset += ((at[0] - '0') * 10 + (at[1] - '0')) * 60;
    }
    *out_offset_seconds = negative ? -offset : offset;
    return true;
}

/* Seconds and ns since the epoch in the unit. */
static rz_text_time_status timestamp_compose(int64_t seconds, int32_t nanos, ruzu_type_id unit, int64_t *out)
{
    int64_t factor = 1000000;
    int64_t fraction = nanos / 1000;
    if (unit == RUZU_TYPE_TIMESTAMP_SEC) {
        factor = 1;
        fraction = 0;
    } else if (unit == RUZU_TYPE_TIMESTAMP_MS) {
        factor = 1000;
        fraction = nanos / 1000000;
    } else if (unit == RUZU_TYPE_TIMESTAMP_NS) {
        factor = 1000000000;
        fraction = nanos;
    }
    rz_int128 value = (rz_int128)seconds * factor + fraction;
    if (value < INT64_MIN || value > INT64_MAX) {
        return RZ_TEXT_TIME_RANGE;
    }
    *out = (int64_t)value;
    return RZ_TEXT_TIME_OK;
}

rz_text_time_status rz_text_read_timestamp(const char *text, size_t length, ruzu_type_id unit, int64_t *out)
{
    int32_t days;
    size_t used = rz_text_scan_date(text, length, &days);
    if (used == 0) {
        return RZ_TEXT_TIME_INVALID;
    }
    int64_t seconds = 0;
    int32_t nanos = 0;
    int64_t offset = 0;
    if (used < length) {
        if (text[used] == 'T') {
            used++;
        } else {
            while (used < length && rz_text_is_space(text[used])) {
                used++;
            }
        }
        size_t time_used = rz_text_scan_time(text + used, length - used, 23, &seconds, &nanos);
        if (time_used == 0 || !timestamp_read_zone(text + used + time_used, text + length, &offset)) {
            return RZ_TEXT_TIME_INVALID;
        }
    }
    return timestamp_compose((int64_t)days * 86400 + seconds - offset, nanos, unit, out);
}

/* ---- arithmetic ---- */

ruzu_status rz_timestamp_add_interval(int64_t micros, rz_interval interval, int sign, int64_t *out, rz_error *err)
{
    int64_t days = timestamp_floor_div(micros, RZ_CALENDAR_DAY_MICROS);
    int64_t of_day = micros - days * RZ_CALENDAR_DAY_MICROS;
    if (interval.months != 0) {
        rz_calendar_day civil = rz_calendar_from_days(days);
        if (!rz_calendar_add_months(&civil, sign < 0 ? -(int64_t)interval.months : interval.months)) {
            return rz_date_out_of_range(civil.year, civil.month, civil.day, err);
        }
        days = rz_calendar_to_days(civil.year, civil.month, civil.day);
    }
    days += sign < 0 ? -(int64_t)interval.days : interval.days;
    rz_int128 more = sign < 0 ? -(rz_int128)interval.micros : interval.micros;
    rz_int128 value = (rz_int128)days * RZ_CALENDAR_DAY_MICROS + of_day + more;
    if (value < INT64_MIN || value > INT64_MAX) {
        rz_calendar_day civil = rz_calendar_from_days((int64_t)(value / RZ_CALENDAR_DAY_MICROS));
        return rz_date_out_of_range(civil.year, civil.month, civil.day, err);
    }
    *out = (int64_t)value;
    return RUZU_OK;
}
