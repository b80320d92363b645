/* Who was given a value: all records of the indicator are looked at, and those of any indicator. A record of
 * figures holds the value when its range and sequence do; a record of lines also has to be of somebody who
 * was shown that organization's. Codes are gathered in order, each once; records come in order, so most are
 * put at the end. */
#include "given_core.h"

/* Codes, each with a NUL behind it, ascending. */
struct codes {
    struct bb_buffer text;
    size_t last; /* where the last one begins */
};

struct looked {
    struct bb_bytes indicator;
    bool only_figures;
    const struct bb_given_old *old;
    size_t n;
    uint64_t sequence;
    struct codes figures, lines; /* who was given, by which record */
    bool everybody;
};

static bool
holds(const struct bb_given_record *record, const struct bb_given_old *old)
{
    return record->first_day <= old->first_day && old->end_day <= record->end_day &&
           record->sequence >= old->sequence;
}

static bool
has_figures(const struct looked *looked, const struct bb_given_record *record)
{
    for (size_t i = 0; i < looked->n; i++)
        if (holds(record, &looked->old[i]))
            return true;
    return false;
}

/* Of an organization's record of lines: was one of those whose values they were shown to it? 0 | NOT_FOUND |
 * <0 */
static int
has_lines(struct bb_given *given, MDB_txn *txn, const struct looked *looked,
          const struct bb_given_record *record, struct bb_bytes organization)
{
    int r = BB_STORE_E_NOT_FOUND;

    for (size_t i = 0, next; r == BB_STORE_E_NOT_FOUND && i < looked->n; i = next) {
        struct bb_bytes whose = looked->old[i].organization;
        bool held = false;
        for (next = i; next < looked->n && bb_bytes_equal(looked->old[next].organization, whose); next++)
            held = held || holds(record, &looked->old[next]);
        if (held)
            r = bb_bytes_equal(whose, organization) ? 0 : bb_given_was_shown(given, txn, organization, whose);
    }
    return r;
}

/* Put a code where it belongs in the order, once. */
static void
add_code(struct codes *codes, struct bb_bytes code)
{
    struct bb_buffer *text = &codes->text;
    size_t at = 0;
    int order = 1;

    if (text->len > 0 && bb_bytes_compare(code, bb_bytes_str((const char *)text->data + codes->last)) > 0)
        at = text->len;
    while (at < text->len) {
        struct bb_bytes there = bb_bytes_str((const char *)text->data + at);
        order = bb_bytes_compare(code, there);
        if (order <= 0)
            break;
        at += there.len + 1;
    }
    if ((at < text->len && order == 0) || !bb_buffer_extend(text, code.len + 1))
        return;
    memmove(text->data + at + code.len + 1, text->data + at, text->len - code.len - 1 - at);
    memcpy(text->data + at, code.data, code.len);
    text->data[at + code.len] = '\0';
    codes->last = at + code.len + 1 == text->len ? at : codes->last + code.len + 1;
}

/* One record; code: what stands behind the indicator in its key. */
static int
look_at(struct bb_given *given, MDB_txn *txn, struct looked *looked, struct bb_bytes code,
        struct bb_bytes payload)
{
    struct bb_given_record record;
    int r = bb_given_unpack(payload, &record);

    if (r != 0)
        return r;
    if (code.len > 0 && code.data[code.len - 1] == BB_GIVEN_LINES) {
        if (looked->only_figures)
            return 0;
        code.len--;
        r = has_lines(given, txn, looked, &record, code);
        if (r == 0)
            add_code(&looked->lines, code);
    } else if (has_figures(looked, &record)) {
        if (code.len == 0)
            looked->everybody = true;
        else
            add_code(&looked->figures, code);
    }
    return r > 0 ? 0 : r;
}

/* The records of this indicator; empty: of any. */
static int
look(struct bb_given *given, MDB_txn *txn, struct looked *looked, struct bb_bytes indicator)
{
    const struct bb_given_owner owner = {.indicator = indicator};
    uint8_t data[BB_GIVEN_KEY];
    struct bb_bytes prefix = bb_given_key(&owner, data), key, payload;
    MDB_cursor *cursor;
    int r = bb_cursor_open(txn, given->records, &cursor);

    if (r != 0)
        return r;
    r = bb_cursor_seek(cursor, prefix, &key, &payload);
    while (r == 0 && key.len >= prefix.len && memcmp(key.data, prefix.data, prefix.len) == 0) {
        r = look_at(given, txn, looked, bb_bytes(key.data + prefix.len, key.len - prefix.len), payload);
        if (r == 0)
            r = bb_cursor_move(cursor, MDB_NEXT, &key, &payload);
    }
    mdb_cursor_close(cursor);
    return r < 0 ? r : 0;
}

static struct bb_given_record
what_is_told(const struct looked *looked)
{
    struct bb_given_record record = {.first_day = UINT32_MAX, .sequence = looked->sequence};

    for (size_t i = 0; i < looked->n; i++) {
        if (looked->old[i].first_day < record.first_day)
            record.first_day = looked->old[i].first_day;
        if (looked->old[i].end_day > record.end_day)
            record.end_day = looked->old[i].end_day;
    }
    return record;
}

/* What is told, staged: a kind, two texts with their lengths, a record.
 *     FIGURES  indicator, organization   its record of figures, or everybody's
 *     SHOWN    organization, other       lines of the other one
 *     LINES    indicator, organization   its record of lines */
enum told_kind { FIGURES, LINES, SHOWN };

struct told_head {
    uint16_t first, second; /* lengths */
    uint8_t kind;
    struct bb_given_record record;
};

static void
stage(struct bb_buffer *told, enum told_kind kind, struct bb_bytes first, struct bb_bytes second,
      struct bb_given_record record)
{
    const struct told_head head = {.first = (uint16_t)first.len,
                                   .second = (uint16_t)second.len,
                                   .kind = (uint8_t)kind,
                                   .record = record};

    bb_buffer_append(told, &head, sizeof head);
    bb_buffer_append(told, first.data, first.len);
    bb_buffer_append(told, second.data, second.len);
}

/* What it is told may have lines of everybody who corrected something. */
static void
stage_shown(const struct looked *looked, struct bb_bytes organization, struct bb_buffer *told)
{
    for (size_t i = 0; i < looked->n; i++)
        if (i == 0 || !bb_bytes_equal(looked->old[i].organization, looked->old[i - 1].organization))
            stage(told, SHOWN, organization, looked->old[i].organization, (struct bb_given_record){0});
}

static void
stage_codes(const struct looked *looked, const struct codes *codes, enum told_kind kind,
            struct bb_buffer *told)
{
    for (size_t at = 0; at < codes->text.len;) {
        struct bb_bytes code = bb_bytes_str((const char *)codes->text.data + at);
        stage(told, kind, looked->indicator, code, what_is_told(looked));
        if (kind == LINES)
            stage_shown(looked, code, told);
        at += code.len + 1;
    }
}

static void
stage_told(const struct looked *looked, struct bb_buffer *told)
{
    if (looked->everybody)
        stage(told, FIGURES, looked->indicator, bb_bytes(NULL, 0), what_is_told(looked));
    stage_codes(looked, &looked->figures, FIGURES, told);
    stage_codes(looked, &looked->lines, LINES, told);
}

static int
write_told(struct bb_given *given, MDB_txn *txn, const void *what)
{
    const struct bb_buffer *told = what;
    struct told_head head;
    int r = 0;

    for (size_t at = 0; r == 0 && at < told->len; at += sizeof head + head.first + head.second) {
        memcpy(&head, told->data + at, sizeof head);
        const struct bb_bytes first = bb_bytes(told->data + at + sizeof head, head.first),
                              second = bb_bytes(told->data + at + sizeof head + head.first, head.second);
        const struct bb_given_owner owner = {first, second, head.kind == LINES};
        if (head.kind == SHOWN)
            r = bb_given_note_shown(given, txn, first, second);
        else
            r = bb_given_widen(given, txn, &owner, head.record);
    }
    return r;
}

int
bb_given_tell(struct bb_given *given, struct bb_buffer *told)
{
    int r = told->error;

    if (r == 0 && told->len > 0)
        r = bb_given_write(given, write_told, told);
    bb_buffer_reset(told);
    return r;
}

static int
look_up(struct bb_given *given, struct looked *looked)
{
    MDB_txn *txn;
    int r = bb_store_begin(given->store, false, &txn);

    if (r != 0)
        return r;
    r = look(given, txn, looked, looked->indicator);
    if (r == 0)
        r = look(given, txn, looked, bb_bytes(NULL, 0));
    bb_store_abort(given->store, &txn);
    if (r == 0)
        r = looked->figures.text.error ? looked->figures.text.error : looked->lines.text.error;
    return r;
}

/* Both in one order. */
static void
merge_codes(struct looked *looked)
{
    const struct bb_buffer *lines = &looked->lines.text;

    for (size_t at = 0; at < lines->len;) {
        struct bb_bytes code = bb_bytes_str((const char *)lines->data + at);
        add_code(&looked->figures, code);
        at += code.len + 1;
    }
}

int
bb_given_whom(struct bb_given *given, const struct bb_given_corrected *corrected, struct bb_buffer *told,
              struct bb_buffer *codes, bool *ret_everybody)
{
    struct looked looked = {.indicator = corrected->indicator,
                            .only_figures = corrected->figures,
                            .old = corrected->old,
                            .n = corrected->n,
                            .sequence = corrected->sequence};
    int r = bb_given_failed(given);

    bb_buffer_init(&looked.figures.text, SIZE_MAX);
    bb_buffer_init(&looked.lines.text, SIZE_MAX);
    if (r == 0 && corrected->closed > given->begun)
        r = look_up(given, &looked);
    stage_told(&looked, told);
    merge_codes(&looked);
    bb_buffer_reset(codes);
    bb_buffer_append(codes, looked.figures.text.data, looked.figures.text.len);
    *ret_everybody = looked.everybody;
    if (r == 0)
        r = looked.figures.text.error ? looked.figures.text.error : codes->error;
    bb_buffer_release(&looked.figures.text);
    bb_buffer_release(&looked.lines.text);
    return r;
}
