/* The control socket of a supervisor: one request and one answer a connection, as text.
 *
 * A request is `VERB NAME`: start, stop (SIGTERM), kill (SIGKILL), restart (stop, then start), wait (until it
 * has ended by itself). The answer comes when it is done: `ok`, or what went wrong. */
#ifndef BB_CONTROL_H
#define BB_CONTROL_H

#define BB_CONTROL_BYTES 256

/* Listen at this path. Returns the descriptor | -errno. */
int bb_control_listen(const char *path);

/* Ask the supervisor at this path; prints what went wrong on stderr. Returns an exit status. */
int bb_control_ask(const char *path, const char *verb, const char *name);

#endif
