#include "lean.h"

#include "link.h"
#include "workload.h"

#include "proto/methods.h"
#include "runtime/rowset.h"
#include "runtime/uuid.h"

#include "wire.pb-c.h"

#include <err.h>
#include <stdlib.h>

struct slot {
    uint64_t sent_ns;
    unsigned count;
};

struct link {
    struct bench_link link;
    struct lean *lean;
    struct slot *slot; /* by the id of the request */
};

struct lean {
    struct bench_links links;
    struct link *link;
    unsigned n;
    struct bench_run *run;
    struct bb_rowset *rows;
    struct bb_buffer body;
    struct bench_reading reading;
};

/* --- submissions ---------------------------------------------------------------------------------------- */

static struct bb_decimal
number(const struct bench_text *text)
{
    struct bb_decimal d;

    if (bb_decimal_parse(bb_bytes(text->data, text->len), &d) != 0)
        errx(70, "%s is no number", text->data);
    return d;
}

static void
add_reading(struct lean *lean, uint64_t n)
{
    const struct bench_reading *r = &lean->reading;
    struct bb_row row = {.flags = BB_ROW_VALUE};

    bench_reading(n, &lean->reading);
    row.indicator = bb_bytes(r->indicator_text->data, r->indicator_text->len);
    row.organization = bb_bytes(r->organization_text->data, r->organization_text->len);
    row.period = bb_bytes(r->period_text.data, r->period_text.len);
    row.value = number(&r->value_text);
    if (bench_settings.parts) {
        row.flags |= BB_ROW_NUMERATOR | BB_ROW_DENOMINATOR;
        row.numerator = number(&r->numerator_text);
        row.denominator = number(&r->denominator_text);
    }
    if (bb_rowset_add(lean->rows, &row) != 0)
        errx(71, "out of memory");
}

static void
submit(struct link *link, uint64_t id)
{
    struct lean *lean = link->lean;
    struct slot *slot = &link->slot[id];
    Bb__Submission submission = BB__SUBMISSION__INIT;
    Bb__Request request = BB__REQUEST__INIT;
    uint8_t batch[BB_UUID_BYTES];
    Bb__Rows rows;
    uint64_t first;

    if (!bench_run_take(lean->run, &first, &slot->count))
        return;
    bb_rowset_reset(lean->rows);
    for (unsigned i = 0; i < slot->count; i++)
        add_reading(lean, first + i);
    bb_rowset_message(lean->rows, &rows);
    bb_uuid_new(batch);
    submission.batch = (ProtobufCBinaryData){.data = batch, .len = sizeof batch};
    submission.has_last = submission.last = true;
    submission.rows = &rows;
    bb_buffer_reset(&lean->body);
    bb__submission__pack(&submission,
                         bb_buffer_extend(&lean->body, bb__submission__get_packed_size(&submission)));
    request.id = id;
    request.method = BB_METHOD_SUBMIT;
    request.has_body = true;
    request.body = (ProtobufCBinaryData){.data = lean->body.data, .len = lean->body.len};
    slot->sent_ns = bench_now_ns();
    bench_link_send(&link->link, BB_KIND_REQUEST, &request.base);
}

static bool
take(struct bench_link *self, const struct bb_frame *frame)
{
    struct link *link = (struct link *)self;
    struct bb_arena *arena = &self->links->arena;
    Bb__SubmissionReply *outcomes;
    Bb__Reply *reply;
    struct slot *slot;

    if (frame->kind != BB_KIND_REPLY)
        return false;
    if (bb_unpack(bb__reply, frame->body, arena, &reply) != 0 ||
        bb_unpack(bb__submission_reply, bb_bytes(reply->body.data, reply->body.len), arena, &outcomes) != 0)
        errx(76, "a reply that cannot be read");
    if (outcomes->n_rejected || outcomes->duplicate)
        errx(76, "a fresh submission was refused or taken for a repeat");
    slot = &link->slot[reply->id];
    bench_run_answered(link->lean->run, slot->count, slot->sent_ns);
    submit(link, reply->id);
    return true;
}

/* --- life ----------------------------------------------------------------------------------------------- */

struct lean *
lean_start(const struct bench_link_target *target, unsigned connections)
{
    struct lean *lean = calloc(1, sizeof *lean);

    if (!lean || !(lean->link = calloc(connections, sizeof *lean->link)) || bb_rowset_new(&lean->rows) != 0)
        errx(71, "out of memory");
    bench_links_init(&lean->links, take);
    bb_buffer_init(&lean->body, SIZE_MAX);
    for (; lean->n < connections; lean->n++) {
        lean->link[lean->n].lean = lean;
        bench_link_open(&lean->links, &lean->link[lean->n].link, target);
    }
    return lean;
}

void
lean_stop(struct lean **lean_pointer)
{
    struct lean *lean = *lean_pointer;

    if (!lean)
        return;
    for (unsigned i = 0; i < lean->n; i++) {
        bench_link_close(&lean->link[i].link);
        free(lean->link[i].slot);
    }
    free(lean->link);
    bench_links_release(&lean->links);
    bb_rowset_destroy(&lean->rows);
    bb_buffer_release(&lean->body);
    free(lean);
    *lean_pointer = NULL;
}

void
lean_run(struct lean *lean, struct bench_run *run)
{
    lean->run = run;
    for (unsigned i = 0; i < lean->n; i++) {
        struct link *link = &lean->link[i];
        free(link->slot);
        link->slot = calloc(run->shape->outstanding, sizeof *link->slot);
        if (!link->slot)
            errx(71, "out of memory");
        for (unsigned id = 0; id < run->shape->outstanding; id++)
            submit(link, id);
    }
    while (!bench_run_ended(run))
        bench_links_serve(&lean->links, -1);
}
