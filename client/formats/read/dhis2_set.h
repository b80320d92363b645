/* What a dataValueSet of DHIS2 in JSON says of all of its values: its members in front of dataValues. */
#ifndef BB_FORMATS_DHIS2_SET_H
#define BB_FORMATS_DHIS2_SET_H

#include "record.h"

#include "client/formats/text/one_line.h"

#define BB_DHIS2_SET_MEMBERS 32u

/* When a member that stands behind dataValues is too late. */
enum bb_dhis2_late {
    BB_DHIS2_UNKNOWN = 0, /* it is no member of a set: passed over wherever it is */
    BB_DHIS2_NEVER,       /* values do without it */
    BB_DHIS2_IF_LACKED,   /* a value did not say it itself */
    BB_DHIS2_ALWAYS,      /* it changes what values mean */
};

struct bb_dhis2_set {
    struct bb_dhis2_member {
        int index;           /* of its name */
        struct bb_cell cell; /* its text is in `text` */
        size_t at;           /* there */
        size_t json, len;    /* there, "name":value as the text of a value gets it */
    } member[BB_DHIS2_SET_MEMBERS];
    size_t count;
    struct bb_buffer text;
    uint8_t late[BB_CELLS_MAX]; /* enum bb_dhis2_late, by index of name */
    size_t known;               /* of them */
    unsigned lacked;            /* bit n: a value had no cell of the name with index n */
};

/* The names that a value may lack are the first ones of `record`. 0 | -ENOMEM */
int bb_dhis2_set_init(struct bb_dhis2_set *set, struct bb_record *record);
void bb_dhis2_set_release(struct bb_dhis2_set *set);

/* completeDate for completedDate. */
struct bb_bytes bb_dhis2_name(struct bb_bytes name);
enum bb_dhis2_late bb_dhis2_late(struct bb_bytes name);

/* Is nothing given but members of a set? */
bool bb_dhis2_set_is_all(struct bb_dhis2_set *set, const struct bb_record *record);

/* dataValues begins: keep what `record` has of the set until bb_dhis2_set_end(). A member that is too long
 * to keep refuses the record. 0 | -ENOMEM */
int bb_dhis2_set_begin(struct bb_dhis2_set *set, struct bb_record *record);
/* Give the record of a value what the set says, and note what it lacks. Returns false when `line` would say
 * something twice, and must be written anew from the cells. */
bool bb_dhis2_set_apply(struct bb_dhis2_set *set, struct bb_record *record, struct bb_one_line *line);
/* Was this said in front, or is it now too late to say it? */
bool bb_dhis2_set_has(const struct bb_dhis2_set *set, const struct bb_record *record, struct bb_bytes name);
bool bb_dhis2_set_is_late(const struct bb_dhis2_set *set, const struct bb_record *record,
                          struct bb_bytes name);
void bb_dhis2_set_end(struct bb_dhis2_set *set);

#endif
