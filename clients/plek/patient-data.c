#include "patient-data.h"

#include <ctype.h>
#include <stdlib.h>

#include "internal/err.h"

enum {
        N_BSN_DIGITS = 9,
        OLDEST_YEAR = 1900,
};

static bool is_digit(char c)
{
        return isdigit((unsigned char)c);
}

/* Reads digits with single dots between them; returns what follows. What is longer than @n_most is
 * read to its end, and counted one further only. */
static const char *read_digits(const char *text, int *ret_digits, size_t n_most, size_t *ret_n)
{
        size_t n = 0;

        for (; is_digit(*text) || (*text == '.' && n && is_digit(text[1])); text++) {
                if (*text == '.')
                        continue;
                if (n < n_most)
                        ret_digits[n] = *text - '0';
                n = MIN(n + 1, n_most + 1);
        }
        *ret_n = n;
        return text;
}

/* 9 times the first, 8 times the second ... 2 times the eighth, less the last: a multiple of 11. */
static bool passes_eleven_test(const int digits[N_BSN_DIGITS])
{
        int sum = -digits[N_BSN_DIGITS - 1];

        for (int i = 0; i < N_BSN_DIGITS - 1; i++)
                sum += (N_BSN_DIGITS - i) * digits[i];
        return sum > 0 && sum % 11 == 0;
}

bool patient_data_has_bsn(const char *text)
{
        int digits[N_BSN_DIGITS];
        size_t n;

        while (*text) {
                if (!is_digit(*text)) {
                        text++;
                        continue;
                }
                text = read_digits(text, digits, N_BSN_DIGITS, &n);
                if (n == N_BSN_DIGITS && passes_eleven_test(digits))
                        return true;
        }
        return false;
}

/* A number of at most @n_most digits; 0: it is none. */
static int read_number(const char **text, size_t n_most)
{
        int number = 0;
        size_t n = 0;

        for (; is_digit(**text) && n < n_most; (*text)++, n++)
                number = number * 10 + **text - '0';
        return is_digit(**text) ? 0 : number;
}

static bool is_birth_date(const char *text, int year)
{
        int numbers[3];
        char between = '\0';
        bool year_first;

        for (size_t i = 0; i < N_ELEMENTS(numbers); i++) {
                if (i) {
                        if ((*text != '-' && *text != '/' && *text != '.') ||
                            (between && *text != between))
                                return false;
                        between = *text++;
                }
                numbers[i] = read_number(&text, 4);
        }
        year_first = numbers[0] > 31;
        if (year_first) {
                int day = numbers[2];

                numbers[2] = numbers[0];
                numbers[0] = day;
        }
        return numbers[0] >= 1 && numbers[0] <= 31 && numbers[1] >= 1 &&
               numbers[1] <= (year_first ? 12 : 31) && numbers[2] >= OLDEST_YEAR &&
               numbers[2] < year;
}

bool patient_data_has_birth_date(const char *text, int year)
{
        for (char before = '\0'; *text; before = *text++)
                if (is_digit(*text) && !is_digit(before) && is_birth_date(text, year))
                        return true;
        return false;
}
