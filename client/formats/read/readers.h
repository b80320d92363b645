/* The readers that there are, one a format. */
#ifndef BB_FORMATS_READERS_H
#define BB_FORMATS_READERS_H

#include "dhis2_csv.h"
#include "dhis2_json.h"
#include "jsonl.h"
#include "table.h"
#include "xml.h"

#endif
