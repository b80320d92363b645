/* `capture` of a map: texts with names of their own, taken out of titles, the name of the file, or cells. */
#include "map_json.h"

/* --- captures ----------------------------------------------------------------------------------------- */

static int
read_from(struct bb_map_in *in, json_t *value, void *target)
{
    struct bb_capture *capture = target;
    const char *text = json_is_string(value) ? json_string_value(value) : "";

    capture->from = strcmp(text, "title") == 0      ? BB_FROM_TITLE
                    : strcmp(text, "fileName") == 0 ? BB_FROM_FILE
                                                    : BB_FROM_CELLS;
    if (capture->from != BB_FROM_CELLS)
        return 0;
    int r = bb_map_template(in, value, &capture->source);
    if (r == 0 && bb_template_is_constant(&capture->source))
        return bb_map_wrong_type(in, value, "\"title\", \"fileName\" or columns, as in \"{District}\"");
    return r;
}

#define CAPTURE(member, name)                                                                                \
    static int name(struct bb_map_in *in, json_t *value, void *target)                                       \
    {                                                                                                        \
        struct bb_capture *capture = target;                                                                 \
        return member;                                                                                       \
    }

CAPTURE(bb_map_count(in, value, 10000, &capture->line), read_line)
CAPTURE(bb_map_pattern(in, value, &capture->pattern), read_capture_pattern)
CAPTURE(bb_map_texts(in, value, &capture->names), read_capture_names)
CAPTURE(bb_map_texts(in, value, &capture->fallback), read_default)

static int
read_capture(struct bb_map_in *in, json_t *value, void *target)
{
    static const struct bb_map_member members[] = {
        {"from", read_from},           {"line", read_line},       {"pattern", read_capture_pattern},
        {"names", read_capture_names}, {"default", read_default}, {NULL, NULL},
    };
    struct bb_capture *capture = target;
    int r = bb_map_object(in, value, members, capture);

    if (r < 0)
        return r;
    if (!json_object_get(value, "from") || !capture->pattern || !capture->names.count)
        return bb_map_wrong(in, "expected \"from\", \"pattern\" and \"names\"");
    if (bb_pattern_groups(capture->pattern) < capture->names.count)
        return bb_map_wrong(in, "found %zu names, expected at most one for each of the %zu groups of \"%s\"",
                            capture->names.count, bb_pattern_groups(capture->pattern),
                            bb_pattern_text(capture->pattern));
    if (capture->fallback.count && capture->fallback.count != capture->names.count)
        return bb_map_wrong(in, "\"default\" has %zu texts, expected one for each of the %zu names",
                            capture->fallback.count, capture->names.count);
    return 0;
}

int
bb_map_read_captures(struct bb_map_in *in, json_t *value, void *target)
{
    struct bb_map *map = target;

    return bb_map_list(in, value, sizeof *map->capture, &map->capture, &map->n_captures, read_capture);
}
