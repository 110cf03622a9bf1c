#include "sentences.h"

/*
 * What went wrong, and what to do about it
 */

const Sentence sentences_fail[] = {
        { "%s cannot be read: %s.", "%s is niet te lezen: %s." },
        { "%s has no header, or two columns of one name.",
          "%s heeft geen kopregel, of twee kolommen met dezelfde naam." },
        { "%s has no column '%s'.", "%s heeft geen kolom '%s'." },
        { "%s, line %lu has %zu fields, the header %zu.",
          "%s, regel %lu heeft %zu velden, de kopregel %zu." },
        { "%s, line %lu: not a row of CSV.", "%s, regel %lu: geen regel CSV." },
        { "%s, line %lu, column %s: '%.64s' is not a number from %g to %g.",
          "%s, regel %lu, kolom %s: '%.64s' is geen getal van %g tot %g." },
        { "%s, line %lu, column %s: empty.", "%s, regel %lu, kolom %s: leeg." },
        { "no memory.", "geen geheugen." },
        { "out of memory.", "geen geheugen meer." },
        { "%s has more than %d rows.", "%s heeft meer dan %d regels." },
        { "%s has no areas.", "%s heeft geen gebieden." },
        { "%s has no travel times.", "%s heeft geen reistijden." },
        { "cannot connect: %s.", "geen verbinding: %s." },
        { "cannot start: %s.", "kan niet beginnen: %s." },
        { "cannot sign: %s.", "kan niet ondertekenen: %s." },
        { "%s: there is nothing to acknowledge: no such record that we may read, or no stop, "
          "closure or restriction there.",
          "%s: er is niets om te bevestigen: geen melding die we mogen lezen, of geen stop, "
          "sluiting of beperking daar." },
        { "there was no alert.", "er was geen alarm." },
        { "%s takes one party. plek parties lists them.",
          "%s gaat over één partij. plek parties noemt ze." },
        { "plek confirm takes epoch or clock.", "plek confirm vraagt epoch of clock." },
        { "there is no region '%s': nobody speaks for a location in it.",
          "er is geen regio '%s': niemand spreekt voor een locatie daarin." },
        { "there is no region '%s%s%s': nobody speaks for a location in it.",
          "er is geen regio '%s%s%s': niemand spreekt voor een locatie daarin." },
        { "a call goes to a home region, and '%s' is none. Its locations are of: %s.",
          "een oproep gaat naar een thuisregio, en '%s' is er geen. De locaties ervan zijn van: "
          "%s." },
        { "a card needs --host, or all four endpoints.",
          "een kaart vraagt --host, of alle vier de adressen." },
        { "%s is the card of network %s under another authority than %s, which it names neither as "
          "present nor as next; who holds it takes no card of this one. Is this the right key? "
          "--output names another file, --force writes over it.",
          "%s is de kaart van netwerk %s onder een ander gezag dan %s, en noemt dat niet als "
          "huidig en niet als volgend; wie die kaart heeft neemt er geen van dit gezag aan. Is dit "
          "de juiste sleutel? --output noemt een ander bestand, --force schrijft eroverheen." },
        { "a card needs --network and a --broker. plek card --help has an example.",
          "een kaart vraagt --network en een --broker. plek card --help geeft een voorbeeld." },
        { "an endpoint is tcp://HOST:PORT, and a title is at most 128 bytes.",
          "een adres is tcp://HOST:PORT, en een titel hooguit 128 bytes." },
        { "%s is not a region card, or was altered.", "%s is geen regiokaart, of is veranderd." },
        { "plek card takes --authority to sign one, or a FILE to show.",
          "plek card vraagt --authority om er een te ondertekenen, of een FILE om te tonen." },
        { "there is no list '%s'. plek codes shows all.",
          "er is geen lijst '%s'. plek codes toont ze." },
        { "enrol needs --authority, --network, --party and --public-key. plek enrol --help has an "
          "example.",
          "enrol vraagt --authority, --network, --party en --public-key. plek enrol --help geeft "
          "een voorbeeld." },
        { "a network's name is a-z 0-9 -, at most 32.",
          "een netwerknaam is a-z 0-9 -, hooguit 32." },
        { "--revoke takes all rights away: leave --role, --location and --reads out.",
          "--revoke neemt alle rechten af: laat --role, --location en --reads weg." },
        { "a party needs a --role; --revoke takes all away.",
          "een partij heeft een --role nodig; --revoke neemt alles af." },
        { "--distrusted-since goes with --revoke.", "--distrusted-since hoort bij --revoke." },
        { "an agent needs a --location that it speaks for.",
          "een agent heeft een --location nodig waarvoor hij spreekt." },
        { "a reader needs --reads care, or --reads coord.",
          "wie leest heeft --reads care of --reads coord nodig." },
        { "--valid has passed already.", "--valid is al voorbij." },
        { "this enrolment is over a bound: names are at most 128 bytes.",
          "deze aansluiting gaat over een grens: namen zijn hooguit 128 bytes." },
        { "standard output cannot be written.", "de uitvoer is niet te schrijven." },
        { "%zu fields cannot be said in %s; nothing was written.",
          "%zu velden zijn niet te zeggen in %s; er is niets geschreven." },
        { "%s cannot be written: %s.", "%s is niet te schrijven: %s." },
        { "--near is LAT,LON as in 52.95,4.02, or a location whose card says where it is; '%s' is "
          "neither.",
          "--near is BREEDTE,LENGTE zoals 52.95,4.02, of een locatie waarvan de kaart zegt waar "
          "die is; '%s' is geen van beide." },
        { "plek watch draws on a terminal. Use --json in a pipe, or plek get for one look.",
          "plek watch tekent op een terminal. Gebruik --json in een pijp, of plek get om één keer "
          "te kijken." },
        { "there is no location '%s': nobody ever spoke for one.",
          "er is geen locatie '%s': niemand heeft er ooit voor gesproken." },
        { "there is no location '%s': nobody speaks for one. plek map shows them.",
          "er is geen locatie '%s': niemand spreekt ervoor. plek map toont ze." },
        { "nobody says that %s gives %s. plek map shows who does.",
          "niemand zegt dat %s %s biedt. plek map toont wie wel." },
        { "not all was acknowledged in time; importing again is safe.",
          "niet alles is op tijd bevestigd; opnieuw importeren kan geen kwaad." },
        { "nothing in it is of a location that this key may speak for. plek whoami lists them.",
          "niets erin is van een locatie waarvoor deze sleutel mag spreken. plek whoami noemt "
          "ze." },
        { "refused: %s.", "geweigerd: %s." },
        { "%s is no document of format %s.", "%s is geen document in het formaat %s." },
        { "%s is there already and is not overwritten. Choose another name, or move it away if "
          "nobody is enrolled with it.",
          "%s is er al en wordt niet overschreven. Kies een andere naam, of zet het weg als "
          "niemand ermee is aangesloten." },
        { "plek key knows new and show, not '%s'.", "plek key kent new en show, niet '%s'." },
        { "%s is signed, and is not an open document.",
          "%s is ondertekend, en is geen open document." },
        { "%s does not end in a signature: it is not whole.",
          "%s eindigt niet met een handtekening: het is niet heel." },
        { "%s was not signed by a broker on our region card, or was altered.",
          "%s is niet ondertekend door een broker op onze regiokaart, of is veranderd." },
        { "note: this key speaks for %s.", "let op: deze sleutel spreekt voor %s." },
        { "no refusal with this id is held of this party: it was taken back, or is of more than 68 "
          "days ago, or the id is another's.",
          "van deze partij is er geen weigering met dit nummer: die is ingetrokken, of is van meer "
          "dan 68 dagen geleden, of het nummer is van een ander." },
        { "the door is open, but no answer in time about its plans: one may still be in force. "
          "plek door %s shows it.",
          "de deur is open, maar over de aankondigingen kwam niet op tijd antwoord: er kan er nog "
          "een gelden. plek door %s toont het." },
        { "--count %d is many at once, so nothing was sent; with --sure it is.",
          "--count %d is veel ineens, dus er is niets verstuurd; met --sure wel." },
        { "%s speaks for %zu locations: say which refused, as in plek refuse LOCATION --care CARE.",
          "%s spreekt voor %zu locaties: zeg welke weigerde, zoals in plek refuse LOCATION --care "
          "CARE." },
        { "isolation rooms are places of another kind too, and are in no total. plek get --care "
          "shows them.",
          "isolatiekamers zijn ook plaatsen van een andere soort, en staan in geen totaal. plek "
          "get --care toont ze." },
        { "%s, which does the work, cannot be started: %s. Is plekd installed on this machine?",
          "%s, dat het werk doet, is niet te starten: %s. Is plekd op deze machine "
          "geïnstalleerd?" },
        { "no head came in that time, and nothing was written. Is the broker running? plek whoami "
          "asks.",
          "er kwam in die tijd geen kop, en er is niets geschreven. Draait de broker? plek whoami "
          "vraagt het." },
        { "%s is not a secret made by plek key new.",
          "%s is geen geheim dat plek key new heeft gemaakt." },
        { "%s can be read by others. chmod 600 it, and if others have been on this machine, make a "
          "new one.",
          "%s is door anderen te lezen. Doe chmod 600, en zijn er anderen op deze machine geweest, "
          "maak dan een nieuwe." },
        { "there is no key %s. plek key new makes one; --key or PLEK_KEY names another.",
          "er is geen sleutel %s. plek key new maakt er een; --key of PLEK_KEY noemt een andere." },
        { "%s is not a file of at most %zu bytes.", "%s is geen bestand van hooguit %zu bytes." },
        { "this public key is not fit for use: nobody made it with plek key new.",
          "deze publieke sleutel deugt niet: niemand heeft hem met plek key new gemaakt." },
        { "group %u of the public key is misread: '%s'.",
          "groep %u van de publieke sleutel is verkeerd gelezen: '%s'." },
        { "'%s' is not a public key as plek key show prints it.",
          "'%s' is geen publieke sleutel zoals plek key show die toont." },
        { "nothing is held of a unit '%s' of '%s', and nothing was said.",
          "er is niets van een afdeling '%s' van '%s', en er was niets gezegd." },
        { "libsodium does not start. Is /dev/urandom there?",
          "libsodium start niet. Is /dev/urandom er?" },
        { "there is no command '%s'. plek help lists them.",
          "er is geen opdracht '%s'. plek help noemt ze." },
        { "%zu entries were left out: their signatures do not hold, or they are not what was asked "
          "for, and the broker is at fault.",
          "%zu meldingen zijn weggelaten: hun handtekening klopt niet, of ze zijn niet wat "
          "gevraagd was; het ligt aan de broker." },
        { "there is no region card %s. Ask the region's coordination centre for it; --card or "
          "PLEK_CARD names another.",
          "er is geen regiokaart %s. Vraag erom bij het coördinatiecentrum van de regio; --card of "
          "PLEK_CARD noemt een andere." },
        { "%s is not a region card, or was altered. Ask for it again.",
          "%s is geen regiokaart, of is veranderd. Vraag er opnieuw om." },
        { "%s%srefused (%s), because of %s: %s", "%s%sgeweigerd (%s), vanwege %s: %s" },
        { "%s%srefused (%s): %s", "%s%sgeweigerd (%s): %s" },
        { "refused: %s is not enrolled as %s, which this needs. The region's authority can sign "
          "another enrolment.",
          "geweigerd: %s is niet aangesloten als %s, en dat is hiervoor nodig. Het gezag van de "
          "regio kan een andere aansluiting ondertekenen." },
        { "%s%s The region card's host %s is not found (%s): is this machine's network up? Else "
          "ask the region's operator for its newest region card.",
          "%s%s De host %s van de regiokaart is niet te vinden (%s): doet het netwerk van deze "
          "machine het? Vraag anders de beheerder van de regio om de nieuwste regiokaart." },
        { "refused: the broker answers, but not to the key %s: its party is suspended or revoked. "
          "Ask the region's operator.",
          "geweigerd: de broker antwoordt, maar niet op sleutel %s: de partij is geschorst of "
          "afgesloten. Vraag de beheerder van de regio." },
        { "%s%s Ask the region's operator whether the broker runs, and for its newest region card.",
          "%s%s Vraag de beheerder van de regio of de broker draait, en om de nieuwste "
          "regiokaart." },
        { "note: no method '%s' is known here (nedocs and mnedocs are). Its score is kept, and "
          "compared with none of another method.",
          "let op: methode '%s' is hier niet bekend (nedocs en mnedocs wel). De score wordt "
          "bewaard, en met geen andere methode vergeleken." },
        { "note: no kind of location '%s' is known here. plek codes kind lists them.",
          "let op: soort locatie '%s' is hier niet bekend. plek codes kind noemt ze." },
        { "--%s looks like patient data (a BSN or a date of birth). Nothing was sent; with --sure "
          "it is.",
          "--%s lijkt op patiëntgegevens (een BSN of geboortedatum). Er is niets verstuurd; met "
          "--sure wel." },
        { "what happened is said by plek flow and plek refuse.",
          "wat gebeurd is meldt u met plek flow en plek refuse." },
        { "*** %s cannot be run: %s.", "*** %s is niet te starten: %s." },
        { "*** %s is not run: %d of them wait already.",
          "*** %s is niet gestart: er wachten er al %d." },
        { "*** %s is not run: there is no memory.",
          "*** %s is niet gestart: er is geen geheugen." },
        { "*** %s did not end in time and was killed.",
          "*** %s eindigde niet op tijd en is gestopt." },
        { "*** %s ended with %d.", "*** %s eindigde met %d." },
        { "*** %s was ended by signal %d.", "*** %s werd beëindigd door signaal %d." },
        { 0 },
};
