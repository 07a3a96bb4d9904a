/* SPDX-License-Identifier: MIT */
/*
 * The proleptic Gregorian calendar, dates as text, dates plus intervals.
 *
 * Years count astronomically inside (0 is 1 BC). Dates that are read or made lie within the years that a TIMESTAMP in
 * µs can express; any 32-bit day number can be shown.
 */
#include "types/calendar.h"

static const uint8_t calendar_month_days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

static bool calendar_is_leap(int64_t year)
{
    return (year & 3) == 0 && (year % 100 != 0 || year % 400 == 0);
}

uint32_t rz_calendar_month_length(int64_t year, uint32_t month)
{
    return calendar_month_days[month - 1] + (month == 2 && calendar_is_leap(year) ? 1u : 0u);
}

/* Years begin in March here, so that the leap day is the last day of its year; 400 years are 146097 days. */
int64_t rz_calendar_to_days(int64_t year, uint32_t month, uint32_t day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t year_of_era = y - era * 400;
    int64_t month_from_march = month > 2 ? (int64_t)month - 3 : (int64_t)month + 9;
    int64_t day_of_year = (153 * month_from_march + 2) / 5 + (int64_t)day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468; /* 0000-03-01 to 1970-01-01 */
}

rz_calendar_day rz_calendar_from_days(int64_t days)
{
    int64_t shifted = days + 719468;
    int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    int64_t day_of_era = shifted - era * 146097;
    int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month_from_march = (5 * day_of_year + 2) / 153;
    rz_calendar_day civil;
    civil.day = (uint32_t)(day_of_year - (153 * month_from_march + 2) / 5 + 1);
    civil.month = (uint32_t)(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);
    civil.year = year_of_era + era * 400 + (civil.month <= 2);
    return civil;
}

bool rz_date_from_civil(int64_t year, int64_t month, int64_t day, int32_t *out_days)
{
    if (year < RZ_CALENDAR_YEAR_MIN || year > RZ_CALENDAR_YEAR_MAX || month < 1 || month > 12 || day < 1 ||
        day > rz_calendar_month_length(year, (uint32_t)month)) {
        return false;
    }
    *out_days = (int32_t)rz_calendar_to_days(year, (uint32_t)month, (uint32_t)day);
    return true;
}

void rz_date_to_civil(int32_t days, int32_t *out_year, int32_t *out_month, int32_t *out_day)
{
    rz_calendar_day civil = rz_calendar_from_days(days);
    *out_year = (int32_t)civil.year;
    *out_month = (int32_t)civil.month;
    *out_day = (int32_t)civil.day;
}

ruzu_status rz_date_out_of_range(int64_t year, int64_t month, int64_t day, rz_error *err)
{
    return rz_error_set(err, RUZU_ERROR_CONVERSION, "Date out of range: %lld-%lld-%lld.", (long long)year,
                        (long long)month, (long long)day);
}

/* ---- text ---- */

static char *calendar_write_two(uint32_t value, char *out)
{
    out[0] = (char)('0' + value / 10);
    out[1] = (char)('0' + value % 10);
    return out + 2;
}

size_t rz_calendar_write_day(int64_t days, char *out)
{
    rz_calendar_day civil = rz_calendar_from_days(days);
    bool before_christ = civil.year <= 0;
    uint64_t year = (uint64_t)(before_christ ? 1 - civil.year : civil.year);
    char *at = out;
    for (uint64_t limit = 1000; limit > 1 && year < limit; limit /= 10) {
        *at++ = '0';
    }
    at += rz_text_write_u64(year, at);
    *at++ = '-';
    at = calendar_write_two(civil.month, at);
    *at++ = '-';
    at = calendar_write_two(civil.day, at);
    if (before_christ) {
        memcpy(at, " (BC)", 5);
        at += 5;
    }
    return (size_t)(at - out);
}

size_t rz_text_write_date(int32_t days, char *out)
{
    return rz_calendar_write_day(days, out);
}

/* One or two digits at *at; -1 when there is none. */
static int32_t calendar_scan_two(const char **at, const char *end)
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
    return value;
}

size_t rz_text_scan_date(const char *text, size_t length, int32_t *out_days)
{
    const char *at = text;
    const char *end = text + length;
    int64_t year = 0;
    while (at < end && rz_text_is_digit(*at)) {
        year = year * 10 + (*at++ - '0');
        if (year > RZ_CALENDAR_YEAR_MAX) {
            return 0;
        }
    }
    if (at == text || at == end) {
        return 0;
    }
    char separator = *at++;
    if (separator != '-' && separator != '/' && separator != ' ' && separator != '\\') {
        return 0;
    }
    int32_t month = calendar_scan_two(&at, end);
    if (month < 0 || at == end || *at++ != separator) {
        return 0;
    }
    int32_t day = calendar_scan_two(&at, end);
    if (day < 0) {
        return 0;
    }
    if (end - at >= 5 && memcmp(at, " (BC)", 5) == 0) {
        at += 5;
        year = 1 - year;
    }
    return rz_date_from_civil(year, month, day, out_days) ? (size_t)(at - text) : 0;
}

bool rz_text_read_date(const char *text, size_t length, int32_t *out_days)
{
    size_t used = rz_text_scan_date(text, length, out_days);
    return used != 0 && used == length;
}

/* ---- arithmetic ---- */

bool rz_calendar_add_months(rz_calendar_day *civil, int64_t months)
{
    int64_t index = civil->year * 12 + (int64_t)civil->month - 1 + months; /* both far from the limits of 64 bits */
    civil->year = (index >= 0 ? index : index - 11) / 12;
    civil->month = (uint32_t)(index - civil->year * 12 + 1);
    uint32_t month_length = rz_calendar_month_length(civil->year, civil->month);
    civil->day = civil->day < month_length ? civil->day : month_length;
    return civil->year >= RZ_CALENDAR_YEAR_MIN && civil->year <= RZ_CALENDAR_YEAR_MAX;
}

ruzu_status rz_date_add_interval(int32_t date, rz_interval interval, int sign, int32_t *out, rz_error *err)
{
    int64_t days = date;
    if (interval.months != 0) {
        rz_calendar_day civil = rz_calendar_from_days(days);
        if (!rz_calendar_add_months(&civil, sign < 0 ? -(int64_t)interval.months : interval.months)) {
            return rz_date_out_of_range(civil.year, civil.month, civil.day, err);
        }
        days = rz_calendar_to_days(civil.year, civil.month, civil.day);
    }
    int64_t more =
        (int64_t)interval.days + interval.micros / RZ_CALENDAR_DAY_MICROS; /* a part of a day counts for nothing */
    days += sign < 0 ? -more : more;
    if (days < INT32_MIN || days > INT32_MAX) {
        rz_calendar_day civil = rz_calendar_from_days(days);
        return rz_date_out_of_range(civil.year, civil.month, civil.day, err);
    }
    *out = (int32_t)days;
    return RUZU_OK;
}
