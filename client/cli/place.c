/* backbone place import | ls */
#include "define.h"

#include "data.h"

#include "client/formats/metadata/metadata_places.h"
#include "proto/limits.h"
#include "runtime/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { NAME, PARENT, ALIAS, AGGREGATE, FIELDS };

static const char *const fields[FIELDS + 1] = {"name", "parent", "alias", "aggregate", NULL};

/* --- import --------------------------------------------------------------------------------------------- */

/* 1, 0, or -1 for a word that is neither. */
static int
is_yes(const char *word)
{
    static const char *const yes[] = {"yes", "true", "1"}, *const no[] = {"no", "false", "0"};
    for (size_t i = 0; word && i < 3; i++) {
        if (strcasecmp(word, yes[i]) == 0)
            return 1;
        if (strcasecmp(word, no[i]) == 0)
            return 0;
    }
    return word ? -1 : 0;
}

static size_t
count_aliases(const char *list)
{
    size_t n = list ? 1 : 0;
    for (; list && *list; list++)
        n += *list == '|';
    return n;
}

static bool
check(const struct bb_list_row *row, const char **ret_field, char *reason, size_t size)
{
    char shown[200];
    const char *word = row->cell[AGGREGATE];
    if (is_yes(word) < 0) {
        *ret_field = "aggregate";
        snprintf(reason, size, "found '%s', expected yes or no",
                 bb_text_quote(bb_bytes_str(word), shown, sizeof shown, 40));
        return false;
    }
    size_t n = count_aliases(row->cell[ALIAS]);
    if (n > BB_LIMIT_ALIASES) {
        *ret_field = "alias";
        snprintf(reason, size, "found %zu aliases, expected at most %u", n, BB_LIMIT_ALIASES);
        return false;
    }
    return true;
}

/* Compare what this row says of one thing, if it does, with what an earlier row said of it. */
static int
compare_cell(struct bb_once *once, const struct bb_list_row *row, int cell, const char *meaning, char *reason,
             size_t size)
{
    const char *name = row->cell[NAME] ? row->cell[NAME] : "";
    const char *const said[] = {name, meaning};
    uint64_t first;
    int r = meaning ? bb_once_add(once, said, 2, row->number, &first) : 0;
    if (r != BB_ONCE_OTHER)
        return r < 0 ? r : 0;
    snprintf(reason, size, "found '%.128s' for '%.128s', expected the same as in row %" PRIu64 ", or nothing",
             row->cell[cell], name, first);
    return 1;
}

/* A place may have several rows, which add aliases, but one parent, and it is an aggregate or not. */
static int
compare(struct bb_once *once, const struct bb_list_row *row, const char **ret_field, char *reason,
        size_t size)
{
    static const char *const words[] = {"no", "yes"};
    const char *word = row->cell[AGGREGATE];
    *ret_field = fields[PARENT];
    int r = compare_cell(&once[0], row, PARENT, row->cell[PARENT], reason, size);
    if (r != 0)
        return r;
    *ret_field = fields[AGGREGATE];
    return compare_cell(&once[1], row, AGGREGATE, word ? words[is_yes(word)] : NULL, reason, size);
}

static size_t
bytes_of(const struct bb_list_row *row)
{
    const struct bb_place place = {
        .name = row->cell[NAME] ? row->cell[NAME] : "",
        .parent = row->cell[PARENT],
        .alias = &row->cell[ALIAS], /* as one: about as long as its parts */
        .n_aliases = row->cell[ALIAS] ? 1 : 0,
    };
    return bb_place_bytes(&place) + 3 * count_aliases(row->cell[ALIAS]);
}

/* The aliases of a row, cut apart within its own text. Takes room in `pool`. */
static void
split_aliases(struct bb_list_row *row, const char ***pool, struct bb_place *place)
{
    place->alias = *pool;
    char *at = row->cell[ALIAS] ? row->text + (row->cell[ALIAS] - row->text) : NULL;
    for (char *alias; (alias = strsep(&at, "|"));)
        if (*alias)
            *(*pool)++ = alias;
    place->n_aliases = (size_t)(*pool - place->alias);
}

static int
send_rows(struct bb_client *client, struct bb_list_row *const *rows, size_t n, bb_define_fn *each, void *self)
{
    size_t n_aliases = 0;
    for (size_t i = 0; i < n; i++)
        n_aliases += count_aliases(rows[i]->cell[ALIAS]);
    struct bb_place *places = calloc(n, sizeof *places);
    const char **aliases = calloc(n_aliases + 1, sizeof *aliases), **pool = aliases;
    int r = -ENOMEM;
    for (size_t i = 0; places && aliases && i < n; i++) {
        places[i] = (struct bb_place){
            .name = rows[i]->cell[NAME] ? rows[i]->cell[NAME] : "",
            .parent = rows[i]->cell[PARENT],
            .aggregate = is_yes(rows[i]->cell[AGGREGATE]) == 1,
            .has_aggregate = rows[i]->cell[AGGREGATE] != NULL,
        };
        split_aliases(rows[i], &pool, &places[i]);
    }
    if (places && aliases)
        r = bb_client_define_places(client, places, n, each, NULL, self);
    free(places);
    free(aliases);
    return r;
}

struct import {
    struct bb_define_arguments arguments;
    bool aggregate;
};

static int
take_metadata(const void *self_aggregate, const struct bb_metadata *metadata, struct bb_definitions *list,
              char *error, size_t size)
{
    return bb_metadata_places(metadata, *(const bool *)self_aggregate, list, error, size);
}

enum { KEY_AGGREGATE = 0x200 };

static const struct argp_option import_options[] = {
    {"aggregate", KEY_AGGREGATE, NULL, 0,
     "metadata of DHIS2: what units with others in them report contains those already", 0},
    {0},
};

static error_t
parse_import(int key, char *arg, struct argp_state *state)
{
    struct import *import = state->input;

    if (key != KEY_AGGREGATE)
        return bb_define_argument(key, arg, state, &import->arguments);
    import->aggregate = true;
    import->arguments.metadata.option = "--aggregate";
    return 0;
}

static int
run_import(struct bb_cli *cli, int argc, char **argv)
{
    static const struct bb_definable places = {fields, 1, bytes_of, check, compare, send_rows};
    struct import import = {
        .arguments.metadata = {take_metadata, &import.aggregate, "organisationUnits", NULL}};

    bb_define_parse(cli, &places, import_options, parse_import, argc, argv, &import);
    return bb_define_file(cli, &places, &import.arguments);
}

/* --- ls ------------------------------------------------------------------------------------------------- */

static int
print_place(void *self, const struct bb_place *place)
{
    struct bb_output *output = self;
    bb_output_text(output, NAME, place->name);
    bb_output_text(output, PARENT, place->parent);
    bb_output_list(output, ALIAS);
    for (size_t i = 0; i < place->n_aliases; i++)
        bb_output_item(output, ALIAS, place->alias[i]);
    bb_output_bool(output, AGGREGATE, place->aggregate);
    bb_output_row(output);
    return 0;
}

static int
list(struct bb_client *client, struct bb_output *output, void *self)
{
    (void)self;
    return bb_cli_ended(client, bb_client_places(client, print_place, NULL, output));
}

static int
run_ls(struct bb_cli *cli, int argc, char **argv)
{
    static const struct bb_output_column columns[FIELDS] = {
        [NAME] = {"name", "NAME", BB_OUTPUT_WRAP},
        [PARENT] = {"parent", "PARENT", 0},
        [ALIAS] = {"alias", "ALIASES", BB_OUTPUT_LIST | BB_OUTPUT_WRAP},
        [AGGREGATE] = {"aggregate", "AGGREGATE", 0},
    };
    bb_cli_parse(cli, bb_cli_command(cli), NULL, NULL, argc, argv, NULL);
    return bb_cli_ask(cli, columns, FIELDS, 0, list, NULL);
}

const struct bb_command bb_commands_place[] = {
    {"place import", "FILE|-", "register places, their aliases and parents", run_import},
    {"place ls", "", "list the registered places", run_ls},
    {0},
};
