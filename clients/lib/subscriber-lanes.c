#include "lib/subscriber-internal.h"

/*
 * Lanes: a SUB each, its topics, its beats, and what to do when it is silent
 */

/* The topics first and the beat last: who hears the beat has been heard with the others. */
static int subscribe(PlekSubscriber *subscriber, LaneFeed *feed)
{
        Topic beat = { .kind = TOPIC_BEAT, .lane = feed->lane };
        const char *topic = NULL;
        char text[TOPIC_MAX];
        Lane lane;
        int r;

        while ((topic = replica_next_topic(subscriber->replica, topic, &lane))) {
                if (lane != feed->lane)
                        continue;
                r = socket_subscribe(feed->connection.socket, topic);
                if (r)
                        return r;
        }
        (void)topic_format(&beat, text);
        return socket_subscribe(feed->connection.socket, text);
}

int lane_open(PlekSubscriber *subscriber, LaneFeed *feed, ConnectionTo to)
{
        Connection *connection = &feed->connection;
        int r;

        if (connection->socket && connection->to == to && !connection_is_outdated(connection))
                return 0;
        connection_close(connection);
        connection->to = to;
        feed->heard_us = monotonic_us();
        r = connection_open(connection);
        return r ? r : subscribe(subscriber, feed);
}

int lanes_open(PlekSubscriber *subscriber, Audience audience)
{
        ConnectionTo to = audience >= AUDIENCE_COORD ? TO_COORD : TO_CARE;
        int r;

        for (size_t i = 0; i < N_LANES_READ; i++) {
                r = lane_open(subscriber, &subscriber->feeds[i], to);
                if (r)
                        return r;
        }
        return 0;
}

void lanes_close(PlekSubscriber *subscriber)
{
        for (size_t i = 0; i < N_LANES_READ; i++)
                connection_close(&subscriber->feeds[i].connection);
}

bool lanes_are_up(const PlekSubscriber *subscriber)
{
        for (size_t i = 0; i < N_LANES_READ; i++)
                if (!subscriber->feeds[i].connection.is_up)
                        return false;
        return true;
}

static int take_edge(PlekSubscriber *subscriber, LaneFeed *feed, ConnectionEdge edge,
                     int64_t now_us)
{
        char text[WHY_MAX];

        switch (edge) {
        case EDGE_UP:
                feed->heard_us = now_us;
                if (lanes_are_up(subscriber))
                        subscriber->trouble[0] = '\0';
                return 0;
        case EDGE_RENEWED:
                return subscribe(subscriber, feed);
        default:
                connection_trouble(&feed->connection, text, sizeof(text));
                subscriber_set_trouble(subscriber, text);
                return 0;
        }
}

int lane_process_edges(PlekSubscriber *subscriber, LaneFeed *feed, int64_t now_us,
                       bool *ret_progress)
{
        ConnectionEdge edge;
        int r;

        for (;;) {
                r = connection_poll(&feed->connection, now_us, &edge);
                if (r || edge == EDGE_NONE)
                        break;
                *ret_progress = true;
                r = take_edge(subscriber, feed, edge, now_us);
                if (r)
                        return r;
        }
        if (r || !feed->connection.is_up || now_us < feed->heard_us + LANE_DEAD_US)
                return r;

        *ret_progress = true;
        feed->heard_us = now_us;
        r = connection_reopen(&feed->connection);
        return r ? r : subscribe(subscriber, feed);
}

static int take_beat(PlekSubscriber *subscriber, LaneFeed *feed, const Beat *beat, int64_t now_us)
{
        LinkBeat fed = {
                .lane = feed->lane == LANE_STATUS ? LINK_STATUS : LINK_COUNTS,
                .time_ms = beat->time_ms,
                .is_accepting = beat->accepting,
                .why_not = beat->why_not,
                .since_ms = beat->since_ms,
        };

        feed->heard_us = now_us;
        if (!subscriber->has_link)
                subscriber_update_link(subscriber, now_us);
        if (subscriber->has_link &&
            !link_beat(&subscriber->link, &fed, subscriber_now_ms(subscriber, now_us)))
                session_ask_clock(subscriber->session);
        if (feed->lane != LANE_STATUS)
                return 0;

        if (beat->beat != subscriber->last_beat + 1)
                subscriber->wants_presence = true;
        subscriber->last_beat = beat->beat;
        return presence_take(subscriber, beat->presence, beat->n_presence, false);
}

/* At most @n_max frames. */
int lane_process_frames(PlekSubscriber *subscriber, LaneFeed *feed, size_t n_max,
                        bool *ret_progress)
{
        int64_t now_us = monotonic_us();
        ReplicaTime time = subscriber_time(subscriber, now_us);
        const uint8_t *bytes;
        const Beat *beat;
        size_t n_bytes;
        int r;

        for (size_t i = 0; i < n_max && feed->connection.socket; i++) {
                r = socket_receive(feed->connection.socket, &bytes, &n_bytes);
                if (r == SOCKET_E_AGAIN)
                        return 0;
                if (r)
                        return err_fold(r);
                *ret_progress = true;
                r = replica_frame(subscriber->replica, feed->lane, bytes, n_bytes, &time, &beat);
                if (r == REPLICA_E_REFUSED)
                        continue;
                if (!r && beat)
                        r = take_beat(subscriber, feed, beat, now_us);
                if (r)
                        return err_fold(r);
        }
        return 0;
}
