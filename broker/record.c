/* What goes into the audit log, and as whose doing.
 *
 * A change of the registry is recorded, and the record is on disk, before it is made. A command that a worker
 * carries out is recorded as it is handed on, without its content: a digest and a length, by which what the
 * worker keeps of it can be told to be the same; all of a round are on disk before anything of the round goes
 * out. What was refused is recorded so far as it is not too much: a peer can cause no more than
 * REFUSALS entries in REFUSALS_MS, and the next one says how many were left out.
 *
 * Keys stand there as their fingerprints, which is what people compare. */
#include "shell.h"

#include "proto/errors.h"
#include "proto/methods.h"
#include "runtime/chain.h"
#include "runtime/clock.h"
#include "runtime/keyfile.h"
#include "runtime/text.h"

#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#define REFUSALS    30u
#define REFUSALS_MS (10 * 60 * 1000)
#define MOST_FACTS  16u

/* --- the log -------------------------------------------------------------------------------------------- */

static void
on_line(void *self, struct bb_bytes line)
{
    struct bb_broker *broker = self;

    if (bb_known_read(&broker->known, line) < 0)
        broker->known_in_part = true;
}

int
bb_record_open(struct bb_broker *broker)
{
    char file[BB_SETTINGS_PATH], error[512 + BB_SETTINGS_PATH];
    uint64_t cut;
    int r = bb_settings_audit(broker->settings, file, error, sizeof error);

    if (r == 0)
        r = bb_audit_open(file, on_line, broker, &broker->audit, &cut, error, sizeof error);
    if (r < 0) {
        bb_error("%s", error);
        return r;
    }
    bb_reserve_open(&broker->reserve, file);
    bb_record_keep_room(broker);
    if (cut)
        bb_warning("audit: %s: the last line was not finished, and nobody was answered for it: %" PRIu64
                   " bytes were cut off behind entry %" PRIu64,
                   file, cut, bb_audit_head(broker->audit)->sequence);
    return broker->known_in_part ? -ENOMEM : 0;
}

void
bb_record_keep_room(struct bb_broker *broker)
{
    int r = bb_reserve_make(&broker->reserve);

    if (r < 0 && bb_log_allow(&broker->complaints))
        bb_error("audit: no room is kept for the case that the disk is full: %s: %s", broker->reserve.file,
                 strerror(-r));
}

bool
bb_record_make_room(struct bb_broker *broker, uint32_t role)
{
    uint32_t class = bb_role_class(role);

    if ((class != BB__ROLE__ROLE_STAFF && class != BB__ROLE__ROLE_OPERATOR &&
         class != BB__ROLE__ROLE_SERVICE) ||
        !bb_reserve_give_up(&broker->reserve))
        return false;
    bb_error("audit: the disk is full: the room that was kept is used, for staff and operators");
    return true;
}

void
bb_record_close(struct bb_broker *broker)
{
    bb_audit_close(&broker->audit);
    bb_known_release(&broker->known);
}

int
bb_record_flush(struct bb_broker *broker)
{
    int r = bb_audit_flush(broker->audit);

    if (r < 0)
        bb_error("audit: what happened cannot be brought to disk: %s", strerror(-r));
    return r;
}

/* --- entries -------------------------------------------------------------------------------------------- */

void
bb_object(char out[static BB_OBJECT_BYTES], const char *organization, const char *member)
{
    char first[BB_LIMIT_CODE_BYTES + 1], second[BB_LIMIT_CODE_BYTES + 1];

    bb_text_quote(bb_bytes_str(organization), first, sizeof first, BB_LIMIT_CODE_BYTES);
    bb_text_quote(bb_bytes_str(member ? member : ""), second, sizeof second, BB_LIMIT_CODE_BYTES);
    snprintf(out, BB_OBJECT_BYTES, member ? "%s/%s" : "%s", first, second);
}

static const char *
role_word(uint32_t role)
{
    return role == BB__ROLE__ROLE_SERVICE ? "service" : bb_role_word(role);
}

/* The facts, with the fingerprint of a key in its place. Returns how many there are. */
static size_t
fill_facts(const struct bb_record *record, struct bb_fact to[static MOST_FACTS],
           char key[static BB_FINGERPRINT_TEXT])
{
    size_t n = 0;

    for (; n < record->n_facts && n < MOST_FACTS; n++) {
        to[n] = record->fact[n];
        if (to[n].value && strcmp(to[n].name, "key") == 0)
            to[n].value = bb_keytext_fingerprint(to[n].value, key) ? key : "none";
    }
    return n;
}

int
bb_record(struct bb_broker *broker, const struct bb_record *record)
{
    const struct bb_who *who = record->who;
    char whose[BB_FINGERPRINT_TEXT], key[BB_FINGERPRINT_TEXT];
    struct bb_fact facts[MOST_FACTS];
    struct bb_audit_entry entry = {
        .organization = who->organization,
        .member = who->member,
        .role = role_word(who->role),
        .key = bb_keytext_fingerprint(who->key, whose) ? whose : NULL,
        .action = record->action,
        .object = record->object,
        .fact = facts,
        .n_facts = fill_facts(record, facts, key),
        .has_digest = record->has_digest,
        .digest = record->digest,
        .outcome = record->outcome,
    };
    int r = bb_audit_append(broker->audit, bb_clock_utc(), &entry);

    if (r == -ENOSPC && bb_record_make_room(broker, who->role))
        r = bb_audit_append(broker->audit, bb_clock_utc(), &entry);
    if (r == 0 && record->has_digest)
        r = bb_known_set(&broker->known, bb_bytes_str(record->object), record->digest, record->by_hand);
    if (r < 0 && bb_log_allow(&broker->complaints))
        bb_error("audit: %s cannot be recorded: %s", record->action, strerror(-r));
    return r;
}

int
bb_record_now(struct bb_broker *broker, const struct bb_record *record)
{
    int r = bb_record(broker, record);

    return r == 0 ? bb_record_flush(broker) : r;
}

/* --- what workers do ------------------------------------------------------------------------------------ */

int
bb_record_command(struct bb_broker *broker, const struct bb_who *who, uint32_t method, struct bb_bytes body)
{
    uint8_t digest[BB_CHAIN_HASH];
    char hex[2 * BB_CHAIN_HASH + 1], bytes[24];
    const struct bb_fact facts[] = {{"body", hex}, {"bytes", bytes}};
    const struct bb_record record = {
        .who = who,
        .action = bb_method_info(method)->name,
        .object = bb_service_name(bb_method_info(method)->service),
        .fact = facts,
        .n_facts = sizeof facts / sizeof facts[0],
    };

    bb_chain_digest(body, digest);
    sodium_bin2hex(hex, sizeof hex, digest, sizeof digest);
    snprintf(bytes, sizeof bytes, "%zu", body.len);
    return bb_record(broker, &record);
}

/* --- what was refused ----------------------------------------------------------------------------------- */

void
bb_record_refused(struct bb_broker *broker, const struct bb_who *who, const char *action, const char *object)
{
    struct bb_refusals *refusals = &broker->refusals;
    char left_out[24];
    const struct bb_fact fact = {"left_out", refusals->left_out ? left_out : NULL};
    const struct bb_record record = {.who = who,
                                     .action = action,
                                     .object = object,
                                     .fact = &fact,
                                     .n_facts = 1,
                                     .outcome = BB_AUDIT_REFUSED};

    if (refusals->used == 0 || broker->now - refusals->since >= REFUSALS_MS) {
        refusals->since = broker->now;
        refusals->used = 0;
    }
    if (refusals->used == REFUSALS) {
        refusals->left_out++;
        return;
    }
    snprintf(left_out, sizeof left_out, "%" PRIu64, refusals->left_out);
    refusals->used++;
    if (bb_record(broker, &record) == 0)
        refusals->left_out = 0;
}

/* --- what the broker does, and what it finds ------------------------------------------------------------ */

static const struct bb_who itself = {
    .organization = "broker", .member = "broker", .role = BB__ROLE__ROLE_SERVICE};
static const struct bb_who by_hand = {
    .organization = BB_CODE_OPERATOR, .member = "file", .role = BB__ROLE__ROLE_OPERATOR};

static void
on_difference(void *self, const char *code, const char *action, uint64_t digest)
{
    const struct bb_record record = {.who = &by_hand,
                                     .action = action,
                                     .object = code,
                                     .has_digest = true,
                                     .digest = digest,
                                     .by_hand = true};

    bb_record(self, &record);
}

/* An entry of the broker's own, then what the registry says that the log does not know. What cannot be
 * recorded for want of room is found again the next time. */
static void
record_state(struct bb_broker *broker, const char *action, const struct bb_fact *fact, size_t n_facts)
{
    const struct bb_record record = {.who = &itself, .action = action, .fact = fact, .n_facts = n_facts};

    bb_record(broker, &record);
    bb_known_compare(&broker->known, broker->registry, on_difference, broker);
}

int
bb_record_start(struct bb_broker *broker)
{
    const struct bb_fact facts[] = {{"version", BB_VERSION}, {"endpoint", broker->endpoint}};

    record_state(broker, "broker.start", facts, sizeof facts / sizeof facts[0]);
    return bb_record_flush(broker);
}

void
bb_record_reload(struct bb_broker *broker)
{
    char organizations[24];
    const struct bb_fact fact = {"organizations", organizations};

    snprintf(organizations, sizeof organizations, "%zu", bb_registry_count(broker->registry));
    record_state(broker, "registry.read", &fact, 1);
}

void
bb_record_stop(struct bb_broker *broker)
{
    const struct bb_record record = {.who = &itself, .action = "broker.stop"};

    bb_record_now(broker, &record);
}
