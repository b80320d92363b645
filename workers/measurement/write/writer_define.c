/* Commands that change what is known beside readings: definitions, places, adoption, retirement, reviews,
 * rules, signing keys.
 *
 * All of them go the same way: unpack the request, have it judged, which brings what is to be kept into the
 * head, stage an entry of that, answer. What differs is a row of a table: the request, its entry, who
 * judges. */
#include "writer_core.h"

#include "adopt.h"
#include "review_command.h"
#include "rule_command.h"
#include "signing.h"

#include "proto/message.h"
#include "proto/methods.h"
#include "runtime/calendar.h"

#include "journal.pb-c.h"

#include <errno.h>

#define DAY_US ((bb_utc)86400 * 1000000)

/* One command on its way. */
struct command {
    struct bb_writer *writer;
    const struct bb_work *work;
    const ProtobufCMessage *request;
    uint64_t sequence;           /* of the entry that it becomes */
    char *organization, *member; /* whose command it is, for the entry */
    union {
        ProtobufCMessage base;
        Bb__EntryIndicators indicators;
        Bb__EntryPlaces places;
        Bb__EntryAdoptions adoptions;
        Bb__EntryReview review;
        Bb__EntryRules rules;
        Bb__EntrySigning signing;
    } entry;
    union {
        ProtobufCMessage base;
        Bb__DefineReply define;
        Bb__ReviewReply review;
        Bb__SigningPutReply signing;
    } reply;
    struct bb_failure failure;
};

/* One kind of them. */
struct kind {
    const ProtobufCMessageDescriptor *request, *entry, *reply;
    const char *malformed;
    enum bb_entry_type type;
    /* 0 judged, ret_kept of it are in the head and in the entry | 1 the failure says why not | <0 */
    int (*judge)(struct command *command, size_t *ret_kept);
};

static uint32_t
today(const struct bb_writer *writer)
{
    return (uint32_t)(writer->config.utc() / DAY_US) + BB_DAY_EPOCH;
}

/* Of a reply: the entry that is made, or the one before where nothing is. */
static uint64_t
reached(const struct command *c, size_t kept)
{
    return kept > 0 ? c->sequence : c->sequence - 1;
}

/* Judge, and answer: with the commit when something is kept, at once when not. */
static int
run(struct command *c, const struct kind *kind)
{
    struct bb_writer *writer = c->writer;
    uint64_t tag = c->work->tag;
    size_t kept = 0;
    int r = c->organization && c->member ? kind->judge(c, &kept) : -ENOMEM;

    if (r > 0) {
        bb_writer_fail(writer, tag, c->failure.code, c->failure.message);
        return 0;
    }
    if (r == 0 && kept > 0)
        r = bb_writer_stage(writer, kind->type, &c->entry.base, tag, &c->reply.base);
    else if (r == 0)
        bb_writer_reply_now(writer, tag, &c->reply.base);
    if (r == 0)
        return 0;
    writer->rebuild = true; /* part of it may be in the head */
    return bb_writer_fail_command(writer, c->work, r);
}

static int
take(struct bb_writer *writer, const struct bb_work *work, const struct kind *kind)
{
    struct command c = {.writer = writer, .work = work, .sequence = bb_writer_next_sequence(writer)};
    ProtobufCMessage *request;

    if (bb_message_unpack(kind->request, work->body, &writer->arena, &request) != 0) {
        bb_writer_fail(writer, work->tag, BB_ERROR_MALFORMED, kind->malformed);
        return 0;
    }
    c.request = request;
    c.organization = bb_writer_text(writer, work->organization);
    c.member = bb_writer_text(writer, work->member);
    protobuf_c_message_init(kind->entry, &c.entry);
    protobuf_c_message_init(kind->reply, &c.reply);
    return run(&c, kind);
}

/* Definitions */

static int
judge_indicators(struct command *c, size_t *ret_kept)
{
    Bb__EntryIndicators *entry = &c->entry.indicators;
    int r;

    entry->organization = c->organization;
    entry->member = c->member;
    r = bb_define_indicators(&c->writer->head, &c->writer->arena,
                             (const Bb__IndicatorDefine *)(const void *)c->request, c->sequence, entry,
                             &c->reply.define);
    *ret_kept = entry->n_indicator;
    c->reply.define.sequence = reached(c, entry->n_indicator);
    return r;
}

int
bb_writer_define_indicators(struct bb_writer *writer, const struct bb_work *work)
{
    static const struct kind kind = {&bb__indicator_define__descriptor,
                                     &bb__entry_indicators__descriptor,
                                     &bb__define_reply__descriptor,
                                     "not a list of indicators",
                                     BB_ENTRY_INDICATORS,
                                     judge_indicators};

    return take(writer, work, &kind);
}

static int
judge_places(struct command *c, size_t *ret_kept)
{
    Bb__EntryPlaces *entry = &c->entry.places;
    int r;

    entry->organization = c->organization;
    entry->member = c->member;
    r = bb_define_places(&c->writer->head, &c->writer->arena,
                         (const Bb__PlaceDefine *)(const void *)c->request, entry, &c->reply.define);
    *ret_kept = entry->n_place;
    c->reply.define.sequence = reached(c, entry->n_place);
    return r;
}

int
bb_writer_define_places(struct bb_writer *writer, const struct bb_work *work)
{
    static const struct kind kind = {&bb__place_define__descriptor,
                                     &bb__entry_places__descriptor,
                                     &bb__define_reply__descriptor,
                                     "not a list of places",
                                     BB_ENTRY_PLACES,
                                     judge_places};

    return take(writer, work, &kind);
}

static int
judge_rules(struct command *c, size_t *ret_kept)
{
    Bb__EntryRules *entry = &c->entry.rules;
    int r;

    entry->organization = c->organization;
    entry->member = c->member;
    r = bb_define_rules(&c->writer->head, &c->writer->arena, (const Bb__RuleDefine *)(const void *)c->request,
                        c->sequence, entry, &c->reply.define);
    *ret_kept = entry->n_rule;
    c->reply.define.sequence = reached(c, entry->n_rule);
    return r;
}

int
bb_writer_define_rules(struct bb_writer *writer, const struct bb_work *work)
{
    static const struct kind kind = {&bb__rule_define__descriptor,
                                     &bb__entry_rules__descriptor,
                                     &bb__define_reply__descriptor,
                                     "not a list of rules",
                                     BB_ENTRY_RULES,
                                     judge_rules};

    return take(writer, work, &kind);
}

/* What is there for the caller of all indicators; NULL: all. */
static const struct bb_codes *
limit_of(const struct command *c)
{
    bool canonical;
    uint32_t id;
    int r = bb_names_find(c->writer->head.names, c->writer->head.txn, BB_OBJECT_ORGANIZATION,
                          c->work->organization, &id, &canonical);

    return r == 0 ? bb_writer_limit(c->writer, c->work, id) : NULL;
}

/* Agreement */

static int
judge_adoptions(struct command *c, size_t *ret_kept)
{
    const struct bb_adopter adopter = {
        .code = c->work->organization,
        .for_others = bb_method_scope(c->work->method, c->work->role) == BB_SCOPE_ALL,
        .limit = limit_of(c),
        .today = today(c->writer),
    };
    Bb__EntryAdoptions *entry = &c->entry.adoptions;
    int r;

    entry->organization = c->organization;
    entry->member = c->member;
    r = bb_adopt(&c->writer->head, &c->writer->arena, &adopter, (const Bb__Adopt *)(const void *)c->request,
                 c->sequence, entry, &c->reply.define);
    *ret_kept = entry->n_adoption;
    c->reply.define.sequence = reached(c, entry->n_adoption);
    return r;
}

int
bb_writer_adopt(struct bb_writer *writer, const struct bb_work *work)
{
    static const struct kind kind = {&bb__adopt__descriptor,
                                     &bb__entry_adoptions__descriptor,
                                     &bb__define_reply__descriptor,
                                     "not a list of adoptions",
                                     BB_ENTRY_ADOPTIONS,
                                     judge_adoptions};

    return take(writer, work, &kind);
}

static int
judge_retirement(struct command *c, size_t *ret_kept)
{
    Bb__EntryIndicators *entry = &c->entry.indicators;
    int r;

    entry->organization = c->organization;
    entry->member = c->member;
    r = bb_retire(&c->writer->head, &c->writer->arena, today(c->writer),
                  (const Bb__IndicatorRetire *)(const void *)c->request, c->sequence, entry,
                  &c->reply.define);
    *ret_kept = entry->n_indicator;
    c->reply.define.sequence = reached(c, entry->n_indicator);
    return r;
}

int
bb_writer_retire(struct bb_writer *writer, const struct bb_work *work)
{
    static const struct kind kind = {&bb__indicator_retire__descriptor,
                                     &bb__entry_indicators__descriptor,
                                     &bb__define_reply__descriptor,
                                     "not the retirement of an indicator",
                                     BB_ENTRY_INDICATORS,
                                     judge_retirement};

    return take(writer, work, &kind);
}

/* Reviews */

static int
judge_review(struct command *c, size_t *ret_kept)
{
    const struct bb_reviewer reviewer = {
        .organization = c->work->organization,
        .member = c->work->member,
        .staff = bb_method_scope(c->work->method, c->work->role) == BB_SCOPE_ALL,
        .limit = limit_of(c),
    };
    Bb__EntryReview *entry = &c->entry.review;
    int r;

    entry->organization = c->organization;
    entry->member = c->member;
    r = bb_review(&c->writer->head, &c->writer->arena, &reviewer,
                  (const Bb__Review *)(const void *)c->request, c->sequence, entry, &c->reply.review,
                  &c->failure);
    *ret_kept = entry->n_indicator;
    c->reply.review.sequence = reached(c, entry->n_indicator);
    return r;
}

int
bb_writer_review(struct bb_writer *writer, const struct bb_work *work)
{
    static const struct kind kind = {&bb__review__descriptor,
                                     &bb__entry_review__descriptor,
                                     &bb__review_reply__descriptor,
                                     "not a review",
                                     BB_ENTRY_REVIEW,
                                     judge_review};

    return take(writer, work, &kind);
}

/* Signing keys */

static int
judge_signing_key(struct command *c, size_t *ret_kept)
{
    const struct bb_signing_caller caller = {
        .organization = c->work->organization,
        .staff = bb_method_scope(c->work->method, c->work->role) == BB_SCOPE_ALL,
        .roots = c->writer->config.staff_signing_keys,
    };
    bool changed = false;
    int r;

    c->entry.signing.organization = c->organization;
    c->entry.signing.member = c->member;
    r = bb_signing_put(&c->writer->head, &c->writer->arena, &caller,
                       (const Bb__SigningPut *)(const void *)c->request, c->sequence, &c->entry.signing,
                       &c->reply.signing, &changed, &c->failure);
    *ret_kept = changed;
    return r;
}

int
bb_writer_put_signing_key(struct bb_writer *writer, const struct bb_work *work)
{
    static const struct kind kind = {&bb__signing_put__descriptor,
                                     &bb__entry_signing__descriptor,
                                     &bb__signing_put_reply__descriptor,
                                     "not a request about a signing key",
                                     BB_ENTRY_SIGNING,
                                     judge_signing_key};

    return take(writer, work, &kind);
}
