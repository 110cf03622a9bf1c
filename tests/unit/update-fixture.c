#include "update-fixture.h"

UpdateFixture fixture;

int fixture_setup(void **state)
{
        Arena *arena = fixture.arena;

        memset(&fixture, 0, sizeof(fixture));
        fixture.arena = arena;
        return arena ? (arena_reset(arena), 0) : arena_new(&fixture.arena, 4 * ARENA_MESSAGE_BYTES);
}

int fixture_run(int (*run)(void))
{
        int r;

        if (sodium_init() < 0)
                return 1;
        r = run();
        arena_free(fixture.arena);
        return r;
}

void put(Body *to, const void *bytes, size_t n_bytes)
{
        assert_true(n_bytes <= sizeof(to->bytes) - to->n_bytes);
        memcpy(to->bytes + to->n_bytes, bytes, n_bytes);
        to->n_bytes += n_bytes;
}

static void put_varint(Body *to, uint64_t value)
{
        uint8_t byte;

        for (; value >= 0x80; value >>= 7) {
                byte = (uint8_t)(value | 0x80);
                put(to, &byte, 1);
        }
        byte = (uint8_t)value;
        put(to, &byte, 1);
}

void put_number(Body *to, uint32_t tag, uint64_t value)
{
        put_varint(to, tag << 3);
        put_varint(to, value);
}

void put_bytes(Body *to, uint32_t tag, const void *bytes, size_t n_bytes)
{
        put_varint(to, tag << 3 | 2);
        put_varint(to, n_bytes);
        put(to, bytes, n_bytes);
}

void put_head(Body *to)
{
        put_bytes(to, 1, "isala", 5);
        put_varint(to, 2 << 3 | 1);
        put(to, "\1\2\3\4\5\6\7\10", 8);
        put_number(to, 3, 42);
        put_number(to, 4, 1000000);
        put_number(to, 5, 2000000);
        put_number(to, 6, STATUS_ACTUAL);
        put_bytes(to, 8, "isala-zwolle", 12);
}

int decode(void)
{
        return update_decode(&fixture.decoded, &fixture.refusal, fixture.arena, fixture.body.bytes,
                             fixture.body.n_bytes);
}

int decode_with(uint32_t tag, const void *bytes, size_t n_bytes)
{
        fixture.body.n_bytes = 0;
        put_head(&fixture.body);
        put_bytes(&fixture.body, tag, bytes, n_bytes);
        return decode();
}

Update counts_update(void)
{
        Update update = {
                .party = "isala",
                .instance = 7,
                .seq = 42,
                .sent_at_ms = 1000000,
                .not_after_ms = 2000000,
                .status = STATUS_ACTUAL,
                .audience = AUDIENCE_CARE,
                .location = "isala-zwolle",
                .unit = "ic-1",
                .label = "IC volwassenen",
                .source = PLEK_SOURCE_AUTOMATIC,
                .definition = "lcps",
                .observed_at_ms = 900000,
                .valid_for_s = 300,
                .kind = UPDATE_COUNTS,
                .counts = { .care = PLEK_CARE_ICU_ADULT },
        };

        update.counts.present[COUNT_STAFFED] = true;
        update.counts.value[COUNT_STAFFED] = 20;
        update.counts.present[COUNT_OCCUPIED] = true;
        update.counts.value[COUNT_OCCUPIED] = 17;
        update.counts.missing[COUNT_RESERVED] = PLEK_MISSING_NOT_ASKED;
        return update;
}

Update door_update(void)
{
        Update update = counts_update();

        update.kind = UPDATE_DOOR;
        update.door = (Door){
                .state = PLEK_DOOR_STOP,
                .care = PLEK_CARE_ED,
                .patient_group = CODE_ABSENT,
                .urgency = CODE_ABSENT,
                .exceptions = { PLEK_EXCEPTION_MULTITRAUMA, 99 },
                .n_exceptions = 2,
                .reason = PLEK_REASON_ED_CROWDING,
                .text = "tot de avonddienst er is",
                .authorised_by = "dienstdoend manager",
                .starts_at_ms = TIME_ABSENT,
                .ends_at_ms = 4000000,
                .review_at_ms = 3000000,
                .on_expiry = PLEK_ON_EXPIRY_KEEP,
        };
        return update;
}

int round_trip(const Update *update)
{
        CLEANUP(blob_unrefp) Blob *blob = NULL;
        int r;

        r = update_encode(&blob, &fixture.refusal, update);
        if (r)
                return r;
        return update_decode(&fixture.decoded, &fixture.refusal, fixture.arena, blob->bytes,
                             blob->n_bytes);
}

void assert_refused(const Update *update, PlekRefusal code, const char *field)
{
        assert_int_equal(round_trip(update), UPDATE_E_REFUSED);
        assert_int_equal(fixture.refusal.code, code);
        assert_string_equal(fixture.refusal.field, field);
        assert_non_null(fixture.refusal.text);
}
