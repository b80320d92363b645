/* The indicator of an answer as the public structure, and a point of it. */
#ifndef BB_CATALOGUE_H
#define BB_CATALOGUE_H

#include "backbone.h"

#include "measurement.pb-c.h"

/* Borrowed from `from`. */
void bb_indicator_read(const Bb__Indicator *from, struct bb_indicator *ret_indicator);
void bb_point_read(const Bb__TrendPoint *from, const struct bb_indicator *indicator,
                   struct bb_point *ret_point);

/* A command that defines n things, answered by a DefineReply. -E2BIG: it is too large, and nothing was sent.
 */
int bb_catalogue_define(struct bb_client *client, uint32_t method, const ProtobufCMessage *message, size_t n,
                        bb_define_fn *each, bb_done_fn *done, void *self);

#endif
