/* The body of a message, from a file. */
#ifndef BB_CLI_BODY_H
#define BB_CLI_BODY_H

/* Read and check it: UTF-8, at most 64 KiB, of the control characters only tab and line feed. A byte order
 * mark, and the CR of line ends, are left out. file: "-" is standard input. ret_text: to be freed.
 * 0 | an exit code, the reason said */
int bb_body_read(const char *file, char **ret_text);

#endif
