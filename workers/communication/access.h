/* Who may read and write what: the table of PROTOCOL.md, "Channels", as functions.
 *
 * Everything that lets a message out goes through here: lists, the inbox, receipts, and every delivery. Pure
 * but for the tables that it reads.
 *
 * *Reading* a channel is a right. *Addressed to* is narrower, and what receipts and the inbox go by: staff
 * may read every group, and is not asked to acknowledge what is written there. */
#ifndef BB_ACCESS_H
#define BB_ACCESS_H

#include "channels.h"
#include "problem.h"

struct bb_indicators;

struct bb_access {
    const struct bb_directory *directory;
    const struct bb_groups *groups;
    const struct bb_channels *channels;
    struct bb_indicators *indicators; /* NULL: every one is there */
    /* Does the organization have a subscription whose filter selects this channel? Asked of indicators. */
    bool (*follows)(void *self, uint32_t organization, const struct bb_channel *channel);
    void *self;
};

/* May the organization read what was written to this channel at this sequence? organization: its number. */
bool bb_access_reads(const struct bb_access *access, uint32_t organization,
                     const struct bb_channel_state *channel, uint64_t sequence);

/* Does the service tell in it of an indicator that is not there for the organization? Of what members write
 * who it is addressed to may read all. */
bool bb_access_hides(const struct bb_access *access, uint32_t organization, const struct bb_record *record);

/* The first channel of the record through which the organization may read it: its index, or -1. Who wrote a
 * message may read it: through the first, when through none. */
int bb_access_record(const struct bb_access *access, uint32_t organization, const struct bb_record *record);

/* Is the audience told to the organization: is it staff, or the author? */
bool bb_access_audience(const struct bb_access *access, uint32_t organization,
                        const struct bb_record *record);

/* Is the record addressed to the organization, which did not write it? */
bool bb_access_addressed(const struct bb_access *access, uint32_t organization,
                         const struct bb_record *record);
/* Would a message to this channel be? */
bool bb_access_reaches(const struct bb_access *access, uint32_t organization,
                       const struct bb_channel *channel);

enum bb_access_verdict {
    BB_ACCESS_YES,
    BB_ACCESS_NOT_THERE,   /* no such group, organization or indicator (or not known yet: indicators.h) */
    BB_ACCESS_NOT_ALLOWED, /* for who is not staff also what is not there */
};

/* May the organization write to this channel? in_reply_to: what it answers, and may read; or NULL. */
enum bb_access_verdict bb_access_writes(const struct bb_access *access, uint32_t organization,
                                        const struct bb_channel *channel,
                                        const struct bb_record *in_reply_to);
/* May the organization have this channel in a filter, or ask for it? Patterns: yes. */
enum bb_access_verdict bb_access_selects(const struct bb_access *access, uint32_t organization,
                                         const struct bb_channel *channel);

/* Say why not. to: what it may not do, "read" or "write to". Returns 0 when it may, else 1. */
int bb_access_explain(enum bb_access_verdict verdict, const struct bb_channel *channel, const char *to,
                      struct bb_problem *problem);

#endif
