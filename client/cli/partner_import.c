/* backbone partner import FILE.csv: register the organizations of a list, or change them.
 *
 * Each row is a request of its own, so that a row that is refused does not hold up the others; a window of
 * them is under way at a time. The codes that are registered already are asked for first, to tell what was
 * created from what was changed.
 *
 * The same file twice must change nothing the second time. So an organization has one row (or equal ones),
 * and a row that is refused because another organization goes by its name is sent again when the others are
 * done: that one may have given the name up further down in the file. It goes on until a round frees nothing.
 */
#include "define.h"
#include "once.h"
#include "partner.h"
#include "partner_row.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define WINDOW 32
#define NEEDED 3u /* columns: the first ones */

struct job;

struct importer {
    struct bb_client *client;
    struct bb_list_file *list;
    char **known; /* codes, sorted */
    size_t n_known, size_known;
    struct bb_define_counts counts;
    struct bb_once once;
    struct job **clashed; /* rows whose names another organization has */
    size_t n_clashed, size_clashed;
    int open; /* requests under way */
    int code; /* exit code of what ended the import; 0: nothing */
};

struct job {
    struct importer *importer;
    struct bb_list_row *row;
    bool known;
    struct bb_partner_row partner;
    char *clash; /* what the broker said of it, when it is kept for another round */
};

/* --- what is there ------------------------------------------------------------------------------------ */

static int
compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int
note_known(void *self, const struct bb_partner *partner)
{
    struct importer *importer = self;

    if (importer->n_known == importer->size_known) {
        size_t size = importer->size_known ? importer->size_known * 2 : 64;
        char **grown = realloc(importer->known, size * sizeof *grown);
        if (!grown)
            return -ENOMEM;
        importer->known = grown;
        importer->size_known = size;
    }
    importer->known[importer->n_known] = strdup(partner->code);
    return importer->known[importer->n_known++] ? 0 : -ENOMEM;
}

static int
ask_known(struct importer *importer)
{
    int r = bb_client_partners(importer->client, NULL, note_known, NULL, importer);

    if (r != BB_OK)
        return bb_cli_ended(importer->client, r);
    if (importer->n_known)
        qsort(importer->known, importer->n_known, sizeof *importer->known, compare);
    return 0;
}

static bool
is_known(const struct importer *importer, const char *code)
{
    return importer->n_known &&
           bsearch(&code, importer->known, importer->n_known, sizeof *importer->known, compare);
}

/* --- one row ------------------------------------------------------------------------------------------ */

static void
refuse(struct importer *importer, const struct bb_list_row *row, const char *field, const char *code,
       const char *reason)
{
    importer->counts.rejected++;
    bb_list_refuse(importer->list, row, field, code, reason);
}

static void
on_put(void *self, const struct bb_partner *partner, bool changed)
{
    struct job *job = self;

    (void)partner;
    job->importer->counts.unchanged += !changed;
    job->importer->counts.updated += changed && job->known;
    job->importer->counts.created += changed && !job->known;
}

static void
drop(struct job **pointer)
{
    struct job *job = *pointer;

    if (!job)
        return;
    bb_partner_row_release(&job->partner);
    free(job->row);
    free(job->clash);
    free(job);
    *pointer = NULL;
}

/* Takes the job. */
static void
keep_clash(struct importer *importer, struct job *job, const char *message)
{
    if (importer->n_clashed == importer->size_clashed) {
        size_t size = importer->size_clashed ? importer->size_clashed * 2 : 16;
        struct job **grown = realloc(importer->clashed, size * sizeof(*grown));
        if (!grown) {
            importer->code = EX_OSERR;
            drop(&job);
            return;
        }
        importer->clashed = grown;
        importer->size_clashed = size;
    }
    free(job->clash);
    job->clash = strdup(message);
    importer->clashed[importer->n_clashed++] = job;
}

static void
on_done(void *self, const struct bb_problem *end, uint64_t sequence)
{
    struct job *job = self;
    struct importer *importer = job->importer;
    size_t prefix = strlen(end->name) + 2; /* "EXISTS: " stands in front of what the broker says */

    (void)sequence;
    importer->open--;
    if (end->code == BB_CODE_EXISTS && strlen(end->message) > prefix) {
        keep_clash(importer, job, end->message + prefix);
        return;
    }
    if (end->result == BB_FAILED && strlen(end->message) > prefix) {
        refuse(importer, job->row, "", end->name, end->message + prefix);
    } else if (end->result != BB_OK && !importer->code) {
        importer->code = bb_cli_exit_code(end->result);
        bb_cli_error("%s", end->message);
    }
    drop(&job);
}

static int
send_job(struct job *job)
{
    const struct bb_partner_change change = bb_partner_row_change(job->row, &job->partner);
    int r;

    job->known = is_known(job->importer, change.code);
    r = bb_client_partner_put(job->importer->client, &change, on_put, on_done, job);
    if (r == 0)
        job->importer->open++;
    return r;
}

/* An organization has one row. 0 | 1 refused | -ENOMEM */
static int
check_only(struct importer *importer, const struct bb_list_row *row)
{
    char reason[256];
    int r = bb_once_check(&importer->once, row->cell, BB_PARTNER_COLUMNS, row->number, reason, sizeof reason);

    if (r > 0)
        refuse(importer, row, bb_partner_columns[BB_PARTNER_CODE], "DUPLICATE_KEY", reason);
    return r;
}

/* Is the row one, and the only one of its organization? 0 | 1 refused | -ENOMEM */
static int
check(struct job *job)
{
    char reason[256];
    const char *column;
    int r = bb_partner_row_read(job->row, &job->partner, &column, reason, sizeof reason);

    if (r > 0)
        refuse(job->importer, job->row, column, "BAD_VALUE", reason);
    return r ? r : check_only(job->importer, job->row);
}

/* Takes the row. */
static int
add(struct importer *importer, struct bb_list_row *row)
{
    struct job *job = calloc(1, sizeof *job);
    int r;

    if (!job) {
        free(row);
        bb_cli_error("%s", strerror(ENOMEM));
        return EX_OSERR;
    }
    *job = (struct job){.importer = importer, .row = row};
    r = check(job);
    if (r == 0)
        r = send_job(job);
    if (r == 0)
        return 0; /* on_done() takes it */
    if (r == -E2BIG)
        refuse(importer, row, "", "TOO_LONG", "found more than a request holds, expected at most 192 KiB");
    drop(&job);
    if (r > 0 || r == -E2BIG)
        return 0;
    bb_cli_error("%s", strerror(-r));
    return EX_OSERR;
}

/* --- the file ----------------------------------------------------------------------------------------- */

static int
wait_until_open(struct importer *importer, int most)
{
    while (importer->open > most && !importer->code) {
        int r = bb_client_process(importer->client, -1);
        if (r < 0) {
            bb_cli_error("%s", strerror(-r));
            return EX_OSERR;
        }
    }
    return importer->code;
}

/* One more round for the rows that clashed. */
static int
send_again(struct importer *importer)
{
    struct job **jobs = importer->clashed;
    size_t n = importer->n_clashed;
    int r = 0;

    importer->clashed = NULL;
    importer->n_clashed = importer->size_clashed = 0;
    for (size_t i = 0; i < n; i++) {
        if (r == 0 && importer->code == 0) {
            r = send_job(jobs[i]);
            if (r == 0)
                jobs[i] = NULL; /* on_done() frees it */
            if (r == 0)
                wait_until_open(importer, WINDOW - 1);
        }
        drop(&jobs[i]);
    }
    free(jobs);
    if (r < 0)
        bb_cli_error("%s", strerror(-r));
    return r < 0 ? EX_OSERR : wait_until_open(importer, 0);
}

/* Until a round frees no name any more; what is left is refused. */
static int
settle_clashes(struct importer *importer)
{
    size_t before = SIZE_MAX;
    int code = 0;

    while (code == 0 && importer->n_clashed && importer->n_clashed < before) {
        before = importer->n_clashed;
        code = send_again(importer);
    }
    for (size_t i = 0; i < importer->n_clashed; i++) {
        struct job *job = importer->clashed[i];
        if (code == 0)
            refuse(importer, job->row, "", "EXISTS", job->clash ? job->clash : "");
    }
    return code;
}

static int
import_rows(struct importer *importer)
{
    struct bb_list_row *row;
    int r, code = 0;

    while (code == 0 && (r = bb_list_next(importer->list, &row)) != BB_LIST_END) {
        if (r < 0)
            return r == -EILSEQ ? EX_DATAERR : EX_IOERR;
        importer->counts.rows++;
        importer->counts.rejected += r == BB_LIST_REFUSED;
        if (r == 0)
            code = add(importer, row);
        if (code == 0)
            code = wait_until_open(importer, WINDOW - 1);
    }
    if (code == 0)
        code = wait_until_open(importer, 0);
    return code ? code : settle_clashes(importer);
}

int
bb_cli_partner_import(struct bb_cli *cli, int argc, char **argv)
{
    struct importer importer = {0};
    const char *file;
    int code;

    cli->columns = bb_partner_columns;
    cli->columns_needed = NEEDED;
    file = bb_cli_parse_one(cli, argc, argv);
    code = bb_list_open(file, bb_partner_columns, NEEDED, NULL, &importer.list);
    if (code == 0)
        code = bb_cli_connect(cli, &importer.client);
    if (code == 0)
        code = ask_known(&importer);
    if (code == 0)
        code = import_rows(&importer);
    importer.code = code; /* what is open now ends without a word */
    bb_client_destroy(&importer.client);
    bb_list_close(&importer.list);
    if (code == 0)
        code = bb_define_print(cli, &importer.counts);
    for (size_t i = 0; i < importer.n_known; i++)
        free(importer.known[i]);
    free(importer.known);
    for (size_t i = 0; i < importer.n_clashed; i++)
        drop(&importer.clashed[i]);
    free(importer.clashed);
    bb_once_release(&importer.once);
    return code;
}
