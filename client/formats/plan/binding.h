/* Binding a map to names: what bind_name.c finds for bind.c. */
#ifndef BB_FORMATS_BINDING_H
#define BB_FORMATS_BINDING_H

#include "plan_core.h"

/* What is being bound. */
struct bb_binding {
    struct bb_plan *plan;
    char *error;
    size_t size;
    /* of a rule that stands for a column */
    int column; /* -1: it does not */
    const struct bb_map_reading *reading;
    struct bb_bytes group[BB_PATTERN_GROUPS + 1];
    bool missing; /* a name was not there */
};

/* Say what is wrong. -EINVAL */
int bb_bind_wrong(struct bb_binding *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Is it the name, but for blanks and line ends? squeezed: has one blank for each run of them. */
bool bb_bind_same_name(struct bb_bytes written, struct bb_bytes squeezed);
bool bb_bind_is_ignored(const struct bb_map *map, struct bb_bytes name);

/* A field that is optional: a file may be without it. */
bool bb_bind_may_lack(const struct bb_plan *plan, struct bb_bytes name);
/* Say that there is no such column. -EINVAL */
int bb_bind_no_column(struct bb_binding *b, struct bb_bytes name);

/* Index of the column of this name, the first one, or -1. */
int bb_bind_find(const struct bb_plan *plan, struct bb_bytes name);
/* The only one: -1 none | -EINVAL: several have it, which was said */
int bb_bind_find_only(struct bb_binding *b, struct bb_bytes name);

/* 0, with b->missing set if a name is not there, which was said in a table | -EINVAL | -ENOMEM */
int bb_bind_template(struct bb_binding *b, const struct bb_template *from, struct bb_bound *bound);

#endif
