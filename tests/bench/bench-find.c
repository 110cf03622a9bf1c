/*
 * bench-find: what it costs to find where a patient can be taken, in a country and in a world
 *
 * A picture is filled as a reader's would be: one location in ten is a hospital with thirty
 * records, an ICU among them; the others are small and have five. Then it is asked for ICU places
 * near a point, again and again. Beside it stands a bare scan of the same records that looks at
 * what each is about and works out one distance for it: less than that nobody can do who has no
 * index.
 *
 *         bench-find [RECORDS...]
 */

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/measure.h"
#include "derived/find.h"
#include "derived/geo.h"

#define NOW INT64_C(1767225600000)
#define DAY (24LL * 3600 * 1000)

enum {
        N_PARTIES = 200,
        N_RUNS = 9,
        HOSPITAL_COUNTS = 24,
        SIZES_MAX = 8,
        LIMIT_PERCENT = 250,
};

static const double LIMIT = LIMIT_PERCENT / 100.0;

typedef struct World {
        Picture *picture;
        Registry *registry;
        Change change;
        uint64_t revision;
        uint64_t random;
        uint8_t head[ENVELOPE_OVERHEAD_BYTES]; /* header and signature, of which nobody asks here */
        double *latitudes, *longitudes;        /* one a record, for the scan */
} World;

typedef struct Size {
        size_t n_records, n_found;
        double find_ms, scan_ms;
} Size;

static uint64_t draw(World *world)
{
        uint64_t z = world->random += 0x9e3779b97f4a7c15;

        z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
        z = (z ^ z >> 27) * 0x94d049bb133111eb;
        return z ^ z >> 31;
}

/* ------------------------------------------------------------------ filling */

static void make_head(World *world)
{
        static const uint8_t secret[KEY_BYTES] = { 1 };
        const NetworkId network = { { 7 } };
        SecretKey *key;
        Blob *envelope = NULL;

        must(secret_key_from_bytes(&key, secret), "a key");
        must(envelope_sign(&envelope, ENVELOPE_UPDATE, &network, key, secret, 1), "an envelope");
        memcpy(world->head, envelope->bytes, sizeof(world->head));
        blob_unref(envelope);
        secret_key_free(key);
}

static void enrol(World *world, unsigned number)
{
        const uint8_t secret[KEY_BYTES] = { 2, (uint8_t)number };
        const NetworkId network = { { 7 } };
        Enrolment enrolment = {
                .serial = 1,
                .n_keys = 1,
                .roles = ROLE_BIT(ROLE_AGENT),
                .valid_from_ms = NOW - DAY,
                .valid_until_ms = NOW + DAY,
                .distrusted_since_ms = TIME_ABSENT,
        };
        LocationGrant grant = { .location = "any", .region = "oost" };
        Blob *body = NULL, *envelope = NULL;
        SecretKey *key;
        char name[32];
        Party *party;

        snprintf(name, sizeof(name), "party-%u", number);
        must(secret_key_from_bytes(&key, secret), "a key");
        enrolment.party = name;
        enrolment.keys[0] = *secret_key_public(key);
        enrolment.locations = &grant;
        enrolment.n_locations = 1;
        must(enrolment_encode(&body, &enrolment), "an enrolment");
        must(envelope_sign(&envelope, ENVELOPE_ENROLMENT, &network, key, body->bytes,
                           body->n_bytes),
             "its envelope");
        must(registry_apply_enrolment(world->registry, ++world->revision, NOW, envelope, &party),
             "enrolling");
        blob_unref(body);
        blob_unref(envelope);
        secret_key_free(key);
}

static void say(World *world, Update *update)
{
        Blob *body = NULL, *envelope = NULL;
        WireRefusal refusal;

        update->instance = 1;
        update->seq = ++world->revision;
        update->sent_at_ms = update->observed_at_ms = NOW;
        update->not_after_ms = NOW + 1000;
        update->status = STATUS_ACTUAL;
        update->audience = AUDIENCE_CARE;
        must(update_encode(&body, &refusal, update), "an update");
        must(blob_new(&envelope, sizeof(world->head) + body->n_bytes), "its envelope");
        memcpy(envelope->bytes, world->head, sizeof(world->head));
        memcpy(envelope->bytes + sizeof(world->head), body->bytes, body->n_bytes);
        memcpy(update->content_digest, &world->revision, sizeof(world->revision));
        change_reset(&world->change);
        must(picture_report(world->picture, update, envelope, world->revision, NOW, "oost",
                            &world->change),
             "a report");
        blob_unref(body);
        blob_unref(envelope);
}

static void say_card(World *world, Update update)
{
        update.kind = UPDATE_CARD;
        update.card = (LocationCard){
                .name = "Ziekenhuis De Vuurtoren",
                .kind = "V6",
                .has_position = true,
                .latitude_e7 = 500000000 + (int32_t)(draw(world) % 40000000),
                .longitude_e7 = 40000000 + (int32_t)(draw(world) % 40000000),
                .contacts = { { "dienstdoende SEH-arts", "088 000 0201" } },
                .n_contacts = 1,
        };
        say(world, &update);
}

static void say_door(World *world, Update update, uint32_t care)
{
        update.kind = UPDATE_DOOR;
        update.door = (Door){
                .state = draw(world) % 8 ? PLEK_DOOR_OPEN : PLEK_DOOR_STOP,
                .care = care,
                .patient_group = CODE_ABSENT,
                .urgency = CODE_ABSENT,
                .starts_at_ms = TIME_ABSENT,
                .ends_at_ms = TIME_ABSENT,
                .review_at_ms = TIME_ABSENT,
                .on_expiry = PLEK_ON_EXPIRY_KEEP,
        };
        say(world, &update);
}

static void say_offer(World *world, Update update, uint32_t care)
{
        update.kind = UPDATE_OFFERING;
        update.offering = (Offering){
                .care = care,
                .level = "2",
                .holds_from_ms = TIME_ABSENT,
                .holds_until_ms = TIME_ABSENT,
        };
        say(world, &update);
}

static void say_counts(World *world, Update update, uint32_t care)
{
        update.kind = UPDATE_COUNTS;
        update.unit = "afdeling";
        update.source = PLEK_SOURCE_AUTOMATIC;
        update.counts.care = care;
        update.counts.present[COUNT_STAFFED] = update.counts.present[COUNT_OCCUPIED] = true;
        update.counts.value[COUNT_STAFFED] = 12;
        update.counts.value[COUNT_OCCUPIED] = (int32_t)(draw(world) % 13);
        say(world, &update);
}

static void say_location(World *world, unsigned number)
{
        char party[32], location[32];
        Update update = { .party = party, .location = location };
        bool is_hospital = number % 10 == 0;

        snprintf(party, sizeof(party), "party-%u", number % N_PARTIES);
        snprintf(location, sizeof(location), "locatie-%u", number);
        say_card(world, update);
        say_door(world, update, CODE_ABSENT);
        if (!is_hospital) {
                say_offer(world, update, PLEK_CARE_SHORT_STAY);
                say_counts(world, update, PLEK_CARE_SHORT_STAY);
                say_counts(world, update, PLEK_CARE_NURSING_HOME);
                return;
        }
        say_door(world, update, PLEK_CARE_ED);
        say_door(world, update, PLEK_CARE_ICU_ADULT);
        say_offer(world, update, PLEK_CARE_ED);
        say_offer(world, update, PLEK_CARE_ICU_ADULT);
        for (uint32_t care = PLEK_CARE_ICU_ADULT; care < PLEK_CARE_ICU_ADULT + HOSPITAL_COUNTS;
             care++)
                say_counts(world, update, care);
}

static void world_init(World *world, size_t n_records)
{
        *world = (World){ .change = CHANGE_NULL, .random = 1 };
        must(picture_new(&world->picture, 1000), "a picture");
        must(registry_new(&world->registry), "a registry");
        make_head(world);
        for (unsigned i = 0; i < N_PARTIES; i++)
                enrol(world, i);
        for (unsigned i = 0; picture_n_records(world->picture) < n_records; i++)
                say_location(world, i);

        world->latitudes = calloc(picture_n_records(world->picture), sizeof(double));
        world->longitudes = calloc(picture_n_records(world->picture), sizeof(double));
        if (!world->latitudes || !world->longitudes)
                give_up("no memory");
        for (size_t i = 0; i < picture_n_records(world->picture); i++) {
                world->latitudes[i] = 50 + (double)(draw(world) % 4000) / 1000;
                world->longitudes[i] = 4 + (double)(draw(world) % 4000) / 1000;
        }
}

static void world_deinit(World *world)
{
        free(world->latitudes);
        free(world->longitudes);
        picture_free(world->picture);
        registry_free(world->registry);
        change_deinit(&world->change);
}

/* ------------------------------------------------------------------ measuring */

static size_t find_once(const World *world)
{
        const FindQuestion question = {
                .status = STATUS_ACTUAL,
                .care = PLEK_CARE_ICU_ADULT,
                .latitude = 52.1,
                .longitude = 5.1,
                .need = 1,
                .patient_group = CODE_ABSENT,
                .urgency = CODE_ABSENT,
                .now_ms = NOW,
        };
        FindAnswer answer;
        size_t n_found;

        must(find_places(&answer, world->picture, world->registry, &question), "finding");
        n_found = answer.n_found;
        find_answer_deinit(&answer);
        return n_found;
}

static double scan_once(const World *world)
{
        const Record *record = NULL;
        double nearest = 1e9;
        size_t i = 0;

        while ((record = picture_next(world->picture, record))) {
                double distance_m =
                        geo_distance_m(52.1, 5.1, world->latitudes[i], world->longitudes[i]);

                if (record_care(record) == PLEK_CARE_ICU_ADULT && distance_m < nearest)
                        nearest = distance_m;
                i++;
        }
        return nearest;
}

/* In turn, so that what slows the machine down slows both. */
static void measure(Size *size, size_t n_records)
{
        CLEANUP(samples_deinit) Samples finds = SAMPLES_NULL, scans = SAMPLES_NULL;
        static volatile double sink;
        World world;

        world_init(&world, n_records);
        size->n_records = picture_n_records(world.picture);
        for (int i = 0; i <= N_RUNS; i++) {
                int64_t began_ns = now_ns(), between_ns;

                size->n_found = find_once(&world);
                between_ns = now_ns();
                sink = scan_once(&world);
                if (!i)
                        continue; /* caches, pages */
                samples_add(&finds, (double)(between_ns - began_ns) / 1e6);
                samples_add(&scans, (double)(now_ns() - between_ns) / 1e6);
        }
        (void)sink;
        size->find_ms = samples_quantile(&finds, 0.5);
        size->scan_ms = samples_quantile(&scans, 0.5);
        world_deinit(&world);
}

int main(int argc, char **argv)
{
        static const unsigned defaults[] = { 13000, 1000000 };
        size_t n_sizes = argc > 1 ? MIN((size_t)argc - 1, SIZES_MAX) : N_ELEMENTS(defaults);
        double worst = 0;

        if (sodium_init() < 0)
                give_up("libsodium does not start");
        printf("bench-find: ICU places near a point, ranked; medians of %d\n", N_RUNS);
        printf("  %9s %9s %10s %10s %7s\n", "records", "ranked", "find ms", "scan ms", "ratio");
        for (size_t i = 0; i < n_sizes; i++) {
                unsigned n_records = argc > 1 ? (unsigned)atoi(argv[i + 1]) : defaults[i];
                Size size;

                measure(&size, MAX(n_records, 1u));
                printf("  %9zu %9zu %10.2f %10.2f %7.2f\n", size.n_records, size.n_found,
                       size.find_ms, size.scan_ms, size.find_ms / size.scan_ms);
                fflush(stdout);
                worst = MAX(worst, size.find_ms / size.scan_ms);
        }
        print_result("bench-find", worst, "<=", LIMIT);
        return 0;
}
