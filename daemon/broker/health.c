#include "broker/health.h"

#include "broker/parts.h"

void health_init(Health *health, Broker *broker, bool has_authority)
{
        *health = (Health){ .broker = broker, .has_authority = has_authority };
}

uint32_t health_closed(const Health *health)
{
        if (!health->has_authority)
                return PLEK_REFUSED_NO_AUTHORITY;
        if (health->disk_is_full)
                return PLEK_REFUSED_RETRY;
        if (!broker_clock_is_sane(&health->broker->clock))
                return PLEK_REFUSED_CLOCK;
        return 0;
}

const char *health_why_not(const Health *health)
{
        switch (health_closed(health)) {
        case PLEK_REFUSED_NO_AUTHORITY:
                return "no-authority";
        case PLEK_REFUSED_RETRY:
                return "disk-full";
        case PLEK_REFUSED_CLOCK:
                return "clock";
        default:
                return NULL;
        }
}

int64_t health_since_ms(const Health *health)
{
        switch (health_closed(health)) {
        case PLEK_REFUSED_NO_AUTHORITY:
                return health->broker->started_at_ms;
        case PLEK_REFUSED_RETRY:
                return health->disk_full_since_ms;
        case PLEK_REFUSED_CLOCK:
                return health->broker->clock.fault_since_ms;
        default:
                return TIME_ABSENT;
        }
}

const char *health_sentence(const Health *health)
{
        switch (health_closed(health)) {
        case PLEK_REFUSED_NO_AUTHORITY:
                return "no authority is configured yet: put the region's `network` and "
                       "`authority` (the line that `plek key show` prints) into the configuration "
                       "and restart";
        case PLEK_REFUSED_RETRY:
                return "the disk is full or cannot be written: updates are refused with RETRY, "
                       "what is held is served; free some room, and it goes on by itself";
        case PLEK_REFUSED_CLOCK:
                return broker_clock_sentence(&health->broker->clock);
        default:
                return NULL;
        }
}

void health_disk_full(Health *health)
{
        if (health->disk_is_full)
                return;
        health->disk_is_full = true;
        health->disk_full_since_ms = broker_clock_now_ms(&health->broker->clock);
        log_error("%s: %s", health->broker->config->directory, health_sentence(health));
}

void health_disk_wrote(Health *health)
{
        if (!health->disk_is_full)
                return;
        health->disk_is_full = false;
        log_notice("%s: there is room again; updates are taken", health->broker->config->directory);
}

static void tick_clock(Health *health)
{
        bool is_sane = broker_clock_is_sane(&health->broker->clock);

        if (is_sane == !health->said_clock)
                return;
        health->said_clock = !is_sane;
        if (is_sane)
                log_notice("the host's clock is sane again; updates are taken");
        else
                log_error("%s", broker_clock_sentence(&health->broker->clock));
}

/* What rots in the journal is found long after it was served; there is nothing to refuse. */
static void tick_journal(Health *health)
{
        Broker *broker = health->broker;
        ScrubProgress progress;

        if (!broker->scrub || health->said_damaged)
                return;
        scrub_progress(broker->scrub, &progress);
        if (!progress.damaged_revision)
                return;

        health->said_damaged = true;
        log_error("%s: the journal is damaged at revision %llu: %s; `plek verify` says how far it "
                  "goes, restore a backup",
                  broker->config->directory, (unsigned long long)progress.damaged_revision,
                  progress.what);
}

void health_tick(Health *health)
{
        tick_clock(health);
        tick_journal(health);
}
