/* SPDX-License-Identifier: Apache-2.0 */
/* Times, durations and figures with units. Integer arithmetic only where a decimal point is written: printf's depends on the locale. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "text/text.h"

static const int64_t second_ns = 1000000000;
enum { SECONDS_A_DAY = 86400, DAYS_TO_1970 = 719468 };

/* ---- calendar: days since 1970-01-01 in the proleptic Gregorian calendar; the year is taken to begin in March, so that the leap day is last ---- */

int64_t sk_days_of_date(int64_t year, unsigned month, unsigned day)
{
	year -= month <= 2;
	int64_t era = (year >= 0 ? year : year - 399) / 400;
	int64_t year_of_era = year - era * 400;
	int64_t day_of_year = (153 * (int64_t)(month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
	return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - DAYS_TO_1970;
}

void sk_date_of_days(int64_t days, int64_t *year, unsigned *month, unsigned *day)
{
	days += DAYS_TO_1970;
	int64_t era = (days >= 0 ? days : days - 146096) / 146097;
	int64_t day_of_era = days - era * 146097;
	int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int64_t from_march = (5 * day_of_year + 2) / 153;
	*day = (unsigned)(day_of_year - (153 * from_march + 2) / 5 + 1);
	*month = (unsigned)(from_march < 10 ? from_march + 3 : from_march - 9);
	*year = year_of_era + era * 400 + (*month <= 2);
}

static unsigned days_of_month(int64_t year, unsigned month)
{
	static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
	return month == 2 && leap ? 29 : days[month - 1];
}

/* ---- times ---- */

const char *sk_time_format(int64_t unix_ns, unsigned digits, char text[SK_TIME_TEXT_MAX])
{
	SK_INVARIANT(digits == 0 || digits == 3 || digits == 6 || digits == 9);
	int64_t seconds = unix_ns / second_ns, rest_ns = unix_ns % second_ns;
	if (rest_ns < 0) {
		seconds--;
		rest_ns += second_ns;
	}
	int64_t days = seconds / SECONDS_A_DAY, of_day = seconds % SECONDS_A_DAY;
	if (of_day < 0) {
		days--;
		of_day += SECONDS_A_DAY;
	}
	/* int64 nanoseconds reach from 1677 to 2262: the year has always four digits. */
	int64_t year;
	unsigned month, day;
	sk_date_of_days(days, &year, &month, &day);
	int used = snprintf(text, SK_TIME_TEXT_MAX, "%04d-%02u-%02uT%02d:%02d:%02d", (int)year, month, day, (int)(of_day / 3600),
			    (int)(of_day / 60 % 60), (int)(of_day % 60));
	SK_INVARIANT(used == 19);
	if (digits != 0) {
		char fraction[12];
		(void)snprintf(fraction, sizeof fraction, "%09d", (int)rest_ns);
		text[used++] = '.';
		memcpy(text + used, fraction, digits);
		used += (int)digits;
	}
	text[used++] = 'Z';
	text[used] = '\0';
	return text;
}

/* Exactly count digits; false and *at unmoved when they are not there. */
static bool take_digits(const char **at, unsigned count, unsigned *value)
{
	unsigned sum = 0;
	for (unsigned i = 0; i < count; i++) {
		char c = (*at)[i];
		if (c < '0' || c > '9')
			return false;
		sum = sum * 10 + (unsigned)(c - '0');
	}
	*at += count;
	*value = sum;
	return true;
}

static bool take_char(const char **at, char wanted)
{
	if (**at != wanted)
		return false;
	(*at)++;
	return true;
}

/* ".123" as nanoseconds; digits past the ninth are read and dropped. */
static bool take_fraction(const char **at, int64_t *ns)
{
	*ns = 0;
	if (!take_char(at, '.'))
		return true;
	int64_t unit = second_ns / 10;
	const char *first = *at;
	for (; **at >= '0' && **at <= '9'; (*at)++) {
		*ns += (**at - '0') * unit;
		unit /= 10;
	}
	return *at != first;
}

static enum sk_err join_time(int64_t seconds, int64_t ns, int64_t *unix_ns)
{
	int64_t whole;
	if (__builtin_mul_overflow(seconds, second_ns, &whole) || __builtin_add_overflow(whole, ns, unix_ns))
		return SK_ETOOBIG;
	return SK_OK;
}

static enum sk_err parse_seconds(const char *at, int64_t *unix_ns)
{
	int64_t seconds = 0, ns;
	if (*at < '0' || *at > '9')
		return SK_EMALFORMED;
	for (; *at >= '0' && *at <= '9'; at++)
		if (__builtin_mul_overflow(seconds, 10, &seconds) || __builtin_add_overflow(seconds, *at - '0', &seconds))
			return SK_ETOOBIG;
	if (!take_fraction(&at, &ns) || *at != '\0')
		return SK_EMALFORMED;
	return join_time(seconds, ns, unix_ns);
}

/* "Z" or "+HH:MM" as seconds to subtract. */
static bool take_offset(const char **at, int64_t *seconds)
{
	*seconds = 0;
	if (take_char(at, 'Z') || take_char(at, 'z'))
		return true;
	int sign = **at == '+' ? 1 : **at == '-' ? -1 : 0;
	unsigned hours, minutes;
	if (sign == 0)
		return false;
	(*at)++;
	if (!take_digits(at, 2, &hours) || !take_char(at, ':') || !take_digits(at, 2, &minutes) || hours > 23 || minutes > 59)
		return false;
	*seconds = sign * (int64_t)(hours * 3600 + minutes * 60);
	return true;
}

enum sk_err sk_time_parse(const char *text, int64_t *unix_ns)
{
	if (text[0] == '@')
		return parse_seconds(text + 1, unix_ns);
	const char *at = text;
	unsigned year, month, day, hour = 0, minute = 0, second = 0;
	if (!take_digits(&at, 4, &year) || !take_char(&at, '-') || !take_digits(&at, 2, &month) || !take_char(&at, '-') ||
	    !take_digits(&at, 2, &day) || month < 1 || month > 12 || day < 1 || day > days_of_month(year, month))
		return SK_EMALFORMED;
	int64_t seconds = sk_days_of_date(year, month, day) * SECONDS_A_DAY, ns = 0, offset = 0;
	if (*at == '\0')
		return join_time(seconds, 0, unix_ns);
	if (!take_char(&at, 'T') && !take_char(&at, 't') && !take_char(&at, ' '))
		return SK_EMALFORMED;
	/* Second 60 is a leap second (RFC 3339 5.6); like POSIX time it counts as the first second of the next minute. */
	if (!take_digits(&at, 2, &hour) || !take_char(&at, ':') || !take_digits(&at, 2, &minute) || !take_char(&at, ':') ||
	    !take_digits(&at, 2, &second) || hour > 23 || minute > 59 || second > 60 || !take_fraction(&at, &ns) || !take_offset(&at, &offset) ||
	    *at != '\0')
		return SK_EMALFORMED;
	return join_time(seconds + hour * 3600 + minute * 60 + second - offset, ns, unix_ns);
}

enum sk_err sk_duration_parse(const char *text, int64_t *ns)
{
	static const struct {
		const char *name;
		int64_t ns;
	} units[] = {{"ms", 1000000}, {"s", 1000000000}, {"m", 60000000000}, {"h", 3600000000000}, {"d", 86400000000000}};
	int64_t count = 0;
	const char *at = text;
	for (; *at >= '0' && *at <= '9'; at++)
		if (__builtin_mul_overflow(count, 10, &count) || __builtin_add_overflow(count, *at - '0', &count))
			return SK_EMALFORMED;
	if (at == text)
		return SK_EMALFORMED;
	for (size_t i = 0; i < SK_COUNT(units); i++)
		if (strcmp(at, units[i].name) == 0)
			return __builtin_mul_overflow(count, units[i].ns, ns) ? SK_EMALFORMED : SK_OK;
	return SK_EMALFORMED;
}

/* ---- figures with units ---- */

const char *sk_number_format(uint64_t value, char text[SK_UNIT_TEXT_MAX])
{
	char digits[24];
	int count = snprintf(digits, sizeof digits, "%llu", (unsigned long long)value);
	char *to = text;
	for (int i = 0; i < count; i++) {
		if (i != 0 && (count - i) % 3 == 0)
			*to++ = ',';
		*to++ = digits[i];
	}
	*to = '\0';
	return text;
}

const char *sk_bytes_format(uint64_t bytes, char text[SK_UNIT_TEXT_MAX])
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	size_t unit = 0;
	uint64_t size = 1;
	while (unit + 1 < SK_COUNT(units) && bytes / size >= 1024) {
		size <<= 10;
		unit++;
	}
	if (unit == 0) {
		(void)snprintf(text, SK_UNIT_TEXT_MAX, "%llu B", (unsigned long long)bytes);
		return text;
	}
	uint64_t whole = bytes / size, tenths = ((bytes % size) * 10 + size / 2) / size;
	if (tenths == 10) {
		whole++;
		tenths = 0;
	}
	if (whole == 1024 && unit + 1 < SK_COUNT(units)) {
		whole = 1;
		unit++;
	}
	(void)snprintf(text, SK_UNIT_TEXT_MAX, "%llu.%llu %s", (unsigned long long)whole, (unsigned long long)tenths, units[unit]);
	return text;
}

const char *sk_rate_format(double per_second, const char *unit, char text[SK_UNIT_TEXT_MAX])
{
	static const char *const prefixes[] = {"", "k", "M", "G", "T"};
	if (!isfinite(per_second) || per_second < 0 || per_second >= 1e18) {
		(void)snprintf(text, SK_UNIT_TEXT_MAX, "- %s", unit);
		return text;
	}
	size_t prefix = 0;
	/* 999.5 would round to four digits. */
	while (prefix + 1 < SK_COUNT(prefixes) && per_second >= 999.5) {
		per_second /= 1000;
		prefix++;
	}
	unsigned decimals = per_second >= 99.95 || per_second <= 0 ? 0 : per_second >= 9.995 ? 1 : per_second >= 0.9995 ? 2 : 3;
	static const long long scales[] = {1, 10, 100, 1000};
	long long scaled = llround(per_second * (double)scales[decimals]);
	if (decimals == 0)
		(void)snprintf(text, SK_UNIT_TEXT_MAX, "%lld %s%s", scaled, prefixes[prefix], unit);
	else
		(void)snprintf(text, SK_UNIT_TEXT_MAX, "%lld.%0*lld %s%s", scaled / scales[decimals], (int)decimals, scaled % scales[decimals],
			       prefixes[prefix], unit);
	return text;
}

const char *sk_duration_format(int64_t ns, char text[SK_UNIT_TEXT_MAX])
{
	const char *sign = ns < 0 ? "-" : "";
	uint64_t left = ns < 0 ? 0 - (uint64_t)ns : (uint64_t)ns;
	unsigned long long tenths = (left + 50000000) / 100000000, seconds = (left + 500000000) / 1000000000;
	if (left < 1000)
		(void)snprintf(text, SK_UNIT_TEXT_MAX, "%s%llu ns", sign, (unsigned long long)left);
	else if (left < 999500)
		(void)snprintf(text, SK_UNIT_TEXT_MAX, "%s%llu µs", sign, (unsigned long long)(left + 500) / 1000);
	else if (left < 999500000)
		(void)snprintf(text, SK_UNIT_TEXT_MAX, "%s%llu ms", sign, (unsigned long long)(left + 500000) / 1000000);
	else if (tenths < 600)
		(void)snprintf(text, SK_UNIT_TEXT_MAX, "%s%llu.%llu s", sign, tenths / 10, tenths % 10);
	else if (seconds < 3600)
		(void)snprintf(text, SK_UNIT_TEXT_MAX, "%s%llu min %llu s", sign, seconds / 60, seconds % 60);
	else if (seconds < SECONDS_A_DAY)
		(void)snprintf(text, SK_UNIT_TEXT_MAX, "%s%llu h %llu min", sign, seconds / 3600, seconds / 60 % 60);
	else
		(void)snprintf(text, SK_UNIT_TEXT_MAX, "%s%llu d %llu h", sign, seconds / SECONDS_A_DAY, seconds / 3600 % 24);
	return text;
}
