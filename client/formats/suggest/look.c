#include "look.h"

#include "runtime/decimal.h"
#include "runtime/period.h"

#include <stdlib.h>
#include <strings.h>

#define YEAR_FIRST   1850u /* of our time */
#define YEAR_LAST    2150u
#define NUMBER_BYTES 64u

/* --- words ------------------------------------------------------------------------------------------------
 */

static bool
is_word(struct bb_bytes text, const char *word)
{
    size_t len = strlen(word);

    return text.len == len && strncasecmp((const char *)text.data, word, len) == 0;
}

/* "<5", "< 10", "<5%", ">= 95.0 %": too few to be told, or too many. */
static bool
is_bound(struct bb_bytes word)
{
    size_t at = 0, digits = 0;

    if (word.len < 2 || word.len > 10)
        return false;
    if (word.data[0] == '<' || word.data[0] == '>')
        at = word.data[1] == '=' ? 2 : 1;
    else if (word.len > 3 &&
             (memcmp(word.data, "\xE2\x89\xA4", 3) == 0 || memcmp(word.data, "\xE2\x89\xA5", 3) == 0))
        at = 3;
    else
        return false;
    for (; at < word.len; at++) {
        if (!memchr(" .,%0123456789", word.data[at], 14))
            return false;
        digits += word.data[at] >= '0' && word.data[at] <= '9';
    }
    return digits > 0;
}

const char *
bb_look_missing(struct bb_bytes word)
{
    static const struct {
        const char *word, *label;
    } words[] = {
        {"*", "suppressed"},
        {"**", "suppressed"},
        {"suppressed", "suppressed"},
        {"redacted", "suppressed"},
        {"confidential", "suppressed"},
        {"N/A", "not_applicable"},
        {"not applicable", "not_applicable"},
        {"NA", "missing"},
        {".", "missing"},
        {"..", "missing"},
        {"...", "missing"},
        {"-", "missing"},
        {"--", "missing"},
        {"\xE2\x80\x93", "missing"}, /* en dash */
        {"\xE2\x80\x94", "missing"}, /* em dash */
        {"?", "missing"},
        {":", "missing"},
        {"null", "missing"},
        {"none", "missing"},
        {"nan", "missing"},
        {"#N/A", "missing"},
        {"no data", "missing"},
        {"missing", "missing"},
        {"not available", "missing"},
    };

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (is_word(word, words[i].word))
            return words[i].label;
    return is_bound(word) ? "suppressed" : NULL;
}

static bool
is_boolean(struct bb_bytes text)
{
    static const char *const words[] = {"true", "false", "yes", "no"};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (is_word(text, words[i]))
            return true;
    return false;
}

/* --- numbers ----------------------------------------------------------------------------------------------
 */

static bool
is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

/* Drop the percent or currency sign that stands around a number. */
static bool
without_unit(struct bb_bytes *text)
{
    static const char *const before[] = {"$", "\xE2\x82\xAC", "\xC2\xA3", "US$"};
    static const char *const behind[] = {"%", "\xE2\x82\xAC", "\xE2\x80\xB0"};
    size_t len = text->len;

    for (size_t i = 0; i < sizeof before / sizeof before[0]; i++) {
        size_t n = strlen(before[i]);
        if (text->len > n && memcmp(text->data, before[i], n) == 0)
            *text = bb_bytes(text->data + n, text->len - n);
    }
    for (size_t i = 0; i < sizeof behind / sizeof behind[0]; i++) {
        size_t n = strlen(behind[i]);
        if (text->len > n && memcmp(text->data + text->len - n, behind[i], n) == 0)
            text->len -= n;
    }
    bool any = text->len < len;
    while (any && text->len && text->data[0] == ' ')
        *text = bb_bytes(text->data + 1, text->len - 1);
    while (any && text->len && text->data[text->len - 1] == ' ')
        text->len--;
    return any;
}

/* Separators in front of groups of three digits, in the part before the decimal mark. Returns how many.
 * Nobody writes a thousand with a zero in front: 0,250 has a fraction. */
static size_t
groups(struct bb_bytes text, char separator, char decimal)
{
    size_t found = 0, digits = 0, i = text.len && text.data[0] == '-';

    if (i < text.len && text.data[i] == '0')
        return 0;
    for (; i < text.len && text.data[i] != (uint8_t)decimal; i++) {
        if (is_digit(text.data[i])) {
            digits++;
            continue;
        }
        if (text.data[i] != (uint8_t)separator || digits == 0 || digits > 3 || (found && digits != 3))
            return 0;
        found++;
        digits = 0;
    }
    return digits == 3 ? found : 0;
}

/* One comma, and digits around it. */
static bool
has_decimal_comma(struct bb_bytes text)
{
    const uint8_t *comma = memchr(text.data, ',', text.len);

    return comma && comma != text.data && comma + 1 < text.data + text.len &&
           !memchr(comma + 1, ',', (size_t)(text.data + text.len - comma - 1)) &&
           !memchr(text.data, '.', text.len);
}

/* How it is written, by its separators. */
static unsigned
separators(struct bb_bytes text)
{
    size_t points = groups(text, '.', ',');

    if (groups(text, ',', '.'))
        return BB_LOOK_GROUPED;
    if (points > 1 || (points && memchr(text.data, ',', text.len)))
        return BB_LOOK_POINTED;
    if (has_decimal_comma(text))
        return BB_LOOK_COMMA;
    return points ? BB_LOOK_THREE : 0;
}

static bool
read_number(struct bb_bytes text, struct bb_look_cell *cell)
{
    char plain[NUMBER_BYTES];
    struct bb_decimal decimal;
    size_t len = 0;
    unsigned marks = without_unit(&text) ? BB_LOOK_UNIT : 0;

    if (text.len == 0 || text.len >= sizeof plain)
        return false;
    marks |= separators(text);
    const char drop = marks & BB_LOOK_GROUPED   ? ','
                      : marks & BB_LOOK_POINTED ? '.'
                                                : '\0',
               comma = marks & (BB_LOOK_COMMA | BB_LOOK_POINTED) ? '.' : ',';
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] != (uint8_t)drop)
            plain[len++] = text.data[i] == ',' ? comma : (char)text.data[i];
    plain[len] = '\0';
    if (bb_decimal_parse(bb_bytes(plain, len), &decimal) != 0)
        return false;
    if (!memchr(plain, '.', len))
        marks |= BB_LOOK_WHOLE;
    if (len > 1 && plain[0] == '0' && is_digit((uint8_t)plain[1]))
        marks |= BB_LOOK_ZERO;
    cell->kind = BB_LOOK_NUMBER;
    cell->marks |= marks;
    cell->number = strtod(plain, NULL);
    return true;
}

/* --- cells ------------------------------------------------------------------------------------------------
 */

static bool
is_of_our_time(struct bb_period period)
{
    char text[BB_PERIOD_TEXT];
    unsigned year;

    bb_period_format(period, text);
    year = (unsigned)strtoul(text, NULL, 10);
    return year >= YEAR_FIRST && year <= YEAR_LAST;
}

struct bb_look_cell
bb_look_at(struct bb_bytes text)
{
    struct bb_look_cell cell = {.kind = BB_LOOK_TEXT};
    struct bb_period period;

    if (text.len == 0)
        cell.kind = BB_LOOK_EMPTY;
    else if (bb_look_missing(text))
        cell.kind = BB_LOOK_MISSING;
    else if (is_boolean(text))
        cell.kind = BB_LOOK_BOOLEAN;
    else
        read_number(text, &cell);
    if (cell.kind != BB_LOOK_TEXT && cell.kind != BB_LOOK_NUMBER)
        return cell;
    if (bb_period_parse(text, 0, &period) == 0 && is_of_our_time(period))
        cell.marks |= text.len == 4 ? BB_LOOK_PERIOD | BB_LOOK_YEAR : BB_LOOK_PERIOD;
    if (text.len > 3 && text.data[0] == '=' && text.data[1] == '"' && text.data[text.len - 1] == '"')
        cell.marks |= BB_LOOK_PROTECTED;
    for (size_t i = 0; i + 1 < text.len; i++)
        if (text.data[i] == ' ' && text.data[i + 1] == ' ')
            cell.marks |= BB_LOOK_BLANKS;
    return cell;
}

/* --- columns ----------------------------------------------------------------------------------------------
 */

/* FNV-1a (Fowler, Noll, Vo); never 0. */
static uint64_t
hash_of(struct bb_bytes text)
{
    uint64_t h = 14695981039346656037u;

    for (size_t i = 0; i < text.len; i++)
        h = (h ^ text.data[i]) * 1099511628211u;
    return h | 1;
}

static void
count_distinct(struct bb_look *look, struct bb_bytes cell)
{
    uint64_t h = hash_of(cell);

    for (uint32_t i = 0; i < look->distinct; i++)
        if (look->seen[i] == h)
            return;
    if (look->distinct < BB_LOOK_DISTINCT)
        look->seen[look->distinct++] = h;
}

static void
note_word(struct bb_look *look, struct bb_bytes word)
{
    for (uint32_t i = 0; i < look->words; i++)
        if (bb_bytes_equal(look->word[i], word))
            return;
    if (look->words < BB_LOOK_WORDS)
        look->word[look->words++] = word;
}

/* -9, -99, ..., and of other digits: what systems write for "none" where numbers are expected. */
static void
note_sentinel(struct bb_look *look, struct bb_bytes text)
{
    if (text.len < 3 || text.len > 6 || text.data[0] != '-')
        return;
    for (size_t i = 2; i < text.len; i++)
        if (text.data[i] != text.data[1])
            return;
    look->sentinels++;
    for (size_t i = 0; i < 4; i++) {
        if (!look->sentinel[i].data)
            look->sentinel[i] = text;
        if (bb_bytes_equal(look->sentinel[i], text))
            return;
    }
}

static void
add_number(struct bb_look *look, const struct bb_look_cell *cell, struct bb_bytes text)
{
    look->numbers++;
    look->grouped += (cell->marks & BB_LOOK_GROUPED) != 0;
    look->fractions += (cell->marks & BB_LOOK_GROUPED) && memchr(text.data, '.', text.len);
    look->comma += (cell->marks & BB_LOOK_COMMA) != 0;
    look->pointed += (cell->marks & BB_LOOK_POINTED) != 0;
    look->three += (cell->marks & BB_LOOK_THREE) != 0;
    look->points += !(cell->marks & (BB_LOOK_POINTED | BB_LOOK_GROUPED)) && memchr(text.data, '.', text.len);
    look->unit += (cell->marks & BB_LOOK_UNIT) != 0;
    look->whole += (cell->marks & BB_LOOK_WHOLE) != 0;
    look->zeros += (cell->marks & BB_LOOK_ZERO) != 0;
    if (cell->number < 0) {
        look->negative++;
        note_sentinel(look, text);
        return;
    }
    if (look->numbers == look->negative + 1 || cell->number < look->least)
        look->least = cell->number;
    if (look->numbers == look->negative + 1 || cell->number > look->most)
        look->most = cell->number;
}

void
bb_look_add(struct bb_look *look, struct bb_bytes text)
{
    struct bb_look_cell cell = bb_look_at(text);

    look->rows++;
    look->empty += cell.kind == BB_LOOK_EMPTY;
    look->missing += cell.kind == BB_LOOK_MISSING;
    look->booleans += cell.kind == BB_LOOK_BOOLEAN;
    look->texts += cell.kind == BB_LOOK_TEXT;
    look->periods += (cell.marks & BB_LOOK_PERIOD) != 0;
    look->years += (cell.marks & BB_LOOK_YEAR) != 0;
    look->is_protected += (cell.marks & BB_LOOK_PROTECTED) != 0;
    look->blanks += (cell.marks & BB_LOOK_BLANKS) != 0;
    if (cell.kind == BB_LOOK_NUMBER)
        add_number(look, &cell, text);
    if (cell.kind == BB_LOOK_MISSING)
        note_word(look, text);
    else if (cell.kind != BB_LOOK_EMPTY)
        count_distinct(look, text);
}

void
bb_look_end(struct bb_look *look)
{
    if (look->sentinels == 0 || look->sentinels != look->negative || look->sentinels == look->numbers) {
        look->sentinels = 0;
        return;
    }
    for (size_t i = 0; i < 4 && look->sentinel[i].data; i++)
        note_word(look, look->sentinel[i]);
}

static uint32_t
filled(const struct bb_look *look)
{
    return look->rows - look->empty;
}

bool
bb_look_is_number(const struct bb_look *look)
{
    return look->numbers > 0 && look->texts == 0 && look->booleans == 0;
}

bool
bb_look_is_period(const struct bb_look *look)
{
    return look->periods > 0 && look->periods == filled(look);
}

bool
bb_look_is_boolean(const struct bb_look *look)
{
    return look->booleans > 0 && look->booleans + look->missing == filled(look);
}

bool
bb_look_has_commas(const struct bb_look *look)
{
    return bb_look_is_number(look) && (look->comma || look->pointed);
}

bool
bb_look_has_points(const struct bb_look *look)
{
    return bb_look_is_number(look) && (look->fractions || look->points > look->three);
}

bool
bb_look_agree(struct bb_look *look)
{
    if (!bb_look_is_number(look) || look->comma || look->pointed || (!look->grouped && !look->three))
        return false;
    look->commas = true;
    return true;
}

/* "25,713" may have a fraction of three digits: it has one where others have one of two. */
char
bb_look_decimal(const struct bb_look *look)
{
    return look->comma || look->pointed || look->commas ? ',' : '\0';
}

char
bb_look_group(const struct bb_look *look)
{
    if (bb_look_decimal(look))
        return look->pointed || (look->three && look->three == look->points) ? '.' : '\0';
    return look->grouped ? ',' : '\0';
}
