#include <netdb.h>
#include <stdio.h>
#include <string.h>

#include "peer.h"
#include "sentences.h"
#include "words.h"

#define SERVICE_CONTROL "/run/plek/control"

/* Why nothing came is asked within what is left of the timeout, and a moment where nothing is:
 * twice, as our key and as a guest. */
enum { ASK_WHY_MS = 3000, ASK_WHY_LEAST_MS = 400 };

static int open_card(PlekRegionCard **ret_card, const char *path)
{
        int r;

        r = plek_region_card_load(ret_card, path);
        switch (r) {
        case PLEK_OK:
                return EXIT_DONE;
        case -ENOENT:
                return fail(EXIT_FILE,
                            "there is no region card %s. Ask the region's coordination "
                            "centre for it; --card or PLEK_CARD names another.",
                            path);
        case PLEK_E_CARD:
                return fail(EXIT_FILE,
                            "%s is not a region card, or was altered. Ask for it "
                            "again.",
                            path);
        default:
                return fail(EXIT_FILE, "%s cannot be read: %s.", path, spoken(plek_result_text(r)));
        }
}

static int open_key(PlekKey **ret_key, const char *path)
{
        int r;

        r = plek_key_load(ret_key, path);
        switch (r) {
        case PLEK_OK:
                return EXIT_DONE;
        case -ENOENT:
                return fail(EXIT_FILE,
                            "there is no key %s. plek key new makes one; --key or "
                            "PLEK_KEY names another.",
                            path);
        case PLEK_E_KEY_MODE:
                return fail(EXIT_FILE,
                            "%s can be read by others. chmod 600 it, and if others have "
                            "been on this machine, make a new one.",
                            path);
        case PLEK_E_KEY_TEXT:
                return fail(EXIT_FILE, "%s is not a secret made by plek key new.", path);
        default:
                return fail(EXIT_FILE, "%s cannot be read: %s.", path, spoken(plek_result_text(r)));
        }
}

static int open_context(Peer *peer)
{
        int r;

        r = plek_context_new(&peer->context, NULL);
        return r ? fail(EXIT_FILE, "cannot start: %s.", spoken(plek_result_text(r))) : EXIT_DONE;
}

static int open_all(Peer *peer, const Common *common, bool with_key)
{
        int r;

        r = open_card(&peer->card, common->card);
        if (!r && with_key)
                r = open_key(&peer->key, common->key);
        if (!r && !peer->context)
                r = open_context(peer);

        /* The last head that was verified, beside the card: so that even a command that runs for a
         * moment notices a broker that was rolled back. */
        if (!r && !peer->head_path && asprintf(&peer->head_path, "%s.head", common->card) < 0) {
                peer->head_path = NULL;
                return fail(EXIT_FILE, "out of memory.");
        }
        peer->peer = (PlekPeer){
                .key = peer->key,
                .card = peer->card,
                .card_path = common->card,
                .head_path = peer->head_path,
                .program = "plek " PLEK_VERSION,
        };
        return r;
}

int peer_open(Peer *ret_peer, const Common *common)
{
        Peer peer = PEER_NULL;
        int r;

        r = open_all(&peer, common, true);
        if (r)
                peer_close(&peer);
        else
                *ret_peer = peer;
        return r;
}

void peer_close(Peer *peer)
{
        free(peer->head_path);
        peer->head_path = NULL;
        peer->key = plek_key_free(peer->key);
        peer->card = plek_region_card_free(peer->card);
        peer->context = plek_context_free(peer->context);
}

/* Whoever may open it is an operator of this host, and has no card to have one. */
static const char *service_control(const Common *common)
{
        if (common->card_is_named || common->key_is_named || !access(common->card, F_OK) ||
            access(SERVICE_CONTROL, R_OK | W_OK))
                return NULL;
        return "ipc://" SERVICE_CONTROL;
}

int peer_client(Peer *peer, PlekClient **ret_client, const Common *common, bool or_guest)
{
        const char *control =
                common->control || or_guest ? common->control : service_control(common);
        CLEANUP(plek_client_freep) PlekClient *client = NULL;
        int r;

        if (control) {
                r = open_context(peer);
                if (r)
                        return r;
                r = plek_client_new_control(&client, peer->context, control);
        } else {
                r = open_all(peer, common,
                             !or_guest || common->key_is_named || !access(common->key, F_OK));
                if (r)
                        return r;
                r = plek_client_new(&client, peer->context, &peer->peer);
        }
        if (r)
                return fail(EXIT_FILE, "cannot connect: %s.", spoken(plek_result_text(r)));

        plek_client_set_timeout(client, common->timeout_ms);
        *ret_client = STEAL(client);
        return EXIT_DONE;
}

int fail_answer(int result, const PlekFault *fault)
{
        return fail_answer_about(NULL, result, fault);
}

/* Which field it is about says nothing of what is not there. */
static int fail_refused(const char *about, const PlekFault *fault)
{
        const char *name = plek_code_name(PLEK_CODES_REFUSAL, fault->code);
        const char *sentence = refusal_sentence(fault->code), *colon = about ? ": " : "";
        char text[sizeof(fault->text) + 128];

        about = about ? about : "";
        name = name ? name : "?";
        snprintf(text, sizeof(text), "%s%s%s%s", sentence ? sentence : "", sentence ? " (" : "",
                 spoken(fault->text), sentence ? ")" : "");
        if (*fault->field && fault->code != PLEK_REFUSED_NOT_FOUND)
                return fail(EXIT_REFUSED, "%s%srefused (%s), because of %s: %s", about, colon, name,
                            fault->field, text);
        return fail(EXIT_REFUSED, "%s%srefused (%s): %s", about, colon, name, text);
}

int fail_answer_about(const char *about, int result, const PlekFault *fault)
{
        const char *colon = about ? ": " : "";

        switch (result) {
        case PLEK_E_TIMEOUT:
                return fail(EXIT_UNREACHABLE, "%s%s%s", about ? about : "", colon,
                            spoken(*fault->text ? fault->text : "the broker does not answer."));
        case PLEK_E_REFUSED:
        case PLEK_E_INVALID:
                return fail_refused(about, fault);
        default:
                return fail(EXIT_FILE, "%s%s%s.", about ? about : "", colon,
                            spoken(plek_result_text(result)));
        }
}

/* Whether what the broker knows of us is the reason. Returns an Exit; what is wrong has been said.
 */
static int judge(const PlekWhoami *who, uint32_t roles)
{
        char names[ROLES_TEXT_BYTES];

        if (!who->is_enrolled || who->is_suspended || who->is_revoked)
                return fail(EXIT_REFUSED, "refused: %s.", who->text);
        if (!roles || who->roles & roles)
                return EXIT_DONE;
        roles_format(roles, names);
        return fail(EXIT_REFUSED,
                    "refused: %s is not enrolled as %s, which this needs. The "
                    "region's authority can sign another enrolment.",
                    who->party, names);
}

/* Whoami, as our key or (@key NULL) as a guest. What @ret_who points to is *@ret_client's. */
static int ask_whoami(Peer *peer, const Common *common, PlekKey *key, PlekClient **ret_client,
                      PlekWhoami *ret_who)
{
        PlekPeer as = peer->peer;
        int r;

        as.key = key;
        r = plek_client_new(ret_client, peer->context, &as);
        if (r)
                return r;
        plek_client_set_timeout(*ret_client,
                                MIN(common_left_ms(common, 2 * ASK_WHY_LEAST_MS) / 2, ASK_WHY_MS));
        return plek_client_whoami(*ret_client, ret_who, NULL);
}

static bool ends_in_stop(const char *what)
{
        return *what && what[strlen(what) - 1] == '.';
}

/* The host's name in tcp://host:port; false: there is none. */
static bool host_of(const char *endpoint, char *ret_host, size_t n_host)
{
        const char *host = strstr(endpoint, "://");
        const char *colon = strrchr(endpoint, ':');
        size_t n;

        host = host ? host + 3 : endpoint;
        if (!colon || colon <= host)
                return false;
        if (*host == '[' && colon[-1] == ']') {
                host++;
                colon--;
        }
        n = (size_t)(colon - host);
        if (n >= n_host)
                return false;
        memcpy(ret_host, host, n);
        ret_host[n] = '\0';
        return true;
}

/* Whether the card's broker has a name that nobody here knows. Says so. */
static bool is_unknown_host(const PlekRegionCard *card, const char *what)
{
        struct addrinfo *found = NULL;
        PlekRegionCardInfo info;
        char host[256];
        int r;

        plek_region_card_info(card, &info);
        if (!host_of(info.query, host, sizeof(host)))
                return false;
        r = getaddrinfo(host, NULL, NULL, &found);
        if (!r)
                freeaddrinfo(found);
        if (r)
                fail(EXIT_UNREACHABLE,
                     "%s%s The region card's host %s is not found (%s): is this machine's network "
                     "up? Else ask the region's operator for its newest region card.",
                     what, ends_in_stop(what) ? "" : ".", host, gai_strerror(r));
        return r;
}

int fail_unanswered(Peer *peer, const Common *common, uint32_t roles, const char *english)
{
        const char *what = spoken(english);
        CLEANUP(plek_client_freep) PlekClient *client = NULL, *guest = NULL;
        PlekWhoami who;
        int r;

        if (is_unknown_host(peer->card, what))
                return EXIT_UNREACHABLE;
        if (peer->key && !ask_whoami(peer, common, peer->key, &client, &who)) {
                r = judge(&who, roles);
                if (r)
                        return r;
        } else if (peer->key && !ask_whoami(peer, common, NULL, &guest, &who)) {
                return fail(EXIT_REFUSED,
                            "refused: the broker answers, but not to the key %s: its "
                            "party is suspended or revoked. Ask the region's operator.",
                            common->key);
        }
        return fail(EXIT_UNREACHABLE,
                    "%s%s Ask the region's operator whether the broker runs, and for its newest "
                    "region card.",
                    what, ends_in_stop(what) ? "" : ".");
}
