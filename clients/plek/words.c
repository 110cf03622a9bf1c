#include <stdio.h>
#include <string.h>

#include "words.h"

void roles_format(uint32_t roles, char ret_text[ROLES_TEXT_BYTES])
{
        size_t n = 0;

        *ret_text = '\0';
        for (uint32_t role = 1; role < 32; role++) {
                const char *name = plek_code_name(PLEK_CODES_ROLE, role);

                if (roles & (1u << role) && name && n < ROLES_TEXT_BYTES)
                        n += (size_t)snprintf(ret_text + n, ROLES_TEXT_BYTES - n, "%s%s",
                                              n ? ", " : "", name);
        }
}

void print_json_line(json_t *object)
{
        json_dumpf(object, stdout, JSON_COMPACT | JSON_REAL_PRECISION(12));
        putchar('\n');
        fflush(stdout);
        json_decref(object);
}

const char *status_mark(uint32_t status, Language language)
{
        if (status == PLEK_STATUS_EXERCISE)
                return language == LANGUAGE_NL ? "  [oefening]" : "  [exercise]";
        return status == PLEK_STATUS_TEST ? "  [test]" : "";
}

const char *freshness_name(PlekFreshness freshness)
{
        static const char *const names[] = {
                [PLEK_NEVER] = "NEVER",   [PLEK_FRESH] = "FRESH",         [PLEK_STALE] = "STALE",
                [PLEK_SILENT] = "SILENT", [PLEK_WITHDRAWN] = "WITHDRAWN",
        };
        return names[freshness];
}

const char *standing_name(PlekStanding standing)
{
        static const char *const names[] = {
                [PLEK_STANDS] = "STANDS",     [PLEK_ANNOUNCED] = "ANNOUNCED",
                [PLEK_EXPIRED] = "EXPIRED",   [PLEK_LAPSED] = "LAPSED",
                [PLEK_REOPENED] = "REOPENED", [PLEK_OVER] = "OVER",
        };
        return names[standing];
}

static const struct {
        const char *english;
        const char *dutch;
} words[] = {
        { "stale", "verouderd" },
        { "silent", "zwijgt" },
        { "withdrawn", "ingetrokken" },
        { "expired", "verlopen" },
        { "unknown since its end", "onbekend na afloop" },
        { "unknown", "onbekend" },
        { "reopened, unconfirmed", "weer open, onbevestigd" },
        { "announced", "aangekondigd" },
        { "over", "voorbij" },
        { "no longer enrolled", "niet meer aangesloten" },
        { "distrusted", "niet te vertrouwen" },
        { "except", "behalve" },
        { "until", "tot" },
        { "from", "vanaf" },
        { "since", "sinds" },
        { "never reported", "nooit gemeld" },
        { "opens", "gaat open" },
        { "closes", "sluit" },
        { "stop from", "stop vanaf" },
        { "restricted from", "beperkt vanaf" },
        { "is not there from", "is er niet vanaf" },
        { "does not lead", "leidt niet" },
        { "but what leads is", "maar leidend is" },
        { "all neighbours have stopped too", "alle buren hebben ook een stop" },
        { "past their end", "na afloop" },
        { "no neighbours are known", "er zijn geen buren bekend" },
        { "others say so of their kinds of care only",
          "andere zeggen het alleen per zorgsoort" },
        { "but", "maar" },
        { "nothing is held", "er is niets bekend" },
        { "for all who speak of it", "voor ieder die erover spreekt" },
        { "nobody is excepted", "is niemand uitgezonderd" },
        { "for some patients only", "alleen voor sommige patienten" },
        { "door: stricter for some", "deur: strenger voor sommigen" },
        { "nobody else is known to take patients", "van niemand anders is bekend dat er plek is" },
        { "next", "eerstvolgende" },
        { "says", "zegt" },
        { "because of", "vanwege" },
        { "looked at again", "wordt opnieuw bekeken" },
        { "for", "voor" },
        { "call", "bel" },
        { "ahead", "op komst" },
        { "leads", "leidt" },
        { "applies as well", "geldt ook" },
        { "overruled by a narrower one stated later", "een latere en nauwere gaat voor" },
        { "does not count: distrusted", "telt niet: niet te vertrouwen" },
        { "plans called off", "plannen ingetrokken" },
        { "plan", "plan" },
        { "offered", "aangeboden" },
        { "not offered", "niet aangeboden" },
        { "level", "niveau" },
        { "open now", "nu open" },
        { "shut now", "nu dicht" },
        { "superseded", "achterhaald" },
        { "no offering is said", "geen zorgaanbod gemeld" },
        { "unconfirmed", "onbevestigd" },
        { "full", "vol" },
        { "left out", "weggelaten" },
        { "fields that this format cannot say, as listed",
          "velden die in deze vorm niet kunnen, zie de lijst" },
        { "of locations that this key does not speak for",
          "van locaties waarvoor deze sleutel niet spreekt" },
        { "nowhere", "nergens" },
        { "places: stale", "plaatsen: verouderd" },
        { "places: silent", "plaatsen: zwijgt" },
        { "places: not said", "plaatsen: niet gemeld" },
        { "door", "deur" },
        { "places", "plaatsen" },
        { "door: not said", "deur: niet gemeld" },
        { "door: stale", "deur: verouderd" },
        { "door: expired", "deur: verlopen" },
        { "door: reopened, unconfirmed", "deur: weer open, onbevestigd" },
        { "its door", "zijn deur" },
        { "does not give this care now", "biedt deze zorg nu niet" },
        { "outside its hours", "buiten openingstijd" },
        { "another party's report of this unit is shown",
          "van deze afdeling staat de melding van een ander er" },
        { "too far", "te ver" },
        { "if it closes", "als het sluit" },
        { "as the crow flies", "hemelsbreed" },
        { "by the travel times given", "volgens de opgegeven reistijden" },
        { "the places' own points are the areas", "de plaatsen zelf gelden als gebied" },
        { "areas", "gebieden" },
        { "the load is not given", "de belasting is niet opgegeven" },
        { "by its own flows of", "naar haar eigen patiëntenstromen van" },
        { "days", "dagen" },
        { "no area is served by it", "het bedient geen gebied" },
        { "nobody says where it is", "niemand zegt waar het is" },
        { "takes nobody", "neemt niemand op" },
        { "closed, stop", "dicht of stop" },
        { "nowhere can be reached", "niets bereikbaar" },
        { "then beyond", "dan verder dan" },
        { "out of reach before, too", "ook nu al buiten bereik" },
        { "in all", "in totaal" },
        { "free", "vrij" },
        { "of", "van" },
        { "staffed", "bemand" },
        { "occupied", "bezet" },
        { "suppressed", "afgeschermd" },
        { "computed", "berekend" },
        { "its inputs say", "uit de invoer volgt" },
        { "not busy", "rustig" },
        { "busy", "druk" },
        { "extremely busy", "zeer druk" },
        { "severely overcrowded", "ernstig overvol" },
        { "dangerously overcrowded", "gevaarlijk overvol" },
        { "signed by a broker of", "ondertekend door een broker van" },
        { "ago", "geleden" },
        { "at", "op" },
        { "above", "regels erboven" },
        { "below", "eronder" },
        { "PgUp, PgDn, Up, Down; q ends", "PgUp, PgDn, Omhoog, Omlaag; q stopt" },
        { "overdue", "te laat" },
        { "agreed every", "afgesproken elke" },
        { "never reported", "nooit gemeld" },
        { "agent connected", "agent verbonden" },
        { "no agent seen", "geen agent gezien" },
        { "withheld", "afgeschermd" },
        { "not said", "niet gezegd" },
        { "in", "in" },
        { "units", "afdelingen" },
        { "older than agreed", "ouder dan afgesproken" },
        { "contradict themselves", "spreken zichzelf tegen" },
        { "reported by another party too", "ook door een andere partij gemeld" },
        { "reported in whole and in part", "als geheel en in delen gemeld" },
        { "mixed definitions", "verschillende definities" },
        { "all regions", "alle regio's" },
        { "reports on isolation rooms, which overlap other places",
          "meldingen van isolatiekamers, die met andere plaatsen overlappen" },
        { "overcrowded", "overvol" },
        { "contradicts itself", "spreekt zichzelf tegen" },
        { "exercise", "oefening" },
        { "test", "test" },
        { "region", "regio" },
        { "places", "locaties" },
        { "stops", "stops" },
        { "before", "al eerder" },
        { "together", "samen" },
        { "mean", "gemiddeld" },
        { "longest", "langste" },
        { "all neighbours too", "alle buren ook" },
        { "of this time not every door is known",
          "van deze tijd is niet elke opnamestatus bekend" },
        { "observed", "waargenomen" },
        { "received", "ontvangen" },
        { "stood", "gold al" },
        { "the same", "onveranderd" },
        { "moved to region", "naar regio" },
        { "nothing was said", "er is niets gezegd" },
        { "of this time not every number is kept any more",
          "van deze tijd zijn niet alle aantallen bewaard" },
        { "live", "actueel" },
        { "as it was held", "zoals het bekend was" },
        { ", thinned: numbers in between are not kept",
          ", uitgedund: tussenliggende aantallen zijn niet bewaard" },
        { "not fed", "krijgt niets" },
        { "not accepting", "neemt niets aan" },
        { "agent away", "agent weg" },
        { "nothing reported yet", "nog niets gemeld" },
        { "pressure", "drukte" },
        { "whole location", "hele locatie" },

        { "accepted as revision", "aangenomen als revisie" },
        { "it would be accepted; nothing was written",
          "het zou worden aangenomen; er is niets geschreven" },

        { "party", "partij" },
        { "roles", "rollen" },
        { "enrolment", "aansluiting" },
        { "valid", "geldig" },
        { "valid until", "geldig tot" },
        { "reads", "leest" },
        { "speaks for", "spreekt voor" },
        { "name", "naam" },
        { "serial", "volgnummer" },
        { "last seq", "laatste seq" },
        { "key", "sleutel" },
        { "state", "toestand" },
        { "records", "meldingen" },
        { "accepted", "aangenomen" },
        { "refused", "geweigerd" },
        { "nothing was said of that time", "over die tijd is niets gezegd" },
        { "small counts are for coordination centres, and in no number here",
          "kleine aantallen zijn voor coördinatiecentra, en zitten in geen getal hier" },
        { "reports cross the edge of that time, and are in no number",
          "opgaven lopen over de rand van die tijd, en zitten in geen getal" },
        { "reports are on what another counts already",
          "opgaven gaan over wat een andere al telt" },
        { "dropped", "genegeerd" },
        { "revoked", "ontzegd" },
        { "suspended", "geschorst" },
        { "twins", "dubbel" },
        { "connected", "verbonden" },
        { "never connected", "nooit verbonden" },
        { "lost", "weg" },
        { "reader", "lezer" },
        { "coordinator", "coördinator" },
        { "operator", "beheerder" },

        { "up", "draait" },
        { "network", "netwerk" },
        { "none: no authority is configured", "geen: er is geen gezag ingesteld" },
        { "epoch", "tijdvak" },
        { "revision", "revisie" },
        { "updates", "berichten" },
        { "NOT ACCEPTED since", "NIET AANGENOMEN sinds" },
        { "warning", "let op" },
        { "parties", "partijen" },
        { "agents connected", "agents verbonden" },
        { "connections", "verbonden" },
        { "sessions", "sessies" },
        { "guests", "gasten" },
        { "rates", "snelheid" },
        { "updates/s received", "berichten/s ontvangen" },
        { "sent", "verzonden" },
        { "since start", "sinds begin" },
        { "disk", "schijf" },
        { "used", "gebruikt" },
        { "last commit", "laatste commit" },
        { "is in force since revision", "geldt sinds revisie" },
        { "is suspended", "is geschorst" },
        { "is back", "is terug" },
        { "the broker's clock is accepted", "de klok van de broker is aangenomen" },
        { "the registry is confirmed", "het register is bevestigd" },
        { "seen by", "gezien door" },
        { "seen", "gezien" },
        { "taken back", "ingetrokken" },
        { "ALERT", "ALARM" },
        { "ALERT, again", "ALARM, opnieuw" },
        { "*** NOBODY HAS SEEN", "*** DOOR NIEMAND GEZIEN" },
        { "changes too often, quiet until it is steady",
          "wisselt te vaak, stil tot het rustig is" },
        { "steady again", "weer rustig" },
        { "begins soon", "begint zo" },
        { "*** THE PICTURE IS NOT FED: no alert does not mean that all is well",
          "*** HET BEELD WORDT NIET GEVOED: geen alarm betekent niet dat alles goed is" },
        { "*** THE BROKER ACCEPTS NOTHING: no alert does not mean that all is well",
          "*** DE BROKER NEEMT NIETS AAN: geen alarm betekent niet dat alles goed is" },
        { "the picture is fed again", "het beeld wordt weer gevoed" },
};

const char *word(Language language, const char *english)
{
        if (language == LANGUAGE_NL)
                for (size_t i = 0; i < N_ELEMENTS(words); i++)
                        if (!strcmp(words[i].english, english))
                                return words[i].dutch;
        return english;
}
