/* Ctrl-C in the middle of long work: the signal is noted, whoever waits is woken, and the command comes to an
 * orderly end before it dies of the signal after all.
 *
 * One for the process, as signals are. Without bb_interrupt_watch() signals do what they always do. */
#ifndef BB_CLI_INTERRUPT_H
#define BB_CLI_INTERRUPT_H

/* From now on SIGINT, SIGTERM and SIGHUP are noted (those that were ignored stay so). A second SIGINT ends
 * the process at once. 0 | -errno */
int bb_interrupt_watch(void);

/* The signal that came, or 0. */
int bb_interrupt_signal(void);

/* Wait until the descriptor is readable, at most timeout_ms (-1: without end). 0, readable or not |
 * -ECANCELED: a signal came, now or before | -errno */
int bb_interrupt_wait(int fd, int timeout_ms);

/* If a signal came, die of it, so that a shell, a script or a service manager sees what happened (130 after
 * SIGINT, 143 after SIGTERM). Otherwise returns. */
void bb_interrupt_pass_on(void);

#endif
