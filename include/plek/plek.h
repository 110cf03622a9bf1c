#pragma once

/*
 * libplek: publish capacity, follow the regional picture, ask a broker
 *
 *         PlekContext     one a program                           plek/context.h
 *         PlekKey         who we are                              plek/identity.h
 *         PlekRegionCard  whom we speak to                        plek/identity.h
 *         PlekReport      what is said                            plek/report.h
 *         PlekPublisher   says it until the broker has it         plek/publisher.h
 *         PlekSubscriber  a local copy of the picture             plek/subscriber.h
 *         PlekTotals      places of a care over a region          plek/totals.h
 *         PlekPressure    crowding scores and their bands         plek/pressure.h
 *         PlekLeadingDoor which of all doors leads, neighbours    plek/doors.h
 *         PlekMap         which care is given where               plek/map.h
 *         PlekFindAnswer  where a patient can be taken now        plek/find.h
 *         PlekImpact      what follows if a location closes       plek/impact.h
 *         PlekClient      one question at a time                  plek/client.h
 *         PlekCallProgress  agents are asked to report now        plek/call.h
 *         PlekHistory     what was said, and when                 plek/history.h
 *         PlekStops       number and duration of stops            plek/stops.h
 *         PlekFlows       who went where, and what was refused    plek/flows.h
 *
 * plek/context.h has the rules on threads, results and ownership that hold for all of it.
 */

#include "plek/alerts.h"
#include "plek/call.h"
#include "plek/client.h"
#include "plek/codes.h"
#include "plek/context.h"
#include "plek/doors.h"
#include "plek/find.h"
#include "plek/flows.h"
#include "plek/history.h"
#include "plek/identity.h"
#include "plek/impact.h"
#include "plek/map.h"
#include "plek/pressure.h"
#include "plek/publisher.h"
#include "plek/report.h"
#include "plek/stops.h"
#include "plek/subscriber.h"
#include "plek/totals.h"
