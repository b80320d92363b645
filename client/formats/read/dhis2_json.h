/* Values of DHIS2 in JSON, streamed: an object {"dataSet": ..., "period": ..., "dataValues": [...]} of any
 * size is a record for each member of its list; an object without dataValues is a record itself. Objects may
 * follow each other, so that lines with one value each, which a file of refused rows has, are read as well.
 *
 * What the set says in front of dataValues is a cell of each of its values, unless the value says it itself
 * and is neither null nor empty there: dataSet, completeDate, period, orgUnit, attributeOptionCombo,
 * attributeCategoryOptions, the idSchemes, dryRun and the strategy. Other members of the set are passed over;
 * an object that has nothing but members of a set is a set without values. Behind dataValues, what the values
 * would have needed is too late: the file is refused there, whose values have been given by then.
 * completedDate is completeDate.
 *
 * Two members of one name: in a value it is refused, in a set the file is. Anything else that is wrong with
 * the file ends it, behind the records before it. */
#ifndef BB_FORMATS_DHIS2_JSON_H
#define BB_FORMATS_DHIS2_JSON_H

#include "reader.h"

#include "client/formats/text/feed.h"

/* feed: of UTF-8 without a byte order mark (decode.h); its memory is the caller's. spool: borrowed; NULL: the
 * text of records is not kept; it is one line of JSON that this reader reads back. 0 | -ENOMEM */
int bb_dhis2_json_reader(struct bb_feed feed, struct bb_spool *spool, struct bb_reader *ret_reader);

#endif
