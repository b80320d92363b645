/* backbone partner import FILE.csv: register the organizations of a list, or change them.
 *
 * Each row is a request of its own, so that a row that is refused does not hold up the others; a window of
 * them is under way at a time. The codes that are registered already are asked for first, to tell what was
 * created from what was changed. */
#include "define.h"
#include "partner.h"

#include "proto/limits.h"
#include "runtime/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define WINDOW 32

enum { CODE, NAME, ROLE, ALIAS, FIELDS };

static const char *const fields[FIELDS + 1] = {"code", "name", "role", "alias", NULL};

struct importer {
    struct bb_client *client;
    struct bb_list_file *list;
    char **known; /* codes, sorted */
    size_t n_known, size_known;
    uint64_t rows, created, updated, unchanged, rejected;
    int open; /* requests under way */
    int code; /* exit code of what ended the import; 0: nothing */
};

struct job {
    struct importer *importer;
    struct bb_list_row *row;
    bool known;
    const char *alias[BB_LIMIT_ALIASES];
    size_t n_aliases;
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
    importer->rejected++;
    bb_list_refuse(importer->list, row->number, field, code, reason);
}

static void
on_put(void *self, const struct bb_partner *partner, bool changed)
{
    struct job *job = self;

    (void)partner;
    job->importer->unchanged += !changed;
    job->importer->updated += changed && job->known;
    job->importer->created += changed && !job->known;
}

static void
on_done(void *self, const struct bb_problem *end, uint64_t sequence)
{
    struct job *job = self;
    struct importer *importer = job->importer;
    size_t prefix = strlen(end->name) + 2; /* "EXISTS: " stands in front of what the broker says */

    (void)sequence;
    importer->open--;
    if (end->result == BB_FAILED && strlen(end->message) > prefix) {
        refuse(importer, job->row, "", end->name, end->message + prefix);
    } else if (end->result != BB_OK && !importer->code) {
        importer->code = bb_cli_exit_code(end->result);
        bb_cli_error("%s", end->message);
    }
    free(job->row);
    free(job);
}

/* Cut the aliases apart, within the row's own text. */
static bool
split_aliases(struct job *job)
{
    const char *list = job->row->cell[ALIAS];
    char *at = list ? job->row->text + (list - job->row->text) : NULL;

    for (char *alias; (alias = strsep(&at, "|"));) {
        if (!*alias)
            continue;
        if (job->n_aliases == BB_LIMIT_ALIASES)
            return false;
        job->alias[job->n_aliases++] = alias;
    }
    return true;
}

static void
refuse_cell(struct job *job, int field, const char *expected)
{
    char shown[96], reason[256];
    const char *cell = job->row->cell[field];

    snprintf(reason, sizeof reason, "found '%s', expected %s",
             bb_text_quote(bb_bytes_str(cell ? cell : ""), shown, sizeof shown, 64), expected);
    refuse(job->importer, job->row, fields[field], "BAD_VALUE", reason);
}

/* Is the row one? Refuses it otherwise. */
static bool
check(struct job *job)
{
    const char *const *cell = job->row->cell;

    if (!bb_text_is_code(bb_bytes_str(cell[CODE])))
        refuse_cell(job, CODE, "1 to 128 letters, digits, '_', '.', '-', the first a letter or digit");
    else if (!bb_text_is_name(bb_bytes_str(cell[NAME])))
        refuse_cell(job, NAME, "1 to 300 bytes without control characters or blanks around them");
    else if (!cell[ROLE] || !bb_cli_is_role(cell[ROLE]))
        refuse_cell(job, ROLE, "staff, partner or observer");
    else if (!split_aliases(job))
        refuse_cell(job, ALIAS, "at most 64 aliases");
    else
        return true;
    return false;
}

static int
send_job(struct job *job)
{
    const struct bb_partner_change change = {
        .code = job->row->cell[CODE],
        .create = true,
        .upsert = true,
        .name = job->row->cell[NAME],
        .role = job->row->cell[ROLE],
        .alias = job->alias,
        .n_aliases = job->n_aliases,
    };
    int r;

    job->known = is_known(job->importer, change.code);
    r = bb_client_partner_put(job->importer->client, &change, on_put, on_done, job);
    if (r == 0)
        job->importer->open++;
    return r;
}

/* Takes the row. */
static int
add(struct importer *importer, struct bb_list_row *row)
{
    struct job *job = calloc(1, sizeof *job);
    int r = -ENOMEM;

    if (job) {
        *job = (struct job){.importer = importer, .row = row};
        r = 0;
        if (check(job)) {
            r = send_job(job);
            if (r == 0)
                return 0; /* on_done() frees them */
        }
    }
    if (r == -E2BIG) {
        refuse(importer, row, "", "TOO_LONG", "found more than a request holds, expected at most 192 KiB");
        r = 0;
    }
    free(row);
    free(job);
    if (r < 0)
        bb_cli_error("%s", strerror(-r));
    return r < 0 ? EX_OSERR : 0;
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

static int
import_rows(struct importer *importer)
{
    struct bb_list_row *row;
    int r, code = 0;

    while (code == 0 && (r = bb_list_next(importer->list, &row)) != BB_LIST_END) {
        if (r < 0)
            return EX_IOERR;
        importer->rows++;
        importer->rejected += r == BB_LIST_REFUSED;
        if (r == 0)
            code = add(importer, row);
        if (code == 0)
            code = wait_until_open(importer, WINDOW - 1);
    }
    return code ? code : wait_until_open(importer, 0);
}

static int
print_counts(struct bb_cli *cli, const struct importer *importer)
{
    static const struct bb_output_column columns[] = {
        {"rows", NULL, 0},      {"created", NULL, 0},  {"updated", NULL, 0},
        {"unchanged", NULL, 0}, {"rejected", NULL, 0},
    };
    const uint64_t counts[] = {importer->rows, importer->created, importer->updated, importer->unchanged,
                               importer->rejected};
    struct bb_output *output = bb_cli_output(cli, columns, 5, BB_OUTPUT_OBJECT);

    if (!output)
        return EX_OSERR;
    for (size_t i = 0; i < 5; i++)
        bb_output_uint(output, i, counts[i]);
    bb_output_mark(output, 4, importer->rejected ? BB_MARK_BAD : BB_MARK_NONE);
    bb_output_row(output);
    return bb_cli_finish(&output, importer->rejected ? EX_DATAERR : EX_OK);
}

int
bb_cli_partner_import(struct bb_cli *cli, int argc, char **argv)
{
    struct importer importer = {0};
    const char *file = bb_cli_parse_one(cli, argc, argv);
    int code;

    code = bb_list_open(file, fields, 3, &importer.list);
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
        code = print_counts(cli, &importer);
    for (size_t i = 0; i < importer.n_known; i++)
        free(importer.known[i]);
    free(importer.known);
    return code;
}
