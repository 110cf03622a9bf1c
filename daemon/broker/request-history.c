#include <string.h>

#include "broker/parts.h"
#include "broker/request.h"

static int refuse(Broker *broker, const Caller *caller, const Request *request, const char *field,
                  const char *text)
{
        return session_refuse(broker, caller->session, request->id, PLEK_REFUSED_FIELD, field,
                              text);
}

/* Doors and cards change seldom, flows are said once; the numbers of a whole country over a year
 * are no answer. */
static bool may_be_of_all(uint32_t reports)
{
        return !(reports & ~(REPORT_BIT(UPDATE_DOOR) | REPORT_BIT(UPDATE_CARD))) ||
               !(reports & ~(REPORT_BIT(UPDATE_FLOW) | REPORT_BIT(UPDATE_REFUSAL)));
}

int request_history(Broker *broker, const Caller *caller, const Request *request)
{
        PastHistory history = {
                .care = request->history.care,
                .reports = request->history.reports,
                .from_ms = request->history.from_ms,
                .to_ms = request->history.to_ms,
                .restated = request->history.restated,
        };

        if (history.from_ms >= history.to_ms)
                return refuse(broker, caller, request, "history.to_ms",
                              "the time ends before it begins");
        if (!request->history.location && !may_be_of_all(history.reports))
                return refuse(broker, caller, request, "history.location",
                              "of all locations at once doors and cards can be asked, or "
                              "flows and refusals");
        if (caller->session->n_transfers >= TRANSFERS_MAX)
                return session_refuse(broker, caller->session, request->id, PLEK_REFUSED_QUOTA,
                                      NULL, "too many transfers at once in this session");

        if (request->history.location)
                strcpy(history.location, request->history.location);
        if (request->history.unit)
                strcpy(history.unit, request->history.unit);
        return past_desk_history(&broker->past, caller, request->id, &history,
                                 request->history.credit);
}
