#pragma once

/*
 * Config: what the operator wrote into plekd.conf, checked
 *
 *         name = value               settings, in any order, each at most once
 *         [policy REGION]            what a region allows of doors:
 *         forbid = STOP, CLOSED      these states are refused
 *         longest-STOP = 2h          this state must say an end, at most this long after it began
 *         pause-STOP = 1h            a break as long as this begins it anew; 30 min by default
 *
 * What is not known is refused: a setting that is spelt wrong must not be a default. Everything
 * that is wrong is said, each with its file and line, not only the first.
 */

#include <stdbool.h>
#include <stdio.h>

#include "core/admission.h"
#include "wire/agreed.h"
#include "wire/key.h"

enum {
        CONFIG_OK,
        CONFIG_E_REFUSED, /* the complaints say why */
};

enum {
        CONFIG_BYTES_MAX = 1024 * 1024,
        CONFIG_POLICIES_MAX = 1024,
        CONFIG_PAUSE_DEFAULT_MS = 30 * 60 * 1000,
};

/* Times in milliseconds, sizes in bytes. Strings are the config's. */
typedef struct Config {
        char *network; /* NULL, as is the authority: none yet */
        bool has_authority;
        PublicKey authority;
        char *key;
        char *directory;

        char *updates, *care, *query, *coord; /* tcp://host:port */
        char *control;                        /* ipc://path */
        char *http;                           /* host:port, NULL: off */

        char *open_document; /* NULL: off */
        char *agreed;        /* as written, and what it says */
        AgreedInterval *agreed_intervals;
        size_t n_agreed_intervals;

        uint64_t workers;
        uint64_t max_connections;
        bool max_connections_is_said; /* not the default, which fits itself to the host */
        uint64_t connections_per_key; /* over all sockets */
        uint64_t topics_per_key;
        uint64_t max_guests;
        uint64_t guests_per_second;
        uint64_t updates_per_second, updates_at_once;   /* of one transport key */
        uint64_t requests_per_second, requests_at_once; /* of one session */
        uint64_t queue_bytes;                           /* to peers, over all of them */
        uint64_t receive_bytes;                         /* from peers, over all of them */
        uint64_t answer_bytes; /* answers to `since` that are kept for others */
        uint64_t subscription_bytes;
        uint64_t party_records_max;
        uint64_t location_doors_max; /* of one party */
        uint64_t tombstones;
        uint64_t store_bytes_max; /* 0: what the disk holds */
        uint64_t skew_ms;
        uint64_t grace_ms;
        uint64_t clock_jump_ms;
        uint64_t checkpoint_ms;
        uint64_t scrub_percent; /* of one CPU; 0: none */
        uint64_t keep_full_ms;  /* 0: for ever */
        uint64_t keep_resolution_ms;
        uint64_t keep_past_ms; /* 0: for ever */
        uint64_t keep_bytes;   /* 0: whatever it takes */
        uint64_t heartbeat_ms, heartbeat_timeout_ms;

        DoorPolicy *policies;
        size_t n_policies;
} Config;

/* What was wrong: one line each, "file:line: sentence", the first few. */
typedef struct ConfigComplaints {
        char text[4096];
        size_t n_text;
        size_t n_complaints; /* all, told or not */
} ConfigComplaints;

/*
 * Reads @path. Defaults that depend on where the daemon runs come from systemd's STATE_DIRECTORY,
 * RUNTIME_DIRECTORY and CREDENTIALS_DIRECTORY. Returns 0, CONFIG_E_REFUSED or -errno (the file
 * cannot be read; the complaints say so, too).
 */
MUST_CHECK int config_load(Config **ret_config, const char *path, ConfigComplaints *complaints);
/* The same from memory; @name stands for the file in complaints. */
MUST_CHECK int config_parse(Config **ret_config, const char *name, const char *text, size_t n_text,
                            ConfigComplaints *complaints);
/* Whether what it names is there, as a start would find it: the key can be used, and what is not
 * made yet can be made. Returns 0 or CONFIG_E_REFUSED; the complaints name the setting. */
MUST_CHECK int config_check_places(const Config *config, ConfigComplaints *complaints);
/* Whether others may change what is in the directory, if it is there: a sentence for the operator.
 * It is a warning: whoever runs it so may know why. */
MUST_CHECK bool config_directory_is_others(const Config *config, char *ret_text, size_t n_text);
/* Why secret_key_load() did not load a key: @result is what it returned, not 0. */
const char *config_key_trouble(int result);
Config *config_free(Config *config);
DEFINE_FREEP(Config, config_free);

/*
 * A reload takes only some settings over. Returns the name of the first that is different and needs
 * a restart, or NULL.
 */
const char *config_needs_restart(const Config *running, const Config *reloaded);

/* plekd --list-settings: every setting with its kind, range, default and what it does; @as_man in
 * the macros of a man page. */
void config_list_settings(FILE *file, bool as_man);
