/* A plan as it is made: what holds for the whole file is taken out of its titles and its name. */
#include "plan_core.h"

#include "runtime/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define BOUND_BYTES   ((size_t)16 << 20)
#define SCRATCH_BYTES ((size_t)4 << 20)

void
bb_plan_destroy(struct bb_plan **plan)
{
    if (!*plan)
        return;
    bb_arena_release(&(*plan)->arena);
    bb_arena_release(&(*plan)->kept);
    bb_arena_release(&(*plan)->scratch);
    free((*plan)->captured);
    free((*plan)->captured_at);
    free(*plan);
    *plan = NULL;
}

/* Keep the texts of a capture, or of its default, for the whole file. */
static int
keep_captured(struct bb_plan *plan, size_t index, const struct bb_bytes *texts)
{
    const struct bb_capture *capture = &plan->map->capture[index];

    for (size_t i = 0; i < capture->names.count; i++) {
        const char *copy = bb_arena_text(&plan->kept, texts[i]);
        if (!copy)
            return -ENOMEM;
        plan->captured[index][i] = bb_bytes(copy, texts[i].len);
    }
    return 0;
}

/* In which line of the titles, or in the name of the file, does it stand? */
static bool
find_captured(const struct bb_capture *capture, const struct bb_plan_file *file,
              struct bb_bytes group[BB_PATTERN_GROUPS + 1])
{
    if (capture->from == BB_FROM_FILE)
        return bb_pattern_match(capture->pattern, bb_bytes_str(file->name), group);
    for (size_t i = 0; i < file->n_titles; i++)
        if ((capture->line == 0 || capture->line == i + 1) &&
            bb_pattern_match(capture->pattern, file->title[i], group))
            return true;
    return false;
}

static int
no_capture(const struct bb_capture *capture, const struct bb_plan_file *file, char *error, size_t size)
{
    char shown[200] = "";
    size_t line = capture->line ? capture->line - 1 : 0;

    if (capture->from == BB_FROM_FILE)
        snprintf(error, size,
                 "found \"%s\" as the name of the file, expected one that matches \"%s\" of the map; --name "
                 "gives another",
                 file->name, bb_pattern_text(capture->pattern));
    else if (line >= file->n_titles)
        snprintf(error, size, "found %zu lines above the header, expected one that matches \"%s\" of the map",
                 file->n_titles, bb_pattern_text(capture->pattern));
    else
        snprintf(error, size, "line %zu: found \"%s\", expected a title that matches \"%s\" of the map",
                 line + 1, bb_text_quote(file->title[line], shown, sizeof shown, 100),
                 bb_pattern_text(capture->pattern));
    return -EINVAL;
}

static int
capture_all(struct bb_plan *plan, const struct bb_plan_file *file, char *error, size_t size)
{
    const struct bb_map *map = plan->map;
    int r = 0;

    for (size_t i = 0; r == 0 && i < map->n_captures; i++) {
        struct bb_bytes group[BB_PATTERN_GROUPS + 1];
        const struct bb_capture *capture = &map->capture[i];
        if (capture->from == BB_FROM_CELLS)
            continue;
        if (find_captured(capture, file, group))
            r = keep_captured(plan, i, group + 1);
        else if (capture->fallback.count)
            r = keep_captured(plan, i, capture->fallback.item);
        else
            r = no_capture(capture, file, error, size);
    }
    return r;
}

int
bb_plan_new(const struct bb_map *map, const struct bb_plan_file *file, const struct bb_explain *explain,
            struct bb_plan **ret_plan, char *error, size_t size)
{
    struct bb_plan *plan = calloc(1, sizeof *plan);
    int r;

    if (!plan)
        return -ENOMEM;
    plan->map = map;
    plan->explain = explain;
    bb_arena_init(&plan->arena, BOUND_BYTES);
    bb_arena_init(&plan->kept, BOUND_BYTES);
    bb_arena_init(&plan->scratch, SCRATCH_BYTES);
    plan->captured = calloc(map->n_captures + 1, sizeof *plan->captured);
    plan->captured_at = calloc(map->n_captures + 1, sizeof *plan->captured_at);
    r = plan->captured && plan->captured_at ? capture_all(plan, file, error, size) : -ENOMEM;
    for (int i = 0; i < BB_COLUMNS; i++)
        plan->meant[i] = bb_map_aliases(map, bb_bytes_str(bb_import_fields[i]));
    if (r < 0)
        bb_plan_destroy(&plan);
    *ret_plan = plan;
    return r;
}
