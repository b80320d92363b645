/* From left to right: units, at most one sign among them, the number, units. In front of a number a word is
 * the code of a currency (ISO 4217) or stands at a currency sign (US$), for other words say what kind of
 * number it is: "under 5". Behind it one word may stand, but for those that make another number of it. */
#include "bare.h"

#include <strings.h>

#define WORD_BYTES 40u

static const char currencies[] =
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD "
    "CDF CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ "
    "GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR "
    "LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN "
    "PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SLL SOS SRD SSP STN SVC SYP SZL "
    "THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW "
    "ZWL ";

/* Words that are no units: factors, bounds, remarks. */
static const char no_units[] =
    "k bn mn mln mio mrd md tn tsd hundred hundreds thousand thousands million millions milliard milliards "
    "billion billions trillion trillions dozen dozens lakh lakhs crore crores cr tausend millionen "
    "milliarden "
    "mil mille milliers miles mill millones mila milioni less more over under plus minus neg negative "
    "pos approx about circa ca est estimate estimated provisional min max or and to bis below above up st nd "
    "rd th dr ";

/* --- characters -------------------------------------------------------------------------------------------
 */

struct cursor {
    struct bb_bytes rest;
};

static bool
is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static bool
is_capital(uint8_t c)
{
    return c >= 'A' && c <= 'Z';
}

static void
skip(struct cursor *c, size_t n)
{
    c->rest = bb_bytes(c->rest.data + n, c->rest.len - n);
}

/* The text is valid UTF-8. Returns the bytes of its first character; 0: it is at its end. */
static size_t
character(struct bb_bytes text, uint32_t *ret_code)
{
    if (text.len == 0)
        return 0;
    uint8_t c = text.data[0];
    size_t n = c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;

    if (n > text.len)
        n = 1;
    *ret_code = n == 1 ? c : n == 2 ? c & 0x1Fu : n == 3 ? c & 0x0Fu : c & 0x07u;
    for (size_t i = 1; i < n; i++)
        *ret_code = *ret_code << 6 | (text.data[i] & 0x3Fu);
    return n;
}

static bool
is_blank(uint32_t code)
{
    return code == ' ' || code == '\t' || code == 0xA0 || code == 0x2007 || code == 0x2009 || code == 0x202F;
}

static bool
is_letter(uint32_t code)
{
    return (code >= 'A' && code <= 'Z') || (code >= 'a' && code <= 'z') ||
           (code >= 0xC0 && code <= 0x24F && code != 0xD7 && code != 0xF7);
}

static bool
is_currency_sign(uint32_t code)
{
    return code == '$' || (code >= 0xA2 && code <= 0xA5) || (code >= 0x20A0 && code <= 0x20C0);
}

/* Percent, per mille, degree. */
static bool
is_unit_sign(uint32_t code)
{
    return code == '%' || code == 0x2030 || code == 0xB0 || is_currency_sign(code);
}

static bool
skip_blanks(struct cursor *c)
{
    uint32_t code;
    size_t n, start = c->rest.len;

    while ((n = character(c->rest, &code)) && is_blank(code))
        skip(c, n);
    return c->rest.len < start;
}

static bool
skip_unit_sign(struct cursor *c, uint32_t *ret_code)
{
    uint32_t code;
    size_t n = character(c->rest, &code);

    if (!n || !is_unit_sign(code))
        return false;
    *ret_code = code;
    skip(c, n);
    return true;
}

/* --- words ------------------------------------------------------------------------------------------------
 */

static struct bb_bytes
word_at(struct bb_bytes text)
{
    size_t len = 0, n;
    uint32_t code;

    while ((n = character(bb_bytes(text.data + len, text.len - len), &code)) && is_letter(code))
        len += n;
    return bb_bytes(text.data, len);
}

/* Is it in the list, each word of which ends with a blank? */
static bool
is_among(struct bb_bytes word, const char *list)
{
    for (const char *end; (end = strchr(list, ' ')); list = end + 1)
        if (word.len == (size_t)(end - list) && strncasecmp((const char *)word.data, list, word.len) == 0)
            return true;
    return false;
}

/* "EUR", or "US" of "US$". */
static bool
skip_currency(struct cursor *c)
{
    struct bb_bytes word = word_at(c->rest);
    uint32_t code = 0;

    for (size_t i = 0; i < word.len; i++)
        if (!is_capital(word.data[i]))
            return false;
    if (word.len == 0 || word.len > 3)
        return false;
    character(bb_bytes(c->rest.data + word.len, c->rest.len - word.len), &code);
    if (!is_currency_sign(code) && !is_among(word, currencies))
        return false;
    skip(c, word.len);
    return true;
}

/* One letter alone is a remark more often than a unit: "5 e" is an estimate. */
static bool
is_unit_word(struct bb_bytes word, bool apart, uint32_t sign)
{
    if (word.len == 1 && sign == 0xB0)
        return memchr("CFK", word.data[0], 3) != NULL;
    if (word.len == 1)
        return memchr("ghl", word.data[0], 3) != NULL || (apart && memchr("mt", word.data[0], 2) != NULL);
    if (word.len == 2 && memcmp(word.data, "MM", 2) == 0)
        return false;
    return word.len <= WORD_BYTES && !is_among(word, no_units);
}

/* --- the text ---------------------------------------------------------------------------------------------
 */

/* At a sign: '-' or '+', and step behind it and the blanks there. U+2212 is a minus. */
static char
skip_sign(struct cursor *c)
{
    uint32_t code;
    size_t n = character(c->rest, &code);

    if (!n || (code != '-' && code != '+' && code != 0x2212))
        return 0;
    skip(c, n);
    skip_blanks(c);
    return code == '+' ? '+' : '-';
}

/* What stands in front. ret_sign: 0 where there is none. */
static void
skip_front(struct cursor *c, char *ret_sign)
{
    uint32_t code;

    *ret_sign = 0;
    do {
        skip_blanks(c);
        if (!*ret_sign)
            *ret_sign = skip_sign(c);
    } while (skip_unit_sign(c, &code) || skip_currency(c));
}

static size_t
number_length(struct bb_bytes text, const char *group)
{
    size_t at = 0, gap = strlen(group), step;

    while (at < text.len) {
        if (is_digit(text.data[at])) {
            at++;
            continue;
        }
        step = gap && text.len - at > gap && memcmp(text.data + at, group, gap) == 0 ? gap
               : memchr(".,", text.data[at], 2)                                      ? 1
                                                                                     : 0;
        if (!step || at + step >= text.len || !is_digit(text.data[at + step]))
            break;
        at += step;
    }
    return at;
}

/* False: there is more behind it than units. */
static bool
skip_behind(struct cursor *c)
{
    uint32_t sign = 0;
    bool words = false;

    while (c->rest.len) {
        bool apart = skip_blanks(c);
        if (skip_unit_sign(c, &sign))
            continue;
        struct bb_bytes word = word_at(c->rest);
        if (word.len == 0)
            return c->rest.len == 0;
        if (words || !is_unit_word(word, apart, sign))
            return false;
        words = true;
        skip(c, word.len);
    }
    return true;
}

size_t
bb_bare_number(struct bb_bytes text, const char *group, char *to, size_t size)
{
    struct cursor c = {text};
    size_t len = 0, n;
    char sign;

    skip_front(&c, &sign);
    n = number_length(c.rest, group);
    if (n == 0 || n + 1 >= size)
        return 0;
    if (sign)
        to[len++] = sign;
    memcpy(to + len, c.rest.data, n);
    skip(&c, n);
    return skip_behind(&c) ? len + n : 0;
}
