/* Short texts that a peer writes: periods and ranges of them, dates, times, UUIDs, codes and names. What is
 * read has a canonical text that is read as the same thing; what is quoted is text and fits. */
#include "fuzz.h"

#include "proto/utf8.h"
#include "runtime/clock.h"
#include "runtime/period.h"
#include "runtime/text.h"
#include "runtime/uuid.h"

#include <errno.h>

static void
period(struct bb_bytes in, enum bb_period_type hint)
{
    char text[BB_PERIOD_TEXT];
    uint8_t key[BB_PERIOD_KEY];
    struct bb_period p, again;
    size_t n;
    int r = bb_period_parse(in, hint, &p);

    require(r >= 0 && r <= BB_PERIOD_E_UNSUPPORTED);
    if (r)
        return;
    n = bb_period_format(p, text);
    require(n > 0 && n < BB_PERIOD_TEXT);
    require(bb_period_parse(bb_bytes(text, n), 0, &again) == 0);
    require(again.day == p.day && again.type == p.type && again.years == p.years);
    n = bb_period_pack(p, key);
    require(bb_period_unpack(bb_bytes(key, n), &again) == n);
    require(bb_period_end(p) > p.day && bb_period_end(p) <= BB_PERIOD_NO_END);
}

static void
range(struct bb_bytes in)
{
    uint32_t first, end;
    int r = bb_period_range(in, 0, &first, &end);

    require(r >= 0 && r <= BB_PERIOD_E_UNSUPPORTED);
    require(r || first < end);
}

static void
time_and_date(struct bb_bytes in)
{
    char text[BB_UTC_TEXT], *copy = malloc(in.len + 1);
    bb_utc t, again;
    uint32_t day;

    require(copy != NULL);
    if (in.len > 0)
        memcpy(copy, in.data, in.len);
    copy[in.len] = '\0';
    if (bb_utc_parse(copy, &t) == 0) {
        require(bb_utc_format(t, text) < BB_UTC_TEXT);
        if (*text != '-' && strlen(text) == 27) /* a zone may lead out of the years 1 to 9999 */
            require(strncmp(text, "0000", 4) == 0 || (bb_utc_parse(text, &again) == 0 && again == t));
    }
    if (bb_date_parse(in, &day) == 0)
        require(in.len == 10 && bb_period_parse(in, 0, &(struct bb_period){0}) == 0);
    free(copy);
}

static void
names(struct bb_bytes in)
{
    uint8_t uuid[BB_UUID_BYTES];
    char text[BB_UUID_TEXT], quoted[80];

    if (bb_uuid_parse(in, uuid) == 0) {
        bb_uuid_format(uuid, text);
        require(strncasecmp(text, (const char *)in.data, BB_UUID_TEXT - 1) == 0);
    }
    require(!bb_text_is_code(in) || bb_text_is_name(in));
    require(!bb_text_is_name(in) || bb_utf8_is_text(in));
    for (size_t size = 4; size <= sizeof quoted; size += 19) {
        bb_text_quote(in, quoted, size, size / 2);
        require(strlen(quoted) < size && strlen(quoted) <= size / 2 + 3);
        require(bb_utf8_is_text(bb_bytes_str(quoted)) && strpbrk(quoted, "\n\r\t\x1B") == NULL);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bb_bytes in = bb_bytes(data, size);

    period(in, 0);
    period(in, BB_PERIOD_FISCAL_JULY);
    range(in);
    time_and_date(in);
    names(in);
    return 0;
}
