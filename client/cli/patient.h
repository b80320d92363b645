/* Bytes of a file or a pipe that may be quiet for long: Ctrl-C ends the wait (interrupt.h). */
#ifndef BB_CLI_PATIENT_H
#define BB_CLI_PATIENT_H

#include "client/formats/text/feed.h"

/* fd: of the caller, as is its memory. Reading gives -ECANCELED when a signal came. */
struct bb_feed bb_patient_feed(int *fd);

#endif
