/* Commands that change the catalogue, and the directory of organizations that the broker sends. */
#include "writer_core.h"

#include "adopt.h"
#include "review_command.h"

#include "proto/message.h"
#include "proto/methods.h"
#include "runtime/calendar.h"
#include "runtime/log.h"

#include "journal.pb-c.h"

#include <errno.h>
#include <stdlib.h>

#define LEAVERS_PER_ENTRY 500u
#define DAY_US            ((bb_utc)86400 * 1000000)

static char *
text_of(struct bb_writer *writer, struct bb_bytes text)
{
    char *copy = bb_arena_alloc(&writer->arena, text.len + 1);

    if (copy) {
        memcpy(copy, text.data, text.len);
        copy[text.len] = '\0';
    }
    return copy;
}

/* Answer a definition: with the commit when something is kept, at once when not. */
static int
finish_define(struct bb_writer *writer, const struct bb_work *work, int r, size_t kept,
              enum bb_entry_type type, const ProtobufCMessage *entry, Bb__DefineReply *reply)
{
    if (r == 0 && kept > 0)
        r = bb_writer_stage(writer, type, entry, work->tag, &reply->base);
    else if (r == 0)
        bb_writer_reply_now(writer, work->tag, &reply->base);
    if (r < 0) {
        writer->rebuild = true; /* part of it may be in the head */
        return bb_writer_fail_command(writer, work, r);
    }
    return 0;
}

int
bb_writer_define_indicators(struct bb_writer *writer, const struct bb_work *work)
{
    Bb__IndicatorDefine *request;
    Bb__EntryIndicators entry = BB__ENTRY_INDICATORS__INIT;
    Bb__DefineReply reply = BB__DEFINE_REPLY__INIT;
    int r = bb_unpack(bb__indicator_define, work->body, &writer->arena, &request);

    if (r != 0) {
        bb_writer_fail(writer, work->tag, BB_ERROR_MALFORMED, "not a list of indicators");
        return 0;
    }
    reply.sequence = bb_writer_next_sequence(writer);
    entry.organization = text_of(writer, work->organization);
    entry.member = text_of(writer, work->member);
    r = entry.organization && entry.member ? 0 : -ENOMEM;
    if (r == 0)
        r = bb_define_indicators(&writer->head, &writer->arena, request, reply.sequence, &entry, &reply);
    if (entry.n_indicator == 0)
        reply.sequence--;
    return finish_define(writer, work, r, entry.n_indicator, BB_ENTRY_INDICATORS, &entry.base, &reply);
}

int
bb_writer_define_places(struct bb_writer *writer, const struct bb_work *work)
{
    Bb__PlaceDefine *request;
    Bb__EntryPlaces entry = BB__ENTRY_PLACES__INIT;
    Bb__DefineReply reply = BB__DEFINE_REPLY__INIT;
    int r = bb_unpack(bb__place_define, work->body, &writer->arena, &request);

    if (r != 0) {
        bb_writer_fail(writer, work->tag, BB_ERROR_MALFORMED, "not a list of places");
        return 0;
    }
    reply.sequence = bb_writer_next_sequence(writer);
    entry.organization = text_of(writer, work->organization);
    entry.member = text_of(writer, work->member);
    r = entry.organization && entry.member ? 0 : -ENOMEM;
    if (r == 0)
        r = bb_define_places(&writer->head, &writer->arena, request, &entry, &reply);
    if (entry.n_place == 0)
        reply.sequence--;
    return finish_define(writer, work, r, entry.n_place, BB_ENTRY_PLACES, &entry.base, &reply);
}

/* Agreement */

static uint32_t
today(const struct bb_writer *writer)
{
    return (uint32_t)(writer->config.utc() / DAY_US) + BB_DAY_EPOCH;
}

int
bb_writer_adopt(struct bb_writer *writer, const struct bb_work *work)
{
    const struct bb_adopter adopter = {
        .code = work->organization,
        .for_others = bb_method_scope(work->method, work->role) == BB_SCOPE_ALL,
        .today = today(writer),
    };
    Bb__EntryAdoptions entry = BB__ENTRY_ADOPTIONS__INIT;
    Bb__DefineReply reply = BB__DEFINE_REPLY__INIT;
    Bb__Adopt *request;
    int r = bb_unpack(bb__adopt, work->body, &writer->arena, &request);

    if (r != 0) {
        bb_writer_fail(writer, work->tag, BB_ERROR_MALFORMED, "not a list of adoptions");
        return 0;
    }
    reply.sequence = bb_writer_next_sequence(writer);
    entry.organization = text_of(writer, work->organization);
    entry.member = text_of(writer, work->member);
    r = entry.organization && entry.member ? 0 : -ENOMEM;
    if (r == 0)
        r = bb_adopt(&writer->head, &writer->arena, &adopter, request, reply.sequence, &entry, &reply);
    if (entry.n_adoption == 0)
        reply.sequence--;
    return finish_define(writer, work, r, entry.n_adoption, BB_ENTRY_ADOPTIONS, &entry.base, &reply);
}

int
bb_writer_retire(struct bb_writer *writer, const struct bb_work *work)
{
    Bb__EntryIndicators entry = BB__ENTRY_INDICATORS__INIT;
    Bb__DefineReply reply = BB__DEFINE_REPLY__INIT;
    Bb__IndicatorRetire *request;
    int r = bb_unpack(bb__indicator_retire, work->body, &writer->arena, &request);

    if (r != 0) {
        bb_writer_fail(writer, work->tag, BB_ERROR_MALFORMED, "not the retirement of an indicator");
        return 0;
    }
    reply.sequence = bb_writer_next_sequence(writer);
    entry.organization = text_of(writer, work->organization);
    entry.member = text_of(writer, work->member);
    r = entry.organization && entry.member ? 0 : -ENOMEM;
    if (r == 0)
        r = bb_retire(&writer->head, &writer->arena, today(writer), request, reply.sequence, &entry, &reply);
    if (entry.n_indicator == 0)
        reply.sequence--;
    return finish_define(writer, work, r, entry.n_indicator, BB_ENTRY_INDICATORS, &entry.base, &reply);
}

/* Reviews */

static int
finish_review(struct bb_writer *writer, const struct bb_work *work, int r, const Bb__EntryReview *entry,
              const Bb__ReviewReply *reply, const struct bb_review_failure *failure)
{
    if (r > 0) {
        bb_writer_fail(writer, work->tag, failure->code, failure->message);
        return 0;
    }
    if (r == 0 && entry->n_indicator > 0)
        r = bb_writer_stage(writer, BB_ENTRY_REVIEW, &entry->base, work->tag, &reply->base);
    else if (r == 0)
        bb_writer_reply_now(writer, work->tag, &reply->base);
    if (r < 0) {
        writer->rebuild = true; /* part of it may be in the head */
        return bb_writer_fail_command(writer, work, r);
    }
    return 0;
}

int
bb_writer_review(struct bb_writer *writer, const struct bb_work *work)
{
    const struct bb_reviewer reviewer = {
        .organization = work->organization,
        .member = work->member,
        .staff = bb_method_scope(work->method, work->role) == BB_SCOPE_ALL,
    };
    Bb__EntryReview entry = BB__ENTRY_REVIEW__INIT;
    Bb__ReviewReply reply = BB__REVIEW_REPLY__INIT;
    struct bb_review_failure failure;
    Bb__Review *request;
    int r = bb_unpack(bb__review, work->body, &writer->arena, &request);

    if (r != 0) {
        bb_writer_fail(writer, work->tag, BB_ERROR_MALFORMED, "not a review");
        return 0;
    }
    reply.sequence = bb_writer_next_sequence(writer);
    entry.organization = text_of(writer, work->organization);
    entry.member = text_of(writer, work->member);
    r = entry.organization && entry.member ? 0 : -ENOMEM;
    if (r == 0)
        r = bb_review(&writer->head, &writer->arena, &reviewer, request, reply.sequence, &entry, &reply,
                      &failure);
    if (entry.n_indicator == 0)
        reply.sequence--;
    return finish_review(writer, work, r, &entry, &reply, &failure);
}

/* Directory */

static int
see_organization(struct bb_writer *writer, uint32_t id)
{
    if (id >= writer->seen_size) {
        uint32_t size = writer->seen_size ? writer->seen_size : 256;
        uint8_t *seen;
        while (size <= id)
            size *= 2;
        seen = realloc(writer->seen, size);
        if (!seen)
            return -ENOMEM;
        memset(seen + writer->seen_size, 0, size - writer->seen_size);
        writer->seen = seen;
        writer->seen_size = size;
    }
    writer->seen[id] = 1;
    return 0;
}

/* Bring an organization into the head if it is new or other than known, and into the entry. */
static int
take_organization(struct bb_writer *writer, Bb__Organization *organization, Bb__EntryDirectory *entry)
{
    struct bb_bytes code = bb_bytes_str(organization->code);
    Bb__EntryDirectory one = BB__ENTRY_DIRECTORY__INIT;
    bool canonical = false;
    uint32_t id;
    int r =
        bb_names_find(writer->head.names, writer->head.txn, BB_OBJECT_ORGANIZATION, code, &id, &canonical);

    if (r < 0)
        return r;
    if (r != 0 || !canonical || !bb_directory_same(&writer->head, organization, id)) {
        one.organization = &organization;
        one.n_organization = 1;
        r = bb_apply_directory(&writer->head, &one);
        entry->organization[entry->n_organization++] = organization;
    }
    if (r == 0)
        r = bb_names_find(writer->head.names, writer->head.txn, BB_OBJECT_ORGANIZATION, code, &id,
                          &canonical);
    return r == 0 ? see_organization(writer, id) : r;
}

static int
stage_directory(struct bb_writer *writer, Bb__EntryDirectory *entry)
{
    int r = entry->n_organization ? bb_writer_stage(writer, BB_ENTRY_DIRECTORY, &entry->base, 0, NULL) : 0;

    entry->n_organization = 0;
    return r;
}

/* What a full directory does not name has left: it stays known, because its readings stay, but is not
 * enabled. */
static int
take_leavers(struct bb_writer *writer, Bb__EntryDirectory *entry)
{
    uint32_t n = writer->head.catalogue.size[0];
    int r = 0;

    for (uint32_t id = 1; r == 0 && id < n; id++) {
        const struct bb_object *object =
            bb_catalogue_get(&writer->head.catalogue, BB_OBJECT_ORGANIZATION, id);
        Bb__Organization *organization;
        if (!object || (id < writer->seen_size && writer->seen[id]))
            continue;
        r = bb_unpack(bb__organization, bb_bytes(object->details, object->details_len), &writer->arena,
                      &organization);
        if (r != 0 || (organization->has_enabled && !organization->enabled))
            continue;
        organization->has_enabled = true;
        organization->enabled = false;
        r = take_organization(writer, organization, entry);
        if (r == 0 && entry->n_organization == LEAVERS_PER_ENTRY)
            r = stage_directory(writer, entry);
    }
    return r;
}

static int
take_directory(struct bb_writer *writer, const Bb__Directory *directory)
{
    size_t size =
        directory->n_organization > LEAVERS_PER_ENTRY ? directory->n_organization : LEAVERS_PER_ENTRY;
    Bb__EntryDirectory entry = BB__ENTRY_DIRECTORY__INIT;
    int r = 0;

    entry.organization = bb_arena_alloc(&writer->arena, (size + 1) * sizeof *entry.organization);
    if (!entry.organization)
        return -ENOMEM;
    if (directory->full && directory->first && writer->seen)
        memset(writer->seen, 0, writer->seen_size);
    for (size_t i = 0; r == 0 && i < directory->n_organization; i++)
        r = take_organization(writer, directory->organization[i], &entry);
    if (r == 0)
        r = stage_directory(writer, &entry);
    if (r == 0 && directory->full && directory->final)
        r = take_leavers(writer, &entry);
    return r == 0 ? stage_directory(writer, &entry) : r;
}

void
bb_writer_take_directory(struct bb_writer *writer, struct bb_bytes packed)
{
    Bb__Directory *directory;
    int r;

    bb_arena_reset(&writer->arena);
    r = bb_unpack(bb__directory, packed, &writer->arena, &directory);
    if (r == 0)
        r = take_directory(writer, directory);
    if (r != 0) {
        bb_error("the directory of the broker cannot be taken in: %s", strerror(-r));
        writer->rebuild = true;
    }
}
