#include "cmocka-all.h"

#include <stdlib.h>
#include <string.h>
#include <sodium.h>

#include "config/config.h"
#include "config/setting.h"
#include "config/value.h"

static char key_line[KEY_TEXT_BYTES + 16];

static ConfigComplaints complaints;

static int parse(Config **ret_config, const char *text)
{
        return config_parse(ret_config, "plekd.conf", text, strlen(text), &complaints);
}

static Config *parse_well(const char *text)
{
        Config *config = NULL;
        int r;

        r = parse(&config, text);
        if (r)
                fail_msg("%d: %s", r, complaints.text);
        return config;
}

static void check_refused(const char *text, const char *complaint)
{
        Config *config = NULL;

        assert_int_equal(parse(&config, text), CONFIG_E_REFUSED);
        assert_null(config);
        if (!strstr(complaints.text, complaint))
                fail_msg("\"%s\" is not in: %s", complaint, complaints.text);
}

static void test_defaults_need_a_key_only(void **state)
{
        CLEANUP(config_freep) Config *config = parse_well("key = broker.key\n");

        assert_null(config->network);
        assert_false(config->has_authority);
        assert_string_equal(config->key, "broker.key");
        assert_string_equal(config->directory, "/var/lib/plek");
        assert_string_equal(config->updates, "tcp://*:7301");
        assert_string_equal(config->care, "tcp://*:7302");
        assert_string_equal(config->query, "tcp://*:7303");
        assert_string_equal(config->coord, "tcp://*:7304");
        assert_string_equal(config->control, "ipc:///run/plek/control");
        assert_string_equal(config->http, "127.0.0.1:9301");
        assert_int_equal(config->skew_ms, 120000);
        assert_int_equal(config->grace_ms, 14 * 24 * 3600 * 1000LL);
        assert_int_equal(config->n_policies, 0);
}

static void test_started_by_hand_it_finds_what_the_unit_would_hand_over(void **state)
{
        CLEANUP(config_freep) Config *config = parse_well("directory = x\n");

        assert_string_equal(config->key, "/etc/plek/plekd.key");
}

static void test_connections_that_nobody_asked_for_are_not_asked_for(void **state)
{
        CLEANUP(config_freep) Config *config = parse_well("key = k\n");
        CLEANUP(config_freep) Config *said = parse_well("key = k\nmax-connections = 8192\n");

        assert_int_equal(config->max_connections, said->max_connections);
        assert_false(config->max_connections_is_said);
        assert_true(said->max_connections_is_said);
}

static void test_every_setting_is_taken(void **state)
{
        CLEANUP(config_freep) Config *config = NULL;
        char text[2048];

        snprintf(text, sizeof(text),
                 "# a comment\n"
                 "network = try\nauthority = %s\nkey=k\ndirectory = data dir\n"
                 "updates = tcp://127.0.0.1:1\ncare = tcp://*:2\nquery = tcp://[::1]:3\n"
                 "coord = tcp://host.example:4\ncontrol = ipc://control.sock\nhttp = off\n"
                 "open-document = open.json\nagreed = counts V6 2 min\nworkers = 3\nmax-connections = 100\nconnections-per-key = 40\n"
                 "topics-per-key = 400\nmax-guests = 5\nguests-per-second = 6\n"
                 "updates-per-second = 7\nupdates-at-once = 8\nrequests-per-second = 9\n"
                 "requests-at-once = 10\nqueue-bytes = 16 MiB\nreceive-bytes = 17MiB\n"
                 "answer-bytes = 1 GiB\nsubscription-bytes = 3 MiB\nparty-records-max = 11\nlocation-doors-max = 12\ntombstones = 1234\n"
                 "store-bytes-max = 2 GiB\nskew = 30 s\ngrace = 1 d\nclock-jump = 2 min\n"
                 "checkpoint = 500 ms\nscrub = 0\nkeep-full = 30 d\n"
                "keep-resolution = 2 h\nkeep-past = 60 d\nkeep-bytes = 3 GiB\nheartbeat = 2 s\nheartbeat-timeout = 5 s ; "
                 "inline\n",
                 key_line);
        config = parse_well(text);
        assert_string_equal(config->network, "try");
        assert_true(config->has_authority);
        assert_true(public_key_is_fit(&config->authority));
        assert_string_equal(config->directory, "data dir");
        assert_string_equal(config->query, "tcp://[::1]:3");
        assert_string_equal(config->control, "ipc://control.sock");
        assert_null(config->http);
        assert_string_equal(config->open_document, "open.json");
        assert_int_equal(config->n_agreed_intervals, 1);
        assert_int_equal(config->workers, 3);
        assert_int_equal(config->max_connections, 100);
        assert_int_equal(config->connections_per_key, 40);
        assert_int_equal(config->topics_per_key, 400);
        assert_int_equal(config->max_guests, 5);
        assert_int_equal(config->guests_per_second, 6);
        assert_int_equal(config->updates_per_second, 7);
        assert_int_equal(config->updates_at_once, 8);
        assert_int_equal(config->requests_per_second, 9);
        assert_int_equal(config->requests_at_once, 10);
        assert_int_equal(config->queue_bytes, 16 << 20);
        assert_int_equal(config->receive_bytes, 17 << 20);
        assert_int_equal(config->answer_bytes, 1 << 30);
        assert_int_equal(config->subscription_bytes, 3 << 20);
        assert_int_equal(config->party_records_max, 11);
        assert_int_equal(config->location_doors_max, 12);
        assert_int_equal(config->tombstones, 1234);
        assert_int_equal(config->store_bytes_max, 1LL << 31);
        assert_int_equal(config->skew_ms, 30000);
        assert_int_equal(config->grace_ms, 24 * 3600 * 1000);
        assert_int_equal(config->clock_jump_ms, 120000);
        assert_int_equal(config->checkpoint_ms, 500);
        assert_int_equal(config->scrub_percent, 0);
        assert_int_equal(config->keep_full_ms, 30LL * 24 * 3600 * 1000);
        assert_int_equal(config->keep_resolution_ms, 2 * 3600 * 1000);
        assert_int_equal(config->keep_past_ms, 60LL * 24 * 3600 * 1000);
        assert_int_equal(config->keep_bytes, 3LL << 30);
        assert_int_equal(config->heartbeat_ms, 2000);
        assert_int_equal(config->heartbeat_timeout_ms, 5000);
        for (size_t i = 0; i < n_settings; i++)
                assert_non_null(strstr(text, settings[i].name));
}

static void test_unknown_setting_is_refused_with_its_line_and_a_guess(void **state)
{
        check_refused("key = k\n\nworker = 2\n",
                      "plekd.conf:3: there is no setting \"worker\"; is \"workers\" meant?");
        check_refused("key = k\nfrobnicate = 2\n", "plekd.conf:2: there is no setting");
}

static void test_every_complaint_is_told(void **state)
{
        check_refused("key = k\nworkers = 0\nskew = 3\nnonsense\nhttp = 1\n", ":2: workers: 0 is");
        assert_int_equal(complaints.n_complaints, 4);
        assert_non_null(strstr(complaints.text, "plekd.conf:3: skew: \"3\" is not a duration"));
        assert_non_null(strstr(complaints.text, "plekd.conf:4: this is not a setting"));
        assert_non_null(strstr(complaints.text, "plekd.conf:5: http: \"1\" is not host:port"));
}

static void test_complaints_without_end_are_counted_and_cut(void **state)
{
        char text[200 * 16 + 1];

        for (size_t i = 0; i < 200; i++)
                memcpy(text + i * 16, "whatever-x = 12\n", 17);
        check_refused(text, "plekd.conf:1: ");
        assert_int_equal(complaints.n_complaints, 200);
        assert_int_equal(complaints.n_text, strlen(complaints.text));
        assert_int_equal(complaints.text[complaints.n_text - 1], '\n');
}

static void test_setting_twice_is_refused(void **state)
{
        check_refused("key = k\nworkers = 2\nworkers = 2\n",
                      "plekd.conf:3: workers is set already, in line 2");
}

static void test_values_out_of_range_are_refused(void **state)
{
        check_refused("key = k\nworkers = 65\n", "65 is out of range, which is 1 to 64");
        check_refused("key = k\nskew = 2 h\n", "range, which is 1 s to 1 h");
        check_refused("key = k\nqueue-bytes = 1 KiB\n", "16 MiB to 1024 GiB");
        check_refused("key = k\nworkers = -1\n", "\"-1\" is not a number");
        check_refused("key = k\nworkers = 99999999999999999999\n", "is not a number");
        check_refused("key = k\nworkers = 2 s\n", "\"2 s\" is not a number");
        check_refused("key = k\nstore-bytes-max = 18446744073709551615 GiB\n", "is not a size");
}

static void test_endpoints_of_another_form_are_refused(void **state)
{
        static const char *const bad[] = {
                "updates = *:7301",        "updates = tcp://*",        "updates = tcp://:7301",
                "updates = tcp://*:70000", "updates = tcp://a b:1",    "updates = tcp://::1:7301",
                "updates = ipc:///x",      "control = tcp://*:1",      "control = ipc://",
                "http = http://*:9301",    "updates = tcp://*:7301/x", "updates =",
                "control = ipc://@plek",
        };

        for (size_t i = 0; i < N_ELEMENTS(bad); i++) {
                char text[256];

                snprintf(text, sizeof(text), "key = k\n%s\n", bad[i]);
                check_refused(text, "plekd.conf:2: ");
        }
}

static void test_slip_in_the_authoritys_key_is_told_by_its_group(void **state)
{
        char text[512];
        char *group;

        snprintf(text, sizeof(text), "key = k\nnetwork = try\nauthority = %s\n", key_line);
        group = strchr(strchr(text, '-') + 1, '-') + 1; /* the second group */
        *group = *group == '7' ? '8' : '7';
        check_refused(text, "plekd.conf:3: authority: group 2 of the key has a slip");
}

static void test_network_and_authority_go_together(void **state)
{
        char text[512];

        check_refused("key = k\nnetwork = try\n", "plekd.conf: authority is missing");
        snprintf(text, sizeof(text), "key = k\nauthority = %s\n", key_line);
        check_refused(text, "plekd.conf: network is missing");
}

static void test_heartbeat_must_be_shorter_than_its_timeout(void **state)
{
        check_refused("key = k\nheartbeat = 3 s\n", "heartbeat-timeout must be longer");
}

static void test_policies_are_by_region_and_state(void **state)
{
        CLEANUP(config_freep) Config *config = NULL;

        config = parse_well("key = k\n[policy oost]\nforbid = closed, STOP\nlongest-stop = 2h\n"
                            "[policy west]\nlongest-RESTRICTED = 90 min\n"
                            "pause-RESTRICTED = 1 h\n");
        assert_int_equal(config->n_policies, 3);
        assert_string_equal(config->policies[0].region, "oost");
        assert_int_equal(config->policies[0].state, PLEK_DOOR_CLOSED);
        assert_true(config->policies[0].forbidden);
        assert_int_equal(config->policies[1].state, PLEK_DOOR_STOP);
        assert_true(config->policies[1].forbidden);
        assert_int_equal(config->policies[1].longest_ms, 2 * 3600 * 1000);
        assert_string_equal(config->policies[2].region, "west");
        assert_false(config->policies[2].forbidden);
        assert_int_equal(config->policies[2].longest_ms, 90 * 60 * 1000);
        assert_int_equal(config->policies[1].pause_ms, 30 * 60 * 1000); /* unless it says another */
        assert_int_equal(config->policies[2].pause_ms, 3600 * 1000);
}

static void test_policies_that_make_no_sense_are_refused(void **state)
{
        check_refused("key = k\n[policy Oost!]\nforbid = STOP\n", ":3: [policy Oost!]: not a reg");
        check_refused("key = k\n[policy oost]\nforbid = SHUT\n", "\"SHUT\" is not a state");
        check_refused("key = k\n[policy oost]\nforbid = OPEN\n", "OPEN cannot be forbidden");
        check_refused("key = k\n[policy oost]\nforbid = ,\n", "which states");
        check_refused("key = k\n[policy oost]\nforbid = STOP\nforbid = STOP\n", ":4: STOP is");
        check_refused("key = k\n[policy oost]\nlongest-STOP = 0 s\n", "is not a duration");
        check_refused("key = k\n[policy oost]\nlongest-STOP = 1h\nlongest-STOP = 1h\n", ":4: ");
        check_refused("key = k\n[policy oost]\nshortest-STOP = 1h\n", "forbid, longest-STATE");
        check_refused("key = k\n[policy oost]\npause-STOP = soon\n", "is not a duration");
        check_refused("key = k\n[door oost]\nforbid = STOP\n", "there is no section [door oost]");
}

static void assert_agreed(const Config *config, size_t n, uint32_t report, const char *kind,
                          uint32_t care, uint32_t interval_s)
{
        const AgreedInterval *interval = &config->agreed_intervals[n];

        assert_int_equal(interval->report, report);
        assert_string_equal(interval->kind, kind);
        assert_int_equal(interval->care, care);
        assert_int_equal(interval->interval_s, interval_s);
}

static void test_agreed_intervals_are_by_kind_of_location_and_care(void **state)
{
        CLEANUP(config_freep)
        Config *config = parse_well("key = k\nagreed = pressure 1 min, counts V6 5 min,counts "
                                    "V6 GP_POST 90 s, door ED 1 h\n");
        CLEANUP(config_freep) Config *none = parse_well("key = k\nagreed = none\n");
        CLEANUP(config_freep) Config *usual = parse_well("key = k\n");

        assert_int_equal(config->n_agreed_intervals, 4);
        assert_agreed(config, 0, UPDATE_PRESSURE, "", 0, 60);
        assert_agreed(config, 1, UPDATE_COUNTS, "V6", 0, 300);
        assert_agreed(config, 2, UPDATE_COUNTS, "V6", PLEK_CARE_GP_POST, 90);
        assert_agreed(config, 3, UPDATE_DOOR, "", PLEK_CARE_ED, 3600);
        assert_int_equal(none->n_agreed_intervals, 0);
        assert_null(config_needs_restart(config, none));
        assert_agreed(usual, 0, UPDATE_PRESSURE, "", 0, 60);
        assert_agreed(usual, 5, UPDATE_COUNTS, "R5", 0, 6 * 3600);
}

static void test_agreements_that_make_no_sense_are_refused(void **state)
{
        check_refused("agreed = beds V6 5 min\n", "\"beds\" is not counts, door or pressure");
        check_refused("agreed = card V6 5 min\n", "\"card\" is not counts");
        check_refused("agreed = counts V6\n", "is not as in counts V6 5 min");
        check_refused("agreed = counts V6 5 min, \n", "is not as in counts V6 5 min");
        check_refused("agreed = counts v6 5 min\n", "neither a kind of location (V6) nor a care");
        check_refused("agreed = counts V6 R5 5 min\n", "R5: one kind of location");
        check_refused("agreed = counts ED WARD 5 min\n", "WARD: one care");
        check_refused("agreed = pressure ED 5 min\n", "none of pressure");
        check_refused("agreed = counts V6 5\n", "\"5\" is not a duration");
        check_refused("agreed = counts V6 31 d\n", "is not a duration from 1 s to 30 d");
        check_refused("agreed = counts V6 500 ms\n", "is not a duration");
        check_refused("agreed = counts V6 5 min, counts V6 6 min\n", "is agreed already");
}

static void test_lines_that_are_no_text_are_refused(void **state)
{
        static char longest[20000] = "key = k\ndirectory = ";
        Config *config = NULL;

        memset(longest + strlen(longest), 'x', sizeof(longest) - strlen(longest) - 1);
        check_refused(longest, "plekd.conf:2: this line is too long");
        assert_int_equal(complaints.n_complaints, 1);

        assert_int_equal(config_parse(&config, "plekd.conf", "key = k\0x\n", 10, &complaints),
                         CONFIG_E_REFUSED);
        assert_non_null(strstr(complaints.text, "plekd.conf:1: this line has a zero byte"));
}

static void test_file_that_cannot_be_read_is_told(void **state)
{
        Config *config = NULL;

        assert_int_equal(config_load(&config, "/nonexistent/plekd.conf", &complaints), -ENOENT);
        assert_string_equal(complaints.text,
                            "/nonexistent/plekd.conf: cannot be read: No such file or directory\n");
}

static void test_systemds_directories_are_the_defaults_in_a_service(void **state)
{
        CLEANUP(config_freep) Config *config = NULL;

        setenv("STATE_DIRECTORY", "/var/lib/first:/var/lib/second", 1);
        setenv("RUNTIME_DIRECTORY", "/run/elsewhere", 1);
        setenv("CREDENTIALS_DIRECTORY", "/run/credentials/plekd.service", 1);
        config = parse_well("");
        unsetenv("STATE_DIRECTORY");
        unsetenv("RUNTIME_DIRECTORY");
        unsetenv("CREDENTIALS_DIRECTORY");

        assert_string_equal(config->directory, "/var/lib/first");
        assert_string_equal(config->control, "ipc:///run/elsewhere/control");
        assert_string_equal(config->key, "/run/credentials/plekd.service/plekd.key");
        check_refused("key = credential:plekd.key\n", "there is no such credential");
}

static void test_reload_takes_limits_and_no_endpoints(void **state)
{
        CLEANUP(config_freep) Config *running = parse_well("key = k\n");
        CLEANUP(config_freep)
        Config *limits = parse_well("key = k\nmax-guests = 3\nskew = 3 s\n"
                                    "[policy oost]\nforbid = STOP\n");
        CLEANUP(config_freep) Config *endpoint = parse_well("key = k\ncare = tcp://*:1\n");
        CLEANUP(config_freep) Config *off = parse_well("key = k\nhttp = off\n");

        assert_null(config_needs_restart(running, limits));
        assert_string_equal(config_needs_restart(running, endpoint), "care");
        assert_string_equal(config_needs_restart(running, off), "http");
}

static void test_every_setting_is_listed_with_its_default(void **state)
{
        for (unsigned as_man = 0; as_man < 2; as_man++) {
                CLEANUP(freep) char *text = NULL;
                size_t n_text;
                FILE *file = open_memstream(&text, &n_text);

                assert_non_null(file);
                config_list_settings(file, as_man);
                fclose(file);
                for (size_t i = 0; i < n_settings; i++)
                        assert_non_null(strstr(text, as_man ? ".TP" : settings[i].sentence));
                assert_non_null(strstr(text, as_man ? "max\\-guests" : "max-guests = 64"));
                assert_non_null(strstr(text, "1 s to 1 h"));
        }
}

/* A row whose own default it would refuse cannot be explained to anybody. */
static void test_every_default_is_in_its_own_range(void **state)
{
        for (size_t i = 0; i < n_settings; i++) {
                CLEANUP(config_freep) Config *config = calloc(1, sizeof(*config));
                const char *text = "";

                assert_non_null(config);
                assert_true(strlen(settings[i].name) <= 32);
                if (settings[i].fallback && settings[i].kind != SETTING_KEY)
                        assert_int_equal(
                                setting_set(&settings[i], config, settings[i].fallback, &text), 0);
        }
}

static void test_numbers_are_read_and_written_with_units(void **state)
{
        static const struct {
                ValueUnit unit;
                const char *text;
                uint64_t value;
                const char *written;
        } cases[] = {
                { VALUE_COUNT, "0", 0, "0" },
                { VALUE_COUNT, "1200", 1200, "1200" },
                { VALUE_BYTES, "65536", 65536, "64 KiB" },
                { VALUE_BYTES, "3MiB", 3 << 20, "3 MiB" },
                { VALUE_BYTES, "1025", 1025, "1025" },
                { VALUE_MS, "500ms", 500, "500 ms" },
                { VALUE_MS, "90 s", 90000, "90 s" },
                { VALUE_MS, "60 s", 60000, "1 min" },
                { VALUE_MS, "48 h", 172800000, "2 d" },
        };

        for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
                char text[VALUE_TEXT_MAX];
                uint64_t value;

                assert_int_equal(value_parse(&value, cases[i].unit, cases[i].text), 0);
                assert_int_equal(value, cases[i].value);
                value_format(value, cases[i].unit, text);
                assert_string_equal(text, cases[i].written);
        }
}

static void test_numbers_without_a_meaning_are_refused(void **state)
{
        uint64_t value;

        assert_int_equal(value_parse(&value, VALUE_MS, "5"), VALUE_E_UNIT);
        assert_int_equal(value_parse(&value, VALUE_MS, "5 m"), VALUE_E_UNIT);
        assert_int_equal(value_parse(&value, VALUE_BYTES, "5 MB"), VALUE_E_UNIT);
        assert_int_equal(value_parse(&value, VALUE_COUNT, "5 "), 0);
        assert_int_equal(value_parse(&value, VALUE_COUNT, "0x5"), VALUE_E_UNIT);
        assert_int_equal(value_parse(&value, VALUE_COUNT, ""), VALUE_E_NUMBER);
        assert_int_equal(value_parse(&value, VALUE_COUNT, "18446744073709551616"), VALUE_E_NUMBER);
        assert_int_equal(value_parse(&value, VALUE_MS, "18446744073709551615 d"), VALUE_E_NUMBER);
}

static int make_key(void **state)
{
        static const uint8_t secret[KEY_BYTES] = { 1, 2, 3 };
        CLEANUP(secret_key_freep) SecretKey *key = NULL;

        unsetenv("STATE_DIRECTORY");
        unsetenv("RUNTIME_DIRECTORY");
        unsetenv("CREDENTIALS_DIRECTORY");
        if (secret_key_from_bytes(&key, secret))
                return -1;
        public_key_format(secret_key_public(key), key_line);
        return 0;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_defaults_need_a_key_only),
                cmocka_unit_test(test_started_by_hand_it_finds_what_the_unit_would_hand_over),
                cmocka_unit_test(test_connections_that_nobody_asked_for_are_not_asked_for),
                cmocka_unit_test(test_every_setting_is_taken),
                cmocka_unit_test(test_unknown_setting_is_refused_with_its_line_and_a_guess),
                cmocka_unit_test(test_every_complaint_is_told),
                cmocka_unit_test(test_complaints_without_end_are_counted_and_cut),
                cmocka_unit_test(test_setting_twice_is_refused),
                cmocka_unit_test(test_values_out_of_range_are_refused),
                cmocka_unit_test(test_endpoints_of_another_form_are_refused),
                cmocka_unit_test(test_slip_in_the_authoritys_key_is_told_by_its_group),
                cmocka_unit_test(test_network_and_authority_go_together),
                cmocka_unit_test(test_heartbeat_must_be_shorter_than_its_timeout),
                cmocka_unit_test(test_policies_are_by_region_and_state),
                cmocka_unit_test(test_policies_that_make_no_sense_are_refused),
                cmocka_unit_test(test_agreed_intervals_are_by_kind_of_location_and_care),
                cmocka_unit_test(test_agreements_that_make_no_sense_are_refused),
                cmocka_unit_test(test_lines_that_are_no_text_are_refused),
                cmocka_unit_test(test_file_that_cannot_be_read_is_told),
                cmocka_unit_test(test_systemds_directories_are_the_defaults_in_a_service),
                cmocka_unit_test(test_reload_takes_limits_and_no_endpoints),
                cmocka_unit_test(test_every_setting_is_listed_with_its_default),
                cmocka_unit_test(test_every_default_is_in_its_own_range),
                cmocka_unit_test(test_numbers_are_read_and_written_with_units),
                cmocka_unit_test(test_numbers_without_a_meaning_are_refused),
        };

        if (sodium_init() < 0)
                return 1;
        return cmocka_run_group_tests_name("config", tests, make_key, NULL);
}
