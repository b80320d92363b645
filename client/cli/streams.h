/* Standard input, output and error: that they are there, and that what was written went out. */
#ifndef BB_CLI_STREAMS_H
#define BB_CLI_STREAMS_H

/* Before anything else is opened. A stream that the caller closed is made one that fails when it is used, so
 * that no socket or file of ours gets its number and what was meant for it. At the end of the program
 * standard output is written out; when that fails, the program says so and ends with EX_IOERR. */
void bb_streams_begin(void);

/* Write out what is buffered for standard output. 0 | EX_IOERR, the reason said, once. error: what is known
 * of it already, -errno; 0: nothing. */
int bb_streams_flush(int error);

#endif
