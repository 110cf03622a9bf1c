#include <stddef.h>

#include "config/setting.h"

/*
 * The table
 *
 * The parser, --check-config, complaints and the manual's list come from these rows; a setting is
 * added here, as a field of Config, and where it is used.
 */

#define KIB(_n)     ((uint64_t)(_n) << 10)
#define MIB(_n)     ((uint64_t)(_n) << 20)
#define GIB(_n)     ((uint64_t)(_n) << 30)
#define SECONDS(_n) ((uint64_t)(_n)*1000)
#define DAYS(_n)    (SECONDS(_n) * 24 * 3600)

#define AT(_field) offsetof(Config, _field)
#define FIXED      false
#define RELOADS    true

const Setting settings[] = {
        { "network", SETTING_NETWORK, FIXED, AT(network), 1, 32, NULL,
          "The network's name, as on the region card." },
        { "authority", SETTING_AUTHORITY, FIXED, AT(authority), 0, 0, NULL,
          "The authority's public key, the line that plek key show prints. Without it and a "
          "network the daemon answers guests only, and writes nothing." },
        { "key", SETTING_KEY, FIXED, AT(key), 0, 0, "credential:plekd.key",
          "The file with the broker's secret, of mode 0600, or credential:NAME for one that "
          "systemd hands over (LoadCredential=). By hand the default is /etc/plek/plekd.key." },
        { "directory", SETTING_PATH, FIXED, AT(directory), 0, 0, "/var/lib/plek",
          "Where the journal is kept. Default under systemd: its state directory." },

        { "updates", SETTING_TCP, FIXED, AT(updates), 0, 0, "tcp://*:7301",
          "Where agents send signed updates." },
        { "care", SETTING_TCP, FIXED, AT(care), 0, 0, "tcp://*:7302",
          "Where care parties read the picture." },
        { "query", SETTING_TCP, FIXED, AT(query), 0, 0, "tcp://*:7303",
          "Where sessions are held: receipts, changes since, questions, guests." },
        { "coord", SETTING_TCP, FIXED, AT(coord), 0, 0, "tcp://*:7304",
          "Where coordination centres read the picture and what is for them only." },
        { "control", SETTING_IPC, FIXED, AT(control), 0, 0, "ipc:///run/plek/control",
          "The operator's socket on this host. Default under systemd: in its runtime directory." },
        { "http", SETTING_HTTP, FIXED, AT(http), 0, 0, "127.0.0.1:9301",
          "Where /metrics, /healthz and /readyz are served; off for none." },

        { "open-document", SETTING_FILE, FIXED, AT(open_document), 0, 0, "off",
          "A file for the public: what was reported with audience OPEN, without contacts, as JSON "
          "that the broker signs. Rewritten at most once a minute; the service must be allowed to "
          "write there (ReadWritePaths=)." },
        { "agreed", SETTING_AGREED, RELOADS, AT(agreed), 0, 0,
          "pressure 1 min, counts V4 5 min, counts V5 5 min, counts V6 5 min, counts N6 15 min, "
          "counts R5 6 h, counts GP_POST 15 min, counts NURSING_HOME 6 h",
          "How often senders have agreed to report, by the kind of their location (as on its card) "
          "or by care. Readers are told; who is later is overdue." },

        { "workers", SETTING_COUNT, FIXED, AT(workers), 1, 64, "2",
          "Threads that verify signatures." },
        { "max-connections", SETTING_COUNT, FIXED, AT(max_connections), 16, 1000000, "8192",
          "Connections over all sockets. The service's LimitNOFILE must be at least four times "
          "this; where it is less, the default is as many as there are descriptors for." },
        { "connections-per-key", SETTING_COUNT, RELOADS, AT(connections_per_key), 4, 1000000, "64",
          "Connections of one key over all sockets; a program that reads and reports has four. One "
          "more is refused, and tries again later." },
        { "topics-per-key", SETTING_COUNT, RELOADS, AT(topics_per_key), 16, 1000000, "1024",
          "Topics that the connections of one key are subscribed to. One that goes past it is "
          "cut." },
        { "max-guests", SETTING_COUNT, RELOADS, AT(max_guests), 0, 100000, "64",
          "Sessions of keys that are not enrolled, at once. They may only ask who they are." },
        { "guests-per-second", SETTING_COUNT, RELOADS, AT(guests_per_second), 1, 100000, "20",
          "Handshakes of keys that are not enrolled, all together." },
        { "updates-per-second", SETTING_COUNT, RELOADS, AT(updates_per_second), 1, 1000000, "500",
          "Updates of one connection's key; more are refused with QUOTA." },
        { "updates-at-once", SETTING_COUNT, RELOADS, AT(updates_at_once), 1, 1000000, "5000",
          "How many more than that may come at once, as when an agent states everything." },
        { "requests-per-second", SETTING_COUNT, RELOADS, AT(requests_per_second), 1, 1000000, "200",
          "Requests of one session." },
        { "requests-at-once", SETTING_COUNT, RELOADS, AT(requests_at_once), 1, 1000000, "1000",
          "How many more than that may come at once." },

        { "queue-bytes", SETTING_BYTES, FIXED, AT(queue_bytes), MIB(16), GIB(1024), "512 MiB",
          "What may wait to be sent, over all peers. Past it, the one furthest behind is cut." },
        { "receive-bytes", SETTING_BYTES, FIXED, AT(receive_bytes), MIB(16), GIB(1024), "1 GiB",
          "What may wait to be taken, over all peers." },
        { "answer-bytes", SETTING_BYTES, FIXED, AT(answer_bytes), MIB(16), GIB(1024), "512 MiB",
          "Answers to changes since that are kept for others who ask the same." },
        { "subscription-bytes", SETTING_BYTES, RELOADS, AT(subscription_bytes), MIB(1), GIB(1024),
          "512 MiB",
          "What subscriptions may take, over all peers, each counted as 52 bytes for a byte of its "
          "topic. Past it, the key that has most is cut." },
        { "party-records-max", SETTING_COUNT, RELOADS, AT(party_records_max), 1, 10000000, "100000",
          "Records of one party." },
        { "location-doors-max", SETTING_COUNT, RELOADS, AT(location_doors_max), 1, 100000, "1000",
          "Doors that one party keeps of one location, plans included: every reader weighs each "
          "against each." },
        { "tombstones", SETTING_COUNT, FIXED, AT(tombstones), 1000, 100000000, "100000",
          "Withdrawals that are remembered. A reader who was away for more gets the whole picture "
          "instead of the changes." },
        { "store-bytes-max", SETTING_BYTES, FIXED, AT(store_bytes_max), 0, GIB(65536), "0",
          "How large the database may grow; 0: as the disk has room." },

        { "skew", SETTING_MS, RELOADS, AT(skew_ms), SECONDS(1), SECONDS(3600), "120 s",
          "How far a sender's clock may be ahead, and the broker's own behind its last entry." },
        { "grace", SETTING_MS, RELOADS, AT(grace_ms), 0, DAYS(365), "14 d",
          "How long a reader goes on reading after its enrolment has expired." },
        { "clock-jump", SETTING_MS, FIXED, AT(clock_jump_ms), SECONDS(10), DAYS(1), "10 min",
          "A jump of the broker's clock past which it takes no updates until it is sane again." },
        { "checkpoint", SETTING_MS, FIXED, AT(checkpoint_ms), 100, DAYS(1), "10 s",
          "At most this much is replayed from the journal at a start; a checkpoint costs writes." },
        { "scrub", SETTING_COUNT, FIXED, AT(scrub_percent), 0, 100, "5",
          "The share of one CPU, in percent, with which the whole journal is looked through again "
          "after a start; 0: it is not." },
        { "keep-full", SETTING_MS, RELOADS, AT(keep_full_ms), 0, DAYS(36500), "0 s",
          "For how long every report is kept, a day at the least; of what is older, numbers are "
          "thinned. 0: for ever." },
        { "keep-resolution", SETTING_MS, RELOADS, AT(keep_resolution_ms), SECONDS(60), DAYS(31),
          "1 h",
          "What is thinned keeps the last of each number in each of these. Doors, cards and who is "
          "who are kept in full." },
        { "keep-past", SETTING_MS, RELOADS, AT(keep_past_ms), 0, DAYS(36500), "0 s",
          "For how long anything is kept, a minute at the least; what is older is deleted, but for "
          "who is who, and for what still holds. 0: for ever." },
        { "keep-bytes", SETTING_BYTES, RELOADS, AT(keep_bytes), 0, GIB(65536), "0",
          "The database is kept from using more than this: from seven eighths of it on whatever is "
          "older than a day is thinned, the oldest first, and then the oldest of what is left is "
          "deleted. 0: it is not." },
        { "heartbeat", SETTING_MS, FIXED, AT(heartbeat_ms), 100, SECONDS(60), "1 s",
          "How often a connection is probed below the protocol, so that a stalled one is found." },
        { "heartbeat-timeout", SETTING_MS, FIXED, AT(heartbeat_timeout_ms), 200, SECONDS(300),
          "3 s", "A connection that is silent for this long is cut." },
};

const size_t n_settings = N_ELEMENTS(settings);
