#pragma once

/*
 * Sockets of agents and readers as PROTOCOL.md has them, and many of them waited for at once
 */

#include <stdint.h>

#include "common/broker.h"

/* With CURVE as @key to @server; both NULL: without. */
void *bench_socket_make(void *zmq, int type, const SecretKey *key, const SecretKey *server);
void bench_socket_connect(void *socket, const char *endpoint);
/* Both. */
void *bench_socket_new(void *zmq, int type, const SecretKey *key, const SecretKey *server,
                       const char *endpoint);
void bench_socket_set(void *socket, int option, int value);
void bench_socket_subscribe(void *socket, const char *topic);

/* Waits until there is something. False: not within @timeout_ms. */
bool bench_socket_wait(void *socket, int timeout_ms);
/* Waits at most ten seconds for one message. *@message is to be closed. */
void bench_socket_receive(void *socket, void *message, const char *what);
void bench_socket_send(void *socket, const void *bytes, size_t n_bytes);

/*
 * Many sockets, of which few have something at a time: zmq_poll() asks each. A socket that is told
 * of must be read until it is empty, since its descriptor speaks once.
 */
typedef struct Crowd {
        int epoll;
} Crowd;

#define CROWD_NULL ((Crowd){ .epoll = -1 })

void crowd_init(Crowd *crowd);
void crowd_deinit(Crowd *crowd);
/* What it has already is not told of. */
void crowd_add(Crowd *crowd, void *socket, void *tag);
/* Returns how many of at most @n_tags may have something. */
size_t crowd_wait(Crowd *crowd, void **tags, size_t n_tags, int timeout_ms);
