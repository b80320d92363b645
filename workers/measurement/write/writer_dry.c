/* Dry runs. One that goes over several submissions has a session, with the memory of what its rows would have
 * changed; a session lingers after the last submission, so that a repeat of it gets its answer. One
 * submission alone needs no session: judged again, it gets the same answer.
 *
 * Sessions are few, because each is a file that grows. An organization has at most half of them, and a
 * session that nobody went on with for some seconds makes room for another. Who goes on with it later is told
 * to start again: its memory is gone, and answers without it would be wrong.
 *
 * A dry run under the id of a batch that was sent, or begun, answers what going on with it would: submissions
 * that are in the journal get their answer from there and never come here, and the rows of the others belong
 * to that batch. */
#include "writer_core.h"

#define LINGER_US    10000000            /* after the last submission */
#define STALE_US     10000000            /* then it makes room where room is wanted */
#define IDLE_US      600000000           /* then it is gone */
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
bb_writer_end_sessions(struct bb_writer *writer)
{
    bb_utc now = writer->config.utc();

    for (unsigned i = writer->n_session; i > 0; i--) {
        const struct bb_dry_session *session = &writer->session[i - 1];
        if (now - session->touched >= (session->last_seen ? LINGER_US : IDLE_US))
            end_session(writer, i - 1);
    }
}

/* Of this organization's sessions, or of all (0): how many, and which was touched longest ago (finished ones
 * count as older than all others). */
static unsigned
count_sessions(const struct bb_writer *writer, uint32_t organization, unsigned *ret_oldest)
{
    unsigned count = 0;
    bb_utc oldest = INT64_MAX;

    for (unsigned i = 0; i < writer->n_session; i++) {
        const struct bb_dry_session *session = &writer->session[i];
        bb_utc touched = session->last_seen ? INT64_MIN : session->touched;
        if (organization && session->organization != organization)
            continue;
        count++;
        if (touched < oldest) {
            oldest = touched;
            *ret_oldest = i;
        }
    }
    return count;
}

/* Room for one more, at the cost of a finished or stale session. False: there is none. */
static bool
make_room(struct bb_writer *writer, uint32_t organization, unsigned most)
{
    unsigned oldest = 0;

    if (count_sessions(writer, organization, &oldest) < most)
        return true;
    if (!writer->session[oldest].last_seen &&
        writer->config.utc() - writer->session[oldest].touched < STALE_US)
        return false;
    end_session(writer, oldest);
    return true;
}

/* May a session begin here: at the beginning, or behind what is in the journal? 1 yes | 0 no | <0 */
static int
may_begin(struct bb_writer *writer, const struct bb_submit *submit)
{
    uint64_t sequence;
    bool last;
    int r;

    if (submit->message->index == 0)
        return 1;
    r = bb_head_submission(&writer->head, submit->message->batch.data, submit->message->index - 1, &sequence,
                           &last);
    return r < 0 ? r : r == 0;
}

/* A new session. 0 | 1 answered | <0 */
static int
begin_session(struct bb_writer *writer, const struct bb_submit *submit, struct bb_dry_session **ret_session)
{
    unsigned all = writer->config.dry_runs, share = all > 1 ? all / 2 : 1;
    struct bb_dry_session *session;
    int r = may_begin(writer, submit);

    if (r < 0)
        return r;
    if (r == 0) {
        bb_writer_fail(
            writer, submit->work->tag, BB_ERROR_INVALID,
            "this dry run is not known any more: nobody went on with it for too long, start it again");
        return 1;
    }
    if (!make_room(writer, submit->organization, share) || !make_room(writer, 0, all)) {
        bb_writer_fail(writer, submit->work->tag, BB_ERROR_OVERLOADED, "too many dry runs at a time");
        return 1;
    }
    *ret_session = session = &writer->session[writer->n_session];
    *session = (struct bb_dry_session){.organization = submit->organization};
    memcpy(session->batch, submit->message->batch.data, BB_BATCH_BYTES);
    r = bb_dryrun_new(writer->config.temporary, &session->dryrun);
    if (r == 0)
        writer->n_session++;
    return r;
}

/* The session of this dry run, new or not. 0 | 1 answered | <0 */
static int
open_session(struct bb_writer *writer, const struct bb_submit *submit, struct bb_dry_session **ret_session)
{
    struct bb_dry_session *session = find_session(writer, submit);
    int r = session ? 0 : begin_session(writer, submit, &session);

    if (r != 0)
        return r;
    session->touched = writer->config.utc();
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

/* The batch that the rows belong to: the one that is going on under this id, or one of the dry run's own. */
static int
find_batch(struct bb_writer *writer, const struct bb_submit *submit, uint64_t *ret_batch)
{
    struct bb_batch batch;
    int r = bb_head_batch(&writer->head, submit->message->batch.data, &batch);

    *ret_batch = r == 0 && batch.organization == submit->organization ? batch.first : DRY_SEQUENCE;
    return r < 0 ? r : 0;
}

/* The rows of one submission against this memory. */
static int
run_dry(struct bb_writer *writer, const struct bb_submit *submit, struct bb_intake *intake,
        struct bb_dryrun *dryrun)
{
    int r = find_batch(writer, submit, &intake->batch), ended;

    if (r == 0)
        r = bb_dryrun_begin(dryrun);
    if (r != 0)
        return r;
    intake->dryrun = dryrun;
    intake->touch = true;
    intake->sequence = DRY_SEQUENCE;
    r = dry_rows(writer, submit, intake);
    ended = bb_dryrun_end(dryrun, r == 0);
    return r != 0 ? r : ended;
}

int
bb_writer_submit_dry(struct bb_writer *writer, const struct bb_submit *submit, struct bb_intake *intake)
{
    bool alone = submit->message->index == 0 && submit->message->last;
    struct bb_dry_session *session;
    struct bb_dryrun *dryrun;
    int r;

    if (!alone) {
        r = open_session(writer, submit, &session);
        return r == 0 ? run_dry(writer, submit, intake, session->dryrun) : r < 0 ? r : 0;
    }
    r = bb_dryrun_new(writer->config.temporary, &dryrun);
    if (r != 0)
        return r;
    r = run_dry(writer, submit, intake, dryrun);
    bb_dryrun_destroy(&dryrun);
    return r;
}
