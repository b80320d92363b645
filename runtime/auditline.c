/* A line is written by print() alone, so its form is known: `{"sequence":`, digits, `,"time":"`, 27
 * characters, then texts and one object of texts, and at the end `,"previous":"`, 64 digits, `","hash":"`, 64
 * digits,
 * `"}`. Reading takes nothing else, so no two lines say the same, and what is hashed is what is read: the
 * hash covers everything before `,"hash"`, and a closing brace in place of it. */
#include "auditline.h"

#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#define HEX       (2 * BB_AUDIT_HASH)
#define TIME_TEXT 27 /* "2026-09-07T14:03:00.123456Z" */

static const char sequence_is[] = "{\"sequence\":", time_is[] = ",\"time\":\"",
                  previous_is[] = ",\"previous\":\"", hash_is[] = "\",\"hash\":\"", end_is[] = "\"}";

#define LEN(text) (sizeof(text) - 1)
#define TAIL      (LEN(previous_is) + HEX + LEN(hash_is) + HEX + LEN(end_is))

/* --- writing -------------------------------------------------------------------------------------------- */

struct print {
    char *to;
    size_t len;
    bool full;
};

static void
put(struct print *print, const char *text, size_t len)
{
    print->full |= len > BB_AUDIT_LINE_BYTES - print->len;
    if (print->full)
        return;
    memcpy(print->to + print->len, text, len);
    print->len += len;
}

static void
put_text(struct print *print, const char *text)
{
    put(print, text, strlen(text));
}

/* As jq has it: two characters where JSON knows them, \u00xx for the other controls, all else as it is. */
static void
put_quoted(struct print *print, const char *text)
{
    static const char plain[] = "\b\f\n\r\t\"\\", letter[] = "bfnrt\"\\";

    put(print, "\"", 1);
    for (; *text; text++) {
        const char *short_form = strchr(plain, *text);
        char escape[8];
        int n;

        if (short_form)
            n = snprintf(escape, sizeof escape, "\\%c", letter[short_form - plain]);
        else if ((unsigned char)*text < 0x20 || *text == 0x7f)
            n = snprintf(escape, sizeof escape, "\\u%04x", (unsigned)(unsigned char)*text);
        else
            n = snprintf(escape, sizeof escape, "%c", *text);
        put(print, escape, (size_t)n);
    }
    put(print, "\"", 1);
}

static void
put_member(struct print *print, const char *name, const char *value)
{
    if (!value)
        return;
    put_text(print, print->to[print->len - 1] == '{' ? "" : ",");
    put_quoted(print, name);
    put(print, ":", 1);
    put_quoted(print, value);
}

static void
put_facts(struct print *print, const struct bb_audit_entry *entry)
{
    bool any = false;

    for (size_t i = 0; i < entry->n_facts; i++)
        any |= entry->fact[i].value != NULL;
    if (!any)
        return;
    put_text(print, ",\"facts\":{");
    for (size_t i = 0; i < entry->n_facts; i++)
        put_member(print, entry->fact[i].name, entry->fact[i].value);
    put(print, "}", 1);
}

static void
put_entry(struct print *print, const struct bb_audit_entry *entry)
{
    static const char *const outcomes[] = {[BB_AUDIT_DONE] = "",
                                           [BB_AUDIT_FAILED] = ",\"failed\":true",
                                           [BB_AUDIT_REFUSED] = ",\"refused\":true"};
    char digest[17];

    put_member(print, "organization", entry->organization);
    put_member(print, "member", entry->member);
    put_member(print, "role", entry->role);
    put_member(print, "key", entry->key);
    put_member(print, "action", entry->action);
    put_member(print, "object", entry->object);
    put_facts(print, entry);
    if (entry->has_digest) {
        snprintf(digest, sizeof digest, "%016" PRIx64, entry->digest);
        put_member(print, "digest", digest);
    }
    put_text(print, outcomes[entry->outcome]);
}

/* Of a line that ends behind the digits of `previous`. */
static void
hash_line(const char *line, size_t len, uint8_t ret_hash[static BB_AUDIT_HASH])
{
    crypto_generichash_state state;

    crypto_generichash_init(&state, NULL, 0, BB_AUDIT_HASH);
    crypto_generichash_update(&state, (const uint8_t *)line, len);
    crypto_generichash_update(&state, (const uint8_t *)end_is, LEN(end_is));
    crypto_generichash_final(&state, ret_hash, BB_AUDIT_HASH);
}

static void
put_hash(struct print *print, const uint8_t hash[static BB_AUDIT_HASH])
{
    char hex[HEX + 1];

    sodium_bin2hex(hex, sizeof hex, hash, BB_AUDIT_HASH);
    put_text(print, hex);
}

int
bb_audit_line(const struct bb_audit_link *last, bb_utc now, const struct bb_audit_entry *entry,
              char line[static BB_AUDIT_LINE_BYTES], size_t *ret_len, struct bb_audit_link *ret_link)
{
    struct bb_audit_link link = {.sequence = last->sequence + 1, .time = now > last->time ? now : last->time};
    struct print print = {.to = line};
    char start[LEN(sequence_is) + 20 + LEN(time_is) + BB_UTC_TEXT + 1], time[BB_UTC_TEXT];

    bb_utc_format(link.time, time);
    snprintf(start, sizeof start, "%s%" PRIu64 "%s%s\"", sequence_is, link.sequence, time_is, time);
    put_text(&print, start);
    put_entry(&print, entry);
    put(&print, previous_is, LEN(previous_is));
    put_hash(&print, last->hash);
    if (!print.full)
        hash_line(line, print.len, link.hash);
    put(&print, hash_is, LEN(hash_is));
    put_hash(&print, link.hash);
    put(&print, end_is, LEN(end_is));
    put(&print, "\n", 1);
    if (print.full)
        return -EMSGSIZE;
    *ret_len = print.len;
    *ret_link = link;
    return 0;
}

/* --- reading -------------------------------------------------------------------------------------------- */

static bool
take(struct bb_bytes *from, const char *text, size_t len)
{
    if (from->len < len || memcmp(from->data, text, len) != 0)
        return false;
    *from = bb_bytes(from->data + len, from->len - len);
    return true;
}

/* A whole number as print() writes it. */
static bool
take_number(struct bb_bytes *from, uint64_t *ret_number)
{
    uint64_t number = 0;
    size_t n = 0;

    for (; n < from->len && from->data[n] >= '0' && from->data[n] <= '9'; n++)
        if (__builtin_mul_overflow(number, 10u, &number) ||
            __builtin_add_overflow(number, (uint64_t)(from->data[n] - '0'), &number))
            return false;
    if (n == 0 || from->data[0] == '0')
        return false;
    *from = bb_bytes(from->data + n, from->len - n);
    *ret_number = number;
    return true;
}

static bool
take_time(struct bb_bytes *from, bb_utc *ret_time)
{
    char text[BB_UTC_TEXT] = "", again[BB_UTC_TEXT];

    if (from->len < TIME_TEXT)
        return false;
    memcpy(text, from->data, TIME_TEXT);
    if (bb_utc_parse(text, ret_time) < 0)
        return false;
    bb_utc_format(*ret_time, again);
    return strcmp(text, again) == 0 && take(from, again, TIME_TEXT);
}

static bool
take_hash(struct bb_bytes *from, uint8_t ret_hash[static BB_AUDIT_HASH])
{
    char again[HEX + 1];
    size_t n;

    if (from->len < HEX ||
        sodium_hex2bin(ret_hash, BB_AUDIT_HASH, (const char *)from->data, HEX, NULL, &n, NULL) != 0 ||
        n != BB_AUDIT_HASH)
        return false;
    sodium_bin2hex(again, sizeof again, ret_hash, BB_AUDIT_HASH);
    return take(from, again, HEX); /* lower case */
}

/* Behind the quote that begins a text: up to the one that ends it. */
static bool
take_string(struct bb_bytes *from, struct bb_bytes *ret_inner)
{
    for (size_t i = 0; i < from->len; i++) {
        if (from->data[i] < 0x20)
            return false;
        if (from->data[i] == '"') {
            *ret_inner = bb_bytes(from->data, i);
            *from = bb_bytes(from->data + i + 1, from->len - i - 1);
            return true;
        }
        i += from->data[i] == '\\';
    }
    return false;
}

static bool take_members(struct bb_bytes *from, bool within, const char *name, struct bb_bytes *ret_value);

/* within: of an object within the line, where there is no other one. ret_value: as it stands there. */
static bool
take_value(struct bb_bytes *from, bool within, struct bb_bytes *ret_value)
{
    const uint8_t *begin = from->data;
    struct bb_bytes inner;
    uint64_t number;
    bool taken;

    if (take(from, "\"", 1))
        taken = take_string(from, &inner);
    else if (!within && take(from, "{", 1))
        taken = take_members(from, true, "", &inner);
    else
        taken = take(from, "true", 4) || take_number(from, &number);
    if (!taken)
        return false;
    *ret_value = bb_bytes(begin, (size_t)(from->data - begin));
    return true;
}

/* Behind an opening brace, up to and with the closing one. ret_value: of the first member of this name. */
static bool
take_members(struct bb_bytes *from, bool within, const char *name, struct bb_bytes *ret_value)
{
    struct bb_bytes found = {NULL, 0}, key, value;

    do {
        if (!take(from, "\"", 1) || !take_string(from, &key) || !take(from, ":", 1) ||
            !take_value(from, within, &value))
            return false;
        if (!found.data && bb_bytes_equal(key, bb_bytes_str(name)))
            found = value;
    } while (take(from, ",", 1));
    *ret_value = found;
    return take(from, "}", 1);
}

/* Is it in the form of a line? ret_hashed: how much of it is hashed, less what closes it. */
static bool
read_line(struct bb_bytes line, struct bb_audit_link *ret_link, uint8_t ret_previous[static BB_AUDIT_HASH],
          size_t *ret_hashed)
{
    struct bb_bytes head = line, all = line, tail, none;

    if (line.len < TAIL || line.len >= BB_AUDIT_LINE_BYTES)
        return false;
    tail = bb_bytes(line.data + line.len - TAIL, TAIL);
    *ret_hashed = line.len - LEN(hash_is) - HEX - LEN(end_is);
    return take(&head, sequence_is, LEN(sequence_is)) && take_number(&head, &ret_link->sequence) &&
           take(&head, time_is, LEN(time_is)) && take_time(&head, &ret_link->time) && take(&head, "\",", 2) &&
           take(&tail, previous_is, LEN(previous_is)) && take_hash(&tail, ret_previous) &&
           take(&tail, hash_is, LEN(hash_is)) && take_hash(&tail, ret_link->hash) &&
           take(&tail, end_is, LEN(end_is)) && take(&all, "{", 1) && take_members(&all, false, "", &none) &&
           all.len == 0;
}

const char *
bb_audit_follow(const struct bb_audit_link *last, struct bb_bytes line, struct bb_audit_link *ret_link)
{
    uint8_t previous[BB_AUDIT_HASH], hash[BB_AUDIT_HASH];
    struct bb_audit_link link;
    size_t hashed;

    if (!read_line(line, &link, previous, &hashed))
        return "it is not in the form of an entry";
    hash_line((const char *)line.data, hashed, hash);
    if (memcmp(hash, link.hash, sizeof hash) != 0)
        return "its hash is not that of what stands in it";
    if (link.sequence != last->sequence + 1)
        return "it does not have the number behind the entry before it";
    if (memcmp(previous, last->hash, sizeof previous) != 0)
        return "the hash that it names is not that of the entry before it";
    if (link.time < last->time)
        return "it is older than the entry before it";
    *ret_link = link;
    return NULL;
}

struct bb_bytes
bb_audit_member(struct bb_bytes line, const char *name)
{
    struct bb_bytes value = {NULL, 0};

    if (!take(&line, "{", 1) || !take_members(&line, false, name, &value))
        return bb_bytes(NULL, 0);
    return value;
}

struct bb_bytes
bb_audit_text(struct bb_bytes line, const char *name)
{
    struct bb_bytes value = bb_audit_member(line, name);

    if (value.len < 2 || value.data[0] != '"' || memchr(value.data, '\\', value.len))
        return bb_bytes(NULL, 0);
    return bb_bytes(value.data + 1, value.len - 2);
}

/* --- heads ---------------------------------------------------------------------------------------------- */

void
bb_audit_head_format(const struct bb_audit_link *link, char ret_text[static BB_AUDIT_HEAD_TEXT])
{
    char hex[HEX + 1];

    sodium_bin2hex(hex, sizeof hex, link->hash, BB_AUDIT_HASH);
    snprintf(ret_text, BB_AUDIT_HEAD_TEXT, "%" PRIu64 ":%s", link->sequence, hex);
}

int
bb_audit_head_parse(const char *text, struct bb_audit_link *ret_link)
{
    struct bb_bytes from = bb_bytes_str(text);
    struct bb_audit_link link = {.time = 0};

    if (!take_number(&from, &link.sequence) || !take(&from, ":", 1) || !take_hash(&from, link.hash) ||
        from.len)
        return -EINVAL;
    *ret_link = link;
    return 0;
}
