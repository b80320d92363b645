/* Members of a map as JSON, with the words for what is wrong with them: where, found, expected. */
#ifndef BB_FORMATS_MAP_JSON_H
#define BB_FORMATS_MAP_JSON_H

#include "map.h"

#include <jansson.h>

/* A map being read. */
struct bb_map_in {
    struct bb_map *map;
    const char *name; /* of the file */
    char where[200];  /* the member at hand: "fields[3].missingValues" */
    char *error;
    size_t size;
};

/* A member of an object: what reads it into its target. */
struct bb_map_member {
    const char *name;
    int (*read)(struct bb_map_in *in, json_t *value, void *target);
};

/* "map.json: fields[3].name: found ..." Returns -EINVAL. */
int bb_map_wrong(struct bb_map_in *in, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same of a value of another type. */
int bb_map_wrong_type(struct bb_map_in *in, const json_t *value, const char *expected);

/* All of these: 0 | -EINVAL, which was said | -ENOMEM. The texts are kept in the map's arena. */

/* members: ended by a name that is NULL; one that is none of them is a mistake. */
int bb_map_object(struct bb_map_in *in, json_t *value, const struct bb_map_member *members, void *target);
/* Each element of a list, or the value itself where it is none, through `read`; size: of a target. */
int bb_map_list(struct bb_map_in *in, json_t *value, size_t size, void *ret_items, size_t *ret_count,
                int (*read)(struct bb_map_in *in, json_t *value, void *target));
int bb_map_text(struct bb_map_in *in, json_t *value, struct bb_bytes *ret_text);
int bb_map_name(struct bb_map_in *in, json_t *value, struct bb_bytes *ret_name); /* blanks squeezed */
int bb_map_texts(struct bb_map_in *in, json_t *value, struct bb_texts *ret_texts);
int bb_map_flag(struct bb_map_in *in, json_t *value, bool *ret_flag);
int bb_map_count(struct bb_map_in *in, json_t *value, uint32_t most, uint32_t *ret_count); /* 1 to most */
int bb_map_pattern(struct bb_map_in *in, json_t *value, struct bb_pattern **ret_pattern);
int bb_map_template(struct bb_map_in *in, json_t *value, struct bb_template *ret_template);
int bb_map_alias_object(struct bb_map_in *in, json_t *value, struct bb_aliases *ret_aliases);

/* A text of the arena with NUL. NULL: no memory. */
char *bb_map_keep(struct bb_map_in *in, const char *text, size_t len);

/* The members that other files read. target: what it says. */
int bb_map_read_fields(struct bb_map_in *in, json_t *value, void *map);
int bb_map_read_missing(struct bb_map_in *in, json_t *value, void *missings);
int bb_map_read_common(struct bb_map_in *in, json_t *value, void *rule);
int bb_map_read_rules(struct bb_map_in *in, json_t *value, void *map);
int bb_map_read_captures(struct bb_map_in *in, json_t *value, void *map);
int bb_map_read_conditions(struct bb_map_in *in, json_t *value, void *conditions);
int bb_map_read_group_char(struct bb_map_in *in, json_t *value, void *numbers);
int bb_map_read_decimal_char(struct bb_map_in *in, json_t *value, void *numbers);
int bb_map_read_bare_number(struct bb_map_in *in, json_t *value, void *numbers);

#endif
