/* Dry runs. One that goes over several submissions has a session, with the memory of what its rows would have
 * changed; a session lingers after the last submission, so that a repeat of it gets its answer. */
#include "writer_core.h"

#include "runtime/clock.h"

#define LINGER_MS    10000
#define IDLE_MS      600000
#define DRY_SEQUENCE ((uint64_t)1 << 62) /* what its entries are numbered: above every real one */

static struct bb_dry_session *
find_session(struct bb_writer *writer, const struct bb_submit *submit)
{
    for (unsigned i = 0; i < writer->n_session; i++)
        if (writer->session[i].organization == submit->organization &&
            memcmp(writer->session[i].batch, submit->message->batch.data, BB_BATCH_BYTES) == 0)
            return &writer->session[i];
    return NULL;
}

static void
end_session(struct bb_writer *writer, unsigned i)
{
    bb_dryrun_destroy(&writer->session[i].dryrun);
    writer->session[i] = writer->session[--writer->n_session];
}

void
bb_writer_end_sessions(struct bb_writer *writer, bb_mono now)
{
    for (unsigned i = writer->n_session; i > 0; i--) {
        const struct bb_dry_session *session = &writer->session[i - 1];
        if (now - session->touched >= (session->last_seen ? LINGER_MS : IDLE_MS))
            end_session(writer, i - 1);
    }
}

/* The session of this dry run, new or not. 0 | 1 answered | <0 */
static int
open_session(struct bb_writer *writer, const struct bb_submit *submit, struct bb_dry_session **ret_session)
{
    struct bb_dry_session *session = find_session(writer, submit);
    int r;

    if (!session) {
        for (unsigned i = writer->n_session; i > 0; i--) /* finished ones make room */
            if (writer->n_session == writer->config.dry_runs && writer->session[i - 1].last_seen)
                end_session(writer, i - 1);
        if (writer->n_session == writer->config.dry_runs) {
            bb_writer_fail(writer, submit->work->tag, BB_ERROR_OVERLOADED, "too many dry runs at a time");
            return 1;
        }
        session = &writer->session[writer->n_session];
        *session = (struct bb_dry_session){.organization = submit->organization};
        memcpy(session->batch, submit->message->batch.data, BB_BATCH_BYTES);
        r = bb_dryrun_new(writer->config.temporary, &session->dryrun);
        if (r != 0)
            return r;
        writer->n_session++;
    }
    session->touched = bb_clock_mono();
    session->last_seen = session->last_seen || submit->message->last;
    *ret_session = session;
    return 0;
}

static int
dry_rows(struct bb_writer *writer, const struct bb_submit *submit, struct bb_intake *intake)
{
    const struct bb_writer_sink *sink = &writer->config.sink;
    Bb__SubmissionReply reply;
    struct bb_bytes before;
    size_t at, len;
    int r = bb_dryrun_reply(intake->dryrun, submit->message->index, &before);

    if (r == 0) {
        sink->reply(sink->self, submit->work->tag, before);
        return 0;
    }
    r = r < 0 ? r : bb_intake_run(intake);
    if (r == 0)
        r = bb_writer_judged(intake, submit, &reply);
    if (r == 0)
        r = bb_writer_pack(&writer->open->replies, &reply.base, &at, &len);
    if (r != 0)
        return r;
    r = bb_dryrun_put_reply(intake->dryrun, submit->message->index,
                            bb_bytes(writer->open->replies.data + at, len));
    if (r == 0)
        sink->reply(sink->self, submit->work->tag, bb_bytes(writer->open->replies.data + at, len));
    writer->open->replies.len = at;
    return r;
}

int
bb_writer_submit_dry(struct bb_writer *writer, const struct bb_submit *submit, struct bb_intake *intake)
{
    struct bb_dry_session *session;
    int r = open_session(writer, submit, &session);

    if (r != 0)
        return r < 0 ? r : 0;
    r = bb_dryrun_begin(session->dryrun);
    if (r != 0)
        return r;
    intake->dryrun = session->dryrun;
    intake->touch = true;
    intake->sequence = intake->batch = DRY_SEQUENCE;
    r = dry_rows(writer, submit, intake);
    int ended = bb_dryrun_end(session->dryrun, r == 0);
    return r != 0 ? r : ended;
}
